"""Exchange rates: what one unit of a currency is worth in the company's own, by day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import asyncpg

from services.ledger.domain.exchange import Quote, Rate

VALID = """
select x.company, x.currency, x.on_day, r.valid_on, r.scaled
from unnest($1::text[], $2::text[], $3::date[]) as x(company, currency, on_day)
cross join lateral (
    (select 1 as place, valid_on, scaled from exchange_rate e
        where e.company = x.company and e.currency = x.currency and e.valid_on <= x.on_day
        order by e.valid_on desc limit 1)
    union all
    (select 2, valid_on, scaled from exchange_rate e
        where e.company = x.company and e.currency = x.currency and e.valid_on > x.on_day
        order by e.valid_on limit 1)
    order by place limit 1) r
"""

DAYS = """
select e.company, e.currency, e.valid_on from unnest($1::text[], $2::text[], $3::date[]) as x(company, currency, on_day)
join exchange_rate e on e.company = x.company and e.currency = x.currency and e.valid_on = x.on_day
"""

INSERT = """
insert into exchange_rate (company, currency, valid_on, scaled, source, recorded_by)
select * from unnest($1::text[], $2::text[], $3::date[], $4::bigint[], $5::text[], $6::text[])
on conflict do nothing returning company, currency, valid_on
"""

RateRow = tuple[str, str, date, int, str, str]


async def read_valid(connection: asyncpg.Connection, quotes: Iterable[Quote]) -> dict[Quote, Rate]:
    """The newest rate up to each day asked for, else the first one after it; a currency without any is left out."""
    asked = sorted(set(quotes))
    rows = await connection.fetch(VALID, *zip(*asked, strict=True))
    return {
        Quote(company, currency, on): Rate(currency, since, scaled) for company, currency, on, since, scaled in rows
    }


async def insert(connection: asyncpg.Connection, rows: Iterable[RateRow]) -> set[tuple[str, str, date]]:
    """Add rates; says which of them are new. The first one of a day counts."""
    written = await connection.fetch(INSERT, *zip(*rows, strict=True))
    return {(company, currency, valid_on) for company, currency, valid_on in written}


async def read_days(
    connection: asyncpg.Connection, days: Iterable[tuple[str, str, date]]
) -> set[tuple[str, str, date]]:
    """Which of these currencies have a rate of their own on these days."""
    rows = await connection.fetch(DAYS, *zip(*days, strict=True))
    return {(company, currency, valid_on) for company, currency, valid_on in rows}
