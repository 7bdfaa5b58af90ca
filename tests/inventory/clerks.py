"""Clerks at work: several meet over one item, and write into its notebook what they did and what they were answered."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from chassis.ids import UUID
from chassis.requests import Answer, Result
from contracts.money import to_micro
from services.inventory import handlers
from services.inventory.commands import (
    AllowNegative,
    ArriveGoods,
    CloseTransfer,
    CountStock,
    Dispatch,
    DispatchShipments,
    Pack,
    PackShipments,
    Pick,
    PickOrders,
    SendGoods,
    SetTolerance,
)
from services.inventory.translate.movements import document_id
from services.inventory.translate.shipping import shipment_id
from tests.inventory.oracle import Entry, cents, there_on
from tests.inventory.room import StockRoom, cause, order_id, placed
from tests.support.department import Event

TODAY = date(2026, 11, 28)
ELSEWHERE = "PIRAEUS"
TRANSIT = "TRANSIT"
AT_WORK = 20
"""At the same time: fewer than there are connections, so that on a machine that is ten times busier than it should be
none of them waits too long for one."""
TOGETHER = 3
"""Clerks who meet over one item."""
MILLION = 1_000_000
LACKS = ("insufficient-stock", "order-not-reserved", "nothing-to-pick", "not-enough-reserved")


@dataclass
class Item:
    """One item and its notebook: every clerk writes into it, and looks there for what should be on the shelf."""

    sku: str
    below_zero: bool
    """Whether more may leave MAIN than is there."""
    entries: list[Entry] = field(default_factory=list)
    on_the_way: list[tuple[UUID, date, str, Decimal]] = field(default_factory=list)
    orders: list[Event] = field(default_factory=list)


async def histories(room: StockRoom, skus: list[str], seed: int, steps: int) -> dict[str, Item]:
    """Let clerks work on all items at once, each with its colleagues; the notebooks."""
    await room.ask(handlers.set_tolerances, SetTolerance(cause(), MILLION))
    await room.places(ELSEWHERE)
    turn, corridor = asyncio.Semaphore(AT_WORK), asyncio.Lock()
    items = {sku: Item(sku, number % 3 == 2) for number, sku in enumerate(skus)}

    async def work(item: Item, name: int) -> None:
        clerk = Clerk(room, corridor, item, name, random.Random(f"{seed}{item.sku}{name}"))
        for _ in range(steps // TOGETHER):
            async with turn:
                await clerk.step()

    for item in items.values():
        if item.below_zero:
            allow = AllowNegative(cause(), "MAIN", item.sku, allowed=True)
            assert isinstance(await room.ask(handlers.allow_negative, allow), Answer)
        await Clerk(room, corridor, item, 0, random.Random(seed)).came("MAIN", "40", "3.333333", TODAY - timedelta(30))
    await asyncio.gather(*(work(item, name) for item in items.values() for name in range(TOGETHER)))
    return items


@dataclass
class Clerk:
    """Goods come in at odd prices, go from place to place, leave, and are found missing, on days in any order."""

    room: StockRoom
    corridor: asyncio.Lock
    """Orders come one after the other; all else comes when it comes."""
    item: Item
    name: int
    rng: random.Random
    orders: int = 0

    async def step(self) -> None:
        """One of the things that he does."""
        day = TODAY - timedelta(days=self.rng.randint(0, 30))
        steps = (self.come, self.count, self.send, self.arrive, self.ship)
        await self.rng.choices(steps, (7, 5, 5, 5, 6))[0](day)

    def place(self) -> str:
        return self.rng.choice(("MAIN", "MAIN", ELSEWHERE))

    def there(self, place: str, day: date) -> Decimal:
        """As the notebook says just now; somebody else may be about to take it."""
        return max(Decimal(0), there_on(self.item.entries, place, day))

    async def come(self, day: date) -> None:
        quantity, price = self.rng.choice(["1", "2.5", "7", "0.333333", "12"]), f"{self.rng.randint(1, 900) / 100:.2f}"
        await self.came(self.place(), quantity, price, day)

    async def came(self, place: str, quantity: str, price: str, day: date) -> None:
        command = self.room.receipt([(self.item.sku, quantity)], cost=price, received_on=day, warehouse=place)
        answer = self.well(await self.room.ask(handlers.receive_goods, command))
        worth = cents(Decimal(quantity) * Decimal(price) * 100)
        self.note(Entry(answer["receipt"], "came", day, place, Decimal(quantity), worth))

    async def count(self, day: date) -> None:
        """More or less is found than should be there; what should be is in the answer."""
        place, why = self.place(), cause()
        found = to_micro(_text(self.there(place, day) * Decimal(self.rng.randint(60, 115)) / 100))
        number = document_id("count", why)
        command = CountStock(why, number, str(number), place, day, "cycle", [(self.item.sku, found)])
        result = await self.room.ask(handlers.count_stock, command)
        if self.done(result):
            answer = self.well(result)
            if answer["state"] != "adjusted":
                return  # too far off: nobody decides it
            ((line),) = answer["lines"]
            expected, counted = Decimal(line["expected"]), Decimal(line["counted"])
            if counted != expected:
                self.note(Entry(answer["count"], "counted", day, place, counted - expected, expected=expected))

    async def send(self, day: date) -> None:
        source = self.place()
        target = ELSEWHERE if source == "MAIN" else "MAIN"
        quantity = _whole(self.there(source, day) * Decimal(self.rng.randint(10, 70)) / 100)
        if not quantity:
            return
        why, lines = cause(), [(self.item.sku, to_micro(_text(quantity)))]
        transfer = document_id("transfer", why)
        command = SendGoods(why, transfer, str(transfer), source, target, day, lines)
        if self.done(await self.room.ask(handlers.send_goods, command)):
            self.note(Entry(str(transfer), "sent", day, source, quantity, target=TRANSIT))
            self.item.on_the_way.append((transfer, day, target, quantity))

    async def arrive(self, _: date) -> None:
        """All of it, or a part; the rest is given up, or comes another day."""
        if not self.item.on_the_way:
            return
        transfer, sent_on, target, quantity = self.item.on_the_way.pop(self.rng.randrange(len(self.item.on_the_way)))
        day = sent_on + timedelta(days=self.rng.randint(0, (TODAY - sent_on).days))
        part = quantity if self.rng.random() < 0.5 else max(Decimal("0.000001"), _whole(quantity / 3))
        why, lines = cause(), [(self.item.sku, to_micro(_text(part)))]
        answer = self.well(await self.room.ask(handlers.arrive_goods, ArriveGoods(why, transfer, day, lines)))
        self.note(Entry(str(document_id("arrival", why)), "arrived", day, TRANSIT, part, target=target))
        assert Decimal(answer["lines"][0]["on_the_way"]) == quantity - part
        if part < quantity and self.rng.random() < 0.5:
            why = cause()
            lost = self.well(await self.room.ask(handlers.close_transfers, CloseTransfer(why, transfer)))
            assert Decimal(lost["lines"][0]["on_the_way"]) == 0
            self.note(Entry(str(document_id("loss", why)), "lost", date.max, TRANSIT, quantity - part))
        elif part < quantity:
            self.item.on_the_way.append((transfer, sent_on, target, quantity - part))

    async def ship(self, day: date) -> None:
        """An order is set aside, picked, packed and leaves: on that day, or today if it was not there then."""
        self.orders += 1
        name, most = f"{self.item.sku}-{self.name}-{self.orders}", self.there("MAIN", TODAY)
        share = self.rng.randint(5, 140 if self.item.below_zero else 60)
        quantity = max(Decimal(1), _whole(most * share / 100))
        async with self.corridor:
            self.item.orders.append(placed(name, [(self.item.sku, _text(quantity))]))
            await self.room.hear(self.item.orders[-1])
        why, order = cause(), UUID(order_id(name))
        shipment = shipment_id(why, order)
        if not self.done(await self.room.ask(handlers.pick_orders, PickOrders(why, [Pick(order, shipment, None)]))):
            return  # refused: there was not so much
        self.well(await self.room.ask(handlers.pack_shipments, PackShipments(cause(), [Pack(shipment, 1)])))
        for on in (day, None):
            leave = DispatchShipments(cause(), on, [Dispatch(shipment, "ELTA", None)])
            result = await self.room.ask(handlers.dispatch_shipments, leave)
            if self.done(result):
                self.note(Entry(str(shipment), "left", on or date.max, "MAIN", quantity))
                return

    def note(self, entry: Entry) -> None:
        self.item.entries.append(entry)

    def done(self, result: Result) -> bool:
        """Done, or refused because it is not there, or not any more on a later day."""
        assert isinstance(result, Answer) or result.code.startswith(LACKS), result
        return isinstance(result, Answer)

    def well(self, result: Result) -> Mapping[str, Any]:
        assert isinstance(result, Answer), result
        return result.body


def _whole(quantity: Decimal) -> Decimal:
    return quantity.quantize(Decimal("0.000001"))


def _text(quantity: Decimal) -> str:
    return f"{_whole(quantity):f}"
