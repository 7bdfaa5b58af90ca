"""Effective facts of people, departments and contracts: read as they were recorded, added, never changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from services.payroll.domain.effective import Effective


@dataclass(frozen=True, slots=True)
class Kind:
    """A table of effective facts."""

    table: str
    key: str
    key_type: str
    fields: Mapping[str, str]
    """What a fact may say, with the type of its column."""

    @property
    def reading(self) -> str:
        """All facts of some things, or of all things of these companies when none are named."""
        return (
            f"select * from {self.table} where company = any($1::text[]) "
            f"and ($2::{self.key_type}[] is null or {self.key} = any($2)) order by company, {self.key}, revision"
        )

    @property
    def adding(self) -> str:
        """A statement for any number of facts."""
        columns = {
            "company": "text", self.key: self.key_type, "revision": "bigint", "effective_on": "date", "sets": "text",
            **self.fields, "replaces": "bigint",
        }  # fmt: skip
        names = ", ".join(columns)
        arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(columns.values(), 1))
        values = ", ".join("string_to_array(x.sets, ',')" if c == "sets" else f"x.{c}" for c in columns)
        recorded = f"${len(columns) + 1}"
        return (
            f"insert into {self.table} ({names}, recorded_at) select {values}, {recorded} "
            f"from unnest({arrays}) as x({names})"
        )


EMPLOYMENT = Kind(
    "assignment",
    "employee",
    "uuid",
    {
        "name": "text", "language": "text", "job_title": "text", "department": "text", "cost_centre": "text",
        "manager": "uuid",
    },
)  # fmt: skip
DEPARTMENTS = Kind(
    "department_fact",
    "department",
    "text",
    {"name": "text", "parent": "text", "manager": "uuid", "cost_centre": "text", "closed": "boolean"},
)
CONTRACTS = Kind(
    "contract_term",
    "contract",
    "uuid",
    {"kind": "text", "job_title": "text", "weekly_hours_hundredths": "bigint", "ends_on": "date"},
)

Thing = tuple[str, object]
"""Company and what the facts are about."""
Facts = dict[Thing, list[Effective]]


async def read(
    connection: asyncpg.Connection, kind: Kind, companies: Collection[str], keys: Collection[object] | None = None
) -> Facts:
    """The facts of these things of some companies, or of all of them."""
    found: Facts = {}
    for row in await connection.fetch(kind.reading, list(companies), None if keys is None else list(keys)):
        says = {field: row[field] for field in row["sets"]}
        fact = Effective(row["revision"], row["effective_on"], says, row["replaces"], row["recorded_at"])
        found.setdefault((row["company"], row[kind.key]), []).append(fact)
    return found


async def add(
    connection: asyncpg.Connection, kind: Kind, rows: Sequence[tuple[Thing, Effective]], now: datetime
) -> None:
    """Write facts of things in one statement."""
    if not rows:
        return
    columns: list[list[object]] = [
        [company for (company, _), _ in rows],
        [key for (_, key), _ in rows],
        [fact.revision for _, fact in rows],
        [fact.effective_on for _, fact in rows],
        [",".join(sorted(fact.says)) for _, fact in rows],
        *[[fact.says.get(field) for _, fact in rows] for field in kind.fields],
        [fact.replaces for _, fact in rows],
    ]
    await connection.execute(kind.adding, *columns, now)


def hired_on(of: str) -> str:
    """`domain.effective.begins` of a person's employment as a subquery, for rows `of` with company and employee."""
    return f"""select min(a.effective_on) as hired_on from assignment a
    where a.company = {of}.company and a.employee = {of}.employee and cardinality(a.sets) > 0
    and not exists (select from assignment r where r.company = a.company and r.employee = a.employee
        and r.replaces = a.revision)"""
