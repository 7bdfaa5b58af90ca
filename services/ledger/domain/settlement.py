"""Which money pays which invoice. An allocation is never more than the invoice has open or the payment has left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from chassis.errors import Refused
from chassis.ids import UUID, derive
from contracts.money import AmountError, to_minor
from services.ledger.domain.books import BANK, EXCHANGE_GAIN, EXCHANGE_LOSS, RECEIVABLE, UNAPPLIED_CASH, Books
from services.ledger.domain.exchange import difference, exchanged, moved, share
from services.ledger.domain.posting import CASH_JOURNAL, Entry, Line, mirrored


class Allocation(NamedTuple):
    """What a payment pays of an invoice, in minor units of the payment's currency."""

    invoice: UUID
    number: str
    order: UUID
    amount: int
    paid: int
    """In minor units of the invoice's currency: what its open amount goes down by."""
    revision: int = 1
    """Of the order."""
    on: date = date.min
    """Since when it has effect: what takes it back has none before."""


@dataclass(slots=True)
class Receivable:
    """An invoice as far as paying it goes; `open` counts down while a batch is decided."""

    company: str
    invoice: UUID
    number: str
    order: UUID
    currency: str
    issued_on: date
    due_on: date
    customer: str
    total: int
    open: int
    base_total: int | None = None
    """What the total was worth on the day of the invoice; None when it is in the company's own currency."""
    discount: Discount | None = None
    settled_on: date | None = None
    """The last day with effect of what was paid so far."""
    revision: int = 1
    """Of the order."""
    deducted: int = 0
    """What it is less by discounts and credit notes in part."""
    received_on: date | None = None
    """Of an invoice with a discount: the last day on which money was received that pays it."""


class Discount(NamedTuple):
    """What may be left out by who pays until a day, in minor units."""

    amount: int
    until: date


@dataclass(slots=True)
class Money:
    """A payment as far as spending it goes; `unapplied` counts down while a batch is decided."""

    company: str
    payment: UUID
    received_on: date
    currency: str
    amount: int
    unapplied: int
    allocations: list[Allocation]
    """How it is spread, without what was taken back."""
    base_amount: int | None = None
    """What it was worth on the day it came; None when it is in the company's own currency."""
    customer: str | None = None
    """Whose money it is, as far as known."""
    back_on: date = date.min
    """The last day with effect on which something that it had paid was taken back: until then it was in use."""
    free_on: date = date.min
    """The day on which that stands in the books: later, where a period was closed."""

    def came_back(self, on: date, posted_on: date) -> None:
        """Note that it does not pay any more, since a day and as posted, something that it paid."""
        self.back_on, self.free_on = max(self.back_on, on), max(self.free_on, on, posted_on)


class Payment(NamedTuple):
    """An allocation with the two sides of it: how far the money went down and how far the invoice did."""

    allocation: Allocation
    receivable: Receivable
    spent_value: int | None
    """What the money was worth; None in the company's own currency."""
    paid_value: int | None
    """What the part of the invoice was worth; None in the company's own currency."""


def money_of(company: str, payment: UUID, received_on: date, amount: str, currency: str) -> Money | Refused:
    """Money that came in. What is no amount of its currency, or not above nothing, cannot have come in."""
    try:
        minor = to_minor(amount, currency)
    except AmountError as wrong:
        return Refused("amount-invalid", f"{wrong}.", "/amount/amount")
    if minor <= 0:
        return Refused("amount-not-positive", f"{amount} {currency} is no money that came in.", "/amount/amount")
    return Money(company, payment, received_on, currency, minor, minor, [])


def allocate(money: Money, receivable: Receivable | None, at_most: int | None = None) -> Payment | None:
    """Pay as much of the invoice as the money can; None when that is nothing: no such invoice, another currency, none
    open, none left. Money in another currency waits for a person: no rate was agreed.
    """
    if receivable is None or receivable.currency != money.currency:
        return None
    amount = min(money.unapplied, receivable.open)
    if at_most is not None:
        amount = min(amount, at_most)
    return None if amount <= 0 else spend(money, receivable, amount, amount)


def spend(money: Money, receivable: Receivable, amount: int, paid: int, day: date | None = None) -> Payment:
    """Take an amount from the money, and what it pays from the invoice; `day` when a person says since when."""
    left, still_open = money.unapplied - amount, receivable.open - paid
    spent_value = moved(money.base_amount, money.amount, money.unapplied, left)
    paid_value = moved(receivable.base_total, receivable.total, receivable.open, still_open)
    money.unapplied, receivable.open = left, still_open
    on = day or settled_on(money, receivable)
    receivable.settled_on = on if receivable.settled_on is None else max(receivable.settled_on, on)
    receivable.received_on = max(receivable.received_on or money.received_on, money.received_on)
    allocation = Allocation(
        receivable.invoice, receivable.number, receivable.order, amount, paid, receivable.revision, on
    )
    money.allocations.append(allocation)
    return Payment(allocation, receivable, spent_value, paid_value)


def after_receipt(money: Money, at_once: Sequence[Payment], later: Sequence[Payment]) -> list[Payment]:
    """The payments that come after the receipt of new money, worth what they take of what it leaves unapplied.

    What pays at once never lies there, whichever invoice the payer named first.
    """
    left = money.amount - sum(payment.allocation.amount for payment in at_once)
    valued: list[Payment] = []
    for payment in later:
        after = left - payment.allocation.amount
        valued.append(payment._replace(spent_value=moved(money.base_amount, money.amount, left, after)))
        left = after
    return valued


def give_back(money: Money, receivable: Receivable, taken: Allocation) -> Payment:
    """Undo what was spent: the money has it again, and the invoice is open by it again."""
    left, still_open = money.unapplied + taken.amount, receivable.open + taken.paid
    spent_value = moved(money.base_amount, money.amount, left, money.unapplied)
    paid_value = moved(receivable.base_total, receivable.total, still_open, receivable.open)
    money.unapplied, receivable.open = left, still_open
    return Payment(taken, receivable, spent_value, paid_value)


def take_back(money: Money, invoice: UUID) -> Allocation:
    """What the money pays of an invoice, and will no longer. Raises StopIteration when that is nothing: a fault."""
    taken = next(allocation for allocation in money.allocations if allocation.invoice == invoice)
    money.allocations.remove(taken)
    return taken


def settled_on(money: Money, receivable: Receivable) -> date:
    """The day an allocation has effect: money that came before its invoice is an advance until the invoice exists, and
    what had paid another one until a day pays this one from that day on.
    """
    return max(money.received_on, receivable.issued_on, money.back_on)


def not_free(money: Money, on: date, pointer: str | None) -> Refused | None:
    """Why money cannot be used from a day on: over some of the days since, it paid something else."""
    if on >= money.free_on:
        return None
    detail = f"Until {money.free_on} this money paid an invoice; it is free from that day on."
    return Refused("money-not-free", detail, pointer, 409 if pointer is None else 422)


def receipt(money: Money, order: UUID | None, at_once: Sequence[Payment], books: Books) -> Entry:
    """Money came in: what pays an invoice of that day or before is taken off the receivable, the rest is owed back.

    It is the first thing that happens to a payment, so all that does not pay at once is unapplied now.
    """
    currency, base = money.currency, money.base_amount
    lines = [Line(books.accounts[BANK], currency, money.amount, 0, base)]
    lines += [_receivable_line(payment, books) for payment in at_once]
    rest = money.amount - sum(payment.allocation.amount for payment in at_once)
    if rest:
        worth = share(base, money.amount, rest)
        lines.append(Line(books.accounts[UNAPPLIED_CASH], currency, 0, rest, None if worth is None else -worth))
    entry_id = derive(money.company, "receipt", money.payment)
    if base is not None:
        lines = difference(lines, currency, books)
    return Entry(money.company, entry_id, CASH_JOURNAL, money.received_on, money.payment, order, lines)


def application(money: Money, payment: Payment, books: Books, on: date | None = None, by: UUID | None = None) -> Entry:
    """Money that lay unapplied pays an invoice; `by` is the request of a person, who may do so more than once."""
    receivable = payment.receivable
    entry_id = derive(money.company, "application", money.payment, receivable.invoice, *(() if by is None else (by,)))
    unapplied = Line(books.accounts[UNAPPLIED_CASH], money.currency, payment.allocation.amount, 0, payment.spent_value)
    lines = _crossed(unapplied, _receivable_line(payment, books), books)
    day = on or settled_on(money, receivable)
    return Entry(money.company, entry_id, CASH_JOURNAL, day, money.payment, receivable.order, lines)


def withdrawal(
    money: Money, back: Payment, on: date, books: Books, by: UUID | None = None, reverses: UUID | None = None
) -> Entry:
    """What the money paid of an invoice is owed back to the payer: the mirror of an application."""
    receivable = back.receivable
    unapplied = Line(books.accounts[UNAPPLIED_CASH], money.currency, back.allocation.amount, 0, back.spent_value)
    lines = mirrored(_crossed(unapplied, _receivable_line(back, books), books))
    if len(lines) > 2 or money.base_amount is not None or receivable.base_total is not None:
        lines = _gain_or_loss(lines, books)
    lines.sort(key=lambda line: line.debit == 0)
    entry_id = derive(money.company, "withdrawal", money.payment, receivable.invoice, *(() if by is None else (by,)))
    return Entry(money.company, entry_id, CASH_JOURNAL, on, money.payment, receivable.order, lines, reverses=reverses)


def returned(money: Money, on: date, books: Books) -> Entry:
    """The bank took the money back: all of it lies unapplied by now, and goes out as it came in."""
    base = money.base_amount
    lines = [
        Line(books.accounts[UNAPPLIED_CASH], money.currency, money.amount, 0, base),
        Line(books.accounts[BANK], money.currency, 0, money.amount, None if base is None else -base),
    ]
    company, payment = money.company, money.payment
    entry_id, receipt_id = derive(company, "bounce", payment), derive(company, "receipt", payment)
    money.unapplied = 0
    return Entry(company, entry_id, CASH_JOURNAL, on, payment, None, lines, reverses=receipt_id)


def refunded(money: Money, amount: int, worth: int | None, on: date, refund: UUID, books: Books) -> Entry:
    """Unapplied money goes back; `worth` is what it is worth on the day, where it is in another currency."""
    left = money.unapplied - amount
    owed = moved(money.base_amount, money.amount, money.unapplied, left)
    money.unapplied = left
    lines = [
        Line(books.accounts[UNAPPLIED_CASH], money.currency, amount, 0, owed),
        Line(books.accounts[BANK], money.currency, 0, amount, None if worth is None else -worth),
    ]
    if worth is not None:
        lines = difference(lines, money.currency, books)
    entry_id = derive(money.company, "refund", refund)
    return Entry(money.company, entry_id, CASH_JOURNAL, on, money.payment, None, lines)


def _receivable_line(payment: Payment, books: Books) -> Line:
    receivable, worth = payment.receivable, payment.paid_value
    return Line(
        books.accounts[RECEIVABLE],
        receivable.currency,
        0,
        payment.allocation.paid,
        None if worth is None else -worth,
        receivable.due_on,
    )


def _crossed(debited: Line, credited: Line, books: Books) -> list[Line]:
    """An entry of two sides, which may be in two currencies, with the difference that comes of it."""
    if debited.currency == credited.currency:
        lines = [debited, credited]
        return lines if debited.base is None else difference(lines, credited.currency, books)
    own = books.currency
    foreign = credited.currency if credited.currency != own else debited.currency
    lines = [debited, *exchanged(debited, credited, debited.value, books), credited]
    if credited.currency == own:  # the exchange must be worth what it is in the company's own currency
        lines = [debited, *exchanged(debited, credited, -credited.value, books), credited]
    return difference(lines, foreign, books)


def _gain_or_loss(lines: Sequence[Line], books: Books) -> list[Line]:
    """A mirrored gain is a loss, and stands on the account of losses."""
    accounts = books.accounts
    ours = {accounts.get(EXCHANGE_GAIN), accounts.get(EXCHANGE_LOSS)} - {None}
    return [
        line._replace(account=accounts[EXCHANGE_LOSS if line.value > 0 else EXCHANGE_GAIN])
        if line.account in ours
        else line
        for line in lines
    ]


def standing(moves: Sequence[Allocation]) -> list[Allocation]:
    """Allocations as they stand after moves to and fro: one per invoice, those of nothing left out."""
    sums: dict[UUID, Allocation] = {}
    for move in moves:
        before = sums.get(move.invoice)
        sums[move.invoice] = (
            move
            if before is None or not before.amount
            else before._replace(
                amount=before.amount + move.amount,
                paid=before.paid + move.paid,
                on=max(before.on, move.on) if move.amount > 0 else before.on,
            )
        )
    return [allocation for allocation in sums.values() if allocation.amount]
