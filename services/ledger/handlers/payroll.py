"""A pay run is booked: who bears the salaries, and to whom they are owed. Sums of nobody, once per run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from chassis.database import UnitOfWork
from chassis.errors import Outcome, Refused, Waiting
from chassis.ids import derive
from services.ledger.commands.payroll import PostPayroll
from services.ledger.domain.books import Books
from services.ledger.domain.posting import PAYROLL_JOURNAL, Entry, Line
from services.ledger.handlers.bookkeeping import (
    PATIENCE_S,
    Booking,
    known_centres,
    open_books,
    post_once,
    without_account,
    without_centre,
)

BOOKED = Refused("payroll-posted", "This run is in the books already; it stays as it is.")


async def post_payroll(commands: Sequence[PostPayroll], unit: UnitOfWork) -> Sequence[Outcome]:
    """Book runs, each once. One that lacks an account or a cost centre waits for it, one in another currency than the
    company's for a person; one whose sides differ is refused.
    """
    books = await open_books(unit)
    known = await known_centres(unit)
    outcomes: list[Outcome] = [_refusal(command, books[command.company], known) for command in commands]
    bookings = [
        _booking(command, books[command.company]) if said is None else None
        for command, said in zip(commands, outcomes, strict=True)
    ]
    before = await post_once(bookings, "payroll.posted", books, unit)
    return [BOOKED if booked else said for said, booked in zip(outcomes, before, strict=True)]


def _refusal(command: PostPayroll, books: Books, known: Mapping[str, Collection[str]]) -> Refused | Waiting | None:
    if command.currency != books.currency:
        reason = f"company {command.company} counts in {books.currency}, and the run is in {command.currency}"
        return Waiting(reason, PATIENCE_S)
    lacking = without_account(command.company, (role for role, _, _ in command.sums), books)
    if lacking is None and sum(amount for _, _, amount in command.sums) != 0:
        return Refused("payroll-unbalanced", "The debits of the run are not its credits.", "/lines")
    return lacking or without_centre(command.company, (centre for _, centre, _ in command.sums), known)


def _booking(command: PostPayroll, books: Books) -> Booking | None:
    """A line for each sum, on the cost centre that bears it; authorities stay apart. A run over nothing is no entry."""
    lines = [
        Line(books.accounts[role], command.currency, max(amount, 0), max(-amount, 0), cost_centre=centre)
        for role, centre, amount in command.sums
        if amount
    ]
    if not lines:
        return None
    entry_id = derive(command.company, "payroll", command.run)
    entry = Entry(command.company, entry_id, PAYROLL_JOURNAL, command.posted_on, command.run, None, lines)
    return Booking(entry, command.cause, str(command.run))
