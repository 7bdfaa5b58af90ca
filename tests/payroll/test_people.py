"""Employments as effective facts: as of a day, changes ahead, corrections as new facts; who has left."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payroll.domain import effective
from services.payroll.domain.effective import Effective
from services.payroll.main import build
from tests.payroll.office import asked, company, hired, person, refused
from tests.support.department import Department

AT = "/v1/companies/acme"
DAY = date(2026, 1, 1)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def fact(revision: int, on: int, replaces: int | None = None, **says: object) -> Effective:
    return Effective(revision, DAY + timedelta(on), says, replaces, NOW + timedelta(minutes=revision))


FACTS = st.lists(
    st.tuples(st.integers(0, 30), st.dictionaries(st.sampled_from("abc"), st.integers(0, 9), min_size=1)), max_size=8
)


@given(FACTS, st.integers(0, 31))
def test_of_each_field_the_latest_fact_that_speaks_of_it_is_right(
    said: list[tuple[int, dict[str, object]]], day: int
) -> None:
    """P1: whatever the order of recording, a day's state is the last word on each field by that day."""
    facts = [fact(n, on, None, **says) for n, (on, says) in enumerate(said, 1)]
    expected: dict[str, object] = {}
    for field in "abc":
        words = [(f.effective_on, f.revision, f.says[field]) for f in facts if field in f.says]
        begun = [word for word in words if word[0] <= DAY + timedelta(day)]
        if begun:
            expected[field] = max(begun)[2]
    assert effective.on(facts, DAY + timedelta(day)) == expected
    assert effective.on(list(reversed(facts)), DAY + timedelta(day)) == expected


def test_a_correction_takes_the_place_of_a_fact_and_what_was_known_before_can_still_be_told() -> None:
    """P1: corrections are new facts, linked to the wrong ones."""
    facts = [fact(1, 0, a=1), fact(2, 10, a=2), fact(3, 12, 2, a=3)]
    assert effective.on(facts, DAY + timedelta(11)) == {"a": 1}
    assert effective.on(facts, DAY + timedelta(12)) == {"a": 3}
    assert effective.on(facts, DAY + timedelta(11), at=NOW + timedelta(minutes=2)) == {"a": 2}


async def test_as_of_a_day_tells_job_cost_centre_manager_and_department(office: Department) -> None:
    """P1: a change that lies ahead does not touch today, and an earlier one does not end with it."""
    await office.hear(hired("Anna", starts_on="2026-01-01", department="Sales"), hired("Boss", starts_on="2025-01-01"))
    anna = f"{AT}/employees/{person('Anna')}"
    async with office.client(build) as client:
        await asked(client, f"{AT}/cost-centres", cost_centre="CC-1", name="One")
        await asked(client, f"{AT}/departments/changes", department="Sales", effective_on="2026-01-01",
                    cost_centre="CC-1")  # fmt: skip
        await asked(client, f"{anna}/changes", effective_on="2027-06-01", job_title="Head of sales")
        await asked(client, f"{anna}/changes", effective_on="2027-03-01", manager=person("Boss"), name="Anna Lee")
        seen = {}
        for day in ("2027-02-28", "2027-03-01", "2027-06-01"):
            one = (await client.get(anna, params={"on": day})).json()
            seen[day] = (one["name"], one["job_title"], one["manager"], one["cost_centre"], one["department"])
    job = "מנהלת מחסן"
    assert seen == {
        "2027-02-28": ("Anna", job, None, "CC-1", "Sales"),
        "2027-03-01": ("Anna Lee", job, person("Boss"), "CC-1", "Sales"),
        "2027-06-01": ("Anna Lee", "Head of sales", person("Boss"), "CC-1", "Sales"),
    }
    first, second = await office.told("EmploymentChanged")
    assert (first.data["effective_on"], first.data["changed"], first.data["cost_centre"]) == (
        "2027-06-01",
        ["job_title"],
        "CC-1",
    )
    assert (second.data["changed"], second.data["manager"], second.data["job_title"]) == (
        ["manager", "name"],
        person("Boss"),
        job,
    )


async def test_a_mistake_is_corrected_by_another_fact_and_nothing_is_rewritten(office: Department) -> None:
    """P1: a wrong day is moved, a wrong change taken back, and both stay to be seen."""
    await office.hear(hired("Anna", starts_on="2026-01-01"))
    anna = f"{AT}/employees/{person('Anna')}"
    async with office.client(build) as client:
        await asked(client, f"{anna}/changes", effective_on="2026-05-01", job_title="Buyer")
        ((before,),) = await office.rows("select clock_timestamp()")
        await asked(client, f"{anna}/changes", effective_on="2026-07-01", replaces=2)
        june = (await client.get(anna, params={"on": "2026-06-01"})).json()
        july = (await client.get(anna, params={"on": "2026-07-01"})).json()
        as_known = (await client.get(anna, params={"on": "2026-06-01", "known_at": before.isoformat()})).json()
        await asked(client, f"{anna}/changes", replaces=3, withdraw=True)
        taken_back = (await client.get(anna, params={"on": "2026-07-01"})).json()
        again = await refused(client, f"{anna}/changes", effective_on="2026-07-01", replaces=2, name="X")
        hire = await refused(client, f"{anna}/changes", replaces=1, withdraw=True)
    assert (june["job_title"], july["job_title"], as_known["job_title"]) == ("מנהלת מחסן", "Buyer", "Buyer")
    assert taken_back["job_title"] == "מנהלת מחסן"
    assert [(c["revision"], c["replaces"], c["in_force"]) for c in taken_back["changes"]] == [
        (1, None, True),
        (2, None, False),
        (3, 2, False),
        (4, 3, False),
    ]
    assert again == (422, "fact-not-found", "/replaces")
    assert hire == (409, "hire-cannot-be-withdrawn", "/withdraw")
    assert [t.data["kind"] for t in await office.told("EmploymentChanged")] == ["change", "correction", "correction"]


async def test_last_day_and_contracts_are_told_as_they_were_known(office: Department) -> None:
    """P1: what was recorded later, of the leaving and of contracts and their terms too, was not known before."""
    await office.hear(hired("Anna", starts_on="2026-01-01"))
    anna = f"{AT}/employees/{person('Anna')}"
    contract = {"starts_on": "2026-01-01", "kind": "permanent", "job_title": "Clerk", "weekly_hours": "40"}

    async def now() -> str:
        return str((await office.rows("select clock_timestamp()"))[0][0].isoformat())

    async with office.client(build) as client:
        hire = await now()
        signed = await asked(client, f"{anna}/contracts", reference="K-1", **contract)
        before = await now()
        await asked(client, f"{AT}/contracts/{signed['contract']}/amendments", effective_on="2026-01-01",
                    weekly_hours="20")  # fmt: skip
        await asked(client, f"{anna}/leaving", left_on="2026-03-31", reason="resignation")
        told = {
            at: (await client.get(anna, params={"on": "2026-06-01"} | ({"known_at": at} if at else {}))).json()
            for at in (hire, before, "")
        }
    assert [(each["state"], each["left_on"]) for each in told.values()] == [
        ("employed", None), ("employed", None), ("left", "2026-03-31"),
    ]  # fmt: skip
    assert [[c["weekly_hours"] for c in each["contracts"]] for each in told.values()] == [[], ["40.00"], ["20.00"]]
    assert [len(each["contracts"][0]["terms"]) for each in told.values() if each["contracts"]] == [1, 2]


async def test_what_cannot_be_is_refused_by_name_and_nothing_is_written(office: Department) -> None:
    """P1, P2: unknown cost centre, department and manager, changes outside of the employment, circles."""
    await office.hear(hired("A", starts_on="2026-01-01"), hired("B", starts_on="2026-02-01"))
    a, b = (f"{AT}/employees/{person(who)}" for who in "AB")
    on = "2026-06-01"
    async with office.client(build) as client:
        found = [
            await refused(client, f"{a}/changes", effective_on=on, cost_centre="CC-9"),
            await refused(client, f"{a}/changes", effective_on=on, department="Nowhere"),
            await refused(client, f"{a}/changes", effective_on=on, manager=person("Nobody")),
            await refused(client, f"{a}/changes", effective_on="2026-01-15", manager=person("B")),
            await refused(client, f"{a}/changes", effective_on="2025-12-31", job_title="X"),
            await refused(client, f"{a}/changes", effective_on=on),
            await refused(client, f"{a}/changes", effective_on=on, manager=person("A")),
            await refused(client, f"{a}/changes", effective_on=on, withdraw=True),
            await refused(client, f"{AT}/employees/{person('Nobody')}/changes", effective_on=on, job_title="X"),
            await refused(client, f"{a}/changes", effective_on="2026-02-30", job_title="X"),
            await refused(client, f"{a}/changes", effective_on=on, salary="1"),
        ]
        assert await office.rows("select count(*) from assignment") == [(2,)]
        await asked(client, f"{b}/changes", effective_on=on, manager=person("A"))
        circle = await refused(client, f"{a}/changes", effective_on="2026-05-01", manager=person("B"))
    assert found == [
        (422, "cost-centre-unknown", "/cost_centre"),
        (422, "department-unknown", "/department"),
        (422, "manager-unknown", "/manager"),
        (422, "manager-not-employed", "/manager"),
        (422, "change-before-hire", "/effective_on"),
        (422, "change-without-content", None),
        (422, "manager-circle", "/manager"),
        (422, "withdrawal-says-more", "/withdraw"),
        (404, "employee-not-found", None),
        (422, "invalid-request", "/effective_on"),
        (422, "invalid-request", "/salary"),
    ]
    assert circle == (422, "manager-circle", "/manager")
    assert len(await office.told("EmploymentChanged")) == 1


async def test_who_left_is_told_once_when_the_last_day_is_over_and_why_is_told_to_nobody(office: Department) -> None:
    """X3: EmployeeLeft and DocumentRetentionStarted follow the last day; a day ahead is only recorded."""
    await office.hear(hired("A", starts_on="2020-01-01"), hired("B", starts_on="2020-01-01"))
    a, b = (f"{AT}/employees/{person(who)}" for who in "AB")
    async with office.client(build) as client:
        early = await refused(client, f"{a}/leaving", left_on="2019-12-31")
        nothing = await refused(client, f"{a}/leaving", left_on=None)
        await asked(client, f"{a}/leaving", left_on="2099-01-31", reason="resignation")
        assert await office.told("EmployeeLeft") == []
        late = await refused(client, f"{a}/changes", effective_on="2099-02-01", job_title="X")
        await asked(client, f"{a}/leaving", left_on=None)
        await asked(client, f"{b}/leaving", left_on="2026-03-31", reason="dismissal")
        again = await refused(client, f"{b}/leaving", left_on="2026-04-30")
        listed = (await client.get(f"{AT}/employees")).json()["employees"]
    assert (early, nothing) == ((422, "leaving-before-hire", "/left_on"), (409, "not-leaving", "/left_on"))
    assert (late, again) == ((422, "change-after-leaving", "/effective_on"), (409, "already-left", "/left_on"))
    assert [line["state"] for line in listed] == ["employed", "left"]
    (left,) = await office.told("EmployeeLeft")
    assert left.data == {
        "employee": person("B"), "number": "E-000002", "left_on": "2026-03-31", "department": "Logistics",
    }  # fmt: skip
    (kept,) = await office.told("DocumentRetentionStarted")
    assert kept.data["since"] == "2026-03-31"
    assert not [told for told in await office.told() if "dismissal" in str(told.data)]


async def test_who_left_is_told_with_the_accounts_that_were_theirs(office: Department) -> None:
    """X3: so that the gateway shuts them; one that was taken away before is another's, and none is linked later."""
    await office.hear(hired("A", starts_on="2020-01-01"), hired("B", starts_on="2020-01-01"))
    a, b = (f"{AT}/employees/{person(who)}" for who in "AB")
    async with office.client(build, scopes={"payroll:officer"}) as client:
        for actor in ("staff:anna", "staff:old", "staff:zed"):
            await asked(client, f"{a}/accounts", actor=actor)
        await asked(client, f"{a}/accounts", actor="staff:old", linked=False)
        await asked(client, f"{b}/accounts", actor="staff:boris")
        await asked(client, f"{a}/leaving", left_on="2026-03-31", reason="resignation")
        late = await refused(client, f"{a}/accounts", actor="staff:late")
    (left,) = await office.told("EmployeeLeft")
    assert left.data["accounts"] == ["staff:anna", "staff:zed"]
    assert late == (409, "already-left", None)


CONTRACT = {
    "reference": "K-1", "starts_on": "2026-01-01", "kind": "permanent", "job_title": "Clerk", "weekly_hours": "38.5"
}  # fmt: skip


async def test_a_person_may_have_several_contracts_and_their_terms_change_by_the_day(office: Department) -> None:
    """P4: two posts at half time; hours change from a day on, one contract ends."""
    await office.hear(hired("A", starts_on="2026-01-01"))
    a = f"{AT}/employees/{person('A')}"
    async with office.client(build) as client:
        for post in ("P-1", "P-2"):
            await asked(client, f"{AT}/posts", post=post, department="Logistics", title="T", opens_on="2026-01-01")
        one = await asked(client, f"{a}/contracts", **CONTRACT | {"post": "P-1", "weekly_hours": "20"})
        await asked(client, f"{a}/contracts", **CONTRACT | {"reference": "K-2", "post": "P-2", "weekly_hours": "18.5"})
        terms = f"{AT}/contracts/{one['contract']}/amendments"
        await asked(client, terms, effective_on="2026-03-15", weekly_hours="10")
        await asked(client, terms, effective_on="2026-08-31", ends_on="2026-08-31")
        march = (await client.get(a, params={"on": "2026-03-14"})).json()["contracts"]
        later = (await client.get(a, params={"on": "2026-03-15"})).json()["contracts"]
        september = (await client.get(f"{AT}/organisation", params={"on": "2026-09-01"})).json()["posts"]
    assert [c["weekly_hours"] for c in march] == ["20.00", "18.50"]
    assert [(c["weekly_hours"], c["ends_on"]) for c in later] == [("10.00", "2026-08-31"), ("18.50", None)]
    assert [(p["post"], p["vacant"], p["employee"]) for p in september] == [
        ("P-1", True, None),
        ("P-2", False, person("A")),
    ]


async def test_contracts_that_overlap_on_a_post_or_are_otherwise_impossible_are_refused(office: Department) -> None:
    """P4: one post is never held by two at once, nor a person twice without a post."""
    await office.hear(hired("A", starts_on="2026-01-01"), hired("B", starts_on="2026-01-01"))
    a, b = (f"{AT}/employees/{person(who)}/contracts" for who in "AB")
    async with office.client(build) as client:
        await asked(client, f"{AT}/posts", post="P-1", department="Logistics", title="T", opens_on="2026-01-01")
        held = await asked(client, a, **CONTRACT | {"post": "P-1", "ends_on": "2026-06-30"})
        await asked(client, b, **CONTRACT)
        found = [
            await refused(client, b, **CONTRACT | {"reference": "K-3", "post": "P-1", "starts_on": "2026-06-30"}),
            await refused(client, b, **CONTRACT | {"reference": "K-3"}),
            await refused(client, a, **CONTRACT),
            await refused(client, a, **CONTRACT | {"reference": "K-3", "starts_on": "2025-12-31"}),
            await refused(client, a, **CONTRACT | {"reference": "K-3", "kind": "fixed_term"}),
            await refused(client, a, **CONTRACT | {"reference": "K-3", "ends_on": "2025-12-31"}),
            await refused(client, a, **CONTRACT | {"reference": "K-3", "post": "P-9"}),
            await refused(client, a, **CONTRACT | {"reference": "K-3", "weekly_hours": "168.01"}),
            await refused(client, f"{AT}/posts/closing", post="P-1", last_day="2026-05-31"),
            await refused(client, f"{AT}/contracts/{person('x')}/amendments", effective_on="2026-02-01", kind="casual"),
        ]
        assert await office.rows("select count(*) from contract") == [(2,)]
        await asked(client, b, **CONTRACT | {"reference": "K-3", "post": "P-1", "starts_on": "2026-07-01"})
        longer = await refused(
            client, f"{AT}/contracts/{held['contract']}/amendments", effective_on="2026-06-01", ends_on="2026-07-31"
        )
    assert found == [
        (409, "contract-overlaps", "/starts_on"),
        (409, "contract-overlaps", "/starts_on"),
        (409, "contract-exists", "/reference"),
        (422, "contract-before-hire", "/starts_on"),
        (422, "fixed-term-without-end", "/ends_on"),
        (422, "contract-ends-before-start", "/ends_on"),
        (422, "post-unknown", "/post"),
        (422, "weekly-hours-impossible", "/weekly_hours"),
        (409, "post-held", "/last_day"),
        (404, "contract-not-found", None),
    ]
    assert longer == (409, "contract-overlaps", "/starts_on")


@pytest.mark.parametrize("table", ["department_fact", "contract_term", "leaving", "account_link"])
async def test_facts_of_people_cannot_be_changed(office: Department, table: str) -> None:
    rights = await office.rows(
        "select privilege_type from information_schema.role_table_grants where table_name = $1 and grantee like $2",
        table,
        "%_service",
    )
    assert {right for (right,) in rights} == {"SELECT", "INSERT"}


async def test_a_company_sees_its_own_organisation_alone(office: Department) -> None:
    await office.hear(company("other"), hired("X", code="other", department="Secret"))
    async with office.client(build) as client:
        assert (await client.get(f"{AT}/organisation")).json()["departments"] == []
        assert (await refused(client, f"{AT}/posts", post="P", department="Secret", title="T",
                              opens_on="2026-12-01")) == (422, "department-unknown", "/department")  # fmt: skip


async def test_what_is_impossible_is_named_by_its_field(office: Department) -> None:
    """P1, P4, P11: a pointer to the field or the parameter, so that a form can show it there."""
    await office.hear(hired("A", starts_on="2026-01-01"))
    at = f"{AT}/employees/{person('A')}"
    async with office.client(build) as client:
        shown = (await client.get(at, params={"known_at": "2026-11-22T08:30:00"})).json()
        days = {"leave_type": "ANNUAL", "effective_on": "2026-01-01", "days_per_year": "367"}
        found = [
            await refused(client, f"{at}/changes", effective_on="2026-02-01", job_title=None),
            await refused(client, f"{at}/contracts", **CONTRACT | {"weekly_hours": "0"}),
            await refused(client, f"{AT}/leave/rules", **days),
        ]
    assert shown["errors"][0]["pointer"] == "?known_at"
    assert found == [
        (422, "field-needed", "/job_title"),
        (422, "weekly-hours-impossible", "/weekly_hours"),
        (422, "days-beyond-a-year", "/days_per_year"),
    ]
