"""Money and invoices meet: shared by payments that find their invoice and by invoices that find their money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import asyncpg

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.ids import UUID
from services.ledger import translate
from services.ledger.domain.books import Books
from services.ledger.domain.dunning import CHARGES
from services.ledger.domain.late import on_open_day
from services.ledger.domain.numbering import told_number
from services.ledger.domain.posting import Entry
from services.ledger.domain.settlement import (
    Allocation,
    Discount,
    Money,
    Payment,
    Receivable,
    allocate,
    application,
    standing,
    withdrawal,
)
from services.ledger.handlers.gate import Gate
from services.ledger.store import documents
from services.ledger.store import money as store
from services.ledger.store.documents import Change
from services.ledger.store.money import AllocationRow

Key = tuple[str, UUID]
"""Company and id."""

Move = tuple[Allocation, date]
"""What a payment was let pay, below nothing when it was taken back, and the day on which that was posted."""

BOUNCED = "bounced"
"""Why money is spread anew when the bank took it back: that is told by an event of its own."""
UNDONE = "undone"
"""Why money is spread anew when a person was wrong: the audit has that person's own record of it."""


@dataclass(slots=True)
class Settling:
    """What a batch of allocations leads to."""

    books: Mapping[str, Books]
    gate: Gate | None = None
    """By which days people may post, where people ask; what events ask for is posted on the first open day."""
    entries: list[tuple[Entry, Cause]] = field(default_factory=list)
    allocations: list[AllocationRow] = field(default_factory=list)
    spent: dict[Key, tuple[int, str | None]] = field(default_factory=dict)
    """What unapplied cash changes by, and whose it is, by payment."""
    told: dict[Key, tuple[Money, Cause]] = field(default_factory=dict)
    """Payments whose spread changed, with the last event that changed it."""
    changes: dict[Key, Change] = field(default_factory=dict)
    """What was taken off what is open, by invoice."""
    settled: list[tuple[Receivable, date, Cause]] = field(default_factory=list)
    """Invoices of which nothing is open any more, and since which day."""
    undone: dict[Key, list[Payment]] = field(default_factory=dict)
    """What a person took back of a payment."""
    eased: dict[tuple[str, str], Cause] = field(default_factory=dict)
    """Customers who owe less than before, by company and code."""

    def book(self, entry: Entry, cause: Cause) -> Entry:
        """Note an entry, and say on which day it is posted: what is written beside it must say the same."""
        gate = self.gate
        if gate is None or not gate.lets_through(entry.company, entry.subledger, entry.posted_on, cause):
            entry = on_open_day(entry, self.books[entry.company])
        self.entries.append((entry, cause))
        return entry

    def apply(self, money: Money, receivable: Receivable, cause: Cause) -> None:
        """Let money that lies unapplied pay an invoice as far as both reach."""
        payment = allocate(money, receivable)
        if payment is not None:
            self.apply_one(money, payment, cause)

    def apply_one(
        self, money: Money, payment: Payment, cause: Cause, *, on: date | None = None, by: UUID | None = None
    ) -> Entry:
        """Book what lay unapplied and pays an invoice now; `on` and `by` when a person says so."""
        entry = self.book(application(money, payment, self.books[money.company], on, by), cause)
        self.moved(money, -payment.allocation.amount, payment.receivable.customer, cause)
        self.allocated(money, payment, entry, cause)
        return entry

    def apply_advance(self, money: Money, payment: Payment, cause: Cause) -> None:
        """Book that new money, dated before its invoice, pays it on the invoice's own day."""
        entry = self.book(application(money, payment, self.books[money.company]), cause)
        self.allocated(money, payment, entry, cause)

    def withdraw(
        self,
        money: Money,
        back: Payment,
        on: date,
        cause: Cause,
        by: UUID | None = None,
        reverses: UUID | None = None,
    ) -> Entry:
        """Book that money does not pay any more what it paid; `by` when a person says so."""
        entry = self.book(withdrawal(money, back, on, self.books[money.company], by, reverses), cause)
        money.came_back(on, entry.posted_on)
        self.moved(money, back.allocation.amount, None, cause)
        self.move_item(money, back, entry, -1)
        return entry

    def moved(self, money: Money, change: int, customer: str | None, cause: Cause) -> None:
        """Note that unapplied cash has changed."""
        key = money.company, money.payment
        before, whose = self.spent.get(key, (0, money.customer))
        self.spent[key] = before + change, whose or customer
        self.told[key] = money, cause

    def allocated(self, money: Money, payment: Payment, entry: Entry, cause: Cause) -> None:
        """Note an allocation that an entry has posted."""
        receivable = payment.receivable
        self.move_item(money, payment, entry, 1)
        self.eased[receivable.company, receivable.customer] = cause
        if receivable.open == 0:
            self.settled.append((receivable, receivable.settled_on or entry.posted_on, cause))

    def move_item(self, money: Money, payment: Payment, entry: Entry, sign: int) -> None:
        """Note what an entry adds to an allocation, or takes from it."""
        allocation, receivable = payment.allocation, payment.receivable
        crossed = None if money.currency == receivable.currency else sign * allocation.paid
        row = (money.company, money.payment, allocation.invoice, entry.id, sign * allocation.amount, entry.posted_on)
        self.allocations.append((*row, crossed))
        self.change(receivable, sign * allocation.paid, 0)

    def change(self, receivable: Receivable, paid: int, deducted: int) -> None:
        """Note what an open item changes by."""
        key = receivable.company, receivable.invoice
        before = self.changes.get(key, Change())
        self.changes[key] = Change(before.paid + paid, before.deducted + deducted, receivable.settled_on)

    async def keep(self, unit: UnitOfWork) -> None:
        """Write the allocations and what they take off invoices."""
        if self.allocations:
            await store.insert_allocations(unit.raw, self.allocations)
        if self.changes:
            await documents.change_open_items(unit.raw, self.changes)

    async def keep_applications(self, unit: UnitOfWork, because: str | None = None) -> None:
        """Write and tell what `apply` decided; its entries are posted by the caller."""
        await self.keep(unit)
        if self.spent:
            await store.move_unapplied(unit.raw, self.spent)
        for key, (money, cause) in self.told.items():
            if because != BOUNCED:
                reopened = self.undone.get(key, ())
                unit.emit(*translate.payment_allocated(money, "invoice-issued", because, reopened), cause)
            if because not in (BOUNCED, UNDONE):
                unit.audit(cause, "payment.allocated", str(money.payment), {"because": because} if because else None)
        self.tell_settled(unit)

    def tell_withdrawn(self, unit: UnitOfWork) -> None:
        """Tell how payments are spread after all that was credited: once each, however many invoices they paid."""
        for money, cause in self.told.values():
            unit.emit(*translate.payment_allocated(money, "credited"), cause)

    def tell_settled(self, unit: UnitOfWork) -> None:
        """Tell which invoices have nothing open any more."""
        for receivable, on, cause in self.settled:
            if receivable.number.startswith(f"{CHARGES}-"):
                continue  # it says what late payment costs: that it is paid does not mean that the order is
            unit.emit(*translate.invoice_paid(receivable, on), cause)


def to_receivable(row: asyncpg.Record) -> Receivable:
    """An invoice as far as paying it goes, from its row."""
    number = told_number(row["series"], row["fiscal_year"], row["serial"], row["stated_number"])
    return Receivable(
        row["company"],
        row["id"],
        number,
        row["order_id"],
        row["currency"],
        row["issued_on"],
        row["due_on"],
        row["customer_id"],
        row["total"],
        row["open"],
        row["base_total"],
        None if row["discount"] is None else Discount(row["discount"], row["discount_until"]),
        row["settled_on"],
        row["revision"],
        row["deducted"],
        row["received_on"],
    )


def to_money(row: asyncpg.Record, moves: Sequence[Move]) -> Money:
    """A payment as far as spending it goes, from its row and what was done with it."""
    money = Money(
        row["company"],
        row["payment"],
        row["received_on"],
        row["currency"],
        row["amount"],
        row["unapplied"],
        standing([allocation for allocation, _ in moves]),
        row["base_amount"],
        row["customer_id"],
    )
    for allocation, posted_on in moves:
        if allocation.amount < 0:
            money.came_back(allocation.on, posted_on)
    return money


async def money_waiting_for(orders: Sequence[Key], unit: UnitOfWork) -> Mapping[Key, Sequence[Money]]:
    """Unspent money that names one of these orders, by order, the oldest first."""
    rows = await store.read_waiting(unit.raw, orders)
    if not rows:
        return {}
    moves = await moves_of({(row["company"], row["payment"]) for row in rows}, unit)
    waiting: defaultdict[Key, list[Money]] = defaultdict(list)
    for row in rows:
        waiting[row["company"], row["order_id"]].append(to_money(row, moves.get((row["company"], row["payment"]), [])))
    return waiting


async def money_in(invoices: Sequence[Key], unit: UnitOfWork) -> Mapping[Key, Sequence[Money]]:
    """The payments that pay these invoices, by invoice; a payment that pays several stands under each of them."""
    rows = await store.read_paying(unit.raw, invoices)
    if not rows:
        return {}
    moves = await moves_of({(row["company"], row["payment"]) for row in rows}, unit)
    payments: dict[Key, Money] = {}
    paying: defaultdict[Key, list[Money]] = defaultdict(list)
    for row in rows:
        key = row["company"], row["payment"]
        paying[row["company"], row["invoice"]].append(payments.setdefault(key, to_money(row, moves[key])))
    return paying


async def moves_of(payments: Collection[Key], unit: UnitOfWork) -> Mapping[Key, Sequence[Move]]:
    """All that these payments were let pay, and what of it was taken back, in its order."""
    moves: defaultdict[Key, list[Move]] = defaultdict(list)
    for company, payment, invoice, amount, paid, on, posted_on, order, revision, *number in await store.read_moves(
        unit.raw, payments
    ):
        allocation = Allocation(invoice, told_number(*number), order, amount, paid, revision, on)
        moves[company, payment].append((allocation, posted_on))
    return moves
