"""What goods are worth is booked: each document of inventory once.

Only items that a company wants valued have events here. Whoever wants them valued wants them in the books, so a
document that lacks an account waits for it; a company that values nothing has no such documents and needs no accounts.
"""

from __future__ import annotations

from collections.abc import Sequence

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Outcome, Refused, Waiting
from services.ledger.commands.stock import PostStock
from services.ledger.domain.books import Books
from services.ledger.domain.posting import Entry
from services.ledger.domain.stock import AGAINST, INVENTORY, stock_entry
from services.ledger.handlers.bookkeeping import open_books, post
from services.ledger.store import journal

ACCOUNT_PATIENCE_S = 30 * 86_400
"""How long a document waits for the accounts it is booked on; then a person must look."""


async def post_stock(commands: Sequence[PostStock], unit: UnitOfWork) -> Sequence[Outcome]:
    """Book documents, each once. A document over nothing is no entry."""
    books = await open_books(unit)
    outcomes: list[Outcome] = [_missing(command, books[command.company]) for command in commands]
    entries = [
        _entry(command, books[command.company]) if said is None and command.value else None
        for command, said in zip(commands, outcomes, strict=True)
    ]
    places = {(entry.company, entry.id) for entry in entries if entry is not None}
    booked = {(row["company"], row["entry"]) for row in await journal.read_lines(unit.raw, places)} if places else set()
    fresh: list[tuple[Entry, Cause]] = []
    for at, (command, entry) in enumerate(zip(commands, entries, strict=True)):
        if entry is None:
            continue
        if (entry.company, entry.id) in booked:
            outcomes[at] = Refused("stock-posted", "This document is in the books already; it stays as it is.")
            continue
        booked.add((entry.company, entry.id))
        fresh.append((entry, command.cause))
        unit.audit(command.cause, "stock.posted", str(command.document), {"kind": command.kind})
    if fresh:
        await post(fresh, books, unit)
    return outcomes


def _missing(command: PostStock, books: Books) -> Waiting | None:
    for role in (INVENTORY, AGAINST[command.kind]):
        if role not in books.accounts:
            return Waiting(f"company {command.company} has no account with the role {role}", ACCOUNT_PATIENCE_S)
    return None


def _entry(command: PostStock, books: Books) -> Entry:
    c = command
    return stock_entry(c.company, c.document, c.kind, c.order, c.posted_on, c.currency, c.value, books.accounts)
