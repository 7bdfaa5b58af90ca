"""A company that is renamed or moves: its documents say what held on their day."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import orjson
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from services.ledger import handlers
from services.ledger.commands import ChangeCompany
from services.ledger.domain.books import SellerChange, seller_on, sellers_told, with_change
from tests.chassis.statements import counting_statements
from tests.ledger.accountant import ACME, Accountant, at_the_door
from tests.ledger.desk import NOON, Desk, Order, cause
from tests.ledger.test_dunning import dun, policy
from tests.ledger.test_reports import year_of_trade
from tests.support.eventually import eventually

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


# -- what is told ------------------------------------------------------------------------------------------------------

WAITING = "select 1 from pg_locks where locktype = 'advisory' and not granted"
DAYS = [date(2026, 11, 1) + timedelta(days=n) for n in range(6)]
SAID = st.tuples(st.sampled_from(DAYS), st.dictionaries(st.sampled_from("abc"), st.integers(0, 2), min_size=1))


async def told(desk: Desk) -> list[tuple[str, str, str]]:
    """Day, name and city of what was told of the company's changes."""
    data = [one.data for one in await desk.told("CompanyChanged")]
    return [(each["valid_from"], each["name"], each["address"]["city"]) for each in data]


def change(day: str, **changed: object) -> ChangeCompany:
    return ChangeCompany("acme", date.fromisoformat(day), changed, cause())


async def test_a_change_is_told_whole_behind_the_registration(desk: Desk, anna: Accountant) -> None:
    """On the company's key, by whom it was asked for, with what did not change beside what did."""
    await anna.done("/changes", {"valid_from": "2026-11-15", "name": AFTER, "address": SEAT})

    registered, changed = await desk.told("CompanyRegistered", "CompanyChanged")
    assert (registered.key, registered.sequence) == (changed.key, 1)
    on_the_key = [one.sequence for one in await desk.told() if one.key == "acme"]
    assert changed.sequence == max(on_the_key) == len(on_the_key)
    assert changed.data == {
        "company": "acme", "valid_from": "2026-11-15", "name": AFTER, "address": SEAT,
        "vat_number": registered.data["vat_number"],
    }  # fmt: skip
    assert changed.envelope.actor == "anna"


async def test_a_change_that_is_refused_tells_nothing(desk: Desk, anna: Accountant) -> None:
    assert (await anna.post("/changes", {"valid_from": "2026-11-15"})).status_code == 422
    assert await told(desk) == []


async def test_what_was_told_for_a_later_day_is_told_anew_when_it_is_different(desk: Desk) -> None:
    """The name changes before a move that was told first: of that day, too, the old name is told no longer."""
    await desk.do(handlers.change_companies, change("2026-11-20", address=SEAT))
    await desk.do(handlers.change_companies, change("2026-11-15", name=AFTER), change("2026-11-10", name="Between"))

    assert await told(desk) == [
        ("2026-11-20", BEFORE, "Thessaloniki"),
        ("2026-11-15", AFTER, "Πειραιάς"), ("2026-11-20", AFTER, "Thessaloniki"),
        ("2026-11-10", "Between", "Πειραιάς"),  # from the 15th on nothing is different
    ]  # fmt: skip


@given(st.lists(SAID, max_size=12))
def test_who_takes_the_last_word_of_the_latest_day_knows_what_the_ledger_prints(
    said: Sequence[tuple[date, dict[str, object]]],
) -> None:
    """Whatever is said in whatever order: a listener needs nothing but whole sellers and their days."""
    registered: dict[str, object] = {"a": 0, "b": 0, "c": 0}
    changes: list[SellerChange] = []
    heard: list[SellerChange] = [(date.min, registered)]
    for day, changed in said:
        before, changes = changes, with_change(changes, day, changed)
        heard += sellers_told(day, registered, before, changes)

        for asked in DAYS:
            newest = max(range(len(heard)), key=lambda n: (heard[n][0] if heard[n][0] <= asked else date.min, n))
            known = heard[newest][1] if heard[newest][0] <= asked else registered
            assert known == seller_on(asked, registered, changes)


async def test_who_changes_a_company_at_the_same_moment_tells_what_the_other_one_said(desk: Desk) -> None:
    """Of two transactions the second one has waited for the first: what it tells whole has both."""
    async with desk.database.unit(["acme"]) as first:
        first.now = NOON
        await handlers.change_companies([change("2026-11-15", name=AFTER)], first)
        second = asyncio.create_task(desk.do(handlers.change_companies, change("2026-11-16", address=SEAT)))
        await eventually(lambda: desk.rows(WAITING), what="the second one waits for its turn")
    await second

    assert await told(desk) == [("2026-11-15", AFTER, "Πειραιάς"), ("2026-11-16", AFTER, "Thessaloniki")]


async def test_changes_of_any_number_cost_the_same_statements(desk: Desk) -> None:
    asked = []
    for size in (10, 200):
        many = [change("2026-11-15", name=f"Name {size} {n}") for n in range(size)]
        async with counting_statements(desk.database) as counted:
            await desk.do(handlers.change_companies, *many)
        asked.append([query for query in counted.queries if query != "commit"])  # it may be logged later
    assert asked[0] == asked[1]


# -- what else the ledger writes ---------------------------------------------------------------------------------------


async def test_a_letter_that_reminds_has_the_head_of_its_day(desk: Desk) -> None:
    await policy(desk, books=False)
    await desk.bill(Order("A", at=datetime(2026, 6, 1, 12, tzinfo=NOON.tzinfo)))
    await desk.do(handlers.change_companies, change("2026-07-10", name=AFTER))

    await dun(desk, date(2026, 7, 6))
    await dun(desk, date(2026, 7, 21))

    assert [one.data["seller"]["name"] for one in await desk.told("DunningLevelReached")] == [BEFORE, AFTER]


async def test_a_statement_has_the_head_of_the_day_on_which_it_is_drawn(desk: Desk, anna: Accountant) -> None:
    await year_of_trade(desk)
    days = {"since": "2026-07-01", "as_of": "2026-11-23"}
    await anna.done("/changes", {"valid_from": "2099-12-31", "name": "Not yet"})
    await anna.done("/changes", {"valid_from": "2026-01-01", "name": AFTER})

    await anna.done("/customers/C-1/statements", days)

    assert {one.data["seller"]["name"] for one in await desk.told("StatementDrawn")} == {AFTER}


async def test_a_credit_note_has_the_head_of_its_invoice(desk: Desk) -> None:
    """It gives back what that paper said, in its words."""
    sold = order("A", 10)
    await desk.bill(sold)
    await desk.do(handlers.change_companies, change("2026-11-11", name=AFTER))

    await desk.hear(sold.released(at=datetime(2026, 11, 20, 12, tzinfo=NOON.tzinfo)))

    (note,) = await desk.told("CreditNoteIssued")
    assert (note.data["seller"]["name"], note.data["issued_on"]) == (BEFORE, "2026-11-20")
