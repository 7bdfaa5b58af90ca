"""A charge for late payment is taken back, whole: by a credit note of its own number and the mirror of its entry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Answer, Result
from contracts.money import from_minor
from services.ledger import translate
from services.ledger.commands import TakeBackCharge
from services.ledger.domain.calendar import RECEIVABLES
from services.ledger.domain.documents import CreditNote, credit_note_id
from services.ledger.domain.dunning import CHARGES
from services.ledger.domain.manual import ahead
from services.ledger.domain.numbering import CREDIT_NOTES, DocumentNumber, Series, hand_out, how_many
from services.ledger.domain.posting import SALES_JOURNAL, Entry, Line, mirrored, reversal_id, sale_id
from services.ledger.domain.settlement import give_back, take_back
from services.ledger.handlers.bookkeeping import open_books, post
from services.ledger.handlers.credit import review
from services.ledger.handlers.gate import open_gate
from services.ledger.handlers.settling import Key, Settling, money_in, to_receivable
from services.ledger.store import documents, journal
from services.ledger.store import money as store
from services.ledger.store.documents import Change


async def take_back_charges(commands: Sequence[TakeBackCharge], unit: UnitOfWork) -> Sequence[Result]:
    """Take debit notes over late payment back; what was paid of them is owed to who paid it."""
    books = await open_books(unit)
    gate = await open_gate(books, unit)
    rows = await documents.read_creditable(unit.raw, {(c.company, c.charge) for c in commands})
    found = {(row["company"], row["id"]): row for row in rows}
    accepted: dict[Key, tuple[TakeBackCharge, CreditNote]] = {}
    decided: list[Refused | Key] = []
    for place, command in enumerate(commands):
        key = command.company, command.charge
        row = found.get(key)
        on = command.issued_on or books[command.company].day_of(unit.now)
        refused: Refused | None = None
        if row is None or key in accepted:
            refused = Refused("charge-not-found", "The company has no such charge that stands.", None, 404)
        elif row["series"] != CHARGES:
            refused = Refused("not-a-charge", "That is no charge for late payment; credit its lines.", None, 409)
        elif on < row["issued_on"]:
            refused = Refused("before-invoice", f"The charge is of {row['issued_on']}.", "/issued_on")
        else:
            refused = ahead(on, books[command.company].day_of(unit.now), "/issued_on")
            refused = refused or gate.fault(command.company, RECEIVABLES, on, command.cause, place, "/issued_on")
        if refused is None and row is not None:
            note = CreditNote(credit_note_id(*key), _UNNUMBERED, on, command.reason, to_receivable(row),
                              row["order_reference"], row["net"], row["tax"], row["printed"])  # fmt: skip
            accepted[key] = command, note
        decided.append(refused or key)
    settling = Settling(books, gate)
    numbers = await _write(list(accepted.values()), settling, unit) if accepted else {}
    settling.tell_withdrawn(unit)
    await review({(c.company, n.credited.customer): c.cause for c, n in accepted.values()}, books, unit)
    results: list[Result] = [
        one if isinstance(one, Refused) else _answer(accepted[one][1], numbers[one]) for one in decided
    ]
    return await gate.name_periods(results, unit)


_UNNUMBERED = DocumentNumber(CREDIT_NOTES, 0, 0)
"""Numbers are taken after all decisions."""


async def _write(
    accepted: Sequence[tuple[TakeBackCharge, CreditNote]], settling: Settling, unit: UnitOfWork
) -> dict[Key, str]:
    books = settling.books
    wanted = [
        Series(c.company, CREDIT_NOTES, books[c.company].calendar.fiscal_year_of(note.issued_on))
        for c, note in accepted
    ]
    last = await documents.take_numbers(unit.raw, how_many(wanted))
    keys = [(command.company, command.charge) for command, _ in accepted]
    sales: defaultdict[Key, list[Line]] = defaultdict(list)
    due = {(c.company, sale_id(c.company, c.charge)): note.credited.due_on for c, note in accepted}
    for company, entry, account, currency, debit, credit, base, *at in await journal.read_lines(unit.raw, due):
        due_on = due[company, entry] if debit else None  # of a sale only the receivable is debited
        sales[company, entry].append(Line(account, currency, debit, credit, base, due_on, *at))
    paid = [key for key, (_, note) in zip(keys, accepted, strict=True) if note.credited.open < note.credited.total]
    paying = await money_in(paid, unit) if paid else {}
    numbers: dict[Key, str] = {}
    rows: list[documents.CreditNoteRow] = []
    for key, (command, note), number in zip(keys, accepted, hand_out(wanted, last), strict=True):
        for money in paying.get(key, ()):
            taken = take_back(money, command.charge)
            back = give_back(money, note.credited, taken)
            settling.withdraw(money, back, max(note.issued_on, taken.on), command.cause, note.id)
            unit.audit(command.cause, "payment.withdrawn", str(money.payment))
        sale = sale_id(*key)
        mirror = Entry(
            command.company, reversal_id(command.company, sale), SALES_JOURNAL, note.issued_on, note.id,
            note.credited.order, mirrored(sales[command.company, sale]), reverses=sale, text=command.reason,
        )  # fmt: skip
        entry = settling.book(mirror, command.cause)
        numbered = replace(note, number=number)
        rows.append(documents.note_row(numbered, None if entry.original_on is None else entry.posted_on))
        numbers[key] = number.printed
        unit.emit(*translate.dunning_charge_taken_back(numbered, entry.id), command.cause)
        detail = {"number": number.printed, "reason": command.reason}
        unit.audit(command.cause, "dunning.charge-taken-back", str(command.charge), detail)
    await documents.insert_credit_notes(unit.raw, rows)
    if settling.allocations:
        await store.insert_allocations(unit.raw, settling.allocations)
        await store.move_unapplied(unit.raw, settling.spent)
    await documents.credit_open_items(unit.raw, {key: settling.changes.get(key, Change()) for key in keys})
    await post(settling.entries, books, unit, as_dated=True)
    return numbers


def _answer(note: CreditNote, number: str) -> Answer:
    currency = note.credited.currency
    body = {
        "credit_note": str(note.id),
        "number": number,
        "charge": str(note.credited.invoice),
        "charge_number": note.credited.number,
        "total": from_minor(note.net + note.tax, currency),
        "currency": currency,
    }
    return Answer(201, body, {"Location": f"invoices/{note.credited.invoice}"})
