"""Companies, accounts, tax codes: read once per batch, under the lock that orders all bookkeeping of a company."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

import asyncpg

from services.ledger.commands import AnnounceTaxRate, NewAccount, NewTaxCode, RegisterCompany

BOOKKEEPING = 4_101
"""Class of the advisory locks that order the bookkeeping of a company."""

LOCK = """
with locked as materialized (
    select pg_advisory_xact_lock($2::int, k.key)
    from (select hashtext(c) as key from unnest($1::text[]) c order by 1) k)
"""
# Sorted by key and taken for all companies of the transaction at once: replicas queue, they cannot deadlock.

FACTS = """
select e.*, y.*, k.*, p.*, s.*, a.roles, a.codes, t.tax_codes, t.tax_rates, t.tax_accounts,
    r.later_rates, clock_timestamp() as opened_at,
    exists (select from customer c where c.company = e.company) as has_customers
from {turn}legal_entity e
cross join lateral (select array_agg(role) as roles, array_agg(code) as codes
    from account where company = e.company and role is not null) a
cross join lateral (select array_agg(code) as tax_codes, array_agg(rate) as tax_rates,
    array_agg(account) as tax_accounts from tax_code where company = e.company) t
cross join lateral (select array_agg(array[code, valid_from::text, rate] order by valid_from) as later_rates
    from tax_rate where company = e.company) r
cross join lateral (select array_agg(year) as years, array_agg(starts_on) as year_starts,
    array_agg(ends_on) as year_ends from fiscal_year where company = e.company) y
cross join lateral (select array_agg(subledger) as closed_for, array_agg(lower(days)) as closed_from,
    array_agg(upper(days)) as closed_to
    from (select subledger, unnest(range_agg(daterange(starts_on, ends_on, '[]'))) as days from period_lock
        where company = e.company and closed group by subledger) r) k
cross join lateral (select array_agg(array[number::text, valid_from::text, invoicing, net_days::text,
    approval_limit::text, dimensions_required::text, default_department, default_cost_centre, credit_check::text]
    order by number)
    as policies from company_policy where company = e.company) p
cross join lateral (select array_agg(array[valid_from::text, convert_from(changed, 'UTF8')]
    order by valid_from, number) as seller_changes from company_change where company = e.company) s
where e.company = any($1::text[])
"""
READ = LOCK + FACTS.replace("{turn}", "(select count(*) from locked) l, ")
LOOK_AT = FACTS.replace("{turn}", "")

KNOWN = """
with waited as materialized (select pg_advisory_xact_lock_shared($2::int, hashtext($1::text)))
select clock_timestamp() from (select count(*) from waited) w
"""

STANDING = """
select 'company' as what, company, null as code, null as role, null as kind from legal_entity
where company = any($1::text[])
union all
select 'account', company, code, role, kind from account where company = any($1::text[])
union all
select 'tax-code', company, code, null, null from tax_code where company = any($1::text[])
"""

INSERT_COMPANIES = """
insert into legal_entity (company, name, currency, country, time_zone, line1, line2, city, postcode, address_country,
    vat_number, iban)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::text[], $12::text[])
"""

INSERT_CHANGES = """
insert into company_change (company, number, valid_from, changed, recorded_by)
select x.company, x.place + (select count(*) from company_change c where c.company = x.company), x.valid_from,
    x.changed, x.recorded_by
from unnest($1::text[], $2::int[], $3::date[], $4::bytea[], $5::text[])
    as x(company, place, valid_from, changed, recorded_by)
"""

INSERT_ACCOUNTS = """
insert into account (company, code, name, kind, role)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
"""

INSERT_TAX_RATES = """
with new as (
    insert into tax_rate (company, code, valid_from, rate)
    select * from unnest($1::text[], $2::text[], $3::date[], $4::text[])
    on conflict do nothing returning company, code, valid_from)
select n.company, n.code, n.valid_from, t.name from new n join tax_code t on t.company = n.company and t.code = n.code
"""

INSERT_TAX_CODES = """
insert into tax_code (company, code, name, rate, account)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
"""


async def lock_and_read(connection: asyncpg.Connection, companies: Sequence[str]) -> list[asyncpg.Record]:
    """Wait for this transaction's turn to keep the books of all its companies, and read what is needed of each.

    Called first by every handler that books, so that all rows behind it are locked in one order whatever comes.
    `opened_at` is the time since when it has its turn: who had it before has committed by then. The
    facts read are those of the statement's beginning; facts are only added, so nothing read here can become untrue.
    """
    return await connection.fetch(READ, companies, BOOKKEEPING)


async def read(connection: asyncpg.Connection, companies: Sequence[str]) -> list[asyncpg.Record]:
    """The same facts for who only looks, and so waits for nobody."""
    return await connection.fetch(LOOK_AT, companies)


async def known(connection: asyncpg.Connection, company: str) -> datetime:
    """Wait until whoever keeps the books at this moment has committed; says what time it is then.

    What later statements see is all that was recorded up to then, and all that will ever have been.
    """
    return await connection.fetchval(KNOWN, company, BOOKKEEPING)  # type: ignore[no-any-return]


async def lock(connection: asyncpg.Connection, companies: Sequence[str]) -> None:
    """Wait for this transaction's turn; what the next statement reads, nobody else is changing."""
    await connection.execute(LOCK + "select from locked", companies, BOOKKEEPING)


async def read_standing(connection: asyncpg.Connection, companies: Sequence[str]) -> list[asyncpg.Record]:
    """Which companies, accounts and tax codes stand already."""
    return await connection.fetch(STANDING, companies)


async def insert_companies(connection: asyncpg.Connection, companies: Iterable[RegisterCompany]) -> None:
    """Add companies."""
    rows = [
        (c.company, c.name, c.currency, c.country, c.time_zone, c.address.line1, c.address.line2, c.address.city,
         c.address.postcode, c.address.country, c.vat_number, c.iban)
        for c in companies
    ]  # fmt: skip
    await connection.execute(INSERT_COMPANIES, *zip(*rows, strict=True))


async def insert_changes(connection: asyncpg.Connection, changes: Iterable[tuple[str, int, date, bytes, str]]) -> None:
    """Keep changes of companies: company, the how-manieth of this transaction, day, what is different, and by whom."""
    await connection.execute(INSERT_CHANGES, *zip(*changes, strict=True))


async def insert_accounts(connection: asyncpg.Connection, accounts: Iterable[tuple[str, NewAccount]]) -> None:
    """Add accounts to charts."""
    rows = [(company, a.code, a.name, a.kind, a.role) for company, a in accounts]
    await connection.execute(INSERT_ACCOUNTS, *zip(*rows, strict=True))


async def insert_tax_codes(connection: asyncpg.Connection, tax_codes: Iterable[tuple[str, NewTaxCode]]) -> None:
    """Add tax codes."""
    rows = [(company, t.code, t.name, t.rate, t.account) for company, t in tax_codes]
    await connection.execute(INSERT_TAX_CODES, *zip(*rows, strict=True))


async def insert_tax_rates(
    connection: asyncpg.Connection, rates: Iterable[AnnounceTaxRate]
) -> dict[tuple[str, str, date], str]:
    """Add rates of tax codes; says which of them are new, with the codes' names. The first one of a day counts."""
    rows = [(r.company, r.code, r.valid_from, r.rate) for r in rates]
    written = await connection.fetch(INSERT_TAX_RATES, *zip(*rows, strict=True))
    return {(company, code, valid_from): name for company, code, valid_from, name in written}
