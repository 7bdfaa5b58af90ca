"""An order is changed: what was invoiced is credited, the new revision is billed, money moves over; at every stage."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from tests.ledger.desk import Desk, Order, payment_id
from tests.support.department import Event

FIRST = Order("A-1")  # 3 × 10.00 and 24 %: 37.20
SECOND = FIRST.changed(("5", "10.00", "VAT24"))  # 62.00
THIRD = SECOND.changed(("1", "10.00", "VAT24"))  # 12.40


async def numbers(desk: Desk) -> list[tuple[str, str, int | None]]:
    """Invoices and credit notes in their order: number, total, revision."""
    return [
        (told.data["number"], told.data["total"], told.data.get("revision"))
        for told in await desk.told("InvoiceIssued", "CreditNoteIssued")
    ]


async def test_a_changed_order_is_credited_and_billed_anew(desk: Desk) -> None:
    """X1: invoiced, then changed: a credit note over the first invoice, and an invoice over the new lines."""
    await desk.bill(FIRST)

    await desk.hear(SECOND.change())
    await desk.hear(FIRST.replaced(), SECOND.reserved())

    assert await numbers(desk) == [
        ("INV-2026-000001", "37.20", None),
        ("CN-2026-000001", "37.20", None),
        ("INV-2026-000002", "62.00", 2),
    ]
    (note,) = await desk.told("CreditNoteIssued")
    assert note.data["reason"] == "order-changed"
    issued = (await desk.told("InvoiceIssued"))[-1]
    assert issued.key == str(SECOND.invoice) != str(FIRST.invoice)
    assert issued.data["customer"]["name"] == "Καφέ Ακρόπολη Ο.Ε.", "who buys is as it was placed"
    assert await desk.open_items() == {SECOND.invoice: 6200}
    assert await desk.faults() == []


async def test_money_that_paid_the_first_revision_pays_the_next(desk: Desk) -> None:
    """Paid, then changed: the money becomes unapplied, pays the new invoice, and the difference stays open."""
    await desk.bill(FIRST)
    await desk.hear(FIRST.payment("P-1", "37.20"))

    await desk.hear(SECOND.change())
    await desk.hear(FIRST.replaced(), SECOND.reserved())

    state = (await desk.told("PaymentAllocated"))[-1].data
    assert [(a["invoice"], a["amount"], a["revision"]) for a in state["allocations"]] == [
        (str(SECOND.invoice), "37.20", 2)
    ]
    assert await desk.open_items() == {SECOND.invoice: 2480}
    assert await desk.faults() == []

    await desk.hear(SECOND.payment("P-2", "24.80"))

    (paid,) = [told for told in await desk.told("InvoicePaid") if told.key == str(SECOND.invoice)]
    assert paid.data["revision"] == 2
    assert await desk.faults() == []


async def test_a_smaller_revision_leaves_the_rest_of_the_money_to_the_payer(desk: Desk) -> None:
    await desk.bill(FIRST)
    await desk.hear(FIRST.payment("P-1", "37.20"))
    await desk.hear(SECOND.change(), THIRD.change())

    await desk.hear(FIRST.replaced(), SECOND.reserved(), SECOND.replaced(), THIRD.reserved())

    state = (await desk.told("PaymentAllocated"))[-1].data
    assert ([a["amount"] for a in state["allocations"]], state["unapplied"]) == (["12.40"], "24.80")
    assert await desk.balances() == {
        ("1000", "EUR"): 3720, ("2100", "EUR"): -2480, ("2200", "EUR"): -240, ("4000", "EUR"): -1000,
    }  # fmt: skip
    assert await desk.faults() == []


async def test_a_revision_that_gets_no_stock_leaves_nothing_invoiced_and_the_money_unapplied(desk: Desk) -> None:
    await desk.bill(FIRST)
    await desk.hear(FIRST.payment("P-1", "37.20"))

    await desk.hear(SECOND.change())
    await desk.hear(FIRST.replaced(), SECOND.not_reserved())

    assert [number for number, _, _ in await numbers(desk)] == ["INV-2026-000001", "CN-2026-000001"]
    assert await desk.balances() == {("1000", "EUR"): 3720, ("2100", "EUR"): -3720}
    assert await desk.faults() == []


async def test_a_changed_order_that_is_cancelled_credits_its_last_invoice(desk: Desk) -> None:
    await desk.bill(FIRST)
    await desk.hear(SECOND.change())
    await desk.hear(FIRST.replaced(), SECOND.reserved())

    await desk.hear(SECOND.released())

    assert [(number, revision) for number, _, revision in await numbers(desk)][-1] == ("CN-2026-000002", 2)
    assert await desk.balances() == {}
    assert await desk.faults() == []


async def test_a_change_that_is_refused_changes_nothing_here(desk: Desk) -> None:
    """Too late to change: the terms are kept, the invoice of the first revision stands and can be paid by order."""
    await desk.bill(FIRST)
    await desk.hear(SECOND.change())

    await desk.hear(FIRST.payment("P-1", "37.20"))

    assert len(await desk.told("InvoicePaid")) == 1
    assert await desk.faults() == []


async def test_an_invoice_that_is_refused_names_its_revision(desk: Desk) -> None:
    wrong = FIRST.changed(("1", "1.00", "NOPE"))
    await desk.bill(FIRST)
    await desk.hear(wrong.change())

    await desk.hear(FIRST.replaced(), wrong.reserved())

    (told,) = await desk.told("InvoiceRefused")
    assert (told.data["code"], told.data["revision"]) == ("tax-code-unknown", 2)
    assert await desk.rows("select order_id, revision from billing_refusal") == [(FIRST.id, 2)]


async def test_invoices_of_all_revisions_are_found_by_their_order(desk: Desk) -> None:
    await desk.bill(FIRST)
    await desk.hear(SECOND.change())
    await desk.hear(FIRST.replaced(), SECOND.reserved())

    async with desk.ask() as client:
        found = (await client.get(f"/v1/companies/acme/invoices?order={FIRST.id}")).json()["invoices"]

    assert [(one["number"], one["state"]) for one in found] == [
        ("INV-2026-000002", "open"),
        ("INV-2026-000001", "credited"),
    ]


def arrivals() -> Sequence[Sequence[str]]:
    """Every way in which three topics can be interleaved, each in its own order: 60 of them."""
    marks = "OOSSSP"
    return sorted(set(itertools.permutations(marks)))


async def test_the_books_are_the_same_whatever_topic_comes_first(desk: Desk) -> None:
    """Orders, reservations and money come from three topics: any interleaving ends with one open amount and one spread.

    How many documents it takes may differ: a revision that is released before it is billed is never billed.
    """
    ways = arrivals()[::3]
    ends = set()
    for way in ways:
        await desk.forget()
        await desk.set_up()
        topics = {
            "O": iter([FIRST.placed(), SECOND.change()]),
            "S": iter([FIRST.reserved(), FIRST.replaced(), SECOND.reserved()]),
            "P": iter([FIRST.payment("P-1", "37.20")]),
        }
        events: list[Event] = [next(topics[mark]) for mark in way]
        for one in events:
            await desk.hear(one)
        spread = await desk.rows(
            "select invoice, sum(amount)::bigint from allocation where payment = $1 group by 1 having sum(amount) <> 0",
            payment_id("P-1"),
        )
        ends.add((str(await desk.open_items()), str(sorted((await desk.balances()).items())), str(spread)))
        assert await desk.faults() == []
    assert len(ways) == 20
    assert ends == {
        (
            str({SECOND.invoice: 2480}),
            str([(("1000", "EUR"), 3720), (("1100", "EUR"), 2480), (("2200", "EUR"), -1200), (("4000", "EUR"), -5000)]),
            str([(SECOND.invoice, 3720)]),
        )
    }
