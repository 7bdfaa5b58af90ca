"""The department tree, its managers, posts and cost centres; and who may see whom."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import httpx
from hypothesis import given
from hypothesis import strategies as st

from contracts import published
from contracts.ledger import DimensionDefined
from services.payroll.domain.organisation import Department as Unit
from services.payroll.domain.organisation import Organisation, below, managed_in_a_circle
from services.payroll.domain.rights import DIRECTOR, OFFICER, READ, SELF, TEAM, TEAM_PAY, Viewer
from services.payroll.main import build
from tests.payroll.office import asked, hired, person, refused, sent
from tests.support.department import Department, Event, event

AT = "/v1/companies/acme"
CODES = st.sampled_from("abcdef")
PARENTS = st.dictionaries(CODES, st.none() | CODES, max_size=6)
PEOPLE = [uuid.UUID(int=n) for n in range(5)]


@given(PARENTS)
def test_a_circle_of_departments_is_found_and_a_tree_has_none(parents: dict[str, str | None]) -> None:
    """P2: whatever is above what, a circle is named exactly when there is one."""
    tree = Organisation({c: Unit(c, c, p, None, None, False) for c, p in parents.items()})

    def reaches_itself(code: str) -> bool:
        at, steps = parents.get(code), 0
        while at is not None and steps <= len(parents):
            if at == code:
                return True
            at, steps = parents.get(at), steps + 1
        return False

    circular = {code for code in parents if reaches_itself(code)}
    found = tree.circle()
    assert (found is not None) == bool(circular)
    assert found is None or found in circular


@given(st.dictionaries(st.sampled_from(PEOPLE), st.none() | st.sampled_from(PEOPLE)), st.sampled_from(PEOPLE))
def test_people_below_a_manager_are_those_who_reach_them_upwards(
    managers: dict[uuid.UUID, uuid.UUID | None], manager: uuid.UUID
) -> None:
    """P2: a manager's own people, over all steps, and never themselves."""
    found = below(managers, manager)
    assert manager not in found
    for one in managers:
        at, reached = one, False
        for _ in managers:
            above = managers.get(at)
            if above is None:
                break
            at, reached = above, reached or above == manager
        assert (one in found) == (reached and one != manager)
    assert managed_in_a_circle(managers, manager) == any(
        managers.get(one) is not None and manager in _upwards(managers, one) for one in [manager]
    )


def _upwards(managers: dict[uuid.UUID, uuid.UUID | None], start: uuid.UUID) -> set[uuid.UUID]:
    found: set[uuid.UUID] = set()
    at = managers.get(start)
    while at is not None and at not in found:
        found.add(at)
        at = managers.get(at)
    return found


A, B = PEOPLE[:2]
RIGHTS: list[tuple[Viewer, bool, bool, bool, bool]] = [
    # who, sees A, sees A's pay, sees totals, decides for A
    (Viewer(frozenset({OFFICER})), True, True, True, True),
    (Viewer(frozenset({OFFICER}), A), True, True, True, False),
    (Viewer(frozenset({READ})), True, False, False, False),
    (Viewer(frozenset({DIRECTOR}), B), False, False, True, False),
    (Viewer(frozenset({SELF}), A), True, True, False, False),
    (Viewer(frozenset({SELF}), B), False, False, False, False),
    (Viewer(frozenset({SELF})), False, False, False, False),
    (Viewer(frozenset({TEAM}), B, frozenset({A})), True, False, False, True),
    (Viewer(frozenset({TEAM, TEAM_PAY}), B, frozenset({A})), True, True, False, True),
    (Viewer(frozenset({TEAM, TEAM_PAY}), B), False, False, False, False),
    (Viewer(frozenset()), False, False, False, False),
]


def test_who_sees_whom_and_what_is_one_table() -> None:
    """P2, P27: officer everybody, manager own people and no pay unless granted, employee own, director totals."""
    for viewer, sees, pay, totals, decides in RIGHTS:
        assert (viewer.sees(A), viewer.sees_pay(A), viewer.sees_totals(), viewer.decides_for(A)) == (
            sees, pay, totals, decides,
        ), viewer  # fmt: skip


async def test_the_tree_of_a_day_has_managers_directors_cost_centres_and_vacant_posts(office: Department) -> None:
    """P2: what a department does not have itself it has from the one above; a manager who left manages nothing."""
    await office.hear(hired("Dora", starts_on="2020-01-01", department="Firm"))
    await office.hear(hired("Max", starts_on="2020-01-01", department="Firm"))
    async with office.client(build) as client:
        await asked(client, f"{AT}/cost-centres", cost_centre="CC-1", name="Firm")
        await asked(client, f"{AT}/departments/changes", department="Firm", effective_on="2020-01-01",
                    manager=person("Dora"), cost_centre="CC-1")  # fmt: skip
        await asked(client, f"{AT}/departments", department="SALES", name="Sales", opens_on="2021-01-01",
                    parent="Firm", manager=person("Max"))  # fmt: skip
        await asked(client, f"{AT}/posts", post="P-1", department="SALES", title="Clerk", opens_on="2021-01-01")
        await asked(client, f"{AT}/employees/{person('Max')}/changes", effective_on="2021-01-01", department="SALES")
        await asked(client, f"{AT}/employees/{person('Max')}/leaving", left_on="2024-06-30")
        before = (await client.get(f"{AT}/organisation", params={"on": "2020-12-31"})).json()
        then = (await client.get(f"{AT}/organisation", params={"on": "2024-06-30"})).json()
        later = (await client.get(f"{AT}/organisation", params={"on": "2024-07-01"})).json()
        max_ = (await client.get(f"{AT}/employees/{person('Max')}", params={"on": "2024-01-01"})).json()
    assert [d["department"] for d in before["departments"]] == ["Firm"]
    sales = {d["department"]: d for d in then["departments"]}["SALES"]
    assert (sales["manager"], sales["cost_centre"], sales["own_cost_centre"], sales["people"]) == (
        person("Max"), "CC-1", None, 1,
    )  # fmt: skip
    assert then["directors"] == [person("Dora")]
    assert [(p["post"], p["vacant"]) for p in then["posts"]] == [("P-1", True)]
    sales = {d["department"]: d for d in later["departments"]}["SALES"]
    assert (sales["manager"], sales["own_manager"], sales["people"]) == (person("Dora"), None, 0)
    assert (max_["manager"], max_["cost_centre"], max_["department"]) == (person("Dora"), "CC-1", "SALES")


async def test_trees_that_cannot_be_are_refused_and_nothing_is_written(office: Department) -> None:
    """P2: circles on any day to come, unknown parents, managers and cost centres, a department that is not empty."""
    await office.hear(hired("A", starts_on="2026-01-01", department="Top"))
    opened = {"name": "N", "opens_on": "2026-01-01"}
    async with office.client(build) as client:
        await asked(client, f"{AT}/departments", department="MID", parent="Top", **opened)
        await asked(client, f"{AT}/departments", department="LOW", parent="MID", **opened)
        changes = f"{AT}/departments/changes"
        await asked(client, changes, department="MID", effective_on="2026-09-01", parent=None)
        found = [
            await refused(client, changes, department="MID", effective_on="2026-03-01", parent="LOW"),
            await refused(client, changes, department="Top", effective_on="2026-03-01", parent="LOW"),
            await refused(client, changes, department="MID", effective_on="2026-03-01", parent="NONE"),
            await refused(client, changes, department="MID", effective_on="2026-03-01", manager=person("?")),
            await refused(client, changes, department="MID", effective_on="2026-03-01", cost_centre="CC-9"),
            await refused(client, changes, department="Top", effective_on="2026-03-01", closed=True),
            await refused(client, changes, department="NONE", effective_on="2026-03-01", closed=True),
            await refused(client, f"{AT}/departments", department="MID", **opened),
            await refused(client, changes, department="LOW", effective_on="2025-03-01", name="Early"),
        ]
        assert await office.rows("select count(*) from department_fact") == [(4,)]
        await asked(client, changes, department="Top", effective_on="2026-09-01", parent="LOW")
    circle = (422, "department-circle", "/parent")
    assert found == [
        circle,
        circle,
        (422, "department-unknown", "/parent"),
        (422, "manager-unknown", "/manager"),
        (422, "cost-centre-unknown", "/cost_centre"),
        (409, "department-not-empty", "/closed"),
        (422, "department-unknown", "/department"),
        (409, "department-exists", "/department"),
        (422, "change-before-opening", "/effective_on"),
    ]


async def test_two_that_would_make_a_circle_together_come_one_after_the_other(office: Department) -> None:
    """P2: A above B and B above A asked at the same moment, in processes of their own: one is refused."""
    await office.hear(hired("A", starts_on="2026-01-01", department="A"))
    await office.hear(hired("B", starts_on="2026-01-01", department="B"))

    async def put(client: httpx.AsyncClient, below_: str, above: str) -> int:
        body = {"department": below_, "effective_on": "2026-02-01", "parent": above}
        return (await sent(client, f"{AT}/departments/changes", **body)).status_code

    async with office.client(build) as one, office.client(build) as two:
        answers = await asyncio.gather(put(one, "A", "B"), put(two, "B", "A"))
    assert sorted(answers) == [201, 422]


async def test_an_employee_sees_their_own_record_and_a_manager_their_own_people(office: Department) -> None:
    """P2, P27: an account is linked to a person by the officer; nobody links their own."""
    await office.hear(hired("Boss", starts_on="2020-01-01"), hired("Clerk", starts_on="2020-01-01"))
    await office.hear(hired("Other", starts_on="2020-01-01", department="Other"))
    everybody = {"payroll:officer"}
    async with office.client(build, scopes=everybody) as client:
        await asked(client, f"{AT}/departments/changes", department="Logistics", effective_on="2020-01-01",
                    manager=person("Boss"))  # fmt: skip
        own = await refused(client, f"{AT}/employees/{person('Boss')}/accounts", actor="key:warehouse")
        await asked(client, f"{AT}/employees/{person('Boss')}/accounts", actor="boss")
        await asked(client, f"{AT}/employees/{person('Clerk')}/accounts", actor="clerk")
        taken = await refused(client, f"{AT}/employees/{person('Other')}/accounts", actor="clerk")
    assert (own, taken) == ((409, "own-account", "/actor"), (409, "account-taken", "/actor"))

    async def seen(actor: str, *scopes: str) -> list[str]:
        async with office.client(build, scopes=scopes, actor=actor) as client:
            return [line["name"] for line in (await client.get(f"{AT}/employees")).json()["employees"]]

    assert await seen("clerk", "payroll:self") == ["Clerk"]
    assert await seen("boss", "payroll:team") == ["Clerk"]
    assert await seen("boss", "payroll:team", "payroll:self") == ["Boss", "Clerk"]
    assert await seen("nobody", "payroll:team", "payroll:self") == []
    assert await seen("clerk", "payroll:read") == ["Boss", "Clerk", "Other"]
    async with office.client(build, scopes={"payroll:self"}, actor="clerk") as client:
        assert (await client.get(f"{AT}/employees/{person('Clerk')}")).status_code == 200
        assert (await client.get(f"{AT}/employees/{person('Boss')}")).status_code == 404
        assert (await refused(client, f"{AT}/employees/{person('Clerk')}/changes", effective_on="2026-01-01",
                              job_title="Boss"))[:2] == (403, "scope-missing")  # fmt: skip
    async with office.client(build, scopes=everybody) as client:
        await asked(client, f"{AT}/employees/{person('Clerk')}/accounts", actor="clerk", linked=False)
    assert await seen("clerk", "payroll:self") == []


async def test_whom_a_manager_sees_is_decided_by_today_whatever_day_is_asked_for(office: Department) -> None:
    """P2, P27: the team of a day in the past, or of one to come, opens nothing: it is today's that counts."""
    await office.hear(*[hired(who, starts_on="2020-01-01") for who in ("Boss", "Clerk", "Gone")])
    async with office.client(build, scopes={"payroll:officer"}) as client:
        await asked(client, f"{AT}/employees/{person('Boss')}/accounts", actor="boss")
        for who in ("Clerk", "Gone"):
            await asked(client, f"{AT}/employees/{person(who)}/changes", effective_on="2020-01-01",
                        manager=person("Boss"))  # fmt: skip
        await asked(client, f"{AT}/employees/{person('Gone')}/changes", effective_on="2021-01-01", manager=None)
    async with office.client(build, scopes={"payroll:team"}, actor="boss") as client:
        listed = (await client.get(f"{AT}/employees", params={"on": "2020-06-01"})).json()["employees"]
        gone = await client.get(f"{AT}/employees/{person('Gone')}", params={"on": "2020-06-01"})
        clerk = await client.get(f"{AT}/employees/{person('Clerk')}", params={"on": "2020-06-01"})
    assert [line["name"] for line in listed] == ["Clerk"]
    assert (gone.status_code, clerk.status_code) == (404, 200)


def in_the_books(code: str, sequence: int = 1, **more: Any) -> Event:
    """The ledger has a department or cost centre."""
    data = published.sample("DimensionDefined.v1").data | {"code": code, "dimension": "cost_centre"} | more
    return event(DimensionDefined, "acme", data, sequence=sequence)


async def test_where_the_books_have_cost_centres_people_are_borne_by_those_alone(office: Department) -> None:
    """P4, P18: what the ledger has is known here by itself; another is refused by field and rule."""
    await office.hear(hired("A", starts_on="2026-01-01"))
    changes = f"{AT}/employees/{person('A')}/changes"
    on = {"effective_on": "2026-01-01"}
    async with office.client(build) as client:
        await asked(client, f"{AT}/cost-centres", cost_centre="OWN", name="From before")
        await asked(client, changes, **on, cost_centre="OWN")
        await office.hear(in_the_books("SALES", dimension="department"))
        await asked(client, changes, **on, cost_centre="OWN")
        await office.hear(in_the_books("CC-1", 2), in_the_books("OWN-2", 3))
        await asked(client, changes, **on, cost_centre="CC-1")
        listed = (await client.get(f"{AT}/cost-centres")).json()["cost_centres"]
        found = [
            await refused(client, changes, **on, cost_centre="OWN"),
            await refused(client, f"{AT}/cost-centres", cost_centre="CC-7", name="Free"),
            await refused(client, f"{AT}/cost-centres", cost_centre="CC-1", name="Again"),
        ]
    assert [each["cost_centre"] for each in listed] == ["CC-1", "OWN-2"]
    assert found == [
        (422, "cost-centre-unknown", "/cost_centre"),
        (422, "cost-centre-not-in-books", "/cost_centre"),
        (409, "cost-centre-exists", "/cost_centre"),
    ]


async def test_a_cost_centre_is_named_as_the_books_could_name_it(office: Department) -> None:
    """P4: `various` stands for several of them, and the ledger takes 32 characters."""
    await office.hear(in_the_books("various"))
    async with office.client(build) as client:
        reserved = await refused(client, f"{AT}/cost-centres", cost_centre="various", name="Several")
        long = await refused(client, f"{AT}/cost-centres", cost_centre="C" * 33, name="Long")
        await asked(client, f"{AT}/cost-centres", cost_centre="C" * 32, name="Free")
    assert reserved == (422, "cost-centre-reserved", "/cost_centre")
    assert long == (422, "invalid-request", "/cost_centre")
