"""From an order to its invoice. Terms and reservation meet in the order's row; whichever comes second bills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import asyncpg

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Outcome, Refused, Transient, Waiting
from chassis.ids import UUID
from contracts.money import MINOR_UNITS
from services.ledger import translate
from services.ledger.commands import CloseOrder, RecordChange, RecordReservation, RecordTerms
from services.ledger.domain.books import RECEIVABLE, SALES, Books
from services.ledger.domain.customers import PaymentTerms
from services.ledger.domain.documents import Invoice, invoice_id
from services.ledger.domain.exchange import Quote, missing, too_much, value
from services.ledger.domain.invoicing import PRINTED_BYTES_MAX, Draft, Reserved, Terms, draft_invoice
from services.ledger.domain.late import on_open_day
from services.ledger.domain.numbering import INVOICES, Series, hand_out, how_many
from services.ledger.domain.policy import ON_DISPATCH
from services.ledger.domain.posting import SALES_JOURNAL, Entry, sale_id, sale_lines
from services.ledger.domain.settlement import Receivable
from services.ledger.handlers.bookkeeping import PATIENCE_S, open_books, post, rates_for
from services.ledger.handlers.credit import Asked, answer, billed, drop, over
from services.ledger.handlers.discounts import Discounts
from services.ledger.handlers.settling import Settling, money_waiting_for
from services.ledger.store import customers, documents, orders
from services.ledger.store.orders import Arrival, OrderRevision


@dataclass(frozen=True, slots=True)
class Due:
    """A revision of an order of which both halves are here, with the event that completed it."""

    company: str
    order: UUID
    revision: int
    terms: bytes
    reserved: Mapping[int, Reserved]
    reserved_at: datetime
    cause: Cause
    part: int = 1
    """The how-manieth time that goods were set aside for it."""
    complete: bool = True
    """Whether nothing more of it will be invoiced."""
    left: bool = False
    """Whether the goods have left the house: what is invoiced on dispatch is only looked at before."""


async def record_terms(commands: Sequence[RecordTerms], unit: UnitOfWork) -> Sequence[Outcome]:
    """Keep what orders agreed; bill those whose stock is reserved already. A second order under an id is refused."""
    books = await open_books(unit)
    commands = [_as_decided(command, books[command.company]) for command in commands]
    waiting = await _waiting_for_rates(commands, books, unit)
    if waiting:
        rest = [c for c in commands if c.cause.id not in waiting]
        outcomes = iter(await record_terms(rest, unit) if rest else ())
        return [waiting[c.cause.id] if c.cause.id in waiting else next(outcomes) for c in commands]
    met = await _terms_came(commands, books, unit)
    twice = Refused("order-exists", "There is an order with this id; its terms stay as they are.")
    return [twice if met[_revision_of(command)]["had_terms"] else None for command in commands]


def _as_decided(command: RecordTerms, books: Books) -> RecordTerms:
    """The order with what its company has decided for its day, where it does not say itself when it is invoiced.

    It is kept with the terms, so that a later decision changes nothing of it, nor of its changes.
    """
    if command.says_when or books.policy(books.day_of(command.cause.at)).invoicing != ON_DISPATCH:
        return command
    return replace(command, body=translate.decided_for(command.body), says_when=True)


async def record_changes(commands: Sequence[RecordChange], unit: UnitOfWork) -> Sequence[Outcome]:
    """Keep the terms of new revisions; bill those whose stock is reserved already.

    Customer and currency are those of the order itself, which stands before its changes on the same key.
    """
    books = await open_books(unit)
    placed = await orders.read_terms(unit.raw, [(c.company, c.order, 1) for c in commands])
    known = [
        replace(c, body=translate.changed_terms(placed[c.company, c.order, 1], c.body))
        for c in commands
        if (c.company, c.order, 1) in placed
    ]
    met = await _terms_came(known, books, unit) if known else {}
    twice = Refused("revision-exists", "The order has this revision; its terms stay as they are.")
    outcomes: list[Outcome] = []
    for command in commands:
        row = met.get(_revision_of(command))
        if row is None:
            outcomes.append(Waiting(f"order {command.order} has not come here yet"))
        else:
            outcomes.append(twice if row["had_terms"] else None)
    return outcomes


async def _terms_came(
    commands: Sequence[RecordTerms | RecordChange], books: Mapping[str, Books], unit: UnitOfWork
) -> Mapping[OrderRevision, asyncpg.Record]:
    await orders.insert_terms(unit.raw, commands)
    met = await orders.meet(unit.raw, [Arrival(*_revision_of(c), has_terms=True) for c in commands])
    due: list[Due] = []
    asked: list[Asked] = []
    for command in commands:
        row = met[_revision_of(command)]
        if row["complete"]:
            reserved = translate.to_reserved(row["reservation"])
            whole = translate.is_whole(row["reservation"])
            due.append(
                Due(*_revision_of(command), command.body, reserved, row["reserved_at"], command.cause, complete=whole)
            )
        elif row["open"] and row["answered"]:
            if not books[command.company].answers_orders:
                raise Transient("credit was asked for meanwhile")
            asked.append(Asked(*_revision_of(command), command.body, command.cause))
    await bill(due, books, unit)
    await answer(asked, books, unit)
    return met


def _revision_of(command: RecordTerms | RecordChange | RecordReservation | CloseOrder) -> OrderRevision:
    return command.company, command.order, command.revision


async def _waiting_for_rates(
    commands: Sequence[RecordTerms], books: Mapping[str, Books], unit: UnitOfWork
) -> Mapping[UUID, Waiting]:
    """Orders in another currency than the company's own, of which nobody said what it is worth: they wait for it."""
    foreign = [c for c in commands if c.currency != books[c.company].currency and c.currency in MINOR_UNITS]
    if not foreign:
        return {}
    quotes = {c.cause.id: Quote(c.company, c.currency, books[c.company].day_of(c.cause.at)) for c in foreign}
    rates = await rates_for(quotes.values(), books, unit)
    waiting: dict[UUID, Waiting] = {}
    for cause, quote in quotes.items():
        for_what = missing(quote.currency, rates.get(quote), quote.on, books[quote.company])
        if for_what is not None:
            waiting[cause] = Waiting(for_what, PATIENCE_S)
    return waiting


async def record_reservations(commands: Sequence[RecordReservation], unit: UnitOfWork) -> None:
    """Keep what was reserved; bill the orders whose terms are known already."""
    books = await open_books(unit)
    met = await orders.meet(
        unit.raw, [Arrival(*_revision_of(c), reserved_at=c.reserved_at, reservation=c.body) for c in commands]
    )
    complete = [c for c in commands if met[_revision_of(c)]["complete"]]
    if not complete:
        return
    terms = await orders.read_terms(unit.raw, [_revision_of(c) for c in complete])
    due = [
        Due(*_revision_of(c), terms[_revision_of(c)], c.reserved, c.reserved_at, c.cause, complete=c.complete)
        for c in complete
    ]
    await bill(due, books, unit)


async def close_orders(commands: Sequence[CloseOrder], unit: UnitOfWork) -> None:
    """Nothing was reserved for these orders: they are never billed."""
    books = await open_books(unit)
    await orders.meet(unit.raw, [Arrival(*_revision_of(c), closed="reservation-refused") for c in commands])
    await over({_revision_of(c): c.cause for c in commands}, books, unit)


async def close_changes(commands: Sequence[CloseOrder], unit: UnitOfWork) -> None:
    """These revisions come too late: the one before stands, and takes of the credit what it took."""
    books = await open_books(unit)
    await orders.meet(unit.raw, [Arrival(*_revision_of(c), closed="change-refused") for c in commands])
    await drop({_revision_of(c): c.cause for c in commands}, books, unit)


@dataclass(frozen=True, slots=True)
class Decided:
    """An order that will be invoiced, with what is printed and how that is kept."""

    due: Due
    draft: Draft
    parts: Mapping[str, object]
    printed: bytes


async def bill(due: Sequence[Due], books: Mapping[str, Books], unit: UnitOfWork) -> None:
    """Invoice what is complete, or tell why it cannot be; of what is invoiced when it leaves, tell only that."""
    decided: list[Decided] = []
    refusals: list[tuple[Due, Refused]] = []
    terms = [translate.to_terms(one.order, one.terms) for one in due]
    agreed = await _payment_terms(due, terms, books, unit)
    for one, ordered, payment in zip(due, terms, agreed, strict=True):
        decision = _decide(one, ordered, payment, books[one.company])
        if isinstance(decision, Refused):
            refusals.append((one, decision))
        elif one.left or not ordered.on_dispatch:
            decided.append(decision)
    await _note_unbilled(due, terms, unit)
    decided, without = await _valued(decided, books, unit)
    if refusals or without:
        await _refuse([*refusals, *without], books, unit)
    if decided:
        await _issue(decided, books, unit)


async def _note_unbilled(due: Sequence[Due], terms: Sequence[Terms], unit: UnitOfWork) -> None:
    """Keep of which more will be invoiced. Of orders that are invoiced at once and in one there is nothing to keep."""
    more = {
        (one.company, one.order, one.revision): not one.complete or (ordered.on_dispatch and not one.left)
        for one, ordered in zip(due, terms, strict=True)
        if one.left or one.part > 1 or not one.complete or ordered.on_dispatch
    }
    if more:
        await orders.note_unbilled(unit.raw, more)


async def _valued(
    decided: list[Decided], books: Mapping[str, Books], unit: UnitOfWork
) -> tuple[list[Decided], list[tuple[Due, Refused]]]:
    """Say what invoices in another currency are worth. Those in the company's own pass as they are."""
    quotes = {_quote(one.draft) for one in decided if one.draft.currency != one.draft.own}
    if not quotes:
        return decided, []
    rates = await rates_for(quotes, books, unit)
    valued: list[Decided] = []
    refusals: list[tuple[Due, Refused]] = []
    for one in decided:
        draft = one.draft
        rate = rates.get(_quote(draft))
        if draft.currency != draft.own and rate is None:
            refusals.append((one.due, Refused("rate-missing", f"The company has no rate of {draft.currency}.")))
            continue
        worth = replace(draft, rate=rate)
        if worth.base_total is not None and too_much(worth.base_total, worth.own):
            detail = f"The order is worth more than the books can state in {worth.own}."
            refusals.append((one.due, Refused("amount-too-large", detail)))
        else:
            valued.append(replace(one, draft=worth))
    return valued, refusals


def _quote(draft: Draft) -> Quote:
    return Quote(draft.company, draft.currency, draft.issued_on)


async def _payment_terms(
    due: Sequence[Due], terms: Sequence[Terms], books: Mapping[str, Books], unit: UnitOfWork
) -> list[PaymentTerms]:
    """What was agreed with each customer for the day of its invoice; what its company has decided where nothing was."""
    days = [books[one.company].day_of(one.reserved_at) for one in due]
    agreed = [books[one.company].usual_terms(day) for one, day in zip(due, days, strict=True)]
    places = [place for place, one in enumerate(due) if books[one.company].has_customers]
    if places:
        wanted = [(due[place].company, str(terms[place].customer["id"]), days[place]) for place in places]
        for place, found in zip(places, await customers.read_terms(unit.raw, wanted), strict=True):
            agreed[place] = found or agreed[place]
    return agreed


def _decide(due: Due, terms: Terms, payment: PaymentTerms, books: Books) -> Decided | Refused:
    draft = draft_invoice(terms, due.reserved, due.reserved_at, payment, books)
    if isinstance(draft, Refused):
        return draft
    parts = translate.printed_parts(draft)
    printed = translate.pack(parts)
    if len(printed) > PRINTED_BYTES_MAX:
        return Refused("invoice-too-long", f"The invoice would have {len(printed)} bytes of text.")
    return Decided(due, draft, parts, printed)


async def _refuse(refusals: Sequence[tuple[Due, Refused]], books: Mapping[str, Books], unit: UnitOfWork) -> None:
    await orders.insert_refusals(
        unit.raw, [(one.company, one.order, one.revision, no.code, no.detail, no.pointer) for one, no in refusals]
    )
    for one, refused in refusals:
        unit.emit(*translate.invoice_refused(one.order, refused, one.revision), one.cause)
        unit.audit(one.cause, "invoice.refused", str(one.order), {"code": refused.code})
    await over({(one.company, one.order, one.revision): one.cause for one, _ in refusals}, books, unit)


async def _issue(decided: Sequence[Decided], books: Mapping[str, Books], unit: UnitOfWork) -> None:
    """Number, keep, post and tell; then let money that waited for these invoices pay them."""
    waiting = await money_waiting_for(list(dict.fromkeys((x.due.company, x.due.order) for x in decided)), unit)
    wanted = [
        Series(one.due.company, INVOICES, books[one.due.company].calendar.fiscal_year_of(one.draft.issued_on))
        for one in decided
    ]
    last = await documents.take_numbers(unit.raw, how_many(wanted))
    entries: list[tuple[Entry, Cause]] = []
    settling = Settling(books)
    discounts = Discounts(settling)
    rows: list[documents.InvoiceRow] = []
    for one, number in zip(decided, hand_out(wanted, last), strict=True):
        company, order, cause = one.due.company, one.due.order, one.due.cause
        invoice = Invoice(invoice_id(company, order, one.due.revision, one.due.part), number, one.draft)
        entry = on_open_day(_sale(invoice, books[company]), books[company])
        posted_by = entry.id if entry.lines else None
        unit.emit(*translate.invoice_issued(invoice, one.parts, posted_by), cause)
        unit.audit(cause, "invoice.issued", str(invoice.id), {"number": number.printed})
        rows.append(_row(invoice, one.printed, None if entry.original_on is None else entry.posted_on))
        if entry.lines:
            entries.append((entry, cause))
        if (company, order) in waiting:
            receivable = _receivable(invoice)
            for money in waiting[company, order]:
                settling.apply(money, receivable, cause)
                discounts.consider(receivable, cause)
    await documents.insert_invoices(unit.raw, rows)
    await discounts.decide(unit)
    if entries or settling.entries:
        await post(entries + settling.entries, books, unit)
    if settling.allocations:
        await settling.keep_applications(unit)
    await billed([_billed(one) for one in decided], books, unit)


def _billed(one: Decided) -> tuple[str, UUID, int, int, bool]:
    base = one.draft.base_total
    total = one.draft.total if base is None else base
    return one.due.company, one.due.order, one.due.revision, total, one.due.complete


def _sale(invoice: Invoice, books: Books) -> Entry:
    draft = invoice.draft
    taxes = [(total.rule.account, total.tax) for total in draft.taxes]
    rate = draft.rate
    lines = sale_lines(
        books.accounts[RECEIVABLE],
        books.accounts[SALES],
        taxes,
        draft.net,
        draft.currency,
        due_on=draft.due_on,
        value=None if rate is None else lambda minor: value(minor, draft.currency, rate, books.currency),
    )
    entry_id = sale_id(draft.company, invoice.id)
    return Entry(draft.company, entry_id, SALES_JOURNAL, draft.issued_on, invoice.id, draft.order, lines)


def _receivable(invoice: Invoice) -> Receivable:
    draft = invoice.draft
    return Receivable(
        draft.company,
        invoice.id,
        invoice.number.printed,
        draft.order,
        draft.currency,
        draft.issued_on,
        draft.due_on,
        str(draft.customer["id"]),
        draft.total,
        draft.total,
        draft.base_total,
        draft.discount,
        None,
        draft.revision,
    )


def _row(invoice: Invoice, printed: bytes, posted_on: date | None) -> documents.InvoiceRow:
    draft, number = invoice.draft, invoice.number
    return (
        draft.company,
        invoice.id,
        number.series,
        number.fiscal_year,
        number.serial,
        draft.order,
        draft.reference,
        str(draft.customer["id"]),
        str(draft.customer["name"]),
        draft.issued_on,
        draft.due_on,
        draft.currency,
        draft.net,
        draft.tax,
        printed,
        draft.revision,
        draft.base_total,
        None if draft.discount is None else draft.discount.amount,
        None if draft.discount is None else draft.discount.until,
        posted_on,
    )
