"""Corruptions of who agreed to what, on made-up runs: entries above the limit, and stock that was set right. INV27."""

from __future__ import annotations

from typing import Any

from tests.proof.checker.planting import Line, Planted, Recorded, table
from tests.proof.checker.synthetic_entries import LIMIT

PLANTED: list[Planted] = []
planted = table(PLANTED)


def _one(run: Recorded, shown: str, **has: object) -> Line:
    rows: list[Line] = run.company()[shown]
    return next(row for row in rows if all(row[name] == value for name, value in has.items()))


def _is_small(data: Any) -> bool:
    return bool(data["journal"] == "general" and data["lines"][0]["debit"] == LIMIT)


def _adjusted(run: Recorded, reference: str) -> Line:
    count = _one(run, "counts", reference=reference)["count"]
    return run.data("StockAdjusted", lambda data: data["document"] == count)


# -- books -------------------------------------------------------------------------------------------------------------


@planted("INV27")
def an_entry_of_a_cent_above_the_limit_was_posted_by_one_person(run: Recorded) -> None:
    first, second = run.data("EntryPosted", _is_small)["lines"]
    first["debit"] = second["credit"] = "100.01"


@planted("INV27")
def an_entry_above_the_limit_is_in_no_list_of_proposals(run: Recorded) -> None:
    run.company()["proposals"].remove(_one(run, "proposals", state="approved"))


@planted("INV27")
def an_entry_in_another_currency_is_worth_more_than_the_limit(run: Recorded) -> None:
    first, second = run.data("EntryPosted", _is_small)["lines"]
    for line, base in ((first, "100.01"), (second, "-100.01")):
        line |= {"currency": "USD", "base": base}


def _abroad(run: Recorded, amount: str, base: str) -> None:
    """The entry of one person in dollars, of which a hundred are worth eighty, moves so many and says their worth."""
    entry = run.data("EntryPosted", lambda data: data["journal"] == "general" and "base" in data["lines"][0])
    for line, side, sign in zip(entry["lines"], ("debit", "credit"), ("", "-"), strict=True):
        line |= {side: amount, "base": sign + base}


@planted("INV27")
def a_million_dollars_that_are_said_to_be_worth_a_cent_were_posted_by_one_person(run: Recorded) -> None:
    _abroad(run, "1000000.00", "0.01")


@planted("INV27")
def dollars_worth_a_cent_more_than_the_limit_are_said_to_be_worth_nothing(run: Recorded) -> None:
    _abroad(run, "125.01", "0.00")


@planted("INV27")
def one_person_posted_dollars_whose_rate_was_too_old(run: Recorded) -> None:
    run.data("ExchangeRateRecorded")["valid_on"] = "2026-11-09"


@planted("INV27")
def one_person_posted_dollars_that_had_no_rate(run: Recorded) -> None:
    run.drop("ExchangeRateRecorded")


@planted("INV27")
def who_proposed_an_entry_has_agreed_to_it(run: Recorded) -> None:
    _one(run, "proposals", state="approved")["decided_on_behalf_of"] = "first"


@planted("INV27")
def who_proposed_through_a_system_has_agreed_in_person(run: Recorded) -> None:
    row = _one(run, "proposals", state="approved")
    row |= {"proposed_by": "robot", "on_behalf_of": "second", "decided_by": "second", "decided_on_behalf_of": None}


@planted("INV27")
def an_entry_was_agreed_to_by_nobody(run: Recorded) -> None:
    _one(run, "proposals", state="approved").update(decided_by=None, decided_on_behalf_of=None)


@planted("INV27")
def an_entry_is_posted_that_was_turned_down(run: Recorded) -> None:
    _one(run, "proposals", state="approved")["state"] = "refused"


@planted("INV27")
def an_entry_is_posted_while_it_waits(run: Recorded) -> None:
    _one(run, "proposals", state="approved")["state"] = "waiting"


@planted("INV27")
def another_amount_is_posted_than_was_agreed_to(run: Recorded) -> None:
    _one(run, "proposals", state="approved")["lines"][0]["debit"] = "249.00"


@planted("INV27")
def an_entry_that_was_agreed_to_is_not_posted(run: Recorded) -> None:
    _one(run, "proposals", state="waiting").update(state="approved", decided_by="second")


@planted("INV27")
def a_limit_for_a_later_year_let_an_entry_pass(run: Recorded) -> None:
    run.company()["proposals"].remove(_one(run, "proposals", state="approved"))
    run.company()["policies"]["policies"][1]["approval_limit"] = "1000.00"


# -- money that goes back ----------------------------------------------------------------------------------------------


@planted("INV27")
def who_asked_for_a_refund_has_agreed_to_it(run: Recorded) -> None:
    _one(run, "refunds", state="approved")["decided_by"] = "first"


@planted("INV27")
def who_asked_for_a_refund_has_turned_it_down(run: Recorded) -> None:
    _one(run, "refunds", state="rejected")["decided_by"] = "first"


@planted("INV27")
def a_refund_was_agreed_to_by_nobody(run: Recorded) -> None:
    _one(run, "refunds", state="approved")["decided_by"] = None


@planted("INV27")
def money_went_back_while_its_refund_waits(run: Recorded) -> None:
    _one(run, "refunds", state="approved").update(state="requested", decided_by=None, entry=None)


@planted("INV27")
def money_went_back_whose_refund_was_turned_down(run: Recorded) -> None:
    _one(run, "refunds", state="approved").update(state="rejected", entry=None)


@planted("INV27")
def money_went_back_that_is_in_no_list_of_refunds(run: Recorded) -> None:
    run.company("refunds")["refunds"].remove(_one(run, "refunds", state="approved"))


@planted("INV27")
def a_cent_more_went_back_than_was_agreed_to(run: Recorded) -> None:
    _one(run, "refunds", state="approved")["amount"] = "3.99"


@planted("INV27")
def a_refund_that_was_agreed_to_never_went_out(run: Recorded) -> None:
    run.drop("PaymentRefunded")


@planted("INV27")
def a_refund_that_was_agreed_to_went_out_twice(run: Recorded) -> None:
    run.again("PaymentRefunded")


@planted("INV27")
def a_refund_that_was_agreed_to_is_in_no_entry(run: Recorded) -> None:
    entry = _one(run, "refunds", state="approved")["entry"]
    run.drop("EntryPosted", lambda data: data["entry"] == entry)


# -- shelves -----------------------------------------------------------------------------------------------------------


@planted("INV27")
def a_count_that_is_far_off_was_booked_by_one_person(run: Recorded) -> None:
    row = _one(run, "counts", reference="n-P6")
    row["lines"][0] |= {"expected": "100", "counted": "99"}


@planted("INV27")
def who_counted_has_agreed_to_the_count(run: Recorded) -> None:
    _one(run, "counts", reference="n-P1")["decided_by"] = "first"


@planted("INV27")
def who_counted_has_turned_the_count_down(run: Recorded) -> None:
    _one(run, "counts", reference="n-P3")["decided_by"] = "first"


@planted("INV27")
def others_hear_that_who_counted_agreed(run: Recorded) -> None:
    _adjusted(run, "n-P1")["approved_by"] = "first"


@planted("INV27")
def others_hear_of_nobody_who_agreed(run: Recorded) -> None:
    del _adjusted(run, "n-P1")["approved_by"]


@planted("INV27")
def nobody_hears_who_stands_for_a_count(run: Recorded) -> None:
    count = _one(run, "counts", reference="n-P6")["count"]
    run.drop("StockAdjusted", lambda data: data["document"] == count)


@planted("INV27")
def who_gave_up_goods_on_the_way_has_agreed_that_they_are_lost(run: Recorded) -> None:
    run.data("StockAdjusted", lambda data: data["kind"] == "transit-loss")["approved_by"] = "first"
