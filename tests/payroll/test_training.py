"""Training: seats, results, certificates with reminders, what roles require, who bears the cost."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.database import UnitOfWork
from services.payroll.commands.checklists import RunDay
from services.payroll.domain import training
from services.payroll.domain.training import Certificate, Seat
from services.payroll.handlers import daily
from services.payroll.handlers.leave import LeaveLedger
from services.payroll.main import build
from tests.payroll.office import asked, hired, person, refused, sent
from tests.payroll.test_checklists import work_through_the_day
from tests.support.department import Department
from tests.support.pinned_clock import TODAY

AT = "/v1/companies/acme"
SOMEBODY = uuid.UUID(int=1)
VALIDITY: list[tuple[str, int | None, str | None]] = [
    ("2026-01-15", 12, "2027-01-14"),
    ("2026-01-31", 1, "2026-02-27"),
    ("2026-01-01", 1, "2026-01-31"),
    ("2024-02-29", 12, "2025-02-27"),
    ("2026-11-30", 3, "2027-02-27"),
    ("2026-12-01", 24, "2028-11-30"),
    ("2026-01-15", None, None),
]


@pytest.mark.parametrize(("issued", "months", "until"), VALIDITY)
def test_how_long_a_certificate_holds(issued: str, months: int | None, until: str | None) -> None:
    """P23: a rule per course, in months."""
    found = training.valid_until(date.fromisoformat(issued), months)
    assert (None if found is None else found.isoformat()) == until


@given(st.integers(-10, 200), st.lists(st.integers(0, 60), max_size=12))
def test_each_reminder_is_told_once_and_in_order_whenever_one_looks(start: int, steps: list[int]) -> None:
    """P23: 90, 30 and 7 days before, then that it has expired; overtaken ones are not told any more."""
    until = date(2027, 1, 1)
    one = Certificate(SOMEBODY, SOMEBODY, "C", date(2020, 1, 1), until)
    day = until - timedelta(200 - start)
    told: list[int] = []
    for step in steps:
        day += timedelta(step)
        notices = training.due_notices(one, told, day)
        assert len(notices) <= 1
        for notice in notices:
            assert (until - day).days <= notice if notice else day > until
        told += notices
    assert told == sorted(set(told), reverse=True)


@given(
    st.integers(0, 10**9),
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from("AB"), st.sampled_from(["1", None])), min_size=1,
             unique_by=lambda s: s[0]),
)  # fmt: skip
def test_a_cost_is_shared_to_the_cent(total: int, seats: list[tuple[int, str, str | None]]) -> None:
    """P22: the shares add up to the cost, and nobody's part differs by more than a cent."""
    people = [Seat(uuid.UUID(int=n + 1), department, centre) for n, department, centre in seats]
    shares = training.shares(total, people)
    assert sum(share.minor for share in shares) == total
    assert sum(share.participants for share in shares) == len(people)
    for share in shares:
        assert 0 <= share.minor - total // len(people) * share.participants <= share.participants


def test_percent_is_rounded_half_up() -> None:
    assert [training.percent(*case) for case in ((0, 0), (1, 3), (2, 3), (1, 8), (1, 16), (5, 5))] == [
        "100.0", "33.3", "66.7", "12.5", "6.3", "100.0",
    ]  # fmt: skip


async def test_the_last_seat_has_one_taker(office: Department) -> None:
    """P22: twelve people ask for three seats in four processes: three get one, the database would not hold a fourth."""
    people = [f"P{n}" for n in range(12)]
    await office.hear(*[hired(who, starts_on="2026-01-01") for who in people])
    async with office.client(build) as client:
        await asked(client, f"{AT}/training/courses", course="FIRE", name="Fire safety")
        session = await asked(client, f"{AT}/training/sessions", course="FIRE", held_on="2026-12-10", capacity=3)
    seats = f"{AT}/training/sessions/{session['session']}/seats"
    async with (
        office.client(build) as a, office.client(build) as b, office.client(build) as c, office.client(build) as d,
    ):  # fmt: skip
        doors = [a, b, c, d]
        answers = await asyncio.gather(*[
            sent(doors[n % 4], seats, employee=person(who)) for n, who in enumerate(people)
        ])  # fmt: skip
        got = [who for who, answer in zip(people, answers, strict=True) if answer.status_code == 201]
        full = next(answer.json() for answer in answers if answer.status_code != 201)
        twice = await refused(a, seats, employee=person(got[0]))
        await asked(a, seats, employee=person(got[0]), gives_back=True)
        rest = [who for who in people if who not in got]
        await asked(a, seats, employee=person(rest[0]))
        listed = (await a.get(f"{AT}/training/sessions")).json()["sessions"]
    assert len(got) == 3
    assert full["type"] == "/problems/session-full"
    assert twice == (409, "seated-already", "/employee")
    assert (listed[0]["capacity"], listed[0]["free"]) == (3, 0)
    assert await office.rows("select taken from training_seats") == [(3,)]


async def test_results_make_certificates_and_the_cost_goes_to_the_departments(office: Department) -> None:
    """P22: attendance and result of every seat; who passed is told, who failed is not; shares name nobody."""
    await office.hear(hired("A", starts_on="2026-01-01", department="Sales"))
    await office.hear(hired("B", starts_on="2026-01-01", department="Sales"))
    await office.hear(hired("C", starts_on="2026-01-01", department="IT"))
    async with office.client(build) as client:
        await asked(client, f"{AT}/cost-centres", cost_centre="CC-1", name="Sales")
        await asked(client, f"{AT}/departments/changes", department="Sales", effective_on="2026-01-01",
                    cost_centre="CC-1")  # fmt: skip
        await asked(client, f"{AT}/training/courses", course="FIRE", name="Fire safety", valid_months=24)
        session = await asked(client, f"{AT}/training/sessions", course="FIRE", held_on="2026-11-10", capacity=5,
                              cost_minor=10_000)  # fmt: skip
        at = f"{AT}/training/sessions/{session['session']}"
        for who in "ABC":
            await asked(client, f"{at}/seats", employee=person(who))
        outcomes = [{"employee": person(w), "result": r} for w, r in zip("ABC", ("passed", "failed", "absent"),
                                                                         strict=True)]  # fmt: skip
        missing = await refused(client, f"{at}/results", results=outcomes[:2])
        stranger = await refused(client, f"{at}/results", results=[*outcomes, outcomes[0] | {"employee": person("X")}])
        await asked(client, f"{at}/results", results=outcomes)
        over = await refused(client, f"{at}/results", results=outcomes)
        late = await refused(client, f"{at}/seats", employee=person("A"))
        mine = (await client.get(f"{AT}/employees/{person('A')}/training", params={"on": "2026-12-01"})).json()
        failed = (await client.get(f"{AT}/employees/{person('B')}/training")).json()
    assert missing == (422, "result-missing", "/results")
    assert stranger == (422, "not-seated", "/results/3/employee")
    assert (over, late) == ((409, "session-over", None), (409, "session-over", "/session"))
    assert [(c["valid_until"], c["state"]) for c in mine["certificates"]] == [("2028-11-09", "valid")]
    assert ([e["state"] for e in failed["enrolments"]], failed["certificates"]) == (["failed"], [])
    (completed,) = await office.told("TrainingCompleted")
    assert (completed.data["employee"], completed.data["valid_until"]) == (person("A"), "2028-11-09")
    (cost,) = await office.told("TrainingCostIncurred")
    assert {(s["department"], s["cost_centre"], s["participants"]) for s in cost.data["shares"]} == {
        ("Sales", "CC-1", 2), ("IT", None, 1),
    }  # fmt: skip
    assert sum(int(s["cost"]["amount"].replace(".", "")) for s in cost.data["shares"]) == 10_000
    assert not [who for who in "ABC" if person(who) in str(cost.data)]


async def test_what_a_role_requires_is_enrolled_on_hire_and_the_matrix_tells_who_complies(office: Department) -> None:
    """P23, X3: by job, by department with those below it, for everybody; also when a requirement or a job is new."""
    await office.hear(hired("Old", starts_on="2020-01-01", department="Plant", job_title="Driver"))
    async with office.client(build) as client:
        for course in ("FIRE", "FORKLIFT", "DATA"):
            await asked(client, f"{AT}/training/courses", course=course, name=course, valid_months=12)
        await asked(client, f"{AT}/departments", department="HALL", name="Hall", opens_on="2020-01-01", parent="Plant")
        await asked(client, f"{AT}/training/requirements", course="FIRE", department="Plant")
        await asked(client, f"{AT}/training/requirements", course="FORKLIFT", job_title="Driver")
        await office.hear(hired("New", starts_on="2026-12-01", department="HALL", job_title="Driver"))
        await office.hear(hired("Clerk", starts_on="2020-01-01", department="Office", job_title="Clerk"))

        async def enrolled(who: str) -> list[str]:
            answer = (await client.get(f"{AT}/employees/{person(who)}/training")).json()
            return sorted(e["course"] for e in answer["enrolments"] if e["required"])

        assert await enrolled("Old") == await enrolled("New") == ["FIRE", "FORKLIFT"]
        assert await enrolled("Clerk") == []
        await asked(client, f"{AT}/employees/{person('Clerk')}/changes", effective_on="2026-06-01", job_title="Driver")
        assert await enrolled("Clerk") == ["FORKLIFT"]
        await asked(client, f"{AT}/employees/{person('Old')}/certificates", course="FIRE", issued_on="2026-01-01")
        matrix = (await client.get(f"{AT}/training/matrix", params={"department": "Plant", "on": "2026-11-30"})).json()
        later = (await client.get(f"{AT}/training/matrix", params={"department": "Plant", "on": "2027-01-01"})).json()
    assert [(line["name"], line["course"], line["state"]) for line in matrix["lines"]] == [
        ("Old", "FIRE", "expiring"),
        ("Old", "FORKLIFT", "missing"),
    ]
    assert matrix["departments"] == [{"department": "Plant", "required": 2, "done": 1, "percent": "50.0"}]
    assert [(line["name"], line["state"]) for line in later["lines"] if line["course"] == "FIRE"] == [
        ("New", "missing"),
        ("Old", "expired"),
    ]
    async with office.client(build, scopes={"payroll:director"}) as client:
        totals = (await client.get(f"{AT}/training/matrix", params={"on": "2026-11-30"})).json()
    assert totals["lines"] == []
    assert [line["department"] for line in totals["departments"]] == ["Office", "Plant"]


async def test_a_renewal_that_is_recorded_ahead_takes_nothing_from_the_certificate_of_today(office: Department) -> None:
    """P23: who holds one today is not missing it because the next one begins later, and does nothing again."""
    await office.hear(hired("A", starts_on="2020-01-01"))
    async with office.client(build) as client:
        await asked(client, f"{AT}/training/courses", course="FIRE", name="Fire safety")
        at = f"{AT}/employees/{person('A')}/certificates"
        await asked(client, at, course="FIRE", issued_on="2020-01-01", valid_until="2040-12-31")
        await asked(client, at, course="FIRE", issued_on="2040-12-01", valid_until="2045-11-30")
        await asked(client, f"{AT}/training/requirements", course="FIRE")
        matrix = (await client.get(f"{AT}/training/matrix", params={"on": "2027-01-01"})).json()
    assert [(line["state"], line["valid_until"]) for line in matrix["lines"]] == [("valid", "2040-12-31")]
    assert await office.rows("select course from enrolment") == []


async def test_reminders_go_out_once_each_and_expiry_is_an_event(office: Department) -> None:
    """P23: to the employee and their manager; a later certificate silences the earlier one."""
    await office.hear(hired("Boss", starts_on="2020-01-01"), hired("A", starts_on="2020-01-01"))
    async with office.client(build) as client:
        await asked(client, f"{AT}/departments/changes", department="Logistics", effective_on="2020-01-01",
                    manager=person("Boss"))  # fmt: skip
        for course in ("FIRE", "RENEWED"):
            await asked(client, f"{AT}/training/courses", course=course, name=course)
        at = f"{AT}/employees/{person('A')}/certificates"
        await asked(client, at, course="FIRE", issued_on="2020-01-01", valid_until="2027-03-01")
        await asked(client, at, course="RENEWED", issued_on="2020-01-01", valid_until="2027-03-01")
        await asked(client, at, course="RENEWED", issued_on="2026-01-01", valid_until="2031-03-01")
        backwards = await refused(client, at, course="FIRE", issued_on="2026-01-02", valid_until="2026-01-01")
    assert backwards == (422, "certificate-ends-before-start", "/valid_until")
    for day in ("2026-11-30", "2026-12-01", "2026-12-02", "2027-02-24", "2027-03-01", "2027-03-02", "2027-03-03"):
        async with office.database.unit(["acme"]) as unit:
            await run_day(unit, day)
    expiring = [(t.data["days"], t.data["manager"], t.data["course"]) for t in await office.told("CertificateExpiring")]
    assert expiring == [(90, person("Boss"), "FIRE"), (7, person("Boss"), "FIRE")]
    (expired,) = await office.told("CertificateExpired")
    assert (expired.data["employee"], expired.data["valid_until"]) == (person("A"), "2027-03-01")


async def test_a_certificate_that_is_entered_late_is_told_of_today(office: Department) -> None:
    """P23: nobody waits for midnight to hear that a certificate runs out in some days."""
    await office.hear(hired("A", starts_on="2020-01-01"))
    await work_through_the_day(office)
    soon = (TODAY + timedelta(days=20)).isoformat()
    async with office.client(build) as client:
        await asked(client, f"{AT}/training/courses", course="FIRE", name="FIRE")
        certificates = f"{AT}/employees/{person('A')}/certificates"
        await asked(client, certificates, course="FIRE", issued_on="2020-01-01", valid_until=soon)
    assert await office.rows("select run_at <= now() from job where queue = 'daily'") == [(True,)]
    await work_through_the_day(office)
    (told,) = await office.told("CertificateExpiring")
    assert (told.data["days"], told.data["valid_until"]) == (30, soon)


async def test_who_runs_out_is_seen_by_themselves_and_their_manager_and_does_the_course_again(
    office: Department,
) -> None:
    """P23: each notice with its day, own and of one's team; a required course that expired is to be done again."""
    await office.hear(*[hired(who, starts_on="2020-01-01") for who in ("Boss", "A")])
    await office.hear(hired("B", starts_on="2020-01-01", department="Other"))
    async with office.client(build, scopes={"payroll:officer"}) as client:
        await asked(client, f"{AT}/departments/changes", department="Logistics", effective_on="2020-01-01",
                    manager=person("Boss"))  # fmt: skip
        for who in ("Boss", "A", "B"):
            await asked(client, f"{AT}/employees/{person(who)}/accounts", actor=who.lower())
        await asked(client, f"{AT}/training/courses", course="FIRE", name="Fire safety")
        for who in "AB":
            at = f"{AT}/employees/{person(who)}/certificates"
            await asked(client, at, course="FIRE", issued_on="2020-01-01", valid_until="2027-03-01")
        await asked(client, f"{AT}/training/requirements", course="FIRE", department="Logistics")
    for day in ("2027-02-24", "2027-03-02", "2027-03-03"):
        async with office.database.unit(["acme"]) as unit:
            await run_day(unit, day)

    async def notices(actor: str, *scopes: str) -> list[tuple[str, int, str]]:
        async with office.client(build, scopes=set(scopes), actor=actor) as client:
            told = (await client.get(f"{AT}/training/notices")).json()["notices"]
        return [(each["name"], each["days"], each["told_on"]) for each in told]

    own = [("A", 0, "2027-03-02"), ("A", 7, "2027-02-24")]
    assert await notices("a", "payroll:self") == own
    assert await notices("boss", "payroll:team", "payroll:self") == own
    assert await notices("b", "payroll:self") == [("B", 0, "2027-03-02"), ("B", 7, "2027-02-24")]
    assert len(await notices("office", "payroll:read")) == 4
    enrolled = "select employee::text, course, required from enrolment where employee = any($1)"
    people = [person("A"), person("B")]
    assert await office.rows(enrolled, people) == [(person("A"), "FIRE", True)]
    async with office.client(build) as client:
        renewed = {"course": "FIRE", "issued_on": "2027-03-03", "valid_until": "2030-03-02"}
        await asked(client, f"{AT}/employees/{person('A')}/certificates", **renewed)
    assert await notices("a", "payroll:self") == []


async def run_day(unit: UnitOfWork, day: str) -> None:
    """What payroll does of itself, at noon of a day."""
    unit.now = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(hours=10)
    await daily.run_days([RunDay(daily.cause_of("acme", unit.now))], LeaveLedger(None), unit)


async def test_training_that_cannot_be_is_refused(office: Department) -> None:
    """P22: unknown course, programme, session and people; a seat for somebody who is not employed then."""
    await office.hear(hired("A", starts_on="2026-01-01"))
    a = f"{AT}/employees/{person('A')}"
    async with office.client(build) as client:
        await asked(client, f"{AT}/training/courses", course="FIRE", name="Fire")
        await asked(client, f"{AT}/training/programmes", programme="START", name="Start", courses=["FIRE"])
        early = await asked(client, f"{AT}/training/sessions", course="FIRE", held_on="2025-12-31", capacity=1)
        none: dict[str, list[object]] = {"results": []}
        found = [
            await refused(client, f"{AT}/training/courses", course="FIRE", name="Again"),
            await refused(client, f"{AT}/training/programmes", programme="P", name="P", courses=["FIRE", "NONE"]),
            await refused(client, f"{AT}/training/requirements", course="NONE"),
            await refused(client, f"{AT}/training/sessions", course="NONE", held_on="2026-12-31", capacity=1),
            await refused(client, f"{AT}/training/sessions", course="FIRE", held_on="2026-12-31", capacity=0),
            await refused(client, f"{AT}/training/sessions/{person('s')}/results", **none),
            await refused(client, f"{AT}/training/sessions/{early['session']}/seats", employee=person("A")),
            await refused(client, f"{a}/enrolments", programme="NONE"),
            await refused(client, f"{a}/enrolments"),
        ]
        both = await asked(client, f"{a}/enrolments", programme="START")
        again = await asked(client, f"{a}/enrolments", programme="START")
    assert found == [
        (409, "course-exists", "/course"),
        (422, "course-unknown", "/courses/1"),
        (422, "course-unknown", "/course"),
        (422, "course-unknown", "/course"),
        (422, "invalid-request", "/capacity"),
        (404, "session-not-found", None),
        (422, "not-employed", "/employee"),
        (422, "programme-unknown", "/programme"),
        (422, "course-or-programme", "/course"),
    ]
    assert (both["courses"], again["courses"]) == (["FIRE"], [])
