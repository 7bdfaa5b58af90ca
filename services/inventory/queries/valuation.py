"""What stock is worth. Sums per item and day make the cost of a report follow days, not moves."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import asyncpg
from pydantic import BaseModel, Field

from contracts.money import sum_text
from services.inventory.domain.layers import Layer, Pool
from services.inventory.domain.quantities import plain
from services.inventory.domain.valuing import EVERYWHERE
from services.inventory.translate.valuing import read_stock

TOTAL = "select coalesce(sum(value), 0)::bigint from value_day where company = $1 and posted_on <= $2"
ITEMS = """
select sku, sum(quantity)::bigint as quantity, sum(value)::bigint as value from value_day
where company = $1 and posted_on <= $2 and ($3::text is null or sku > $3) group by sku order by sku limit $4
"""
CURRENCY = "select currency from stock_company where company = $1"
# Each part reads a page in the order of its index, so that a page costs a page. What stands on another day in the books
# is listed there.
DOCUMENTS = """
(select document, effective_on as posted_on, kind, sum(value)::bigint as value from stock_move
where company = $1 and effective_on between $2 and $3 and value is not null
    and kind not in ('transfer-out', 'transfer-in')
    and not exists (select from late_posting l where l.company = $1 and l.document = stock_move.document)
    and ($4::date is null or (effective_on, document) > ($4, $5::uuid))
group by 1, 2, 3 order by 2, 1 limit $6)
union all
(select revaluation, posted_on, 'revaluation', sum(value)::bigint from revaluation
where company = $1 and posted_on between $2 and $3 and ($4::date is null or (posted_on, revaluation) > ($4, $5::uuid))
    and not exists (select from late_posting l where l.company = $1 and l.document = revaluation)
group by 1, 2 order by 2, 1 limit $6)
union all
(select l.document, l.posted_on, coalesce(m.kind, 'revaluation'), coalesce(m.value, r.value) from late_posting l
left join lateral (select v.kind, sum(v.value)::bigint as value from stock_move v where v.company = l.company
    and v.document = l.document and v.value is not null group by 1) m on true
left join lateral (select sum(v.value)::bigint as value from revaluation v where v.company = l.company
    and v.revaluation = l.document) r on true
where l.company = $1 and l.posted_on between $2 and $3
    and ($4::date is null or (l.posted_on, l.document) > ($4, $5::uuid))
order by 2, 1 limit $6)
order by 2, 1 limit $6
"""
LAYERS = """
select method, apart, state, value = (select coalesce(sum(d.value), 0) from value_day d
    where d.company = c.company and d.sku = c.sku) as explained
from item_cost c where company = $1 and sku = $2
"""
ON_HAND = "select warehouse, on_hand from stock_level where company = $1 and sku = $2 and on_hand <> 0"


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


class PlaceShown(BaseModel):
    """Goods by cost in one warehouse, the oldest first. `owed` was issued before it came, at a provisional cost."""

    warehouse: Annotated[str | None, Field(description="Null: over all warehouses. TRANSIT: on the way.")]
    quantity: str
    value: str
    layers: list[LayerShown]
    owed: LayerShown | None


class Layers(BaseModel):
    """Of what an item's value is made. `explained`: the layers are what is on hand, and what its documents say."""

    sku: str
    method: str | None
    explained: bool
    places: list[PlaceShown]


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
    """The layers of an item, and whether they add up; none for one that nobody values."""
    row = await connection.fetchrow(LAYERS, company, sku)
    if row is None:
        return Layers(sku=sku, method=None, explained=True, places=[])
    currency = await connection.fetchval(CURRENCY, company)
    on_hand: dict[str, int] = {
        row["warehouse"]: row["on_hand"] for row in await connection.fetch(ON_HAND, company, sku)
    }
    stock = read_stock(row["method"], row["state"], apart=row["apart"])
    there = {place: pool.quantity for place, pool in stock.pools.items() if pool.quantity}
    expected = on_hand if stock.apart else {EVERYWHERE: sum(on_hand.values())} if sum(on_hand.values()) else {}
    places = [_place(place, pool, currency) for place, pool in sorted(stock.pools.items())]
    explained = there == expected and row["explained"]
    return Layers(sku=sku, method=row["method"], explained=explained, places=places)


def _place(place: str, pool: Pool, currency: str) -> PlaceShown:
    return PlaceShown(
        warehouse=place or None,
        quantity=_signed(pool.quantity),
        value=sum_text(pool.value, currency),
        layers=[_layer(layer, currency) for layer in pool.layers],
        owed=_layer(pool.owed, currency) if pool.owed.quantity else None,
    )


def _layer(layer: Layer, currency: str) -> LayerShown:
    return LayerShown(quantity=plain(layer.quantity), value=sum_text(layer.value, currency))


def _signed(micro: int) -> str:
    return plain(micro) if micro >= 0 else f"-{plain(-micro)}"
