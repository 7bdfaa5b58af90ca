"""What goods cost: stored states, prices, and events in the published language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple

import orjson

from chassis.errors import Refused
from chassis.ids import UUID, derive
from contracts.inventory import StockIssued, StockValued
from contracts.money import from_micro, from_minor, minor_units
from services.inventory.domain.layers import Layer, Method, Pool
from services.inventory.domain.quantities import DEFAULT_WAREHOUSE
from services.inventory.domain.valuing import EVERYWHERE, Revalued, Stock
from services.inventory.translate.stock import Fact

NOTHING: Mapping[str, Any] = {"layers": [], "owed": (0, 0)}
"""The state of a place without goods."""
ValuedKind = Literal["receipt", "opening", "count", "transit-loss", "revaluation"]


class ValuedLine(NamedTuple):
    """What one item of a document is worth; below zero when it goes out. Micro-units and minor units."""

    sku: str
    quantity: int
    value: int


def read_stock(method: Method, state: bytes, *, apart: bool) -> Stock:
    """A stored state; one without places is of goods that all lie together."""
    data = orjson.loads(state)
    together = DEFAULT_WAREHOUSE if apart else EVERYWHERE
    pools = {place: _pool(method, told) for place, told in data.get("places", {together: data}).items()}
    return Stock(method, apart, pools, Layer(*data["last"]))


def _pool(method: Method, told: Mapping[str, Any]) -> Pool:
    return Pool(method, [Layer(*layer) for layer in told["layers"]], Layer(*told["owed"]))


def write_stock(stock: Stock) -> bytes:
    """A state to store."""
    told = {
        place: {"layers": [tuple(layer) for layer in pool.layers], "owed": tuple(pool.owed)}
        for place, pool in sorted(stock.pools.items())
        if pool.layers or pool.owed.quantity
    }
    last = {"last": tuple(stock.last)}
    if stock.apart:
        return orjson.dumps({"places": told} | last)
    return orjson.dumps({**told.get(EVERYWHERE, NOTHING), **last})


def revaluation_id(company: str, document: UUID) -> UUID:
    """The id of the difference that a late document makes: there is at most one."""
    return derive("revaluation", company, document)


def value_of(quantity: int, unit_cost: int, currency: str) -> int:
    """Minor units of a quantity at a cost per unit (both in millionths), rounded half up once."""
    scale: int = 10 ** (12 - minor_units(currency))
    return (2 * quantity * unit_cost + scale) // (2 * scale)


def stock_valued(
    document: UUID,
    kind: ValuedKind,
    reference: str,
    effective_on: date,
    posted_on: date,
    currency: str,
    lines: Sequence[ValuedLine],
    about: UUID | None = None,
    written_off: int = 0,
) -> Fact:
    """The value of stock changed, and by what."""
    data: dict[str, object] = {
        "document": document,
        "kind": kind,
        "reference": reference,
        "effective_on": effective_on,
        "posted_on": posted_on,
        "currency": currency,
        "value": from_minor(sum(line.value for line in lines), currency),
        "lines": [
            {"item": sku, "quantity": signed(quantity), "value": from_minor(value, currency)}
            for sku, quantity, value in lines
        ],
    }
    if about is not None:
        data["about"] = about
    if written_off:
        data["written_off"] = from_minor(written_off, currency)
    return StockValued, document, data


def revaluation(
    company: str,
    document: UUID,
    reference: str,
    on: date,
    posted_on: date,
    currency: str,
    changes: Mapping[str, Revalued],
) -> Fact:
    """A document that came late makes a difference to what was issued before it came."""
    lines = [ValuedLine(sku, 0, change.value) for sku, change in changes.items()]
    written_off = sum(change.written_off for change in changes.values())
    own = revaluation_id(company, document)
    return stock_valued(own, "revaluation", reference, on, posted_on, currency, lines, document, written_off)


def stock_issued(
    shipment: UUID, order: UUID, number: str, on: date, currency: str, lines: Sequence[tuple[int, str, int, int]]
) -> Fact:
    """What the goods of a shipment cost: (line, sku, quantity, cost)."""
    data: dict[str, object] = {
        "shipment": shipment,
        "order": order,
        "number": number,
        "issued_on": on,
        "currency": currency,
        "cost": from_minor(sum(cost for *_, cost in lines), currency),
        "lines": [
            {"line": line, "item": sku, "quantity": from_micro(quantity), "cost": from_minor(cost, currency)}
            for line, sku, quantity, cost in lines
        ],
    }
    return StockIssued, shipment, data


def signed(micro: int) -> str:
    """A quantity that may be below zero."""
    return from_micro(micro) if micro >= 0 else f"-{from_micro(-micro)}"


def cost_missing(sku: str, at: str) -> Refused:
    """Nobody says what goods cost that are valued, and there is no price of before."""
    return Refused("cost-missing", f"{sku} is valued; say what one costs.", at)


def value_too_large(sku: str, at: str) -> Refused:
    """A move of goods that would be worth more than an amount can say."""
    return Refused("stock-value-too-large", f"{sku} would be worth more than can be booked.", at)
