"""Pick → pack → ship, over HTTP. Up to a hundred shipments in a call, all of them or none."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from pydantic import Field, model_validator
from starlette.responses import Response

from chassis.errors import Problem
from chassis.http import Router
from contracts.base import LineNumber, Quantity, Reference, Text
from contracts.gs1 import SSCC_PATTERN
from services.inventory import handlers
from services.inventory.api.inputs import PREFIX, Admin, Body, Limit, Read, Unit, Write, WrittenDate, as_uuid
from services.inventory.commands import (
    Dispatch,
    DispatchShipments,
    Pack,
    PackShipments,
    Pick,
    PickOrders,
    SetParcelPrefix,
    UnpickShipments,
)
from services.inventory.domain.parcels import Parcel
from services.inventory.queries import shipping as queries
from services.inventory.queries.stock import ROWS_DEFAULT
from services.inventory.translate.shipping import shipment_id
from services.inventory.translate.stock import micro_of

SHIPMENTS_MAX = 100
LINES_MAX = 500
PARCELS_MAX = 500

router = Router(prefix=PREFIX, tags=["shipping"])


class ParcelLineBody(Body):
    """How much of a line lies in a parcel, in the item's base unit."""

    line: LineNumber
    quantity: Quantity


class PickLineBody(ParcelLineBody):
    """How much of a line is taken, in one of the item's units."""

    unit: Unit = None


class PickBody(Body):
    """What is taken from the shelves for an order; without lines all that is reserved."""

    order: UUID
    lines: Annotated[list[PickLineBody] | None, Field(min_length=1, max_length=LINES_MAX)] = None


class PicksBody(Body):
    """Orders to pick."""

    picks: Annotated[list[PickBody], Field(min_length=1, max_length=SHIPMENTS_MAX)]


class ParcelBody(Body):
    """A parcel, and how much of which line of the order lies in it, in the item's base unit."""

    sscc: Annotated[
        str | None, Field(pattern=SSCC_PATTERN, description="Of a label that is on it; else the house numbers it.")
    ] = None
    weight: Annotated[Text | None, Field(description="As the label shall say it.")] = None
    lines: Annotated[list[ParcelLineBody], Field(min_length=1, max_length=LINES_MAX)]


class PackBody(Body):
    """A shipment in its parcels: how many there are, or what lies in which of them."""

    shipment: UUID
    packages: Annotated[int | None, Field(ge=1, le=9999)] = None
    parcels: Annotated[list[ParcelBody] | None, Field(min_length=1, max_length=PARCELS_MAX)] = None

    @model_validator(mode="after")
    def _counted_once(self) -> PackBody:
        if self.parcels is not None and self.packages not in (None, len(self.parcels)):
            raise ValueError(f"there are {len(self.parcels)} parcels, not {self.packages}")
        return self


class PacksBody(Body):
    """Shipments to pack."""

    packs: Annotated[list[PackBody], Field(min_length=1, max_length=SHIPMENTS_MAX)]


class PrefixBody(Body):
    """The company's GS1 prefix."""

    prefix: Annotated[str, Field(pattern=r"^[0-9]{7,10}$")]


class WithdrawalsBody(Body):
    """Shipments whose goods go back to the shelves."""

    shipments: Annotated[list[UUID], Field(min_length=1, max_length=SHIPMENTS_MAX)]


class DispatchBody(Body):
    """A shipment that leaves."""

    shipment: UUID
    carrier: Text | None = None
    tracking: Reference | None = None


class DispatchesBody(Body):
    """Shipments that leave together; today when no day is given."""

    dispatched_on: WrittenDate | None = None
    shipments: Annotated[list[DispatchBody], Field(min_length=1, max_length=SHIPMENTS_MAX)]


@router.post("/picks", status_code=201)
async def pick(company: str, body: PicksBody, call: Write) -> Response:
    """Take reserved goods from the shelves: a shipment for each order."""
    cause = call.cause(company)
    picks = [
        Pick(
            as_uuid(p.order),
            shipment_id(cause, as_uuid(p.order)),
            None if p.lines is None else [(line.line, micro_of(line.quantity)) for line in p.lines],
            {line.line: line.unit for line in p.lines or () if line.unit is not None},
        )
        for p in body.picks
    ]
    return await call.run(handlers.pick_orders, PickOrders(cause, picks))


@router.post("/packs")
async def pack(company: str, body: PacksBody, call: Write) -> Response:
    """Put picked shipments into parcels."""
    packs = [Pack(as_uuid(p.shipment), p.packages, [_parcel(one) for one in p.parcels or ()]) for p in body.packs]
    return await call.run(handlers.pack_shipments, PackShipments(call.cause(company), packs))


@router.put("/parcel-policy")
async def set_policy(company: str, body: PrefixBody, call: Admin) -> Response:
    """Say under which GS1 company prefix parcels are numbered."""
    return await call.run(handlers.set_parcel_prefixes, SetParcelPrefix(call.cause(company), body.prefix))


@router.get("/parcels/{sscc}")
async def show_parcel(company: str, sscc: Annotated[str, Path(pattern=SSCC_PATTERN)], reading: Read) -> queries.Parcel:
    """What a scanner asks: to which shipment a parcel belongs, and what lies in it."""
    async with reading.connection(company) as connection:
        found = await queries.parcel(connection, company, sscc)
    if found is None:
        raise Problem(404, "parcel-not-found", "No parcel has this number.")
    return found


@router.post("/withdrawals")
async def withdraw(company: str, body: WithdrawalsBody, call: Write) -> Response:
    """Put the goods of shipments that have not left back; their orders keep them reserved."""
    command = UnpickShipments(call.cause(company), [as_uuid(shipment) for shipment in body.shipments])
    return await call.run(handlers.unpick_shipments, command)


@router.post("/dispatches")
async def dispatch(company: str, body: DispatchesBody, call: Write) -> Response:
    """Let packed shipments leave: stock goes down and delivery notes get their numbers."""
    dispatches = [Dispatch(as_uuid(d.shipment), d.carrier, d.tracking) for d in body.shipments]
    command = DispatchShipments(call.cause(company), body.dispatched_on, dispatches)
    return await call.run(handlers.dispatch_shipments, command)


@router.get("/shipments")
async def list_shipments(
    company: str,
    reading: Read,
    order: Annotated[UUID | None, Query(description="All shipments of this order.")] = None,
    after: UUID | None = None,
    limit: Limit = ROWS_DEFAULT,
) -> queries.ShipmentPage:
    """The shipments of an order; without one, those that have not left yet."""
    async with reading.connection(company) as connection:
        return await queries.shipments(connection, company, order, after, limit)


@router.get("/shipments/{shipment}")
async def show_shipment(company: str, shipment: UUID, reading: Read) -> queries.Shipment:
    """One shipment with what lies in it."""
    async with reading.connection(company) as connection:
        found = await queries.shipment(connection, company, shipment)
    if found is None:
        raise Problem(404, "shipment-not-found", "There is no such shipment.")
    return found


def _parcel(body: ParcelBody) -> Parcel:
    return Parcel(body.sscc, body.weight, [(line.line, micro_of(line.quantity)) for line in body.lines])
