"""Credit notes over some lines of an invoice: asked for by people, never more than was invoiced, in every report."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from contracts.money import from_minor, line_total_minor, tax_minor, to_minor
from services.ledger.domain.credit import Part, Wish, part_of
from tests.ledger.desk import NOON, Desk, Order, payment_id
from tests.ledger.test_discounts import CAFE, assert_in_order, get, keys, untouched
from tests.ledger.test_money_by_hand import rate as set_rate

ORDER = Order("A-1", (("3", "33.33", "VAT24"), ("2", "10.00", "VAT13"), ("1", "5.00", "VAT24")))  # 152.79
PATH = f"/v1/companies/acme/invoices/{ORDER.invoice}/credit-notes"


@pytest_asyncio.fixture
async def caller(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with desk.ask() as client:
        yield client


async def credit(caller: httpx.AsyncClient, *lines: tuple[int, str | None], **more: Any) -> httpx.Response:
    wanted = [{"line": n} | ({} if quantity is None else {"quantity": quantity}) for n, quantity in lines]
    body = {"lines": wanted, "reason": "Broken on arrival", "issued_on": "2026-11-24"} | more
    return await caller.post(PATH, json=body, headers={"idempotency-key": next(keys)})


async def test_lines_are_credited_by_quantity_until_nothing_is_left(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L6: credit note by line: net and tax in proportion, a number of its own, the rest of the invoice stays owed."""
    await desk.bill(ORDER)

    first = await credit(caller, (1, "1"), (3, None))
    assert first.status_code == 201, first.text
    assert (first.json()["number"], first.json()["total"]) == ("CN-2026-000001", "47.53")  # 38.33 and 24 %
    (told,) = await desk.told("CreditNoteIssued")
    assert told.key == str(ORDER.invoice)
    assert [(x["line"], x["quantity"], x["net"]) for x in told.data["lines"]] == [(1, "1", "33.33"), (3, "1", "5.00")]
    assert (told.data["net"], told.data["tax"], told.data["partial"]) == ("38.33", "9.20", True)
    assert await desk.open_items() == {ORDER.invoice: 15279 - 4753}
    await assert_in_order(desk, caller)

    second = await credit(caller, (1, None), (2, None))
    assert second.json()["open"] == "0.00"
    assert await untouched(desk, "1100", "2200", "2201", "4000")
    shown = await get(caller, f"/invoices/{ORDER.invoice}")
    assert [note["number"] for note in shown["credit_notes"]] == ["CN-2026-000001", "CN-2026-000002"]
    assert shown["state"] == "credited"
    assert "partial" not in (await desk.told("CreditNoteIssued"))[-1].data
    assert await desk.told("InvoicePaid") == []
    statement = await get(caller, "/customers/C-1042/statement?as_of=2026-11-30&since=2026-11-01")
    assert [line["kind"] for line in statement["currencies"][0]["lines"]] == ["invoice", "credit-note", "credit-note"]
    assert statement["currencies"][0]["closing"] == "0.00"
    await assert_in_order(desk, caller)


async def test_what_was_paid_for_the_lines_is_owed_back(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L6: paid by two, credited in part: the last payment goes back first, as far as it must; both stay on record."""
    await desk.bill(ORDER)
    await desk.hear(ORDER.payment("P-1", "100.00"))
    await desk.hear(ORDER.payment("P-2", "52.79", received_on=date(2026, 11, 23)))

    answer = await credit(caller, (1, "2"))  # 66.66 and 24 %: 82.66

    assert answer.status_code == 201, answer.text
    assert await desk.open_items() == {}
    left = [(await get(caller, f"/payments/{payment_id(name)}"))["unapplied"] for name in ("P-1", "P-2")]
    assert left == ["29.87", "52.79"]
    assert len(await desk.told("InvoicePaid")) == 1
    assert (await desk.balances())["2100", "EUR"] == -8266
    await assert_in_order(desk, caller)


async def test_an_open_rest_that_is_credited_leaves_the_invoice_paid(desk: Desk, caller: httpx.AsyncClient) -> None:
    await desk.bill(ORDER)
    await desk.hear(ORDER.payment("P-1", "146.59"))

    await credit(caller, (3, None))  # 6.20

    assert await desk.open_items() == {}
    (paid,) = await desk.told("InvoicePaid")
    assert paid.data["paid_on"] == "2026-11-24"
    await assert_in_order(desk, caller)


@pytest.mark.parametrize(("currency", "paid"), [("EUR", "0.01"), ("EUR", "152.79"), ("USD", "100.00")])
async def test_an_order_that_is_released_after_a_credit_note_is_credited_for_the_rest(
    desk: Desk, caller: httpx.AsyncClient, currency: str, paid: str
) -> None:
    """L6: in part, then in full: nothing is given back twice, nothing remains, the money is owed back."""
    order = Order("A-1", ORDER.lines, currency=currency)
    await desk.bill(order)
    await desk.hear(order.payment("P-1", paid))
    assert (await credit(caller, (1, "1"))).status_code == 201

    await desk.hear(order.released())

    assert await desk.open_items() == {}
    assert await untouched(desk, "1100")
    notes = [told.data for told in await desk.told("CreditNoteIssued")]
    assert sum(to_minor(note["total"], currency) for note in notes) == 15279
    assert [note.get("partial") for note in notes] == [True, None]
    assert (await get(caller, f"/invoices/{order.invoice}"))["state"] == "credited"
    balances = await desk.balances()
    assert {account for account, _ in balances} == {"1000", "2100"}
    assert balances["2100", currency] == -to_minor(paid, currency)
    await assert_in_order(desk, caller)


@pytest.mark.parametrize("price", ["1.65", "1.67", "3.31"])
@pytest.mark.parametrize("how", ["at once", "in part and then released", "paid in between"])
async def test_in_another_currency_nothing_stays_on_any_account_of_the_sale_after_the_last_note(
    desk: Desk, caller: httpx.AsyncClient, price: str, how: str
) -> None:
    """L5, L6: the sale was valued tax by tax; what is left of each keeps its share, to nought, also when all of it
    came in notes, whatever was paid.
    """
    await set_rate(desk, "USD", NOON.date(), "0.7131")
    order = Order("A-1", (("3", price, "VAT24"), ("1", price, "VAT13")), currency="USD")
    await desk.bill(order)
    if how == "at once":
        assert (await credit(caller, (1, None), (2, None))).status_code == 201
    else:
        assert (await credit(caller, (1, "1"))).status_code == 201
        if how == "paid in between":
            await desk.hear(order.payment("P-1", price))
            assert (await credit(caller, (1, "1"))).status_code == 201
        await desk.hear(order.released())

    assert await untouched(desk, "1100", "2200", "2201", "4000")
    await assert_in_order(desk, caller)


async def test_a_discount_in_another_currency_takes_its_share_of_what_the_tax_was_booked_at(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L5: 1.65 and 0.40 of tax were booked at 1.17 and 0.29; a discount of all that the terms allow, at its share."""
    terms = {"terms": {"net_days": 30, "discount": {"rate": "0.5", "days": 10}}}
    await caller.post("/v1/companies/acme/customers", json=CAFE | terms, headers={"idempotency-key": next(keys)})
    await set_rate(desk, "USD", NOON.date(), "0.7131")
    order = Order("A-1", (("1", "1.65", "VAT24"),), currency="USD")
    await desk.bill(order)

    await desk.hear(order.payment("P-1", "1.02"))  # 1.03 of 2.05 are left out, 0.20 of it tax

    ((tax, worth),) = await desk.rows(
        "select sum(debit), sum(base_debit) from account_day where account = '2200' and company = 'acme'"
    )
    assert (tax, worth) == (20, 15)  # half of 0.29, rounded half up
    await assert_in_order(desk, caller)


async def test_the_discount_is_less_by_what_was_credited(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L6: of what stays invoiced the same part may be left out as before; the rest of the money goes back."""
    order = Order("A-1", (("2", "50.00", "VAT0"),))
    await caller.post("/v1/companies/acme/customers", json=CAFE, headers={"idempotency-key": next(keys)})
    await desk.bill(order)
    await desk.hear(order.payment("P-1", "98.00"))

    assert (await credit(caller, (1, "1"))).status_code == 201

    assert await desk.open_items() == {}
    balances = await desk.balances()
    assert (balances["6100", "EUR"], balances["2100", "EUR"], balances["4000", "EUR"]) == (100, -4900, -5000)
    await assert_in_order(desk, caller)


@pytest.mark.parametrize("first", ["note", "money"])
async def test_it_makes_no_difference_to_the_discount_whether_the_note_or_the_money_comes_first(
    desk: Desk, caller: httpx.AsyncClient, first: str
) -> None:
    """L6: 49.00 in time for one of two pieces of 50.00, of which the other is credited: 1.00 is the discount."""
    order = Order("A-1", (("2", "50.00", "VAT0"),))
    await caller.post("/v1/companies/acme/customers", json=CAFE, headers={"idempotency-key": next(keys)})
    await desk.bill(order)
    if first == "money":
        await desk.hear(order.payment("P-1", "49.00"))
    assert (await credit(caller, (1, "1"))).status_code == 201
    if first == "note":
        await desk.hear(order.payment("P-1", "49.00"))

    assert await desk.open_items() == {}
    assert (await desk.balances())["6100", "EUR"] == 100
    (paid,) = await desk.told("InvoicePaid")
    assert paid.data["paid_on"] == ("2026-11-24" if first == "money" else "2026-11-22")
    await assert_in_order(desk, caller)


@pytest.mark.parametrize(
    ("lines", "more", "status", "fault"),
    [
        ([(1, "3.5")], {}, 409, ("/lines/0/quantity", "more-than-invoiced")),
        ([(1, "0")], {}, 422, None),
        ([(1, None), (7, None)], {}, 422, ("/lines/1", "line-unknown")),
        ([(1, "1"), (1, "1")], {}, 422, ("/lines/1", "line-unknown")),
        ([(1, None)], {"issued_on": "2026-11-01"}, 422, ("/issued_on", "before-invoice")),
    ],
)
async def test_what_cannot_be_credited_is_refused_and_nothing_is_written(
    desk: Desk,
    caller: httpx.AsyncClient,
    lines: list[tuple[int, str | None]],
    more: dict[str, str],
    status: int,
    fault: tuple[str, str] | None,
) -> None:
    await desk.bill(ORDER)

    answer = await credit(caller, *lines, **more)

    assert answer.status_code == status, answer.text
    if fault is not None:
        assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [fault]
    assert await desk.rows("select 1 from credit_note") == []
    assert await desk.open_items() == {ORDER.invoice: 15279}


@given(
    st.data(),
    st.lists(st.integers(1, 50), min_size=1, max_size=4),
    st.lists(st.integers(0, 99999), min_size=4, max_size=4),
)
def test_notes_add_up_to_the_invoice_whatever_its_parts(
    data: st.DataObject, ordered: list[int], prices: list[int]
) -> None:
    lines: list[dict[str, Any]] = []
    for n, quantity in enumerate(ordered):
        price = from_minor(prices[n], "EUR")
        net = from_minor(line_total_minor(str(quantity), price, "EUR"), "EUR")
        lines.append({"line": n, "quantity": str(quantity), "unit_price": price, "tax_code": f"T{n % 2}", "net": net})
    taxes = []
    for code, rate in (("T0", "0.24"), ("T1", "0.13")):
        base = sum(to_minor(x["net"], "EUR") for x in lines if x["tax_code"] == code)
        tax = from_minor(tax_minor(base, rate), "EUR")
        taxes.append({"tax_code": code, "rate": rate, "base": from_minor(base, "EUR"), "tax": tax})
    notes: list[Part] = []
    left = list(ordered)
    while any(left):
        take = [data.draw(st.integers(0, most)) for most in left]
        wishes = [Wish(n, str(quantity), "") for n, quantity in enumerate(take) if quantity] or None
        earlier = [{"lines": note.lines, "taxes": note.taxes} for note in notes]
        part = part_of({"lines": lines, "taxes": taxes}, earlier, wishes, "EUR")
        assert isinstance(part, Part)
        notes.append(part)
        left = [0] * len(left) if wishes is None else [a - b for a, b in zip(left, take, strict=True)]
        assert part.whole == (not any(left))

    assert sum(note.net for note in notes) == sum(to_minor(x["net"], "EUR") for x in lines)
    assert sum(note.tax for note in notes) == sum(to_minor(x["tax"], "EUR") for x in taxes)
    assert all(note.net >= 0 and note.tax >= 0 for note in notes)
