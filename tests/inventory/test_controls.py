"""What one clerk cannot do alone, and what is not booked on stale or missing facts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from chassis.errors import Refused
from chassis.ids import UUID, new_id
from chassis.requests import Answer, Result
from services.inventory import handlers
from services.inventory.commands import CountStock, DecideCount, SetTolerance
from services.inventory.main import build
from services.inventory.translate.movements import document_id
from tests.inventory.room import StockRoom, cause
from tests.support.department import NOON

AT = "/v1/companies/acme"
DAY = date(2026, 11, 21)
UNIT = 1_000_000


@pytest_asyncio.fixture
async def client(room: StockRoom) -> AsyncIterator[httpx.AsyncClient]:
    async with room.client(build) as client:
        yield client


async def post(client: httpx.AsyncClient, path: str, body: object) -> httpx.Response:
    return await client.post(f"{AT}/{path}", json=body, headers={"idempotency-key": str(new_id())})


async def tolerance(room: StockRoom, millionths: int) -> None:
    assert isinstance(await room.ask(handlers.set_tolerances, SetTolerance(cause(), millionths)), Answer)


async def on_hand(room: StockRoom) -> dict[str, int]:
    rows = await room.rows("select warehouse, on_hand from stock_level where sku = 'BEANS'")
    return {warehouse: quantity // UNIT for warehouse, quantity in rows}


async def test_who_is_bound_by_never_below_zero_does_not_switch_it_off(
    client: httpx.AsyncClient, room: StockRoom
) -> None:
    """I4: where stock may go below zero is a rule of the house, set by an administrator alone."""
    await room.stocked({"BEANS": "1"})
    body = {"item": "BEANS", "allowed": True}
    answer = await post(client, "negative-stock", body)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/scope-missing")
    async with room.client(build, scopes=("inventory:admin",)) as admin:
        assert (await post(admin, "negative-stock", body)).status_code == 200


async def sent(room: StockRoom, client: httpx.AsyncClient, arrived: int, quantity: int = 10) -> str:
    """A transfer of which so much has arrived: where it is."""
    await room.values(BEANS="moving-average")
    await room.places("PIRAEUS")
    await room.receive([("BEANS", "20")], cost="2", received_on=DAY)
    body = {"reference": "T-1", "from": "MAIN", "to": "PIRAEUS", "sent_on": "2026-11-21"}
    goods = {"item": "BEANS", "quantity": str(quantity)}
    told = await post(client, "transfers", body | {"lines": [goods]})
    at = str(told.headers["location"])
    if arrived:
        arrival = {"lines": [{"item": "BEANS", "quantity": str(arrived)}]}
        assert (await post(client, f"{at}/arrivals", arrival)).status_code == 200
    return at


async def test_goods_are_not_written_off_by_one_clerk_who_closes_a_transfer_short(
    client: httpx.AsyncClient, room: StockRoom
) -> None:
    """I10, I17: a loss beyond the tolerance of counts leaves the books when another person agrees."""
    at = await sent(room, client, 7)
    asked = await post(client, f"{at}/closing", {})
    assert (asked.status_code, asked.json()["state"]) == (200, "closing")
    assert asked.json()["lines"][0]["on_the_way"] == "3"
    assert await on_hand(room) == {"MAIN": 10, "TRANSIT": 3, "PIRAEUS": 7}
    own = await post(client, f"{at}/closing/decision", {"approved": True})
    assert (own.status_code, own.json()["type"]) == (409, "/problems/same-person")
    again = await post(client, f"{at}/closing", {})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/transfer-closing")
    async with room.client(build, name="maria") as maria:
        (waiting,) = (await maria.get(f"{AT}/transfers", params={"state": "closing"})).json()["transfers"]
        assert (waiting["reference"], waiting["closing_by"]) == ("T-1", "key:warehouse")
        decided = await post(maria, f"{at}/closing/decision", {"approved": True})
        assert (decided.status_code, decided.json()["state"]) == (200, "closed")
        shown = (await maria.get(f"{AT}/{at}")).json()
    assert (shown["closing_by"], shown["closed_by"], shown["lines"][0]["lost"]) == (
        "key:warehouse", "key:maria", "3",
    )  # fmt: skip
    assert await on_hand(room) == {"MAIN": 10, "TRANSIT": 0, "PIRAEUS": 7}
    assert await room.differences() == []


async def test_a_loss_that_is_not_agreed_with_leaves_the_goods_on_the_way(
    client: httpx.AsyncClient, room: StockRoom
) -> None:
    """I10: they may still arrive, also while somebody thinks about it; only what is missing then is lost."""
    at = await sent(room, client, 0)
    early = await post(client, f"{at}/closing/decision", {"approved": True})
    assert (early.status_code, early.json()["type"]) == (409, "/problems/closing-not-asked")
    await post(client, f"{at}/closing", {})
    async with room.client(build, name="maria") as maria:
        rejected = await post(maria, f"{at}/closing/decision", {"approved": False})
        assert (rejected.status_code, rejected.json()["state"]) == (200, "sent")
        await post(client, f"{at}/closing", {})
        arrival = {"lines": [{"item": "BEANS", "quantity": "8"}]}
        assert (await post(client, f"{at}/arrivals", arrival)).status_code == 200
        assert (await post(maria, f"{at}/closing/decision", {"approved": True})).json()["state"] == "closed"
    assert await on_hand(room) == {"MAIN": 10, "TRANSIT": 0, "PIRAEUS": 8}


async def test_a_loss_within_the_tolerance_is_booked_at_once(client: httpx.AsyncClient, room: StockRoom) -> None:
    """I10: one of ten where a tenth may differ; and where nothing is missing nobody is asked."""
    await tolerance(room, 100_000)
    at = await sent(room, client, 9)
    closed = await post(client, f"{at}/closing", {})
    assert (closed.status_code, closed.json()["state"], closed.json()["lines"][0]["lost"]) == (200, "closed", "1")


async def test_the_database_compares_who_gives_goods_up_with_who_agrees(
    client: httpx.AsyncClient, room: StockRoom
) -> None:
    """I17: whatever the code above believes."""
    at = await sent(room, client, 7)
    await post(client, f"{at}/closing", {})
    with pytest.raises(asyncpg.CheckViolationError, match="closed_by_another"):
        async with room.database.unit(["acme"]) as unit:
            await unit.raw.execute("update transfer set state = 'closed', closed_by = closing_by")


# -- counts that are outdated ------------------------------------------------------------------------------------------


def counting(found: int, **more: Any) -> CountStock:
    why = cause()._replace(actor="nikos")
    number = document_id("count", why)
    lines = [("BEANS", found * UNIT)]
    return CountStock(why, number, str(number), "MAIN", DAY, "cycle", lines, more.get("bin"))


async def pending(room: StockRoom, found: int, **more: Any) -> UUID:
    counted = await room.ask(handlers.count_stock, counting(found, **more))
    assert isinstance(counted, Answer), counted
    assert counted.body["state"] == "pending"
    return UUID(str(counted.body["count"]))


def approving(number: UUID) -> DecideCount:
    return DecideCount(cause()._replace(actor="maria"), number, approved=True)


def outdated(result: Result) -> tuple[str, str | None, object, object, object]:
    assert isinstance(result, Refused), result
    assert result.extra is not None
    extra = result.extra
    return result.code, result.pointer, extra["item"], extra["expected"], extra["expected_now"]


async def test_two_counts_of_one_shelf_are_not_both_booked(room: StockRoom) -> None:
    """I17: ten were there, seven were found twice; the second approval would have made four of them."""
    await room.stocked({"BEANS": "10"})
    first, second = await pending(room, 7), await pending(room, 7)
    assert isinstance(await room.ask(handlers.decide_counts, approving(first)), Answer)
    answer = await room.ask(handlers.decide_counts, approving(second))
    assert outdated(answer) == ("count-outdated", "/lines/0/counted", "BEANS", "10", "7")
    assert await room.stock("BEANS") == ("7", "0")


async def test_two_counts_that_are_approved_in_one_group_are_not_both_booked(room: StockRoom) -> None:
    """I17: the same, where both approvals share a commit."""
    await room.stocked({"BEANS": "10"})
    first, second = await pending(room, 7), await pending(room, 7)
    one, other = await room.at(NOON, handlers.decide_counts, approving(first), approving(second))
    assert isinstance(one, Answer)
    assert outdated(other)[0] == "count-outdated"
    assert await room.stock("BEANS") == ("7", "0")
    assert await room.differences() == []


async def test_a_receipt_that_was_counted_but_not_booked_is_not_counted_twice(room: StockRoom) -> None:
    """I17: the lorry of the day before is booked between count and approval; who counted has seen its goods."""
    await room.stocked({"BEANS": "10"})
    number = await pending(room, 15)
    await room.receive([("BEANS", "5")], received_on=date(2026, 11, 20))
    answer = await room.ask(handlers.decide_counts, approving(number))
    assert outdated(answer)[3:] == ("10", "15")
    assert await room.stock("BEANS") == ("15", "0")
    rejected = approving(number)
    assert isinstance(
        await room.ask(handlers.decide_counts, DecideCount(rejected.cause, number, approved=False)), Answer
    )


async def test_a_booked_count_is_told_with_its_reason_and_who_stands_for_it(room: StockRoom) -> None:
    """I17: also of goods that nobody values, and only of what differs; the second person is named."""
    await room.stocked({"BEANS": "10", "MUG": "5"})
    why = cause()._replace(actor="nikos")
    number = document_id("count", why)
    lines = [("BEANS", 7 * UNIT), ("MUG", 5 * UNIT)]
    await room.ask(handlers.count_stock, CountStock(why, number, "C-7", "MAIN", DAY, "Water damage", lines))
    assert await room.told("StockAdjusted") == []
    await room.ask(handlers.decide_counts, approving(number))
    (told,) = await room.told("StockAdjusted")
    assert told.data == {
        "document": str(number), "kind": "count", "reference": "C-7", "warehouse": "MAIN", "effective_on": "2026-11-21",
        "reason": "Water damage", "reported_by": "nikos", "approved_by": "maria",
        "lines": [{"item": "BEANS", "quantity": "-3"}],
    }  # fmt: skip


async def test_a_loss_in_transit_is_told_like_a_count(client: httpx.AsyncClient, room: StockRoom) -> None:
    """I17, I10: within the tolerance nobody else is named; its value is told under the same id."""
    await tolerance(room, 100_000)
    at = await sent(room, client, 9)
    await post(client, f"{at}/closing", {})
    (told,) = await room.told("StockAdjusted")
    assert (told.data["kind"], told.data["warehouse"], told.data["reference"]) == ("transit-loss", "TRANSIT", "T-1")
    assert (told.data["reported_by"], told.data.get("approved_by")) == ("key:warehouse", None)
    assert told.data["lines"] == [{"item": "BEANS", "quantity": "-1"}]
    assert (await room.told("StockValued"))[-1].key == told.key


# -- what goods cost is said -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["receipt", "opening"])
async def test_goods_that_never_had_a_price_are_not_taken_in_for_nothing(
    client: httpx.AsyncClient, room: StockRoom, kind: str
) -> None:
    """I13: a valued item without a price is refused at its line; once one is known, the last one is good enough."""
    await room.values(BEANS="moving-average", TEA="fifo")

    async def receive(reference: str, *lines: dict[str, str]) -> httpx.Response:
        body = {"reference": reference, "received_on": "2026-11-21", "kind": kind, "lines": lines}
        return await post(client, "receipts", body)

    beans, tea = {"item": "BEANS", "quantity": "1"}, {"item": "TEA", "quantity": "1"}
    answer = await receive("R-1", beans | {"unit_cost": "2"}, tea)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/cost-missing")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/lines/1/unit_cost"]
    assert (await receive("R-2", beans | {"unit_cost": "0"}, tea | {"unit_cost": "3"}, tea)).status_code == 201
    assert (await receive("R-3", beans, tea)).status_code == 201
    (told,) = [t for t in await room.told("StockValued") if t.data["reference"] == "R-3"]
    assert [line["value"] for line in told.data["lines"]] == ["0.00", "3.00"]
