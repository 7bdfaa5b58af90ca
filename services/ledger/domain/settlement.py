"""Which money pays which invoice. An allocation is never more than the invoice has open or the payment has left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from chassis.errors import Refused
from chassis.ids import UUID, derive
from contracts.money import AmountError, to_minor
from services.ledger.domain.books import BANK, RECEIVABLE, UNAPPLIED_CASH, Books
from services.ledger.domain.posting import CASH_JOURNAL, Entry, transfer


class Allocation(NamedTuple):
    """What a payment pays of an invoice, in minor units of their common currency."""

    invoice: UUID
    number: str
    order: UUID
    amount: int
    revision: int = 1
    """Of the order."""


@dataclass(slots=True)
class Receivable:
    """An invoice as far as paying it goes; `open` counts down while a batch is decided."""

    company: str
    invoice: UUID
    number: str
    order: UUID
    currency: str
    issued_on: date
    total: int
    open: int
    revision: int = 1
    """Of the order."""


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


def money_of(company: str, payment: UUID, received_on: date, amount: str, currency: str) -> Money | Refused:
    """Money that came in. What is no amount of its currency, or not above nothing, cannot have come in."""
    try:
        minor = to_minor(amount, currency)
    except AmountError as wrong:
        return Refused("amount-invalid", f"{wrong}.", "/amount/amount")
    if minor <= 0:
        return Refused("amount-not-positive", f"{amount} {currency} is no money that came in.", "/amount/amount")
    return Money(company, payment, received_on, currency, minor, minor, [])


def allocate(money: Money, receivable: Receivable | None) -> Allocation | None:
    """Pay as much of the invoice as the money can; None when that is nothing: no such invoice, another currency, none
    open, none left. Money in another currency waits for a person: no rate was agreed.
    """
    if receivable is None or receivable.currency != money.currency:
        return None
    amount = min(money.unapplied, receivable.open)
    if amount <= 0:
        return None
    money.unapplied -= amount
    receivable.open -= amount
    allocation = Allocation(receivable.invoice, receivable.number, receivable.order, amount, receivable.revision)
    money.allocations.append(allocation)
    return allocation


def take_back(money: Money, invoice: UUID) -> Allocation:
    """Undo what the money pays of an invoice. Raises StopIteration when that is nothing: a fault in this code."""
    taken = next(allocation for allocation in money.allocations if allocation.invoice == invoice)
    money.allocations.remove(taken)
    money.unapplied += taken.amount
    return taken


def settled_on(money: Money, receivable: Receivable) -> date:
    """The day an allocation has effect: money that came before its invoice is an advance until the invoice exists."""
    return max(money.received_on, receivable.issued_on)


def receipt(money: Money, order: UUID | None, at_once: int, books: Books) -> Entry:
    """Money came in: what pays an invoice of that day or before is taken off the receivable, the rest is owed back."""
    credited = {RECEIVABLE: at_once, UNAPPLIED_CASH: money.amount - at_once}
    accounts = {books.accounts[role]: amount for role, amount in credited.items() if amount}
    return Entry(
        money.company,
        derive(money.company, "receipt", money.payment),
        CASH_JOURNAL,
        money.received_on,
        money.payment,
        order,
        transfer(books.accounts[BANK], accounts, money.currency),
    )


def application(money: Money, receivable: Receivable, amount: int, books: Books) -> Entry:
    """Money that lay unapplied pays an invoice."""
    return Entry(
        money.company,
        derive(money.company, "application", money.payment, receivable.invoice),
        CASH_JOURNAL,
        settled_on(money, receivable),
        money.payment,
        receivable.order,
        transfer(books.accounts[UNAPPLIED_CASH], {books.accounts[RECEIVABLE]: amount}, money.currency),
    )


def withdrawal(money: Money, taken_back: Allocation, on: date, books: Books) -> Entry:
    """The invoice is credited: the money that paid it is owed back to the payer."""
    return Entry(
        money.company,
        derive(money.company, "withdrawal", money.payment, taken_back.invoice),
        CASH_JOURNAL,
        on,
        money.payment,
        taken_back.order,
        transfer(books.accounts[RECEIVABLE], {books.accounts[UNAPPLIED_CASH]: taken_back.amount}, money.currency),
    )


def standing(moves: Sequence[Allocation]) -> list[Allocation]:
    """Allocations as they stand after moves to and fro: one per invoice, those of nothing left out."""
    sums: dict[UUID, Allocation] = {}
    for move in moves:
        before = sums.get(move.invoice)
        sums[move.invoice] = move if before is None else before._replace(amount=before.amount + move.amount)
    return [allocation for allocation in sums.values() if allocation.amount]
