"""What a training session cost is booked on the cost centres of those who had a seat: no names, once per session."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from chassis.database import UnitOfWork
from chassis.errors import Outcome, Refused, Waiting
from services.ledger.commands.payroll import PostTraining
from services.ledger.domain.books import Books
from services.ledger.domain.exchange import Quote, Rate, missing
from services.ledger.domain.training import TRAINING, TRAINING_PAYABLE, training_entry
from services.ledger.handlers.bookkeeping import (
    PATIENCE_S,
    Booking,
    known_centres,
    open_books,
    post_once,
    rates_for,
    without_account,
    without_centre,
)

BOOKED = Refused("training-posted", "This session is in the books already; it stays as it is.")


async def post_training(commands: Sequence[PostTraining], unit: UnitOfWork) -> Sequence[Outcome]:
    """Book sessions, each once. One that lacks an account, a cost centre or a rate waits for it; one that cost nothing
    is no entry.
    """
    books = await open_books(unit)
    centres = await known_centres(unit)
    rates = await rates_for([_quote(command) for command in commands], books, unit)
    outcomes: list[Outcome] = [_missing(command, books[command.company], rates, centres) for command in commands]
    bookings = [
        _booking(command, books[command.company], rates) if said is None and command.cost else None
        for command, said in zip(commands, outcomes, strict=True)
    ]
    known = await post_once(bookings, "training.posted", books, unit)
    return [BOOKED if before else said for said, before in zip(outcomes, known, strict=True)]


def _quote(command: PostTraining) -> Quote:
    return Quote(command.company, command.currency, command.held_on)


def _missing(
    command: PostTraining, books: Books, rates: Mapping[Quote, Rate], known: Mapping[str, Collection[str]]
) -> Waiting | None:
    if not command.cost:
        return None
    lacking = without_account(command.company, (TRAINING, TRAINING_PAYABLE), books)
    if lacking is not None:
        return lacking
    if command.currency != books.currency:
        wants = missing(command.currency, rates.get(_quote(command)), command.held_on, books)
        if wants is not None:
            return Waiting(wants, PATIENCE_S)
    return without_centre(command.company, (centre for centre, _ in command.shares), known)


def _booking(command: PostTraining, books: Books, rates: Mapping[Quote, Rate]) -> Booking:
    c = command
    rate = rates.get(_quote(command)) if c.currency != books.currency else None
    entry = training_entry(c.company, c.session, c.held_on, c.currency, c.shares, books, rate)
    return Booking(entry, c.cause, str(c.session))
