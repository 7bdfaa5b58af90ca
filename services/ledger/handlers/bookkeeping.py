"""What every use case does that books something: wait for its turn, read the companies' facts, post."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import asyncpg

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Transient, Waiting
from chassis.ids import UUID
from services.ledger import translate
from services.ledger.domain.books import Books
from services.ledger.domain.exchange import Quote, Rate
from services.ledger.domain.late import in_its_places, on_open_day
from services.ledger.domain.posting import GENERAL_JOURNAL, Entry, Line, check, dimension_sums, sale_id
from services.ledger.domain.settlement import Receivable
from services.ledger.store import companies, dimensions, journal, rates

PERIOD_OPEN = "journal_entry_period_open"
"""The constraint that keeps entries out of closed periods, whoever writes."""
PATIENCE_S = 30 * 86_400
"""How long an event waits for an account, a cost centre or a rate that it is booked by; then a person must look."""
SEVERAL = "various"
"""What payroll says instead of cost centres of few people each."""


class Booking(NamedTuple):
    """What a document of another department brings into the books, and what is written down about it."""

    entry: Entry
    cause: Cause
    subject: str
    detail: Mapping[str, object] | None = None


async def open_books(unit: UnitOfWork) -> Mapping[str, Books]:
    """The books of all companies of this transaction. First thing in every handler: it also orders those who book."""
    rows = await companies.lock_and_read(unit.raw, unit.companies)
    return {row["company"]: translate.to_books(row) for row in rows}


async def rates_for(quotes: Iterable[Quote], books: Mapping[str, Books], unit: UnitOfWork) -> Mapping[Quote, Rate]:
    """The rates that these amounts are valued by. Amounts in a company's own currency cost no statement."""
    foreign = [quote for quote in quotes if quote.currency != books[quote.company].currency]
    return await rates.read_valid(unit.raw, foreign) if foreign else {}


def without_account(company: str, roles: Iterable[str], books: Books) -> Waiting | None:
    """What is waited for before something can be booked on the accounts of these roles; None when all are there."""
    for role in roles:
        if role not in books.accounts:
            return Waiting(f"company {company} has no account with the role {role}", PATIENCE_S)
    return None


async def known_centres(unit: UnitOfWork) -> Mapping[str, Collection[str]]:
    """The cost centres of each company whose books have any; `various` stands for several and is always known."""
    found: dict[str, set[str]] = {}
    for company, dimension, code in await dimensions.read_standing(unit.raw, unit.companies):
        if dimension == "cost_centre" and code != SEVERAL:
            found.setdefault(company, {SEVERAL}).add(code)
    return found


def without_centre(company: str, centres: Iterable[str | None], known: Mapping[str, Collection[str]]) -> Waiting | None:
    """What is waited for before another department's costs can be booked on these centres. A company whose books have
    none takes what comes.
    """
    for centre in centres:
        if centre is not None and centre not in known.get(company, (centre,)):
            return Waiting(f"company {company} has no cost centre {centre}", PATIENCE_S)
    return None


async def post_once(
    bookings: Sequence[Booking | None], action: str, books: Mapping[str, Books], unit: UnitOfWork
) -> list[bool]:
    """Post what is not in the books yet, with the record of it; which ones were there already (None is no entry).

    The same document may come again in a later batch, under another event, and twice in one.
    """
    places = {(each.entry.company, each.entry.id) for each in bookings if each is not None}
    booked = {(row["company"], row["entry"]) for row in await journal.read_lines(unit.raw, places)} if places else set()
    known: list[bool] = []
    fresh: list[tuple[Entry, Cause]] = []
    for each in bookings:
        known.append(each is not None and (each.entry.company, each.entry.id) in booked)
        if each is None or known[-1]:
            continue
        booked.add((each.entry.company, each.entry.id))
        fresh.append((each.entry, each.cause))
        unit.audit(each.cause, action, each.subject, each.detail)
    if fresh:
        await post(fresh, books, unit)
    return known


async def sales_of(receivables: Iterable[Receivable], unit: UnitOfWork) -> Mapping[tuple[str, UUID], Sequence[Line]]:
    """The lines that posted these invoices, of those in another currency alone: what each account of them is worth.

    What was taken over from an earlier system was not posted invoice by invoice, and has none.
    """
    valued = {(r.company, sale_id(r.company, r.invoice)): r for r in receivables if r.base_total is not None}
    sales: defaultdict[tuple[str, UUID], list[Line]] = defaultdict(list)
    for company, entry, *values in await journal.read_lines(unit.raw, valued) if valued else []:
        sales[company, valued[company, entry].invoice].append(journal.to_line(values))
    return sales


async def post(
    entries: Sequence[tuple[Entry, Cause]], books: Mapping[str, Books], unit: UnitOfWork, *, as_dated: bool = False
) -> None:
    """Post entries, add them to the balances, and tell.

    What happened in a period that is closed by now is posted in the next open one, and says so: it must not be lost.
    `as_dated` is for entries whose day was looked at already: a person chose it, or something beside them says it too.
    """
    if not as_dated:
        entries = [(on_open_day(entry, books[entry.company]), cause) for entry, cause in entries]
    entries = [
        (entry if entry.journal == GENERAL_JOURNAL else in_its_places(entry, books[entry.company]), cause)
        for entry, cause in entries
    ]
    for entry, _ in entries:
        check(entry)
    # Not when this transaction began: it may have waited long for its turn, and nobody could know of it before.
    recorded_at = max(books[entry.company].opened_at for entry, _ in entries)
    try:
        await journal.append_entries(unit.raw, entries, recorded_at)
    except asyncpg.CheckViolationError as error:
        if error.constraint_name != PERIOD_OPEN:
            raise
        # The period was closed while this transaction waited for its turn: it read the calendar as it was before.
        raise Transient("a period was closed meanwhile") from error
    recorded_on = recorded_at.date()
    await journal.add_to_days(unit.raw, [entry for entry, _ in entries], recorded_on)
    by_dimension = dimension_sums(entry for entry, _ in entries)
    if by_dimension:
        await journal.add_to_dimension_days(unit.raw, by_dimension, recorded_on)
    for entry, cause in entries:
        unit.emit(*translate.entry_posted(entry, books[entry.company].currency), cause)
