"""What the books said: with effect on a day, as known at an instant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest_asyncio

from services.ledger import handlers
from services.ledger.commands import OpenAccounts
from tests.ledger.accountant import RENT, Accountant, at_the_door, entry, faults
from tests.ledger.desk import Desk, cause


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
