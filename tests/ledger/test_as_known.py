"""What the books said: with effect on a day, as known at an instant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest_asyncio

from chassis.database import UnitOfWork
from chassis.ids import new_id
from services.ledger import handlers
from services.ledger.commands import OpenAccounts
from services.ledger.domain.posting import Entry, Line
from services.ledger.handlers.bookkeeping import open_books, post
from tests.ledger.accountant import RENT, Accountant, at_the_door, entry, faults
from tests.ledger.desk import NOON, TODAY, Desk, cause
from tests.ledger.test_days import queued


@pytest_asyncio.fixture
async def anna(desk: Desk) -> AsyncIterator[Accountant]:
    """Anna."""
    await desk.do(handlers.open_accounts, OpenAccounts("acme", [RENT], cause()))
    async with at_the_door(desk, "anna") as (one,):
        yield one


async def test_a_balance_is_asked_for_by_day_of_effect_and_by_instant_of_knowledge(
    desk: Desk, anna: Accountant
) -> None:
    """L27: an entry with effect in the past changes no balance as known before it; days before count by their sums."""
    instants = []
    for day, amount in (("2026-11-10", "100.00"), ("2026-11-05", "20.00"), ("2026-11-20", "3.00")):
        made = await anna.done("/entries", entry(day, amount))
        shown = await anna.get(f"/entries/{made['entry']}")
        instants.append(datetime.fromisoformat(shown["recorded_at"]))
    await desk.rows("update journal_entry set at = at - interval '1 day' where posted_on = '2026-11-10'")
    await desk.rows("update account_day set recorded_on = recorded_on - 1 where effective_on = '2026-11-10'")
    a_moment = timedelta(microseconds=1)

    async def rent(known_at: datetime, **query: str) -> str:
        return await anna.balance("6000", known_at=known_at.isoformat(), **query)

    assert await rent(instants[0] - timedelta(days=1) - a_moment) == "0.00"
    assert await rent(instants[0] - timedelta(days=1)) == "100.00"
    assert await rent(instants[1] - a_moment) == "100.00"
    assert await rent(instants[1]) == "120.00"
    assert await rent(instants[1], as_of="2026-11-09") == "20.00"
    assert await rent(instants[2]) == "123.00"
    assert await rent(instants[2], as_of="2026-11-10") == "120.00"
    assert await anna.balance("6000") == "123.00"


async def test_a_day_and_an_instant_of_knowledge_are_not_asked_for_together(anna: Accountant) -> None:
    both = await anna.http.get(
        "/v1/companies/acme/trial-balance", params={"known_on": "2026-11-22", "known_at": "2026-11-22T12:00:00Z"}
    )
    vague = await anna.http.get("/v1/companies/acme/trial-balance", params={"known_at": "2026-11-22T12:00:00"})

    assert faults(both) == [("?known_at", "not-both")]
    assert vague.status_code == 422


async def moment(desk: Desk) -> datetime:
    """What time it is at the database."""
    ((now,),) = await desk.rows("select clock_timestamp()")
    assert isinstance(now, datetime)
    return now


async def pay_rent(unit: UnitOfWork) -> None:
    """Post 5.00 of rent within a transaction that goes on."""
    unit.now = NOON
    books = await open_books(unit)
    lines = [Line("6000", "EUR", 500, 0), Line("1000", "EUR", 0, 500)]
    made = new_id()
    await post([(Entry("acme", made, "general", TODAY, made, None, lines), cause())], books, unit)


async def test_what_was_known_at_an_instant_stays_so_though_a_transaction_had_begun_before_it(
    desk: Desk, anna: Accountant
) -> None:
    """L27: an entry is known since its transaction had its turn, not since it began to wait for it."""
    async with desk.database.unit(["acme"]) as waiting:
        await waiting.raw.fetchval("select now()")
        await anna.done("/entries", entry(amount="20.00"))
        instant = await moment(desk)
        first = await anna.balance("6000", known_at=instant.isoformat())
        await pay_rent(waiting)
    ((later,),) = await desk.rows("select max(at) from journal_entry")

    assert (first, later > instant) == ("20.00", True)
    assert await anna.balance("6000", known_at=instant.isoformat()) == "20.00"
    assert await anna.balance("6000", known_at=later.isoformat()) == "25.00"


async def test_who_asks_for_an_instant_waits_for_what_was_being_posted_at_it(desk: Desk, anna: Accountant) -> None:
    """L27: what is posted and not committed yet is in the answer, or else the same question is answered otherwise."""
    async with desk.database.unit(["acme"]) as posting:
        await pay_rent(posting)
        instant = await moment(desk)
        asked = asyncio.create_task(anna.balance("6000", known_at=instant.isoformat()))
        await queued(desk, 1)
        assert not asked.done()

    assert await asked == "5.00"
    assert await anna.balance("6000", known_at=instant.isoformat()) == "5.00"


async def test_an_instant_to_come_is_answered_as_of_now(desk: Desk, anna: Accountant) -> None:
    """L27: the answer names the instant that it speaks of, and of that one it stays true."""
    ahead = await moment(desk) + timedelta(days=1)
    shown = await anna.get("/trial-balance", known_at=ahead.isoformat())
    named = datetime.fromisoformat(shown["known_at"])
    await anna.done("/entries", entry(amount="20.00"))

    assert named < ahead
    assert await anna.balance("6000", known_at=named.isoformat()) == "0.00"


async def test_sums_of_a_day_and_entries_agree_on_the_day_of_recording(desk: Desk, anna: Accountant) -> None:
    """L27: both are of the same instant, so none is counted twice or left out at midnight (UTC)."""
    async with desk.database.unit(["acme"]) as unit:
        await pay_rent(unit)  # which believes that it is another day

    ((at, recorded_on),) = await desk.rows(
        "select distinct e.at, d.recorded_on from journal_entry e join account_day d on d.account = '6000'"
    )
    assert at.date() == recorded_on
