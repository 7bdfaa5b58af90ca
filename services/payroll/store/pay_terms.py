"""What is agreed with people and sealed: terms, bank accounts, tax profiles; the groups they are paid in."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import asyncpg

from chassis.ids import UUID
from services.payroll.domain.agreeing import Entered, Group, OnRegister
from services.payroll.domain.contracts import Contract
from services.payroll.domain.pay.people import Term
from services.payroll.domain.pay.records import read_profile
from services.payroll.domain.privacy import PersonKey, Place
from services.payroll.store.effective import hired_on
from services.payroll.store.vault import KeyRing

ON_REGISTER = f"""
select e.company, e.employee, m.pay_group, h.hired_on,
    f.days, f.contracts
from unnest($1::text[], $2::uuid[]) as x(company, employee)
join employee e on e.company = x.company and e.employee = x.employee
cross join lateral ({hired_on("e")}) h
left join pay_member m on m.company = e.company and m.employee = e.employee
cross join lateral (select array_agg(t.effective_on) as days, array_agg(t.reference) as contracts
    from (select distinct on (p.contract, p.effective_on) p.effective_on, p.sealed, c.reference from pay_term p
        left join contract c on c.company = p.company and c.contract = p.contract
        where p.company = e.company and p.employee = e.employee
        order by p.contract, p.effective_on, p.revision desc) t where t.sealed is not null) f
"""
AGREED = """
select distinct on (t.company, t.employee, t.contract, t.effective_on) t.company, t.employee, t.contract,
    t.effective_on, t.revision, t.cost_centre, t.sealed
from unnest($1::text[], $2::uuid[]) as x(company, employee)
join pay_term t on t.company = x.company and t.employee = x.employee
order by t.company, t.employee, t.contract, t.effective_on, t.revision desc
"""
PROFILES = """
select distinct on (t.company, t.employee, t.effective_on) t.company, t.employee, t.effective_on, t.revision, t.sealed
from unnest($1::text[], $2::uuid[]) as x(company, employee)
join tax_profile t on t.company = x.company and t.employee = x.employee
order by t.company, t.employee, t.effective_on, t.revision desc
"""
REVISIONS = """
select x.company, x.employee, r.what, r.effective_on, max(r.revision) as revision
from unnest($1::text[], $2::uuid[]) as x(company, employee)
cross join lateral (
    select 'pay_term' as what, effective_on, revision from pay_term t
        where t.company = x.company and t.employee = x.employee
    union all select 'bank_account', effective_on, revision from bank_account b
        where b.company = x.company and b.employee = x.employee
    union all select 'tax_profile', effective_on, revision from tax_profile p
        where p.company = x.company and p.employee = x.employee) r
group by x.company, x.employee, r.what, r.effective_on
"""
GROUPS = """
select company, pay_group, country, currency, since from pay_group where company = any($1::text[])
"""
CENTRES = """
select c.company, c.cost_centre from unnest($1::text[], $2::text[]) as x(company, cost_centre)
join cost_centre c on c.company = x.company and c.cost_centre = x.cost_centre
where exists (select from booked_cost_centre b where b.company = c.company and b.cost_centre = c.cost_centre)
    or not exists (select from booked_cost_centre b where b.company = c.company)
"""
HOLDERS = """
select distinct on (x.company, x.digest, p.employee) x.company, x.digest, p.employee
from unnest($1::text[], $2::bytea[]) as x(company, digest)
join tax_profile p on p.company = x.company and p.tax_id_digest = x.digest
order by x.company, x.digest, p.employee
"""
UNPAID = """
select distinct p.company, p.employee from unnest($1::text[], $2::uuid[]) as x(company, employee)
join payslip p on p.company = x.company and p.employee = x.employee
join pay_run r on r.company = p.company and r.run = p.run and r.attempt = p.attempt
where r.state in ('calculating', 'calculated', 'approved')
"""
ADD_GROUPS = """
insert into pay_group (company, pay_group, country, currency, since, figures, debtor_name, debtor_iban, debtor_bic,
    debtor_address, recorded_at)
select x.*, $11 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::text[]) as x
on conflict do nothing returning company, pay_group
"""
ADD_TERMS = """
with members as (insert into pay_member (company, employee, pay_group)
    select x.company, x.employee, x.pay_group from unnest($1::text[], $2::uuid[], $3::text[])
        as x(company, employee, pay_group) order by 1, 2 on conflict do nothing)
insert into pay_term (company, employee, effective_on, revision, cost_centre, sealed, recorded_by, contract,
    recorded_at)
select x.*, $12
from unnest($4::text[], $5::uuid[], $6::date[], $7::int[], $8::text[], $9::bytea[], $10::text[], $11::uuid[]) as x
"""
ADD_ACCOUNTS = """
insert into bank_account (company, employee, effective_on, revision, sealed, recorded_by, entered_by, recorded_at)
select x.company, x.employee, x.effective_on, x.revision, x.sealed, x.person, x.person, $7
from unnest($1::text[], $2::uuid[], $3::date[], $4::int[], $5::bytea[], $6::text[])
    as x(company, employee, effective_on, revision, sealed, person)
"""
ENTERED = """
select b.company, b.employee, b.effective_on, b.revision, b.sealed, b.entered_by, c.employee is not null as confirmed,
    not exists (select from bank_account l where l.company = b.company and l.employee = b.employee
        and l.effective_on = b.effective_on and l.revision > b.revision) as newest
from unnest($1::text[], $2::uuid[], $3::date[], $4::int[]) as x(company, employee, effective_on, revision)
join bank_account b on b.company = x.company and b.employee = x.employee and b.effective_on = x.effective_on
    and b.revision = x.revision
left join account_confirmation c on c.company = b.company and c.employee = b.employee
    and c.effective_on = b.effective_on and c.revision = b.revision
"""
ADD_CONFIRMATIONS = """
insert into account_confirmation (company, employee, effective_on, revision, entered_by, confirmed_by, confirmed_at)
select x.*, $7 from unnest($1::text[], $2::uuid[], $3::date[], $4::int[], $5::text[], $6::text[]) as x
"""
ADD_PROFILES = """
insert into tax_profile (company, employee, effective_on, revision, tax_id_digest, sealed, recorded_by, recorded_at)
select x.*, $8 from unnest($1::text[], $2::uuid[], $3::date[], $4::int[], $5::bytea[], $6::bytea[], $7::text[]) as x
"""
ADD_READINGS = """
insert into pay_reading (company, reading, employee, run, what, actor, on_behalf_of, at)
select x.*, $8 from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[]) as x
on conflict do nothing
"""


AccountKey = tuple[str, UUID, date, int]
"""Company, employee, from when on, revision."""


class SealedRow(NamedTuple):
    """Something that is agreed with a person from a day on, sealed."""

    company: str
    employee: UUID
    effective_on: date
    revision: int
    sealed: bytes | None
    recorded_by: str


async def on_register(connection: asyncpg.Connection, people: Collection[PersonKey]) -> dict[PersonKey, OnRegister]:
    """What is known of these people: two statements."""
    columns = _columns(people)
    revisions: dict[PersonKey, dict[tuple[str, date], int]] = {}
    for row in await connection.fetch(REVISIONS, *columns):
        of = revisions.setdefault((row["company"], row["employee"]), {})
        of[row["what"], row["effective_on"]] = row["revision"]
    return {
        (row["company"], row["employee"]): OnRegister(
            row["hired_on"],
            row["pay_group"],
            revisions.get((row["company"], row["employee"]), {}),
            frozenset(zip(row["contracts"] or (), row["days"] or (), strict=True)),
        )
        for row in await connection.fetch(ON_REGISTER, *columns)
        if row["hired_on"] is not None
    }


async def agreed(
    connection: asyncpg.Connection, ring: KeyRing, people: Collection[PersonKey], contracts: Collection[Contract]
) -> dict[PersonKey, list[Term]]:
    """The terms of these people, with these contracts, that were not taken back, opened: one statement. Of who was
    erased there are none.
    """
    found: dict[PersonKey, list[Term]] = {}
    by_id = {contract.contract: contract for contract in contracts}
    for row in await connection.fetch(AGREED, *_columns(people)):
        key = (row["company"], row["employee"])
        if row["sealed"] is None or key in ring.erased:
            continue
        contract = None if row["contract"] is None else by_id[row["contract"]]
        of_contract = ("", None) if contract is None else (contract.reference, contract.ends_on())
        monthly = opened(ring, "pay_term", row)["monthly"]
        found.setdefault(key, []).append(Term(row["effective_on"], monthly, row["cost_centre"] or "", *of_contract))
    return found


async def tax_countries(
    connection: asyncpg.Connection, ring: KeyRing, people: Collection[PersonKey]
) -> dict[PersonKey, set[str]]:
    """Of which countries the tax profiles of these people are: one statement."""
    found: dict[PersonKey, set[str]] = {}
    for row in await connection.fetch(PROFILES, *_columns(people)):
        key = (row["company"], row["employee"])
        if key not in ring.erased:
            found.setdefault(key, set()).add(opened(ring, "tax_profile", row)["country"])
    return found


def opened(ring: KeyRing, table: str, row: asyncpg.Record) -> dict[str, Any]:
    """What is sealed in a row of agreed things."""
    place = Place(row["company"], row["employee"], f"{table}.sealed", f"{row['effective_on']}/{row['revision']}")
    return read_profile(ring.unseal(place, row["sealed"]))


def _columns(people: Collection[PersonKey]) -> tuple[list[str], list[uuid.UUID]]:
    keys = sorted(set(people), key=str)
    return [company for company, _ in keys], [employee for _, employee in keys]


async def unpaid(connection: asyncpg.Connection, people: Collection[PersonKey]) -> set[PersonKey]:
    """Who of these people has a payslip in a run that is not paid yet."""
    rows = await connection.fetch(UNPAID, [company for company, _ in people], [employee for _, employee in people])
    return {(row["company"], row["employee"]) for row in rows}


async def groups(connection: asyncpg.Connection, companies: Collection[str]) -> dict[tuple[str, str], Group]:
    """All pay groups of these companies."""
    rows = await connection.fetch(GROUPS, list(companies))
    return {(row["company"], row["pay_group"]): Group(row["country"], row["currency"], row["since"]) for row in rows}


async def known_centres(connection: asyncpg.Connection, centres: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these cost centres pay may be borne by: those of the books, where they have any."""
    rows = await connection.fetch(CENTRES, [company for company, _ in centres], [code for _, code in centres])
    return {(row["company"], row["cost_centre"]) for row in rows}


async def holders(
    connection: asyncpg.Connection, digests: Collection[tuple[str, bytes]]
) -> dict[tuple[str, bytes], set[UUID]]:
    """Who has these tax ids."""
    found: dict[tuple[str, bytes], set[UUID]] = {}
    rows = await connection.fetch(HOLDERS, [company for company, _ in digests], [digest for _, digest in digests])
    for row in rows:
        found.setdefault((row["company"], row["digest"]), set()).add(row["employee"])
    return found


async def add_groups(
    connection: asyncpg.Connection, rows: Sequence[tuple[object, ...]], now: datetime
) -> set[tuple[str, str]]:
    """Write groups; returns those that were not there."""
    added = await connection.fetch(ADD_GROUPS, *zip(*rows, strict=True), now)
    return {(row["company"], row["pay_group"]) for row in added}


async def add_terms(
    connection: asyncpg.Connection, rows: Sequence[tuple[str, str | None, UUID | None, SealedRow]], now: datetime
) -> None:
    """Write terms, each with its group, cost centre and contract; who is new becomes a member of the group."""
    terms = [row for _, _, _, row in rows]
    people = [(row.company, row.employee, group) for group, _, _, row in rows]
    members = sorted(
        {(company, employee): (company, employee, group) for company, employee, group in people}.values(), key=str
    )
    await connection.execute(
        ADD_TERMS,
        *zip(*members, strict=True),
        [t.company for t in terms],
        [t.employee for t in terms],
        [t.effective_on for t in terms],
        [t.revision for t in terms],
        [centre for _, centre, _, _ in rows],
        [t.sealed for t in terms],
        [t.recorded_by for t in terms],
        [contract for _, _, contract, _ in rows],
        now,
    )


async def add_accounts(connection: asyncpg.Connection, rows: Sequence[SealedRow], now: datetime) -> None:
    """Write bank accounts."""
    await connection.execute(ADD_ACCOUNTS, *zip(*rows, strict=True), now)


async def entered(
    connection: asyncpg.Connection, accounts: Collection[AccountKey]
) -> dict[AccountKey, tuple[Entered, bytes]]:
    """What is known of these accounts, each with its sealed value."""
    rows = await connection.fetch(ENTERED, *zip(*accounts, strict=True))
    return {
        (row["company"], row["employee"], row["effective_on"], row["revision"]): (
            Entered(row["entered_by"], row["newest"], row["confirmed"]),
            row["sealed"],
        )
        for row in rows
    }


async def add_confirmations(
    connection: asyncpg.Connection, rows: Sequence[tuple[str, UUID, date, int, str, str]], now: datetime
) -> None:
    """These accounts are confirmed: company, employee, day, revision, who entered, who confirms. The database refuses
    whoever entered it."""
    await connection.execute(ADD_CONFIRMATIONS, *zip(*rows, strict=True), now)


async def add_profiles(connection: asyncpg.Connection, rows: Sequence[tuple[bytes, SealedRow]], now: datetime) -> None:
    """Write tax profiles, each with the digest of its tax id."""
    columns = [
        (r.company, r.employee, r.effective_on, r.revision, digest, r.sealed, r.recorded_by) for digest, r in rows
    ]
    await connection.execute(ADD_PROFILES, *zip(*columns, strict=True), now)


async def add_readings(connection: asyncpg.Connection, rows: Sequence[tuple[object, ...]], now: datetime) -> None:
    """Write down who reads what."""
    await connection.execute(ADD_READINGS, *zip(*rows, strict=True), now)
