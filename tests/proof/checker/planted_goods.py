"""Corruptions of what leaves the house, what it cost, and what is on file of it, each with its invariant."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from tests.proof.checker.planted_business import cent_more
from tests.proof.checker.planting import Line, Planted, Recorded, table

PLANTED: list[Planted] = []
planted = table(PLANTED)
OTHER = "00000000-0000-4000-8000-0000000000d1"


# -- what leaves -------------------------------------------------------------------------------------------------------


@planted("INV1")
def a_shipment_leaves_that_nobody_asked_for(run: Recorded) -> None:
    _leaves_again(run)


@planted("INV1")
def a_shipment_leaves_twice(run: Recorded) -> None:
    run.again("ShipmentDispatched")


@planted("INV1")
def a_shipment_that_was_asked_for_never_left(run: Recorded) -> None:
    run.drop("ShipmentDispatched")


@planted("INV4")
def a_shipment_is_the_last_and_goods_are_left(run: Recorded) -> None:
    run.data("ShipmentDispatched", lambda data: not data["complete"])["complete"] = True


@planted("INV4")
def all_has_left_and_no_shipment_was_the_last(run: Recorded) -> None:
    run.data("ShipmentDispatched", lambda data: bool(data["complete"]))["complete"] = False


@planted("INV4")
def goods_leave_of_an_order_that_gave_them_back(run: Recorded) -> None:
    run.data("ShipmentDispatched")["order"] = run.data("ReservationReleased")["order"]


@planted("INV4")
def goods_leave_of_an_order_that_was_refused(run: Recorded) -> None:
    run.data("ShipmentDispatched")["order"] = run.data("ReservationRefused")["order"]


@planted("INV9")
def a_delivery_note_has_a_number_that_was_given(run: Recorded) -> None:
    by_company = defaultdict[str, list[Line]](list)
    for _, line in run.all("ShipmentDispatched"):
        by_company[line["h"]["ce_company"]].append(line["v"])
    first, second, *_ = next(notes for notes in by_company.values() if len(notes) > 1)
    second["number"] = first["number"]


@planted("INV9")
def a_number_of_delivery_notes_is_left_out(run: Recorded) -> None:
    run.data("ShipmentDispatched")["number"] = "DN-2026-000999"


@planted("INV11")
def goods_that_left_still_lie_on_the_shelf(run: Recorded) -> None:
    run.data("ShipmentDispatched")["warehouse"] = "ELSEWHERE"


@planted("INV11")
def more_is_on_hand_than_came_in(run: Recorded) -> None:
    run.data("StockReceived")["on_hand"] = "99999999"


@planted("INV12")
def more_leaves_than_was_set_aside(run: Recorded) -> None:
    run.data("ShipmentDispatched")["lines"][0]["quantity"] = "99"


@planted("INV12")
def another_item_leaves_than_was_ordered(run: Recorded) -> None:
    run.data("ShipmentDispatched")["lines"][0]["item"] = "ANOTHER"


def _leaves_again(run: Recorded) -> Line:
    twin = run.again("ShipmentDispatched", shipment=OTHER)
    twin["k"] = twin["h"]["ce_subject"] = OTHER
    twin["h"]["ce_sequence"] = "1"
    return twin


# -- what it is worth --------------------------------------------------------------------------------------------------


def _of_stock(data: Line) -> bool:
    return bool(data["journal"] == "stock")


@planted("INV14")
def a_document_of_stock_is_booked_over_twice_its_value(run: Recorded) -> None:
    for line in run.data("EntryPosted", _of_stock)["lines"]:
        for side in ("debit", "credit"):
            line[side] = str(2 * Decimal(line[side]))


@planted("INV14")
def a_document_of_stock_is_never_booked(run: Recorded) -> None:
    run.drop("EntryPosted", _of_stock)


@planted("INV14")
def a_document_of_stock_is_booked_twice(run: Recorded) -> None:
    twin = run.again("EntryPosted", where=_of_stock, entry=OTHER)
    twin["k"] = twin["h"]["ce_subject"] = OTHER
    twin["h"]["ce_sequence"] = "1"


@planted("INV14")
def an_entry_of_stock_has_no_document(run: Recorded) -> None:
    run.data("EntryPosted", _of_stock)["document"] = OTHER


@planted("INV14")
def the_goods_of_a_receipt_are_worth_a_cent_more_than_it_says(run: Recorded) -> None:
    cent_more(run.data("StockValued")["lines"][0], "value")


@planted("INV14")
def a_shipment_costs_a_cent_more_than_its_goods(run: Recorded) -> None:
    cent_more(run.data("StockIssued"), "cost")


@planted("INV14")
def goods_that_never_left_cost_something(run: Recorded) -> None:
    issued = run.data("StockIssued")["shipment"]
    run.drop("ShipmentDispatched", lambda data: data["shipment"] == issued)


@planted("INV14")
def more_goods_cost_something_than_left(run: Recorded) -> None:
    run.data("StockIssued")["lines"][0]["quantity"] = "77"


@planted("INV14")
def stock_is_shown_worth_a_cent_more(run: Recorded) -> None:
    cent_more(run.company("valued")["valuation"], "total")


@planted("INV14")
def an_item_is_shown_worth_a_cent_more(run: Recorded) -> None:
    cent_more(run.company("valued")["valued"][0], "value")


@planted("INV14")
def a_piece_is_valued_that_is_not_there(run: Recorded) -> None:
    row = run.company("valued")["valued"][0]
    row["quantity"] = str(Decimal(row["quantity"]) + 1)


@planted("INV14")
def a_document_is_shown_with_another_value(run: Recorded) -> None:
    cent_more(run.company("valued_documents")["valued_documents"][0], "value")


@planted("INV14")
def a_document_that_was_sent_is_not_among_those_shown(run: Recorded) -> None:
    run.company("valued_documents")["valued_documents"].pop()


# -- what is on file ---------------------------------------------------------------------------------------------------


@planted("INV18")
def a_paper_is_shown_with_another_hash_than_was_told(run: Recorded) -> None:
    row = next(row for row in reversed(run.company("documents")["documents"]) if row["content"])
    row["content"]["sha256"] = "f" * 64


@planted("INV18")
def a_paper_is_told_with_another_hash_than_it_has(run: Recorded) -> None:
    run.data("DocumentStored")["sha256"] = "f" * 64


@planted("INV18")
def a_paper_has_bytes_that_nobody_stored(run: Recorded) -> None:
    run.drop("DocumentStored")


@planted("INV18")
def a_paper_that_was_stored_has_no_bytes(run: Recorded) -> None:
    next(row for row in run.company("documents")["documents"] if row["content"])["content"] = None


PAPER = "DocumentRegistered.v2"


@planted("INV23")
def goods_left_without_a_packing_list(run: Recorded) -> None:
    run.drop(PAPER, lambda data: data["class"] == "packing_list")


@planted("INV23")
def goods_left_with_two_delivery_notes(run: Recorded) -> None:
    twin = run.again(PAPER, where=lambda data: data["class"] == "delivery_note")
    twin["k"] = twin["h"]["ce_subject"] = twin["v"]["document"] = OTHER
    twin["h"]["ce_sequence"] = "1"


@planted("INV9")
def labels_have_another_number_than_their_shipment(run: Recorded) -> None:
    run.data(PAPER, lambda data: data["class"] == "label")["number"] = "DN-2026-999999"


@planted("INV20")
def a_delivery_note_is_of_a_shipment_that_never_was(run: Recorded) -> None:
    run.data(PAPER, lambda data: data["class"] == "delivery_note")["about"]["id"] = OTHER


@planted("INV28")
def a_delivery_note_was_never_rendered(run: Recorded) -> None:
    note = run.data(PAPER, lambda data: data["class"] == "delivery_note")["document"]
    run.drop("DocumentStored.v2", lambda data: data["document"] == note)
