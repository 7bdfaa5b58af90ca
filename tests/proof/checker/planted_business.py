"""Corruptions of what was asked for, of orders, books and stock, each with the invariant that must name it."""

from __future__ import annotations

from decimal import Decimal

from tests.proof.checker.planting import Line, Planted, Recorded, table

PLANTED: list[Planted] = []
planted = table(PLANTED)


def cent_more(line: Line, name: str) -> None:
    """An amount, a cent up."""
    line[name] = str(Decimal(line[name]) + Decimal("0.01"))


def given_back_and_credited(run: Recorded) -> str:
    """An order that was cancelled as a whole: of one that has left in part, less is due."""
    back = {line["v"]["order"] for _, line in run.all("ReservationReleased") if not line["v"].get("replaced_by")}
    return str(run.data("CreditNoteIssued", lambda data: data["order"] in back)["order"])


def order_of(run: Recorded, kind: str) -> str:
    """An order that has such an event."""
    return str(run.data(kind)["order"])


# -- what was asked for ------------------------------------------------------------------------------------------------


@planted("INV1")
def an_accepted_order_is_on_no_topic(run: Recorded) -> None:
    run.drop("OrderPlaced", lambda data: data["order"] == order_of(run, "InvoiceIssued"))


@planted("INV1")
def a_refused_order_happened(run: Recorded) -> None:
    run.operation("order")[2]["is"] = "fail"


@planted("INV1")
def an_order_is_placed_twice(run: Recorded) -> None:
    run.again("OrderPlaced")


@planted("INV1")
def an_order_that_nobody_asked_for(run: Recorded) -> None:
    run.again("OrderPlaced", reference="never-asked")


@planted("INV1")
def an_order_with_another_price(run: Recorded) -> None:
    run.data("OrderPlaced")["lines"][0]["unit_price"] = "0.01"


@planted("INV1")
def an_order_in_another_currency(run: Recorded) -> None:
    run.data("OrderPlaced")["currency"] = "USD"


@planted("INV1")
def a_payment_is_lost(run: Recorded) -> None:
    run.drop("PaymentReceived")


@planted("INV1")
def a_payment_comes_in_twice_under_another_id(run: Recorded) -> None:
    twin = run.again("PaymentReceived", payment="00000000-0000-4000-8000-0000000000aa")
    twin["k"] = twin["h"]["ce_subject"] = "00000000-0000-4000-8000-0000000000aa"
    twin["h"]["ce_sequence"] = "1"


@planted("INV1")
def a_hire_is_lost(run: Recorded) -> None:
    run.drop("EmployeeHired")


@planted("INV1")
def a_cancellation_is_lost(run: Recorded) -> None:
    run.drop("OrderCancelled")


@planted("INV1")
def goods_are_received_twice(run: Recorded) -> None:
    told = run.company("receipts")
    told["receipts"].append({**told["receipts"][0], "receipt": "twice"})


@planted("INV1")
def an_order_has_another_id_than_was_answered(run: Recorded) -> None:
    run.operation("order")[2]["subject"] = "00000000-0000-4000-8000-0000000000bb"


@planted("INV2")
def one_key_is_accepted_for_two_contents(run: Recorded) -> None:
    lines, asked, told = run.operation("order")
    lines += [{**asked, "op": 10**6, "hash": "another"}, {**told, "op": 10**6}]


@planted("INV2")
def a_repeat_has_another_request_id(run: Recorded) -> None:
    lines, _, told = run.operation("order")
    lines.append({**told, "request_id": "another"})


@planted("INV2")
def a_repeat_has_another_body(run: Recorded) -> None:
    lines, asked, told = run.operation("pay")
    told["answer"] = "one"
    lines += [{**asked, "op": 10**6}, {**told, "op": 10**6, "answer": "two"}]


@planted("INV3")
def an_accepted_request_is_not_found(run: Recorded) -> None:
    asked = run.surface["_requests"]
    asked[next(iter(asked))] = 404


# -- the course of an order --------------------------------------------------------------------------------------------


@planted("INV4")
def an_order_is_reserved_and_refused(run: Recorded) -> None:
    _, line = run.one("StockReserved")
    twin = run.again("StockReserved", code="insufficient-stock")
    twin["h"]["ce_type"] = "ReservationRefused.v1"
    assert line["k"] == twin["k"]


@planted("INV4")
def an_order_nobody_cancelled_is_credited(run: Recorded) -> None:
    order = given_back_and_credited(run)
    run.drop("OrderCancelled", lambda data: data["order"] == order)


@planted("INV4")
def a_cancelled_order_is_never_credited(run: Recorded) -> None:
    order = given_back_and_credited(run)
    run.drop("CreditNoteIssued", lambda data: data["order"] == order)


@planted("INV4")
def a_cancelled_order_keeps_its_stock(run: Recorded) -> None:
    run.drop("ReservationReleased")


@planted("INV4")
def an_order_stays_accepted_for_ever(run: Recorded) -> None:
    run.company()["orders"][0]["state"] = "accepted"


# -- the ledger --------------------------------------------------------------------------------------------------------


@planted("INV5")
def an_entry_is_out_by_a_cent(run: Recorded) -> None:
    line = next(line for line in run.data("EntryPosted")["lines"] if Decimal(line["debit"]))
    cent_more(line, "debit")


@planted("INV5")
def a_line_of_an_entry_is_in_another_currency(run: Recorded) -> None:
    run.data("EntryPosted")["lines"][0]["currency"] = "USD"


@planted("INV5")
def a_line_has_both_sides(run: Recorded) -> None:
    for line in run.data("EntryPosted")["lines"]:
        line["debit"] = line["credit"] = "1.00"


@planted("INV5")
def an_account_shows_a_cent_more(run: Recorded) -> None:
    cent_more(run.company()["trial_balance"]["accounts"][0], "debit")


@planted("INV5")
def an_entry_is_missing_from_the_topic(run: Recorded) -> None:
    run.drop("EntryPosted")


@planted("INV5")
def the_ledger_finds_itself_wrong(run: Recorded) -> None:
    run.company()["integrity"]["checks"][0]["holds"] = False


@planted("INV9")
def an_invoice_is_posted_twice(run: Recorded) -> None:
    twin = run.again("EntryPosted", where=lambda data: data["journal"] == "sales")
    twin["k"] = twin["h"]["ce_subject"] = twin["v"]["entry"] = "00000000-0000-4000-8000-0000000000cc"
    twin["h"]["ce_sequence"] = "1"


@planted("INV9")
def an_invoice_total_is_a_cent_more(run: Recorded) -> None:
    cent_more(run.data("InvoiceIssued"), "total")


@planted("INV9")
def an_invoice_line_is_rounded_wrongly(run: Recorded) -> None:
    invoice = run.data("InvoiceIssued")
    for part in (invoice["lines"][0], invoice):
        cent_more(part, "net")
    cent_more(invoice, "total")


@planted("INV9")
def an_invoice_has_another_price_than_the_order(run: Recorded) -> None:
    run.data("InvoiceIssued")["lines"][0]["unit_price"] = "1.00"


@planted("INV9")
def an_invoice_number_is_left_out(run: Recorded) -> None:
    run.data("InvoiceIssued")["number"] = "INV-2026-999999"


@planted("INV9")
def an_invoice_number_is_given_twice(run: Recorded) -> None:
    company = run.one("InvoiceIssued")[1]["h"]["ce_company"]
    mine = [line["v"] for _, line in run.all("InvoiceIssued") if line["h"]["ce_company"] == company]
    mine[1]["number"] = mine[0]["number"]


@planted("INV9")
def a_credit_note_is_over_less_than_its_invoice(run: Recorded) -> None:
    run.data("CreditNoteIssued")["total"] = "0.01"


@planted("INV9")
def an_entry_is_over_another_amount_than_its_invoice(run: Recorded) -> None:
    for line in run.data("EntryPosted", lambda data: data["journal"] == "sales")["lines"]:
        for side in ("debit", "credit"):
            line[side] = str(2 * Decimal(line[side]))


@planted("INV9")
def money_is_in_the_bank_twice(run: Recorded) -> None:
    entry = run.data("EntryPosted", lambda data: data["journal"] == "cash" and is_cash_in(run, data))
    for line in entry["lines"]:
        for side in ("debit", "credit"):
            line[side] = str(2 * Decimal(line[side]))


@planted("INV9")
def more_is_allocated_than_came_in(run: Recorded) -> None:
    cent_more(run.data("PaymentAllocated"), "unapplied")


@planted("INV9")
def a_paper_has_another_number_than_its_invoice(run: Recorded) -> None:
    run.data("DocumentRegistered", lambda data: data["class"] == "invoice")["number"] = "INV-0"


def is_cash_in(run: Recorded, entry: Line) -> bool:
    """Whether the entry moves the bank account."""
    banks = {line["v"]["account"] for _, line in run.all("AccountOpened", lambda data: data["role"] == "bank")}
    return any(line["account"] in banks for line in entry["lines"])


# -- the inventory -----------------------------------------------------------------------------------------------------


@planted("INV11")
def goods_came_in_and_were_not_added(run: Recorded) -> None:
    run.data("StockReceived")["on_hand"] = "1"


@planted("INV11")
def less_than_nothing_is_on_hand_at_one_moment(run: Recorded) -> None:
    run.data("StockReceived")["on_hand"] = "-1"


@planted("INV11")
def a_shelf_shows_one_piece_less(run: Recorded) -> None:
    row = run.company("stock")["stock"][0]
    row["on_hand"] = str(Decimal(row["on_hand"]) - 1)
    row["available"] = str(Decimal(row["available"]) - 1)


@planted("INV12")
def more_is_reserved_than_was_ordered(run: Recorded) -> None:
    run.data("StockReserved")["lines"][0]["quantity"] = "100"


@planted("INV12")
def another_item_is_reserved(run: Recorded) -> None:
    run.data("StockReserved")["lines"][0]["item"] = "ANOTHER"


@planted("INV12")
def less_is_given_back_than_was_reserved(run: Recorded) -> None:
    run.data("ReservationReleased")["lines"][0]["quantity"] = "0.5"


@planted("INV12")
def a_shelf_shows_a_reservation_that_nobody_has(run: Recorded) -> None:
    row = run.company("stock")["stock"][0]
    row["reserved"] = str(Decimal(row["reserved"]) + 1)
    row["available"] = str(Decimal(row["available"]) - 1)


@planted("INV12")
def more_is_promised_than_is_there(run: Recorded) -> None:
    row = run.company("stock")["stock"][0]
    row["reserved"], row["available"] = str(Decimal(row["on_hand"]) + 1), "-1"


# -- the journal, and what stands behind its control accounts ----------------------------------------------------------


def _closed(run: Recorded, day: str, at: str) -> Line:
    """Close the month of a day in the company of the first invoice, at a moment."""
    company = run.one("InvoiceIssued")[1]["h"]["ce_company"]
    _, opened = run.one("AccountOpened")
    headers = {
        **opened["h"], "ce_id": "00000000-0000-4000-8000-0000000000c1", "ce_type": "PeriodClosed.v1", "ce_time": at,
        "ce_company": company, "ce_subject": company, "ce_sequence": "1",
    }  # fmt: skip
    data = {
        "fiscal_year": int(day[:4]), "number": int(day[5:7]), "starts_on": f"{day[:7]}-01", "ends_on": f"{day[:7]}-31",
        "subledgers": ["ar"], "reason": "done",
    }  # fmt: skip
    line = {"o": 0, "k": company, "h": headers, "v": data}
    run.topics["ledger.periods", 0] = [line]
    return line


def _is_a_sale(data: Line) -> bool:
    return bool(data["journal"] == "sales" and data.get("reverses") is None)


@planted("INV6")
def an_entry_is_posted_a_second_time_with_other_lines(run: Recorded) -> None:
    run.again("EntryPosted", text="once more")


def _reversal(run: Recorded) -> Line:
    """The entry of a credit note, which takes back that of its invoice."""
    note = run.data("CreditNoteIssued", lambda data: bool(data["entry"]))
    invoice = run.data("InvoiceIssued", lambda data: data["invoice"] == note["invoice"])
    entry = run.data("EntryPosted", lambda data: data["entry"] == note["entry"])
    entry["reverses"] = invoice["entry"]
    return entry


@planted("INV6")
def a_reversal_is_not_the_mirror(run: Recorded) -> None:
    other = next(line for line in _reversal(run)["lines"] if line["debit"] != "0.00")
    other["account"] = "1000"


@planted("INV6")
def a_reversal_takes_back_what_never_was(run: Recorded) -> None:
    _reversal(run)["reverses"] = order_of(run, "InvoiceIssued")


@planted("INV6")
def a_balance_of_a_past_day_changed(run: Recorded) -> None:
    told = run.company("invoices")
    rows = [dict(row) for row in told["trial_balance"]["accounts"]]
    cent_more(rows[0], "debit")
    days = [line["v"]["posted_on"] for _, line in run.all("EntryPosted")]
    told["trial_balance_then"] = {"as_of": max(days), "accounts": rows}


@planted("INV7")
def an_entry_stands_in_a_period_that_was_closed_before(run: Recorded) -> None:
    company = run.one("InvoiceIssued")[1]["h"]["ce_company"]
    days = [x["v"]["posted_on"] for _, x in run.all("EntryPosted", _is_a_sale) if x["h"]["ce_company"] == company]
    _closed(run, days[0], "2020-01-01T00:00:00.000000Z")


@planted("INV10")
def an_open_item_is_a_cent_more_than_its_account(run: Recorded) -> None:
    cent_more(run.company("receivables")["receivables"][0], "open")


@planted("INV10")
def money_of_a_customer_is_shown_that_no_account_has(run: Recorded) -> None:
    cent_more(run.company("payments")["payments"][0], "unapplied")


@planted("INV18")
def a_paper_has_other_bytes_than_were_told(run: Recorded) -> None:
    told = run.company("documents")
    stored = next(row for row in told["documents"] if row["content"])
    told["papers"] = [{"document": stored["document"], "sha256": "0" * 64}]
