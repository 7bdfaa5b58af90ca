"""Who is hired is registered once, with the company's next number, through the real corridor on real PostgreSQL."""

from __future__ import annotations

import asyncio
import random
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from chassis.consumers import Received
from chassis.ids import derive
from chassis.records import Arrived, read
from contracts import published
from services.payroll.consumers import consumers
from services.payroll.domain.registering import next_serials, personnel_number
from services.payroll.handlers import people as handlers
from services.payroll.translate.people import HireToRegister, to_register_employee
from tests.chassis.statements import counting_statements
from tests.payroll.office import company, hired, person
from tests.support.department import Department, Event, sample_event

KEYS = st.lists(st.tuples(st.sampled_from(["acme", "other"]), st.integers(0, 9).map(derive)), max_size=30)


@given(KEYS, KEYS, st.integers(0, 99))
def test_serials_have_no_gaps_and_nobody_gets_two(
    asked: list[tuple[str, object]], known: list[tuple[str, object]], last: int
) -> None:
    serials = next_serials(asked, known, {"acme": last, "other": 0})  # type: ignore[arg-type]
    for code, start in (("acme", last), ("other", 0)):
        given_here = [s for s, (c, _) in zip(serials, asked, strict=True) if c == code and s is not None]
        assert given_here == list(range(start + 1, start + 1 + len({k for k in asked if k[0] == code} - set(known))))


def test_a_number_is_printed_with_six_digits_and_grows_beyond() -> None:
    assert [personnel_number(n) for n in (1, 31, 999_999, 1_000_000)] == [
        "E-000001",
        "E-000031",
        "E-999999",
        "E-1000000",
    ]


async def test_a_hired_person_is_registered_with_a_number_and_a_first_assignment(office: Department) -> None:
    await office.hear(hired("נועה לוי", job_title="מנהלת מחסן", department="Logistics", starts_on="2026-12-01"))
    (told,) = await office.told("EmployeeRegistered")
    assert told.key == person("נועה לוי")
    assert told.data == {
        "employee": person("נועה לוי"),
        "number": "E-000001",
        "name": "נועה לוי",
        "job_title": "מנהלת מחסן",
        "department": "Logistics",
        "starts_on": "2026-12-01",
        "language": "he",
    }
    assert await office.rows("select effective_on, department, job_title from assignment") == [
        (date(2026, 12, 1), "Logistics", "מנהלת מחסן")
    ]
    assert await office.rows("select action, actor from audit") == [("employee-registered", "webshop")]


async def test_numbers_follow_the_order_of_hires_and_each_company_counts_its_own(office: Department) -> None:
    await office.hear(company("other"))
    await office.hear(hired("A"), hired("X", code="other"), hired("B"))
    await office.hear(hired("C"), hired("Y", code="other"))
    numbers = {(t.company, t.data["name"]): t.data["number"] for t in await office.told("EmployeeRegistered")}
    assert numbers == {
        ("acme", "A"): "E-000001",
        ("acme", "B"): "E-000002",
        ("acme", "C"): "E-000003",
        ("other", "X"): "E-000001",
        ("other", "Y"): "E-000002",
    }


async def test_a_second_hire_of_the_same_person_is_recorded_and_gets_no_number(office: Department) -> None:
    await office.hear(hired("A"))
    await office.hear(hired("A", sequence=2, reference="HIRE-2", name="Another"), hired("B"))
    assert [t.data["number"] for t in await office.told("EmployeeRegistered")] == ["E-000001", "E-000002"]
    assert await office.rows("select name from employee where employee = $1", person("A")) == [("A",)]
    assert await office.rows("select action from audit where subject = $1 order by id", person("A")) == [
        ("employee-registered",),
        ("hire-repeated",),
    ]
    assert await office.rows("select last from personnel_counter") == [(2,)]


async def test_a_person_hired_twice_in_one_batch_gets_one_number(office: Department) -> None:
    await office.hear(hired("A"), hired("A", sequence=2), hired("B"))
    assert await office.rows("select number from employee order by serial") == [("E-000001",), ("E-000002",)]


async def test_every_hire_may_come_again_in_any_order(office: Department) -> None:
    story = [hired(f"P{n}") for n in range(12)]
    rng = random.Random(7)
    for _ in range(6):
        await office.hear(*rng.sample(story, 5))
    await office.hear(*story)
    serials = [row[0] for row in await office.rows("select serial from employee order by serial")]
    assert serials == list(range(1, 13))
    assert len(await office.told("EmployeeRegistered")) == 12


async def test_hires_of_many_batches_at_the_same_time_leave_no_gap(office: Department) -> None:
    await asyncio.gather(*[register(office, [f"w{w}p{p}" for p in range(5)] + ["everybody"]) for w in range(12)])
    serials = [row[0] for row in await office.rows("select serial from employee order by serial")]
    assert serials == list(range(1, 62))


async def register(office: Department, names: list[str]) -> None:
    """In a transaction of its own."""
    commands = [to_register_employee(received(hired(name))) for name in names]
    async with office.database.unit(["acme"]) as unit:
        unit.now = commands[0].cause.at
        await handlers.register_employees(commands, unit)


def received(one: Event) -> Received[HireToRegister]:
    arrived = read(one.record(0), consumers)
    assert isinstance(arrived, Arrived)
    assert arrived.received is not None
    return arrived.received


async def test_hires_of_a_company_that_is_not_known_yet_wait_for_it(new_office: Department) -> None:
    await new_office.hear(hired("A"))
    assert await new_office.held() == [("waiting", "company acme is not known here")]
    await new_office.hear(company())
    await new_office.try_held()
    assert [t.data["number"] for t in await new_office.told("EmployeeRegistered")] == ["E-000001"]


async def test_a_batch_costs_the_same_number_of_statements_for_10_hires_and_for_500(office: Department) -> None:
    await office.hear(hired("warm"))
    counts = []
    for size in (10, 500):
        async with counting_statements(office.database) as counted:
            await office.hear(*[hired(f"s{size}p{n}") for n in range(size)])
        counts.append(counted.statements)
    assert counts[0] == counts[1] <= 13


async def test_the_golden_samples_are_understood_and_the_own_one_is_emitted(new_office: Department) -> None:
    assert consumers.unlisted() == {}
    for kind in consumers.handled:
        await new_office.hear(sample_event(kind))
    (told,) = await new_office.told("EmployeeRegistered")
    sample = published.sample("EmployeeRegistered.v1").data
    assert told.data | {"number": ""} == sample | {"number": ""}
    assert await new_office.held() == []
