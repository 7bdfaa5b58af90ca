"""Payslips, and the facts that the pay of some people is calculated from."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any, NamedTuple

import asyncpg
import orjson

from chassis.ids import UUID
from services.payroll.domain import effective
from services.payroll.domain.filing import ToFile
from services.payroll.domain.organisation import Organisation
from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.paying import PersonPay
from services.payroll.domain.pay.people import Leave, Person, Profile, Term
from services.payroll.domain.pay.people import following as follow
from services.payroll.domain.pay.records import read as read_record
from services.payroll.domain.pay.records import read_profile
from services.payroll.domain.privacy import PersonKey, Place
from services.payroll.store import effective as effective_store
from services.payroll.store import leave
from services.payroll.store import staff as staff_store
from services.payroll.store.contracts import spans
from services.payroll.store.effective import hired_on
from services.payroll.store.pay_groups import given
from services.payroll.store.vault import KeyRing, Vault

LEAVERS_MONTHS = 12
"""For so long after somebody left, a change about the time before is found and paid."""

# All parts of an attempt are paid by the same figures: those that were given when it began.
PART = f"""
select p.first_employee, p.last_employee, r.period, r.pay_group, g.country, g.currency, g.since, g.figures,
    {given("g", "r.started_at")} as given,
    (select array_agg(h.day order by h.day) from holiday h where h.company = r.company) as holidays
from pay_run_part p join pay_run r on r.company = p.company and r.run = p.run and r.attempt = p.attempt
join pay_group g on g.company = r.company and g.pay_group = r.pay_group
where p.company = $1 and p.run = $2 and p.attempt = $3 and p.part = $4 and p.done_at is null
    and r.state = 'calculating'
"""
PEOPLE = f"""
select m.employee, h.hired_on, l.left_on
from pay_member m
cross join lateral ({hired_on("m")}) h
left join lateral (select v.left_on from leaving v where v.company = m.company and v.employee = m.employee
    order by v.revision desc limit 1) l on true
where m.company = $1 and m.pay_group = $2 and m.employee between $3 and $4
    and ($7::uuid[] is null or m.employee = any($7))
    and h.hired_on <= $5 and (l.left_on is null or l.left_on >= $6) order by m.employee
"""
NEXT = f"""
select m.company, array_agg(m.employee order by m.employee) as employees, m.pay_group, g.country, g.currency, g.since,
    g.figures, {given("g")} as given, coalesce((select (max(r.period) + interval '1 month')::date from pay_run r
        where r.company = m.company and r.pay_group = m.pay_group), g.since) as period,
    (select array_agg(h.day order by h.day) from holiday h where h.company = m.company) as holidays
from unnest($1::text[], $2::uuid[]) as x(company, employee)
join pay_member m on m.company = x.company and m.employee = x.employee
join pay_group g on g.company = m.company and g.pay_group = m.pay_group
group by m.company, m.pay_group, g.company, g.pay_group, g.country, g.currency, g.since, g.figures
order by m.company, m.pay_group
"""
TERMS = """
select distinct on (t.employee, t.contract, t.effective_on) t.employee, t.contract, t.effective_on, t.revision,
    t.cost_centre, t.sealed
from pay_term t where t.company = $1 and t.employee = any($2::uuid[]) and t.effective_on <= $3
order by t.employee, t.contract, t.effective_on, t.revision desc
"""
PROFILES = """
select distinct on (t.employee, t.effective_on) t.employee, t.effective_on, t.revision, t.sealed
from tax_profile t where t.company = $1 and t.employee = any($2::uuid[]) and t.effective_on <= $3
order by t.employee, t.effective_on, t.revision desc
"""
LAST = """
select x.employee, p.period, p.kind, p.sealed from unnest($2::uuid[]) as x(employee)
cross join lateral (select p.period, p.kind, p.sealed from payslip p
    join pay_run r on r.company = p.company and r.run = p.run and r.attempt = p.attempt
    where p.company = $1 and p.employee = x.employee and p.period < $3 order by p.period desc limit 1) p
"""
SINCE = """
select p.employee, p.period, p.kind, p.sealed from unnest($2::uuid[], $3::date[]) as x(employee, since)
join payslip p on p.company = $1 and p.employee = x.employee and p.period >= x.since and p.period < $4
join pay_run r on r.company = p.company and r.run = p.run and r.attempt = p.attempt
order by p.employee, p.period
"""
ADD = """
insert into payslip as p (company, employee, period, kind, run, attempt, version, rules_digest, pays, corrects, sealed,
    calculated_at)
select $1, x.employee, $2, 'regular', $3, $4, x.version, x.rules, x.pays, x.corrects, x.sealed, $11
from unnest($5::uuid[], $6::text[], $7::text[], $8::boolean[], $9::boolean[], $10::bytea[])
    as x(employee, version, rules, pays, corrects, sealed)
order by x.employee
on conflict (company, employee, period, kind) do update set run = excluded.run, attempt = excluded.attempt,
    version = excluded.version, rules_digest = excluded.rules_digest, pays = excluded.pays,
    corrects = excluded.corrects, sealed = excluded.sealed, calculated_at = excluded.calculated_at
"""
ADD_PAPERS = """
insert into payslip_paper (company, employee, period, kind, document, filed_at)
select x.*, $6 from unnest($1::text[], $2::uuid[], $3::date[], $4::text[], $5::uuid[]) as x
on conflict do nothing
"""
# The name and address of the month's last day, as they were known when the run was approved.
UNFILED = """
select p.employee, p.period, p.kind, p.version, p.sealed, e.number, e.name, e.language, r.approved_at, g.currency,
    coalesce(d.debtor_name, g.debtor_name) as debtor_name,
    coalesce(d.debtor_address, g.debtor_address) as debtor_address
from payslip p join pay_run r on r.company = p.company and r.run = p.run and r.attempt = p.attempt
join pay_group g on g.company = r.company and g.pay_group = r.pay_group
join employee e on e.company = p.company and e.employee = p.employee
left join lateral (select y.debtor_name, y.debtor_address from payer_details y where y.company = g.company
    and y.pay_group = g.pay_group and y.effective_on < r.period + interval '1 month' and y.recorded_at <= r.approved_at
    order by y.effective_on desc, y.revision desc limit 1) d on true
where p.company = $1 and p.run = $2 and r.state in ('approved', 'paid', 'posted') and p.employee > $3
    and not exists (select from payslip_paper q where q.company = p.company and q.employee = p.employee
        and q.period = p.period and q.kind = p.kind)
order by p.employee limit $4
"""
NOBODY = uuid.UUID(int=0)
EVER = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Part:
    """Some people of a run, and by what rules they are paid."""

    month: Month
    pay_group: str
    country: str
    currency: str
    since: Month
    figures: Mapping[str, str]
    """Given when the group was defined."""
    given: Mapping[str, str]
    """Given since then."""
    holidays: frozenset[date]
    first: UUID
    last: UUID


@dataclass(slots=True)
class PartFacts:
    """Everything about the people of a part, opened."""

    ring: KeyRing
    people: dict[UUID, Person] = field(default_factory=dict)
    last: dict[UUID, PersonPay] = field(default_factory=dict)


class SlipRow(NamedTuple):
    """A payslip to be written."""

    employee: UUID
    version: str
    rules_digest: str
    pays: bool
    corrects: bool
    sealed: bytes


def slip_place(company: str, employee: uuid.UUID, period: date, kind: str = "regular") -> Place:
    """Where a payslip stands."""
    return Place(company, employee, "payslip.sealed", f"{period}/{kind}")


async def part(connection: asyncpg.Connection, place: tuple[str, UUID, int, int]) -> Part | None:
    """A part that is to be calculated; None when it is done, or its run is not calculated any more."""
    row = await connection.fetchrow(PART, *place)
    return None if row is None else _part(row, row["first_employee"], row["last_employee"])


async def next_parts(
    connection: asyncpg.Connection, people: Collection[PersonKey]
) -> list[tuple[str, Part, list[UUID]]]:
    """The month that follows the last run of these people's groups, with company and who of them is in the group."""
    rows = await connection.fetch(NEXT, [company for company, _ in people], [employee for _, employee in people])
    return [(row["company"], _part(row, row["employees"][0], row["employees"][-1]), row["employees"]) for row in rows]


def _part(row: asyncpg.Record, first: UUID, last: UUID) -> Part:
    return Part(
        _month(row["period"]),
        row["pay_group"],
        row["country"],
        row["currency"],
        _month(row["since"]),
        orjson.loads(row["figures"]),
        orjson.loads(row["given"] or "{}"),
        frozenset(row["holidays"] or ()),
        first,
        last,
    )


async def facts(
    connection: asyncpg.Connection, vault: Vault, company: str, part: Part, only: Collection[UUID] | None = None
) -> PartFacts:
    """The people of a part, or some of them, with their terms, profiles and newest payslips: thirteen statements at
    most, however many people. Who was erased is left out: nothing about them can be read, and nothing is owed to them.
    """
    until = part.month.last
    oldest = date(part.month.year - LEAVERS_MONTHS // 12, part.month.month, 1)
    whom = None if only is None else list(only)
    rows = await connection.fetch(PEOPLE, company, part.pay_group, part.first, part.last, until, oldest, whom)
    ids: list[UUID] = [row["employee"] for row in rows]
    found = PartFacts(await vault.ring(connection, [(company, employee) for employee in ids]))
    erased = {employee for _, employee in found.ring.erased}
    rows = [row for row in rows if row["employee"] not in erased]
    ids = [row["employee"] for row in rows]
    terms: dict[UUID, list[Term]] = {}
    agreed = [row for row in await connection.fetch(TERMS, company, ids, until) if row["sealed"] is not None]
    contracts = await spans(connection, company, {row["employee"] for row in agreed if row["contract"] is not None})
    for row in agreed:
        monthly = _opened(found.ring, company, "pay_term", row)["monthly"]
        contract, ends_on = ("", None) if row["contract"] is None else contracts[row["contract"]]
        term = Term(row["effective_on"], monthly, row["cost_centre"] or "", contract, ends_on)
        terms.setdefault(row["employee"], []).append(term)
    profiles: dict[UUID, list[Profile]] = {}
    for row in await connection.fetch(PROFILES, company, ids, until):
        value = _opened(found.ring, company, "tax_profile", row)
        profile = Profile(row["effective_on"], value["children"], Fraction(value["credit_points"]))
        profiles.setdefault(row["employee"], []).append(profile)
    following = {row["employee"] for row in agreed if row["cost_centre"] is None}
    centres = await _cost_centres(connection, company, following, until)
    unpaid = await leave.unpaid(connection, company, EVER, until, ids)
    for row in rows:
        employee = row["employee"]
        found.people[employee] = Person(
            row["hired_on"],
            follow(terms.get(employee, ()), centres.get(employee, ())),
            row["left_on"],
            tuple(Leave(first, last) for first, last in unpaid.get(employee, ())),
            profiles=tuple(profiles.get(employee, ())),
        )
    for row in await connection.fetch(LAST, company, ids, part.month.first):
        found.last[row["employee"]] = _record(found.ring, company, row)
    return found


async def _cost_centres(
    connection: asyncpg.Connection, company: str, people: Collection[UUID], until: date
) -> dict[UUID, list[tuple[date, str]]]:
    """The cost centres of these people's positions by the day: five statements, or none."""
    if not people:
        return {}
    staff = (await staff_store.read(connection, [company], people))[company]
    organisations: dict[date, Organisation] = {}
    return {employee: staff.cost_centres_of(employee, until, organisations) for employee in people}


async def earlier(
    connection: asyncpg.Connection, ring: KeyRing, company: str, since: Mapping[UUID, Month], before: date
) -> dict[UUID, list[PersonPay]]:
    """The payslips of these people from their months on, oldest first: one statement."""
    if not since:
        return {}
    found: dict[UUID, list[PersonPay]] = {}
    rows = await connection.fetch(SINCE, company, list(since), [month.first for month in since.values()], before)
    for row in rows:
        found.setdefault(row["employee"], []).append(_record(ring, company, row))
    return found


async def add(
    connection: asyncpg.Connection, run: tuple[str, UUID, int], period: date, rows: Sequence[SlipRow], now: datetime
) -> None:
    """Write payslips. The database refuses one for a person who is paid for the period in another run."""
    company, run_id, attempt = run
    if rows:
        await connection.execute(ADD, company, period, run_id, attempt, *zip(*rows, strict=True), now)


async def unfiled(
    connection: asyncpg.Connection, vault: Vault, company: str, run: UUID, after: uuid.UUID, limit: int
) -> tuple[list[ToFile], uuid.UUID | None]:
    """Payslips of an approved run without a paper, in the order of people; and after whom to go on, None at the end.

    Nothing can be told any more of somebody whose key was erased.
    """
    rows = await connection.fetch(UNFILED, company, run, after, limit)
    ring = await vault.ring(connection, [(company, row["employee"]) for row in rows])
    erased = {employee for _, employee in ring.erased}
    employments = await effective_store.read(
        connection, effective_store.EMPLOYMENT, [company], [row["employee"] for row in rows]
    )

    def then(row: asyncpg.Record, field: str) -> str:
        """As it was on the period's last day, as far as it is known now; as at the hire where nothing is."""
        facts = employments.get((company, row["employee"]), [])
        return str(effective.on(facts, _month(row["period"]).last).get(field) or row[field])

    slips = [
        ToFile(
            row["employee"],
            row["period"],
            row["kind"],
            row["number"],
            then(row, "name"),
            then(row, "language"),
            row["currency"],
            row["approved_at"].date(),
            row["version"],
            row["debtor_name"],
            orjson.loads(row["debtor_address"]),
            _record(ring, company, row),
        )
        for row in rows
        if row["employee"] not in erased
    ]
    return slips, rows[-1]["employee"] if len(rows) == limit else None


async def add_papers(
    connection: asyncpg.Connection, company: str, papers: Sequence[tuple[UUID, date, str, UUID]], now: datetime
) -> None:
    """Where papers are filed: employee, period, kind, document."""
    await connection.execute(ADD_PAPERS, [company] * len(papers), *zip(*papers, strict=True), now)


def _opened(ring: KeyRing, company: str, table: str, row: asyncpg.Record) -> dict[str, Any]:
    place = Place(company, row["employee"], f"{table}.sealed", f"{row['effective_on']}/{row['revision']}")
    return read_profile(ring.unseal(place, row["sealed"]))


def _record(ring: KeyRing, company: str, row: asyncpg.Record) -> PersonPay:
    place = slip_place(company, row["employee"], row["period"], row["kind"])
    return read_record(ring.unseal(place, row["sealed"]))


def _month(day: date) -> Month:
    return Month(day.year, day.month)
