"""Who pays a group: accounts of the company, their confirmations, names and addresses. Each holds from a day on."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple

import asyncpg

from chassis.ids import UUID
from services.payroll.domain.agreeing import Entered
from services.payroll.domain.payers import Entry, Payer

REVISIONS = """
select x.company, x.pay_group, x.effective_on,
    (select max(revision) from payer_account a where a.company = x.company and a.pay_group = x.pay_group
        and a.effective_on = x.effective_on) as account,
    (select max(revision) from payer_details d where d.company = x.company and d.pay_group = x.pay_group
        and d.effective_on = x.effective_on) as details
from unnest($1::text[], $2::text[], $3::date[]) as x(company, pay_group, effective_on)
"""
ADD_ACCOUNTS = """
insert into payer_account (company, pay_group, effective_on, revision, debtor_iban, debtor_bic, entered_by, recorded_at)
select x.*, $8 from unnest($1::text[], $2::text[], $3::date[], $4::int[], $5::text[], $6::text[], $7::text[]) as x
"""
ADD_DETAILS = """
insert into payer_details (company, pay_group, effective_on, revision, debtor_name, debtor_address, words, entered_by,
    recorded_at)
select x.*, $9
from unnest($1::text[], $2::text[], $3::date[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[]) as x
"""
ENTERED = """
select a.company, a.pay_group, a.effective_on, a.revision, a.debtor_iban, a.entered_by,
    c.company is not null as confirmed, not exists (select from payer_account l where l.company = a.company
        and l.pay_group = a.pay_group and l.effective_on = a.effective_on and l.revision > a.revision) as newest
from unnest($1::text[], $2::text[], $3::date[], $4::int[]) as x(company, pay_group, effective_on, revision)
join payer_account a on a.company = x.company and a.pay_group = x.pay_group and a.effective_on = x.effective_on
    and a.revision = x.revision
left join payer_confirmation c on c.company = a.company and c.pay_group = a.pay_group
    and c.effective_on = a.effective_on and c.revision = a.revision
"""
ADD_CONFIRMATIONS = """
insert into payer_confirmation (company, pay_group, effective_on, revision, entered_by, confirmed_by, confirmed_at)
select x.*, $7 from unnest($1::text[], $2::text[], $3::date[], $4::int[], $5::text[], $6::text[]) as x
"""
ON_DAYS = """
select x.company, x.run, x.day, a.effective_on as account_from, a.revision as account_revision,
    c.company is not null as confirmed, d.effective_on as details_from, d.revision as details_revision
from unnest($1::text[], $2::uuid[], $3::date[]) as x(company, run, day)
left join pay_run r on r.company = x.company and r.run = x.run
left join lateral (select p.effective_on, p.revision from payer_account p where p.company = r.company
    and p.pay_group = r.pay_group and p.effective_on <= x.day order by p.effective_on desc, p.revision desc limit 1) a
    on true
left join payer_confirmation c on c.company = r.company and c.pay_group = r.pay_group
    and c.effective_on = a.effective_on and c.revision = a.revision
left join lateral (select p.effective_on, p.revision from payer_details p where p.company = r.company
    and p.pay_group = r.pay_group and p.effective_on <= x.day order by p.effective_on desc, p.revision desc limit 1) d
    on true
"""

DayKey = tuple[str, str, date]
"""Company, pay group, from when on."""
AccountKey = tuple[str, str, date, int]
"""The same, and which revision."""


class AccountRow(NamedTuple):
    """An account of the company from which a group is paid."""

    company: str
    pay_group: str
    effective_on: date
    revision: int
    iban: str
    bic: str | None
    entered_by: str


class DetailsRow(NamedTuple):
    """Name, address (as JSON) and words of who pays a group."""

    company: str
    pay_group: str
    effective_on: date
    revision: int
    name: str
    address: str
    words: str | None
    entered_by: str


async def revisions(
    connection: asyncpg.Connection, what: Literal["account", "details"], days: Collection[DayKey]
) -> dict[DayKey, int]:
    """The last revision that was entered for each of these days; 0 where none was."""
    rows = await connection.fetch(REVISIONS, *zip(*sorted(set(days)), strict=True))
    return {(row["company"], row["pay_group"], row["effective_on"]): row[what] or 0 for row in rows}


async def add_accounts(connection: asyncpg.Connection, rows: Sequence[AccountRow], now: datetime) -> None:
    """Write accounts."""
    await connection.execute(ADD_ACCOUNTS, *zip(*rows, strict=True), now)


async def add_details(connection: asyncpg.Connection, rows: Sequence[DetailsRow], now: datetime) -> None:
    """Write names and addresses."""
    await connection.execute(ADD_DETAILS, *zip(*rows, strict=True), now)


async def entered(
    connection: asyncpg.Connection, accounts: Collection[AccountKey]
) -> dict[AccountKey, tuple[Entered, str]]:
    """What is known of these accounts, each with its number."""
    rows = await connection.fetch(ENTERED, *zip(*accounts, strict=True))
    return {
        (row["company"], row["pay_group"], row["effective_on"], row["revision"]): (
            Entered(row["entered_by"], row["newest"], row["confirmed"]),
            row["debtor_iban"],
        )
        for row in rows
    }


async def add_confirmations(
    connection: asyncpg.Connection, rows: Sequence[tuple[str, str, date, int, str, str]], now: datetime
) -> None:
    """These accounts are confirmed: company, group, day, revision, who entered, who confirms. The database refuses
    whoever entered it."""
    await connection.execute(ADD_CONFIRMATIONS, *zip(*rows, strict=True), now)


async def on_days(
    connection: asyncpg.Connection, runs: Collection[tuple[str, UUID, date]]
) -> dict[tuple[str, uuid.UUID, date], Payer]:
    """By what the groups of these runs are paid on these days: one statement."""
    rows = await connection.fetch(ON_DAYS, *zip(*sorted(set(runs), key=str), strict=True))
    return {
        (row["company"], row["run"], row["day"]): Payer(
            _entry(row["account_from"], row["account_revision"]),
            row["account_from"] is None or row["confirmed"],
            _entry(row["details_from"], row["details_revision"]),
        )
        for row in rows
    }


def _entry(effective_on: date | None, revision: int | None) -> Entry | None:
    return None if effective_on is None or revision is None else Entry(effective_on, revision)
