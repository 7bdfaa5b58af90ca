"""Items, receipts, stock and reservations, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field, ValidationInfo, field_validator
from starlette.responses import Response

from chassis.errors import Problem
from chassis.http import Call, Router
from contracts.base import Name, Quantity, Reference, Sku, UnitPrice
from contracts.money import to_micro
from services.inventory import handlers
from services.inventory.api.inputs import (
    PREFIX,
    UNIT_PATTERN,
    WAREHOUSE_PATTERN,
    After,
    Bin,
    Body,
    Limit,
    Read,
    Warehouse,
    Write,
    WrittenDate,
)
from services.inventory.commands import DefineItems, ReceiveGoods
from services.inventory.domain.items import ItemTerms
from services.inventory.domain.quantities import DEFAULT_WAREHOUSE
from services.inventory.domain.receiving import StatedLine
from services.inventory.queries import stock as queries
from services.inventory.queries.stock import ROWS_DEFAULT
from services.inventory.translate.stock import micro_of, receipt_id

ITEMS_MAX = 500
LINES_MAX = 500
MOVE_MAX = 2**63 - 1

router = Router(prefix=PREFIX, tags=["inventory"])


class PackagingBody(Body):
    """Another unit, and how much of the base unit one of it holds, exactly."""

    unit: Annotated[str, Field(pattern=UNIT_PATTERN)]
    holds: Quantity


class ItemBody(Body):
    """An item to stock."""

    sku: Sku
    name: Name
    unit: Annotated[str, Field(pattern=UNIT_PATTERN, description="Base unit: what a quantity of 1 means.")] = "pcs"
    packagings: Annotated[tuple[PackagingBody, ...], Field(max_length=20)] = ()
    valuation: Literal["none", "moving-average", "fifo"] = "none"

    @field_validator("packagings")
    @classmethod
    def _each_unit_once(cls, packagings: tuple[PackagingBody, ...], info: ValidationInfo) -> tuple[PackagingBody, ...]:
        units = [info.data.get("unit"), *(packaging.unit for packaging in packagings)]
        repeated = next((unit for n, unit in enumerate(units) if unit in units[:n]), None)
        if repeated is not None:
            raise ValueError(f"{repeated} stands twice among the units of this item")
        return packagings


class ItemsBody(Body):
    """Items to stock, all of them or none."""

    items: Annotated[list[ItemBody], Field(min_length=1, max_length=ITEMS_MAX)]


class ReceiptLineBody(Body):
    """What came in of one item."""

    item: Sku
    quantity: Quantity
    unit: Annotated[str | None, Field(pattern=UNIT_PATTERN, description="The base unit when it is not given.")] = None
    unit_cost: UnitPrice | None = None
    bin: Annotated[Bin | None, Field(description="Where it is put; else it lies loose.")] = None


class ReceiptBody(Body):
    """Goods that came in together, under a number of your own that is used once."""

    reference: Reference
    warehouse: Warehouse = DEFAULT_WAREHOUSE
    received_on: WrittenDate
    kind: Literal["receipt", "opening"] = "receipt"
    lines: Annotated[list[ReceiptLineBody], Field(min_length=1, max_length=LINES_MAX)]


@router.post("/items", status_code=201)
async def define_item(company: str, body: ItemBody, call: Write) -> Response:
    """Make an item known. 200 when it is known already with the same terms, 409 when with others."""
    return await call.run(handlers.define_items, to_define_items(call, company, [body], batch=False))


@router.post("/items/batch", status_code=201)
async def define_items(company: str, body: ItemsBody, call: Write) -> Response:
    """Make up to 500 items known, all of them or none."""
    return await call.run(handlers.define_items, to_define_items(call, company, body.items, batch=True))


@router.get("/items")
async def list_items(company: str, reading: Read, after: After = None, limit: Limit = ROWS_DEFAULT) -> queries.ItemPage:
    """Items by sku."""
    async with reading.connection(company) as connection:
        return await queries.items(connection, company, after, limit)


@router.post("/receipts", status_code=201)
async def receive_goods(company: str, body: ReceiptBody, call: Write) -> Response:
    """Take goods in. Only what is in the warehouse MAIN is promised to orders."""
    return await call.run(handlers.receive_goods, to_receive_goods(call, company, body))


@router.get("/receipts")
async def list_receipts(
    company: str, reading: Read, after: After = None, limit: Limit = ROWS_DEFAULT
) -> queries.ReceiptPage:
    """Receipts by reference."""
    async with reading.connection(company) as connection:
        return await queries.receipts(connection, company, after, limit)


@router.get("/receipts/{receipt}")
async def show_receipt(company: str, receipt: UUID, reading: Read) -> queries.Receipt:
    """One receipt with its lines."""
    async with reading.connection(company) as connection:
        found = await queries.receipt(connection, company, receipt)
    if found is None:
        raise Problem(404, "receipt-not-found", "There is no such receipt.")
    return found


@router.get("/stock")
async def list_stock(
    company: str,
    reading: Read,
    sku: Annotated[str | None, Query(min_length=1, max_length=64, description="This item only.")] = None,
    warehouse: Annotated[str, Query(pattern=WAREHOUSE_PATTERN)] = DEFAULT_WAREHOUSE,
    after: After = None,
    limit: Limit = ROWS_DEFAULT,
) -> queries.StockPage:
    """What is on hand, reserved and available, by sku."""
    async with reading.connection(company) as connection:
        return await queries.stock(connection, company, warehouse, sku, after, limit)


@router.get("/stock/{sku:path}/moves")
async def list_moves(
    company: str,
    sku: str,
    reading: Read,
    after: Annotated[int, Query(ge=0, le=MOVE_MAX, description="The `next` of the page before.")] = 0,
    limit: Limit = ROWS_DEFAULT,
) -> queries.MovePage:
    """How an item came to what is on hand of it."""
    async with reading.connection(company) as connection:
        return await queries.moves(connection, company, sku, after, limit)


@router.get("/stock-check")
async def check_stock(company: str, reading: Read) -> queries.StockCheck:
    """Compare every stock level with its moves and open reservations."""
    async with reading.connection(company) as connection:
        return await queries.check(connection, company)


@router.get("/reservations/{order}")
async def show_reservation(company: str, order: UUID, reading: Read) -> queries.Reservation:
    """How an order stands here."""
    async with reading.connection(company) as connection:
        found = await queries.reservation(connection, company, order)
    if found is None:
        raise Problem(404, "reservation-not-found", "This order has not come here.")
    return found


def to_define_items(call: Call, company: str, items: Sequence[ItemBody], *, batch: bool) -> DefineItems:
    """A request for items in inventory's own words."""
    return DefineItems(call.cause(company), [to_item_terms(item) for item in items], batch)


def to_item_terms(item: ItemBody) -> ItemTerms:
    """An item in inventory's own words."""
    held = tuple(sorted((p.unit, micro_of(p.holds)) for p in item.packagings))
    return ItemTerms(item.sku, item.name, item.unit, item.valuation, held)


def to_receive_goods(call: Call, company: str, body: ReceiptBody) -> ReceiveGoods:
    """A goods receipt in inventory's own words."""
    cause = call.cause(company)
    lines = [
        StatedLine(
            line.item,
            micro_of(line.quantity),
            line.unit,
            None if line.unit_cost is None else to_micro(line.unit_cost),
            line.bin,
        )
        for line in body.lines
    ]
    return ReceiveGoods(cause, receipt_id(cause), body.reference, body.warehouse, body.received_on, lines, body.kind)
