"""Corruptions of the course of an order: of its steps, their causes and their sequence.

On made-up runs, which have every course: orders that wait for goods and for credit, that are changed, and that are
given up after a part or all of it has left.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.proof.checker.planting import Line, Planted, Recorded, table

PLANTED: list[Planted] = []
planted = table(PLANTED)
ANOTHER = "00000000-0000-4000-8000-0000000000c5"


def _of(order: str, revision: int | None = None) -> Callable[[Line], bool]:
    def is_of(data: Line) -> bool:
        return bool(data["order"] == order and data.get("revision") == revision)

    return is_of


def _headers(run: Recorded, kind: str, order: str) -> Line:
    found: Line = run.one(kind, lambda data: data["order"] == order)[1]["h"]
    return found


# -- the cause of each step --------------------------------------------------------------------------------------------


@planted("INV4")
def goods_are_set_aside_because_of_another_order(run: Recorded) -> None:
    reserved = run.all("StockReserved")
    (_, first), (_, second) = next(reserved), next(reserved)
    first["h"]["ce_causationid"], second["h"]["ce_causationid"] = (
        second["h"]["ce_causationid"], first["h"]["ce_causationid"],
    )  # fmt: skip


@planted("INV4")
def an_order_is_billed_because_it_was_released(run: Recorded) -> None:
    order = run.data("ReservationReleased")["order"]
    _headers(run, "InvoiceIssued", order)["ce_causationid"] = _headers(run, "ReservationReleased", order)["ce_id"]


@planted("INV4")
def an_order_is_credited_because_it_was_reserved(run: Recorded) -> None:
    order = run.data("CreditNoteIssued", lambda data: not data.get("partial"))["order"]
    _headers(run, "CreditNoteIssued", order)["ce_causationid"] = _headers(run, "StockReserved", order)["ce_id"]


@planted("INV4")
def goods_are_given_back_before_what_they_were_given_back_for(run: Recorded) -> None:
    order = run.data("ReservationReleased", lambda data: not data.get("replaced_by"))["order"]
    reserved, released = _headers(run, "StockReserved", order), _headers(run, "ReservationReleased", order)
    reserved["ce_sequence"], released["ce_sequence"] = "2", "1"


@planted("INV4")
def a_step_came_before_its_own_cause(run: Recorded) -> None:
    refused = run.again("StockReserved", code="tax-code-unknown")
    refused["h"] |= {"ce_type": "InvoiceRefused.v1", "ce_id": ANOTHER, "ce_sequence": "1"}
    lines, placed = run.one("StockReserved", lambda data: data["order"] == refused["v"]["order"])
    lines.remove(refused)
    run.topics["ledger.refusals", 0] = [refused]
    refused["h"]["ce_causationid"] = placed["h"]["ce_id"]
    placed["h"]["ce_causationid"] = ANOTHER


# -- what may follow what ----------------------------------------------------------------------------------------------


@planted("INV4")
def an_order_is_reserved_twice(run: Recorded) -> None:
    run.again("StockReserved")


@planted("INV4")
def an_order_is_released_twice(run: Recorded) -> None:
    run.again("ReservationReleased")


@planted("INV4")
def an_order_is_reserved_after_it_was_given_up(run: Recorded) -> None:
    order = run.data("ReservationReleased", lambda data: not data.get("replaced_by"))["order"]
    run.again("StockReserved", where=lambda data: data["order"] == order)


@planted("INV4")
def an_order_that_was_cancelled_is_shown_as_paid(run: Recorded) -> None:
    cancelled = run.data("CreditNoteIssued", lambda data: not data.get("partial"))["order"]
    for told in run.surface.values():
        for row in told.get("orders", ()):
            if row["id"] == cancelled:
                row["state"] = "paid"


@planted("INV4")
def an_order_is_shown_as_paid_when_one_of_its_invoices_is(run: Recorded) -> None:
    for told in run.surface.values():
        for row in told.get("orders", ()):
            if row["state"] == "partly_paid":
                row["state"] = "paid"


@planted("INV4")
def an_order_got_goods_while_it_was_held_for_credit(run: Recorded) -> None:
    run.drop("CreditApproved")


@planted("INV4")
def nobody_tells_what_an_order_waits_for(run: Recorded) -> None:
    run.drop("OrderBackOrdered")


@planted("INV4")
def a_part_of_an_order_is_left_out(run: Recorded) -> None:
    run.data("BackOrderReserved")["part"] = 3


@planted("INV4")
def an_order_is_said_to_wait_that_has_everything(run: Recorded) -> None:
    run.data("BackOrderReserved")["complete"] = False


@planted("INV4")
def another_revision_takes_the_place_than_was_said(run: Recorded) -> None:
    run.data("ReservationReleased", lambda data: bool(data.get("replaced_by")))["replaced_by"] = 3


@planted("INV4")
def a_change_is_refused_after_it_was_done(run: Recorded) -> None:
    changed = run.data("OrderChanged")["order"]
    late = run.again("StockReserved", where=_of(changed, 2), code="already-picked")
    late["h"]["ce_type"] = "OrderChangeRefused.v1"


@planted("INV4")
def goods_of_the_revision_before_leave(run: Recorded) -> None:
    del run.data("ShipmentDispatched", lambda data: data.get("revision") == 2)["revision"]


@planted("INV4")
def a_cancellation_is_refused_while_goods_are_there(run: Recorded) -> None:
    order = run.data("CancellationRefused")["order"]
    run.drop("ShipmentDispatched", lambda data: data["order"] == order)


@planted("INV4")
def what_is_left_of_an_order_is_not_given_back(run: Recorded) -> None:
    run.drop("ReservationReduced")


# -- quantities and bills ----------------------------------------------------------------------------------------------


@planted("INV12")
def more_comes_than_an_order_waits_for(run: Recorded) -> None:
    run.data("BackOrderReserved")["lines"][0]["quantity"] = "5"


@planted("INV12")
def something_else_was_set_aside_before(run: Recorded) -> None:
    run.data("BackOrderReserved")["lines"][0]["before"] = "2"


@planted("INV12")
def more_waits_than_was_ordered(run: Recorded) -> None:
    run.data("OrderBackOrdered")["lines"][0]["quantity"] = "2"


@planted("INV12")
def more_is_let_go_than_was_left(run: Recorded) -> None:
    run.data("ReservationReduced")["lines"][0]["quantity"] = "3"


@planted("INV9")
def less_is_credited_than_was_let_go(run: Recorded) -> None:
    note = run.data("CreditNoteIssued", lambda data: bool(data.get("partial")))
    note["lines"][0]["quantity"] = "0.5"


@planted("INV9")
def the_second_part_is_billed_over_the_whole_order(run: Recorded) -> None:
    _, came = run.one("BackOrderReserved")
    found = [x for _, x in run.all("InvoiceIssued") if x["h"]["ce_causationid"] == came["h"]["ce_id"]]
    found[0]["v"]["lines"][0]["quantity"] = "2"


@planted("INV23")
def a_part_that_came_later_is_never_billed(run: Recorded) -> None:
    _, came = run.one("BackOrderReserved")
    found = [x for _, x in run.all("InvoiceIssued") if x["h"]["ce_causationid"] == came["h"]["ce_id"]]
    run.drop("InvoiceIssued", lambda data: data["invoice"] == found[0]["v"]["invoice"])


@planted("INV23")
def inventory_never_answers_a_change(run: Recorded) -> None:
    changed = run.data("OrderChanged")["order"]
    run.drop("StockReserved", _of(changed, 2))


@planted("INV20")
def goods_are_billed_that_nobody_set_aside(run: Recorded) -> None:
    order = run.data("CreditHeld")["order"]
    run.drop("StockReserved", lambda data: data["order"] == order)


@planted("INV12")
def less_is_dropped_than_was_not_there(run: Recorded) -> None:
    run.data("StockReserved", lambda data: bool(data.get("dropped")))["dropped"][0]["quantity"] = "0.5"


@planted("INV12")
def what_was_dropped_is_set_aside_all_the_same(run: Recorded) -> None:
    run.data("StockReserved", lambda data: bool(data.get("dropped")))["lines"][0]["quantity"] = "2"


@planted("INV4")
def an_order_whose_time_is_over_is_shown_as_if_it_went_on(run: Recorded) -> None:
    order = run.data("ReservationReduced", lambda data: data["reason"] == "expired")["order"]
    for told in run.surface.values():
        for row in told.get("orders", ()):
            row["state"] = "documented" if row["id"] == order else row["state"]


@planted("INV9")
def what_ran_out_is_not_taken_back_from_the_customer(run: Recorded) -> None:
    order = run.data("ReservationReduced", lambda data: data["reason"] == "expired")["order"]
    run.drop("CreditNoteIssued", lambda data: data["order"] == order)


@planted("INV12")
def an_order_that_ran_out_keeps_its_goods(run: Recorded) -> None:
    run.drop("ReservationReduced", lambda data: data["reason"] == "expired")


@planted("INV1")
def a_change_that_was_accepted_never_happened(run: Recorded) -> None:
    run.drop("OrderChanged")


@planted("INV1")
def an_order_is_changed_to_other_lines_than_were_asked_for(run: Recorded) -> None:
    run.data("OrderChanged")["lines"][0]["quantity"] = "4"


# -- what is invoiced when it leaves -----------------------------------------------------------------------------------


def _on_dispatch(run: Recorded, kind: str) -> Line:
    """The first event of a kind about an order that is invoiced when its goods leave."""
    orders = {line["v"]["order"] for _, line in run.all("OrderPlaced") if line["v"].get("invoice_on") == "dispatch"}
    found: Line = run.one(kind, lambda data: data["order"] in orders)[1]
    return found


@planted("INV23")
def what_has_left_is_never_billed(run: Recorded) -> None:
    invoice = _on_dispatch(run, "InvoiceIssued")["v"]["invoice"]
    run.drop("InvoiceIssued", lambda data: data["invoice"] == invoice)


@planted("INV23")
def a_shipment_is_billed_twice(run: Recorded) -> None:
    invoice = _on_dispatch(run, "InvoiceIssued")["v"]["invoice"]
    run.again("InvoiceIssued", where=lambda data: data["invoice"] == invoice)


@planted("INV4")
def an_order_is_billed_before_its_goods_leave(run: Recorded) -> None:
    issued = _on_dispatch(run, "InvoiceIssued")
    issued["h"]["ce_causationid"] = _headers(run, "StockReserved", issued["v"]["order"])["ce_id"]


@planted("INV20")
def goods_that_have_not_left_are_billed(run: Recorded) -> None:
    issued = _on_dispatch(run, "InvoiceIssued")
    issued["h"]["ce_causationid"] = _headers(run, "OrderPlaced", issued["v"]["order"])["ce_id"]


@planted("INV9")
def more_is_billed_than_has_left(run: Recorded) -> None:
    _on_dispatch(run, "InvoiceIssued")["v"]["lines"][0]["quantity"] = "2"


@planted("INV9")
def what_was_let_go_is_credited_though_it_was_never_billed(run: Recorded) -> None:
    reduced = _on_dispatch(run, "ReservationReduced")
    note = run.data("CreditNoteIssued", lambda data: bool(data.get("partial")))
    note["order"] = reduced["v"]["order"]
    _, line = run.one("CreditNoteIssued", lambda data: data["credit_note"] == note["credit_note"])
    line["h"]["ce_causationid"] = reduced["h"]["ce_id"]
