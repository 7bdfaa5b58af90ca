"""Shipments in the published language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import orjson

from chassis.cause import Cause
from chassis.errors import Refused
from chassis.ids import UUID, derive
from contracts.inventory import ShipmentDispatched
from contracts.money import from_micro
from services.inventory.domain.parcels import Parcel
from services.inventory.domain.shipping import NotPicked, Portion
from services.inventory.translate.parcels import parcels_told
from services.inventory.translate.stock import Fact

SHIP_TO = ("id", "name", "language", "address", "vat_number")
ADDRESS = ("line1", "line2", "city", "postcode", "country")


class Paper(NamedTuple):
    """What an order says that goes onto the papers of its goods."""

    reference: str
    ship_to: Mapping[str, object]
    descriptions: Mapping[int, str]


class Departure(NamedTuple):
    """A shipment as it leaves."""

    shipment: UUID
    order: UUID
    number: str
    warehouse: str
    dispatched_on: date
    complete: bool
    packages: int | None
    carrier: str | None
    tracking: str | None
    portions: Sequence[Portion]
    revision: int = 1
    parcels: Sequence[Parcel] = ()
    """What lies in which of them, where that was said."""


def shipment_id(cause: Cause, order: UUID) -> UUID:
    """The id of the shipment that a request asks for; a repeat of the request asks for the same."""
    return derive("shipment", cause.id, order)


def delivery_number(year: int, serial: int) -> str:
    """What is printed on a delivery note."""
    return f"DN-{year}-{serial:06d}"


def read_paper(bodies: Mapping[int, bytes]) -> Paper:
    """An order as it came, with the lines of its last revision. Fields that were added since are passed over."""
    order: dict[str, Any] = orjson.loads(bodies[1])
    last: dict[str, Any] = orjson.loads(bodies[max(bodies)])
    customer = order["customer"]
    ship_to = {name: customer[name] for name in SHIP_TO if customer.get(name) is not None}
    ship_to["address"] = {name: customer["address"][name] for name in ADDRESS if name in customer["address"]}
    return Paper(order["reference"], ship_to, {line["line"]: line["description"] for line in last["lines"]})


def shipment_dispatched(departure: Departure, paper: Paper, units: Mapping[str, str]) -> Fact:
    """Goods of an order left the house."""
    data: dict[str, object] = {
        "shipment": departure.shipment,
        "number": departure.number,
        "order": departure.order,
        "order_reference": paper.reference,
        "warehouse": departure.warehouse,
        "dispatched_on": departure.dispatched_on,
        "complete": departure.complete,
        "ship_to": paper.ship_to,
        "lines": [
            {
                "line": line,
                "item": sku,
                "description": paper.descriptions.get(line, sku),
                "quantity": from_micro(quantity),
                "unit": units[sku],
            }
            for line, sku, quantity in departure.portions
        ],
    }
    optional = {"packages": departure.packages, "carrier": departure.carrier, "tracking": departure.tracking}
    if departure.parcels:
        data["parcels"] = parcels_told(departure.parcels)
    if departure.revision > 1:
        data["revision"] = departure.revision
    return ShipmentDispatched, departure.shipment, data | {k: v for k, v in optional.items() if v is not None}


def portions_body(portions: Sequence[Portion]) -> list[dict[str, object]]:
    """What lies in a shipment, for its sender."""
    return [{"line": line, "item": sku, "quantity": from_micro(quantity)} for line, sku, quantity in portions]


def refusal_of_pick(wrong: NotPicked, at: str, *, status: int = 409) -> Refused:
    """A pick, or a pack, that is refused; `at` is its place in the request."""
    return Refused(wrong.code, wrong.detail, f"{at}{wrong.pointer}", status=status)


def order_unknown(order: UUID, at: str) -> Refused:
    """A pick of an order that never came here."""
    return Refused("reservation-not-found", f"The order {order} has not come here.", f"{at}/order", status=404)


def order_not_reserved(order: UUID, state: str, at: str) -> Refused:
    """A pick of an order that holds nothing."""
    return Refused("order-not-reserved", f"The order {order} is {state}; it holds no stock.", f"{at}/order", status=409)


def order_repeated(order: UUID, at: str) -> Refused:
    """One order twice in a request."""
    return Refused("order-repeated", f"The order {order} is in this request twice.", f"{at}/order")


def shipment_unknown(shipment: UUID, at: str) -> Refused:
    """There is no such shipment."""
    return Refused("shipment-not-found", f"There is no shipment {shipment}.", at, status=404)


def shipment_repeated(shipment: UUID, at: str) -> Refused:
    """One shipment twice in a request."""
    return Refused("shipment-repeated", f"The shipment {shipment} is in this request twice.", at)


def shipment_is(state: str, wanted: str, at: str) -> Refused:
    """A shipment is at another step than the request supposes."""
    code = "shipment-" + state
    return Refused(code, f"The shipment is {state}; only one that is {wanted} can do this.", at, status=409)


def details_missing(order: UUID, at: str) -> Refused:
    """An order of a time when its papers were not kept."""
    detail = f"What the order {order} says about its customer is not known here."
    return Refused("order-details-missing", detail, at, status=409)
