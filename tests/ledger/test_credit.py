"""Whether an order gets stock: asked where the company asks, held over the limit, released by room or by a person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.ledger import handlers
from services.ledger.commands import ChangePolicy, NewCustomer, NewRate, RecordRates, RegisterCustomers
from services.ledger.domain.customers import CustomerChange
from services.ledger.domain.exposure import Exposure
from services.ledger.domain.policy import PolicyChange
from tests.ledger.accountant import faults
from tests.ledger.desk import NOON, Desk, Order, again, cause, payment
from tests.ledger.test_crowd import Replica

ACME = "/v1/companies/acme"
ADDRESS = {"line1": "Οδός Αδριανού 24", "city": "Αθήνα", "postcode": "10556", "country": "GR"}
ALWAYS = date(2026, 1, 1)
keys = (f"credit-{n}" for n in range(10**9))


def order(name: str, price: str, customer: str = "C-1", **more: Any) -> Order:
    """An order of one piece, without tax."""
    return Order(name, (("1", price, "VAT0"),), customer=customer, **more)


async def asks(desk: Desk, *, on: bool = True, company: str = "acme") -> None:
    change = PolicyChange(ALWAYS, credit_check=on)
    await desk.do(handlers.change_policies, ChangePolicy(company, change, None, cause(company)))


async def limit(desk: Desk, customer: str, amount: int | None, currency: str = "EUR") -> None:
    first = CustomerChange(ALWAYS, customer, "en", ADDRESS, None, None, {} if amount is None else {currency: amount})
    await desk.do(handlers.register_customers, RegisterCustomers("acme", [NewCustomer(customer, first, "")], cause()))


@pytest_asyncio.fixture
async def careful(desk: Desk) -> Desk:
    """A company that asks; C-1 may owe 100.00, C-2 as much as it likes."""
    await limit(desk, "C-1", 100_00)
    await limit(desk, "C-2", None)
    await asks(desk)
    return desk


@pytest_asyncio.fixture
async def caller(careful: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with careful.ask(scopes=("ledger:read", "ledger:write", "ledger:admin", "ledger:approve")) as client:
        yield client


async def post(client: httpx.AsyncClient, path: str, body: object) -> httpx.Response:
    return await client.post(f"{ACME}{path}", json=body, headers={"idempotency-key": next(keys)})


async def answers(desk: Desk) -> list[tuple[str, str]]:
    """What was said about which order, in the order of saying."""
    names = {str(Order(n).id): n for n in ("A", "B", "C", "D", "E")}
    told = await desk.told("CreditApproved", "CreditHeld")
    return [(names[e.data["order"]], e.data.get("because", "held")) for e in told]


@pytest.mark.parametrize(
    ("owed", "unapplied", "ordered", "limit", "amount", "instead_of", "fits"),
    [
        (0, 0, 0, None, 10**12, 0, True),
        (0, 0, 0, 100, 100, 0, True),
        (0, 0, 0, 100, 101, 0, False),
        (60, 0, 30, 100, 10, 0, True),
        (60, 0, 30, 100, 11, 0, False),
        (60, 40, 30, 100, 50, 0, True),
        (60, 40, 30, 100, 51, 0, False),
        (0, 50, 0, 0, 50, 0, True),
        (200, 0, 0, 100, 0, 0, True),
        (0, 0, 90, 100, 95, 90, True),
        (0, 0, 90, 100, 101, 90, False),
    ],
)
def test_an_order_fits_while_all_that_is_at_stake_stays_within_the_limit(
    owed: int, unapplied: int, ordered: int, limit: int | None, amount: int, instead_of: int, fits: bool
) -> None:
    """L10: open invoices and orders less unapplied cash, and the new order in the place of what it stood for."""
    assert Exposure(owed, unapplied, ordered, limit).fits(amount, instead_of) is fits


async def test_orders_pass_up_to_the_limit_and_the_one_beyond_is_held_with_its_numbers(careful: Desk) -> None:
    """L10: what is invoiced and what is only ordered counts; the refusal names exposure, limit and currency."""
    first, second, third, free = order("A", "60.00"), order("B", "40.00"), order("C", "0.01"), order("D", "999", "C-2")

    await careful.hear(first.placed())
    await careful.hear(first.reserved())
    await careful.hear(second.placed(), third.placed(), free.placed())

    assert await answers(careful) == [("A", "within-limit"), ("B", "within-limit"), ("C", "held"), ("D", "no-limit")]
    (held,) = await careful.told("CreditHeld")
    told = {name: held.data[name] for name in ("customer", "currency", "amount", "exposure", "limit")}
    assert told == {"customer": "C-1", "currency": "EUR", "amount": "0.01", "exposure": "100.00", "limit": "100.00"}
    assert "100.00 EUR" in held.data["detail"]
    assert await careful.faults() == []


async def test_room_lets_the_oldest_pass_first_and_a_person_lets_any_pass(
    careful: Desk, caller: httpx.AsyncClient
) -> None:
    """L10: a held order is never lost: a payment frees the oldest, then what fits; who may, releases any."""
    await careful.bill(order("A", "100.00"))
    for name, price in (("B", "50.00"), ("C", "60.00"), ("D", "20.00")):
        await careful.hear(order(name, price).placed())
    await careful.hear(order("A", "100.00").payment("P-1", "80.00"))
    assert await answers(careful) == [
        ("A", "within-limit"), ("B", "held"), ("C", "held"), ("D", "held"), ("B", "room-again"), ("D", "room-again"),
    ]  # fmt: skip

    held = (await caller.get(f"{ACME}/credit-holds", params={"customer": "C-1"})).json()
    seen = (await caller.get(f"{ACME}/customers/C-1/credit")).json()
    path = f"/orders/{order('C', '60.00').id}/credit-release"
    released = await post(caller, path, {"reason": "The director knows them."})
    again = await post(caller, path, {})
    audit = (await caller.get(f"{ACME}/history", params={"subject": str(order("C", "0").id)})).json()

    assert [(one["reference"], one["amount"], one["limit"]) for one in held["holds"]] == [("C", "60.00", "100.00")]
    assert (seen["owed"], seen["ordered"], seen["exposure"], seen["available"]) == ("20.00", "70.00", "90.00", "10.00")
    assert released.status_code == 200, released.text
    assert (again.status_code, again.json()["type"]) == (409, "/problems/order-not-held")
    assert (await answers(careful))[-1] == ("C", "released")
    assert "credit.released" in str(audit)
    assert "The director knows them." in str(audit)
    assert (await post(caller, f"/orders/{Order('E').id}/credit-release", {})).status_code == 404


async def test_a_change_is_asked_about_anew_and_what_is_over_frees_its_room(careful: Desk) -> None:
    """L10: a held order that becomes smaller passes; a refused or cancelled one, or a late change, counts no more."""
    large = order("A", "150.00")
    await careful.hear(large.placed())
    small = large.changed(("1", "90.00", "VAT0"))
    await careful.hear(small.change())
    other = order("B", "80.00")
    await careful.hear(other.placed())
    too_late = replace(small, lines=(("1", "20.00", "VAT0"),), revision=3)
    await careful.hear(too_late.change())  # 90 becomes 20: passes, but the warehouse has picked it already
    await careful.hear(again(too_late.refused_change(), 1))
    await careful.hear(again(small.not_reserved(), 2))

    assert await answers(careful) == [
        ("A", "held"), ("A", "within-limit"), ("B", "held"), ("A", "within-limit"), ("B", "room-again"),
    ]  # fmt: skip
    assert await careful.rows("select count(*) from order_credit where state = 'held'") == [(0,)]

    held = order("C", "30.00")
    await careful.hear(held.placed())
    await careful.hear(replace(held, at=NOON).not_reserved())  # cancelled while it was held
    await careful.hear(payment("P-1", "500.00", customer="C-1"))
    assert [answer for answer in await answers(careful) if answer[0] == "C"] == [("C", "held")]


async def test_two_orders_at_once_do_not_both_pass_one_limit(careful: Desk) -> None:
    """L10: five replicas at once, room for one order: one passes."""
    names = ("A", "B", "C", "D", "E")
    replicas = [Replica(careful, number) for number in range(len(names))]
    await asyncio.gather(*(r.hear([order(n, "60.00").placed()]) for r, n in zip(replicas, names, strict=True)))

    told = await answers(careful)
    assert sorted(told) == sorted([(told[0][0], "within-limit"), *((n, "held") for n in names if n != told[0][0])])


async def test_orders_of_before_pass_and_companies_that_do_not_ask_say_nothing(desk: Desk) -> None:
    """L10: asked for the first time, orders of which no stock was decided are answered; asked no more, all pass."""
    await limit(desk, "C-1", 10_00)
    await desk.hear(order("A", "50.00").placed(), order("B", "50.00").placed())
    await desk.hear(order("B", "50.00").reserved())
    assert await answers(desk) == []

    await asks(desk)
    await desk.hear(order("C", "1.00").placed())
    await asks(desk, on=False)
    await desk.hear(order("D", "1.00").placed())

    assert await answers(desk) == [("A", "not-asked"), ("C", "held"), ("C", "not-asked"), ("D", "not-asked")]
    required = [told.data for told in await desk.told("CreditCheckRequired")]
    assert required == [{"company": "acme", "valid_from": "2026-01-01"}]


async def rate(desk: Desk, currency: str, of: str) -> None:
    """One unit is worth so much, from the day before on."""
    rates = RecordRates("acme", [NewRate(currency, date(2026, 11, 21), of, "ECB", "")], cause())
    await desk.do(handlers.record_rates, rates)


async def test_a_limit_in_another_currency_holds_at_the_rate_of_the_day(
    careful: Desk, caller: httpx.AsyncClient
) -> None:
    """L10: 100 dollars at 0.80 are 80 euros, of all that is at stake, in whatever currency it was ordered."""
    await limit(careful, "C-3", 100_00, "USD")

    await careful.hear(order("A", "100.00", "C-3", currency="USD").placed())
    await careful.hear(order("B", "0.01", "C-3").placed())

    assert await answers(careful) == [("A", "within-limit"), ("B", "held")]
    (held,) = await careful.told("CreditHeld")
    assert (held.data["currency"], held.data["exposure"], held.data["limit"]) == ("EUR", "80.00", "80.00")
    seen = (await caller.get(f"{ACME}/customers/C-3/credit")).json()
    assert (seen["limit"], seen["available"]) == ("80.00", "0.00")
    assert seen["limits"] == [{"currency": "USD", "amount": "100.00", "worth": "80.00"}]


async def test_of_limits_in_two_currencies_the_stricter_one_holds(careful: Desk, caller: httpx.AsyncClient) -> None:
    """L10: a limit is of all that is at stake; a second one takes nothing off the first."""
    limits = {"EUR": 90_00, "USD": 100_00}
    first = CustomerChange(ALWAYS, "C-3", "en", ADDRESS, None, None, limits)
    new = RegisterCustomers("acme", [NewCustomer("C-3", first, "")], cause())
    await careful.do(handlers.register_customers, new)

    await careful.hear(order("A", "85.00", "C-3").placed())

    assert await answers(careful) == [("A", "held")]


async def test_a_limit_in_a_currency_without_a_rate_holds_orders_and_says_why(
    careful: Desk, caller: httpx.AsyncClient
) -> None:
    """L10: nobody can say how much it is, so nothing passes by it until a rate is recorded, and then what fits."""
    await limit(careful, "C-3", 100_00, "CHF")
    await careful.hear(order("A", "10.00", "C-3").placed())

    assert await answers(careful) == [("A", "held")]
    (held,) = await careful.told("CreditHeld")
    assert "no rate of CHF" in held.data["detail"]
    seen = (await caller.get(f"{ACME}/customers/C-3/credit")).json()
    assert seen["limits"] == [{"currency": "CHF", "amount": "100.00", "worth": None}]
    assert seen["available"] == "0.00"

    await rate(careful, "CHF", "1.05")

    assert await answers(careful) == [("A", "held"), ("A", "room-again")]


async def test_an_order_in_a_currency_without_a_rate_waits_for_one_and_is_asked_about_then(careful: Desk) -> None:
    """L10: it is not worth nothing: nobody answers it before."""
    await careful.hear(order("A", "101.00", currency="CHF").placed())
    assert await answers(careful) == []

    await rate(careful, "CHF", "1.00")
    await careful.try_held()

    assert await answers(careful) == [("A", "held")]


def limited(amount: str | None, since: str = "2026-11-01", currency: str = "EUR") -> dict[str, Any]:
    """A change of a customer's limit."""
    return {"valid_from": since, "credit_limits": [{"currency": currency, "amount": amount}]}


async def test_who_may_not_let_orders_pass_may_not_raise_a_limit(careful: Desk, caller: httpx.AsyncClient) -> None:
    """L10: a higher limit frees held orders as a release does, so it needs the same right; a lower one does not."""
    await careful.hear(order("A", "120.00").placed())
    changes = "/customers/C-1/changes"
    async with careful.ask(scopes=("ledger:read", "ledger:write")) as clerk:
        raised = [await post(clerk, changes, limited(amount)) for amount in ("100.01", None)]
        lowered = await post(clerk, changes, limited("50.00"))
        back = await post(clerk, changes, limited("60.00"))
        first = await post(clerk, "/customers/C-2/changes", limited("10.00"))
        other = await post(clerk, changes, limited("1000.00", currency="USD"))
    assert [one.status_code for one in (*raised, lowered, back, first, other)] == [403, 403, 201, 403, 201, 201]
    assert faults(raised[0]) == [("/credit_limits/0/amount", "limit-raised-without-right")]
    assert await answers(careful) == [("A", "held")]

    approved = await post(caller, changes, limited("120.00"))

    assert approved.status_code == 201
    assert await answers(careful) == [("A", "held"), ("A", "room-again")]


async def test_a_limit_is_raised_or_lowered_as_of_the_day_that_it_holds_from(
    careful: Desk, caller: httpx.AsyncClient
) -> None:
    """L10: what counts is the limit of that day, whenever it was written down."""
    changes = "/customers/C-1/changes"
    await post(caller, changes, limited("50.00", "2026-12-01"))
    async with careful.ask(scopes=("ledger:read", "ledger:write")) as clerk:
        before = await post(clerk, changes, limited("80.00", "2026-11-15"))
        after = await post(clerk, changes, limited("80.00", "2026-12-05"))

    assert (before.status_code, after.status_code) == (201, 403)
