"""What lies on the shelves and how much of it is promised, as the events add it up. INV11, INV12.

Goods come in, leave, and are set aside by events. Counts and transfers are told by none: what they did to a shelf is
taken from the documents that are shown, and must be what the moves that are shown say (`shelf_moves.py`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from tests.proof.checker.intents import number
from tests.proof.checker.report import Findings
from tests.proof.checker.shelf_moves import Effect, Sums, settle_moves
from tests.proof.checker.shelf_papers import effects_of_counts, effects_of_transfers, settle_transfers
from tests.proof.checker.warehouse import SERVED_FROM

Shelf = tuple[str, str, str]
"""Company, sku, warehouse."""
PROMISES: Mapping[str, int] = {
    "StockReserved.v1": 1, "BackOrderReserved.v1": 1, "ReservationReleased.v1": -1, "ReservationReduced.v1": -1,
    "ShipmentDispatched.v1": -1,
}  # fmt: skip
"""What sets stock aside, and what ends that."""


@dataclass(slots=True)
class Told:
    """What the receipts of a shelf say of it, one after the other."""

    missing: int
    """By how much less than what had come was on hand when goods came last."""
    place: str
    """Where that is told."""
    lost: int = 0
    """By how much more was missing than the time before, in all."""
    found: int = 0


class Shelves:
    """All shelves, in millionths."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.effects: defaultdict[str, Sums] = defaultdict(Counter)
        """By company: what each document does to each shelf."""
        self.reserved: Counter[tuple[str, str]] = Counter()
        """By company and sku."""
        self._came: Counter[Shelf] = Counter()
        self._up: Counter[Shelf] = Counter()
        self._down: Counter[Shelf] = Counter()
        """What came otherwise than by a receipt, and what is gone."""
        self._told: dict[Shelf, Told] = {}

    def received(self, company: str, data: Mapping[str, Any], place: str, *, below_zero: bool) -> None:
        """Goods came in; what is told to be on hand then is what came less what had left."""
        self.findings.look("INV11")
        shelf, on_hand = (company, data["sku"], data["warehouse"]), number(data["on_hand"])
        self._came[shelf] += number(data["quantity"])
        self.effects[company][Effect(data["sku"], data["warehouse"], "receipt", data["receipt"])] += number(
            data["quantity"]
        )
        if (on_hand < 0) is not below_zero:
            self.findings.say("INV11", "less than nothing is on hand", at=place, on_hand=data["on_hand"])
        missing, told = self._came[shelf] - on_hand, self._told.get(shelf)
        if told is None:
            told = self._told[shelf] = Told(0, place)
        told.lost += max(0, missing - told.missing)
        told.found += max(0, told.missing - missing)
        told.missing, told.place = missing, place

    def promised(self, kind: str, company: str, data: Mapping[str, Any]) -> None:
        """Stock is set aside for an order, is free again, or leaves."""
        for line in data["lines"]:
            sku, quantity = line["item"], number(line["quantity"])
            self.reserved[company, sku] += PROMISES[kind] * quantity
            if kind == "ShipmentDispatched.v1":
                self._down[company, sku, data["warehouse"]] += quantity
                self.effects[company][Effect(sku, data["warehouse"], "issue", data["shipment"])] -= quantity

    def documents(self, company: str, told: Mapping[str, Any]) -> None:
        """Counts that were booked, and goods between warehouses, as they are shown."""
        for effect, change in (*effects_of_counts(told), *effects_of_transfers(told)):
            self.effects[company][effect] += change
            side = self._up if change > 0 else self._down
            side[company, effect.sku, effect.warehouse] += abs(change)

    def settle(self) -> None:
        """Between two receipts no more was found or lost on a shelf than documents say in all."""
        for shelf, told in self._told.items():
            if told.lost > self._down[shelf]:
                self.findings.say(
                    "INV11", "on hand is less than what came in and had not left", at=told.place, shelf=shelf,
                    missing=told.lost / 1e6, left=self._down[shelf] / 1e6,
                )  # fmt: skip
            if told.found > self._up[shelf]:
                self.findings.say(
                    "INV11", "on hand is more than what came in and had not left", at=told.place, shelf=shelf,
                    found=told.found / 1e6, came=self._up[shelf] / 1e6,
                )  # fmt: skip

    def settle_shown(self, company: str, told: Mapping[str, Any], below_zero: Set[Shelf]) -> None:
        """Each shelf that is shown, and how goods came there; `below_zero`: where there may be less than nothing."""
        findings, has = self.findings, _by_shelf(self.effects[company])
        settle_transfers(company, told, findings)
        settle_moves(company, told, self.effects[company], {place[1:] for place in below_zero}, findings)
        shown = {(row["sku"], row["warehouse"]): row for row in told["stock"]}
        findings.look("INV11", len(shown))
        findings.look("INV12", len(shown))
        for place in shown.keys() | {place for place, quantity in has.items() if quantity}:
            row = shown.get(place) or {"on_hand": "0", "reserved": "0", "available": "0", "not shown": place}
            on_hand, reserved = number(row["on_hand"]), number(row["reserved"])
            may_lack = (company, *place) in below_zero
            held = self.reserved[company, place[0]] if place[1] == SERVED_FROM else 0
            if on_hand != has[place] or (on_hand < 0 and not may_lack):
                what = "a shelf has not what came in and has not left"
                findings.say("INV11", what, company=company, row=row, has=has[place] / 1e6)
            if reserved != held:
                what = "reserved is not what reservations hold"
                findings.say("INV12", what, company=company, row=row, held=held / 1e6)
            if (reserved > on_hand and not may_lack) or number(row["available"]) != on_hand - reserved:
                findings.say("INV12", "more is promised than is there", company=company, row=row)
        served = {sku for sku, warehouse in shown if warehouse == SERVED_FROM}
        for owner, sku in self.reserved:
            if owner == company and sku not in served:
                findings.say("INV12", "stock is reserved that is not shown", company=company, sku=sku)
        if not told["stock_check"]["balanced"]:
            findings.say("INV11", "the inventory finds itself wrong", company=company)


def _by_shelf(effects: Mapping[Effect, int]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    pairs: Iterable[tuple[Effect, int]] = effects.items()
    for effect, change in pairs:
        found[effect.sku, effect.warehouse] += change
    return found
