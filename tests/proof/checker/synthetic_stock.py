"""The warehouses of a made-up run: what moved, what was counted and sent, and what is shown of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.proof.checker.warehouse import SERVED_FROM, TRANSIT

if TYPE_CHECKING:
    from tests.proof.checker.synthetic import MadeUp

SHOP = "SHOP"
BIN = "A-1"
TODAY = "2026-11-20"
TOLERANCE = "0.000001"
"""One of the million and more of what lies on each shelf."""


@dataclass(slots=True)
class Stock:
    """Of one company."""

    on_hand: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By sku and warehouse."""
    reserved: Counter[str] = field(default_factory=Counter)
    moves: list[dict[str, Any]] = field(default_factory=list)
    counts: list[dict[str, Any]] = field(default_factory=list)
    transfers: list[dict[str, Any]] = field(default_factory=list)
    in_bins: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By sku and bin, all of them in MAIN."""
    bin_moves: list[dict[str, Any]] = field(default_factory=list)

    def move(self, sku: str, quantity: int, kind: str, document: str, warehouse: str = SERVED_FROM) -> int:
        """Something changed; returns what is on hand then."""
        self.on_hand[sku, warehouse] += quantity
        self.moves.append({
            "move": len(self.moves) + 1, "warehouse": warehouse, "sku": sku, "quantity": str(quantity), "kind": kind,
            "document": document, "line": 1, "effective_on": TODAY,
        })  # fmt: skip
        return self.on_hand[sku, warehouse]

    def all_of(self, sku: str) -> int:
        """On hand everywhere."""
        return sum(has for (of, _), has in self.on_hand.items() if of == sku)

    def shown(self) -> dict[str, Any]:
        """What the department shows of it."""
        binned: Counter[str] = Counter()
        for (sku, _), has in self.in_bins.items():
            binned[sku] += has
        rows = []
        for (sku, warehouse), has in self.on_hand.items():
            held, lies = (self.reserved[sku], binned[sku]) if warehouse == SERVED_FROM else (0, 0)
            rows.append({
                "sku": sku, "warehouse": warehouse, "on_hand": str(has), "reserved": str(held),
                "available": str(has - held), "in_bins": str(lies),
            })  # fmt: skip
        bins = [
            {"warehouse": SERVED_FROM, "bin": code, "sku": sku, "quantity": str(has)}
            for (sku, code), has in self.in_bins.items()
        ]
        return {
            "stock": rows, "moves": self.moves, "counts": self.counts, "transfers": self.transfers,
            "warehouses": [SHOP], "bin_stock": bins, "bin_moves": self.bin_moves,
            "bin_check": {"balanced": True, "differences": []}, "stock_policy": {"count_tolerance": TOLERANCE},
            "stock_check": {"balanced": True, "differences": []},
        }  # fmt: skip


def a_day_in_the_warehouse(made: MadeUp, company: str) -> None:
    """Two transfers, one of which loses something; three counts; a bin is filled. P0 to P3 are valued, at 1.00 each."""
    _sent(made, company, "P0", sent=5, arrived=3, lost=2)
    _sent(made, company, "P5", sent=4, arrived=1, lost=0)
    _counted(made, company, "P1", 2, "adjusted", "second")
    _counted(made, company, "P6", -1, "adjusted")
    _counted(made, company, "P2", -40, "pending")
    _counted(made, company, "P3", -40, "rejected", "second")
    stock = made.stock[company]
    stock.in_bins["P3", BIN] += 7
    stock.bin_moves.append({
        "move": 1, "warehouse": SERVED_FROM, "bin": BIN, "sku": "P3", "quantity": "7", "kind": "move",
        "document": made.id_of(company, "carried"), "line": 1,
    })  # fmt: skip


def _sent(made: MadeUp, company: str, sku: str, *, sent: int, arrived: int, lost: int) -> None:
    stock, reference = made.stock[company], f"t-{sku}"
    transfer, arrival = made.id_of(company, "transfer", sku), made.id_of(company, "arrival", sku)
    line = {"item": sku, "quantity": str(sent)}
    made.ask("transfer", company, reference, {"from": SERVED_FROM, "to": SHOP, "lines": [line]}, None)
    stock.move(sku, -sent, "transfer-out", transfer)
    stock.move(sku, sent, "transfer-in", transfer, TRANSIT)
    made.ask("arrive", company, transfer, {"lines": [{"item": sku, "quantity": str(arrived)}]}, None)
    stock.move(sku, -arrived, "transfer-out", arrival, TRANSIT)
    stock.move(sku, arrived, "transfer-in", arrival, SHOP)
    if lost:
        document = made.id_of(company, "loss", sku)
        made.ask("close", company, transfer, {}, None)
        chain = made.ask("agree", company, transfer, {"approved": True}, None)
        stock.move(sku, -lost, "transit-loss", document, TRANSIT)
        _told(made, company, "transit-loss", document, chain, {sku: -lost}, "second")
        if made.is_valued(sku):
            made.valued(company, "transit-loss", document, chain, {sku: -lost})
    stock.transfers.append({
        "transfer": transfer, "reference": reference, "from": SERVED_FROM, "to": SHOP, "sent_on": TODAY,
        "state": "closed" if lost else "sent", "closed_by": "second" if lost else None,
        "lines": [{
            "item": sku, "sent": str(sent), "arrived": str(arrived), "lost": str(lost),
            "on_the_way": str(sent - arrived - lost),
        }],
    })  # fmt: skip


def _counted(made: MadeUp, company: str, sku: str, difference: int, state: str, by: str | None = None) -> None:
    stock, reference = made.stock[company], f"n-{sku}"
    expected, count = stock.on_hand[sku, SERVED_FROM], made.id_of(company, "count", sku)
    line = {"item": sku, "counted": str(expected + difference)}
    chain = made.ask("count", company, reference, {"lines": [line]}, None)
    stock.counts.append({
        "count": count, "reference": reference, "warehouse": SERVED_FROM, "bin": None, "state": state,
        "counted_by": "first", "decided_by": by,
        "lines": [line | {"expected": str(expected), "difference": str(difference)}],
    })  # fmt: skip
    if by is not None:
        chain = made.ask("decide", company, count, {"approved": state == "adjusted"}, None)
    if state == "adjusted":
        stock.move(sku, difference, "count", count)
        _told(made, company, "count", count, chain, {sku: difference}, by)
        if made.is_valued(sku):
            made.valued(company, "count", count, chain, {sku: difference})


def _told(
    made: MadeUp, company: str, kind: str, document: str, chain: str, pieces: dict[str, int], by: str | None
) -> None:
    """Others hear that stock was set right, and who stands for it."""
    lines = [{"item": sku, "quantity": str(quantity)} for sku, quantity in pieces.items()]
    data = {"document": document, "kind": kind, "reported_by": "first", "lines": lines}
    made.send("StockAdjusted.v1", company, document, chain, chain, data | ({} if by is None else {"approved_by": by}))
