"""What is released is credited, through the real corridor."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tests.ledger.desk import Desk, Order, payment_id

OWED_BACK = {("1000", "EUR"): 3720, ("2100", "EUR"): -3720}


async def test_a_released_order_is_credited_word_for_word(desk: Desk) -> None:
    order = Order("A-1", (("3", "10.00", "VAT24"), ("2", "5.50", "VAT13")))
    await desk.bill(order)

    await desk.hear(order.released())

    (issued,), (credited,) = await desk.told("InvoiceIssued"), await desk.told("CreditNoteIssued")
    assert (credited.key, credited.sequence) == (str(order.invoice), 2)
    repeated = ("seller", "customer", "lines", "taxes", "net", "tax", "total", "currency", "order", "order_reference")
    assert {name: credited.data[name] for name in repeated} == {name: issued.data[name] for name in repeated}
    assert (credited.data["number"], credited.data["invoice_number"]) == ("CN-2026-000001", "INV-2026-000001")
    assert credited.data["reason"] == "order-cancelled"
    assert await desk.balances() == {}
    assert await desk.open_items() == {}
    assert await desk.faults() == []


async def test_the_credit_is_the_mirror_of_the_sale_and_linked_to_it(desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)
    await desk.hear(order.released())

    sale, reversal = await desk.rows("select id, reverses from journal_entry order by at, reverses nulls first")
    assert (sale[1], reversal[1]) == (None, sale[0])
    (credited,) = await desk.told("CreditNoteIssued")
    assert credited.data["entry"] == str(reversal[0])
    sides = "select account, debit, credit from journal_line where entry = $1 order by line"
    there = await desk.rows(sides, sale[0])
    back = await desk.rows(sides, reversal[0])
    assert back == [(account, credit, debit) for account, debit, credit in there]


async def test_the_credit_note_is_dated_when_the_stock_was_released(desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)

    await desk.hear(order.released(at=datetime(2026, 12, 31, 23, 0, tzinfo=UTC)))

    (credited,) = await desk.told("CreditNoteIssued")
    assert (credited.data["issued_on"], credited.data["number"]) == ("2027-01-01", "CN-2027-000001")


async def test_money_that_paid_a_credited_invoice_is_owed_back(desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)
    await desk.hear(order.payment("P-1", "30.00"), order.payment("P-2", "7.20"))

    await desk.hear(order.released())

    states = {told.key: told.data for told in await desk.told("PaymentAllocated")}
    for name, amount in (("P-1", "30.00"), ("P-2", "7.20")):
        state = states[str(payment_id(name))]
        assert (state["allocations"], state["unapplied"], state["cause"]) == ([], amount, "credited")
    assert await desk.balances() == OWED_BACK
    assert [told.type for told in await desk.told() if told.key == str(order.invoice)] == [
        "InvoiceIssued",
        "InvoicePaid",
        "CreditNoteIssued",
    ]
    assert await desk.faults() == []


async def test_money_dated_later_than_the_credit_is_owed_back_from_its_own_day_on(desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)
    await desk.hear(order.payment("P-1", "37.20", received_on=date(2026, 12, 24)))

    await desk.hear(order.released())

    rows = await desk.rows(
        "select effective_on, sum(debit - credit)::int from account_day where account = '1100' group by 1 order by 1"
    )
    assert rows == [(date(2026, 11, 22), 0), (date(2026, 12, 24), 0)]
    assert await desk.balances() == OWED_BACK


async def pay_both(desk: Desk, first: Order, second: Order) -> None:
    """One payment of 50.00 over two invoices. No event spreads money so; what withdraws it must not rely on that."""
    await desk.bill(first)
    await desk.hear(first.payment("P-1", "50.00"))
    async with desk.database.unit(["acme"]) as unit:
        await unit.raw.execute("update unapplied_cash set order_id = $1", second.id)
    await desk.bill(second)


async def test_a_payment_over_two_invoices_keeps_what_pays_the_other(desk: Desk) -> None:
    first, second = Order("A-1"), Order("A-2")
    await pay_both(desk, first, second)
    assert await desk.open_items() == {second.invoice: 2440}

    await desk.hear(first.released())

    told = (await desk.told("PaymentAllocated"))[-1].data
    assert [(a["invoice"], a["amount"]) for a in told["allocations"]] == [(str(second.invoice), "12.80")]
    assert told["unapplied"] == "37.20"
    assert await desk.faults() == []

    await desk.hear(second.released())

    assert (await desk.told("PaymentAllocated"))[-1].data["unapplied"] == "50.00"
    assert await desk.faults() == []


async def test_a_payment_over_two_invoices_survives_both_being_credited_at_once(desk: Desk) -> None:
    first, second = Order("A-1"), Order("A-2")
    await pay_both(desk, first, second)

    await desk.hear(first.released(), second.released())

    last = (await desk.told("PaymentAllocated"))[-1].data
    assert (last["allocations"], last["unapplied"]) == ([], "50.00")
    assert await desk.faults() == []


async def test_money_for_an_invoice_that_is_credited_already_stays_unapplied(desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)
    await desk.hear(order.released())

    await desk.hear(order.payment("P-1", "37.20"))

    assert await desk.balances() == OWED_BACK
    assert await desk.told("InvoicePaid") == []
    assert await desk.faults() == []


async def test_an_order_released_before_it_was_billed_is_never_billed(desk: Desk) -> None:
    order = Order("A-1")
    await desk.hear(order.reserved())
    await desk.hear(order.released())

    await desk.hear(order.placed())

    assert await desk.told("InvoiceIssued", "CreditNoteIssued", "InvoiceRefused") == []


async def test_a_release_after_a_refusal_to_invoice_credits_nothing(desk: Desk) -> None:
    order = Order("A-1", (("1", "1.00", "NOPE"),))
    await desk.bill(order)

    await desk.hear(order.released(reason="invoice-refused"))

    assert await desk.told("CreditNoteIssued") == []
    assert await desk.faults() == []


async def test_reservation_and_release_in_one_batch_bill_and_credit(desk: Desk) -> None:
    order = Order("A-1")

    await desk.hear(order.placed(), order.reserved(), order.released())

    assert [told.type for told in await desk.told() if told.key == str(order.invoice)] == [
        "InvoiceIssued",
        "CreditNoteIssued",
    ]
    assert await desk.faults() == []


async def test_an_invoice_over_nothing_is_credited_without_an_entry(desk: Desk) -> None:
    order = Order("gift", (("1", "0", "VAT24"),))
    await desk.bill(order)

    await desk.hear(order.released())

    assert len(await desk.told("CreditNoteIssued")) == 1
    assert await desk.told("EntryPosted") == []
    assert await desk.faults() == []


async def test_credit_notes_count_in_a_series_of_their_own(desk: Desk) -> None:
    orders = [Order(f"A-{n}") for n in range(4)]
    await desk.bill(*orders)

    await desk.hear(orders[2].released(), orders[0].released())

    numbers = [told.data["number"] for told in await desk.told("CreditNoteIssued")]
    assert numbers == ["CN-2026-000001", "CN-2026-000002"]
    assert await desk.faults() == []
