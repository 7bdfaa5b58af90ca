"""From a released reservation to a credit note: what was invoiced is taken back, what was paid is owed to the payer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg
import orjson

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.ids import UUID
from services.ledger import translate
from services.ledger.commands import ReleaseOrder
from services.ledger.domain.books import Books
from services.ledger.domain.credit import Part, part_of
from services.ledger.domain.documents import CreditNote, credit_note_id, invoice_id
from services.ledger.domain.late import on_open_day
from services.ledger.domain.numbering import CREDIT_NOTES, DocumentNumber, Series, hand_out, how_many
from services.ledger.domain.posting import SALES_JOURNAL, Entry, Line, mirrored, reversal_id, sale_id
from services.ledger.domain.settlement import Money, give_back, take_back
from services.ledger.handlers.bookkeeping import open_books, post
from services.ledger.handlers.credit import over
from services.ledger.handlers.credit_notes import Crediting, write_notes
from services.ledger.handlers.discounts import Discounts
from services.ledger.handlers.settling import Key, Settling, money_in, to_receivable
from services.ledger.store import documents, journal, orders
from services.ledger.store import money as store
from services.ledger.store.credit import LAST
from services.ledger.store.documents import Change
from services.ledger.store.orders import Arrival


@dataclass(frozen=True, slots=True)
class Release:
    """A command whose order was invoiced, with the invoice's row."""

    command: ReleaseOrder
    row: asyncpg.Record


async def release_orders(commands: Sequence[ReleaseOrder], unit: UnitOfWork) -> None:
    """Credit the orders that were invoiced; never bill those that were not."""
    books = await open_books(unit)
    await orders.meet(
        unit.raw,
        [Arrival(c.company, c.order, c.revision, closed="cancelled" if _is_off(c) else "released") for c in commands],
    )
    by_invoice = {
        (c.company, invoice_id(c.company, c.order, c.revision, part)): c
        for c in commands
        for part in range(1, c.parts + 1)
    }
    rows = await documents.read_creditable(unit.raw, by_invoice)
    if rows:
        invoiced = {(row["company"], row["id"]): row for row in rows}
        releases = [Release(c, invoiced[key]) for key, c in by_invoice.items() if key in invoiced]
        less = [key for key, row in invoiced.items() if row["deducted"]]
        in_part = await documents.read_notes_in_part(unit.raw, less) if less else {}
        whole = [one for one in releases if (one.command.company, one.row["id"]) not in in_part]
        settling = await _credit(whole, books, unit) if whole else Settling(books)
        if in_part:
            settling.told |= await _credit_rest(releases, in_part, books, unit)
        settling.tell_withdrawn(unit)
    eased = {(row["company"], row["customer_id"]): by_invoice[row["company"], row["id"]].cause for row in rows}
    ended = {(c.company, c.order, LAST if _is_off(c) else c.revision): c.cause for c in commands}
    await over(ended, books, unit, eased)


def _is_off(command: ReleaseOrder) -> bool:
    """Whether the order is over, and with it every revision that may still wait."""
    return command.reason == "order-cancelled"


async def _credit_rest(
    releases: Sequence[Release], in_part: Mapping[Key, Sequence[bytes]], books: Mapping[str, Books], unit: UnitOfWork
) -> Mapping[Key, tuple[Money, Cause]]:
    """Credit what earlier notes have left of invoices; where that is nothing, there is nothing to say. Says which
    payments are spread otherwise since then."""
    rest: list[Crediting] = []
    for release in releases:
        command, row = release.command, release.row
        earlier = in_part.get((command.company, row["id"]))
        if earlier is None:
            continue
        part = part_of(orjson.loads(row["printed"]), [orjson.loads(x) for x in earlier], None, row["currency"])
        if isinstance(part, Part) and part.total:
            on = books[command.company].day_of(command.released_at)
            note = credit_note_id(command.company, row["id"])
            rest.append(Crediting(note, row, to_receivable(row), part, on, command.reason, command.cause))
    settling = Settling(books)
    await write_notes(rest, settling, unit)
    return settling.told


async def _credit(releases: Sequence[Release], books: Mapping[str, Books], unit: UnitOfWork) -> Settling:
    wanted = [_series(release, books) for release in releases]
    last = await documents.take_numbers(unit.raw, how_many(wanted))
    notes = [_note(release, number, books) for release, number in zip(releases, hand_out(wanted, last), strict=True)]
    entries = [
        (on_open_day(entry, books[entry.company]), cause) for entry, cause in await _reversals(notes, releases, unit)
    ]
    withdrawn = await _withdraw(notes, releases, books, unit)
    changes = withdrawn.changes
    moved_to = {entry.document: entry.posted_on for entry, _ in entries if entry.original_on is not None}
    await documents.insert_credit_notes(unit.raw, [documents.note_row(note, moved_to.get(note.id)) for note in notes])
    invoices = [(note.credited.company, note.credited.invoice) for note in notes]
    await documents.credit_open_items(unit.raw, {key: changes.get(key, Change()) for key in invoices})
    posted_by = {entry.document: entry.id for entry, _ in entries}
    for note, release in zip(notes, releases, strict=True):
        unit.emit(*translate.credit_note_issued(note, posted_by.get(note.id)), release.command.cause)
        unit.audit(
            release.command.cause, "invoice.credited", str(note.credited.invoice), {"number": note.number.printed}
        )
    if entries or withdrawn.entries:
        await post(entries + withdrawn.entries, books, unit)
    return withdrawn


async def _reversals(
    notes: Sequence[CreditNote], releases: Sequence[Release], unit: UnitOfWork
) -> list[tuple[Entry, Cause]]:
    """The mirror of each sale; an invoice over nothing was never posted and has none."""
    sales = {(n.credited.company, sale_id(n.credited.company, n.credited.invoice)): n for n in notes}
    sides: defaultdict[Key, list[Line]] = defaultdict(list)
    for company, entry, account, currency, debit, credit, base, *place in await journal.read_lines(unit.raw, sales):
        due_on = sales[company, entry].credited.due_on if debit else None  # of a sale only the receivable is debited
        sides[company, entry].append(Line(account, currency, debit, credit, base, due_on, *place))
    entries: list[tuple[Entry, Cause]] = []
    for (key, note), release in zip(sales.items(), releases, strict=True):
        if key in sides:
            entries.append((_reversal(note, key[1], sides[key]), release.command.cause))
    return entries


def _reversal(note: CreditNote, sale: UUID, lines: Sequence[Line]) -> Entry:
    company, order = note.credited.company, note.credited.order
    entry_id = reversal_id(company, sale)
    return Entry(company, entry_id, SALES_JOURNAL, note.issued_on, note.id, order, mirrored(lines), reverses=sale)


async def _withdraw(
    notes: Sequence[CreditNote], releases: Sequence[Release], books: Mapping[str, Books], unit: UnitOfWork
) -> Settling:
    """Take back what paid these invoices: discounts, then the money, which is owed again to who paid it.

    A discount was the last thing to be granted. As the first thing to go it is worth what it was to the cent, also in
    another currency.
    """
    settling = Settling(books)
    paid = [(n, r.command.cause) for n, r in zip(notes, releases, strict=True) if n.credited.open < n.credited.total]
    if not paid:
        return settling
    paying = await money_in([(note.credited.company, note.credited.invoice) for note, _ in paid], unit)
    await Discounts(settling).take_back([(note.credited, note.issued_on, cause) for note, cause in paid], unit)
    for note, cause in paid:
        for money in paying.get((note.credited.company, note.credited.invoice), ()):
            taken = take_back(money, note.credited.invoice)
            back = give_back(money, note.credited, taken)
            on = max(note.issued_on, taken.on)  # not before it had paid
            settling.withdraw(money, back, on, cause)
            unit.audit(cause, "payment.withdrawn", str(money.payment))
    await store.insert_allocations(unit.raw, settling.allocations)
    await store.move_unapplied(unit.raw, settling.spent)
    return settling


def _series(release: Release, books: Mapping[str, Books]) -> Series:
    command = release.command
    of_company = books[command.company]
    day = of_company.day_of(command.released_at)
    return Series(command.company, CREDIT_NOTES, of_company.calendar.fiscal_year_of(day))


def _note(release: Release, number: DocumentNumber, books: Mapping[str, Books]) -> CreditNote:
    command, row = release.command, release.row
    return CreditNote(
        credit_note_id(command.company, row["id"]),
        number,
        books[command.company].day_of(command.released_at),
        command.reason,
        to_receivable(row),
        row["order_reference"],
        row["net"],
        row["tax"],
        row["printed"],
    )
