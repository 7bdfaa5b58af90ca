"""Documents that come late: worked in at once, in a bounded time, and booked where they belong."""

from __future__ import annotations

from datetime import date, timedelta
from time import perf_counter

import pytest

from chassis.requests import Answer
from services.inventory import handlers
from services.inventory.commands import CountStock, SetTolerance
from services.inventory.domain.valuing import Move, Stock, apply
from services.inventory.handlers.valuing import CHECKPOINT_MOVES
from services.inventory.translate.movements import document_id
from services.inventory.translate.valuing import write_stock
from tests.inventory.room import StockRoom, cause
from tests.inventory.test_values import ship

UNIT = 1_000_000
NEW_YEAR = date(2026, 1, 1)


def nov(day: int) -> date:
    return date(2026, 11, day)


async def busy(room: StockRoom, moves: int, days: int) -> None:
    """An item with a long history on many days, of which every second move is an issue; as if it had been booked."""
    stock = Stock("fifo", apart=True)
    rows = []
    for n in range(moves):
        on = NEW_YEAR + timedelta(days=30 + n * days // moves)
        quantity = 3 * UNIT if n % 2 == 0 else -3 * UNIT + UNIT * (n % 3 == 0)
        value = apply(stock, Move(on, quantity, 100 + n % 7 if quantity > 0 else None, "MAIN")).value
        rows.append((quantity, "receipt" if quantity > 0 else "issue", on, value))
    await room.values(BEANS="fifo")
    async with room.database.unit(["acme"]) as unit:
        await unit.raw.execute(
            "update stock_level set on_hand = $1 where warehouse = 'MAIN' and sku = 'BEANS'", stock.quantity
        )
        await unit.raw.execute(
            "insert into stock_move (company, warehouse, sku, quantity, kind, document, line, effective_on, value, "
            "recorded_at) select 'acme', 'MAIN', 'BEANS', q, k, gen_random_uuid(), 1, d, v, now() "
            "from unnest($1::bigint[], $2::text[], $3::date[], $4::bigint[]) as x(q, k, d, v)",
            *map(list, zip(*rows, strict=True)),
        )
        await unit.raw.execute(
            "update item_cost set state = $1, quantity = $2, value = $3, last_on = $4 where sku = 'BEANS'",
            write_stock(stock), stock.quantity, stock.value, rows[-1][2],
        )  # fmt: skip


async def test_five_hundred_late_lines_before_ten_thousand_moves_are_worked_in_at_once(room: StockRoom) -> None:
    """I15: less than a second for each ten thousand later moves, however many lines are late."""
    await busy(room, 10_000, 200)
    took = []
    for n in range(2):
        lines = [("BEANS", "1")] * 500
        began = perf_counter()
        assert isinstance(await room.receive(lines, cost="0.5", received_on=NEW_YEAR + timedelta(days=n)), Answer)
        took.append(perf_counter() - began)
    assert min(took) < 2, "one second for the moves, another one for five hundred lines of their own"
    told = [t.data["kind"] for t in await room.told("StockValued")]
    assert told == ["receipt", "revaluation"] * 2


async def test_states_are_kept_on_the_way_so_that_the_next_late_move_begins_at_one(room: StockRoom) -> None:
    """I15: a later day is looked at from the last state before it, not from the beginning of history."""
    await busy(room, 3_000, 200)
    await room.receive([("BEANS", "1")], cost="0.5", received_on=NEW_YEAR)
    kept = await room.rows("select on_day from cost_checkpoint where valid order by on_day")
    assert len(kept) >= 3_000 // CHECKPOINT_MOVES - 1
    ((since,),) = await room.rows("select since from item_cost")
    assert since < 2 * CHECKPOINT_MOVES
    ((before,),) = await room.rows("select state from cost_checkpoint where on_day = $1", kept[2][0])

    await room.receive([("BEANS", "1")], cost="0.5", received_on=kept[2][0] + timedelta(days=1))

    ((after,),) = await room.rows("select state from cost_checkpoint where on_day = $1 and valid", kept[2][0])
    assert after == before
    assert len(await room.rows("select 1 from cost_checkpoint where valid")) >= len(kept)
    (differs,) = await room.rows(
        "select c.value - sum(m.value) - coalesce((select sum(value) from revaluation), 0) from item_cost c "
        "join stock_move m using (company, sku) group by c.company, c.sku, c.value"
    )
    assert differs == (0,)


@pytest.mark.parametrize("method", ["fifo", "moving-average"])
async def test_what_a_late_document_changes_of_goods_that_were_written_off_is_said_by_itself(
    room: StockRoom, method: str
) -> None:
    """I15: ten cheap ones had come before two were missed and three sold; the two were no cost of goods sold."""
    await room.values(BEANS=method)
    await room.ask(handlers.set_tolerances, SetTolerance(cause(), UNIT))
    await room.receive([("BEANS", "10")], cost="3.00", received_on=nov(5))
    why = cause()
    number = document_id("count", why)
    counted = CountStock(why, number, "C-1", "MAIN", nov(10), "cycle", [("BEANS", 8 * UNIT)])
    assert isinstance(await room.ask(handlers.count_stock, counted), Answer)
    await ship(room, "A", "BEANS", "3", nov(12))

    await room.receive([("BEANS", "10")], cost="1.00", received_on=nov(1))

    (late,) = [t.data for t in await room.told("StockValued") if t.data["kind"] == "revaluation"]
    expected = ("10.00", "4.00") if method == "fifo" else ("5.00", "2.00")
    assert (late["value"], late["written_off"]) == expected


async def test_what_was_only_sold_is_not_said_to_be_written_off(room: StockRoom) -> None:
    await room.values(BEANS="fifo")
    await room.receive([("BEANS", "10")], cost="3.00", received_on=nov(5))
    await ship(room, "A", "BEANS", "3", nov(12))
    await room.receive([("BEANS", "10")], cost="1.00", received_on=nov(1))
    (late,) = [t.data for t in await room.told("StockValued") if t.data["kind"] == "revaluation"]
    assert (late["value"], late.get("written_off")) == ("6.00", None)
