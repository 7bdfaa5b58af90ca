"""A company that is renamed or moves: its documents say what held on their day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import orjson
import pytest_asyncio

from tests.ledger.accountant import ACME, Accountant, at_the_door
from tests.ledger.desk import NOON, Desk, Order

SEAT = {"line1": "Egnatia 12", "city": "Thessaloniki", "postcode": "54626", "country": "GR"}
BEFORE, AFTER = "Αιγαίο Εμπορική Α.Ε.", "Aegean Trading S.A."


@pytest_asyncio.fixture
async def anna(desk: Desk) -> AsyncIterator[Accountant]:
    async with at_the_door(desk, "anna") as (person,):
        yield person


async def sellers(desk: Desk) -> list[tuple[str, str]]:
    """Name and city on the invoices that were told."""
    told = [one.data["seller"] for one in await desk.told("InvoiceIssued")]
    return [(seller["name"], seller["address"]["city"]) for seller in told]


def order(name: str, day: int) -> Order:
    return Order(name, at=datetime(2026, 11, day, 12, tzinfo=NOON.tzinfo))


async def test_an_invoice_shows_the_name_and_the_seat_of_its_day(desk: Desk, anna: Accountant) -> None:
    """Said ahead, and for a day between; what was issued stays as it is, and each field has days of its own."""
    await desk.bill(order("A", 10))
    await anna.done("/changes", {"valid_from": "2026-11-20", "address": SEAT})
    await anna.done("/changes", {"valid_from": "2026-11-15", "name": AFTER, "vat_number": "EL094259216"})

    await desk.bill(order("B", 14))
    await desk.bill(order("C", 15))
    await desk.bill(order("D", 20))

    assert await sellers(desk) == [
        (BEFORE, "Πειραιάς"), (BEFORE, "Πειραιάς"), (AFTER, "Πειραιάς"), (AFTER, "Thessaloniki"),
    ]  # fmt: skip
    printed = [orjson.loads(one)["seller"]["vat_number"] for (one,) in await desk.rows("select printed from invoice")]
    assert sorted(printed) == ["EL094259216", "EL094259216", "EL800000003", "EL800000003"]
    assert await desk.faults() == []


async def test_of_two_changes_for_one_day_the_later_one_counts(desk: Desk, anna: Accountant) -> None:
    """A mistake is set right by saying it anew; both stay on record."""
    for name in ("Aegaen", AFTER):
        await anna.done("/changes", {"valid_from": "2026-11-15", "name": name})
    await desk.bill(order("A", 16))

    assert [name for name, _ in await sellers(desk)] == [AFTER]
    ((count,),) = await desk.rows("select count(*) from audit where action = 'company.changed'")
    assert count == 2


async def test_a_company_is_shown_as_of_a_day(anna: Accountant) -> None:
    """What it is called and where it is, on any day."""
    await anna.done("/changes", {"valid_from": "2026-11-15", "name": AFTER, "address": SEAT})

    async def shown(day: str) -> Any:
        told = (await anna.http.get(ACME, params={"as_of": day})).json()
        return told["name"], told["address"]["city"], told["vat_number"]

    assert await shown("2026-11-14") == (BEFORE, "Πειραιάς", "EL800000003")
    assert await shown("2026-11-15") == (AFTER, "Thessaloniki", "EL800000003")


async def test_a_change_says_something_that_fits(anna: Accountant) -> None:
    """Nothing at all is refused, and so is a number that does not add up."""
    nothing = await anna.post("/changes", {"valid_from": "2026-11-15"})
    wrong = await anna.post("/changes", {"valid_from": "2026-11-15", "iban": "GR1601101250000000012300696"})

    assert (nothing.status_code, wrong.status_code) == (422, 422)
    assert nothing.json()["type"] == "/problems/nothing-changed"
