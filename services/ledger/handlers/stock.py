"""What goods are worth is booked: each document of inventory once.

Only items that a company wants valued have events here. Whoever wants them valued wants them in the books, so a
document that lacks an account waits for it; a company that values nothing has no such documents and needs no accounts.
"""

from __future__ import annotations

from collections.abc import Sequence

from chassis.database import UnitOfWork
from chassis.errors import Outcome, Refused, Waiting
from services.ledger.commands.stock import PostStock
from services.ledger.domain.books import Books
from services.ledger.domain.stock import AGAINST, INVENTORY, stock_entry
from services.ledger.handlers.bookkeeping import Booking, open_books, post_once, without_account

BOOKED = Refused("stock-posted", "This document is in the books already; it stays as it is.")


async def post_stock(commands: Sequence[PostStock], unit: UnitOfWork) -> Sequence[Outcome]:
    """Book documents, each once. A document over nothing is no entry."""
    books = await open_books(unit)
    outcomes: list[Outcome] = [_missing(command, books[command.company]) for command in commands]
    bookings = [
        _booking(command, books[command.company]) if said is None and command.value else None
        for command, said in zip(commands, outcomes, strict=True)
    ]
    known = await post_once(bookings, "stock.posted", books, unit)
    return [BOOKED if before else said for said, before in zip(outcomes, known, strict=True)]


def _missing(command: PostStock, books: Books) -> Waiting | None:
    return without_account(command.company, (INVENTORY, AGAINST[command.kind]), books)


def _booking(command: PostStock, books: Books) -> Booking:
    c = command
    entry = stock_entry(c.company, c.document, c.kind, c.order, c.posted_on, c.currency, c.value, books.accounts)
    return Booking(entry, c.cause, str(c.document), {"kind": c.kind})
