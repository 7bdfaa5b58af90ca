"""What lies on the shelves and how much of it is promised, as the events add it up. INV11, INV12."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.proof.checker.intents import number
from tests.proof.checker.report import Findings

SERVED_FROM = "MAIN"
"""Orders are served from this warehouse alone."""
Shelf = tuple[str, str, str]
"""Company, sku, warehouse."""
PROMISES: Mapping[str, int] = {
    "StockReserved.v1": 1, "BackOrderReserved.v1": 1, "ReservationReleased.v1": -1, "ReservationReduced.v1": -1,
    "ShipmentDispatched.v1": -1,
}  # fmt: skip
"""What sets stock aside, and what ends that."""


class Shelves:
    """All shelves, in millionths."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.came: Counter[Shelf] = Counter()
        self.left: Counter[Shelf] = Counter()
        self.reserved: Counter[tuple[str, str]] = Counter()
        """By company and sku."""
        self._missing: dict[Shelf, tuple[int, str]] = {}
        """By how much less than what had come was on hand when goods came last, and where that is told."""

    def received(self, company: str, data: Mapping[str, Any], place: str, *, below_zero: bool) -> None:
        """Goods came in; what is told to be on hand then is what came less what had left."""
        self.findings.look("INV11")
        shelf, told = (company, data["sku"], data["warehouse"]), number(data["on_hand"])
        self.came[shelf] += number(data["quantity"])
        missing, (before, where) = self.came[shelf] - told, self._missing.get(shelf, (0, place))
        if (told < 0) is not below_zero:
            self.findings.say("INV11", "less than nothing is on hand", at=place, on_hand=data["on_hand"])
        if missing < before:
            self.findings.say(
                "INV11", "on hand is more than what came in and had not left", at=[where, place],
                on_hand=data["on_hand"], came=self.came[shelf] / 1e6, had_left=before / 1e6,
            )  # fmt: skip
        self._missing[shelf] = max(missing, before), place

    def promised(self, kind: str, company: str, data: Mapping[str, Any]) -> None:
        """Stock is set aside for an order, is free again, or leaves."""
        for line in data["lines"]:
            quantity = number(line["quantity"])
            self.reserved[company, line["item"]] += PROMISES[kind] * quantity
            if kind == "ShipmentDispatched.v1":
                self.left[company, line["item"], data["warehouse"]] += quantity

    def settle(self) -> None:
        """Nothing was missing from a shelf that has not left."""
        for shelf, (missing, place) in self._missing.items():
            if missing > self.left[shelf]:
                self.findings.say(
                    "INV11", "on hand is less than what came in and had not left", at=place, shelf=shelf,
                    missing=missing / 1e6, left=self.left[shelf] / 1e6,
                )  # fmt: skip

    def settle_shown(self, company: str, told: Mapping[str, Any]) -> None:
        """Each shelf that is shown."""
        findings, seen = self.findings, set[str]()
        for row in told["stock"]:
            findings.look("INV11")
            findings.look("INV12")
            sku, shelf = row["sku"], (company, row["sku"], row["warehouse"])
            seen.add(sku)
            on_hand, reserved = number(row["on_hand"]), number(row["reserved"])
            has = self.came[shelf] - self.left[shelf]
            held = self.reserved[company, sku] if row["warehouse"] == SERVED_FROM else 0
            if on_hand != has or on_hand < 0:
                what = "a shelf has not what came in and has not left"
                findings.say("INV11", what, company=company, row=row, has=has / 1e6)
            if reserved != held:
                what = "reserved is not what reservations hold"
                findings.say("INV12", what, company=company, row=row, held=held / 1e6)
            if reserved > on_hand or number(row["available"]) != on_hand - reserved:
                findings.say("INV12", "more is promised than is there", company=company, row=row)
        for owner, sku in self.reserved:
            if owner == company and sku not in seen:
                findings.say("INV12", "stock is reserved that is not shown", company=company, sku=sku)
        if not told["stock_check"]["balanced"]:
            findings.say("INV11", "the inventory finds itself wrong", company=company)
