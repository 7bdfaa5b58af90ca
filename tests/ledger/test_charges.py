"""A charge for late payment that was wrong is taken back."""

from __future__ import annotations

from datetime import date

import httpx
import orjson

from tests.ledger.desk import Desk
from tests.ledger.test_dunning import ACME, caller, dun, order, policy, post

__all__ = ["caller"]


async def charged(desk: Desk) -> str:
    """An invoice of 37.20 whose second letter charged 5.12 on 21 July."""
    await policy(desk)
    await desk.bill(order("A-1", date(2026, 6, 1)))
    for day in (date(2026, 7, 6), date(2026, 7, 21)):
        await dun(desk, day)
    ((charge,),) = await desk.rows("select id from invoice where series = 'LPC'")
    return str(charge)


async def test_a_charge_is_taken_back_whole_by_a_note_of_its_own_number(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L8: a linked reversal, who and why audited; nothing is open of it, and every report holds."""
    charge = await charged(desk)
    path, wish = f"/dunning/charges/{charge}/reversal", {"reason": "goodwill", "issued_on": "2026-07-25"}

    shown = await caller.post(f"{ACME}{path}?dry_run=true", json=wish, headers={"idempotency-key": "dry"})
    assert (await desk.balances())["4800", "EUR"] == -512
    done = await post(caller, path, wish)

    assert shown.status_code == 200, shown.text
    assert {one["type"] for one in shown.json()["would_tell"]} == {"EntryPosted.v1", "DunningChargeTakenBack.v1"}
    assert done.status_code == 201, done.text
    assert (done.json()["number"], done.json()["total"]) == ("CN-2026-000001", "5.12")
    assert list((await desk.open_items()).values()) == [3720]
    balances = await desk.balances()
    assert (balances.get(("4800", "EUR")), balances["1100", "EUR"]) == (None, 3720)
    ((reverses,),) = await desk.rows("select reverses::text from journal_entry where reverses is not null")
    ((of_charge,),) = await desk.rows("select id::text from journal_entry where document = $1::uuid", charge)
    assert reverses == of_charge
    ((detail, actor),) = await desk.rows("select detail, actor from audit where action = 'dunning.charge-taken-back'")
    assert orjson.loads(detail) == {"number": "CN-2026-000001", "reason": "goodwill"}
    assert actor
    assert await desk.faults() == []
    held = (
        await caller.get(f"{ACME}/reconciliation/receivables", params={"as_of": "2026-07-31", "thorough": True})
    ).json()
    assert held["holds"], held
    ageing = (await caller.get(f"{ACME}/ageing", params={"as_of": "2026-07-31"})).json()
    assert [one["total"] for one in ageing["totals"]] == ["37.20"]
    (back,) = [one.data for one in await desk.told("DunningChargeTakenBack")]
    assert (back["invoice"], back["number"], back["credit_note_number"]) == (
        charge,
        "LPC-2026-000001",
        "CN-2026-000001",
    )
    assert (back["total"]["amount"], back["entry"] != of_charge) == ("5.12", True)
    assert (back["fee"], back["interest"], back["order_reference"]) == ("5.00", "0.12", "A-1")
    assert (back["customer"]["id"], back["seller"]["name"]) == ("C-1", "Αιγαίο Εμπορική Α.Ε.")
    told = [one.data["document"] for one in await desk.told("EntryPosted")]
    assert told[-1] == done.json()["credit_note"]


async def test_what_was_paid_of_a_charge_is_owed_back(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L8: the money lies unapplied again, from the day on which the charge is taken back."""
    charge = await charged(desk)
    paid = order("A-1", date(2026, 6, 1)).payment(
        "P", "5.12", received_on=date(2026, 7, 22), invoice_number="LPC-2026-000001"
    )
    await desk.hear(paid)

    done = await post(caller, f"/dunning/charges/{charge}/reversal", {"reason": "goodwill", "issued_on": "2026-07-25"})

    assert done.status_code == 201, done.text
    assert await desk.rows("select unapplied from unapplied_cash") == [(512,)]
    assert [one.data["cause"] for one in await desk.told("PaymentAllocated")][-1] == "credited"
    assert await desk.faults() == []


async def test_only_a_charge_that_stands_is_taken_back_and_once(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L8: an invoice is credited by its lines; nothing is taken back before it was charged."""
    charge = await charged(desk)
    invoice = order("A-1", date(2026, 6, 1)).invoice

    early = await post(caller, f"/dunning/charges/{charge}/reversal", {"reason": "x", "issued_on": "2026-07-20"})
    other = await post(caller, f"/dunning/charges/{invoice}/reversal", {"reason": "x"})
    first = await post(caller, f"/dunning/charges/{charge}/reversal", {"reason": "x"})
    again = await post(caller, f"/dunning/charges/{charge}/reversal", {"reason": "x"})

    assert (early.json()["type"], other.json()["type"]) == ("/problems/before-invoice", "/problems/not-a-charge")
    assert (first.status_code, again.status_code) == (201, 404)


async def test_nobody_takes_a_charge_back_ahead_of_the_company_s_day(desk: Desk, caller: httpx.AsyncClient) -> None:
    charge = await charged(desk)

    refused = await caller.post(
        f"{ACME}/dunning/charges/{charge}/reversal",
        json={"reason": "goodwill", "issued_on": "2099-12-31"},
        headers={"idempotency-key": "early"},
    )

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/in-the-future"), refused.text
    assert await desk.rows("select count(*) from invoice where series = 'CN'") == [(0,)]
