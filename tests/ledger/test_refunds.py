"""Refunds: listed, searched, and decided by another person than who asked."""

from __future__ import annotations

from datetime import date
from typing import Any

import asyncpg
import httpx
import pytest

from chassis.cause import Cause
from chassis.requests import Answer
from services.ledger import handlers
from services.ledger.commands import DecideRefund, RequestRefund
from tests.ledger.desk import Desk, cause, payment, payment_id
from tests.ledger.test_api import ACME, caller, faults, get

__all__ = ["caller"]

FIRST = date(2026, 11, 20)
AT_THE_TILL = cause()._replace(actor="key:till", on_behalf_of="anna")
BEN = cause()._replace(actor="ben", on_behalf_of=None)


async def three_refunds(desk: Desk) -> None:
    """Anna asked for R-1 to R-3 through a system, in this order; Ben agreed to the first and turned the second down."""
    await desk.hear(
        payment("P-1", "50.00", customer="C-1042", received_on=FIRST), payment("P-2", "9.00", received_on=FIRST)
    )
    wishes = (("R-1", "P-1", "10.00", 20), ("R-2", "P-2", "9.00", 21), ("R-3", "P-1", "5.00", 22))
    for name, paid, amount, day in wishes:
        wish = RequestRefund(
            "acme", payment_id(paid), payment_id(name), amount, date(2026, 11, day), "too much", AT_THE_TILL
        )
        (asked,) = await desk.do(handlers.request_refunds, wish)
        assert isinstance(asked, Answer)
    for name, agrees in (("R-1", True), ("R-2", False)):
        (decided,) = await desk.do(handlers.decide_refunds, DecideRefund("acme", payment_id(name), agrees, BEN))
        assert isinstance(decided, Answer)


FINDS: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["R-1", "R-2", "R-3"]),
    ({"state": "requested"}, ["R-3"]),
    ({"state": "approved"}, ["R-1"]),
    ({"state": "rejected", "customer": "C-1042"}, []),
    ({"customer": "C-1042"}, ["R-1", "R-3"]),
    ({"payment": str(payment_id("P-2"))}, ["R-2"]),
    ({"refund_from": "2026-11-21", "refund_to": "2026-11-21"}, ["R-2"]),
    ({"amount_from": "9.00"}, ["R-1", "R-2"]),
    ({"amount_to": "9.00", "currency": "EUR", "refund_from": "2026-11-22"}, ["R-3"]),
    ({"currency": "USD"}, []),
]


async def test_refunds_are_found_by_state_payment_customer_day_and_amount_page_by_page(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """G18, X9: the oldest wish first; decided ones stay listed with both persons (INV27)."""
    await three_refunds(desk)

    for wanted, expected in FINDS:
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {"next": None}
        while not found or page["next"]:
            page = await get(caller, "/refunds", limit=1, **wanted, **({"after": page["next"]} if page["next"] else {}))
            found += page["refunds"]
            if not page["refunds"]:
                break
        assert [row["refund"] for row in found] == [str(payment_id(name)) for name in expected], wanted

    agreed, turned_down, waiting = (await get(caller, "/refunds"))["refunds"]
    persons = [(row["requested_by"], row["decided_by"]) for row in (agreed, turned_down, waiting)]
    assert persons == [("anna", "ben"), ("anna", "ben"), ("anna", None)]
    assert [row["decided_at"] is None for row in (agreed, turned_down, waiting)] == [False, False, True]
    assert [row["entry"] is None for row in (agreed, turned_down, waiting)] == [False, True, True]
    assert agreed == await get(caller, f"/refunds/{agreed['refund']}")


async def test_a_search_for_refunds_that_cannot_be_meant_is_refused_by_name(caller: httpx.AsyncClient) -> None:
    amounts = await caller.get(f"{ACME}/refunds?amount_from=1.234")
    currency = await caller.get(f"{ACME}/refunds?amount_to=1&currency=XYZ")

    assert (faults(amounts), faults(currency)) == (
        [("?amount_from", "amount-invalid")],
        [("?currency", "currency-unknown")],
    )
    assert (await caller.get(f"{ACME}/refunds?state=waiting")).status_code == 422


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("update refund set state = 'rejected', decided_by = 'anna' where state = 'requested'", "refund_four_eyes"),
        ("update refund set requested_by = 'cleo' where state = 'requested'", "refund_kept"),
        ("update refund set amount = amount + 1 where state = 'requested'", "refund_kept"),
        ("update refund set decided_by = 'cleo' where state = 'approved'", "refund_kept"),
        (
            "insert into refund select company, gen_random_uuid(), payment, currency, amount, reason, refund_on, "
            "state, requested_by, decided_by, entry, at, decided_at from refund where state = 'approved'",
            "refund_asked",
        ),
    ],
    ids=["decided by who asked", "asked by another", "another amount", "decided by another", "never asked for"],
)
async def test_the_database_itself_holds_a_refund_to_two_persons(desk: Desk, statement: str, constraint: str) -> None:
    """X9: the persons are compared, whatever the code above does, and none is renamed afterwards (INV27)."""
    await three_refunds(desk)

    with pytest.raises(asyncpg.CheckViolationError) as caught:
        async with desk.database.unit(["acme"]) as unit:
            await unit.raw.execute(statement)

    assert caught.value.constraint_name == constraint


@pytest.mark.parametrize(
    ("who", "agrees"),
    [
        (AT_THE_TILL, False),
        (AT_THE_TILL._replace(actor="key:phone"), False),
        (AT_THE_TILL._replace(actor="anna", on_behalf_of=None), False),
        (AT_THE_TILL._replace(on_behalf_of="ben"), True),
    ],
    ids=["the same way", "through another system", "in person", "another person through the same system"],
)
async def test_a_refund_is_decided_by_another_person_through_whichever_system(
    desk: Desk, who: Cause, agrees: bool
) -> None:
    """X9: names of accounts and keys say nothing; humans are compared (INV27)."""
    await three_refunds(desk)

    (answer,) = await desk.do(handlers.decide_refunds, DecideRefund("acme", payment_id("R-3"), True, who))

    assert getattr(answer, "status", None) == (200 if agrees else 403)
    assert await desk.faults() == []
