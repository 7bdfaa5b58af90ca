"""A clerk says quantities as the goods lie there, in boxes and bags; the shelf knows base units, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.requests import Answer
from services.inventory import handlers
from services.inventory.commands import DefineItems
from services.inventory.domain.items import ItemTerms
from services.inventory.domain.quantities import MICRO
from services.inventory.domain.units import to_base
from services.inventory.main import build
from tests.inventory.room import StockRoom, cause, order_id, placed

BAG = "bag"
TEA = ItemTerms("TEA", "Tea", "kg", "none", ((BAG, 12_500_000), ("pinch", 333_333), ("ship", 10**15)))
MOVED = "select kind, warehouse, quantity from stock_move where kind <> 'receipt' order by move"
EVERYTHING = (
    "select (select count(*) from stock_move), (select count(*) from stock_count), (select count(*) from transfer)"
)


@given(quantity=st.integers(1, 10**9).map(lambda n: n * MICRO), holds=st.integers(1, 10**12))
def test_a_quantity_that_goes_there_and_back_a_thousand_times_is_what_it_was(quantity: int, holds: int) -> None:
    """I19: there by what one holds, and back by what one holds; not by a millionth more or less."""
    now = quantity
    for _ in range(1_000):
        base = to_base(now, "box", "pcs", {"box": holds})
        assert isinstance(base, int)
        back = Fraction(base * MICRO, holds)
        assert back.denominator == 1
        now = int(back)
    assert now == quantity


async def test_a_clerk_who_thinks_in_bags_sends_receives_picks_and_counts_in_bags(room: StockRoom) -> None:
    """I19: each says bags, and the shelf says kilograms."""
    # Given eight bags of 12.5 kg
    await stocked(room)
    async with room.client(build, scopes={"inventory:read", "inventory:write"}) as client:
        # When two are sent, one of them arrives, an order of 25 kg is picked as two, and four are found where five are
        sent = await post(client, "transfers", transfer([line("2", BAG)]))
        way = f"transfers/{sent.json()['transfer']}/arrivals"
        arrived = await post(client, way, {"received_on": "2026-11-22", "lines": [line("1", BAG)]})
        await room.hear(placed("A", [("TEA", "25")]))
        picked = await post(client, "picks", picks([{"line": 1, "quantity": "2", "unit": BAG}]))
        counted = await post(client, "counts", count([{"item": "TEA", "counted": "4", "unit": BAG}]))
    # Then all of it is told and written in kilograms
    assert [a.status_code for a in (sent, arrived, picked, counted)] == [201, 200, 201, 201], picked.text
    assert arrived.json()["lines"][0] == {
        "item": "TEA", "sent": "25", "arrived": "12.5", "lost": "0", "on_the_way": "12.5",
    }  # fmt: skip
    assert picked.json()["shipments"][0]["lines"][0]["quantity"] == "25"
    assert counted.json()["lines"] == [{"item": "TEA", "expected": "75", "counted": "50", "difference": "-25"}]
    assert await room.rows(MOVED) == [
        ("transfer-out", "MAIN", -25_000_000),
        ("transfer-in", "TRANSIT", 25_000_000),
        ("transfer-out", "TRANSIT", -12_500_000),
        ("transfer-in", "SHOP", 12_500_000),
    ]


@pytest.mark.parametrize(
    ("quantity", "unit", "code"),
    [
        ("1", "crate", "unit-unknown"),
        ("0.5", "pinch", "quantity-not-exact"),
        ("999999999", "ship", "quantity-too-large"),
    ],
)
async def test_what_cannot_be_said_in_the_base_unit_is_refused_and_nothing_half_done(
    room: StockRoom, quantity: str, unit: str, code: str
) -> None:
    """I19: the second line is wrong, so the first does not happen either; by name, at its place."""
    await stocked(room)
    await room.hear(placed("A", [("BEANS", "1"), ("TEA", "25")]))
    async with room.client(build, scopes={"inventory:read", "inventory:write"}) as client:
        sent = await post(client, "transfers", transfer([line("1", None, "BEANS"), line("1", BAG)]))
        way = f"transfers/{sent.json()['transfer']}/arrivals"
        before = await room.rows(EVERYTHING), await room.stock("TEA"), await room.stock("BEANS")

        good, wrong = line("1", None, "BEANS"), line(quantity, unit)
        asked = [
            await post(client, "transfers", transfer([good, wrong], "TR-2")),
            await post(client, way, {"received_on": "2026-11-22", "lines": [good, wrong]}),
            await post(client, "counts", count([found(good), found(wrong)])),
            await post(
                client, "picks", picks([{"line": 1, "quantity": "1"}, {"line": 2, "quantity": quantity, "unit": unit}])
            ),
        ]

    refused = [(a.status_code, code_of(a), pointer_of(a)) for a in asked]
    field = {"quantity-too-large": ("quantity", "counted")}.get(code, ("unit", "unit"))
    assert refused[:3] == [(422, code, f"/lines/1/{field[n]}") for n in (0, 0, 1)]
    if code == "quantity-too-large":
        assert refused[3] == (409, "not-enough-reserved", "/picks/0/lines/1/quantity")
    else:
        assert refused[3] == (422, code, "/picks/0/lines/1/unit")
    assert (await room.rows(EVERYTHING), await room.stock("TEA"), await room.stock("BEANS")) == before
    assert await room.differences() == []


# -- words -------------------------------------------------------------------------------------------------------------


async def stocked(room: StockRoom) -> None:
    """100 kg of TEA and 10 of BEANS in MAIN, and another warehouse."""
    await room.stocked({"BEANS": "10"})
    assert isinstance(await room.ask(handlers.define_items, DefineItems(cause(), [TEA])), Answer)
    assert isinstance(await room.receive([("TEA", "8")], unit=BAG), Answer)
    await room.places("SHOP")


def line(quantity: str, unit: str | None, item: str = "TEA") -> dict[str, Any]:
    return {"item": item, "quantity": quantity} | ({} if unit is None else {"unit": unit})


def found(told: dict[str, Any]) -> dict[str, Any]:
    return {("counted" if name == "quantity" else name): value for name, value in told.items()}


def transfer(lines: Sequence[dict[str, Any]], reference: str = "TR-1") -> dict[str, Any]:
    return {"reference": reference, "from": "MAIN", "to": "SHOP", "sent_on": "2026-11-21", "lines": lines}


def count(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"reference": "C-1", "counted_on": "2026-11-23", "reason": "Cycle count", "lines": lines}


def picks(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"picks": [{"order": order_id("A"), "lines": lines}]}


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> httpx.Response:
    key = f"{path}-{hash(str(body))}"
    return await client.post(f"/v1/companies/acme/{path}", json=body, headers={"Idempotency-Key": key})


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).rpartition("/")[2]


def pointer_of(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["pointer"])
