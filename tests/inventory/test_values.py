"""What goods cost: by moving average and by FIFO, in time and late, against a clerk with a notebook."""

from __future__ import annotations

import asyncio
import os
import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from time import perf_counter
from typing import Any

import orjson
import pytest

from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.inventory import handlers
from services.inventory.commands import ArriveGoods, CloseTransfer, CountStock, DefineItems, SendGoods, SetTolerance
from services.inventory.domain.items import ItemTerms
from services.inventory.main import build
from services.inventory.translate.movements import document_id
from tests.inventory.oracle import Moved, work_through
from tests.inventory.room import StockRoom, cause, placed
from tests.inventory.test_shipping import dispatch, packed

TODAY = date(2026, 11, 28)
HISTORIES = int(os.environ.get("STOCK_HISTORIES", "50"))
"""`make stock-histories` runs a thousand."""
STEPS = 14
ELSEWHERE = "PIRAEUS"
THERE = """
select coalesce(sum(quantity), 0)::bigint from stock_move where sku = $1 and warehouse = $2 and effective_on <= $3
"""
CLERKS = 20
"""At work at the same time: fewer than there are connections, so that on a machine that is ten times busier than it
should be none of them waits too long for one."""


async def ship(room: StockRoom, name: str, sku: str, quantity: str, on: date) -> Any:
    await room.hear(placed(name, [(sku, quantity)]))
    return await dispatch(room, *await packed(room, name), on=on)


async def book_value(room: StockRoom, sku: str) -> int:
    ((value,),) = await room.rows("select value from item_cost where sku = $1", sku)
    return int(value)


async def worth(room: StockRoom, kind: str) -> list[tuple[str, str]]:
    return [(t.data["kind"], t.data["value"]) for t in await room.told(kind)]


async def test_an_issue_costs_the_moving_average_and_what_is_left_adds_up(room: StockRoom) -> None:
    """I13: 10 at 1.00 and 20 at 1.60 are 1.40 each; the cost of each issue is an event."""
    await room.values(BEANS="moving-average")
    await room.receive([("BEANS", "10")], cost="1.00", received_on=date(2026, 11, 1))
    await room.receive([("BEANS", "20")], cost="1.60", received_on=date(2026, 11, 2))
    await ship(room, "A", "BEANS", "7", date(2026, 11, 3))
    await ship(room, "B", "BEANS", "23", date(2026, 11, 4))
    costs = [t.data["cost"] for t in await room.told("StockIssued")]
    assert costs == ["9.80", "32.20"]
    assert await worth(room, "StockValued") == [("receipt", "10.00"), ("receipt", "32.00")]
    assert await book_value(room, "BEANS") == 0, "the sum of the costs is what was paid"


async def test_goods_cannot_be_valued_where_nobody_knows_the_currency(room: StockRoom) -> None:
    """A company that was registered before its currency was kept here: refused by name, not by a mistake of ours."""
    item = ItemTerms("BEANS", "Beans", "pcs", "fifo")
    await room.rows("delete from stock_company")

    answer = await room.ask(handlers.define_items, DefineItems(cause("acme"), [item]))

    assert isinstance(answer, Refused)
    assert (answer.code, answer.status, answer.pointer) == ("currency-unknown", 409, "/items/0/valuation")
    assert await room.rows("select sku from item_cost") == []


async def test_an_issue_takes_the_oldest_layers_first(room: StockRoom) -> None:
    """I14: layers by price, taken from the oldest; the audit of layers shows what is left."""
    await room.values(BEANS="fifo")
    await room.receive([("BEANS", "10")], cost="1.00", received_on=date(2026, 11, 1))
    await room.receive([("BEANS", "20")], cost="1.60", received_on=date(2026, 11, 2))
    await ship(room, "A", "BEANS", "12", date(2026, 11, 3))
    assert [t.data["cost"] for t in await room.told("StockIssued")] == ["13.20"]
    async with room.client(build) as client:
        shown = (await client.get("/v1/companies/acme/valuation/layers/BEANS")).json()
        valued = (await client.get("/v1/companies/acme/valuation", params={"on": "2026-11-02"})).json()
        listed = (
            await client.get(
                "/v1/companies/acme/valuation/documents", params={"from": "2026-11-01", "to": "2026-11-30"}
            )
        ).json()
        pages: list[Any] = []
        after: dict[str, str] = {}
        while True:
            params = {"from": "2026-11-01", "to": "2026-11-30", "limit": "1", **after}
            page = (await client.get("/v1/companies/acme/valuation/documents", params=params)).json()
            pages += page["documents"]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        wrong = {"from": "2026-11-01", "to": "2026-11-30", "after": f"2026-13-01.{'0' * 36}"}
        assert (await client.get("/v1/companies/acme/valuation/documents", params=wrong)).status_code == 422
    assert pages == listed["documents"]
    assert shown["explained"]
    (there,) = shown["places"]
    assert (there["warehouse"], there["layers"]) == ("MAIN", [{"quantity": "18", "value": "28.80"}])
    assert (valued["total"], valued["items"]) == ("42.00", [{"sku": "BEANS", "quantity": "30", "value": "42.00"}])
    assert [(one["kind"], one["value"]) for one in listed["documents"]] == [
        ("receipt", "10.00"), ("receipt", "32.00"), ("issue", "-13.20"),
    ]  # fmt: skip


async def test_a_late_receipt_makes_one_difference_today_and_rewrites_nothing(room: StockRoom) -> None:
    """I15: history stays as it was told; the difference is one event, on the day on which it is found out."""
    await room.values(BEANS="moving-average")
    await room.receive([("BEANS", "10")], cost="1.00", received_on=date(2026, 11, 1))
    await ship(room, "A", "BEANS", "4", date(2026, 11, 10))
    await ship(room, "B", "BEANS", "2", date(2026, 11, 11))
    before = await room.rows("select move, value from stock_move order by move")
    await room.receive([("BEANS", "10")], cost="2.00", received_on=date(2026, 11, 5), reference="LATE")
    assert (await room.rows("select move, value from stock_move order by move"))[: len(before)] == before
    *_, receipt, late = await room.told("StockValued")
    assert (receipt.data["kind"], receipt.data["value"], receipt.data["posted_on"]) == (
        "receipt",
        "20.00",
        "2026-11-05",
    )
    # Six issued at 1.50 instead of 1.00: 3.00 more, so much less is left.
    assert (late.data["kind"], late.data["value"], late.data["about"]) == ("revaluation", "-3.00", receipt.key)
    assert late.data["posted_on"] > "2026-11-11"
    assert await book_value(room, "BEANS") == 2100


async def test_the_sum_of_all_days_is_what_the_items_are_worth(room: StockRoom) -> None:
    """I24: sums per day, moves with their revaluations, and the items' own rows say the same."""
    await room.values(BEANS="fifo", MUG="moving-average")
    await histories(room, ["BEANS", "MUG"], seed=1, steps=10)
    rows = await room.rows("""
        select c.sku, c.value, (select sum(value) from value_day d where d.sku = c.sku),
            (select sum(value) from stock_move m where m.sku = c.sku)
                + coalesce((select sum(value) from revaluation r where r.sku = c.sku), 0) from item_cost c""")
    assert all(value == days == moves for _, value, days, moves in rows)


async def test_random_histories_end_as_the_notebook_says(room: StockRoom) -> None:
    """I13, I14, I15: fifty items, many clerks at once, goods in, out and between places on any day; all to the cent."""
    methods = {f"I{n:02}": ("fifo", "moving-average")[n % 2] for n in range(HISTORIES)}
    await check_histories(room, methods, seed=7)


async def check_histories(room: StockRoom, methods: dict[str, str], seed: int) -> None:
    """Run a history for each item, all at once, and compare every end with the notebook."""
    await room.values(**methods)
    await histories(room, list(methods), seed, STEPS)
    assert await room.differences() == []
    moves: dict[str, list[Moved]] = {sku: [] for sku in methods}
    for sku, *move in await room.rows(
        "select sku, kind, warehouse, quantity, value from stock_move order by effective_on, move"
    ):
        if sku in moves:
            moves[sku].append(Moved(*move))
    ends = {sku: tuple(end) for sku, *end in await room.rows("select sku, quantity, value, state from item_cost")}
    moved = 0
    for sku, method in methods.items():
        notebook = work_through(method, moves[sku])
        quantity, value, state = ends[sku]
        assert (quantity, value) == (notebook.quantity, notebook.value), (seed, sku, method)
        if method == "fifo":
            places = {at: [tuple(lot) for lot in told["layers"]] for at, told in orjson.loads(state)["places"].items()}
            assert places == {at: page for at, page in notebook.pages.items() if page}, (seed, sku)
            moved += sum(move.kind == "transfer-in" and move.place == ELSEWHERE for move in moves[sku])
    assert moved > len(methods) / 4, "hardly anything changed its place: the comparison says little"


async def histories(room: StockRoom, skus: list[str], seed: int, steps: int) -> None:
    await room.ask(handlers.set_tolerances, SetTolerance(cause(), 1_000_000))
    await room.places(ELSEWHERE)
    clerks = asyncio.Semaphore(CLERKS)

    async def one(sku: str) -> None:
        async with clerks:
            await History(room, sku, random.Random(f"{seed}{sku}")).run(steps)

    await asyncio.gather(*map(one, skus))


@dataclass
class History:
    """Goods come in at odd prices, go from place to place, and are found missing, on days in any order."""

    room: StockRoom
    sku: str
    rng: random.Random
    on_the_way: list[tuple[UUID, date, int]] = field(default_factory=list)

    async def run(self, steps: int) -> None:
        await self.room.receive([(self.sku, "40")], cost="3.333333", received_on=TODAY - timedelta(days=30))
        for _ in range(steps):
            day = TODAY - timedelta(days=self.rng.randint(0, 30))
            await self.rng.choices((self.come, self.miss, self.send, self.arrive), (8, 7, 5, 5))[0](day)

    def place(self) -> str:
        return self.rng.choice(("MAIN", "MAIN", ELSEWHERE))

    async def come(self, day: date) -> None:
        quantity, price = self.rng.choice(["1", "2.5", "7", "0.333333", "12"]), f"{self.rng.randint(1, 900) / 100:.2f}"
        taken = await self.room.receive([(self.sku, quantity)], cost=price, received_on=day, warehouse=self.place())
        assert isinstance(taken, Answer)

    async def there(self, place: str, day: date) -> int:
        ((there,),) = await self.room.rows(THERE, self.sku, place, day)
        return int(there)

    async def miss(self, day: date) -> None:
        place = self.place()
        found = int(await self.there(place, day) * self.rng.uniform(0.6, 1.0))
        why = cause()
        number = document_id("count", why)
        command = CountStock(why, number, str(number), place, day, "cycle", [(self.sku, found)])
        self.expect(await self.room.ask(handlers.count_stock, command))

    async def send(self, day: date) -> None:
        source = self.place()
        target = ELSEWHERE if source == "MAIN" else "MAIN"
        quantity = int(await self.there(source, day) * self.rng.uniform(0.1, 0.7))
        if not quantity:
            return
        why = cause()
        transfer = document_id("transfer", why)
        command = SendGoods(why, transfer, str(transfer), source, target, day, [(self.sku, quantity)])
        if self.expect(await self.room.ask(handlers.send_goods, command)):
            self.on_the_way.append((transfer, day, quantity))

    async def arrive(self, _: date) -> None:
        if not self.on_the_way:
            return
        transfer, sent_on, quantity = self.on_the_way.pop(self.rng.randrange(len(self.on_the_way)))
        day = sent_on + timedelta(days=self.rng.randint(0, (TODAY - sent_on).days))
        part = quantity if self.rng.random() < 0.5 else max(1, quantity // 3)
        arrival = ArriveGoods(cause(), transfer, day, [(self.sku, part)])
        assert isinstance(await self.room.ask(handlers.arrive_goods, arrival), Answer)
        if part < quantity and self.rng.random() < 0.5:
            closed = await self.room.ask(handlers.close_transfers, CloseTransfer(cause(), transfer))
            assert isinstance(closed, Answer)
        elif part < quantity:
            self.on_the_way.append((transfer, sent_on, quantity - part))

    def expect(self, result: Result) -> bool:
        """Done, or refused because it is not there any more on a later day."""
        assert isinstance(result, Answer) or result.code.startswith("insufficient-stock"), result
        return isinstance(result, Answer)


async def test_a_late_receipt_before_many_later_moves_is_quick(room: StockRoom) -> None:
    """I15: its cost follows the moves after it, and they are read and worked through once."""
    await room.values(BEANS="moving-average")
    await room.receive([("BEANS", "100000")], cost="1.00", received_on=date(2026, 1, 1))
    for n in range(4):
        lines = [("BEANS", "1")] * 500
        await room.receive(lines, cost=f"1.{n}1", received_on=date(2026, 2, 1 + n))
    began = perf_counter()
    assert isinstance(await room.receive([("BEANS", "10")], cost="9", received_on=date(2026, 1, 15)), Answer)
    assert perf_counter() - began < 5, "two thousand later moves"


@pytest.mark.parametrize(("line", "code"), [(("MUG", "1"), "item-not-valued")])
async def test_a_price_of_an_item_that_nobody_values_is_refused(
    room: StockRoom, line: tuple[str, str], code: str
) -> None:
    """I13: a cost that would be forgotten is not taken."""
    await room.stocked({"MUG": "1"})
    result = await room.receive([line], cost="1")
    assert isinstance(result, Refused)
    assert (result.code, result.pointer) == (code, "/lines/0/unit_cost")
