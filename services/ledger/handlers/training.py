"""What a training session cost is booked on the cost centres of those who had a seat: no names, once per session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Outcome, Refused, Waiting
from services.ledger.commands.payroll import PostTraining
from services.ledger.domain.books import Books
from services.ledger.domain.exchange import Quote, Rate, missing
from services.ledger.domain.posting import Entry
from services.ledger.domain.training import TRAINING, TRAINING_PAYABLE, training_entry
from services.ledger.handlers.bookkeeping import PATIENCE_S, open_books, post, rates_for
from services.ledger.store import journal


async def post_training(commands: Sequence[PostTraining], unit: UnitOfWork) -> Sequence[Outcome]:
    """Book sessions, each once. One that lacks an account or a rate waits for it; one that cost nothing is no entry."""
    books = await open_books(unit)
    rates = await rates_for([_quote(command) for command in commands], books, unit)
    outcomes: list[Outcome] = [_missing(command, books[command.company], rates) for command in commands]
    entries = [
        _entry(command, books[command.company], rates) if said is None and command.cost else None
        for command, said in zip(commands, outcomes, strict=True)
    ]
    places = {(entry.company, entry.id) for entry in entries if entry is not None}
    booked = {(row["company"], row["entry"]) for row in await journal.read_lines(unit.raw, places)} if places else set()
    fresh: list[tuple[Entry, Cause]] = []
    for at, (command, entry) in enumerate(zip(commands, entries, strict=True)):
        if entry is None:
            continue
        if (entry.company, entry.id) in booked:
            outcomes[at] = Refused("training-posted", "This session is in the books already; it stays as it is.")
            continue
        booked.add((entry.company, entry.id))
        fresh.append((entry, command.cause))
        unit.audit(command.cause, "training.posted", str(command.session))
    if fresh:
        await post(fresh, books, unit)
    return outcomes


def _quote(command: PostTraining) -> Quote:
    return Quote(command.company, command.currency, command.held_on)


def _missing(command: PostTraining, books: Books, rates: Mapping[Quote, Rate]) -> Waiting | None:
    if not command.cost:
        return None
    for role in (TRAINING, TRAINING_PAYABLE):
        if role not in books.accounts:
            return Waiting(f"company {command.company} has no account with the role {role}", PATIENCE_S)
    if command.currency != books.currency:
        wants = missing(command.currency, rates.get(_quote(command)), command.held_on, books)
        return None if wants is None else Waiting(wants, PATIENCE_S)
    return None


def _entry(command: PostTraining, books: Books, rates: Mapping[Quote, Rate]) -> Entry:
    c = command
    rate = rates.get(_quote(command)) if c.currency != books.currency else None
    return training_entry(c.company, c.session, c.held_on, c.currency, c.shares, books, rate)
