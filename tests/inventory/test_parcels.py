"""Parcels: what lies in which, their numbers, and what a scanner gets to know of one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from contracts.gs1 import is_sscc
from services.inventory import handlers
from services.inventory.commands import Pack, PackShipments, SetParcelPrefix
from services.inventory.domain.parcels import Parcel, sscc_of
from services.inventory.main import build
from tests.chassis.statements import counting_statements
from tests.inventory.conftest import MakeRoom
from tests.inventory.room import StockRoom, cause, placed
from tests.inventory.test_shipping import dispatch, picked, shipments_of

UNIT = 1_000_000
AT = "/v1/companies/acme"
LABEL = "340123450000000017"
"""A number that somebody else's printer has put on a parcel."""


def parcel(*lines: tuple[int, int], sscc: str | None = None, weight: str | None = None) -> Parcel:
    return Parcel(sscc, weight, [(line, quantity * UNIT) for line, quantity in lines])


async def pack(room: StockRoom, shipment: UUID, *parcels: Parcel) -> Result:
    return await room.ask(handlers.pack_shipments, PackShipments(cause(), [Pack(shipment, None, parcels)]))


async def shipment_of(room: StockRoom, name: str = "A", beans: str = "5", mugs: str = "2") -> UUID:
    await room.hear(placed(name, [("BEANS", beans), ("MUG", mugs)]))
    (shipment,) = await picked(room, name)
    return shipment


async def numbered(room: StockRoom, prefix: str = "5201234") -> None:
    assert isinstance(await room.ask(handlers.set_parcel_prefixes, SetParcelPrefix(cause(), prefix)), Answer)


def refused(result: Result) -> tuple[str, str | None]:
    assert isinstance(result, Refused), result
    return result.code, result.pointer


def numbers_of(answer: Result) -> list[str]:
    return [one["sscc"] for shipment in shipments_of(answer) for one in shipment["parcels"]]


async def test_a_shipment_says_what_lies_in_which_parcel_and_under_which_number(room: StockRoom) -> None:
    """I7: contents and SSCC of each parcel go with the event; a scanner finds the parcel by its number."""
    await room.stocked({"BEANS": "10", "MUG": "10"})
    await numbered(room)
    shipment = await shipment_of(room)
    answer = await pack(room, shipment, parcel((1, 3), weight="4.1 kg"), parcel((1, 2), (2, 2), sscc=LABEL))
    assert isinstance(await dispatch(room, shipment), Answer)

    (told,) = await room.told("ShipmentDispatched")
    assert told.data["packages"] == 2
    assert told.data["parcels"] == [
        {"parcel": 1, "sscc": "052012340000000018", "weight": "4.1 kg", "lines": [{"line": 1, "quantity": "3"}]},
        {"parcel": 2, "sscc": LABEL, "lines": [{"line": 1, "quantity": "2"}, {"line": 2, "quantity": "2"}]},
    ]
    assert numbers_of(answer) == ["052012340000000018", LABEL]
    async with room.client(build) as client:
        shown = (await client.get(f"{AT}/parcels/{LABEL}")).json()
        whole = (await client.get(f"{AT}/shipments/{shipment}")).json()
        unknown = await client.get(f"{AT}/parcels/052012340000000025")
    assert (shown["shipment"]["shipment"], shown["shipment"]["state"], shown["parcel"]) == (str(shipment), "shipped", 2)
    assert [(x["line"], x["item"], x["quantity"]) for x in shown["lines"]] == [(1, "BEANS", "2"), (2, "MUG", "2")]
    assert [one["sscc"] for one in whole["parcels"]] == ["052012340000000018", LABEL]
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    ("parcels", "code", "pointer"),
    [
        ([parcel((1, 5))], "parcels-differ", "/packs/0/parcels"),
        ([parcel((1, 6), (2, 2))], "parcels-differ", "/packs/0/parcels"),
        ([parcel((1, 5), (3, 2))], "line-unknown", "/packs/0/parcels/0/lines/1/line"),
        ([parcel((1, 3), (1, 2), (2, 2))], "line-repeated", "/packs/0/parcels/0/lines/1/line"),
        ([parcel((1, 5), (2, 2), sscc=LABEL[:-1] + "9")], "sscc-wrong", "/packs/0/parcels/0/sscc"),
        ([parcel((1, 5), sscc=LABEL), parcel((2, 2), sscc=LABEL)], "sscc-repeated", "/packs/0/parcels/1/sscc"),
    ],
)
async def test_parcels_hold_what_was_picked_and_nothing_else(
    room: StockRoom, parcels: Sequence[Parcel], code: str, pointer: str
) -> None:
    """I7: all of it, once; what is wrong is named, and nothing is packed."""
    await room.stocked({"BEANS": "10", "MUG": "10"})
    shipment = await shipment_of(room)
    assert refused(await pack(room, shipment, *parcels)) == (code, pointer)
    assert await room.rows("select state from shipment") == [("picked",)]
    assert await room.rows("select count(*) from parcel") == [(0,)]


async def test_a_number_stands_on_one_parcel_for_ever(room: StockRoom) -> None:
    await room.stocked({"BEANS": "30", "MUG": "30"})
    first, second, third = [await shipment_of(room, name) for name in "ABC"]
    assert isinstance(await pack(room, first, parcel((1, 5), (2, 2), sscc=LABEL)), Answer)
    again = parcel((1, 5), (2, 2), sscc=LABEL)
    assert refused(await pack(room, second, again)) == ("sscc-taken", "/packs/0/parcels/0/sscc")
    other = again._replace(sscc="340123450000000024")
    twice = PackShipments(cause(), [Pack(second, None, [other]), Pack(third, None, [other])])
    result = await room.ask(handlers.pack_shipments, twice)
    assert refused(result) == ("sscc-taken", "/packs/1/parcels/0/sscc")
    assert isinstance(await pack(room, second, other), Answer)


async def test_without_a_prefix_of_the_company_parcels_have_no_number_of_the_house(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10", "MUG": "10"})
    shipment = await shipment_of(room)
    assert isinstance(await pack(room, shipment, parcel((1, 5), (2, 2))), Answer)
    await dispatch(room, shipment)
    (told,) = await room.told("ShipmentDispatched")
    lines = [{"line": 1, "quantity": "5"}, {"line": 2, "quantity": "2"}]
    assert told.data["parcels"] == [{"parcel": 1, "lines": lines}]


async def test_clerks_who_pack_at_once_never_give_one_number_twice(room: StockRoom) -> None:
    await room.stocked({"BEANS": "100", "MUG": "100"})
    await numbered(room)
    shipments = [await shipment_of(room, f"O{n}", "2", "1") for n in range(12)]
    answers = await asyncio.gather(*[pack(room, one, parcel((1, 1)), parcel((1, 1), (2, 1))) for one in shipments])
    numbers = [number for answer in answers for number in numbers_of(answer)]
    assert len(set(numbers)) == 24
    assert all(map(is_sscc, numbers))


async def test_a_house_without_numbers_says_which_parcel_gets_none(room: StockRoom) -> None:
    """I7: the first one under the prefix that has no number left"""
    await room.stocked({"BEANS": "9"})
    await room.hear(placed("A", [("BEANS", "3")]))
    (shipment,) = await picked(room, "A")
    await numbered(room, "5201234567")
    await room.rows("update sscc_series set last = 999998 returning 1")
    parts = [parcel((1, 1)), parcel((1, 1)), parcel((1, 1), sscc=LABEL)]
    assert refused(await pack(room, shipment, *parts)) == ("sscc-exhausted", "/packs/0/parcels/1")


async def test_another_prefix_begins_anew_and_one_of_before_goes_on(room: StockRoom) -> None:
    await room.stocked({"BEANS": "100", "MUG": "100"})
    found: list[str] = []
    for n, prefix in enumerate(("5201234", "520999999", "5201234")):
        await numbered(room, prefix)
        answer = await pack(room, await shipment_of(room, f"O{n}", "2", "1"), parcel((1, 2), (2, 1)))
        found += numbers_of(answer)
    assert [number[:-1] for number in found] == ["05201234000000001", "05209999990000001", "05201234000000002"]


@pytest.mark.parametrize(
    ("prefix", "serial", "number"),
    [("5201234", 1, "052012340000000018"), ("5201234567", 999_999, "052012345679999991"), ("5201234567", 10**6, None)],
)
def test_a_number_is_prefix_serial_and_check_digit(prefix: str, serial: int, number: str | None) -> None:
    assert sscc_of(prefix, serial) == number
    assert number is None or is_sscc(number)


async def test_the_door_takes_a_count_or_contents(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10", "MUG": "10"})
    shipment = await shipment_of(room)
    contents = [{"lines": [{"line": 1, "quantity": "5"}, {"line": 2, "quantity": "2"}], "weight": "7 kg"}]
    async with room.client(build, scopes=("inventory:write",)) as clerk:

        async def post(body: dict[str, Any], key: str) -> Any:
            return await clerk.post(f"{AT}/packs", json={"packs": [body]}, headers={"idempotency-key": key})

        both = await post({"shipment": str(shipment), "packages": 2, "parcels": contents}, "a")
        packed = await post({"shipment": str(shipment), "parcels": contents}, "b")
        mine = await clerk.put(f"{AT}/parcel-policy", json={"prefix": "5201234"}, headers={"idempotency-key": "c"})
    assert (both.status_code, packed.status_code, mine.status_code) == (422, 200, 403)
    assert packed.json()["shipments"][0]["packages"] == 1


async def test_many_parcels_cost_as_many_statements_as_two(make_room: MakeRoom) -> None:
    counts = {}
    for size in (2, 30):
        room = make_room()
        await room.knows("acme")
        await room.stocked({"BEANS": "1000", "MUG": "1000"})
        await numbered(room)
        shipments = [await shipment_of(room, f"O{n}", "2", "1") for n in range(size)]
        packs = [Pack(one, None, [parcel((1, 2)), parcel((2, 1), sscc=None)]) for one in shipments]
        async with counting_statements(room.database) as counted:
            assert isinstance(await room.ask(handlers.pack_shipments, PackShipments(cause(), packs)), Answer)
            assert isinstance(await dispatch(room, *shipments), Answer)
        counts[size] = counted.statements
    assert counts[2] == counts[30]
