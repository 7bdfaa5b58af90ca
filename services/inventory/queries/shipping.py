"""Shipments, as they are asked for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from contracts.money import from_micro
from services.inventory.queries.stock import Line

HEAD = """
select shipment, order_id as order, warehouse, state, picked_at, packed_at, closed_at, packages, number, dispatched_on,
    carrier, tracking, complete from shipment
"""
ONE = HEAD + "where company = $1 and shipment = $2"
OF_ORDER = HEAD + "where company = $1 and order_id = $2 order by picked_at, shipment"
OPEN = (
    HEAD
    + """
where company = $1 and state in ('picked', 'packed') and ($2::uuid is null or (picked_at, shipment) >
    (select s.picked_at, s.shipment from shipment s where s.company = $1 and s.shipment = $2))
order by company, picked_at, shipment limit $3
"""
)
LINES = """
select l.line, l.sku, l.quantity, coalesce((select array_agg((b.bin, b.quantity) order by b.bin) from shipment_bin b
    where b.company = l.company and b.shipment = l.shipment and b.line = l.line), '{}') as bins
from shipment_line l where company = $1 and shipment = $2 order by line
"""


class ShipmentHead(BaseModel):
    """Goods of one order that travel together."""

    shipment: UUID
    order: UUID
    warehouse: str
    state: Literal["picked", "packed", "shipped", "withdrawn"]
    picked_at: datetime
    packed_at: datetime | None
    closed_at: datetime | None
    packages: int | None
    number: str | None
    dispatched_on: date | None
    carrier: str | None
    tracking: str | None
    complete: bool | None


ONE_PARCEL = "select shipment, parcel from parcel where company = $1 and sscc = $2"
PARCELS = """
select p.parcel, p.sscc, p.weight, array_agg((l.line, s.sku, l.quantity) order by l.line) as lines from parcel p
join parcel_line l on l.company = p.company and l.shipment = p.shipment and l.parcel = p.parcel
join shipment_line s on s.company = l.company and s.shipment = l.shipment and s.line = l.line
where p.company = $1 and p.shipment = $2 group by 1, 2, 3 order by 1
"""


class InBin(BaseModel):
    """How much is taken from a bin."""

    bin: str
    quantity: str


class ShipmentLine(Line):
    """What lies in a shipment, and from which bins it was taken; what is in none of them lay loose."""

    bins: list[InBin]


class InParcel(BaseModel):
    """A parcel of a shipment, and what lies in it."""

    parcel: int
    sscc: str | None
    weight: str | None
    lines: list[Line]


class Shipment(ShipmentHead):
    """A shipment with what lies in it: its pick list, and its parcels where it was said what lies in which."""

    lines: list[ShipmentLine]
    parcels: list[InParcel]


class Parcel(InParcel):
    """A parcel by itself."""

    shipment: ShipmentHead


class ShipmentPage(BaseModel):
    """Shipments, the oldest first; `next` is the `after` of the next page, null on the last one."""

    shipments: list[ShipmentHead]
    next: UUID | None


async def shipment(connection: asyncpg.Connection, company: str, shipment_id: UUID) -> Shipment | None:
    """One shipment with its lines."""
    row = await connection.fetchrow(ONE, company, shipment_id)
    if row is None:
        return None
    lines = [
        ShipmentLine(
            line=line,
            item=sku,
            quantity=from_micro(quantity),
            bins=[InBin(bin=code, quantity=from_micro(part)) for code, part in bins],
        )
        for line, sku, quantity, bins in await connection.fetch(LINES, company, shipment_id)
    ]
    boxed = await _parcels(connection, company, shipment_id)
    return Shipment.model_validate(dict(row) | {"lines": lines, "parcels": boxed})


async def parcel(connection: asyncpg.Connection, company: str, sscc: str) -> Parcel | None:
    """The parcel with this number, or None."""
    found = await connection.fetchrow(ONE_PARCEL, company, sscc)
    if found is None:
        return None
    (head,) = await connection.fetch(ONE, company, found["shipment"])
    (one,) = [p for p in await _parcels(connection, company, found["shipment"]) if p.parcel == found["parcel"]]
    return Parcel(shipment=ShipmentHead.model_validate(dict(head)), **one.model_dump())


async def _parcels(connection: asyncpg.Connection, company: str, shipment_id: UUID) -> list[InParcel]:
    return [
        InParcel(
            parcel=number,
            sscc=sscc,
            weight=weight,
            lines=[Line(line=line, item=sku, quantity=from_micro(quantity)) for line, sku, quantity in lines],
        )
        for number, sscc, weight, lines in await connection.fetch(PARCELS, company, shipment_id)
    ]


async def shipments(
    connection: asyncpg.Connection, company: str, order: UUID | None, after: UUID | None, limit: int
) -> ShipmentPage:
    """The shipments of an order, or a page of all that have not left."""
    if order is not None:
        rows = await connection.fetch(OF_ORDER, company, order)
        return ShipmentPage(shipments=[ShipmentHead.model_validate(dict(row)) for row in rows], next=None)
    found = [ShipmentHead.model_validate(dict(row)) for row in await connection.fetch(OPEN, company, after, limit)]
    return ShipmentPage(shipments=found, next=found[-1].shipment if len(found) == limit else None)
