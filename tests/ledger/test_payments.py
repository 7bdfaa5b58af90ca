"""Money comes in, through the real corridor."""

from __future__ import annotations

from datetime import date

import pytest

from tests.ledger.desk import BANK, CHART, TODAY, UNAPPLIED, Desk, Order, again, payment, payment_id

NET = {("2200", "EUR"): -720, ("4000", "EUR"): -3000}
"""What an order of 37.20 leaves on the other accounts."""


async def spread(desk: Desk, name: str) -> tuple[list[str], str, str]:
    """Amounts by allocation, what is left, and why, as last told of a payment."""
    told = [one.data for one in await desk.told("PaymentAllocated") if one.key == str(payment_id(name))][-1]
    return [allocation["amount"] for allocation in told["allocations"]], told["unapplied"], told["cause"]


async def test_money_that_names_an_order_pays_its_invoice_in_full(desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)

    await desk.hear(order.payment("P-1", "37.20"))

    assert await spread(desk, "P-1") == (["37.20"], "0.00", "received")
    assert await desk.balances() == {("1000", "EUR"): 3720, **NET}
    (paid,) = await desk.told("InvoicePaid")
    assert (paid.key, paid.sequence) == (str(order.invoice), 2)
    assert (paid.data["paid_on"], paid.data["total"]) == ("2026-11-22", {"amount": "37.20", "currency": "EUR"})
    assert await desk.faults() == []


async def test_money_that_names_an_invoice_number_pays_that_invoice(desk: Desk) -> None:
    orders = [Order("A-1"), Order("A-2")]
    await desk.bill(*orders)

    await desk.hear(payment("P-1", "37.20", invoice_number="inv-2026-000002"))

    assert await desk.open_items() == {orders[0].invoice: 3720}
    assert await desk.faults() == []


async def test_the_invoice_number_counts_more_than_the_order_and_the_order_more_than_an_unknown_number(
    desk: Desk,
) -> None:
    first, second = Order("A-1"), Order("A-2")
    await desk.bill(first, second)

    await desk.hear(payment("P-1", "10.00", order=str(first.id), invoice_number="INV-2026-000002"))
    await desk.hear(payment("P-2", "5.00", order=str(first.id), invoice_number="INV-2026-000999"))

    assert await desk.open_items() == {first.invoice: 3220, second.invoice: 2720}


async def test_a_number_that_nobody_was_given_yet_does_not_wait_for_whoever_gets_it(desk: Desk) -> None:
    """A number becomes known by its invoice; one that runs ahead is a mistake, and pays no stranger's invoice."""
    order = Order("A-1")
    await desk.hear(payment("P-1", "37.20", invoice_number="INV-2026-000001"))

    await desk.bill(order)

    assert await desk.open_items() == {order.invoice: 3720}
    assert await spread(desk, "P-1") == ([], "37.20", "received")
    assert await desk.faults() == []


@pytest.mark.parametrize(("amounts", "paid"), [(("10.00", "5.00"), "15.00"), (("10.00", None), "37.20")])
async def test_an_invoice_that_is_named_twice_gets_all_that_is_meant_for_it(
    desk: Desk, amounts: tuple[str, str | None], paid: str
) -> None:
    """L6: a wish in two parts is one wish; money is never turned away for how its payer wrote it down."""
    order, other = Order("A-1"), Order("A-2")
    await desk.bill(order, other)
    pays = [{"invoice_number": "INV-2026-000001", "amount": amount} for amount in amounts]
    pays = [{name: value for name, value in one.items() if value} for one in pays]
    pays.insert(1, {"invoice_number": "INV-2026-000002", "amount": "1.00"})

    await desk.hear(payment("P-1", "50.00", pays=pays))

    assert await desk.held() == []
    assert (await spread(desk, "P-1"))[0] == [paid, "1.00"]
    assert await desk.faults() == []


async def test_an_invoice_can_be_paid_in_parts_and_is_paid_when_nothing_is_open(desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)

    await desk.hear(order.payment("P-1", "30.00"))
    assert await desk.open_items() == {order.invoice: 720}
    assert await desk.told("InvoicePaid") == []
    await desk.hear(order.payment("P-2", "7.20", received_on=date(2026, 12, 1)))

    assert await desk.open_items() == {}
    assert [told.data["paid_on"] for told in await desk.told("InvoicePaid")] == ["2026-12-01"]
    assert await desk.faults() == []


async def test_more_than_is_open_stays_unapplied(desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)

    await desk.hear(order.payment("P-1", "40.00"))

    assert await spread(desk, "P-1") == (["37.20"], "2.80", "received")
    assert await desk.balances() == {("1000", "EUR"): 4000, ("2100", "EUR"): -280, **NET}
    assert await desk.faults() == []


async def test_two_payments_in_one_batch_share_what_is_open(desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)

    await desk.hear(order.payment("P-1", "30.00"), order.payment("P-2", "30.00"))

    assert await spread(desk, "P-1") == (["30.00"], "0.00", "received")
    assert await spread(desk, "P-2") == (["7.20"], "22.80", "received")
    assert len(await desk.told("InvoicePaid")) == 1
    assert await desk.faults() == []


async def test_money_that_fits_nothing_is_kept_as_unapplied_and_never_an_error(desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)

    await desk.hear(
        payment("names nothing", "1.00"),
        payment("unknown number", "2.00", invoice_number="INV-2026-000077"),
        payment("no number of ours", "3.00", invoice_number="thank you!"),
        payment("unknown order", "4.00", order=str(Order("never placed").id)),
        order.payment("another currency", "5.00", currency="USD"),
    )

    assert await desk.balances() == {
        ("1000", "EUR"): 1000,
        ("1000", "USD"): 500,
        ("1100", "EUR"): 3720,
        ("2100", "EUR"): -1000,
        ("2100", "USD"): -500,
        **NET,
    }
    assert await desk.held() == []
    assert await desk.faults() == []


async def test_money_that_comes_before_its_invoice_pays_it_when_it_is_issued(desk: Desk) -> None:
    order = Order("A-1")
    await desk.hear(order.payment("P-1", "30.00"), order.payment("P-2", "30.00", received_on=date(2026, 11, 21)))
    assert await desk.balances() == {("1000", "EUR"): 6000, ("2100", "EUR"): -6000}

    await desk.bill(order)

    assert await spread(desk, "P-2") == (["30.00"], "0.00", "invoice-issued")  # the older money first
    assert await spread(desk, "P-1") == (["7.20"], "22.80", "invoice-issued")
    assert [told.data["paid_on"] for told in await desk.told("InvoicePaid")] == ["2026-11-22"]
    assert await desk.balances() == {("1000", "EUR"): 6000, ("2100", "EUR"): -2280, **NET}
    assert await desk.faults() == []


async def test_waiting_money_in_another_currency_does_not_pay(desk: Desk) -> None:
    order = Order("A-1")
    await desk.hear(order.payment("P-1", "99.00", currency="USD"))

    await desk.bill(order)

    assert await desk.open_items() == {order.invoice: 3720}
    assert len(await desk.told("PaymentAllocated")) == 1
    assert await desk.faults() == []


async def test_money_dated_before_its_invoice_is_an_advance_on_the_days_between(desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)

    await desk.hear(order.payment("P-1", "37.20", received_on=date(2026, 11, 20)))

    rows = await desk.rows(
        "select account, effective_on, (debit - credit)::bigint from account_day where account in ('1100', '2100') "
        "order by 1, 2"
    )
    assert rows == [
        ("1100", TODAY, 0),
        ("2100", date(2026, 11, 20), -3720),
        ("2100", TODAY, 3720),
    ]
    assert await desk.faults() == []


@pytest.mark.parametrize("missing", [BANK, UNAPPLIED])
async def test_money_waits_for_an_account_rather_than_get_lost(blank: Desk, missing: object) -> None:
    await blank.set_up("acme", accounts=[account for account in CHART if account is not missing])

    await blank.hear(payment("P-1", "5.00"))

    ((reason, detail),) = await blank.held()
    assert reason == "waiting"
    assert "no account with the role" in detail
    assert await blank.rows("select * from payment") == []


async def test_what_cannot_have_come_in_is_refused_and_counted_as_answered(desk: Desk) -> None:
    await desk.hear(payment("P-1", "0.00"), payment("P-2", "1.001"), payment("P-3", "1.00"))

    assert [row[0] for row in await desk.rows("select reference from payment")] == ["P-3"]
    counts = dict(await desk.rows("select outcome, sum(events)::int from inbox_count group by 1"))
    assert counts == {"refused": 2, "applied": 1}


async def test_a_payment_is_audited_and_linked_to_its_entry(desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)

    await desk.hear(order.payment("P-1", "1.00"))

    assert await desk.rows("select subject from audit where action = 'payment.recorded'") == [(str(payment_id("P-1")),)]
    rows = await desk.rows(
        "select e.document from allocation a join journal_entry e on e.company = a.company and e.id = a.entry"
    )
    assert rows == [(payment_id("P-1"),)]


async def test_a_second_payment_under_an_id_is_refused_and_the_money_is_booked_once(desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)
    first, second = order.payment("P-1", "10.00"), again(order.payment("P-1", "99.00"))

    await desk.hear(first, second, order.payment("P-2", "1.00"))

    assert await desk.open_items() == {order.invoice: 2620}
    assert await desk.held() == []
    assert dict(
        await desk.rows("select outcome, sum(events)::int from inbox_count where topic = 'sales.payments' group by 1")
    ) == {"applied": 2, "refused": 1}
    assert await desk.faults() == []
