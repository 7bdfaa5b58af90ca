"""What every use case does that books something: wait for its turn, read the companies' facts, post."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chassis.cause import Cause
from chassis.database import UnitOfWork
from services.ledger import translate
from services.ledger.domain.books import Books
from services.ledger.domain.posting import Entry, check
from services.ledger.store import companies, journal


async def open_books(unit: UnitOfWork) -> Mapping[str, Books]:
    """The books of all companies of this transaction. First thing in every handler: it also orders those who book."""
    rows = await companies.lock_and_read(unit.raw, unit.companies)
    return {row["company"]: translate.to_books(row) for row in rows}


async def post(entries: Sequence[tuple[Entry, Cause]], unit: UnitOfWork) -> None:
    """Post entries, add them to the balances, and tell."""
    for entry, _ in entries:
        check(entry)
    await journal.append_entries(unit.raw, [(entry, cause.id) for entry, cause in entries])
    await journal.add_to_days(unit.raw, [entry for entry, _ in entries], unit.now.date())
    for entry, cause in entries:
        unit.emit(*translate.entry_posted(entry), cause)
