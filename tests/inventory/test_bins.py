"""Bins within a warehouse: received into, carried between, picked from and counted; never below nothing."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from chassis.errors import Refused
from chassis.ids import UUID, derive
from chassis.requests import Answer, Result
from services.inventory import handlers
from services.inventory.commands import CarryGoods, CountStock, DefineBins, SetPicking, UnpickShipments
from services.inventory.domain.bins import Carried, PickFrom, Taken, take_from
from services.inventory.main import build
from services.inventory.translate.movements import document_id
from tests.chassis.statements import counting_statements
from tests.inventory.conftest import MakeRoom
from tests.inventory.room import StockRoom, cancelled, cause, order_id, placed
from tests.inventory.test_shipping import dispatch, pack, picked, picking, shipments_of
from tests.support.pinned_clock import TODAY

UNIT = 1_000_000
AT = "/v1/companies/acme"


async def shelves(room: StockRoom, *codes: str, warehouse: str = "MAIN") -> None:
    command = DefineBins(cause(), warehouse, [(code, code) for code in codes])
    assert isinstance(await room.ask(handlers.define_bins, command), Answer)


def carrying(quantity: int, source: str | None, target: str | None, sku: str = "BEANS") -> CarryGoods:
    why = cause()
    return CarryGoods(why, document_id("bin-move", why), "MAIN", None, [Carried(sku, quantity * UNIT, source, target)])


async def carry(room: StockRoom, quantity: int, source: str | None, target: str | None) -> Result:
    return await room.ask(handlers.carry_goods, carrying(quantity, source, target))


async def contents(room: StockRoom, sku: str = "BEANS") -> dict[str, int]:
    """By bin; and what is said to lie in bins, which the database compares with what is on hand."""
    rows = await room.rows("select bin, on_hand from bin_level where sku = $1 and on_hand <> 0 order by bin", sku)
    ((binned,),) = await room.rows("select sum(binned)::bigint from stock_level where sku = $1", sku)
    assert sum(there for _, there in rows) == binned
    return {code: there // UNIT for code, there in rows}


def refused(result: Result) -> tuple[str, str | None, int]:
    assert isinstance(result, Refused), result
    return result.code, result.pointer, result.status


async def stored(room: StockRoom, **bins: int) -> None:
    """Twenty of BEANS, so many of them in bins."""
    await room.stocked({"BEANS": "20"})
    await shelves(room, "A-01", "A-02", "B-01")
    for code, quantity in bins.items():
        assert isinstance(await carry(room, quantity, None, code.replace("_", "-")), Answer)


async def test_goods_are_carried_from_place_to_place_and_never_more_than_lie_there(room: StockRoom) -> None:
    """I1, I4: out of the bay into a bin, from bin to bin, and out again; stock and its value stay as they were."""
    await room.values(BEANS="fifo")
    await room.receive([("BEANS", "20")], cost="2.00")
    await shelves(room, "A-01", "A-02")
    unmoved = "select on_hand, reserved, state from stock_level join item_cost using (company, sku)"
    before = await room.rows(unmoved)

    assert isinstance(await carry(room, 12, None, "A-01"), Answer)
    assert isinstance(await carry(room, 5, "A-01", "A-02"), Answer)
    assert isinstance(await carry(room, 1, "A-02", None), Answer)

    assert await contents(room) == {"A-01": 7, "A-02": 4}
    assert refused(await carry(room, 8, "A-01", "A-02")) == ("insufficient-in-bin", "/lines/0/quantity", 409)
    assert refused(await carry(room, 10, None, "A-02")) == ("insufficient-loose", "/lines/0/quantity", 409)
    assert refused(await carry(room, 1, None, "Z-99")) == ("bin-unknown", "/lines/0/to", 422)
    assert refused(await carry(room, 1, "A-01", "A-01")) == ("same-bin", "/lines/0/to", 422)
    assert refused(await room.ask(handlers.carry_goods, carrying(1, None, "A-01", "TEA")))[0] == "item-unknown"
    assert await contents(room) == {"A-01": 7, "A-02": 4}, "what is refused leaves nothing behind"
    assert await room.rows(unmoved) == before


async def test_of_twenty_clerks_who_carry_the_last_five_away_exactly_five_do(room: StockRoom) -> None:
    """I2: no two take the same piece, and nobody meets a conflict."""
    await stored(room, A_01=5)
    results = await asyncio.gather(*[carry(room, 1, "A-01", f"{'AB'[n % 2]}-0{2 - n % 2}") for n in range(20)])
    assert sum(isinstance(result, Answer) for result in results) == 5
    assert {refused(r)[0] for r in results if isinstance(r, Refused)} == {"insufficient-in-bin"}
    there = await contents(room)
    assert "A-01" not in there
    assert sum(there.values()) == 5


async def test_the_database_holds_what_lies_in_bins_whatever_the_code_believes(room: StockRoom) -> None:
    """I1, I4: no bin below nothing, no more in bins than on hand, and no move is taken back."""
    await stored(room, A_01=5)
    for statement, why in (
        ("update bin_level set on_hand = -1", "bin_not_negative"),
        ("update stock_level set binned = on_hand + 1", "binned_is_there"),
    ):
        with pytest.raises(asyncpg.CheckViolationError) as wrong:
            async with room.database.unit(["acme"]) as unit:
                await unit.raw.execute(statement)
        assert wrong.value.constraint_name == why
    for statement in ("update bin_move set quantity = 1", "delete from bin_move"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with room.database.unit(["acme"]) as unit:
                await unit.raw.execute(statement)


async def test_an_order_is_picked_from_bins_and_the_list_names_them(room: StockRoom) -> None:
    """I7: along the shelves, then from what lies loose; what is picked lies on the table until it leaves."""
    await stored(room, A_01=4, B_01=3)
    await room.hear(placed("A", [("BEANS", "9")]))
    answer = await room.ask(handlers.pick_orders, picking("A"))
    (shipment,) = shipments_of(answer)
    assert shipment["lines"] == [
        {"line": 1, "item": "BEANS", "quantity": "9", "bins": [
            {"bin": "A-01", "quantity": "4"}, {"bin": "B-01", "quantity": "3"}]},
    ]  # fmt: skip
    assert await contents(room) == {}
    assert await room.stock("BEANS") == ("20", "9")
    # Thirteen lie loose, nine of them on the packing table: nobody carries those away.
    assert refused(await carry(room, 12, None, "A-01"))[0] == "insufficient-loose"
    assert isinstance(await carry(room, 11, None, "A-01"), Answer)
    async with room.client(build) as client:
        shown = (await client.get(f"{AT}/shipments/{shipment['shipment']}")).json()
    assert shown["lines"] == shipment["lines"]
    number = UUID(shipment["shipment"])
    assert isinstance(await pack(room, number), Answer)
    assert isinstance(await dispatch(room, number), Answer)
    assert (await room.stock("BEANS"), await contents(room)) == (("11", "0"), {"A-01": 11})


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("by-code", [("A", 4), ("B", 5)]),
        ("emptiest-first", [("C", 2), ("A", 4), ("B", 3)]),
        ("fullest-first", [("B", 9)]),
    ],
)
def test_bins_are_picked_in_the_order_of_the_house(order: PickFrom, expected: list[tuple[str, int]]) -> None:
    assert take_from(9, {"A": 4, "B": 9, "C": 2, "D": 0}, order) == [Taken(*one) for one in expected]


def test_what_bins_have_not_lies_loose() -> None:
    assert take_from(9, {"A": 4}, "by-code") == [Taken("A", 4)]
    assert take_from(9, {}, "by-code") == []


async def test_a_company_says_in_which_order_it_picks(room: StockRoom) -> None:
    await stored(room, A_01=4, B_01=9)
    async with room.client(build, scopes=("inventory:write", "inventory:read")) as clerk:
        answer = await clerk.put(f"{AT}/bin-policy", json={"pick_from": "by-code"}, headers={"idempotency-key": "k"})
        assert answer.status_code == 403
        assert (await clerk.get(f"{AT}/bin-policy")).json() == {"pick_from": "by-code"}
    assert isinstance(await room.ask(handlers.set_picking, SetPicking(cause(), "fullest-first")), Answer)
    await room.hear(placed("A", [("BEANS", "5")]))
    await picked(room, "A")
    assert await contents(room) == {"A-01": 4, "B-01": 4}


async def test_what_is_withdrawn_goes_back_where_it_was_and_what_is_cancelled_lies_loose(room: StockRoom) -> None:
    """I3, I7: a clerk puts goods back; of a cancelled order they lie on the table, until somebody carries them."""
    await stored(room, A_01=4, B_01=3)
    await room.hear(placed("A", [("BEANS", "6")]), placed("B", [("BEANS", "5")]))
    (first,) = await picked(room, "A")
    assert await contents(room) == {"B-01": 1}
    assert isinstance(await room.ask(handlers.unpick_shipments, UnpickShipments(cause(), [first])), Answer)
    assert await contents(room) == {"A-01": 4, "B-01": 3}
    await picked(room, "B")
    await room.hear(cancelled("B"))
    assert await contents(room) == {"B-01": 2}
    assert isinstance(await carry(room, 18, None, "A-01"), Answer)
    assert await room.differences() == []


async def count(room: StockRoom, found: int, code: str | None, on: date, by: str = "nikos") -> Result:
    why = cause()._replace(actor=by)
    number = document_id("count", why)
    command = CountStock(why, number, str(number), "MAIN", on, "cycle", [("BEANS", found * UNIT)], code)
    return await room.ask(handlers.count_stock, command)


async def test_a_bin_is_counted_by_itself(room: StockRoom) -> None:
    """I17: what is missing is missing from that bin, and from stock; of the whole warehouse nobody knows which."""
    await room.stocked({"BEANS": "0"})
    await shelves(room, "A-01", "A-02")
    today = date(2026, 11, 29)
    await received(room, "12", "A-01", on=today - timedelta(days=3))
    await received(room, "5", "A-02", on=today - timedelta(days=1))
    counted = await count(room, 10, "A-01", today - timedelta(days=2))
    assert isinstance(counted, Answer)
    assert counted.body["lines"] == [{"item": "BEANS", "expected": "12", "counted": "10", "difference": "-2"}]
    assert await contents(room) == {"A-01": 12, "A-02": 5}, "it waits for another person"
    async with room.client(build, scopes=("inventory:write", "inventory:read"), name="maria") as maria:
        shown = (await maria.get(f"{AT}/counts/{counted.body['count']}")).json()
        decided = await maria.post(
            f"{AT}/counts/{counted.body['count']}/decision", json={"approved": True}, headers={"idempotency-key": "k"}
        )
    assert (shown["bin"], decided.status_code) == ("A-01", 200)
    assert (await room.stock("BEANS"), await contents(room)) == (("15", "0"), {"A-01": 10, "A-02": 5})
    assert refused(await count(room, 1, "Z-99", today)) == ("bin-unknown", "/bin", 422)
    number = await count(room, 14, None, today)
    assert isinstance(number, Answer)
    async with room.client(build, scopes=("inventory:write", "inventory:read"), name="maria") as maria:
        refusal = await maria.post(
            f"{AT}/counts/{number.body['count']}/decision", json={"approved": True}, headers={"idempotency-key": "l"}
        )
    assert (refusal.status_code, refusal.json()["type"].rpartition("/")[2]) == (409, "insufficient-loose")


async def received(room: StockRoom, quantity: str, code: str, on: date) -> None:
    async with room.client(build, scopes=("inventory:write",)) as clerk:
        line = {"item": "BEANS", "quantity": quantity, "bin": code}
        body = {"reference": f"{code}{on}", "received_on": on.isoformat(), "lines": [line]}
        answer = await clerk.post(f"{AT}/receipts", json=body, headers={"idempotency-key": f"{code}{on}"})
    assert answer.status_code == 201, answer.text


async def test_goods_leave_a_bin_and_come_into_one_elsewhere(room: StockRoom) -> None:
    """I10: a transfer names the bin that it takes from, and the one where its goods are put."""
    await stored(room, A_01=15)
    await room.places("PIRAEUS")
    await shelves(room, "P-01", warehouse="PIRAEUS")
    async with room.client(build, scopes=("inventory:write", "inventory:read")) as clerk:

        async def post(path: str, lines: list[dict[str, str]], **more: str) -> httpx.Response:
            key = {"idempotency-key": f"{path}{lines}{more}"}
            return await clerk.post(f"{AT}/{path}", json={"lines": lines, **more}, headers=key)

        today = TODAY.isoformat()  # goods are carried on the day of the commit
        route = {"from": "MAIN", "to": "PIRAEUS", "sent_on": today}
        loose = await post("transfers", [{"item": "BEANS", "quantity": "6"}], reference="T1", **route)
        assert (loose.status_code, loose.json()["type"].rpartition("/")[2]) == (409, "insufficient-loose")
        line = {"item": "BEANS", "quantity": "6", "bin": "A-01"}
        sent = await post("transfers", [line], reference="T2", **route)
        assert sent.status_code == 201, sent.text
        arrival = f"transfers/{sent.json()['transfer']}/arrivals"
        wrong = await post(arrival, [line], received_on=today)
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/lines/0/bin")
        assert (await post(arrival, [line | {"bin": "P-01"}], received_on=today)).status_code == 200
        page = (await clerk.get(f"{AT}/bin-stock", params={"warehouse": "PIRAEUS"})).json()
    assert page["contents"] == [{"bin": "P-01", "sku": "BEANS", "quantity": "6"}]
    assert await contents(room) == {"A-01": 9, "P-01": 6}
    assert await room.differences() == []


async def test_what_lay_in_a_bin_on_a_day_can_be_seen_and_how_it_came_there(room: StockRoom) -> None:
    """I1: back from what there is now, move by move; the check says that all of it is explained."""
    await room.stocked({"BEANS": "0"})
    await shelves(room, "A-01", "A-02")
    await received(room, "12", "A-01", on=date(2026, 11, 20))
    await received(room, "5", "A-02", on=date(2026, 11, 22))
    assert isinstance(await carry(room, 2, "A-01", "A-02"), Answer)
    async with room.client(build) as client:

        async def see(**of: str) -> Any:
            return (await client.get(f"{AT}/bin-stock", params=of)).json()["contents"]

        def there(code: str, quantity: str) -> dict[str, str]:
            return {"bin": code, "sku": "BEANS", "quantity": quantity}

        assert await see(on="2026-11-19") == []
        assert await see(on="2026-11-21") == [there("A-01", "12")]
        assert await see(on="2026-11-22") == [there("A-01", "12"), there("A-02", "5")]
        assert await see() == [there("A-01", "10"), there("A-02", "7")]
        assert await see(bin="A-02", sku="BEANS") == [there("A-02", "7")]
        page = (await client.get(f"{AT}/bin-stock", params={"limit": "1"})).json()
        assert await see(after=page["next"]) == [there("A-02", "7")]
        assert (await client.get(f"{AT}/bin-stock", params={"after": "A-01"})).status_code == 422
        moves = (await client.get(f"{AT}/bin-moves", params={"sku": "BEANS"})).json()["moves"]
        assert [(one["bin"], one["quantity"], one["kind"]) for one in moves] == [
            ("A-01", "12", "receipt"), ("A-02", "5", "receipt"), ("A-01", "-2", "move"), ("A-02", "2", "move"),
        ]  # fmt: skip
        assert (await client.get(f"{AT}/bin-check")).json() == {"balanced": True, "differences": []}
        level = (await client.get(f"{AT}/stock", params={"sku": "BEANS"})).json()["stock"][0]
    assert (level["on_hand"], level["available"], level["in_bins"]) == ("17", "17", "17")


async def test_a_move_is_made_once_however_often_it_is_sent(room: StockRoom) -> None:
    await stored(room, A_01=5)
    async with room.client(build, scopes=("inventory:write",)) as clerk:
        body = {"lines": [{"item": "BEANS", "quantity": "2", "from": "A-01", "to": "B-01"}]}
        answers = [
            await clerk.post(f"{AT}/bin-moves", json=body, headers={"idempotency-key": "once"}) for _ in range(3)
        ]
    assert {(one.status_code, one.text) for one in answers} == {(201, answers[0].text)}
    assert await contents(room) == {"A-01": 3, "B-01": 2}


async def test_bins_come_from_a_spreadsheet_and_so_does_what_lies_in_them(room: StockRoom) -> None:
    await room.stocked({"BEANS": "0"})
    await shelves(room, "A-01")
    async with room.client(build, scopes=("inventory:write",)) as clerk:

        async def table(path: str, text: str) -> httpx.Response:
            headers = {"idempotency-key": str(derive(path, text)), "content-type": "text/csv"}
            return await clerk.post(f"{AT}/imports/{path}", content=text, headers=headers)

        wrong = await table("bins", "warehouse;bin;name\nNOWHERE;A-01;\nMAIN;A-01;Shelf one\n")
        assert [(one["row"], one["column"], one["code"]) for one in wrong.json()["refused"]] == [
            (2, "warehouse", "warehouse-unknown"), (3, "bin", "bin-exists"),
        ]  # fmt: skip
        assert (await table("bins", "bin;name\nA-02;\nB-01;Shelf two\n")).json()["new"] == 2
        opening = "stock?reference=O&received_on=2026-11-20"
        unknown = await table(opening, "item;quantity;bin\nBEANS;5;Z-99\n")
        assert (unknown.status_code, unknown.json()["refused"][0]["code"]) == (422, "bin-unknown")
        assert (await table(opening, "item;quantity;bin\nBEANS;5;A-02\nBEANS;3;\n")).status_code == 201
    assert (await room.stock("BEANS"), await contents(room)) == (("8", "0"), {"A-02": 5})


async def test_picking_and_carrying_cost_as_many_statements_for_many_as_for_two(make_room: MakeRoom) -> None:
    counts: dict[int, int] = {}
    for size in (2, 40):
        room = make_room()
        await room.knows("acme")
        await stored(room, A_01=2, A_02=2, B_01=2)
        await room.stocked({f"I{n:02}": "9" for n in range(size)})
        names = [f"O{n}" for n in range(size)]
        await room.hear(*[placed(name, [(f"I{n:02}", "2"), ("BEANS", "0.1")]) for n, name in enumerate(names)])
        why = cause()
        lines = [Carried(f"I{n:02}", 5 * UNIT, None, "A-01") for n in range(size)]
        async with counting_statements(room.database) as counted:
            await room.ask(handlers.carry_goods, CarryGoods(why, document_id("bin-move", why), "MAIN", None, lines))
            shipments = await picked(room, *names)
            await room.ask(handlers.unpick_shipments, UnpickShipments(cause(), shipments))
        counts[size] = counted.statements
        assert {UUID(order_id(name)) for name in names} == {
            row[0] for row in await room.rows("select order_id from shipment")
        }
    assert counts[2] == counts[40]
