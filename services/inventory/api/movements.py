"""Warehouses, transfers and counts, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import Query
from pydantic import Field, model_validator
from starlette.responses import Response

from chassis.errors import Problem
from chassis.http import Router
from contracts.base import Name, Quantity, Reference, Sku, StockLevel, Text
from services.inventory import handlers
from services.inventory.api.inputs import (
    PREFIX,
    Admin,
    After,
    Bin,
    Body,
    Limit,
    Read,
    Unit,
    Warehouse,
    Write,
    WrittenDate,
    as_uuid,
)
from services.inventory.commands import (
    AllowNegative,
    ArriveGoods,
    CloseTransfer,
    CountStock,
    DecideClosing,
    DecideCount,
    DefineWarehouse,
    SendGoods,
    SetTolerance,
)
from services.inventory.domain.quantities import DEFAULT_WAREHOUSE
from services.inventory.queries import movements as queries
from services.inventory.queries.stock import ROWS_DEFAULT
from services.inventory.translate.movements import document_id
from services.inventory.translate.stock import micro_of

LINES_MAX = 500
TOLERANCE_PATTERN = r"^(?:0|1|0\.[0-9]{1,6})$"

router = Router(prefix=PREFIX, tags=["movements"])


class WarehouseBody(Body):
    """A place for goods."""

    warehouse: Warehouse
    name: Name


class NegativeBody(Body):
    """Whether an item may go below zero in a warehouse, or in every one that has no word of its own."""

    warehouse: Annotated[
        Warehouse | None, Field(description="MAIN when it is not given; null: what holds for the item.")
    ] = DEFAULT_WAREHOUSE
    item: Sku
    allowed: Annotated[bool | None, Field(description="null: the warehouse follows what holds for the item again.")]

    @model_validator(mode="after")
    def _something_is_said(self) -> Self:
        if self.warehouse is None and self.allowed is None:
            raise ValueError("say whether the item may, or in which warehouse nothing is said of its own")
        return self


class GoodsBody(Body):
    """How much of an item, in its base unit."""

    item: Sku
    quantity: Quantity


class BinGoodsBody(Body):
    """How much of an item, in one of its units, and in which bin."""

    item: Sku
    quantity: Quantity
    unit: Unit = None
    bin: Bin | None = None


class TransferBody(Body):
    """Goods that are sent to another warehouse, under a number of your own that is used once."""

    reference: Reference
    source: Annotated[Warehouse, Field(alias="from")]
    target: Annotated[Warehouse, Field(alias="to")]
    sent_on: WrittenDate
    lines: Annotated[list[BinGoodsBody], Field(min_length=1, max_length=LINES_MAX)]


class ArrivalBody(Body):
    """What arrived of a transfer; today when no day is given."""

    received_on: WrittenDate | None = None
    lines: Annotated[list[BinGoodsBody], Field(min_length=1, max_length=LINES_MAX)]


class EmptyBody(Body):
    """Nothing has to be said."""


class CountedBody(Body):
    """What was found of an item, in one of its units."""

    item: Sku
    counted: StockLevel
    unit: Unit = None


class CountBody(Body):
    """A count, under a number of your own that is used once; with a bin, of what lies in it alone."""

    reference: Reference
    warehouse: Warehouse = DEFAULT_WAREHOUSE
    bin: Bin | None = None
    counted_on: WrittenDate
    reason: Text
    lines: Annotated[list[CountedBody], Field(min_length=1, max_length=LINES_MAX)]


class DecisionBody(Body):
    """Whether another person is right."""

    approved: bool


class PolicyBody(Body):
    """By how much a count may differ from what was expected: 0.02 is 2 %."""

    count_tolerance: Annotated[str, Field(pattern=TOLERANCE_PATTERN)]


@router.post("/warehouses", status_code=201)
async def define_warehouse(company: str, body: WarehouseBody, call: Write) -> Response:
    """Make a place known. MAIN, which orders are served from, is there from the start."""
    command = DefineWarehouse(call.cause(company), body.warehouse, body.name)
    return await call.run(handlers.define_warehouses, command)


@router.post("/negative-stock")
async def allow_negative(company: str, body: NegativeBody, call: Admin) -> Response:
    """Let an item go below zero in a warehouse, or not any more; or in all that have no word of their own."""
    command = AllowNegative(call.cause(company), body.warehouse, body.item, body.allowed)
    return await call.run(handlers.allow_negative, command)


@router.post("/transfers", status_code=201)
async def send(company: str, body: TransferBody, call: Write) -> Response:
    """Send goods to another warehouse; until they arrive they are in transit."""
    cause = call.cause(company)
    transfer, lines = document_id("transfer", cause), _goods(body.lines)
    command = SendGoods(
        cause,
        transfer,
        body.reference,
        body.source,
        body.target,
        body.sent_on,
        lines,
        _bins(body.lines),
        _units(body.lines),
    )
    return await call.run(handlers.send_goods, command)


@router.post("/transfers/{transfer}/arrivals")
async def arrive(company: str, transfer: UUID, body: ArrivalBody, call: Write) -> Response:
    """Take in what was sent, or a part of it."""
    goods, bins = _goods(body.lines), _bins(body.lines)
    command = ArriveGoods(call.cause(company), as_uuid(transfer), body.received_on, goods, bins, _units(body.lines))
    return await call.run(handlers.arrive_goods, command)


@router.post("/transfers/{transfer}/closing")
async def close(company: str, transfer: UUID, body: EmptyBody, call: Write) -> Response:
    """Give up what has not arrived. Within the tolerance of counts it is lost at once; else another person decides."""
    return await call.run(handlers.close_transfers, CloseTransfer(call.cause(company), as_uuid(transfer)))


@router.post("/transfers/{transfer}/closing/decision")
async def decide_closing(company: str, transfer: UUID, body: DecisionBody, call: Write) -> Response:
    """Agree that what another person gives up is lost, and leaves the books; or let it stay on the way."""
    command = DecideClosing(call.cause(company), as_uuid(transfer), body.approved)
    return await call.run(handlers.decide_closings, command)


@router.post("/counts", status_code=201)
async def count(company: str, body: CountBody, call: Write) -> Response:
    """Tell what was found. Within the tolerance it is booked at once; else another person decides."""
    cause = call.cause(company)
    lines = [(line.item, micro_of(line.counted)) for line in body.lines]
    command = CountStock(
        cause,
        document_id("count", cause),
        body.reference,
        body.warehouse,
        body.counted_on,
        body.reason,
        lines,
        body.bin,
        _units(body.lines),
    )
    return await call.run(handlers.count_stock, command)


@router.post("/counts/{count_id}/decision")
async def decide(company: str, count_id: UUID, body: DecisionBody, call: Write) -> Response:
    """Agree with another person's count, or reject it."""
    return await call.run(handlers.decide_counts, DecideCount(call.cause(company), as_uuid(count_id), body.approved))


@router.put("/stock-policy")
async def set_policy(company: str, body: PolicyBody, call: Admin) -> Response:
    """Say by how much a count may differ without another person's word."""
    command = SetTolerance(call.cause(company), micro_of(body.count_tolerance))
    return await call.run(handlers.set_tolerances, command)


@router.get("/warehouses")
async def list_warehouses(
    company: str, reading: Read, after: After = None, limit: Limit = ROWS_DEFAULT
) -> queries.WarehousePage:
    """Places beside MAIN, by code."""
    async with reading.connection(company) as connection:
        return await queries.warehouses(connection, company, after, limit)


@router.get("/transfers")
async def list_transfers(
    company: str,
    reading: Read,
    state: Annotated[
        Literal["sent", "closing", "closed"] | None,
        Query(description="sent: on the way; closing: given up, and waits for another person."),
    ] = None,
    after: After = None,
    limit: Limit = ROWS_DEFAULT,
) -> queries.TransferPage:
    """Transfers by reference."""
    async with reading.connection(company) as connection:
        return await queries.transfers(connection, company, state, after, limit)


@router.get("/transfers/{transfer}")
async def show_transfer(company: str, transfer: UUID, reading: Read) -> queries.Transfer:
    """One transfer, and what became of each of its lines."""
    async with reading.connection(company) as connection:
        found = await queries.transfer(connection, company, transfer)
    if found is None:
        raise Problem(404, "transfer-not-found", "There is no such transfer.")
    return found


@router.get("/counts")
async def list_counts(
    company: str,
    reading: Read,
    state: Annotated[
        Literal["pending", "adjusted", "rejected"] | None, Query(description="pending: waits for another person.")
    ] = None,
    after: After = None,
    limit: Limit = ROWS_DEFAULT,
) -> queries.CountPage:
    """Counts by reference."""
    async with reading.connection(company) as connection:
        return await queries.counts(connection, company, state, after, limit)


@router.get("/counts/{count_id}")
async def show_count(company: str, count_id: UUID, reading: Read) -> queries.Count:
    """One count, with what was expected and found of each item."""
    async with reading.connection(company) as connection:
        found = await queries.count(connection, company, count_id)
    if found is None:
        raise Problem(404, "count-not-found", "There is no such count.")
    return found


@router.get("/stock-policy")
async def show_policy(company: str, reading: Read) -> queries.StockPolicy:
    """By how much a count may differ without another person's word."""
    async with reading.connection(company) as connection:
        return await queries.policy(connection, company)


def _bins(lines: Sequence[BinGoodsBody]) -> dict[str, str]:
    return {line.item: line.bin for line in lines if line.bin is not None}


def _units(lines: Sequence[BinGoodsBody] | Sequence[CountedBody]) -> dict[str, str]:
    return {line.item: line.unit for line in lines if line.unit is not None}


def _goods(lines: Sequence[BinGoodsBody]) -> list[tuple[str, int]]:
    return [(line.item, micro_of(line.quantity)) for line in lines]
