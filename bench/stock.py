"""`make bench-stock`: what stock is worth after a million moves, and a receipt that comes late before 20,000 others.

python -m bench.stock [--moves N] [--later N] [--items N]     writes .run/bench-stock.json

Goods are taken in through inventory's own handlers, a receipt of 500 lines in a commit, over a year of days; that is
set-up. Measured is what a clerk waits for: the valuation of a day in the middle and at the end, asked twenty times, and
one receipt from its command to its commit, of an item by moving average and of one by layers; half of the moves that
are later than it took goods out of the house. Figures of a machine that
does other work at the time are no figures: the load is printed beside them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any

import orjson

from bench.__main__ import machine
from bench.orders import order as order_placed
from chassis import companies
from chassis.cause import Cause
from chassis.database import Database
from chassis.ids import derive
from chassis.requests import Answer, Result
from deploy.local.paths import STATE
from deploy.local.stack import LocalStack
from services.inventory import handlers
from services.inventory.commands import (
    DefineItems,
    Dispatch,
    DispatchShipments,
    Pack,
    PackShipments,
    Pick,
    PickOrders,
    ReceiveGoods,
    ReserveStock,
)
from services.inventory.domain.book import OrderedLine
from services.inventory.domain.items import ItemTerms
from services.inventory.domain.quantities import MICRO
from services.inventory.domain.receiving import StatedLine
from services.inventory.queries import valuation
from services.inventory.settings import InventorySettings
from services.inventory.store.valuing import learn_terms

COMPANY = "bench"
FIRST, NOON = date(2025, 1, 1), datetime(2026, 6, 1, 12, tzinfo=UTC)
DAYS = 365
LINES, RECEIPTS = 500, 1
ASKED = 20
METHODS = ("moving-average", "fifo")
LATE = {method: f"LATE-{method.upper()}" for method in METHODS}
VALUATION_GOAL_S, LATE_GOAL_S = 0.2, 2.0
LATER = """
select case when quantity > 0 then 'in' else 'out' end, count(*) from stock_move
where company = $1 and sku = $2 and effective_on > $3 group by 1
"""


def say(line: str) -> None:
    """Progress, at once."""
    print(line, file=sys.stderr, flush=True)


def _cause(*names: object) -> Cause:
    identity = derive("bench", *names)
    return Cause(identity, COMPANY, str(identity), "bench", None, None, NOON)


def _receipt(number: int, on: date, lines: Sequence[StatedLine]) -> ReceiveGoods:
    cause = _cause("receipt", number, on)
    return ReceiveGoods(cause, derive("receipt", cause.id), f"R-{number}", "MAIN", on, lines)


def _must_be_done(results: Sequence[Result]) -> None:
    """What was refused would be measured as if it were done. Raises SystemExit."""
    for result in results:
        if not isinstance(result, Answer):
            raise SystemExit(f"refused: {result}")


class Warehouse:
    """Inventory's database, and what is put into it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.receipts = self.orders = 0

    async def set_up(self, items: int) -> None:
        """A company with so many valued items, half of them by layers, and two that goods come late of."""
        terms = [ItemTerms(f"ITEM-{n}", f"Item {n}", "pcs", METHODS[n % 2]) for n in range(items)]
        terms += [ItemTerms(sku, sku, "pcs", method) for method, sku in LATE.items()]
        async with self.database.unit([COMPANY]) as unit:
            unit.now = NOON
            await companies.learn(unit.raw, [COMPANY])
            await learn_terms(unit.raw, [(COMPANY, "EUR", "Europe/Athens")])
        for at in range(0, len(terms), LINES):
            async with self.database.unit([COMPANY]) as unit:
                unit.now = NOON
                await handlers.define_items([DefineItems(_cause("items", at), terms[at : at + LINES])], unit)

    async def take_in(self, on: date, lines: Sequence[StatedLine]) -> float:
        """Receipts of up to 500 lines each in one commit; how many seconds that took."""
        receipts = []
        for at in range(0, len(lines), LINES):
            self.receipts += 1
            receipts.append(_receipt(self.receipts, on, lines[at : at + LINES]))
        began = time.perf_counter()
        async with self.database.unit([COMPANY]) as unit:
            unit.now = NOON
            results = await handlers.receive_goods(receipts, unit)
        took = time.perf_counter() - began
        _must_be_done(results)
        return took

    async def send_off(self, on: date, sku: str, lines: int) -> None:
        """One order of so many lines of one item is reserved, picked, packed, and leaves: as many moves."""
        self.orders += 1
        cause = _cause("order", self.orders)
        order, shipment = derive("order", cause.id), derive("shipment", cause.id)
        async with self.database.unit([COMPANY]) as unit:
            unit.now = NOON
            wanted = [OrderedLine(n, sku, MICRO) for n in range(1, lines + 1)]
            paper = order_placed(f"O-{self.orders}", random.Random(self.orders))
            paper["lines"] = [{"line": line.line, "description": sku} for line in wanted]
            await handlers.settle_orders([ReserveStock(cause, order, wanted, orjson.dumps(paper))], unit)
            _must_be_done(await handlers.pick_orders([PickOrders(cause, [Pick(order, shipment, None)])], unit))
            _must_be_done(await handlers.pack_shipments([PackShipments(cause, [Pack(shipment, 1)])], unit))
            leaves = DispatchShipments(cause, on, [Dispatch(shipment, None, None)])
            _must_be_done(await handlers.dispatch_shipments([leaves], unit))

    async def fill(self, moves: int, items: int) -> float:
        """So many moves, spread over the items and a year of days."""
        began, together = time.perf_counter(), LINES * RECEIPTS
        for start in range(0, moves, together):
            on = FIRST + timedelta(days=start * DAYS // moves)
            numbers = range(start, min(start + together, moves))
            lines = [StatedLine(f"ITEM-{n % items}", MICRO, None, (100 + n % 97) * MICRO // 100) for n in numbers]
            await self.take_in(on, lines)
            if not start // together % 10:
                say(f"{start + len(numbers):,} moves after {time.perf_counter() - began:.0f} s")
        return time.perf_counter() - began

    async def late_receipt(self, sku: str, later: int) -> float:
        """One receipt before so many moves of its item: a day of goods in and a day of goods out, in turns."""
        await self.take_in(FIRST, [StatedLine(sku, MICRO, None, MICRO)] * 2)
        for number, start in enumerate(range(0, later, 2 * LINES)):
            count = min(LINES, (later - start) // 2)
            on = FIRST + timedelta(days=30 + 2 * number)
            await self.take_in(on, [StatedLine(sku, MICRO, None, (100 + number % 7) * MICRO // 100)] * count)
            await self.send_off(on + timedelta(days=1), sku, count)
        async with self.database.read([COMPANY]) as unit:
            found = await unit.raw.fetch(LATER, COMPANY, sku, FIRST + timedelta(days=10))
            moves = {row[0]: row[1] for row in found}
        if moves != {"in": later // 2, "out": later // 2}:
            raise SystemExit(f"{sku} has other later moves than were to be measured: {moves}")
        return await self.take_in(FIRST + timedelta(days=10), [StatedLine(sku, 5 * MICRO, None, 9 * MICRO)])

    async def valuations(self, on: date) -> list[float]:
        """How long it takes to say what stock is worth at the end of a day, some times."""
        took = []
        for _ in range(ASKED):
            began = time.perf_counter()
            async with self.database.read([COMPANY]) as unit:
                await valuation.valuation(unit.raw, COMPANY, on, None, 500)
            took.append(time.perf_counter() - began)
        return took


async def measure(moves: int, later: int, items: int) -> dict[str, Any]:
    """Fill a warehouse and ask."""
    stack = LocalStack(STATE / "bench-stock", services=("inventory",), fresh=True, progress=say)
    await stack.start(start_services=False)
    try:
        urls = stack.urls["inventory"]
        settings = InventorySettings(
            database_url=urls.database_url, relay_url=urls.relay_url, statement_timeout_ms=60_000,
        )  # fmt: skip
        house = Warehouse(Database(settings))
        await house.set_up(items)
        filled = await house.fill(moves, items)
        middle, end = FIRST + timedelta(days=DAYS // 2), FIRST + timedelta(days=DAYS)
        asked = {"middle": await house.valuations(middle), "end": await house.valuations(end)}
        late = {method: await house.late_receipt(sku, later) for method, sku in LATE.items()}
        await house.database.close()
    finally:
        await stack.stop()
    return {
        "machine": machine(), "load": os.getloadavg(), "moves": moves, "items": items, "filled_s": filled,
        "valuation_s": asked, "later": later, "late_receipt_s": late,
    }  # fmt: skip


def print_table(figures: dict[str, Any]) -> None:
    """What was measured, beside its goal."""
    print(f"{figures['machine']}, load {figures['load']}")
    print(f"{figures['moves']:,} moves of {figures['items']:,} items taken in: {figures['filled_s']:.0f} s")
    for when, took in figures["valuation_s"].items():
        said = f"median {median(took):.3f} s, at most {max(took):.3f} s (goal {VALUATION_GOAL_S} s)"
        print(f"valuation, {when} of the year: {said}")
    for method, seconds in figures["late_receipt_s"].items():
        before = f"before {figures['later']:,} moves, half of them out"
        print(f"late receipt, {method}, {before}: {seconds:.2f} s (goal {LATE_GOAL_S:.0f} s)")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.stock", description=__doc__)
    parser.add_argument("--moves", type=int, default=1_000_000)
    parser.add_argument("--later", type=int, default=20_000)
    parser.add_argument("--items", type=int, default=1_000)
    told = parser.parse_args()
    figures = asyncio.run(measure(told.moves, told.later, told.items))
    (STATE / "bench-stock.json").write_text(json.dumps(figures, indent=2, default=str))
    print_table(figures)


if __name__ == "__main__":
    main()
