"""Random histories through the real corridor, against a model that shares no code with the service."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from contracts.money import from_micro, to_micro
from services.inventory import handlers
from services.inventory.commands import ArriveGoods, CountStock, SendGoods, SetTolerance
from services.inventory.translate.movements import document_id
from tests.inventory.room import StockRoom, cancelled, cause, invoice_refused, order_id, placed
from tests.support.department import Event

SKUS = ("BEANS", "FILTER", "MUG", "TEA")
KNOWN = SKUS[:-1]
STEPS = 220
ELSEWHERE, TRANSIT = "PIRAEUS", "TRANSIT"
DAY = date(2026, 11, 20)
NOTHING = Decimal(0)


@dataclass
class Wanted:
    """A line of an order: what is set aside for it, and what waits."""

    sku: str
    held: Decimal
    waits: Decimal = NOTHING


@dataclass
class Order:
    """An order that holds something, or waits."""

    lines: list[Wanted]
    rank: tuple[int, int, str]
    """Who is served first: by priority, then by age, then by id."""
    parts: int


@dataclass
class Model:
    """What a careful clerk with a notebook would say."""

    on_hand: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By sku and warehouse."""
    orders: dict[str, Order] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    cancelled_first: set[str] = field(default_factory=set)
    told: Counter[str] = field(default_factory=Counter)
    batch: int = 0

    def main(self, sku: str) -> Decimal:
        return Decimal(self.on_hand[sku, "MAIN"])

    def free(self, sku: str) -> Decimal:
        held = (line.held for order in self.orders.values() for line in order.lines if line.sku == sku)
        return self.main(sku) - sum(held, NOTHING)

    def move(self, sku: str, warehouse: str, quantity: Decimal) -> None:
        self.on_hand[sku, warehouse] += quantity  # type: ignore[assignment]

    def place(self, name: str, lines: list[tuple[str, str]], wish: dict[str, Any]) -> None:
        if name in self.cancelled_first:
            self._refuse(name, "order-cancelled")
            return
        if any(sku not in KNOWN for sku, _ in lines):
            self._refuse(name, "item-unknown")
            return
        order = Order([], (-wish.get("priority", 0), self.batch, order_id(name)), 1)
        self.orders[name] = order
        for sku, quantity in lines:
            wanted = Decimal(quantity)
            got = min(wanted, max(NOTHING, self.free(sku)))
            order.lines.append(Wanted(sku, got, wanted - got))
        short = any(line.waits for line in order.lines)
        got_some = any(line.held for line in order.lines)
        how = wish.get("if_short", "all_or_nothing") if short else "all_or_nothing"
        if short and (how == "all_or_nothing" or (how == "partial" and not got_some)):
            del self.orders[name]
            self._refuse(name, "insufficient-stock")
            return
        order.parts = int(got_some)
        self.told["reserved"] += order.parts
        self.told["back-ordered"] += short and how == "back_order"
        if how == "partial":
            for line in order.lines:
                line.waits = NOTHING

    def drop(self, name: str, reason: str) -> None:
        order = self.orders.pop(name, None)
        if order is not None:
            self.told[reason if order.parts else "order-cancelled"] += 1
            self.closed.add(name)
        elif name not in self.closed:
            self.cancelled_first.add(name)

    def serve(self) -> None:
        """Who waits gets what is free, in one go; the last one perhaps a part."""
        for order in sorted(self.orders.values(), key=lambda one: one.rank):
            before = order.parts
            for line in order.lines:
                got = min(line.waits, max(NOTHING, self.free(line.sku)))
                line.held, line.waits = line.held + got, line.waits - got
                if got:
                    order.parts = before + 1
            self.told["reserved"] += order.parts > before == 0
            self.told["late"] += order.parts > before > 0

    def _refuse(self, name: str, code: str) -> None:
        self.told[code] += 1
        self.closed.add(name)


@dataclass
class Story:
    """Makes a history of one company: batches of events and documents, at random."""

    room: StockRoom
    rng: random.Random
    model: Model
    number: int = 0
    open: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    """Cancelled already, not placed yet."""
    sequences: Counter[str] = field(default_factory=Counter)
    on_the_way: list[tuple[UUID, str, str, Decimal]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def quantity(self) -> str:
        return self.rng.choice(["1", "2", "3.5", "0.000001", "7", "12.25", "40"])

    def batch(self) -> Iterator[Event]:
        self.model.batch += 1
        for _ in range(self.rng.randint(1, 25)):
            yield self.event()
        self.model.serve()

    def event(self) -> Event:
        kind = self.rng.choices(["place", "cancel", "cancel-first", "refuse"], [6, 2, 1, 1])[0]
        if kind in ("place", "cancel-first") or not self.open:
            return self.place(first=kind == "cancel-first")
        name = self.rng.choice(self.open)
        order = self.model.orders.get(name)
        if kind == "refuse" and (order is None or order.parts):
            self.open.remove(name)  # the ledger refuses an order once, and none that it knows nothing of
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
        wish: dict[str, Any] = {}
        if self.rng.random() < 0.5:
            wish = {"if_short": self.rng.choice(["back_order", "partial"]), "priority": self.rng.randrange(3)}
        self.model.place(name, lines, wish)
        self.open.append(name)
        return placed(name, lines, sequence=self.sequences[name], **wish)

    # -- what clerks do ------------------------------------------------------------------------------------------------

    async def work(self) -> None:
        """Somebody takes goods in, counts them, or sends them to another place and back."""
        what = self.rng.choice((self.receive, self.receive, self.count, self.send, self.arrive))
        if await what(self.rng.choice(KNOWN)):
            self.done[what.__name__] += 1
        self.model.serve()

    async def receive(self, sku: str) -> bool:
        quantity = self.quantity()
        answer = await self.room.receive([(sku, quantity)])
        self.model.move(sku, "MAIN", Decimal(quantity))
        return isinstance(answer, Answer)

    async def count(self, sku: str) -> bool:
        """More is found, or less; what is promised is not simply gone."""
        why, there = cause(), self.model.main(sku)
        found = max(NOTHING, there + Decimal(self.rng.choice(["-3", "-1", "-0.5", "2", "0.25"])))
        found = min(found, 2 * there)  # else another person decides
        number = document_id("count", why)
        command = CountStock(why, number, str(number), "MAIN", DAY, "cycle", [(sku, to_micro(f"{found:f}"))])
        result = await self.room.ask(handlers.count_stock, command)
        assert isinstance(result, Answer) is (there - found <= max(NOTHING, self.model.free(sku))), result
        if isinstance(result, Answer):
            assert result.body["lines"][0]["expected"] == from_micro(to_micro(f"{there:f}"))  # type: ignore[index]
            self.model.move(sku, "MAIN", found - there)
            self.model.told["adjusted"] += found != there
        return isinstance(result, Answer)

    async def send(self, sku: str) -> bool:
        """What is promised stays where it is."""
        source, target = ("MAIN", ELSEWHERE) if self.rng.random() < 0.6 else (ELSEWHERE, "MAIN")
        quantity, why = Decimal(self.rng.choice(["1", "2.5", "4"])), cause()
        transfer, lines = document_id("transfer", why), [(sku, to_micro(f"{quantity:f}"))]
        free = self.model.free(sku) if source == "MAIN" else Decimal(self.model.on_hand[sku, ELSEWHERE])
        result = await self.room.ask(
            handlers.send_goods, SendGoods(why, transfer, str(transfer), source, target, DAY, lines)
        )
        assert is_short(result) is (quantity > free), result
        if quantity > free:
            return False
        self.model.move(sku, source, -quantity)
        self.model.move(sku, TRANSIT, quantity)
        self.on_the_way.append((transfer, sku, target, quantity))
        return True

    async def arrive(self, _: str) -> bool:
        if not self.on_the_way:
            return False
        transfer, sku, target, quantity = self.on_the_way.pop(self.rng.randrange(len(self.on_the_way)))
        arrival = ArriveGoods(cause(), transfer, DAY, [(sku, to_micro(f"{quantity:f}"))])
        assert isinstance(await self.room.ask(handlers.arrive_goods, arrival), Answer)
        self.model.move(sku, TRANSIT, -quantity)
        self.model.move(sku, target, quantity)
        return True


@pytest.mark.parametrize("seed", range(4))
async def test_a_random_history_ends_as_the_model_says(room: StockRoom, seed: int) -> None:
    """I1, I2, I3: on hand is the sum of the moves, nothing is promised twice, and who waits gets what comes in turn."""
    rng = random.Random(seed)
    await room.stocked(dict.fromkeys(KNOWN, "0"))  # TEA is no item
    await room.places(ELSEWHERE)
    await room.ask(handlers.set_tolerances, SetTolerance(cause(), 1_000_000))
    story = Story(room, rng, model := Model())
    done: list[Event] = []
    while len(done) < STEPS:
        for _ in range(rng.randrange(8)):
            await story.work()
            await check(room, model)
        batch = list(story.batch())
        done += batch
        await room.hear(*batch)
        await room.hear(rng.choice(done))  # again
        await check(room, model)
    told = Counter(told_as(t.type, t.data) for t in await room.told() if t.type not in {"ItemDefined", "StockReceived"})
    assert told == +model.told
    assert told["late"]
    assert told["back-ordered"]
    assert len(story.done) == 4, "everything happened"
    assert {n for n, s in (await room.states()).items() if s == "reserved"} == {order_id(n) for n in model.orders}
    assert await room.held() == []


async def check(room: StockRoom, model: Model) -> None:
    """Never oversold, reserved is the sum of what is held, and all of it as the model has it."""
    assert await room.differences() == []
    rows = await room.rows("select sku, warehouse, on_hand, reserved from stock_level")
    for sku, warehouse, on_hand, reserved in rows:
        assert 0 <= reserved <= on_hand
        assert Decimal(from_micro(on_hand)) == model.on_hand[sku, warehouse]
        if warehouse == "MAIN":
            assert Decimal(from_micro(on_hand - reserved)) == model.free(sku)
    assert {(sku, place) for sku, place, *_ in rows} >= {of for of, quantity in model.on_hand.items() if quantity}


def is_short(result: Result) -> bool:
    return isinstance(result, Refused) and result.code.startswith("insufficient-stock")


def told_as(kind: str, data: dict[str, Any]) -> str:
    names = {
        "StockReserved": "reserved",
        "BackOrderReserved": "late",
        "OrderBackOrdered": "back-ordered",
        "StockAdjusted": "adjusted",
    }
    if kind == "ReservationRefused":
        return str(data["code"])
    if kind == "ReservationReleased":
        return "invoice-refused" if data["reason"] == "invoice-refused" else "order-cancelled-release"
    return names.get(kind, kind)
