"""A customer's statement as it is printed, in the published language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from chassis.cause import Cause
from chassis.ids import UUID, derive
from contracts.ledger_dues import StatementDrawn
from services.ledger.queries.ageing import LIMITS, Buckets
from services.ledger.queries.statements import CurrencyStatement, StatementAnswer
from services.ledger.translate.emission import Emission


def statement_id(cause: Cause, currency: str) -> UUID:
    """The id of a statement that is asked for; a repeat of the request asks for the same."""
    return derive("statement", cause.id, currency)


def statement_drawn(statement: UUID, read: Mapping[str, object]) -> Emission:
    """Somebody asked for a customer's statement on paper."""
    return StatementDrawn, statement, {"statement": statement, **read}


def to_statements(
    answer: StatementAnswer, seller: Mapping[str, object], customer: Mapping[str, object], today: date
) -> list[tuple[str, Mapping[str, object]]]:
    """What is printed, by currency."""
    aged = {buckets.currency: buckets for buckets in answer.ageing}
    head = {
        "drawn_on": today, "since": answer.since, "as_of": answer.as_of, "seller": seller, "customer": customer
    }  # fmt: skip
    return [(one.currency, head | _account(one, aged.get(one.currency))) for one in answer.currencies]


def _account(one: CurrencyStatement, aged: Buckets | None) -> dict[str, object]:
    printed = {"day", "kind", "document", "invoice", "due_on", "amount", "balance"}
    return {
        "currency": one.currency,
        "opening": one.opening,
        "lines": [line.model_dump(include=printed) for line in one.lines],
        "closing": one.closing,
        "unapplied": one.unapplied,
        "ageing": [] if aged is None else list(_by_age(aged)),
    }


def _by_age(aged: Buckets) -> Iterator[dict[str, object]]:
    """Only what there is anything of."""
    first: int | None = None
    amounts = (aged.not_due, aged.days_1_30, aged.days_31_60, aged.days_61_90, aged.days_over_90)
    for last, amount in zip((*LIMITS, None), amounts, strict=True):
        if amount.strip("-0."):
            yield {"days_from": first, "days_to": last or None, "open": amount}
        first = None if last is None else last + 1
