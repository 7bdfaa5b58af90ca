"""A training session in the books: each cost centre bears its share, and the whole is owed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from chassis.ids import UUID, derive
from services.ledger.domain.books import Books
from services.ledger.domain.exchange import Rate, value
from services.ledger.domain.posting import PAYROLL_JOURNAL, Entry, Line

TRAINING = "training"
TRAINING_PAYABLE = "training_payable"


def training_entry(
    company: str,
    session: UUID,
    held_on: date,
    currency: str,
    shares: Iterable[tuple[str | None, int]],
    books: Books,
    rate: Rate | None,
) -> Entry:
    """A line for each cost centre that bears something, in the order of the shares. `rate` for a foreign currency."""
    by_centre: dict[str | None, int] = {}
    for centre, cost in shares:
        by_centre[centre] = by_centre.get(centre, 0) + cost
    lines = [_borne(books, currency, cost, centre, rate) for centre, cost in by_centre.items() if cost]
    cost = sum(line.debit for line in lines)
    worth = None if rate is None else -sum(line.value for line in lines)
    lines.append(Line(books.accounts[TRAINING_PAYABLE], currency, 0, cost, worth))
    return Entry(company, derive(company, "training", session), PAYROLL_JOURNAL, held_on, session, None, lines)


def _borne(books: Books, currency: str, cost: int, centre: str | None, rate: Rate | None) -> Line:
    worth = None if rate is None else value(cost, currency, rate, books.currency)
    return Line(books.accounts[TRAINING], currency, cost, 0, worth, None, None, centre)
