"""Orders that get stock only when the ledger has said that they may, whichever comes first."""

from __future__ import annotations

import itertools

import pytest

from contracts.ledger import CreditApproved, CreditCheckRequired
from services.inventory.domain.credit import Permit
from tests.inventory.room import StockRoom, cancelled, changed, order_id, placed
from tests.support.department import Event, event

STEPS = ("ask 1", "ask 2", "approve 1", "approve 2")


def allowed(name: str, revision: int | None = None, *, sequence: int = 1, company: str = "acme") -> Event:
    """The ledger lets an order pass."""
    data = {
        "order": order_id(name), "customer": "C-1", "because": "within-limit", "currency": "EUR", "amount": "1.00",
        "exposure": "0.00", "limit": None,
    }  # fmt: skip
    more = {} if revision is None else {"revision": revision}
    return event(CreditApproved, company, {**data, **more}, sequence=sequence)


def asks(company: str = "acme") -> Event:
    """The company asks for credit from now on."""
    return event(CreditCheckRequired, company, {"company": company, "valid_from": "2026-01-01"}, sequence=1)


async def said(room: StockRoom) -> list[str]:
    """What inventory said about orders."""
    types = ("StockReserved", "ReservationRefused", "ReservationReleased", "OrderChangeRefused")
    return [f"{one.type} {one.data.get('revision', 1)}" for one in await room.told(*types)]


@pytest.mark.parametrize("order", [o for o in itertools.permutations(STEPS) if o.index("ask 1") < o.index("ask 2")])
def test_whatever_comes_first_the_latest_revision_passes_once_it_may(order: tuple[str, ...]) -> None:
    """L10: a revision passes when it has come and was approved, never before, and never twice."""
    permit, passed = Permit(), []
    for step in order:
        what, revision = step.split()
        if what == "ask":
            if permit.lets_pass(int(revision)):
                passed.append(int(revision))
                permit.withdraw()
        else:
            through = permit.approve(int(revision))
            passed += [through] if through else []

    assert passed
    assert 2 in passed
    assert permit.asked == 0
    assert len(passed) == len(set(passed))


async def test_an_order_waits_for_its_answer_and_then_gets_stock_or_not(room: StockRoom) -> None:
    """X1: nothing is set aside before the ledger has answered; then the order is served, or refused."""
    await room.stocked({"A": "10"})
    await room.hear(asks())
    await room.hear(placed("one", [("A", "6")]), placed("two", [("A", "6")]))
    assert (await said(room), await room.stock("A")) == ([], ("10", "0"))

    await room.hear(placed("one", [("A", "6")], sequence=2))  # the same order again: still one
    await room.hear(allowed("one"))
    await room.hear(allowed("two"))

    assert await said(room) == ["StockReserved 1", "ReservationRefused 1"]
    assert await room.stock("A") == ("10", "6")
    assert await room.differences() == []


async def test_an_answer_that_runs_ahead_is_remembered(room: StockRoom) -> None:
    """X1: the answer before its order, and even before the news that the company asks."""
    await room.stocked({"A": "10"})
    await room.hear(allowed("one"), allowed("two"))
    await room.hear(asks())
    await room.hear(
        placed("one", [("A", "6")]), allowed("three"), placed("two", [("A", "1")]), placed("three", [("A", "2")])
    )

    assert await said(room) == ["StockReserved 1"] * 3
    assert await room.stock("A") == ("10", "9")


async def test_a_change_waits_while_the_order_stands_and_a_cancellation_ends_both(room: StockRoom) -> None:
    """X1: a change of a waiting order takes its place, one of a reserved order waits; what is cancelled gets none."""
    await room.stocked({"A": "10"})
    await room.hear(asks())
    await room.hear(placed("one", [("A", "9")]), placed("two", [("A", "1")]), placed("three", [("A", "1")]))
    await room.hear(changed("one", 2, [("A", "4")]), allowed("two"))
    await room.hear(changed("two", 2, [("A", "3")]), cancelled("three"))
    assert await said(room) == ["StockReserved 1", "ReservationRefused 1"]
    assert await room.stock("A") == ("10", "1")

    await room.hear(allowed("one", 2), allowed("two", 2, sequence=2), allowed("three"))
    assert (await said(room))[2:] == ["StockReserved 2", "ReservationReleased 1", "StockReserved 2"]
    assert await room.stock("A") == ("10", "7")

    await room.hear(changed("two", 3, [("A", "1")]))
    await room.hear(cancelled("two", sequence=4))
    await room.hear(allowed("two", 3, sequence=3))
    assert (await said(room))[5:] == ["ReservationReleased 2"]
    assert await room.stock("A") == ("10", "4")
    assert await room.differences() == []
    assert await room.held() == []


async def test_companies_that_do_not_ask_cost_nothing_more(room: StockRoom) -> None:
    """L10: no row and no wait for a company that asks for nothing, whatever another does."""
    await room.stocked({"A": "10"})
    await room.hear(placed("one", [("A", "6")]))

    assert await said(room) == ["StockReserved 1"]
    assert await room.rows("select count(*) from order_credit") == [(0,)]
