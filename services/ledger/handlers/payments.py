"""Money comes in: it pays the invoices that it names; what fits nothing is kept as unapplied cash."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from chassis.database import UnitOfWork
from chassis.errors import Outcome, Refused, Waiting
from chassis.ids import UUID
from contracts.money import AmountError, to_minor
from services.ledger import translate
from services.ledger.commands import RecordPayment
from services.ledger.domain.books import BANK, UNAPPLIED_CASH, Books
from services.ledger.domain.discount import shared_out
from services.ledger.domain.documents import invoice_id
from services.ledger.domain.exchange import Quote, Rate, missing, too_much, value
from services.ledger.domain.numbering import spelt
from services.ledger.domain.settlement import (
    Money,
    Payment,
    Receivable,
    after_receipt,
    allocate,
    money_of,
    receipt,
    settled_on,
)
from services.ledger.handlers.bookkeeping import PATIENCE_S, open_books, post, rates_for, without_account
from services.ledger.handlers.credit import review, waiting_for
from services.ledger.handlers.discounts import Discounts
from services.ledger.handlers.settling import Key, Settling, to_receivable
from services.ledger.store import documents, orders
from services.ledger.store import money as store


class Named(NamedTuple):
    """The invoices of each order's last revision by company and order, and invoices by company and printed number."""

    by_order: Mapping[Key, Sequence[Receivable]]
    by_number: Mapping[tuple[str, str], Receivable]


class Target(NamedTuple):
    """An invoice that a payment means, and how much at most it wants to pay of it."""

    receivable: Receivable
    at_most: int | None


async def record_payments(commands: Sequence[RecordPayment], unit: UnitOfWork) -> Sequence[Outcome]:
    """Book money and allocate it. Money is never turned away for what we lack: it waits until there is an account.

    A second payment under an id is refused: money that came in once is booked once.
    """
    books = await open_books(unit)
    rates = await rates_for([Quote(c.company, c.currency, c.received_on) for c in commands], books, unit)
    decisions = [_accept(command, books[command.company], rates) for command in commands]
    taken = [(c, money) for c, money in zip(commands, decisions, strict=True) if isinstance(money, Money)]
    new = await store.insert_payments(unit.raw, taken) if taken else set()
    if new:
        await _book([(c, money) for c, money in taken if (c.company, c.payment) in new], books, unit)
    return [_outcome(decision, new) for decision in decisions]


def _accept(command: RecordPayment, books: Books, rates: Mapping[Quote, Rate]) -> Money | Refused | Waiting:
    lacking = without_account(command.company, (BANK, UNAPPLIED_CASH), books)
    if lacking is not None:
        return lacking
    money = money_of(command.company, command.payment, command.received_on, command.amount, command.currency)
    if isinstance(money, Refused):
        return money
    money.customer = command.customer
    if command.currency != books.currency:
        rate = rates.get(Quote(command.company, command.currency, command.received_on))
        waiting = missing(command.currency, rate, command.received_on, books)
        if waiting is not None or rate is None:
            return Waiting(waiting or f"no rate of {command.currency}", PATIENCE_S)
        money.base_amount = value(money.amount, money.currency, rate, books.currency)
        if too_much(money.base_amount, books.currency):
            detail = f"The money is worth more than the books can state in {books.currency}."
            return Refused("amount-too-large", detail, "/amount/amount")
    return money


def _outcome(decision: Money | Refused | Waiting, new: Collection[Key]) -> Outcome:
    if not isinstance(decision, Money):
        return decision
    if (decision.company, decision.payment) in new:
        return None
    return Refused("payment-exists", "There is a payment with this id; it stays as it is.")


async def _book(taken: Sequence[tuple[RecordPayment, Money]], books: Mapping[str, Books], unit: UnitOfWork) -> None:
    named = await _invoices_named_by([command for command, _ in taken], unit)
    settling = Settling(books)
    discounts = Discounts(settling)
    rows: list[store.UnappliedRow] = []
    for command, money in taken:
        targets = _targets(command, named)
        _settle(command, money, targets, settling, discounts)
        # What is left, now or when the invoice is credited, waits for the next invoice of the same order and no other:
        # whether the money came before or after its invoice must make no difference.
        waits_for = command.order if not targets else targets[0].receivable.order if len(targets) == 1 else None
        customer = command.customer or (targets[0].receivable.customer if targets else None)
        row = (money.company, money.payment, waits_for, money.currency, money.amount, money.unapplied)
        rows.append((*row, customer, money.base_amount))
    await store.insert_unapplied(unit.raw, rows)
    await discounts.decide(unit)
    await settling.keep(unit)
    await post(settling.entries, books, unit)
    for command, money in taken:
        unit.emit(*translate.payment_allocated(money, "received"), command.cause)
        unit.audit(command.cause, "payment.recorded", str(money.payment))
    settling.tell_settled(unit)
    eased = {(row[0], row[6]): c.cause for row, (c, _) in zip(rows, taken, strict=True) if row[6] is not None}
    early = {(c.company, c.order): c.cause for c, money in taken if c.order is not None and not money.allocations}
    await review(await waiting_for(early, books, unit) | eased | settling.eased, books, unit)


def _settle(
    command: RecordPayment, money: Money, targets: Sequence[Target], settling: Settling, discounts: Discounts
) -> None:
    """Book one payment. Money dated before an invoice is an advance until the invoice's own day."""
    books = settling.books[money.company]
    at_once: list[Payment] = []
    later: list[Payment] = []
    shares = shared_out(money, targets, books)
    for (receivable, _), at_most in zip(targets, shares, strict=True):
        payment = allocate(money, receivable, at_most)
        if payment is not None:
            (at_once if settled_on(money, receivable) == money.received_on else later).append(payment)
    paying = at_once or later
    order = paying[0].allocation.order if len(paying) == 1 else None
    entry = settling.book(receipt(money, order if paying else command.order, at_once, books), command.cause)
    for payment in at_once:
        settling.allocated(money, payment, entry, command.cause)
    for payment in after_receipt(money, at_once, later):
        settling.apply_advance(money, payment, command.cause)
    for payment in (*at_once, *later):
        discounts.consider(payment.receivable, command.cause)


async def _invoices_named_by(commands: Sequence[RecordPayment], unit: UnitOfWork) -> Named:
    written = [(c.company, number) for c in commands for number in _numbers(c)]
    named = {(c.company, c.order) for c in commands if c.order is not None}
    latest = await orders.latest_reserved(unit.raw, named)
    rows = await documents.read_receivables(
        unit.raw,
        [
            (company, invoice_id(company, order, revision, part))
            for (company, order), (revision, parts) in latest.items()
            for part in range(1, parts + 1)
        ],
        written,
    )
    receivables = {r.invoice: r for r in map(to_receivable, rows)}
    by_order = {
        (company, order): [
            receivables[invoice]
            for part in range(1, parts + 1)
            if (invoice := invoice_id(company, order, revision, part)) in receivables
        ]
        for (company, order), (revision, parts) in latest.items()
    }
    return Named(by_order, {(r.company, spelt(r.number)): r for r in receivables.values()})


def _numbers(command: RecordPayment) -> list[str]:
    if command.wishes:
        return [number for number, _ in command.wishes]
    return [] if command.invoice_number is None else [command.invoice_number]


def _targets(command: RecordPayment, named: Named) -> list[Target]:
    """The invoices that the payer means: several by number; or the one by number; else those of the order."""
    if command.wishes:
        meant_for: dict[UUID, Target] = {}
        for number, amount in command.wishes:
            wished = _by_number(command, number, named)
            if wished is not None:
                target = Target(wished, _at_most(amount, command.currency))
                before = meant_for.get(wished.invoice)
                meant_for[wished.invoice] = target if before is None else _together(before, target)
        return list(meant_for.values())
    if command.invoice_number is not None:
        meant = _by_number(command, command.invoice_number, named)
        if meant is not None:
            return [Target(meant, None)]
    if command.order is None:
        return []
    return [Target(one, None) for one in named.by_order.get((command.company, command.order), ())]


def _together(one: Target, other: Target) -> Target:
    """An invoice that is named twice: what is meant for it is the sum, or all of it where one wish has no bound."""
    unbounded = one.at_most is None or other.at_most is None
    return one._replace(at_most=None if unbounded else (one.at_most or 0) + (other.at_most or 0))


def _by_number(command: RecordPayment, written: str, named: Named) -> Receivable | None:
    return named.by_number.get((command.company, spelt(written)))


def _at_most(amount: str | None, currency: str) -> int | None:
    """What is meant for one of several invoices; what is no amount of the currency is meant for none."""
    try:
        return None if amount is None else to_minor(amount, currency)
    except AmountError:
        return 0
