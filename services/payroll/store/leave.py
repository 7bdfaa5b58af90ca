"""Leave: types, rules, holidays, requests with what became of them, and the ledger of entries."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import asyncpg

from chassis.ids import UUID
from services.payroll.domain.leave import Entry, LeaveType, Request, Rule
from services.payroll.store import leave_kinds
from services.payroll.store.leave_kinds import Kinds
from services.payroll.store.vault import Vault

TYPES = """
select company, leave_type, paid, limited, confidential from leave_type where company = any($1::text[])
"""
RULES = """
select company, leave_type, effective_on, yearly, carried_over_max, carried_over_until from leave_rule
where company = any($1::text[])
"""
HOLIDAYS = "select company, day from holiday where company = any($1::text[])"
COUNTRIES = "select company, country from company_profile where company = any($1::text[])"
ENTRIES = """
select company, employee, leave_type, sealed_type, kind, effective_on, hundredths, period from leave_entry
where company = any($1::text[]) and ($2::uuid[] is null or employee = any($2::uuid[]))
order by company, employee, effective_on, kind, period, type_key
"""
REQUESTS = """
select r.company, r.request, r.employee, r.leave_type, r.sealed_type, r.first_day, r.last_day, r.hundredths, r.asked_by,
    coalesce(d.decision, 'asked') as state, coalesce(d.revision, 0) as revision
from leave_request r left join lateral (select decision, revision from leave_decision d
    where d.company = r.company and d.request = r.request order by revision desc limit 1) d on true
where r.company = any($1::text[]) and ($2::uuid[] is null or r.employee = any($2::uuid[]))
    and ($3::uuid[] is null or r.request = any($3::uuid[]))
order by r.company, r.first_day, r.request
"""
UNPAID = """
select r.employee, greatest(r.first_day, $2::date) as first_day, least(r.last_day, $3::date) as last_day,
    r.sealed_type is not null as confidential
from leave_request r left join leave_type t on t.company = r.company and t.leave_type = r.leave_type
join lateral (select decision from leave_decision d where d.company = r.company and d.request = r.request
    order by revision desc limit 1) d on d.decision = 'approved'
where r.company = $1 and r.first_day <= $3 and r.last_day >= $2 and not coalesce(r.paid, t.paid)
    and ($4::uuid[] is null or r.employee = any($4))
order by r.employee, r.first_day
"""
CLOSED = "select company, max(month) as month from leave_month where company = any($1::text[]) group by company"
ADD_TYPES = """
insert into leave_type (company, leave_type, name, paid, limited, confidential, recorded_at)
select x.*, $7 from unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::boolean[], $6::boolean[])
    as x(company, leave_type, name, paid, limited, confidential)
"""
ADD_RULES = """
insert into leave_rule (company, leave_type, effective_on, yearly, carried_over_max, carried_over_until, recorded_at)
select x.*, $7 from unnest($1::text[], $2::text[], $3::date[], $4::bigint[], $5::bigint[], $6::bigint[])
    as x(company, leave_type, effective_on, yearly, carried_over_max, carried_over_until)
"""
ADD_HOLIDAYS = """
insert into holiday (company, day, name, recorded_at)
select x.company, x.day, x.name, $4 from unnest($1::text[], $2::date[], $3::text[]) as x(company, day, name)
"""
ADD_REQUESTS = """
insert into leave_request (company, request, employee, leave_type, sealed_type, paid, first_day, last_day, hundredths,
    asked_by, recorded_at)
select x.*, $11 from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::bytea[], $6::boolean[], $7::date[],
    $8::date[], $9::bigint[], $10::text[])
    as x(company, request, employee, leave_type, sealed_type, paid, first_day, last_day, hundredths, asked_by)
"""
ADD_DECISIONS = """
insert into leave_decision (company, request, revision, decision, asked_by, decided_by, recorded_at)
select x.*, $7 from unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[])
    as x(company, request, revision, decision, asked_by, decided_by)
"""
ADD_ENTRIES = """
insert into leave_entry (company, employee, leave_type, sealed_type, kind, effective_on, hundredths, period,
    recorded_at)
select x.*, $9 from unnest($1::text[], $2::uuid[], $3::text[], $4::bytea[], $5::text[], $6::date[], $7::bigint[],
    $8::text[]) as x(company, employee, leave_type, sealed_type, kind, effective_on, hundredths, period)
"""
ADD_MONTHS = """
insert into leave_month (company, month, closed_at)
select x.company, x.month, $3 from unnest($1::text[], $2::text[]) as x(company, month)
"""


@dataclass(slots=True)
class Ledger:
    """What a company knows of leave; grows while commands are decided."""

    country: str = ""
    types: dict[str, LeaveType] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)
    holidays: set[date] = field(default_factory=set)
    entries: dict[uuid.UUID, list[Entry]] = field(default_factory=dict)
    requests: dict[uuid.UUID, Request] = field(default_factory=dict)
    revisions: dict[uuid.UUID, int] = field(default_factory=dict)
    """How many decisions a request has had."""
    closed: str | None = None
    """The last month that is closed."""


async def read(
    connection: asyncpg.Connection,
    companies: Collection[str],
    people: Collection[uuid.UUID] | None,
    vault: Vault | None = None,
) -> dict[str, Ledger]:
    """Everything about leave of companies, with the entries and requests of some people, or of all. What is sealed is
    opened with the vault; without one, or of whose key was erased, its kind is `SEALED`.
    """
    names, whom = list(companies), None if people is None else list(people)
    found = {company: Ledger() for company in companies}
    for row in await connection.fetch(COUNTRIES, names):
        found[row["company"]].country = row["country"]
    for company, code, *kind in await connection.fetch(TYPES, names):
        found[company].types[code] = LeaveType(code, *kind)
    for row in await connection.fetch(RULES, names):
        found[row["company"]].rules.append(Rule(*row[1:]))
    for row in await connection.fetch(HOLIDAYS, names):
        found[row["company"]].holidays.add(row["day"])
    for row in await connection.fetch(CLOSED, names):
        found[row["company"]].closed = row["month"]
    entries = await connection.fetch(ENTRIES, names, whom)
    requests = await connection.fetch(REQUESTS, names, whom, None)
    kinds = await leave_kinds.opened(connection, [*entries, *requests], vault)
    for company, employee, code, sealed, *entry in entries:
        made = Entry(code or kinds[company, employee, sealed], *entry)
        found[company].entries.setdefault(employee, []).append(made)
    for company, request, employee, code, sealed, *rest, revision in requests:
        one = Request(request, employee, code or kinds[company, employee, sealed], *rest)
        found[company].requests[request] = one
        found[company].revisions[request] = revision
    return found


async def people_of(
    connection: asyncpg.Connection, companies: Collection[str], requests: Collection[uuid.UUID]
) -> list[UUID]:
    """Whose requests these are."""
    rows = await connection.fetch(REQUESTS, list(companies), None, list(requests))
    return [row["employee"] for row in rows]


async def unpaid(
    connection: asyncpg.Connection, company: str, first: date, last: date, people: Collection[uuid.UUID] | None = None
) -> dict[uuid.UUID, list[tuple[date, date]]]:
    """The days of approved leave without pay within a period, both ends included, for each person who has some."""
    found: dict[uuid.UUID, list[tuple[date, date]]] = {}
    for employee, begin, end, _ in await unpaid_spans(connection, company, first, last, people):
        found.setdefault(employee, []).append((begin, end))
    return found


async def unpaid_spans(
    connection: asyncpg.Connection, company: str, first: date, last: date, people: Collection[uuid.UUID] | None = None
) -> list[tuple[uuid.UUID, date, date, bool]]:
    """The same one by one: whose, from when to when, and whether of a confidential kind."""
    whom = None if people is None else list(people)
    return [tuple(row) for row in await connection.fetch(UNPAID, company, first, last, whom)]


async def holidays(connection: asyncpg.Connection, company: str) -> set[date]:
    """The days on which nobody works."""
    return {row["day"] for row in await connection.fetch(HOLIDAYS, [company])}


async def _add(connection: asyncpg.Connection, statement: str, rows: Sequence[Sequence[object]], now: datetime) -> None:
    if rows:
        await connection.execute(statement, *map(list, zip(*rows, strict=True)), now)


async def add_types(connection: asyncpg.Connection, rows: Sequence[tuple[str, str, LeaveType]], now: datetime) -> None:
    """Write types: company, name, type."""
    columns = [(company, kind.code, name, kind.paid, kind.limited, kind.confidential) for company, name, kind in rows]
    await _add(connection, ADD_TYPES, columns, now)


async def add_rules(connection: asyncpg.Connection, rows: Sequence[tuple[str, Rule]], now: datetime) -> None:
    """Write rules of companies."""
    await _add(connection, ADD_RULES, [(company, *rule) for company, rule in rows], now)


async def add_holidays(connection: asyncpg.Connection, rows: Sequence[tuple[str, date, str]], now: datetime) -> None:
    """Write holidays: company, day, name."""
    await _add(connection, ADD_HOLIDAYS, rows, now)


async def add_requests(
    connection: asyncpg.Connection, rows: Sequence[tuple[str, Request]], kinds: Kinds, now: datetime
) -> None:
    """Write what was asked for."""
    columns = [
        (company, r.request, r.employee, *kinds.written(company, r.employee, r.leave_type),
         kinds.paid_if_sealed(company, r.leave_type), r.first, r.last, r.hundredths, r.asked_by)
        for company, r in rows
    ]  # fmt: skip
    await _add(connection, ADD_REQUESTS, columns, now)


async def add_decisions(
    connection: asyncpg.Connection, rows: Sequence[tuple[str, UUID, int, str, str, str]], now: datetime
) -> None:
    """Write decisions: company, request, revision, decision, who asked, who decided."""
    await _add(connection, ADD_DECISIONS, rows, now)


async def add_entries(
    connection: asyncpg.Connection, rows: Sequence[tuple[str, uuid.UUID, Entry]], kinds: Kinds, now: datetime
) -> None:
    """Write lines of people's ledgers."""
    columns = [
        (company, employee, *kinds.written(company, employee, entry.leave_type), *entry[1:])
        for company, employee, entry in rows
    ]
    await _add(connection, ADD_ENTRIES, columns, now)


async def add_months(connection: asyncpg.Connection, rows: Sequence[tuple[str, str]], now: datetime) -> None:
    """These months are closed: company, month."""
    await _add(connection, ADD_MONTHS, rows, now)
