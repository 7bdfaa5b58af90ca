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
from services.ledger.domain.numbering import DocumentNumber
from services.ledger.domain.posting import Entry
from services.ledger.domain.settlement import (
    Allocation,
    Money,
    Receivable,
    allocate,
    application,
    settled_on,
    standing,
)
from services.ledger.store import documents
from services.ledger.store import money as store
from services.ledger.store.money import AllocationRow

Key = tuple[str, UUID]
"""Company and id."""


@dataclass(slots=True)
class Settling:
    """What a batch of allocations leads to."""

    books: Mapping[str, Books]
    entries: list[tuple[Entry, Cause]] = field(default_factory=list)
    allocations: list[AllocationRow] = field(default_factory=list)
    spent: dict[Key, int] = field(default_factory=dict)
    """What was taken out of unapplied cash, by payment."""
    told: dict[Key, tuple[Money, Cause]] = field(default_factory=dict)
    """Payments whose spread changed, with the last event that changed it."""
    paid: dict[Key, int] = field(default_factory=dict)
    """What was taken off what is open, by invoice."""
    settled: list[tuple[Receivable, date, Cause]] = field(default_factory=list)
    """Invoices of which nothing is open any more, and since which day."""

    def apply(self, waiting: Sequence[Money], receivable: Receivable, cause: Cause) -> None:
        """Let money that lies unapplied pay an invoice, one after the other, as far as both reach."""
        for money in waiting:
            allocation = allocate(money, receivable)
            if allocation is None:
                continue
            entry = application(money, receivable, allocation.amount, self.books[money.company])
            self.entries.append((entry, cause))
            key = money.company, money.payment
            self.spent[key] = self.spent.get(key, 0) + allocation.amount
            self.told[key] = money, cause
            self.allocated(money, receivable, allocation, entry.id, cause)

    def allocated(
        self, money: Money, receivable: Receivable, allocation: Allocation, entry: UUID, cause: Cause
    ) -> None:
        """Note an allocation that an entry has posted."""
        on = settled_on(money, receivable)
        self.allocations.append((money.company, money.payment, allocation.invoice, entry, allocation.amount, on))
        key = money.company, allocation.invoice
        self.paid[key] = self.paid.get(key, 0) + allocation.amount
        if receivable.open == 0:
            self.settled.append((receivable, on, cause))

    async def keep(self, unit: UnitOfWork) -> None:
        """Write the allocations and what they take off invoices."""
        if self.allocations:
            await store.insert_allocations(unit.raw, self.allocations)
            await documents.pay_open_items(unit.raw, self.paid)

    async def keep_applications(self, unit: UnitOfWork) -> None:
        """Write and tell what `apply` decided; its entries are posted by the caller."""
        if not self.allocations:
            return
        await self.keep(unit)
        await store.move_unapplied(unit.raw, {key: -amount for key, amount in self.spent.items()})
        for money, cause in self.told.values():
            unit.emit(*translate.payment_allocated(money, "invoice-issued"), cause)
            unit.audit(cause, "payment.allocated", str(money.payment))
        self.tell_settled(unit)

    def tell_settled(self, unit: UnitOfWork) -> None:
        """Tell which invoices have nothing open any more."""
        for receivable, on, cause in self.settled:
            unit.emit(*translate.invoice_paid(receivable, on), cause)


def to_receivable(row: asyncpg.Record) -> Receivable:
    """An invoice as far as paying it goes, from its row."""
    number = DocumentNumber(row["series"], row["fiscal_year"], row["serial"]).printed
    names = ("order_id", "currency", "issued_on", "total", "open", "revision")
    return Receivable(row["company"], row["id"], number, *(row[name] for name in names))


async def money_waiting_for(orders: Sequence[Key], unit: UnitOfWork) -> Mapping[Key, Sequence[Money]]:
    """Unspent money that names one of these orders, by order, the oldest first."""
    rows = await store.read_waiting(unit.raw, orders)
    if not rows:
        return {}
    spread = await allocations_of({(row["company"], row["payment"]) for row in rows}, unit)
    waiting: defaultdict[Key, list[Money]] = defaultdict(list)
    for company, payment, order, currency, amount, unapplied, received_on in rows:
        money = Money(company, payment, received_on, currency, amount, unapplied, spread.get((company, payment), []))
        waiting[company, order].append(money)
    return waiting


async def allocations_of(payments: Collection[Key], unit: UnitOfWork) -> dict[Key, list[Allocation]]:
    """How these payments are spread at present."""
    moves: defaultdict[Key, list[Allocation]] = defaultdict(list)
    for company, payment, invoice, amount, order, revision, *number in await store.read_moves(unit.raw, payments):
        moves[company, payment].append(Allocation(invoice, DocumentNumber(*number).printed, order, amount, revision))
    return {key: standing(made) for key, made in moves.items()}
