"""A pay run is booked: who bears the salaries, and to whom they are owed. Sums of nobody, once per run."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Outcome, Refused, Waiting
from chassis.ids import derive
from services.ledger.commands.payroll import PostPayroll
from services.ledger.domain.books import Books
from services.ledger.domain.posting import PAYROLL_JOURNAL, Entry, Line
from services.ledger.handlers.bookkeeping import open_books, post
from services.ledger.store import journal

ACCOUNT_PATIENCE_S = 30 * 86_400
"""How long a run waits for the accounts it is booked on; then a person must look."""


async def post_payroll(commands: Sequence[PostPayroll], unit: UnitOfWork) -> Sequence[Outcome]:
    """Book runs, each once. One that lacks an account waits for it; one whose sides differ is refused."""
    books = await open_books(unit)
    outcomes: list[Outcome] = [_refusal(command, books[command.company]) for command in commands]
    entries = [_entry(command, books[command.company]) for command in commands]
    places = [(entry.company, entry.id) for entry, said in zip(entries, outcomes, strict=True) if said is None]
    booked = {(row["company"], row["entry"]) for row in await journal.read_lines(unit.raw, places)} if places else set()
    fresh: list[tuple[Entry, Cause]] = []
    for at, (command, entry) in enumerate(zip(commands, entries, strict=True)):
        if outcomes[at] is not None or not entry.lines:
            continue
        if (entry.company, entry.id) in booked:
            outcomes[at] = Refused("payroll-posted", "This run is in the books already; it stays as it is.")
            continue
        booked.add((entry.company, entry.id))
        fresh.append((entry, command.cause))
        unit.audit(command.cause, "payroll.posted", str(command.run))
    if fresh:
        await post(fresh, books, unit)
    return outcomes


def _refusal(command: PostPayroll, books: Books) -> Refused | Waiting | None:
    for role, _ in command.sums:
        if role not in books.accounts:
            return Waiting(f"company {command.company} has no account with the role {role}", ACCOUNT_PATIENCE_S)
    if sum(amount for _, amount in command.sums):
        return Refused("payroll-unbalanced", "The debits of the run are not its credits.", "/lines")
    return None


def _entry(command: PostPayroll, books: Books) -> Entry:
    """A line for each sum: cost centres and authorities stay apart."""
    lines = [
        Line(books.accounts.get(role, ""), command.currency, max(amount, 0), max(-amount, 0))
        for role, amount in command.sums
        if amount
    ]
    return Entry(
        command.company,
        derive(command.company, "payroll", command.run),
        PAYROLL_JOURNAL,
        command.posted_on,
        command.run,
        None,
        lines,
    )
