"""What a letter asks for: not what is disputed, not what the customer's own money covers, interest day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import httpx
import orjson

from contracts.money import to_micro
from services.ledger.domain.dunning import Move, interest_on, open_days
from tests.ledger.desk import Desk, Order, payment
from tests.ledger.test_dunning import caller, dun, order, policy, post
from tests.ledger.test_money_by_hand import rate

__all__ = ["caller"]
SECOND, THIRD = date(2026, 7, 21), date(2026, 8, 10)
"""On which an invoice of 1 June, dunned on 6 July, reaches its second level and its third."""


async def letters(desk: Desk) -> list[dict[str, Any]]:
    return [one.data for one in await desk.told("DunningLevelReached")]


async def _forget_rates(desk: Desk) -> None:
    connection = await asyncpg.connect(desk.server.superuser_url_of(desk.urls))
    try:
        await connection.execute("set session_replication_role = replica; delete from exchange_rate")
    finally:
        await connection.close()


async def test_a_letter_asks_for_nothing_that_is_disputed_but_lists_it(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L8: what is stopped stands apart: neither in what is overdue nor in the total."""
    await policy(desk)
    disputed = order("A-1", date(2026, 6, 1))
    await desk.bill(disputed, order("A-2", date(2026, 6, 2)))
    await post(caller, f"/invoices/{disputed.invoice}/dunning-stop", {"kind": "dispute", "reason": "wrong goods"})

    await dun(desk, date(2026, 7, 10))

    (told,) = await letters(desk)
    assert (told["overdue"], told["stopped"], told["total"]) == ("37.20", "37.20", "37.20")
    assert [(one["open"], one["disputed"]) for one in told["items"]] == [("37.20", True), ("37.20", False)]


async def test_whose_unapplied_money_covers_what_is_overdue_is_not_raised_and_it_says_why(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L8: the money is there, only nobody has said what it pays: no letter, no fee, and the audit says why."""
    await policy(desk)
    await desk.bill(order("A-1", date(2026, 6, 1)), order("B-1", date(2026, 6, 1), "C-2"))
    await dun(desk, date(2026, 7, 6))
    await desk.hear(payment("P-1", "37.20", customer="C-1", received_on=date(2026, 7, 8)))
    await desk.hear(payment("P-2", "37.19", customer="C-2", received_on=date(2026, 7, 8)))

    run = await dun(desk, SECOND)

    assert (run.body["letters"], run.body["covered"]) == (1, 1)
    assert [(one["customer"]["id"], one["level"]) for one in await letters(desk)][2:] == [("C-2", 2)]
    ((why,),) = await desk.rows("select detail from audit where action = 'dunning.covered' and subject = 'C-1'")
    assert orjson.loads(why) == {"currency": "EUR", "overdue": "37.20", "unapplied": "37.20"}
    assert await desk.rows("select max(level) from dunning_step s join invoice i on i.id = s.invoice "
                           "where i.customer_id = 'C-1'") == [(1,)]  # fmt: skip


async def test_money_in_another_currency_covers_nothing(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L8: no rate was agreed with the customer."""
    await policy(desk)
    await rate(desk, "USD", date(2026, 1, 1), "0.9")
    await desk.bill(order("A-1", date(2026, 6, 1)))
    await desk.hear(payment("P-1", "900.00", currency="USD", customer="C-1", received_on=date(2026, 7, 1)))

    assert (await dun(desk, date(2026, 7, 6))).body == {
        "day": "2026-07-06",
        "letters": 1,
        "covered": 0,
        "repeated": False,
    }


async def test_interest_is_on_what_was_open_on_each_day(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L8: 10,000.00 for 14 days and 1.00 for one, at 8 %, rounded once: who pays a day before the letter owes it."""
    await policy(desk)
    at = datetime(2026, 6, 1, 12, tzinfo=UTC)
    big = Order("A-1", (("100", "100.00", "VAT0"),), customer="C-1", at=at)
    await desk.bill(big)
    await dun(desk, date(2026, 7, 6))
    await desk.hear(big.payment("P-1", "9999.00", received_on=date(2026, 7, 20)))

    await dun(desk, SECOND)
    await dun(desk, THIRD)

    told = await letters(desk)
    assert [(one["level"], one["interest"]) for one in told] == [(1, "0.00"), (2, "30.69"), (3, "0.00")]
    assert told[1]["total"] == "36.69"  # 1.00, the fee and the interest
    assert await desk.faults() == []


async def test_interest_in_a_currency_without_a_rate_is_counted_once_there_is_one(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L8: nothing could be booked, so no day of it is used up."""
    await policy(desk)
    await rate(desk, "USD", date(2026, 6, 1), "0.9")
    late = Order("A-1", customer="C-1", currency="USD", at=datetime(2026, 6, 1, 12, tzinfo=UTC))
    await desk.bill(late)
    await dun(desk, date(2026, 7, 6))
    await _forget_rates(desk)  # as for what was taken over with its worth, and no rate yet

    await dun(desk, SECOND)
    await rate(desk, "USD", date(2026, 8, 1), "0.9")
    await dun(desk, THIRD)

    told = await letters(desk)
    assert [(one["interest"], one.get("charge_number")) for one in told] == [
        ("0.00", None),
        ("0.12", None),  # announced: 15 days
        ("0.29", "LPC-2026-000001"),  # and owed, of all 35
    ]


def test_what_is_open_is_counted_by_days() -> None:
    """A payment counts from its own day on; what was taken back is open again; nothing before the first day counts."""
    first, last = date(2026, 7, 1), date(2026, 7, 11)
    moves = [Move(date(2026, 6, 30), 500), Move(date(2026, 7, 3), 60), Move(date(2026, 7, 6), -20)]

    assert open_days(60, [], first, last) == 600
    assert open_days(60, moves, first, last) == 100 * 2 + 40 * 3 + 60 * 5
    assert open_days(60, [Move(date(2026, 7, 20), 40)], first, last) == 1000  # the letter is of an earlier day
    assert open_days(60, moves, last, last) == 0
    assert to_micro("0.08") == 80_000
    assert interest_on(1_000_000 * 14 + 100, "0.08") == 3069
