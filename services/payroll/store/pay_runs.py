"""Runs and their parts: the SQL of the state machine. A run's row is the lock for everything that happens to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from chassis.ids import UUID
from services.payroll.domain.payers import Entry, Payer
from services.payroll.domain.running import Lacking
from services.payroll.store.pay_groups import given

PART_PEOPLE = 200
"""People whose pay is calculated in one commit: what memory a run takes, and what is repeated after a crash."""

RunKey = tuple[str, UUID]

RUNS_OF_GROUPS = """
select r.company, r.pay_group, r.period, r.state, r.run from pay_run r
join unnest($1::text[], $2::text[]) as x(company, pay_group)
    on r.company = x.company and r.pay_group = x.pay_group
"""
# As they are once whoever changes them is done: a row that was waited for is the new one.
LOCK_RUNS_OF_GROUPS = """
select r.company, r.pay_group, r.period, r.state, r.started_at from pay_run r
join unnest($1::text[], $2::text[]) as x(company, pay_group)
    on r.company = x.company and r.pay_group = x.pay_group order by r.company, r.run for update of r
"""
GROUPS = f"""
select g.company, g.pay_group, g.country, g.currency, g.since, g.figures, {given("g")} as given,
    exists (select from pay_member m where m.company = g.company and m.pay_group = g.pay_group) as peopled
from unnest($1::text[], $2::text[]) as x(company, pay_group)
join pay_group g on g.company = x.company and g.pay_group = x.pay_group
"""
ADD_RUNS = """
insert into pay_run (company, run, pay_group, period, kind, state, attempt, started_by, started_at, people, problems)
select x.company, x.run, x.pay_group, x.period, 'regular', 'calculating', 1, x.started_by, $6, 0, 0
from unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::text[])
    as x(company, run, pay_group, period, started_by)
order by x.company, x.pay_group, x.period on conflict (company, pay_group, period, kind) do nothing
returning company, run
"""
ADD_PARTS = """
insert into pay_run_part (company, run, attempt, part, first_employee, last_employee)
select r.company, r.run, r.attempt, m.part, min(m.employee::text)::uuid, max(m.employee::text)::uuid
from unnest($1::text[], $2::uuid[]) as x(company, run)
join pay_run r on r.company = x.company and r.run = x.run
cross join lateral (select employee, ((row_number() over (order by employee) - 1) / $3)::int as part
    from pay_member m where m.company = r.company and m.pay_group = r.pay_group) m
group by r.company, r.run, r.attempt, m.part returning company, run, attempt, part
"""
LOCK_RUNS = """
select r.*, (select max(step) from pay_run_step s where s.company = r.company and s.run = r.run) as last_step,
    (select array_agg(distinct actor) from pay_run_step s where s.company = r.company and s.run = r.run
        and s.action in ('started', 'recalculated')) as makers,
    (select f.payments from pay_file f where f.company = r.company and f.run = r.run) as file_payments,
    exists (select from payslip p where p.company = r.company and p.run = r.run and p.attempt = r.attempt and p.pays)
        as pays,
    g.country, g.currency
from pay_run r join pay_group g on g.company = r.company and g.pay_group = r.pay_group
join unnest($1::text[], $2::uuid[]) as x(company, run) on r.company = x.company and r.run = x.run
order by r.company, r.run for update of r
"""
LAST_STEPS = """
select s.company, s.run, max(s.step) as step from pay_run_step s
join unnest($1::text[], $2::uuid[]) as x(company, run) on s.company = x.company and s.run = x.run
group by s.company, s.run
"""
ADD_STEPS = """
insert into pay_run_step (company, run, step, action, actor, at)
select x.*, $6 from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::text[]) as x
"""
RESTART = """
update pay_run r set state = 'calculating', attempt = r.attempt + 1, started_by = x.actor, started_at = $4,
    calculated_at = null, digest = null, totals = null, people = 0, problems = 0
from unnest($1::text[], $2::uuid[], $3::text[]) as x(company, run, actor)
where r.company = x.company and r.run = x.run
"""
APPROVE = """
update pay_run r set state = 'approved', approved_by = x.actor, approved_at = $4
from unnest($1::text[], $2::uuid[], $3::text[]) as x(company, run, actor) where r.company = x.company and r.run = x.run
"""
PAID = """
update pay_run r set state = 'paid', paid_on = x.paid_on
from unnest($1::text[], $2::uuid[], $3::date[]) as x(company, run, paid_on)
where r.company = x.company and r.run = x.run
"""
POSTED = """
update pay_run r set state = 'posted', posted_at = $3 from unnest($1::text[], $2::uuid[]) as x(company, run)
where r.company = x.company and r.run = x.run
"""
# An entry for the same day takes the place of the earlier one: while nobody has confirmed it, no account is known to be
# right, and nothing goes to the one that it has replaced.
WITHOUT_ACCOUNT = """
select p.company, p.run, b.entered, count(*) as people, (array_agg(e.number order by e.serial))[1:10] as numbers
from unnest($1::text[], $2::uuid[], $3::date[]) as x(company, run, execution_on)
join pay_run r on r.company = x.company and r.run = x.run
join payslip p on p.company = r.company and p.run = r.run and p.attempt = r.attempt and p.pays
join employee e on e.company = p.company and e.employee = p.employee
cross join lateral (select exists (select from bank_account a where a.company = p.company
        and a.employee = p.employee and a.effective_on <= x.execution_on) as entered,
    coalesce((select not exists (select from bank_account l where l.company = c.company and l.employee = c.employee
            and l.effective_on = c.effective_on and l.revision > c.revision)
        from account_confirmation c where c.company = p.company and c.employee = p.employee
            and c.effective_on <= x.execution_on
        order by c.effective_on desc, c.revision desc limit 1), false) as confirmed) b
where not b.confirmed group by p.company, p.run, b.entered
"""
ADD_FILES = """
insert into pay_file (company, run, message, execution_on, payments, exported_by, account_from, account_revision,
    details_from, details_revision, exported_at)
select x.*, $11 from unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::int[], $6::text[], $7::date[],
    $8::int[], $9::date[], $10::int[]) as x
"""
# The confirmed account in force on the day of payment, as it is known now: whatever is entered or confirmed later, the
# file stays the same.
ADD_PAYMENTS = """
insert into pay_file_payment (company, run, employee, account_from, account_revision)
select p.company, p.run, p.employee, b.effective_on, b.revision
from unnest($1::text[], $2::uuid[], $3::date[]) as x(company, run, execution_on)
join pay_run r on r.company = x.company and r.run = x.run
join payslip p on p.company = r.company and p.run = r.run and p.attempt = r.attempt and p.pays
cross join lateral (select c.effective_on, c.revision from account_confirmation c
    where c.company = p.company and c.employee = p.employee and c.effective_on <= x.execution_on
    order by c.effective_on desc, c.revision desc limit 1) b
"""
END_PART = """
update pay_run_part set done_at = $8, people = $5, problems = $6, digest = $7, totals = $9
where company = $1 and run = $2 and attempt = $3 and part = $4 and done_at is null
    and exists (select from pay_run r where r.company = $1 and r.run = $2 and r.attempt = $3
        and r.state = 'calculating' for share)
returning part
"""
ADD_PROBLEMS = """
insert into pay_run_problem (company, run, attempt, employee, code, detail)
select $1, $2, $3, x.employee, x.code, x.detail from unnest($4::uuid[], $5::text[], $6::text[])
    as x(employee, code, detail)
"""
PARTS = """
select part, done_at is null as open, people, problems, digest, totals from pay_run_part
where company = $1 and run = $2 and attempt = $3 order by part
"""
END_RUN = """
update pay_run set state = 'calculated', calculated_at = $4, people = $5, problems = $6, digest = $7, totals = $8
where company = $1 and run = $2 and attempt = $3 and state = 'calculating'
"""


class NewRun(NamedTuple):
    """A run to be started."""

    company: str
    run: UUID
    pay_group: str
    period: date
    started_by: str


class PartDone(NamedTuple):
    """What a part came to."""

    people: int
    digest: bytes
    totals: bytes
    problems: Sequence[tuple[UUID, str, str]]
    """Who cannot be paid, the name of why, and the sentence."""


def sums_place(run: UUID, attempt: int, part: int | None = None) -> str:
    """Where sums are sealed."""
    return f"pay_run.totals/{run}/{attempt}" if part is None else f"pay_run_part.totals/{run}/{attempt}/{part}"


async def groups(
    connection: asyncpg.Connection, named: Collection[tuple[str, str]]
) -> dict[tuple[str, str], asyncpg.Record]:
    """These groups, and whether anybody is in them."""
    rows = await connection.fetch(GROUPS, *_pairs(named))
    return {(row["company"], row["pay_group"]): row for row in rows}


async def runs_of_groups(
    connection: asyncpg.Connection, named: Collection[tuple[str, str]]
) -> dict[tuple[str, str], dict[date, asyncpg.Record]]:
    """All runs of these groups, by period."""
    return _by_period(await connection.fetch(RUNS_OF_GROUPS, *_pairs(named)))


async def lock_runs_of_groups(
    connection: asyncpg.Connection, named: Collection[tuple[str, str]]
) -> dict[tuple[str, str], dict[date, asyncpg.Record]]:
    """All runs of these groups, by period; none of them is calculated again or approved until the commit."""
    return _by_period(await connection.fetch(LOCK_RUNS_OF_GROUPS, *_pairs(named)))


def _by_period(rows: Sequence[asyncpg.Record]) -> dict[tuple[str, str], dict[date, asyncpg.Record]]:
    found: dict[tuple[str, str], dict[date, asyncpg.Record]] = {}
    for row in rows:
        found.setdefault((row["company"], row["pay_group"]), {})[row["period"]] = row
    return found


async def add_runs(connection: asyncpg.Connection, runs: Sequence[NewRun], now: datetime) -> set[RunKey]:
    """Write runs; returns those that are new. Whoever comes second for a period waits here, and is not."""
    rows = await connection.fetch(ADD_RUNS, *zip(*runs, strict=True), now)
    return {(row["company"], row["run"]) for row in rows}


async def add_parts(connection: asyncpg.Connection, runs: Collection[RunKey]) -> list[tuple[str, UUID, int, int]]:
    """Divide the people of runs into parts; returns company, run, attempt, part."""
    rows = await connection.fetch(ADD_PARTS, *_pairs(runs), PART_PEOPLE)
    return [(row["company"], row["run"], row["attempt"], row["part"]) for row in rows]


async def lock_runs(connection: asyncpg.Connection, runs: Collection[RunKey]) -> dict[RunKey, asyncpg.Record]:
    """Lock runs in one order, and what is known of them."""
    rows = await connection.fetch(LOCK_RUNS, *_pairs(runs))
    return {(row["company"], row["run"]): row for row in rows}


async def last_steps(connection: asyncpg.Connection, runs: Collection[RunKey]) -> dict[RunKey, int]:
    """The last step of each of these runs, as it is now: a lock that was waited for shows what was before the wait."""
    rows = await connection.fetch(LAST_STEPS, *_pairs(runs))
    return {(row["company"], row["run"]): row["step"] for row in rows}


async def add_steps(
    connection: asyncpg.Connection, steps: Sequence[tuple[str, UUID, int, str, str]], now: datetime
) -> None:
    """Write down who did what: company, run, step, action, actor."""
    await connection.execute(ADD_STEPS, *zip(*steps, strict=True), now)


async def restart(connection: asyncpg.Connection, runs: Sequence[tuple[str, UUID, str]], now: datetime) -> None:
    """Back to calculating, as another attempt by this actor."""
    await connection.execute(RESTART, *zip(*runs, strict=True), now)


async def approve(connection: asyncpg.Connection, runs: Sequence[tuple[str, UUID, str]], now: datetime) -> None:
    """Approved by this actor. The database refuses whoever calculated it."""
    await connection.execute(APPROVE, *zip(*runs, strict=True), now)


async def pay(connection: asyncpg.Connection, runs: Sequence[tuple[str, UUID, date]]) -> None:
    """The bank has paid on this day."""
    await connection.execute(PAID, *zip(*runs, strict=True))


async def post(connection: asyncpg.Connection, runs: Collection[RunKey], now: datetime) -> None:
    """The journal is on its way."""
    await connection.execute(POSTED, *_pairs(runs), now)


async def without_account(
    connection: asyncpg.Connection, runs: Sequence[tuple[str, UUID, date]]
) -> dict[tuple[RunKey, bool], Lacking]:
    """Who of these runs has no confirmed bank account on the day of payment; by whether one was entered at all."""
    rows = await connection.fetch(WITHOUT_ACCOUNT, *zip(*runs, strict=True))
    return {((row["company"], row["run"]), row["entered"]): Lacking(row["people"], row["numbers"]) for row in rows}


class NewFile(NamedTuple):
    """A pay file to be made."""

    company: str
    run: UUID
    message: str
    execution_on: date
    payments: int
    exported_by: str
    payer: Payer


async def add_files(connection: asyncpg.Connection, files: Sequence[NewFile], now: datetime) -> None:
    """A file was made of these runs, with the accounts that are known now. The database refuses one that is not paid
    from the confirmed account of its day.
    """
    rows = [(*file[:-1], *_place(file.payer.account), *_place(file.payer.details)) for file in files]
    await connection.execute(ADD_FILES, *zip(*rows, strict=True), now)
    runs = [(file.company, file.run, file.execution_on) for file in files]
    await connection.execute(ADD_PAYMENTS, *zip(*runs, strict=True))


async def end_part(
    connection: asyncpg.Connection, place: tuple[str, UUID, int, int], done: PartDone, now: datetime
) -> bool:
    """Close a part; False when it is closed already, or its run is calculated anew. Its run cannot change meanwhile."""
    row = await connection.fetchrow(END_PART, *place, done.people, len(done.problems), done.digest, now, done.totals)
    if row is not None and done.problems:
        company, run, attempt, _ = place
        await connection.execute(ADD_PROBLEMS, company, run, attempt, *zip(*done.problems, strict=True))
    return row is not None


async def parts(connection: asyncpg.Connection, run: RunKey, attempt: int) -> list[asyncpg.Record]:
    """The parts of an attempt."""
    return await connection.fetch(PARTS, *run, attempt)


async def end_run(
    connection: asyncpg.Connection, run: RunKey, attempt: int, now: datetime, people: int, problems: int,
    digest: bytes, totals: bytes,
) -> None:  # fmt: skip
    """All parts are there."""
    await connection.execute(END_RUN, *run, attempt, now, people, problems, digest, totals)


def _place(entry: Entry | None) -> tuple[date | None, int | None]:
    return (None, None) if entry is None else entry


def _pairs(keys: Collection[tuple[str, object]]) -> tuple[list[str], list[object]]:
    ordered = sorted(set(keys), key=str)
    return [first for first, _ in ordered], [second for _, second in ordered]
