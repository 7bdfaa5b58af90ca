"""Nobody sees or changes another company: every route of every department's own document is walked."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from chassis.ids import new_id
from services.payroll.domain.rights import BY_NAME
from tests.isolation.conftest import NAMES, MakeDepartment
from tests.support.department import Department

OWN, OTHER = "acme", "umbrella"
NOT_FOUND = "/problems/company-not-found"
TABLES = """
select relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'company'
where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname
"""


async def rows_of_the_other(department: Department) -> dict[str, int]:
    """How many rows each table holds of the other company."""
    counted = {}
    for (table,) in await department.rows(TABLES):
        ((counted[table],),) = await department.rows(f"select count(*) from {table} where company = $1", OTHER)
    return counted


def filled(path: str, company: str) -> str:
    """An address with a company, and something of the right form everywhere else."""
    path = path.replace("{company}", company)
    path = re.sub(r"\{(partition|offset|held_id|limit|year|month|number|run|week)\}", "1", path)
    return re.sub(r"\{[^}]+\}", str(new_id()), path)


METHODS = frozenset({"get", "post", "put", "patch", "delete"})


async def walked(
    client: httpx.AsyncClient, paths: dict[str, Any], company: str, methods: frozenset[str] = METHODS
) -> dict[str, tuple[int, str]]:
    """Status and problem of each operation below a company's address."""
    found = {}
    for path, operations in paths.items():
        if "{company}" not in path:
            continue
        for method in operations.keys() & methods:
            headers = {"idempotency-key": str(new_id())}
            sent = await client.request(
                method, filled(path, company), headers=headers, json=None if method == "get" else {}
            )
            told = sent.json() if "json" in sent.headers.get("content-type", "") else {}
            found[f"{method} {path}"] = sent.status_code, told.get("type", "") if isinstance(told, dict) else ""
    return found


@pytest.mark.parametrize("name", NAMES)
async def test_every_route_of_a_department_is_closed_to_other_companies(
    make_department: MakeDepartment, name: str
) -> None:
    """X7: a caller who may do everything for one company finds no address of another, and leaves no row behind."""
    department, build = make_department(name)
    await department.knows(OWN, OTHER)
    before = await rows_of_the_other(department)

    async with department.client(build, companies=[OWN], scopes=["*", *BY_NAME]) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
        others = await walked(client, paths, OTHER)
        own = await walked(client, paths, OWN, frozenset({"get"}))
        roots = [path for path in paths if "{company}" not in path]
        said = [(path, (await client.get(f"{path}?company={OTHER}")).text) for path in roots if "get" in paths[path]]

    assert len(others) >= 5
    assert {where: told for where, told in others.items() if told != (404, NOT_FOUND)} == {}
    assert [where for where, (_, kind) in own.items() if kind == NOT_FOUND] == [], "the walk itself finds what is there"
    assert [path for path, text in said if f'"{OTHER}"' in text and "problems" not in text] == []
    assert await rows_of_the_other(department) == before
    await department.close()


@pytest.mark.parametrize("name", NAMES)
async def test_a_right_for_one_company_opens_no_other(make_department: MakeDepartment, name: str) -> None:
    """X7, G12: of two companies that a caller sees, a right for the one does nothing at the other."""
    department, build = make_department(name)
    await department.knows(OWN, OTHER)

    scopes = [f"{scope}@{OWN}" for scope in ("*", *BY_NAME)]
    async with department.client(build, companies=[OWN, OTHER], scopes=scopes) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
        others = await walked(client, paths, OTHER)
        own = await walked(client, paths, OWN, frozenset({"get"}))

    assert {status for status, _ in others.values()} == {403}
    refused = [where for where, (status, _) in own.items() if status == 403]
    assert [where for where in refused if "unreadable" not in where] == [], "those are for who sees all companies"
    await department.close()
