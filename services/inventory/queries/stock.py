"""The read side of inventory: SQL to response models. Quantities leave as decimal strings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel, Field

from contracts.money import from_micro
from services.inventory.domain.quantities import DEFAULT_WAREHOUSE

ROWS_DEFAULT = 100
ROWS_MAX = 500

ITEMS = """
select item, sku, name, unit, valuation, packagings::text, defined_at from item
where company = $1 and ($2::text is null or sku > $2) order by company, sku limit $3
"""
STOCK = """
select s.sku, i.name, i.unit, s.warehouse, s.on_hand, s.reserved, s.binned from stock_level s
join item i on i.company = s.company and i.sku = s.sku
where s.company = $1 and s.warehouse = $2 and ($3::text is null or s.sku > $3) and ($4::text is null or s.sku = $4)
order by s.company, s.warehouse, s.sku limit $5
"""
MOVES = """
select move, warehouse, sku, quantity, kind, document, line, effective_on, recorded_at from stock_move
where company = $1 and sku = $2 and move > $3 order by company, sku, move limit $4
"""
RECEIPTS = """
select receipt, reference, warehouse, received_on, recorded_at, actor from receipt
where company = $1 and ($2::text is null or reference > $2) order by company, reference limit $3
"""
RECEIPT = """
select receipt, reference, warehouse, received_on, recorded_at, actor from receipt where company = $1 and receipt = $2
"""
RECEIPT_LINES = "select line, sku, quantity from stock_move where company = $1 and document = $2 order by line"
RESERVATION = """
select order_id, reservation, state, warehouse, code, detail, release_reason, decided_at, released_at, revision
from reservation where company = $1 and order_id = $2
"""
RESERVATION_LINES = """
select l.line, l.sku, l.quantity, coalesce(p.waiting, 0) as waiting, coalesce(p.dropped, 0) as dropped,
    coalesce(p.picked, 0) as picked, coalesce(p.shipped, 0) as shipped
from reservation_line l left join line_progress p using (company, order_id, revision, line)
where company = $1 and order_id = $2 and revision = $3 order by l.line
"""
DIFFERENCES = """
select s.warehouse, s.sku, s.on_hand, coalesce(m.moved, 0)::bigint, s.reserved, coalesce(r.held, 0)::bigint
from stock_level s
left join (select warehouse, sku, sum(quantity) as moved from stock_move where company = $1 group by 1, 2) m
    on m.warehouse = s.warehouse and m.sku = s.sku
left join (select o.warehouse, l.sku, sum(l.quantity - coalesce(p.waiting + p.dropped + p.shipped, 0)) as held
           from reservation o
           join reservation_line l on l.company = o.company and l.order_id = o.order_id and l.revision = o.revision
           left join line_progress p on p.company = l.company and p.order_id = l.order_id
               and p.revision = l.revision and p.line = l.line
           where o.company = $1 and o.state = 'reserved' group by 1, 2) r
    on r.warehouse = s.warehouse and r.sku = s.sku
where s.company = $1 and (s.on_hand <> coalesce(m.moved, 0) or s.reserved <> coalesce(r.held, 0)
    or (s.reserved > s.on_hand and not s.negative_allowed))
order by s.warehouse, s.sku
"""


class Packaging(BaseModel):
    """Another unit of an item, and what one of it holds of the base unit."""

    unit: str
    holds: str


class Item(BaseModel):
    """Something that can be stocked."""

    item: UUID
    sku: str
    name: str
    unit: str
    valuation: Literal["none", "moving-average", "fifo"]
    packagings: list[Packaging]
    defined_at: datetime


class ItemPage(BaseModel):
    """Items by sku; `next` is the `after` of the next page, null on the last one."""

    items: list[Item]
    next: str | None


class Stock(BaseModel):
    """What there is of an item in a warehouse; available = on hand - reserved."""

    sku: str
    name: str
    unit: str
    warehouse: str
    on_hand: str
    reserved: str
    available: str
    in_bins: Annotated[str, Field(description="Of what is on hand; the rest lies loose.")]


class StockPage(BaseModel):
    """Stock by sku; `next` is the `after` of the next page, null on the last one."""

    stock: list[Stock]
    next: str | None


class Move(BaseModel):
    """One change of what is on hand."""

    move: int
    warehouse: str
    sku: str
    quantity: str
    kind: Literal["receipt", "opening", "issue", "transfer-out", "transfer-in", "transit-loss", "count"]
    document: Annotated[UUID, Field(description="The receipt, shipment, transfer or count that moved it.")]
    line: int
    effective_on: date
    recorded_at: datetime


class MovePage(BaseModel):
    """Moves of an item, the oldest first; `next` is the `after` of the next page, null on the last one."""

    moves: list[Move]
    next: int | None


class Line(BaseModel):
    """A quantity of an item on a line."""

    line: int
    item: str
    quantity: str


class OrderLine(Line):
    """A line of an order and how far it is; `quantity` is what was ordered."""

    reserved: Annotated[str, Field(description="Set aside in stock, picked or not.")]
    picked: Annotated[str, Field(description="Of what is reserved: in shipments that have not left.")]
    shipped: str
    back_ordered: Annotated[str, Field(description="Reserved as soon as goods arrive.")]
    dropped: Annotated[str, Field(description="Never to be served.")]


class ReceiptHead(BaseModel):
    """Goods that came in together."""

    receipt: UUID
    reference: str
    warehouse: str
    received_on: date
    recorded_at: datetime
    actor: str


class Receipt(ReceiptHead):
    """A receipt with its lines."""

    lines: list[Line]


class ReceiptPage(BaseModel):
    """Receipts by reference; `next` is the `after` of the next page, null on the last one."""

    receipts: list[ReceiptHead]
    next: str | None


class Reservation(BaseModel):
    """How an order stands here, with its lines."""

    order: UUID
    revision: Annotated[int, Field(description="The revision of the order that was decided last.")]
    reservation: UUID
    state: Literal["reserved", "back-ordered", "shipped", "refused", "released", "cancelled"]
    warehouse: str
    code: str | None
    detail: str | None
    release_reason: str | None
    decided_at: datetime | None
    released_at: datetime | None
    lines: list[OrderLine]


class Difference(BaseModel):
    """A stock level that is not what its moves and reservations add up to. There must be none."""

    warehouse: str
    sku: str
    on_hand: str
    moved: Annotated[str, Field(description="Sum of the moves.")]
    reserved: str
    held: Annotated[str, Field(description="Sum of the lines of open reservations.")]


class StockCheck(BaseModel):
    """What the check of all levels against their history found."""

    balanced: bool
    differences: list[Difference]


async def items(connection: asyncpg.Connection, company: str, after: str | None, limit: int) -> ItemPage:
    """A page of items."""
    rows = await connection.fetch(ITEMS, company, after, limit)
    found = [Item.model_validate(dict(row) | {"packagings": _packagings(row["packagings"])}) for row in rows]
    return ItemPage(items=found, next=found[-1].sku if len(found) == limit else None)


async def stock(
    connection: asyncpg.Connection, company: str, warehouse: str, sku: str | None, after: str | None, limit: int
) -> StockPage:
    """A page of stock levels of one warehouse, or of one item there."""
    rows = await connection.fetch(STOCK, company, warehouse or DEFAULT_WAREHOUSE, after, sku, limit)
    found = [
        Stock(
            sku=row["sku"],
            name=row["name"],
            unit=row["unit"],
            warehouse=row["warehouse"],
            on_hand=from_micro(row["on_hand"]),
            reserved=from_micro(row["reserved"]),
            available=from_micro(row["on_hand"] - row["reserved"]),
            in_bins=from_micro(row["binned"]),
        )
        for row in rows
    ]
    return StockPage(stock=found, next=found[-1].sku if len(found) == limit else None)


async def moves(connection: asyncpg.Connection, company: str, sku: str, after: int, limit: int) -> MovePage:
    """A page of an item's moves; empty for an item that has none or does not exist."""
    rows = await connection.fetch(MOVES, company, sku, after, limit)
    found = [Move.model_validate(dict(row) | {"quantity": from_micro(row["quantity"])}) for row in rows]
    return MovePage(moves=found, next=found[-1].move if len(found) == limit else None)


async def receipts(connection: asyncpg.Connection, company: str, after: str | None, limit: int) -> ReceiptPage:
    """A page of receipts."""
    rows = await connection.fetch(RECEIPTS, company, after, limit)
    found = [ReceiptHead.model_validate(dict(row)) for row in rows]
    return ReceiptPage(receipts=found, next=found[-1].reference if len(found) == limit else None)


async def receipt(connection: asyncpg.Connection, company: str, receipt_id: UUID) -> Receipt | None:
    """One receipt with its lines."""
    row = await connection.fetchrow(RECEIPT, company, receipt_id)
    if row is None:
        return None
    lines = await connection.fetch(RECEIPT_LINES, company, receipt_id)
    return Receipt.model_validate(dict(row) | {"lines": _lines(lines)})


async def reservation(connection: asyncpg.Connection, company: str, order: UUID) -> Reservation | None:
    """How one order stands; None when it was never heard of."""
    row = await connection.fetchrow(RESERVATION, company, order)
    if row is None:
        return None
    lines = await connection.fetch(RESERVATION_LINES, company, order, row["revision"])
    holds = row["state"] == "reserved"
    shown = [_order_line(line, holds=holds) for line in lines]
    state = "back-ordered" if holds and any(line["waiting"] for line in lines) else row["state"]
    return Reservation.model_validate(dict(row) | {"order": row["order_id"], "state": state, "lines": shown})


async def check(connection: asyncpg.Connection, company: str) -> StockCheck:
    """Compare every level with the sum of its moves and of the open reservations."""
    rows = await connection.fetch(DIFFERENCES, company)
    differences = [
        Difference(
            warehouse=warehouse,
            sku=sku,
            on_hand=from_micro(on_hand),
            moved=from_micro(moved),
            reserved=from_micro(reserved),
            held=from_micro(held),
        )
        for warehouse, sku, on_hand, moved, reserved, held in rows
    ]
    return StockCheck(balanced=not differences, differences=differences)


def _packagings(stored: str) -> list[Packaging]:
    return [Packaging(unit=unit, holds=from_micro(holds)) for unit, holds in sorted(orjson.loads(stored).items())]


def _order_line(row: asyncpg.Record, *, holds: bool) -> OrderLine:
    held = row["quantity"] - row["waiting"] - row["dropped"] - row["shipped"] if holds else 0
    return OrderLine(
        line=row["line"],
        item=row["sku"],
        quantity=from_micro(row["quantity"]),
        reserved=from_micro(held),
        picked=from_micro(row["picked"]),
        shipped=from_micro(row["shipped"]),
        back_ordered=from_micro(row["waiting"]),
        dropped=from_micro(row["dropped"]),
    )


def _lines(rows: list[asyncpg.Record]) -> list[Line]:
    return [Line(line=line, item=sku, quantity=from_micro(quantity)) for line, sku, quantity in rows]
