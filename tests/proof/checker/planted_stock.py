"""Corruptions of what lies where: counts, transfers, other warehouses, bins, each with its invariant.

On made-up runs, in which each of these happens once at least (`synthetic_stock.py`).
"""

from __future__ import annotations

import copy
from decimal import Decimal

from tests.proof.checker.planting import Line, Planted, Recorded, table
from tests.proof.checker.synthetic_stock import SHOP
from tests.proof.checker.warehouse import SERVED_FROM, TRANSIT

PLANTED: list[Planted] = []
planted = table(PLANTED)
OTHER = "00000000-0000-4000-8000-0000000000e1"


def _one(run: Recorded, shown: str, **has: object) -> Line:
    """The first row of a list of what is shown that has these."""
    rows: list[Line] = run.company()[shown]
    return next(row for row in rows if all(row[name] == value for name, value in has.items()))


def _move(run: Recorded, **has: object) -> Line:
    return _one(run, "moves", **has)


def _take_away(run: Recorded, shown: str, row: Line) -> None:
    run.company()[shown].remove(row)


def _more(row: Line, name: str, by: int = 1) -> None:
    row[name] = str(Decimal(row[name]) + by)


# -- counts ------------------------------------------------------------------------------------------------------------


@planted("INV11")
def a_count_that_was_booked_moved_nothing(run: Recorded) -> None:
    _take_away(run, "moves", _move(run, kind="count", sku="P6"))


@planted("INV11")
def a_count_that_waits_for_another_person_is_booked(run: Recorded) -> None:
    _one(run, "counts", state="pending")["state"] = "adjusted"


@planted("INV11")
def a_count_is_booked_over_another_difference_than_was_found(run: Recorded) -> None:
    _more(_one(run, "counts", state="adjusted", reference="n-P6")["lines"][0], "counted", -1)


@planted("INV11")
def what_was_found_missing_still_lies_on_the_shelf(run: Recorded) -> None:
    row = _one(run, "stock", sku="P6", warehouse=SERVED_FROM)
    _more(row, "on_hand")
    _more(row, "available")


@planted("INV14")
def what_was_found_missing_keeps_its_value(run: Recorded) -> None:
    line = run.data("StockValued", lambda data: data["kind"] == "count")["lines"][0]
    line["quantity"] = "3"


@planted("INV14")
def what_was_lost_on_the_way_keeps_its_value(run: Recorded) -> None:
    run.drop("StockValued", lambda data: data["kind"] == "transit-loss")


@planted("INV1")
def a_count_that_was_accepted_never_happened(run: Recorded) -> None:
    _take_away(run, "counts", _one(run, "counts", state="pending"))


@planted("INV1")
def a_count_happened_twice(run: Recorded) -> None:
    run.company()["counts"].append(_one(run, "counts", state="pending") | {"count": OTHER})


@planted("INV1")
def a_count_that_another_person_agreed_to_is_booked_by_nobody(run: Recorded) -> None:
    _one(run, "counts", reference="n-P1")["decided_by"] = None


@planted("INV1")
def a_count_was_decided_by_nobody_who_was_asked(run: Recorded) -> None:
    _one(run, "counts", reference="n-P6")["decided_by"] = "somebody"


# -- transfers ---------------------------------------------------------------------------------------------------------


@planted("INV11")
def more_arrived_than_was_sent(run: Recorded) -> None:
    line = _one(run, "transfers", reference="t-P5")["lines"][0]
    line["arrived"], line["on_the_way"] = "6", "-2"


@planted("INV11")
def a_part_of_what_was_sent_is_nowhere(run: Recorded) -> None:
    _one(run, "transfers", reference="t-P5")["lines"][0]["on_the_way"] = "2"


@planted("INV11")
def what_was_given_up_is_still_on_the_way(run: Recorded) -> None:
    line = _one(run, "transfers", state="closed")["lines"][0]
    line["lost"], line["on_the_way"] = "1", "1"


@planted("INV11")
def what_is_on_the_way_is_not_in_transit(run: Recorded) -> None:
    _take_away(run, "stock", _one(run, "stock", sku="P5", warehouse=TRANSIT))


@planted("INV11")
def what_was_sent_arrived_nowhere(run: Recorded) -> None:
    _take_away(run, "moves", _move(run, kind="transfer-in", warehouse=SHOP))


@planted("INV11")
def what_was_lost_is_gone_without_a_word(run: Recorded) -> None:
    line = _one(run, "transfers", state="closed")["lines"][0]
    line["sent"], line["lost"] = line["arrived"], "0"


@planted("INV1")
def more_arrived_than_anybody_took_in(run: Recorded) -> None:
    line = _one(run, "transfers", reference="t-P5")["lines"][0]
    line["arrived"], line["on_the_way"] = "2", "2"


@planted("INV1")
def nobody_agreed_that_something_was_lost(run: Recorded) -> None:
    _one(run, "transfers", state="closed")["closed_by"] = None


@planted("INV1")
def a_transfer_was_closed_by_nobody(run: Recorded) -> None:
    transfer = _one(run, "transfers", state="sent")
    transfer["state"], transfer["lines"][0]["lost"], transfer["lines"][0]["on_the_way"] = "closed", "3", "0"


@planted("INV1")
def a_transfer_that_was_accepted_never_happened(run: Recorded) -> None:
    _take_away(run, "transfers", _one(run, "transfers", state="sent"))


# -- other places, and how everything came there -----------------------------------------------------------------------


@planted("INV11")
def another_warehouse_has_more_than_came_there(run: Recorded) -> None:
    row = _one(run, "stock", sku="P0", warehouse=SHOP)
    _more(row, "on_hand")
    _more(row, "available")


@planted("INV12")
def goods_of_another_warehouse_are_promised(run: Recorded) -> None:
    row = _one(run, "stock", sku="P0", warehouse=SHOP)
    row["reserved"], row["available"] = "1", "2"


@planted("INV11")
def goods_moved_that_no_document_moved(run: Recorded) -> None:
    moves = run.company()["moves"]
    moves.append(copy.deepcopy(_move(run, kind="receipt", sku="P4")) | {"document": OTHER, "move": 10**6})


@planted("INV11")
def a_shipment_took_more_than_it_tells(run: Recorded) -> None:
    _more(_move(run, kind="issue"), "quantity", -1)


@planted("INV11")
def goods_were_taken_before_any_had_come(run: Recorded) -> None:
    _move(run, kind="receipt", sku="P0")["move"] = 10**6


@planted("INV11")
def goods_had_left_at_the_end_of_a_day_on_which_none_were_there(run: Recorded) -> None:
    _move(run, kind="receipt", sku="P0")["effective_on"] = "2026-11-25"


# -- bins --------------------------------------------------------------------------------------------------------------


@planted("INV11")
def a_bin_has_more_than_was_put_there(run: Recorded) -> None:
    _more(_one(run, "bin_stock", sku="P3"), "quantity")
    _more(_one(run, "stock", sku="P3", warehouse=SERVED_FROM), "in_bins")


@planted("INV11")
def bins_have_less_than_is_said_to_lie_there(run: Recorded) -> None:
    _more(_one(run, "stock", sku="P3", warehouse=SERVED_FROM), "in_bins")


@planted("INV11")
def a_bin_has_goods_of_another_warehouse(run: Recorded) -> None:
    for shown in ("bin_stock", "bin_moves"):
        run.company()[shown].append(_one(run, shown, sku="P3") | {"sku": "P0", "warehouse": "NOWHERE", "move": 2})


@planted("INV11")
def the_check_of_bins_finds_something(run: Recorded) -> None:
    run.company()["bin_check"]["balanced"] = False
