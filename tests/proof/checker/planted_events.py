"""Corruptions of events, of what listeners made of them, and of what is shown, each with its invariant."""

from __future__ import annotations

import copy
from typing import Any

from tests.proof.checker.planting import Planted, Recorded, table

PLANTED: list[Planted] = []
planted = table(PLANTED)


def order_of(run: Recorded, kind: str) -> str:
    """An order that has such an event."""
    return str(run.data(kind)["order"])


# -- the events --------------------------------------------------------------------------------------------------------


@planted("INV19")
def a_repeat_has_another_content(run: Recorded) -> None:
    lines, line = run.one("InvoiceIssued")
    lines.append({**copy.deepcopy(line), "v": {**line["v"], "total": "1.00"}})


@planted("INV19")
def two_events_have_one_id(run: Recorded) -> None:
    found = run.all("StockReserved")
    first, second = next(found)[1], next(found)[1]
    second["h"]["ce_id"] = first["h"]["ce_id"]


@planted("INV20")
def an_invoice_is_shown_that_was_never_sent(run: Recorded) -> None:
    rows = run.company("invoices")["invoices"]
    rows.append({**rows[0], "invoice": "never"})


@planted("INV20")
def a_document_that_was_sent_is_not_shown(run: Recorded) -> None:
    run.company("documents")["documents"].pop()


@planted("INV20")
def the_front_office_does_not_see_its_order(run: Recorded) -> None:
    run.company()["orders"].pop()


@planted("INV20")
def a_reservation_of_an_order_that_was_never_placed(run: Recorded) -> None:
    run.drop("OrderPlaced", lambda data: data["order"] == order_of(run, "StockReserved"))


@planted("INV20")
def an_event_is_on_the_wrong_topic(run: Recorded) -> None:
    run.one("StockReserved")[1]["h"]["ce_type"] = "InvoiceIssued.v1"


@planted("INV21")
def two_events_of_a_key_change_places(run: Recorded) -> None:
    _, line = run.one("DocumentStored")
    lines = run.one("DocumentStored")[0]
    mine = [at for at, other in enumerate(lines) if other["k"] == line["k"]]
    lines[mine[0]], lines[mine[1]] = lines[mine[1]], lines[mine[0]]


@planted("INV21")
def a_sequence_is_left_out(run: Recorded) -> None:
    run.one("DocumentStored")[1]["h"]["ce_sequence"] = "7"


@planted("INV21")
def a_key_is_on_two_partitions(run: Recorded) -> None:
    lines, line = run.one("DocumentStored")
    lines.remove(line)
    of_topic = [other for (topic, _), other in run.topics.items() if topic == "documents.documents"]
    next(other for other in of_topic if other is not lines).append(line)


@planted("INV21")
def two_events_have_one_sequence(run: Recorded) -> None:
    run.again("DocumentRegistered")["h"]["ce_sequence"] = "1"


@planted("INV22")
def an_effect_without_a_cause(run: Recorded) -> None:
    run.one("InvoiceIssued")[1]["h"]["ce_causationid"] = "00000000-0000-4000-8000-0000000000dd"


@planted("INV22")
def an_effect_of_another_chain(run: Recorded) -> None:
    run.one("InvoiceIssued")[1]["h"]["ce_correlationid"] = "00000000-0000-4000-8000-0000000000dd"


@planted("INV22")
def an_event_that_is_its_own_cause(run: Recorded) -> None:
    headers = run.one("StockReserved")[1]["h"]
    headers["ce_causationid"] = headers["ce_id"]


@planted("INV22")
def an_order_that_something_else_caused(run: Recorded) -> None:
    run.one("OrderPlaced")[1]["h"]["ce_causationid"] = run.one("InvoiceIssued")[1]["h"]["ce_id"]


@planted("INV23")
def what_is_reserved_is_never_billed(run: Recorded) -> None:
    run.drop("InvoiceIssued")


@planted("INV23")
def inventory_never_answers_an_order(run: Recorded) -> None:
    run.drop("ReservationRefused")


@planted("INV23")
def an_order_is_billed_twice(run: Recorded) -> None:
    twin = run.again("InvoiceIssued", invoice="00000000-0000-4000-8000-0000000000ee")
    twin["k"] = twin["h"]["ce_subject"] = "00000000-0000-4000-8000-0000000000ee"
    twin["h"]["ce_sequence"] = "1"


@planted("INV23")
def an_invoice_has_two_papers(run: Recorded) -> None:
    twin = run.again("DocumentRegistered", where=lambda data: data["class"] == "invoice")
    twin["k"] = twin["h"]["ce_subject"] = twin["v"]["document"] = "00000000-0000-4000-8000-0000000000ff"
    twin["h"]["ce_sequence"] = "1"


@planted("INV23")
def an_invoice_has_no_paper(run: Recorded) -> None:
    run.drop("DocumentRegistered", lambda data: data["class"] == "invoice")


@planted("INV23")
def payroll_does_not_know_who_was_hired(run: Recorded) -> None:
    run.drop("EmployeeRegistered")


@planted("INV23")
def the_ledger_does_not_deal_with_money(run: Recorded) -> None:
    payment = run.data("PaymentAllocated")["payment"]
    for _ in list(run.all("PaymentAllocated", lambda data: data["payment"] == payment)):
        run.drop("PaymentAllocated", lambda data: data["payment"] == payment)


@planted("INV24")
def a_record_that_cannot_be_read_is_listed_nowhere(run: Recorded) -> None:
    run.surface["_unreadable"] = {"ledger": []}
    run.one("OrderPlaced")[0].append({"k": "", "x": "AA=="})


@planted("INV24")
def something_is_held_that_was_never_sent(run: Recorded) -> None:
    hold(run, sequence=99)


@planted("INV26")
def an_invoice_of_one_company_is_shown_to_another(run: Recorded) -> None:
    first, second = (told for name, told in run.surface.items() if not name.startswith("_"))
    first["invoices"].append(second["invoices"][0])


@planted("INV26")
def an_effect_is_in_another_company_than_its_cause(run: Recorded) -> None:
    headers = run.one("StockReserved")[1]["h"]
    headers["ce_company"] = next(
        line["h"]["ce_company"]
        for _, line in run.all("OrderPlaced")
        if line["h"]["ce_company"] != headers["ce_company"]
    )


@planted("INV28")
def an_event_is_still_held_in_the_end(run: Recorded) -> None:
    hold(run, sequence=1)


@planted("INV28")
def a_paper_is_never_rendered(run: Recorded) -> None:
    run.drop("DocumentStored")


@planted("INV28")
def a_paper_has_no_bytes(run: Recorded) -> None:
    rows: list[dict[str, Any]] = run.company("documents")["documents"]
    next(row for row in rows if row["template"])["content"] = None


def hold(run: Recorded, sequence: int) -> None:
    """The ledger holds an event of the company's own key."""
    name = next(name for name in run.surface if not name.startswith("_"))
    run.surface[name]["held"].append(
        {
            "department": "ledger",
            "topic": "ledger.companies",
            "key": name,
            "sequence": sequence,
            "reason": "gap",
        }
    )
