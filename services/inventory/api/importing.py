"""What a warehouse begins with, as files: items, places and opening stock, from any spreadsheet."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Request
from pydantic import Field, ValidationError, ValidationInfo, field_validator
from starlette.responses import Response

from chassis.http import Router
from chassis.tables import DryRun, WrongRows, csv_body, read_table
from contracts.base import Name, Quantity, Reference, Sku, UnitPrice
from contracts.money import to_micro
from services.inventory import handlers
from services.inventory.api.inputs import PREFIX, UNIT_PATTERN, Bin, Body, Warehouse, Write, WrittenDate
from services.inventory.api.stock import ItemBody, PackagingBody, to_item_terms
from services.inventory.commands import ImportBins, ImportItems, ImportStock, ImportWarehouses
from services.inventory.domain.quantities import DEFAULT_WAREHOUSE
from services.inventory.domain.receiving import StatedLine
from services.inventory.translate.stock import micro_of

ROWS_MAX, STOCK_ROWS_MAX = 5_000, 2_000
"""All rows of a file are decided in one transaction, and the database ends one that is silent for five seconds, on a
machine that may be ten times busier than it should be. A line of stock is more work than an item."""
REFERENCE_CHARS_MAX = 56
"""A long file becomes several receipts, with a number behind the reference."""

router = Router(prefix=PREFIX, tags=["import"])


class ItemRow(Body):
    """An item to stock."""

    sku: Sku
    name: Name
    unit: Annotated[str, Field(pattern=UNIT_PATTERN)] = "pcs"
    packagings: str = ""
    valuation: Literal["none", "moving-average", "fifo"] = "none"

    @field_validator("packagings")
    @classmethod
    def _can_be_read(cls, cell: str, info: ValidationInfo) -> str:
        for part in cell.split():
            unit, _, holds = part.partition("=")
            if not (unit and holds):
                raise ValueError(f"write packagings as bag=12.5 pallet=480, not {part[:40]!r}")
        try:
            _as_item("X", "X", info.data.get("unit", "pcs"), cell, "none")
        except ValidationError as wrong:
            error = wrong.errors(include_url=False)[0]
            raise ValueError(str(error["msg"]).removeprefix("Value error, ")) from None
        return cell


class WarehouseRow(Body):
    """A place for goods."""

    warehouse: Warehouse
    name: Name


class StockRow(Body):
    """What is there of an item."""

    item: Sku
    quantity: Quantity
    unit: Annotated[str | None, Field(pattern=UNIT_PATTERN)] = None
    unit_cost: UnitPrice | None = None
    warehouse: Warehouse = DEFAULT_WAREHOUSE
    bin: Bin | None = None


class BinRow(Body):
    """A place within a warehouse."""

    warehouse: Warehouse = DEFAULT_WAREHOUSE
    bin: Bin
    name: Name | None = None


@router.post("/imports/items", status_code=201, openapi_extra=csv_body(ItemRow))
async def import_items(
    company: str, call: Write, request: Request, wrong_rows: WrongRows = "refuse", dry_run: DryRun = False
) -> Response:
    """Make up to 5,000 items known. Packagings are written as `bag=12.5 pallet=480`."""
    table = await read_table(request, ItemRow, rows_max=ROWS_MAX)
    rows = [(row.number, to_item_terms(_item_of(row.value))) for row in table.rows]
    command = ImportItems(call.cause(company), rows, table.problems, skip=wrong_rows == "skip")
    return await call.run(handlers.import_items, command, dry_run=dry_run, with_events=False)


@router.post("/imports/warehouses", status_code=201, openapi_extra=csv_body(WarehouseRow))
async def import_warehouses(
    company: str, call: Write, request: Request, wrong_rows: WrongRows = "refuse", dry_run: DryRun = False
) -> Response:
    """Make up to 5,000 places known."""
    table = await read_table(request, WarehouseRow, rows_max=ROWS_MAX)
    rows = [(row.number, row.value.warehouse, row.value.name) for row in table.rows]
    command = ImportWarehouses(call.cause(company), rows, table.problems, skip=wrong_rows == "skip")
    return await call.run(handlers.import_warehouses, command, dry_run=dry_run, with_events=False)


@router.post("/imports/bins", status_code=201, openapi_extra=csv_body(BinRow))
async def import_bins(
    company: str, call: Write, request: Request, wrong_rows: WrongRows = "refuse", dry_run: DryRun = False
) -> Response:
    """Make up to 5,000 bins known."""
    table = await read_table(request, BinRow, rows_max=ROWS_MAX)
    rows = [(row.number, row.value.warehouse, row.value.bin, row.value.name or row.value.bin) for row in table.rows]
    command = ImportBins(call.cause(company), rows, table.problems, skip=wrong_rows == "skip")
    return await call.run(handlers.import_bins, command, dry_run=dry_run, with_events=False)


@router.post("/imports/stock", status_code=201, openapi_extra=csv_body(StockRow))
async def import_stock(
    company: str,
    call: Write,
    request: Request,
    reference: Annotated[Reference, Query(max_length=REFERENCE_CHARS_MAX, description="Your own number; used once.")],
    received_on: Annotated[WrittenDate, Query(description="Since when it is there.")],
    wrong_rows: WrongRows = "refuse",
    dry_run: DryRun = False,
) -> Response:
    """Take in up to 2,000 lines of opening stock, with what one costs where the item is valued."""
    table = await read_table(request, StockRow, rows_max=STOCK_ROWS_MAX)
    rows = [(row.number, row.value.warehouse, _line(row.value)) for row in table.rows]
    command = ImportStock(
        call.cause(company), reference, received_on, rows, table.problems, skip=wrong_rows == "skip"
    )  # fmt: skip
    return await call.run(handlers.import_stock, command, dry_run=dry_run, with_events=False)


def _line(row: StockRow) -> StatedLine:
    cost = None if row.unit_cost is None else to_micro(row.unit_cost)
    return StatedLine(row.item, micro_of(row.quantity), row.unit, cost, row.bin)


def _item_of(row: ItemRow) -> ItemBody:
    return _as_item(row.sku, row.name, row.unit, row.packagings, row.valuation)


def _as_item(
    sku: str, name: str, unit: str, packagings: str, valuation: Literal["none", "moving-average", "fifo"]
) -> ItemBody:
    """The same as a request for one item. Raises ValueError (pydantic's) for packagings that cannot be."""
    pairs = (part.partition("=") for part in packagings.split())
    held = tuple(PackagingBody(unit=of, holds=holds) for of, _, holds in pairs)
    return ItemBody(sku=sku, name=name, unit=unit, packagings=held, valuation=valuation)
