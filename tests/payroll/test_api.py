"""Payroll's own API: who is on the register."""

from __future__ import annotations

import pytest

from services.payroll.main import build
from tests.payroll.office import asked, company, hired, person
from tests.support.department import Department

AT = "/v1/companies/acme/employees"


async def test_a_registered_person_is_listed_and_shown(office: Department) -> None:
    await office.hear(hired("Anna", starts_on="2026-12-01", department="Sales", job_title="Clerk", language="el"))
    async with office.client(build) as client:
        listed = (await client.get(AT)).json()
        shown = (await client.get(f"{AT}/{person('Anna')}")).json()
    assert listed == {
        "employees": [
            {
                "employee": person("Anna"),
                "number": "E-000001",
                "name": "Anna",
                "language": "el",
                "department": "Sales",
                "job_title": "Clerk",
                "cost_centre": None,
                "manager": None,
                "effective_on": "2026-12-01",
                "state": "ahead",
            }
        ],
        "next": None,
    }
    (hire,) = shown["changes"]
    assert (hire["effective_on"], hire["says"]["department"], hire["in_force"]) == ("2026-12-01", "Sales", True)
    assert (shown["number"], shown["reference"]) == ("E-000001", "HIRE-2026-031")


async def test_the_list_shows_the_assignment_of_the_day_that_is_asked_for(office: Department) -> None:
    await office.hear(hired("Anna", starts_on="2026-01-01", department="Sales"), hired("Ben", department="Finance"))
    async with office.client(build) as client:
        await asked(client, f"{AT}/{person('Anna')}/changes", effective_on="2026-06-01", department="Finance")
        for day, department in (("2025-12-31", "Sales"), ("2026-05-31", "Sales"), ("2026-06-01", "Finance")):
            line = (await client.get(AT, params={"on": day})).json()["employees"][0]
            assert line["department"] == department
        for wrong in ("2026-02-30", "1764000000", "today"):
            answer = await client.get(AT, params={"on": wrong})
            assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "?on")


async def test_the_list_is_read_page_by_page(office: Department) -> None:
    await office.hear(*[hired(f"P{n}") for n in range(7)])
    async with office.client(build) as client:
        seen: list[str] = []
        after: int | None = 0
        while after is not None:
            page = (await client.get(AT, params={"limit": 3, "after": after})).json()
            seen += [line["number"] for line in page["employees"]]
            after = page["next"]
    assert seen == [f"E-{n:06}" for n in range(1, 8)]


async def test_people_of_other_companies_and_unknown_people_are_not_found(office: Department) -> None:
    await office.hear(company("other"), hired("X", code="other"))
    async with office.client(build) as client:
        assert (await client.get(AT)).json()["employees"] == []
        assert (await client.get("/v1/companies/other/employees")).status_code == 404
        unknown = await client.get(f"{AT}/{person('X')}")
        assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/employee-not-found")
        assert (await client.get(f"{AT}/X")).status_code == 404


@pytest.mark.parametrize("scopes", [(), ("inventory:read",), ("payroll:write",)])
async def test_people_are_shown_only_with_the_right_to_read_them(office: Department, scopes: tuple[str, ...]) -> None:
    async with office.client(build, scopes=scopes) as client:
        answer = await client.get(AT)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/scope-missing")
