"""The limit above which a second person agrees, for lines in another currency: by the rate, not by what is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
import pytest_asyncio

from services.ledger import handlers
from services.ledger.commands import NewRate, OpenAccounts, RecordRates
from tests.ledger.accountant import ACME, RENT, Accountant, at_the_door
from tests.ledger.desk import Desk, cause

DAY = date(2026, 11, 10)
LIMIT = "100.00"


@pytest_asyncio.fixture
async def anna(desk: Desk) -> AsyncIterator[Accountant]:
    """Anna, whom the company lets post a hundred euros alone."""
    await desk.do(handlers.open_accounts, OpenAccounts("acme", [RENT], cause()))
    async with at_the_door(desk, "anna") as (anna,):
        await anna.done("/policies", {"valid_from": "2026-01-01", "approval_limit": LIMIT})
        yield anna


async def rate(desk: Desk, valid_on: date, worth: str, currency: str = "USD") -> None:
    await desk.do(handlers.record_rates, RecordRates("acme", [NewRate(currency, valid_on, worth, "ECB", "")], cause()))


def abroad(amount: str, base: str, currency: str = "USD") -> dict[str, Any]:
    """Rent in dollars, which its writer says is worth so much."""
    sides = [("6000", {"debit": amount}), ("1000", {"credit": amount})]
    lines = [{"account": account, "currency": currency, "base": base} | side for account, side in sides]
    return {"posted_on": DAY.isoformat(), "text": "Rent", "lines": lines}


@pytest.mark.parametrize("base", ["0", "0.01", "100.00"])
async def test_who_writes_that_a_million_dollars_are_worth_little_does_not_post_them_alone(
    desk: Desk, anna: Accountant, base: str
) -> None:
    """X9: the limit counts the rate of the day (INV27)."""
    await rate(desk, DAY, "0.80")

    answer = await anna.post("/entries", abroad("1000000", base))

    assert (answer.status_code, answer.json()["state"]) == (202, "awaiting-approval")
    assert await anna.balance("6000") == "0.00"


@pytest.mark.parametrize(
    ("amount", "base", "status"),
    [
        pytest.param("125.00", "0.01", 201, id="worth-the-limit-by-the-rate"),
        pytest.param("125.01", "0.01", 202, id="a-cent-above-it-by-the-rate"),
        pytest.param("1.00", "100.00", 201, id="worth-the-limit-by-its-writer"),
        pytest.param("1.00", "100.01", 202, id="a-cent-above-it-by-its-writer"),
    ],
)
async def test_the_limit_holds_to_the_cent_by_the_rate_and_by_what_is_written(
    desk: Desk, anna: Accountant, amount: str, base: str, status: int
) -> None:
    await rate(desk, DAY, "0.80")

    assert (await anna.post("/entries", abroad(amount, base))).status_code == status


async def test_a_currency_without_minor_units_is_valued_as_it_is(desk: Desk, anna: Accountant) -> None:
    await rate(desk, DAY, "0.01", "JPY")

    small, big = [await anna.post("/entries", abroad(amount, "0.01", "JPY")) for amount in ("10000", "10001")]

    assert (small.status_code, big.status_code) == (201, 202)


@pytest.mark.parametrize("known", [None, date(2026, 10, 30), date(2026, 11, 11)], ids=["none", "too-old", "of-later"])
async def test_where_no_rate_holds_on_the_day_a_second_person_looks(
    desk: Desk, anna: Accountant, known: date | None
) -> None:
    if known is not None:
        await rate(desk, known, "0.80")

    assert (await anna.post("/entries", abroad("1.00", "0.80"))).status_code == 202


async def test_without_a_limit_nobody_needs_a_rate(desk: Desk) -> None:
    await desk.do(handlers.open_accounts, OpenAccounts("acme", [RENT], cause()))
    async with at_the_door(desk, "anna") as (anna,):
        assert (await anna.post("/entries", abroad("1000000", "0.01"))).status_code == 201


async def test_balances_of_a_file_are_valued_by_the_rate_too(desk: Desk, anna: Accountant) -> None:
    await rate(desk, DAY, "0.80")
    rows = "account,debit,credit,currency,base\n6000,{0},,USD,0.01\n1000,,{0},USD,0.01\n"
    asked = {"posted_on": DAY.isoformat()}

    states = []
    for amount in ("125.00", "125.01"):
        answer = await anna.http.post(
            f"{ACME}/imports/balances", content=rows.format(amount), params=asked | {"reference": amount},
            headers={"idempotency-key": amount, "content-type": "text/csv"},
        )  # fmt: skip
        states.append((answer.status_code, answer.json().get("state")))

    assert states == [(201, "posted"), (202, "awaiting-approval")]


async def test_what_is_taken_back_is_valued_by_the_rate_of_its_own_day(desk: Desk, anna: Accountant) -> None:
    await rate(desk, DAY, "0.80")
    small = await anna.done("/entries", abroad("100.00", "0.01"))
    await rate(desk, date(2026, 11, 11), "8.00")

    back = await anna.post(f"/entries/{small['entry']}/reversal", {"posted_on": "2026-11-11", "text": "Back"})

    assert back.json()["state"] == "awaiting-approval"
