"""Price lists and their prices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import asyncpg

from services.ledger.commands import DefinePriceList

LISTS = """
select l.company, l.code, l.currency, l.usual, l.changes from price_list l where l.company = any($1::text[])
"""

INSERT_LISTS = """
insert into price_list (company, code, name, currency, usual)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[])
"""

COUNT_CHANGES = """
update price_list l set changes = x.changes from unnest($1::text[], $2::text[], $3::int[]) as x(company, code, changes)
where l.company = x.company and l.code = x.code
"""

INSERT_PRICES = """
insert into list_price (company, list, item, from_quantity, valid_from, change, unit_price)
select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::date[], $6::int[], $7::text[])
"""

PriceRow = tuple[str, str, str, int, date, int, str | None]
"""Company, list, item, from which quantity and day on, the number of the change, the price."""


async def read_lists(connection: asyncpg.Connection, companies: Iterable[str]) -> dict[tuple[str, str], asyncpg.Record]:
    """The lists of these companies, by company and code."""
    rows = await connection.fetch(LISTS, list(companies))
    return {(row["company"], row["code"]): row for row in rows}


async def insert_lists(connection: asyncpg.Connection, lists: Iterable[DefinePriceList]) -> None:
    """Add lists without a price. The database refuses a second usual one of a currency."""
    rows = [(c.company, c.code, c.name, c.currency, c.usual) for c in lists]
    await connection.execute(INSERT_LISTS, *zip(*rows, strict=True))


async def insert_prices(
    connection: asyncpg.Connection, rows: Iterable[PriceRow], changes: Mapping[tuple[str, str], int]
) -> None:
    """Add prices, and say how often something was said about their lists."""
    await connection.execute(COUNT_CHANGES, *zip(*((*key, n) for key, n in sorted(changes.items())), strict=True))
    await connection.execute(INSERT_PRICES, *zip(*rows, strict=True))
