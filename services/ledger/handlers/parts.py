"""Orders that are served in parts: each part is invoiced when its goods are set aside, and only what is let go of them
is credited, the last part first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import asyncpg
import orjson

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Outcome, Waiting
from chassis.ids import UUID, derive
from services.ledger import translate
from services.ledger.commands import RecordPart, ReduceOrder
from services.ledger.domain.books import Books
from services.ledger.domain.credit import Part, part_of, wishes_for
from services.ledger.domain.documents import invoice_id
from services.ledger.handlers.billing import Due, bill
from services.ledger.handlers.bookkeeping import open_books
from services.ledger.handlers.credit import over
from services.ledger.handlers.credit_notes import Crediting, write_notes
from services.ledger.handlers.settling import Key, Settling, to_receivable
from services.ledger.store import documents, orders


async def record_parts(commands: Sequence[RecordPart], unit: UnitOfWork) -> Sequence[Outcome]:
    """Bill what has come for orders that waited. What they agreed must be here."""
    books = await open_books(unit)
    terms = await orders.read_terms(unit.raw, [(c.company, c.order, c.revision) for c in commands])
    due = [
        Due(c.company, c.order, c.revision, terms[key], c.reserved, c.reserved_at, c.cause, c.part, c.complete)
        for c in commands
        if (key := (c.company, c.order, c.revision)) in terms
    ]
    if due:
        await orders.note_parts(unit.raw, [(one.company, one.order, one.revision, one.part) for one in due])
        await bill(due, books, unit)
    return [_known(c, terms) for c in commands]


async def reduce_orders(commands: Sequence[ReduceOrder], unit: UnitOfWork) -> Sequence[Outcome]:
    """Credit what was let go of orders that go on, or of which goods have left."""
    books = await open_books(unit)
    terms = await orders.read_terms(unit.raw, [(c.company, c.order, c.revision) for c in commands])
    known = [c for c in commands if c.lines and _was_invoiced(terms.get((c.company, c.order, c.revision)))]
    wanted = {key for c in known for key in _invoices(c)}
    eased: dict[tuple[str, str], Cause] = {}
    if wanted:
        rows = {(row["company"], row["id"]): row for row in await documents.read_creditable(unit.raw, wanted)}
        less = [key for key, row in rows.items() if row["deducted"]]
        in_part = await documents.read_notes_in_part(unit.raw, less) if less else {}
        earlier = {key: [orjson.loads(note) for note in notes] for key, notes in in_part.items()}
        creditings = [one for c in known for one in _credit(c, rows, earlier, books[c.company])]
        settling = Settling(books)
        await write_notes(creditings, settling, unit)
        settling.tell_withdrawn(unit)
        eased = {(x.receivable.company, x.receivable.customer): x.cause for x in creditings}
    await orders.note_unbilled(unit.raw, {(c.company, c.order, c.revision): False for c in commands})
    await over({(c.company, c.order, c.revision): c.cause for c in commands}, books, unit, eased)
    return [_known(c, terms) for c in commands]


def _was_invoiced(terms: bytes | None) -> bool:
    """Whether what is let go can have been invoiced: not where only what has left is."""
    return terms is not None and not translate.on_dispatch(terms)


def _known(command: RecordPart | ReduceOrder, terms: Mapping[tuple[str, UUID, int], bytes]) -> Outcome:
    if (command.company, command.order, command.revision) in terms:
        return None
    return Waiting(f"order {command.order} has not come here yet")


def _invoices(command: ReduceOrder) -> list[Key]:
    """Of all parts, the last one first."""
    return [
        (command.company, invoice_id(command.company, command.order, command.revision, part))
        for part in range(command.parts, 0, -1)
    ]


def _credit(
    command: ReduceOrder, rows: Mapping[Key, asyncpg.Record], earlier: Mapping[Key, Sequence[Mapping[str, object]]],
    books: Books,
) -> list[Crediting]:  # fmt: skip
    left = dict(command.lines)
    made: list[tuple[Key, Part]] = []
    open_invoices = [key for key in _invoices(command) if key in rows]
    for key in open_invoices:
        printed, notes = orjson.loads(rows[key]["printed"]), earlier.get(key, [])
        wishes = wishes_for(printed, notes, left, rows[key]["currency"])
        part = part_of(printed, notes, wishes, rows[key]["currency"]) if wishes else None
        if isinstance(part, Part) and part.total:
            made.append((key, part))
    stands = sum(part.whole for _, part in made) < len(open_invoices)
    day = books.day_of(command.reduced_at)
    return [
        Crediting(
            derive(command.company, "credit-note", key[1], command.cause.id), rows[key], to_receivable(rows[key]),
            part, max(day, rows[key]["issued_on"]), command.reason, command.cause, stands,
        )
        for key, part in made
    ]  # fmt: skip
