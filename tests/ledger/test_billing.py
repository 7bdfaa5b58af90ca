"""From an order to its invoice, through the real corridor."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.ledger.commands import NewTaxCode
from tests.ledger.conftest import MakeDesk
from tests.ledger.desk import CHART, CUSTOMERS, NOON, SALES, VAT, Desk, Order, again


async def test_an_order_with_terms_and_reservation_is_invoiced_and_posted(desk: Desk) -> None:
    order = Order("A-1", (("3", "10.00", "VAT24"), ("2", "5.50", "VAT13")))

    await desk.bill(order)

    issued, posted = (await desk.told("InvoiceIssued"))[0], (await desk.told("EntryPosted"))[0]
    assert issued.key == str(order.invoice)
    assert (issued.data["number"], issued.data["order"]) == ("INV-2026-000001", str(order.id))
    assert (issued.data["net"], issued.data["tax"], issued.data["total"]) == ("41.00", "8.63", "49.63")
    assert (issued.data["issued_on"], issued.data["due_on"]) == ("2026-11-22", "2026-12-22")
    assert [(line["net"], line["tax_rate"]) for line in issued.data["lines"]] == [("30.00", "0.24"), ("11.00", "0.13")]
    assert (posted.data["document"], issued.data["entry"]) == (str(order.invoice), posted.key)
    assert await desk.balances() == {
        ("1100", "EUR"): 4963,
        ("2200", "EUR"): -720,
        ("2201", "EUR"): -143,
        ("4000", "EUR"): -4100,
    }
    assert await desk.open_items() == {order.invoice: 4963}
    assert await desk.faults() == []


async def test_what_is_not_printed_of_a_customer_does_not_leave_the_order(desk: Desk) -> None:
    await desk.bill(Order("A-1"))

    (issued,) = await desk.told("InvoiceIssued")
    assert "email" not in issued.data["customer"]
    assert issued.data["customer"]["name"] == "Καφέ Ακρόπολη Ο.Ε."
    assert issued.data["seller"]["vat_number"] == "EL800000003"


async def test_whichever_of_terms_and_reservation_comes_second_bills_the_same(desk: Desk) -> None:
    first, second = Order("A-1"), Order("A-2")

    await desk.hear(first.placed())
    await desk.hear(first.reserved())
    await desk.hear(second.reserved())
    await desk.hear(second.placed())

    one, other = [told.data for told in await desk.told("InvoiceIssued")]
    differing = {name for name in one if one[name] != other[name]}
    assert differing == {"invoice", "number", "order", "order_reference", "entry"}
    assert await desk.faults() == []


async def test_both_halves_of_an_order_may_come_in_one_batch(desk: Desk) -> None:
    orders = [Order(f"A-{n}") for n in range(5)]

    await desk.hear(*[event for order in orders for event in (order.reserved(), order.placed())])

    assert len(await desk.told("InvoiceIssued")) == 5
    assert await desk.faults() == []


async def test_one_half_alone_bills_nothing(desk: Desk) -> None:
    await desk.hear(Order("terms only").placed())
    await desk.hear(Order("reservation only").reserved())

    assert await desk.told("InvoiceIssued", "InvoiceRefused", "EntryPosted") == []


async def test_events_that_come_again_change_nothing(desk: Desk) -> None:
    order = Order("A-1")
    placed, reserved = order.placed(), order.reserved()

    await desk.hear(placed)
    await desk.hear(reserved, placed)
    await desk.hear(placed, reserved)

    assert len(await desk.told("InvoiceIssued")) == 1
    assert await desk.balances() == {("1100", "EUR"): 3720, ("2200", "EUR"): -720, ("4000", "EUR"): -3000}


async def test_a_replay_into_an_empty_ledger_issues_the_same_invoices_under_the_same_ids(make_desk: MakeDesk) -> None:
    orders = [Order(f"A-{n}", at=datetime(2026, 12, 31, 20 + n, 30, tzinfo=UTC)) for n in range(4)]
    history = [(order.placed(), order.reserved()) for order in orders]
    books: list[list[dict[str, object]]] = []
    for _ in range(2):
        desk = make_desk()
        await desk.set_up("acme")
        for placed, reserved in history:
            await desk.hear(placed, reserved)
        books.append([told.data | {"event": told.envelope.id} for told in await desk.told("InvoiceIssued")])

    assert books[0] == books[1]
    assert [(data["number"], data["issued_on"]) for data in books[0]] == [
        ("INV-2026-000001", "2026-12-31"),
        ("INV-2026-000002", "2026-12-31"),
        ("INV-2027-000001", "2027-01-01"),  # midnight in Athens
        ("INV-2027-000002", "2027-01-01"),
    ]


async def test_each_company_counts_its_own_numbers_and_keeps_its_own_books(desk: Desk) -> None:
    await desk.set_up("beta", currency="USD")
    ours = [Order("A-1"), Order("A-2")]
    theirs = [Order("A-1", company="beta", currency="USD")]

    await desk.bill(*ours, *theirs)

    numbers = {(told.company, told.data["number"]) for told in await desk.told("InvoiceIssued")}
    assert numbers == {("acme", "INV-2026-000001"), ("acme", "INV-2026-000002"), ("beta", "INV-2026-000001")}
    assert (await desk.balances("beta"))["1100", "USD"] == 3720
    assert (await desk.balances("acme"))["1100", "EUR"] == 7440
    assert await desk.faults() == []


async def test_an_order_in_another_currency_than_the_books_is_posted_in_its_own(desk: Desk) -> None:
    await desk.bill(Order("A-1"), Order("A-2", (("2", "1000", "VAT0"),), currency="JPY"))

    balances = await desk.balances()
    assert balances["1100", "JPY"] == 2000
    assert balances["1100", "EUR"] == 3720
    assert await desk.faults() == []


@pytest.mark.parametrize(
    ("order", "code", "pointer"),
    [
        (Order("X", (("1", "1.00", "VAT24"), ("1", "1.00", "VAT25"))), "tax-code-unknown", "/lines/1/tax_code"),
        (Order("X", currency="XXX"), "currency-unknown", "/currency"),
        (Order("X", (("1000000000", "999999999999", "VAT0"),)), "amount-too-large", "/lines/0"),
    ],
)
async def test_an_order_that_cannot_be_invoiced_is_refused_and_nothing_is_posted(
    desk: Desk, order: Order, code: str, pointer: str
) -> None:
    fine = Order("A-1")

    await desk.bill(order, fine)

    (refused,) = await desk.told("InvoiceRefused")
    assert (refused.key, refused.data["code"], refused.data["pointer"]) == (str(order.id), code, pointer)
    assert [told.data["order"] for told in await desk.told("InvoiceIssued")] == [str(fine.id)]
    assert await desk.rows("select order_id, code from billing_refusal") == [(order.id, code)]
    assert await desk.faults() == []


async def test_a_company_without_its_accounts_refuses_to_invoice_and_takes_no_number(blank: Desk) -> None:
    await blank.set_up("acme", accounts=[CUSTOMERS, VAT], tax_codes=[NewTaxCode("VAT24", "VAT", "0.24", "2200", "")])

    await blank.bill(Order("A-1"))

    (refused,) = await blank.told("InvoiceRefused")
    assert refused.data["code"] == "account-missing"
    assert await blank.rows("select * from number_counter") == []


async def test_an_invoice_too_long_for_an_event_is_refused_rather_than_stuck(desk: Desk) -> None:
    lines = tuple(("1", "1.00", "VAT24") for _ in range(499))
    order = Order("A-1", lines)
    placed = order.placed()
    long = placed.body.replace(b'"description":"Item', b'"description":"' + "漢".encode() * 135 + b" Item")
    assert 250_000 < len(long) < 262_144  # the order itself fits into an event

    await desk.hear(replace(placed, body=long))
    await desk.hear(order.reserved())

    assert [told.data["code"] for told in await desk.told("InvoiceRefused")] == ["invoice-too-long"]
    assert await desk.held() == []


async def test_an_order_for_nothing_is_invoiced_without_an_entry_and_nothing_is_open(desk: Desk) -> None:
    free = Order("gift", (("1", "0", "VAT24"),))

    await desk.bill(free, Order("A-1"))

    assert len(await desk.told("InvoiceIssued")) == 2
    assert len(await desk.told("EntryPosted")) == 1
    assert await desk.told("InvoicePaid") == []
    assert free.invoice not in await desk.open_items()
    assert await desk.faults() == []


async def test_an_invoice_over_nothing_is_not_called_paid(desk: Desk) -> None:
    """Nobody paid it, and no event says so."""
    gift = Order("gift", (("1", "0", "VAT24"),))
    await desk.bill(gift)

    async with desk.ask() as caller:

        async def states(query: str = "") -> list[str]:
            answer = await caller.get(f"/v1/companies/acme/invoices{query}")
            return [invoice["state"] for invoice in answer.json()["invoices"]]

        assert await states() == await states("?state=nothing-to-pay") == ["nothing-to-pay"]
        assert await states("?state=paid") == []
        await desk.hear(gift.released())
        assert await states() == ["credited"]


async def test_an_order_whose_reservation_was_refused_is_never_billed(desk: Desk) -> None:
    before, after = Order("refused before its terms"), Order("refused after its terms")

    await desk.hear(before.not_reserved())
    await desk.hear(before.placed(), after.placed())
    await desk.hear(after.not_reserved())

    assert await desk.told("InvoiceIssued", "InvoiceRefused") == []
    assert {row[0] for row in await desk.rows("select closed from order_to_bill")} == {"reservation-refused"}


async def test_terms_that_cannot_be_read_hold_their_own_order_alone(desk: Desk) -> None:
    bad, good = Order("bad"), Order("good")
    broken = replace(bad.placed(), body=bad.placed().body.replace(b'"unit_price":"10.00"', b'"unit_price":"-1"'))

    await desk.hear(broken, good.placed())
    await desk.hear(bad.reserved(), good.reserved())

    assert [told.data["order"] for told in await desk.told("InvoiceIssued")] == [str(good.id)]
    ((reason, detail),) = await desk.held()
    assert reason == "poison"
    assert "/lines/0/unit_price" in detail


async def test_orders_of_an_unknown_company_wait_until_it_is_registered(desk: Desk) -> None:
    order = Order("A-1", company="beta")
    await desk.bill(order)
    assert {reason for reason, _ in await desk.held()} == {"waiting"}

    await desk.set_up("beta")
    await desk.try_held()

    assert [told.company for told in await desk.told("InvoiceIssued")] == ["beta"]


async def test_every_invoice_leaves_an_audit_record_with_its_cause(desk: Desk) -> None:
    order = Order("A-1")
    placed, reserved = order.placed(), order.reserved()

    await desk.hear(placed)
    await desk.hear(reserved)

    ((subject, actor, cause),) = await desk.rows(
        "select subject, actor, cause::text from audit where action = 'invoice.issued'"
    )
    assert (subject, actor) == (str(order.invoice), "webshop")
    assert cause == dict(reserved.headers)["ce_id"].decode()
    assert await desk.rows("select cause::text from journal_entry") == [(cause,)]


async def test_the_chart_decides_on_which_accounts_a_sale_is_booked(blank: Desk) -> None:
    chart = [replace(a, code={"1100": "120", "4000": "700"}.get(a.code, a.code)) for a in CHART]
    assert CUSTOMERS not in chart
    assert SALES not in chart
    await blank.set_up("acme", accounts=chart)

    await blank.bill(Order("A-1", at=NOON))

    assert set(await blank.balances()) == {("120", "EUR"), ("2200", "EUR"), ("700", "EUR")}


async def test_a_second_order_under_an_id_changes_nothing(desk: Desk) -> None:
    order, other = Order("A-1"), Order("A-1", (("1000", "99.00", "VAT24"),))
    await desk.hear(order.placed(), again(other.placed()))

    await desk.hear(order.reserved(), again(other.placed(), sequence=3))

    (issued,) = await desk.told("InvoiceIssued")
    assert issued.data["total"] == "37.20"
    assert await desk.held() == []
    assert dict(await desk.rows("select outcome, sum(events)::int from inbox_count group by 1")) == {
        "applied": 2,
        "refused": 2,
    }
