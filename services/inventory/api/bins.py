"""Bins within a warehouse, over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, Field
from starlette.responses import Response

from chassis.http import Router
from contracts.base import Name, Sku
from services.inventory import handlers
from services.inventory.api.inputs import (
    BIN_PATTERN,
    PREFIX,
    WAREHOUSE_PATTERN,
    Admin,
    After,
    Bin,
    Body,
    Limit,
    Read,
    Warehouse,
    Write,
    WrittenDate,
)
from services.inventory.api.movements import LINES_MAX, GoodsBody
from services.inventory.api.stock import MOVE_MAX
from services.inventory.commands import CarryGoods, DefineBins, SetPicking
from services.inventory.domain.bins import PICK_FROM, Carried, PickFrom
from services.inventory.domain.quantities import DEFAULT_WAREHOUSE
from services.inventory.queries import bins as queries
from services.inventory.queries.stock import ROWS_DEFAULT
from services.inventory.translate.movements import document_id
from services.inventory.translate.stock import micro_of

LAST_DAY = date(9999, 12, 31)

router = Router(prefix=PREFIX, tags=["bins"])


class BinBody(Body):
    """A place within a warehouse; its code is its name when none is given."""

    bin: Bin
    name: Name | None = None


class BinsBody(Body):
    """Places within a warehouse."""

    warehouse: Warehouse = DEFAULT_WAREHOUSE
    bins: Annotated[list[BinBody], Field(min_length=1, max_length=LINES_MAX)]


class CarriedBody(GoodsBody):
    """Goods that are carried. Without `from` they lay loose, without `to` they are put down loose."""

    source: Annotated[Bin | None, Field(alias="from")] = None
    target: Annotated[Bin | None, Field(alias="to")] = None


class CarryBody(Body):
    """Goods that are carried within a warehouse; today when no day is given."""

    warehouse: Warehouse = DEFAULT_WAREHOUSE
    moved_on: WrittenDate | None = None
    lines: Annotated[list[CarriedBody], Field(min_length=1, max_length=LINES_MAX)]


class PickingBody(Body):
    """In which order bins are picked from."""

    pick_from: PickFrom


def _place(after: str) -> tuple[str, str]:
    """Raises ValueError for what no page has answered."""
    code, slash, sku = after.partition("/")
    if not (code and slash and sku):
        raise ValueError("not the `next` of a page")
    return code, sku


def _is_place(after: str) -> str:
    _place(after)
    return after


AtWarehouse = Annotated[str, Query(pattern=WAREHOUSE_PATTERN)]


@router.post("/bins", status_code=201)
async def define_bins(company: str, body: BinsBody, call: Write) -> Response:
    """Make up to 500 bins known. 200 when all are known already, 409 when one has another name."""
    bins = [(one.bin, one.name or one.bin) for one in body.bins]
    return await call.run(handlers.define_bins, DefineBins(call.cause(company), body.warehouse, bins))


@router.post("/bin-moves", status_code=201)
async def carry(company: str, body: CarryBody, call: Write) -> Response:
    """Carry goods from bin to bin: all lines or none. What they are worth and who gets them stays as it was."""
    cause = call.cause(company)
    lines = [Carried(line.item, micro_of(line.quantity), line.source, line.target) for line in body.lines]
    command = CarryGoods(cause, document_id("bin-move", cause), body.warehouse, body.moved_on, lines)
    return await call.run(handlers.carry_goods, command)


@router.put("/bin-policy")
async def set_policy(company: str, body: PickingBody, call: Admin) -> Response:
    """Say in which order bins are picked from."""
    return await call.run(handlers.set_picking, SetPicking(call.cause(company), body.pick_from))


@router.get("/bin-policy")
async def show_policy(company: str, reading: Read) -> queries.PickingPolicy:
    """In which order bins are picked from."""
    async with reading.connection(company) as connection:
        return await queries.policy(connection, company, PICK_FROM)


@router.get("/bins")
async def list_bins(
    company: str,
    reading: Read,
    warehouse: AtWarehouse = DEFAULT_WAREHOUSE,
    after: After = None,
    limit: Limit = ROWS_DEFAULT,
) -> queries.BinPage:
    """The bins of a warehouse, by code."""
    async with reading.connection(company) as connection:
        return await queries.bins(connection, company, warehouse, after, limit)


@router.get("/bin-stock")
async def show_contents(
    company: str,
    reading: Read,
    warehouse: AtWarehouse = DEFAULT_WAREHOUSE,
    code: Annotated[str | None, Query(alias="bin", pattern=BIN_PATTERN)] = None,
    sku: Annotated[Sku | None, Query(description="This item only.")] = None,
    on: Annotated[WrittenDate | None, Query(description="At the end of this day; now when it is not given.")] = None,
    after: Annotated[
        str | None, Query(max_length=128, description="The `next` of the page before."), AfterValidator(_is_place)
    ] = None,
    limit: Limit = ROWS_DEFAULT,
) -> queries.ContentsPage:
    """What lies in which bin, now or at the end of a day."""
    place = None if after is None else _place(after)
    async with reading.connection(company) as connection:
        return await queries.contents(connection, company, warehouse, (code, sku), on or LAST_DAY, place, limit)


@router.get("/bin-moves")
async def list_moves(
    company: str,
    reading: Read,
    sku: Annotated[Sku, Query()],
    warehouse: AtWarehouse = DEFAULT_WAREHOUSE,
    after: Annotated[int, Query(ge=0, le=MOVE_MAX, description="The `next` of the page before.")] = 0,
    limit: Limit = ROWS_DEFAULT,
) -> queries.BinMovePage:
    """How an item came into the bins in which it lies."""
    async with reading.connection(company) as connection:
        return await queries.moves(connection, company, warehouse, sku, after, limit)


@router.get("/bin-check")
async def check_bins(company: str, reading: Read) -> queries.BinCheck:
    """Compare every bin with its moves, and every stock level with its bins."""
    async with reading.connection(company) as connection:
        return await queries.check(connection, company)
