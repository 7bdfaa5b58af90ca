"""Credit notes over some lines of an invoice: asked for by people, or over what is left when its order is released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import asyncpg
import orjson

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID, derive
from chassis.requests import Answer, Result
from contracts.money import divide_half_up, from_minor
from services.ledger import translate
from services.ledger.commands import CreditLines
from services.ledger.domain.books import SALES, Books
from services.ledger.domain.calendar import RECEIVABLES
from services.ledger.domain.credit import Part, part_of
from services.ledger.domain.discount import less_lines
from services.ledger.domain.documents import CreditNote
from services.ledger.domain.exchange import moved
from services.ledger.domain.manual import ahead
from services.ledger.domain.numbering import CREDIT_NOTES, Series, hand_out, how_many
from services.ledger.domain.posting import SALES_JOURNAL, Entry, Line
from services.ledger.domain.settlement import Allocation, Money, Receivable, give_back
from services.ledger.handlers.bookkeeping import open_books, post, sales_of
from services.ledger.handlers.credit import review
from services.ledger.handlers.discounts import Discounts
from services.ledger.handlers.gate import open_gate
from services.ledger.handlers.settling import Key, Settling, money_in, to_receivable
from services.ledger.store import deductions, documents
from services.ledger.store import money as store


@dataclass(frozen=True, slots=True)
class Crediting:
    """An invoice that is less by some of its lines from a day on."""

    note: UUID
    row: asyncpg.Record
    receivable: Receivable
    part: Part
    issued_on: date
    reason: str
    cause: Cause
    order_stands: bool = False
    """Whether something of its order stands, if nothing of the invoice."""


async def credit_lines(commands: Sequence[CreditLines], unit: UnitOfWork) -> Sequence[Result]:
    """Credit lines of invoices, in whole or in part; what was paid for them is owed back."""
    books = await open_books(unit)
    gate = await open_gate(books, unit)
    wanted = {(c.company, c.invoice) for c in commands}
    rows = {(row["company"], row["id"]): row for row in await documents.read_creditable(unit.raw, wanted)}
    earlier = await documents.read_notes_in_part(unit.raw, wanted)
    accepted: dict[Key, Crediting] = {}
    decided: list[Refused | Key] = []
    for place, command in enumerate(commands):
        key = command.company, command.invoice
        row = rows.get(key)
        on = command.issued_on or books[command.company].day_of(unit.now)
        made = _decide(command, row, key in accepted, earlier.get(key, []), on)
        if not isinstance(made, Refused):
            shut = gate.fault(command.company, RECEIVABLES, on, command.cause, place, "/issued_on")
            made = shut or ahead(on, books[command.company].day_of(unit.now), "/issued_on") or made
        if not isinstance(made, Refused):
            accepted[key] = made
        decided.append(made if isinstance(made, Refused) else key)
    settling = Settling(books, gate)
    numbers = await write_notes(list(accepted.values()), settling, unit)
    settling.tell_withdrawn(unit)
    eased = {(x.receivable.company, x.receivable.customer): x.cause for x in accepted.values()}
    await review(eased, books, unit)
    results: list[Result] = [
        one if isinstance(one, Refused) else _answer(accepted[one], numbers[accepted[one].note]) for one in decided
    ]
    return await gate.name_periods(results, unit)


def _decide(
    command: CreditLines, row: asyncpg.Record | None, twice: bool, earlier: Sequence[bytes], on: date
) -> Crediting | Refused:
    if row is None:
        return Refused("invoice-not-found", "The company has no such invoice that is not credited.", None, 404)
    if twice:
        detail = "Another credit note over this invoice is being written at this moment; ask again."
        return Refused("credit-note-under-way", detail, None, 409)
    if row["series"] != "INV":
        detail = "It has no lines here that can be credited; a charge for late payment is taken back whole."
        return Refused("not-by-line", detail, None, 409)
    if on < row["issued_on"]:
        return Refused("before-invoice", f"The invoice is of {row['issued_on']}.", "/issued_on")
    part = part_of(orjson.loads(row["printed"]), [orjson.loads(x) for x in earlier], command.lines, row["currency"])
    if isinstance(part, Refused):
        return part
    if not part.total:
        return Refused("nothing-to-credit", "These lines were invoiced for nothing.", "/lines", 409)
    note = derive(command.company, "credit-note", command.invoice, command.cause.id)
    return Crediting(note, row, to_receivable(row), part, on, command.reason, command.cause)


def _answer(one: Crediting, number: str) -> Answer:
    currency = one.receivable.currency
    body = {
        "credit_note": str(one.note),
        "number": number,
        "invoice": str(one.receivable.invoice),
        "total": from_minor(one.part.total, currency),
        "currency": currency,
        "open": from_minor(one.receivable.open, currency),
    }
    return Answer(201, body, {"Location": f"invoices/{one.receivable.invoice}"})


async def write_notes(creditings: Sequence[Crediting], settling: Settling, unit: UnitOfWork) -> Mapping[UUID, str]:
    """Number, book, keep and tell credit notes in part; says the number of each.

    How payments are spread since then is for the caller to tell, who may have more to take back of them.
    """
    if not creditings:
        return {}
    books = settling.books
    discounts = Discounts(settling)
    paid = [one for one in creditings if one.receivable.open < one.receivable.total]
    paying = await money_in([(x.receivable.company, x.receivable.invoice) for x in paid], unit) if paid else {}
    before = [one.receivable.open for one in creditings]
    if paid:
        await discounts.take_back([(x.receivable, x.issued_on, x.cause) for x in paid], unit)
    sales = await sales_of([one.receivable for one in creditings], unit)
    wanted = [_series(one, books[one.receivable.company]) for one in creditings]
    last = await documents.take_numbers(unit.raw, how_many(wanted))
    notes: list[CreditNote] = []
    moved_to: list[date | None] = []
    rows: list[deductions.DeductionRow] = []
    for one, number, open_before in zip(creditings, hand_out(wanted, last), before, strict=True):
        r, part = one.receivable, one.part
        had_discount = r.open > open_before
        rest = r.total - r.deducted - part.total
        keep = r.discount.amount * rest // r.total if had_discount and r.discount is not None else 0
        _make_room(one, part.total + keep, paying.get((r.company, r.invoice), ()), settling, unit)
        entry = _book(one, settling, sales.get((r.company, r.invoice), ()))
        nothing_left = not r.open
        discounts.consider(r, one.cause, one.issued_on)  # also what was paid before for the rest alone may earn it
        if open_before and nothing_left and not part.whole and r.settled_on is not None:
            settling.settled.append((r, max(r.settled_on, one.issued_on), one.cause))
        body = orjson.loads(one.row["printed"]) | {"lines": part.lines, "taxes": part.taxes}
        notes.append(CreditNote(one.note, number, one.issued_on, one.reason, r, one.row["order_reference"], part.net,
                                part.tax, orjson.dumps(body), own_words=True,
                                partial=one.order_stands or not part.whole))  # fmt: skip
        moved_to.append(None if entry.original_on is None else entry.posted_on)
        rows.append((r.company, one.note, r.invoice, "credit-note", one.note, part.total, entry.posted_on, entry.id))
        unit.emit(*translate.credit_note_issued(notes[-1], entry.id), one.cause)
        unit.audit(one.cause, "invoice.credited-in-part", str(r.invoice), {"number": number.printed})
    await discounts.decide(unit)
    await documents.insert_credit_notes(
        unit.raw, [documents.note_row(note, on) for note, on in zip(notes, moved_to, strict=True)]
    )
    await deductions.insert(unit.raw, rows)
    await settling.keep(unit)
    if settling.spent:
        await store.move_unapplied(unit.raw, settling.spent)
    gone = {(x.receivable.company, x.receivable.invoice): documents.Change() for x in creditings if x.part.whole}
    if gone:
        await documents.credit_open_items(unit.raw, gone)
    await post(settling.entries, books, unit, as_dated=True)
    settling.tell_settled(unit)
    return {note.id: note.number.printed for note in notes}


def _series(one: Crediting, books: Books) -> Series:
    return Series(one.receivable.company, CREDIT_NOTES, books.calendar.fiscal_year_of(one.issued_on))


def _make_room(one: Crediting, needed: int, paying: Sequence[Money], settling: Settling, unit: UnitOfWork) -> None:
    """Take back what was paid for the lines, the last payment first: it is owed to who paid it."""
    receivable = one.receivable
    for money in reversed(paying):
        missing = needed - receivable.open
        if missing <= 0:
            return
        taken = _taken(money, receivable.invoice, missing)
        back = give_back(money, receivable, taken)
        on = max(one.issued_on, taken.on)
        settling.withdraw(money, back, on, one.cause, one.note)
        unit.audit(one.cause, "payment.withdrawn", str(money.payment))


def _taken(money: Money, invoice: UUID, missing: int) -> Allocation:
    """So much of what the money pays of the invoice; all of it where the rest would be worth nothing."""
    allocation = next(one for one in money.allocations if one.invoice == invoice)
    paid = min(missing, allocation.paid)
    amount = divide_half_up(allocation.amount * paid, allocation.paid)
    money.allocations.remove(allocation)
    if paid == allocation.paid or not 0 < amount < allocation.amount:
        return allocation
    left = allocation._replace(amount=allocation.amount - amount, paid=allocation.paid - paid)
    money.allocations.append(left)
    return allocation._replace(amount=amount, paid=paid)


def _worths(one: Crediting, sale: Sequence[Line]) -> list[int] | None:
    """What a note takes off each account of a sale in another currency: what is left there keeps its share of what it
    was booked at, so that after the last note nothing is. None where there is nothing to value.
    """
    if not sale:
        return None
    part, currency = one.part, one.receivable.currency
    income, taxes = translate.to_sold(orjson.loads(one.row["printed"])["taxes"], currency, sale)
    sides = [(income, part.net_before, part.net)]
    sides += [(taxes.get(code), part.tax_before.get(code, 0), tax) for code, tax in part.tax_by_code]
    return [
        0 if side is None else moved(side.worth, side.amount, side.amount - before, side.amount - before - taken) or 0
        for side, before, taken in sides
    ]


def _book(one: Crediting, settling: Settling, sale: Sequence[Line]) -> Entry:
    receivable, part = one.receivable, one.part
    books = settling.books[receivable.company]
    debits = [(books.accounts[SALES], part.net), *((books.taxes[code].account, tax) for code, tax in part.tax_by_code)]
    after = receivable.open - part.total
    lines = less_lines(receivable, receivable.open, after, debits, books, _worths(one, sale))
    receivable.open, receivable.deducted = after, receivable.deducted + part.total
    settling.change(receivable, 0, part.total)
    entry_id = derive(receivable.company, "credit-note-entry", one.note)
    entry = Entry(receivable.company, entry_id, SALES_JOURNAL, one.issued_on, one.note, receivable.order, lines)
    return settling.book(entry, one.cause)
