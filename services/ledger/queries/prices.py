"""What an item costs a customer on a day, and what stands on a list."""

from __future__ import annotations

from datetime import date
from typing import Literal

import asyncpg
from pydantic import BaseModel

from contracts.money import from_micro
from services.ledger.domain.prices import Said, offer_of
from services.ledger.queries.companies import today

# The list that the customer has on the day, and the usual one of the currency that is asked for, or of that list.
LISTS = """
with own as (
    select l.code, l.currency from (select price_list from customer_change c where c.company = $1 and c.customer = $2
        and c.valid_from <= $3 and c.price_list is not null order by c.valid_from desc, c.number desc limit 1) c
    join price_list l on l.company = $1 and l.code = c.price_list where $4::text is null or l.currency = $4)
select 1 as rank, code, currency from own
union all
select 2, l.code, l.currency from price_list l where l.company = $1 and l.usual and l.currency = coalesce($4,
    (select currency from own), (select currency from legal_entity where company = $1))
order by rank
"""

# Of each quantity what was said last with effect on the day, however often it was said before.
SAID = """
select x.list, q.from_quantity, p.valid_from, p.change, p.unit_price from unnest($2::text[]) as x(list)
cross join lateral (select distinct from_quantity from list_price d where d.company = $1 and d.list = x.list
    and d.item = $3 and d.from_quantity <= $4 and d.valid_from <= $5 offset 0) q
cross join lateral (select valid_from, change, unit_price from list_price v where v.company = $1 and v.list = x.list
    and v.item = $3 and v.from_quantity = q.from_quantity and v.valid_from <= $5
    order by v.valid_from desc, v.change desc limit 1) p
"""

PRICE_LISTS = """
select code, name, currency, usual, changes from price_list where company = $1 and code > $2 order by code limit $3
"""

ONE = "select code, name, currency, usual, changes from price_list where company = $1 and code = $2"

PRICES = """
select item, from_quantity, valid_from, unit_price from (
    select distinct on (item, from_quantity) item, from_quantity, valid_from, unit_price from list_price
    where company = $1 and list = $2 and valid_from <= $3 and (item, from_quantity) > ($4, $5)
    order by item, from_quantity, valid_from desc, change desc) p
where unit_price is not null order by item, from_quantity limit $6
"""

BEFORE_ALL = ("", -1)


class PriceAnswer(BaseModel):
    """What one unit costs, before tax, and where that stands."""

    item: str
    quantity: str
    on: date
    customer: str | None
    currency: str
    unit_price: str
    price_list: str
    because: Literal["own-list", "usual-list"]
    from_quantity: str | None
    """From which quantity on it is the price; null is from the first unit on."""
    valid_from: date


class PriceListAnswer(BaseModel):
    """A list, and how often something was said about it."""

    price_list: str
    name: str
    currency: str
    usual: bool
    changes: int


class PriceListsAnswer(BaseModel):
    """A page of lists by code. `next` goes into `after` for the page that follows."""

    price_lists: list[PriceListAnswer]
    next: str | None


class ListedAnswer(BaseModel):
    """A price that holds on the day."""

    item: str
    from_quantity: str | None
    valid_from: date
    unit_price: str


class PricesAnswer(PriceListAnswer):
    """A page of what a list says on a day, by item and quantity."""

    on: date
    prices: list[ListedAnswer]
    next: str | None


async def price(
    connection: asyncpg.Connection,
    company: str,
    item: str,
    *,
    customer: str | None,
    quantity: int,
    currency: str | None,
    on: date | None,
) -> PriceAnswer | None:
    """The price of an item for a customer, or None where no list of theirs has one; quantities in millionths."""
    day = on or await today(connection, company)
    lists = await connection.fetch(LISTS, company, customer, day, currency)
    ranks = {row["code"]: row for row in reversed(lists)}
    rows = await connection.fetch(SAID, company, list(ranks), item, quantity, day) if ranks else []
    offer = offer_of([Said(*row) for row in rows], [row["code"] for row in lists])
    if offer is None:
        return None
    return PriceAnswer(
        item=item,
        quantity=from_micro(quantity),
        on=day,
        customer=customer,
        currency=ranks[offer.list]["currency"],
        unit_price=offer.unit_price,
        price_list=offer.list,
        because="own-list" if ranks[offer.list]["rank"] == 1 else "usual-list",
        from_quantity=_from(offer.from_quantity),
        valid_from=offer.valid_from,
    )


async def price_lists(connection: asyncpg.Connection, company: str, *, after: str, limit: int) -> PriceListsAnswer:
    """All lists."""
    rows = await connection.fetch(PRICE_LISTS, company, after, limit + 1)
    more = rows[limit - 1]["code"] if len(rows) > limit else None
    return PriceListsAnswer(price_lists=[PriceListAnswer(**_list(row)) for row in rows[:limit]], next=more)


async def prices(
    connection: asyncpg.Connection, company: str, code: str, *, on: date | None, after: tuple[str, int], limit: int
) -> PricesAnswer | None:
    """What a list says on a day, or None where there is no such list."""
    row = await connection.fetchrow(ONE, company, code)
    if row is None:
        return None
    day = on or await today(connection, company)
    found = await connection.fetch(PRICES, company, code, day, *after, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return PricesAnswer(
        **_list(row),
        on=day,
        prices=[
            ListedAnswer(item=item, from_quantity=_from(quantity), valid_from=since, unit_price=unit_price)
            for item, quantity, since, unit_price in found[:limit]
        ],
        next=None if last is None else f"{last['from_quantity']}.{last['item']}",
    )


def place(after: str | None) -> tuple[str, int]:
    """Where a page begins. Raises ValueError on what is no `next` of a page."""
    if after is None:
        return BEFORE_ALL
    quantity, dot, item = after.partition(".")
    if not dot or not quantity.isascii() or not quantity.isdigit():
        raise ValueError(after)
    return item, int(quantity)


def _from(quantity: int) -> str | None:
    return from_micro(quantity) if quantity else None


def _list(row: asyncpg.Record) -> dict[str, object]:
    return {"price_list": row["code"], **{name: row[name] for name in ("name", "currency", "usual", "changes")}}
