"""The doors of warehouses, transfers and counts: who may, what is told, and what is refused by name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from chassis.ids import UUID, new_id
from chassis.requests import Answer
from services.inventory import handlers
from services.inventory.commands import AllowNegative, DefineWarehouse
from services.inventory.main import build
from tests.inventory.room import StockRoom, cancelled, cause, invoice_refused, order_id, placed
from tests.inventory.test_shipping import dispatch, packed

AT = "/v1/companies/acme"
DAY = date(2026, 11, 21)


@pytest_asyncio.fixture
async def client(room: StockRoom) -> AsyncIterator[httpx.AsyncClient]:
    async with room.client(build) as client:
        yield client


async def post(client: httpx.AsyncClient, path: str, body: object) -> httpx.Response:
    return await client.post(f"{AT}/{path}", json=body, headers={"idempotency-key": str(new_id())})


def pointers(answer: httpx.Response) -> list[str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return [error["pointer"] for error in answer.json()["errors"]]


def transfer(**changes: Any) -> dict[str, Any]:
    lines = [{"item": "BEANS", "quantity": "4"}]
    return {"reference": "T-1", "from": "MAIN", "to": "PIRAEUS", "sent_on": "2026-11-21", "lines": lines} | changes


def count(found: str = "7", **changes: Any) -> dict[str, Any]:
    lines = [{"item": "BEANS", "counted": found}]
    return {"reference": "C-1", "counted_on": "2026-11-21", "reason": "cycle", "lines": lines} | changes


async def test_a_transfer_is_read_where_its_location_leads(client: httpx.AsyncClient, room: StockRoom) -> None:
    """I10: by its id, and in the list of those that are on the way."""
    await room.stocked({"BEANS": "10"})
    await room.places("PIRAEUS")
    sent = await post(client, "transfers", transfer())
    assert sent.status_code == 201
    shown = (await client.get(f"{AT}/{sent.headers['location']}")).json()
    assert (shown["reference"], shown["from"], shown["to"], shown["state"]) == ("T-1", "MAIN", "PIRAEUS", "sent")
    assert shown["lines"] == [{"item": "BEANS", "sent": "4", "arrived": "0", "lost": "0", "on_the_way": "4"}]
    await post(client, "transfers", transfer(reference="T-2"))
    assert (await post(client, f"{sent.headers['location']}/closing", {})).json()["state"] == "closing"
    async with room.client(build, name="maria") as maria:
        decision = f"{sent.headers['location']}/closing/decision"
        assert (await post(maria, decision, {"approved": True})).status_code == 200
    open_ones = (await client.get(f"{AT}/transfers", params={"state": "sent"})).json()
    assert ([one["reference"] for one in open_ones["transfers"]], open_ones["next"]) == (["T-2"], None)
    page = (await client.get(f"{AT}/transfers", params={"limit": 1})).json()
    following = (await client.get(f"{AT}/transfers", params={"limit": 1, "after": page["next"]})).json()
    assert [one["reference"] for one in page["transfers"] + following["transfers"]] == ["T-1", "T-2"]
    assert (await client.get(f"{AT}/transfers/{new_id()}")).status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (transfer(sent_on="2199-01-01"), "/sent_on"),
        (transfer(sent_on="0001-01-01"), "/sent_on"),
        (transfer(to="MAIN"), "/to"),
        (transfer(to="NOWHERE"), "/to"),
        (transfer(lines=[{"item": "TEA", "quantity": "1"}]), "/lines/0/item"),
        (transfer(lines=[{"item": "BEANS", "quantity": "1"}] * 2), "/lines/1/item"),
        (transfer(lines=[{"item": "BEANS", "quantity": "0"}]), "/lines/0/quantity"),
        (transfer(colour="red"), "/colour"),
    ],
)
async def test_a_wrong_transfer_is_refused_naming_the_field(
    client: httpx.AsyncClient, room: StockRoom, body: dict[str, Any], pointer: str
) -> None:
    await room.stocked({"BEANS": "10"})
    await room.places("PIRAEUS")
    answer = await post(client, "transfers", body)
    assert (answer.status_code, pointers(answer)) == (422, [pointer])
    assert await room.rows("select count(*) from transfer") == [(0,)]


async def test_the_second_person_finds_what_waits_for_a_decision(client: httpx.AsyncClient, room: StockRoom) -> None:
    """I17: by the list of pending counts; whoever acts for the first person is not another one."""
    await room.stocked({"BEANS": "10"})
    counted = await post(client, "counts", count())
    assert counted.status_code == 201
    async with room.client(build, name="maria") as maria:
        (waiting,) = (await maria.get(f"{AT}/counts", params={"state": "pending"})).json()["counts"]
        shown = (await maria.get(f"{AT}/counts/{waiting['count']}")).json()
        assert shown["lines"] == [{"item": "BEANS", "expected": "10", "counted": "7", "difference": "-3"}]
        own = await post(client, f"counts/{waiting['count']}/decision", {"approved": True})
        assert (own.status_code, own.json()["type"]) == (409, "/problems/same-person")
        decided = await post(maria, f"counts/{waiting['count']}/decision", {"approved": True})
        assert decided.status_code == 200
        shown = (await maria.get(f"{AT}/{counted.headers['location']}")).json()
        assert (shown["state"], shown["counted_by"], shown["decided_by"]) == ("adjusted", "key:warehouse", "key:maria")
        assert (await maria.get(f"{AT}/counts", params={"state": "pending"})).json()["counts"] == []
        assert (await maria.get(f"{AT}/counts/{new_id()}")).status_code == 404
    assert await room.stock("BEANS") == ("7", "0")


async def test_the_database_compares_the_two_persons(client: httpx.AsyncClient, room: StockRoom) -> None:
    """I17: whatever the code above believes."""
    await room.stocked({"BEANS": "10"})
    await post(client, "counts", count())
    with pytest.raises(asyncpg.CheckViolationError, match="decided_by_another"):
        async with room.database.unit(["acme"]) as unit:
            await unit.raw.execute("update stock_count set state = 'adjusted', decided_by = counted_by")


async def test_who_is_bound_by_the_tolerance_does_not_set_it(client: httpx.AsyncClient, room: StockRoom) -> None:
    """I17: the rule of two persons is switched by an administrator alone."""
    headers = {"idempotency-key": "k"}
    answer = await client.put(f"{AT}/stock-policy", json={"count_tolerance": "1"}, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/scope-missing")
    assert (await client.get(f"{AT}/stock-policy")).json() == {"count_tolerance": "0"}
    async with room.client(build, scopes=("inventory:admin",)) as admin:
        set_ = await admin.put(f"{AT}/stock-policy", json={"count_tolerance": "0.3"}, headers=headers)
        assert set_.status_code == 200
    assert (await client.get(f"{AT}/stock-policy")).json() == {"count_tolerance": "0.3"}
    await room.stocked({"BEANS": "10"})
    assert (await post(client, "counts", count())).json()["state"] == "adjusted"


async def test_a_warehouse_is_one_place_for_ever(client: httpx.AsyncClient, room: StockRoom) -> None:
    first = await post(client, "warehouses", {"warehouse": "PIRAEUS", "name": "Port"})
    again = await post(client, "warehouses", {"warehouse": "PIRAEUS", "name": "Port"})
    other = await post(client, "warehouses", {"warehouse": "PIRAEUS", "name": "Hill"})
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    shown = (await client.get(f"{AT}/warehouses")).json()["warehouses"]
    assert [(one["warehouse"], one["name"]) for one in shown] == [("PIRAEUS", "Port")]


async def test_two_who_define_one_code_at_once_do_not_both_succeed(room: StockRoom) -> None:
    names = [f"Place {n}" for n in range(8)]
    commands = [DefineWarehouse(cause(), "PIRAEUS", name) for name in names]
    results = await asyncio.gather(*[room.ask(handlers.define_warehouses, command) for command in commands])
    assert sorted(result.status for result in results) == [201] + [409] * 7
    assert len(await room.rows("select name from warehouse")) == 1


@pytest.mark.parametrize("units", [["box", "box"], ["pcs"], ["box", "pcs"]])
async def test_an_item_has_each_unit_once(client: httpx.AsyncClient, units: list[str]) -> None:
    """I19: else a quantity would mean two things."""
    packs = [{"unit": unit, "holds": "12"} for unit in units]
    answer = await post(client, "items", {"sku": "X", "name": "X", "packagings": packs})
    assert (answer.status_code, pointers(answer)) == (422, ["/packagings"])


async def test_an_item_is_shown_with_its_units_and_valuation(client: httpx.AsyncClient, room: StockRoom) -> None:
    await room.values()
    packs = [{"unit": "box", "holds": "12"}, {"unit": "bag", "holds": "0.5"}]
    await post(client, "items", {"sku": "X", "name": "X", "packagings": packs, "valuation": "fifo"})
    (shown,) = (await client.get(f"{AT}/items")).json()["items"]
    assert (shown["valuation"], shown["packagings"]) == ("fifo", [packs[1], packs[0]])


@pytest.mark.parametrize(("currency", "price"), [("JPY", "999999999999"), ("EUR", "999999999999"), ("KWD", "100000")])
async def test_goods_are_worth_no_more_than_an_amount_can_say(room: StockRoom, currency: str, price: str) -> None:
    """I13: refused by name at the line, never a failure when it is told."""
    await room.values(currency=currency, BEANS="fifo", TEA="moving-average")
    async with room.client(build) as client:
        lines = [{"item": "BEANS", "quantity": "1", "unit_cost": "1"}]
        lines += [{"item": "TEA", "quantity": "999999999", "unit_cost": price}]
        answer = await post(client, "receipts", {"reference": "R", "received_on": "2026-11-21", "lines": lines})
        assert (answer.status_code, pointers(answer)) == (422, ["/lines/1/unit_cost"])
        assert answer.json()["type"] == "/problems/stock-value-too-large"


async def test_found_goods_are_worth_no_more_than_an_amount_can_say(room: StockRoom) -> None:
    """I17: a count of goods that are dear, and many."""
    await room.values(BEANS="fifo")
    await room.receive([("BEANS", "1")], cost="1000000", received_on=DAY)
    async with room.client(build, scopes=("inventory:admin",)) as admin:
        body = {"count_tolerance": "1"}
        await admin.put(f"{AT}/stock-policy", json=body, headers={"idempotency-key": "k"})
    async with room.client(build) as client:
        counted = await post(client, "counts", count("999999999999"))
        assert counted.json()["state"] == "pending"
        async with room.client(build, name="maria") as maria:
            answer = await post(maria, f"counts/{counted.json()['count']}/decision", {"approved": True})
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/stock-value-too-large")


async def test_a_full_document_at_the_limit_is_told(room: StockRoom) -> None:
    """I13: as many items as a receipt may have, each worth what one may be worth."""
    skus = {f"I{n:03}": "fifo" for n in range(500)}
    await room.values(**skus)
    lines = [(sku, "1000") for sku in skus]
    assert isinstance(await room.receive(lines, cost="999999999.99"), Answer)
    (told,) = await room.told("StockValued")
    assert told.data["value"] == "499999999995000.00"
    async with room.client(build) as client:
        worth = (await client.get(f"{AT}/valuation", params={"on": "2026-11-30", "limit": 1})).json()
    assert worth["total"] == "499999999995000.00"


async def test_what_is_below_zero_costs_no_more_than_an_amount_can_say(room: StockRoom) -> None:
    """I4: goods that leave before they came have a provisional cost, and that has a bound as well."""
    await room.values(BEANS="moving-average")
    await room.receive([("BEANS", "1")], cost="999999999")
    await room.ask(handlers.allow_negative, AllowNegative(cause(), "MAIN", "BEANS", allowed=True))
    await room.hear(placed("A", [("BEANS", "1000000")]))
    answer = await dispatch(room, *await packed(room, "A"))
    assert not isinstance(answer, Answer)
    assert answer.code == "stock-value-too-large"
    assert await room.stock("BEANS") == ("1", "1000000")


async def test_an_invoice_that_is_refused_after_goods_have_left_is_on_record(room: StockRoom) -> None:
    """I7: nothing can be freed; somebody has to know."""
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "5")]))
    await dispatch(room, *await packed(room, "A", lines=[(1, 2)]))
    await room.hear(invoice_refused("A"))
    assert await room.held() == []
    actions = await room.rows("select action from audit where subject = $1 order by id", order_id("A"))
    assert actions[-1] == ("shipped-without-invoice",)
    assert await room.states() == {order_id("A"): "reserved"}
    await room.hear(cancelled("A"))
    assert [t.data["over"] for t in await room.told("ReservationReduced")] == [True]


async def test_clerks_who_let_shipments_leave_in_opposite_order_do_not_block_each_other(room: StockRoom) -> None:
    """I7: levels are locked once, sorted, before anything is decided; on earlier days as well."""
    skus = [f"I{n}" for n in range(6)]
    await room.stocked(dict.fromkeys(skus, "100"))
    parts: list[list[UUID]] = []
    for n in range(12):
        order = skus if n % 2 else skus[::-1]
        await room.hear(placed(f"O{n}", [(sku, "1") for sku in order]))
        parts.append(await packed(room, f"O{n}"))
    days = [DAY, None]
    results = await asyncio.gather(*[dispatch(room, *part, on=days[n % 2]) for n, part in enumerate(parts)])
    assert all(isinstance(result, Answer) for result in results)
    numbers = sorted(str(t.data["number"]) for t in await room.told("ShipmentDispatched"))
    assert [number.rpartition("-")[2] for number in numbers] == [f"{n:06}" for n in range(1, 13)]
    assert await room.differences() == []
