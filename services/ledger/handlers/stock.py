"""What goods are worth is booked: each document of inventory once.

Only items that a company wants valued have events here. Whoever wants them valued wants them in the books, so a
document that lacks an account waits for it; a company that values nothing has no such documents and needs no accounts.
"""

from __future__ import annotations

from collections.abc import Sequence

from chassis.database import UnitOfWork
from chassis.errors import Outcome, Refused, Waiting
from chassis.ids import UUID
from services.ledger.commands.stock import PostStock
from services.ledger.domain.books import Books
from services.ledger.domain.late import on_open_day
from services.ledger.domain.posting import Entry
from services.ledger.domain.stock import AGAINST, INVENTORY, against, stock_entry
from services.ledger.handlers.bookkeeping import Booking, open_books, post_once, without_account
from services.ledger.store import stock as store
from services.ledger.translate import stock as translate

BOOKED = Refused("stock-posted", "This document is in the books already; it stays as it is.")


async def post_stock(commands: Sequence[PostStock], unit: UnitOfWork) -> Sequence[Outcome]:
    """Book documents, each once. A document over nothing is no entry.

    What each says of itself is kept beside the books, on the day on which it stands in them, so that the two can be
    compared; where that is not its own day, inventory is told.
    """
    books = await open_books(unit)
    outcomes: list[Outcome] = [_missing(command, books[command.company]) for command in commands]
    bookings = [
        _booking(command, books[command.company]) if said is None and command.value else None
        for command, said in zip(commands, outcomes, strict=True)
    ]
    known = await post_once(bookings, "stock.posted", books, unit)
    fresh: dict[tuple[str, UUID], tuple[PostStock, Entry]] = {}
    for command, booking, before in zip(commands, bookings, known, strict=True):
        if booking is not None and not before:
            fresh[command.company, command.document] = command, booking.entry
    if fresh:
        await store.add_documents(
            unit.raw,
            [(c.company, c.document, c.kind, e.posted_on, c.currency, c.value) for c, e in fresh.values()],
        )
    for command, entry in fresh.values():
        if entry.original_on is not None:
            unit.emit(*translate.posted_late(entry), command.cause)
    return [BOOKED if before else said for said, before in zip(outcomes, known, strict=True)]


def _missing(command: PostStock, books: Books) -> Waiting | None:
    roles = against(command.kind, command.value, command.written_off) or {AGAINST[command.kind]: 0}
    return without_account(command.company, (INVENTORY, *roles), books)


def _booking(command: PostStock, books: Books) -> Booking:
    c = command
    entry = stock_entry(
        c.company, c.document, c.kind, c.order, c.posted_on, c.currency, c.value, books.accounts, c.written_off
    )
    return Booking(on_open_day(entry, books), c.cause, str(c.document), {"kind": c.kind})
