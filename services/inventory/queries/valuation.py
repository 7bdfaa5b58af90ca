"""What stock is worth. Sums per item and day make the cost of a report follow days, not moves."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel

from contracts.money import sum_text
from services.inventory.domain.quantities import plain

TOTAL = "select coalesce(sum(value), 0)::bigint from value_day where company = $1 and posted_on <= $2"
ITEMS = """
select sku, sum(quantity)::bigint as quantity, sum(value)::bigint as value from value_day
where company = $1 and posted_on <= $2 and ($3::text is null or sku > $3) group by sku order by sku limit $4
"""
CURRENCY = "select currency from stock_company where company = $1"
# Each half reads a page in the order of its index, so that a page costs a page.
DOCUMENTS = """
(select document, effective_on as posted_on, kind, sum(value)::bigint as value from stock_move
where company = $1 and effective_on between $2 and $3 and value is not null
    and ($4::date is null or (effective_on, document) > ($4, $5::uuid))
group by 1, 2, 3 order by 2, 1 limit $6)
union all
(select revaluation, posted_on, 'revaluation', sum(value)::bigint from revaluation
where company = $1 and posted_on between $2 and $3 and ($4::date is null or (posted_on, revaluation) > ($4, $5::uuid))
group by 1, 2 order by 2, 1 limit $6)
order by 2, 1 limit $6
"""
LAYERS = "select method, state, quantity, value, last_on from item_cost where company = $1 and sku = $2"


class ValuedItem(BaseModel):
    """What an item is worth."""

    sku: str
    quantity: str
    value: str


class Valuation(BaseModel):
    """What stock is worth at the end of a day; the total is over all items, whatever the page shows."""

    on: date
    currency: str | None
    total: str
    items: list[ValuedItem]
    next: str | None


class ValuedDocument(BaseModel):
    """By how much one document changed the value of stock."""

    document: UUID
    posted_on: date
    kind: str
    value: str


class ValuedDocuments(BaseModel):
    """Documents by day; `next` is the `after` of the next page, null on the last one."""

    documents: list[ValuedDocument]
    next: str | None


class LayerShown(BaseModel):
    """Goods at one price; the moving average has one."""

    quantity: str
    value: str


class Layers(BaseModel):
    """Of what an item's value is made. `owed` was issued before it came, at a provisional cost."""

    sku: str
    method: str | None
    layers: list[LayerShown]
    owed: LayerShown | None


async def valuation(connection: asyncpg.Connection, company: str, on: date, after: str | None, limit: int) -> Valuation:
    """Quantity and value by item at the end of a day."""
    currency = await connection.fetchval(CURRENCY, company)
    total = await connection.fetchval(TOTAL, company, on)
    rows = await connection.fetch(ITEMS, company, on, after, limit)
    items = [
        ValuedItem(sku=row["sku"], quantity=_signed(row["quantity"]), value=sum_text(row["value"], currency))
        for row in rows
    ]
    following = items[-1].sku if len(items) == limit else None
    shown = "0" if currency is None else sum_text(total, currency)
    return Valuation(on=on, currency=currency, total=shown, items=items, next=following)


async def documents(
    connection: asyncpg.Connection, company: str, since: date, until: date, after: tuple[date, UUID] | None, limit: int
) -> ValuedDocuments:
    """A page of documents, and by how much each changed the value of stock."""
    currency = await connection.fetchval(CURRENCY, company)
    rows = await connection.fetch(DOCUMENTS, company, since, until, *(after or (None, None)), limit)
    found = [ValuedDocument.model_validate(dict(row) | {"value": sum_text(row["value"], currency)}) for row in rows]
    last = found[-1] if len(found) == limit else None
    return ValuedDocuments(documents=found, next=last and f"{last.posted_on}.{last.document}")


async def layers(connection: asyncpg.Connection, company: str, sku: str) -> Layers:
    """The layers of an item; none for one that nobody values."""
    row = await connection.fetchrow(LAYERS, company, sku)
    if row is None:
        return Layers(sku=sku, method=None, layers=[], owed=None)
    currency, state = await connection.fetchval(CURRENCY, company), orjson.loads(row["state"])
    shown = [LayerShown(quantity=plain(q), value=sum_text(v, currency)) for q, v in state["layers"]]
    q, v = state["owed"]
    owed = LayerShown(quantity=plain(q), value=sum_text(v, currency)) if q else None
    return Layers(sku=sku, method=row["method"], layers=shown, owed=owed)


def _signed(micro: int) -> str:
    return plain(micro) if micro >= 0 else f"-{plain(-micro)}"
