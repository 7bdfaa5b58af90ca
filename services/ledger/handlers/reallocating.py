"""Money moved by people: allocated, taken back, refunded with a second person's word, bounced by the bank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID, derive
from chassis.requests import Answer, Result
from contracts.money import AmountError, from_minor, to_minor
from services.ledger import translate
from services.ledger.commands import AllocatePayment, BouncePayment, UndoAllocation
from services.ledger.domain.books import BANK, BANK_CHARGES, CURRENCY_EXCHANGE, EXCHANGE_GAIN, EXCHANGE_LOSS, Books
from services.ledger.domain.calendar import RECEIVABLES
from services.ledger.domain.exchange import Quote, Rate, converted, holds
from services.ledger.domain.manual import ahead
from services.ledger.domain.posting import CASH_JOURNAL, Entry, Line
from services.ledger.domain.settlement import (
    Allocation,
    Money,
    Payment,
    Receivable,
    give_back,
    not_free,
    returned,
    settled_on,
    spend,
    take_back,
)
from services.ledger.handlers.bookkeeping import open_books, post, rates_for
from services.ledger.handlers.credit import review
from services.ledger.handlers.discounts import Discounts
from services.ledger.handlers.gate import Gate, open_gate
from services.ledger.handlers.settling import BOUNCED, UNDONE, Key, Settling, moves_of, to_money, to_receivable
from services.ledger.store import documents
from services.ledger.store import money as store


@dataclass(slots=True)
class Purse:
    """A payment with what a person must know before moving it."""

    money: Money
    reference: str
    returned: int
    bounced: bool
    received: bool
    """By us; what an earlier system owed a customer was never money at our bank."""


@dataclass(slots=True)
class Table:
    """Everything that a group of commands touches, read once; it changes while they are decided."""

    books: Mapping[str, Books]
    purses: Mapping[Key, Purse]
    receivables: Mapping[Key, Receivable]
    rates: Mapping[Quote, Rate]
    settling: Settling
    discounts: Discounts
    today: Mapping[str, date]
    gate: Gate


class Undone(NamedTuple):
    """An allocation that will not stand any more, from a day on."""

    money: Money
    receivable: Receivable
    taken: Allocation
    on: date


class Bounced(NamedTuple):
    """A payment that the bank took back, with all that it paid."""

    purse: Purse
    fee: int
    undone: Sequence[Undone]
    on: date


async def allocate_payments(commands: Sequence[AllocatePayment], unit: UnitOfWork) -> Sequence[Result]:
    """Let money that lies unapplied pay an invoice, in its currency or another one."""
    table = await _lay(commands, {(c.company, c.invoice) for c in commands}, unit)
    results = [_allocate(place, command, table) for place, command in enumerate(commands)]
    await _keep(table, "by-hand", unit)
    return await table.gate.name_periods(results, unit)


def _allocate(place: int, command: AllocatePayment, table: Table) -> Result:
    purse, receivable = _both(command, table)
    if isinstance(purse, Refused):
        return purse
    if receivable is None:
        return Refused("invoice-unknown", "The company has no such invoice.", "/invoice")
    money, books = purse.money, table.books[command.company]
    if command.on is not None and (early := not_free(money, command.on, "/on")) is not None:
        return early
    on = _since(command, money, receivable, table.today)
    shut = table.gate.fault(command.company, RECEIVABLES, on, command.cause, place, "/on")
    if shut is None and command.on is not None:
        shut = ahead(command.on, table.today[command.company], "/on")
    if shut is not None:
        return shut
    parts = _parts(command, money, receivable, on, table)
    if isinstance(parts, Refused):
        return parts
    spent, paid = parts
    payment = spend(money, receivable, spent, paid, on)
    entry = table.settling.apply_one(money, payment, command.cause, on=on, by=command.cause.id)
    if money.currency == receivable.currency:
        table.discounts.consider(receivable, command.cause)
    return Answer(201, _answer(payment, money, entry, books), {"Location": f"entries/{entry.id}"})


def _parts(
    command: AllocatePayment, money: Money, receivable: Receivable, on: date, table: Table
) -> tuple[int, int] | Refused:
    """How much the money goes down, and the invoice; the same unless they are in two currencies."""
    try:
        wish = money.unapplied if command.amount is None else to_minor(command.amount, money.currency)
    except AmountError as wrong:
        return Refused("amount-invalid", f"{wrong}.", "/amount")
    have, owed = from_minor(money.unapplied, money.currency), from_minor(receivable.open, receivable.currency)
    if not money.unapplied or not receivable.open:
        return Refused("nothing-to-allocate", f"The payment has {have} left, the invoice {owed} open.", None, 409)
    if wish <= 0 or wish > money.unapplied:
        return Refused("amount-too-large", f"The payment has {have} {money.currency} left.", "/amount", 409)
    if money.currency == receivable.currency:
        if command.amount is not None and wish > receivable.open:
            return Refused("amount-too-large", f"The invoice has {owed} {receivable.currency} open.", "/amount", 409)
        part = min(wish, receivable.open)
        return part, part
    return _crossed(wish, money, receivable, on, table)


def _crossed(wish: int, money: Money, receivable: Receivable, on: date, table: Table) -> tuple[int, int] | Refused:
    books = table.books[money.company]
    for role in (CURRENCY_EXCHANGE, EXCHANGE_GAIN, EXCHANGE_LOSS):
        if role not in books.accounts:
            return Refused("account-missing", f"The company has no account with the role {role}.", None, 409)
    ours = table.rates.get(Quote(money.company, money.currency, on))
    theirs = table.rates.get(Quote(money.company, receivable.currency, on))
    for currency, rate in ((money.currency, ours), (receivable.currency, theirs)):
        if currency != books.currency and (rate is None or not holds(rate, on)):
            return Refused("rate-missing", f"The company has no rate of {currency} for {on}.", None, 409)
    paid = converted(wish, ours, theirs, money.currency, receivable.currency, books.currency)
    if paid > receivable.open:
        paid = receivable.open
        wish = min(wish, converted(paid, theirs, ours, receivable.currency, money.currency, books.currency))
    if not paid or not wish:
        return Refused("nothing-to-allocate", "What is left is worth nothing in the other currency.", None, 409)
    return wish, paid


async def undo_allocations(commands: Sequence[UndoAllocation], unit: UnitOfWork) -> Sequence[Result]:
    """Take back what a payment pays of an invoice: it is open again, and the money lies unapplied."""
    table = await _lay(commands, {(c.company, c.invoice) for c in commands}, unit)
    linked = await store.read_single_applications(unit.raw, [(c.company, c.payment, c.invoice) for c in commands])
    decided = [_undo(place, command, table) for place, command in enumerate(commands)]
    undone = [(c, one) for c, one in zip(commands, decided, strict=True) if isinstance(one, Undone)]
    await _before_withdrawing([(one, command.cause) for command, one in undone], table, unit)
    results: list[Result] = []
    for command, one in zip(commands, decided, strict=True):
        if isinstance(one, Refused):
            results.append(one)
            continue
        reverses = linked.get((command.company, command.payment, command.invoice))
        back, entry = _withdraw(one, command.cause, table, reverses)
        table.settling.undone.setdefault((command.company, command.payment), []).append(back)
        unit.audit(command.cause, "payment.deallocated", str(command.payment), {"reason": command.reason})
        results.append(Answer(201, _answer(back, one.money, entry, table.books[command.company])))
    await _keep(table, UNDONE, unit)
    return await table.gate.name_periods(results, unit)


def _undo(place: int, command: UndoAllocation, table: Table) -> Undone | Refused:
    purse, receivable = _both(command, table)
    if isinstance(purse, Refused):
        return purse
    money = purse.money
    standing = next((a for a in money.allocations if a.invoice == command.invoice), None)
    if receivable is None or standing is None:
        return Refused("allocation-unknown", "The payment pays nothing of this invoice.", None, 404)
    on = max(table.today[command.company], standing.on)
    shut = table.gate.fault(command.company, RECEIVABLES, on, command.cause, place, None)
    return shut or Undone(money, receivable, take_back(money, receivable.invoice), on)


async def _before_withdrawing(undone: Sequence[tuple[Undone, Cause]], table: Table, unit: UnitOfWork) -> None:
    """Take discounts back while all else stands; then say of each invoice when what still stands was paid."""
    if not undone:
        return
    await table.discounts.take_back([(one.receivable, one.on, cause) for one, cause in undone], unit)
    gone = {(one.receivable.company, one.receivable.invoice, one.money.payment) for one, _ in undone}
    days: dict[Key, date] = {}
    for company, invoice, payment, day in await store.read_days_paid(unit.raw, {key[:2] for key in gone}):
        if (company, invoice, payment) not in gone:
            days[company, invoice] = max(day, days.get((company, invoice), day))
    for one, _ in undone:
        one.receivable.settled_on = days.get((one.receivable.company, one.receivable.invoice))


def _withdraw(one: Undone, cause: Cause, table: Table, reverses: UUID | None = None) -> tuple[Payment, Entry]:
    back = give_back(one.money, one.receivable, one.taken)
    return back, table.settling.withdraw(one.money, back, one.on, cause, cause.id, reverses)


async def bounce_payments(commands: Sequence[BouncePayment], unit: UnitOfWork) -> Sequence[Result]:
    """The bank took the money back: what it paid is open again, and the receipt is reversed."""
    books = await open_books(unit)
    purses = await read_purses({(c.company, c.payment) for c in commands}, unit)
    invoices = {(k[0], a.invoice) for k, purse in purses.items() for a in purse.money.allocations}
    table = await _spread(books, purses, invoices, [], unit)
    decided = [_bounce(place, command, table) for place, command in enumerate(commands)]
    undone = [
        (one, command.cause)
        for command, bounced in zip(commands, decided, strict=True)
        if not isinstance(bounced, Refused)
        for one in bounced.undone
    ]
    await _before_withdrawing(undone, table, unit)
    results: list[Result] = []
    kept: list[tuple[str, UUID, date, str, int, UUID]] = []
    for command, bounced in zip(commands, decided, strict=True):
        if isinstance(bounced, Refused):
            results.append(bounced)
            continue
        purse, fee, on = bounced.purse, bounced.fee, bounced.on
        back = [_withdraw(one, command.cause, table)[0] for one in bounced.undone]
        entry = table.settling.book(returned(purse.money, on, books[command.company]), command.cause)
        if fee:
            table.settling.book(_fee(command, purse, fee, on, books[command.company]), command.cause)
        kept.append((command.company, command.payment, command.bounced_on, command.reason, fee, entry.id))
        own = books[command.company].currency
        told = translate.payment_bounced(command, purse.money, purse.reference, fee, own, back)
        unit.emit(*told, command.cause)
        unit.audit(command.cause, "payment.bounced", str(command.payment), {"reason": command.reason})
        results.append(Answer(201, translate.bounce_answer(command, purse.money, entry, back)))
    await _keep(table, BOUNCED, unit)
    if kept:
        await store.bounce(unit.raw, kept)
    return await table.gate.name_periods(results, unit)


def _bounce(place: int, command: BouncePayment, table: Table) -> Bounced | Refused:
    purse = table.purses.get((command.company, command.payment))
    if purse is None:
        return Refused("payment-not-found", "The company has no such payment.", None, 404)
    if not purse.received:
        return Refused(
            "not-received", "This was taken over from an earlier system; no bank can take it back.", None, 409
        )
    if purse.bounced:
        return Refused("payment-bounced", "The bank has taken this payment back already.", None, 409)
    if purse.returned:
        return Refused("payment-refunded", "A part of this payment was refunded; it cannot bounce any more.", None, 409)
    money = purse.money
    try:
        fee = 0 if command.fee is None else to_minor(command.fee, table.books[command.company].currency)
    except AmountError as wrong:
        return Refused("amount-invalid", f"{wrong}.", "/fee")
    if fee and BANK_CHARGES not in table.books[command.company].accounts:
        return Refused("account-missing", f"The company has no account with the role {BANK_CHARGES}.", "/fee", 409)
    if command.bounced_on < money.received_on:
        return Refused("before-receipt", f"The money came on {money.received_on}.", "/bounced_on")
    receivables = [table.receivables[command.company, a.invoice] for a in money.allocations]
    on = max([command.bounced_on, money.free_on, *(a.on for a in money.allocations)])
    shut = table.gate.fault(command.company, RECEIVABLES, on, command.cause, place, "/bounced_on")
    shut = shut or ahead(command.bounced_on, table.today[command.company], "/bounced_on")
    if shut is not None:
        return shut
    purse.bounced = True
    return Bounced(purse, fee, [Undone(money, r, take_back(money, r.invoice), on) for r in receivables], on)


def _fee(command: BouncePayment, purse: Purse, fee: int, on: date, books: Books) -> Entry:
    lines = [
        Line(books.accounts[BANK_CHARGES], books.currency, fee, 0),
        Line(books.accounts[BANK], books.currency, 0, fee),
    ]
    entry = derive(command.company, "bounce-fee", command.payment)
    return Entry(command.company, entry, CASH_JOURNAL, on, purse.money.payment, None, lines)


# -- what they share --------------------------------------------------------------------------------------------------


async def read_purses(keys: set[Key], unit: UnitOfWork) -> dict[Key, Purse]:
    """These payments with how they are spread."""
    rows = await store.read_purses(unit.raw, sorted(keys))
    moves = await moves_of({(row["company"], row["payment"]) for row in rows}, unit) if rows else {}
    return {
        (row["company"], row["payment"]): Purse(
            to_money(row, moves.get((row["company"], row["payment"]), [])),
            row["reference"],
            row["returned"],
            row["bounced"],
            row["stated_on"] is None,
        )
        for row in rows
    }


async def _lay(
    commands: Sequence[AllocatePayment] | Sequence[UndoAllocation], invoices: set[Key], unit: UnitOfWork
) -> Table:
    books = await open_books(unit)
    purses = await read_purses({(c.company, c.payment) for c in commands}, unit)
    return await _spread(books, purses, invoices, commands, unit)


async def _spread(
    books: Mapping[str, Books],
    purses: Mapping[Key, Purse],
    invoices: set[Key],
    commands: Sequence[AllocatePayment] | Sequence[UndoAllocation],
    unit: UnitOfWork,
) -> Table:
    rows = await documents.read_receivables(unit.raw, sorted(invoices), []) if invoices else []
    receivables = {(row["company"], row["id"]): to_receivable(row) for row in rows}
    today = {company: one.day_of(unit.now) for company, one in books.items()}
    quotes: set[Quote] = set()
    for command in commands:
        if isinstance(command, AllocatePayment):
            quotes |= _quotes(command, purses, receivables, today)
    gate = await open_gate(books, unit)
    settling = Settling(books, gate)
    rates = await rates_for(quotes, books, unit)
    return Table(books, purses, receivables, rates, settling, Discounts(settling), today, gate)


def _quotes(
    command: AllocatePayment,
    purses: Mapping[Key, Purse],
    receivables: Mapping[Key, Receivable],
    today: Mapping[str, date],
) -> set[Quote]:
    purse = purses.get((command.company, command.payment))
    receivable = receivables.get((command.company, command.invoice))
    if purse is None or receivable is None or purse.money.currency == receivable.currency:
        return set()
    on = _since(command, purse.money, receivable, today)
    return {Quote(command.company, currency, on) for currency in (purse.money.currency, receivable.currency)}


def _since(command: AllocatePayment, money: Money, receivable: Receivable, today: Mapping[str, date]) -> date:
    """The day an allocation by hand has effect: never before both are there, and the money is free."""
    return max(command.on or today[command.company], settled_on(money, receivable), money.free_on)


def _both(
    command: AllocatePayment | UndoAllocation, table: Table
) -> tuple[Purse, Receivable | None] | tuple[Refused, None]:
    purse = table.purses.get((command.company, command.payment))
    if purse is None:
        return Refused("payment-not-found", "The company has no such payment.", None, 404), None
    if purse.bounced:
        return Refused("payment-bounced", "The bank has taken this payment back.", None, 409), None
    return purse, table.receivables.get((command.company, command.invoice))


async def _keep(table: Table, because: str, unit: UnitOfWork) -> None:
    settling = table.settling
    await table.discounts.decide(unit)
    if settling.entries:
        await settling.keep_applications(unit, because)
        await post(settling.entries, table.books, unit, as_dated=True)
    await review(settling.eased, table.books, unit)


def _answer(payment: Payment, money: Money, entry: Entry, books: Books) -> dict[str, object]:
    allocation: Allocation = payment.allocation
    receivable = payment.receivable
    return {
        "payment": str(money.payment),
        "invoice": str(receivable.invoice),
        "number": receivable.number,
        "amount": from_minor(allocation.amount, money.currency),
        "currency": money.currency,
        "paid": from_minor(allocation.paid, receivable.currency),
        "invoice_currency": receivable.currency,
        "unapplied": from_minor(money.unapplied, money.currency),
        "open": from_minor(receivable.open, receivable.currency),
        "entry": str(entry.id),
        "exchange_difference": from_minor(_exchange(entry, books), books.currency),
    }


def _exchange(entry: Entry, books: Books) -> int:
    """What was gained (above zero) or lost by exchange."""
    ours = {books.accounts.get(EXCHANGE_GAIN), books.accounts.get(EXCHANGE_LOSS)}
    return -sum(line.value for line in entry.lines if line.account in ours)
