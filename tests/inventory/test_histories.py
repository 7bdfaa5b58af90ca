"""Random histories through the real corridor, against a model that shares no code with the service."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from contracts.money import from_micro
from tests.inventory.room import StockRoom, cancelled, invoice_refused, order_id, placed
from tests.support.department import Event

SKUS = ("BEANS", "FILTER", "MUG", "TEA")
STEPS = 220


@dataclass
class Model:
    """What a careful clerk with a notebook would say."""

    on_hand: dict[str, Decimal] = field(default_factory=dict)
    holds: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    cancelled_first: set[str] = field(default_factory=set)
    told: Counter[str] = field(default_factory=Counter)

    def free(self, sku: str) -> Decimal:
        return self.on_hand[sku] - sum((h.get(sku, Decimal(0)) for h in self.holds.values()), Decimal(0))

    def place(self, name: str, lines: list[tuple[str, str]]) -> None:
        if name in self.cancelled_first:
            self.told["order-cancelled"] += 1
            self.closed.add(name)
            return
        wanted: Counter[str] = Counter()
        for sku, quantity in lines:
            wanted[sku] += Decimal(quantity)  # type: ignore[assignment]
        if any(sku not in self.on_hand for sku in wanted):
            self.told["item-unknown"] += 1
            self.closed.add(name)
        elif all(self.free(sku) >= quantity for sku, quantity in wanted.items()):
            self.holds[name] = {sku: Decimal(quantity) for sku, quantity in wanted.items()}
            self.told["reserved"] += 1
        else:
            self.told["insufficient-stock"] += 1
            self.closed.add(name)

    def drop(self, name: str, reason: str) -> None:
        if self.holds.pop(name, None) is not None:
            self.told[reason] += 1
            self.closed.add(name)
        elif name not in self.closed:
            self.cancelled_first.add(name)


@dataclass
class Story:
    """Makes a history of one company: batches of events and receipts, at random."""

    rng: random.Random
    model: Model
    number: int = 0
    open: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    """Cancelled already, not placed yet."""
    sequences: Counter[str] = field(default_factory=Counter)

    def quantity(self) -> str:
        return self.rng.choice(["1", "2", "3.5", "0.000001", "7", "12.25", "40"])

    def event(self) -> Event:
        kind = self.rng.choices(["place", "cancel", "cancel-first", "refuse"], [6, 2, 1, 1])[0]
        if kind in ("place", "cancel-first") or not self.open:
            return self.place(first=kind == "cancel-first")
        name = self.rng.choice(self.open)
        if kind == "refuse":
            self.open.remove(name)  # the ledger refuses an order once
            self.model.drop(name, "invoice-refused")
            return invoice_refused(name)
        self.sequences[name] += 1
        self.model.drop(name, "order-cancelled-release")
        return cancelled(name, sequence=self.sequences[name])

    def place(self, *, first: bool) -> Event:
        self.number += 1
        name = f"order-{self.number}"
        self.sequences[name] += 1
        if first:
            self.model.drop(name, "")
            self.pending.append(name)
            return cancelled(name, sequence=1)
        if self.pending and self.rng.random() < 0.5:
            name = self.pending.pop()
            self.sequences[name] += 1
        lines = [(self.rng.choice(SKUS), self.quantity()) for _ in range(self.rng.randint(1, 4))]
        self.model.place(name, lines)
        self.open.append(name)
        return placed(name, lines, sequence=self.sequences[name])


@pytest.mark.parametrize("seed", range(4))
async def test_a_random_history_ends_as_the_model_says(room: StockRoom, seed: int) -> None:
    """I1, I2: on hand is the sum of the moves, and nothing is promised twice."""
    rng = random.Random(seed)
    model = Model(on_hand={sku: Decimal(0) for sku in SKUS[:-1]})  # TEA is no item
    await room.stocked(dict.fromkeys(SKUS[:-1], "0"))
    story = Story(rng, model)
    done: list[Event] = []
    while len(done) < STEPS:
        if rng.random() < 0.3:
            sku, quantity = rng.choice(SKUS[:-1]), story.quantity()
            await room.receive([(sku, quantity)])
            model.on_hand[sku] += Decimal(quantity)
        batch = [story.event() for _ in range(rng.randint(1, 25))]
        done += batch
        await room.hear(*batch)
        await room.hear(rng.choice(done))  # again
        await check(room, model)
    told = Counter(t.data.get("code") or reason(t.type, t.data) for t in await room.told() if "Reserv" in t.type)
    assert told == model.told
    assert {n for n, s in (await room.states()).items() if s == "reserved"} == {order_id(n) for n in model.holds}
    assert await room.held() == []


async def check(room: StockRoom, model: Model) -> None:
    """Never oversold, reserved is the sum of what is held, and all of it as the model has it."""
    assert await room.differences() == []
    rows = await room.rows("select sku, on_hand, reserved from stock_level")
    for sku, on_hand, reserved in rows:
        assert 0 <= reserved <= on_hand
        assert Decimal(from_micro(on_hand)) == model.on_hand[sku]
        assert Decimal(from_micro(on_hand - reserved)) == model.free(sku)


def reason(kind: str, data: dict[str, str]) -> str:
    if kind == "StockReserved":
        return "reserved"
    return "invoice-refused" if data["reason"] == "invoice-refused" else "order-cancelled-release"
