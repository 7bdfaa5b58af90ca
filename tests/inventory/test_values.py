"""What goods cost: by moving average and by FIFO, in time and late, against a clerk with a notebook."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from time import perf_counter
from typing import Any

import orjson
import pytest

from chassis.errors import Refused
from chassis.requests import Answer
from services.inventory import handlers
from services.inventory.commands import DefineItems
from services.inventory.domain.items import ItemTerms
from services.inventory.main import build
from tests.inventory.clerks import ELSEWHERE, histories
from tests.inventory.oracle import by_hand, there_on
from tests.inventory.room import StockRoom, cause, placed
from tests.inventory.test_shipping import dispatch, packed

HISTORIES = int(os.environ.get("STOCK_HISTORIES", "50"))
"""`make stock-histories` runs a thousand."""
STEPS = 18


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
    """I13, I14, I15: fifty items, three clerks over each and many at once: goods in, out and between places on any day,
    orders that leave, below zero where that may be; each issue costs what the notebook says, all to the cent."""
    methods = {f"I{n:04}": ("fifo", "moving-average")[n % 2] for n in range(HISTORIES)}
    await check_histories(room, methods, seed=7)


async def check_histories(room: StockRoom, methods: dict[str, str], seed: int) -> None:
    """Run a history for each item, all at once, and compare all that was told with the notebooks."""
    await room.values(**methods)
    items = await histories(room, list(methods), seed, STEPS)
    assert await room.differences() == []
    taken: dict[str, list[str]] = {sku: [] for sku in methods}
    # In which order the documents of one item were taken is all that is asked of the moves.
    for sku, document in await room.rows(
        "select sku, document::text from stock_move group by sku, document order by min(move)"
    ):
        taken[sku].append(document)
    told = await amounts(room)
    ends = {sku: tuple(end) for sku, *end in await room.rows("select sku, quantity, value, state from item_cost")}
    for sku, method in methods.items():
        entries = {entry.document: entry for entry in items[sku].entries}
        assert sorted(entries) == sorted(taken[sku]), "what was done is what is on record"
        in_order = [entries[document] for document in taken[sku]]
        notebook, worth = by_hand(method, in_order)
        for number, (entry, value) in enumerate(worth):
            where = (seed, sku, method, entry)
            if entry.kind not in {"sent", "arrived"}:
                assert told[entry.document] == value, where
            if entry.expected is not None:
                assert there_on(in_order[:number], entry.place, entry.day) == entry.expected, where
        quantity, value, state = ends[sku]
        assert (Decimal(quantity) / 1_000_000, value) == (notebook.quantity, notebook.value), (seed, sku, method)
        if method == "fifo":
            assert layers(state) == {at: page for at, page in notebook.pages.items() if page}, (seed, sku)
    assert sum(told.values()) == sum(end[1] for end in ends.values()), "with the differences of what came late"
    every = [entry for item in items.values() for entry in item.entries]
    assert sum(entry.kind == "arrived" and entry.target == ELSEWHERE for entry in every) > len(methods) / 4
    assert sum(entry.kind == "left" for entry in every) > len(methods) / 2, "hardly anything left"
    if len(methods) >= 50:
        assert any(len([x for x in every if x.kind == kind]) for kind in ("lost", "counted"))


async def amounts(room: StockRoom) -> dict[str, Decimal]:
    """Minor units that were told of each document: what came or was found, what left at its cost, and differences."""
    told = {t.key: Decimal(t.data["value"]) * 100 for t in await room.told("StockValued")}
    return told | {t.key: -Decimal(t.data["cost"]) * 100 for t in await room.told("StockIssued")}


def layers(state: bytes) -> dict[str, list[tuple[Decimal, Decimal]]]:
    """By place, the quantities and values of what lies there."""
    places = {at: told["layers"] for at, told in orjson.loads(state)["places"].items() if told["layers"]}
    return {at: [(Decimal(q) / 1_000_000, Decimal(v)) for q, v in lots] for at, lots in places.items()}


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
