"""Double entry: what is booked when something is sold, paid or taken back. Every entry balances in every currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from chassis.ids import UUID, derive

SALES_JOURNAL = "sales"
CASH_JOURNAL = "cash"
PAYROLL_JOURNAL = "payroll"
STOCK_JOURNAL = "stock"


class Line(NamedTuple):
    """One side of an entry in minor units of `currency`; exactly one of debit and credit is above 0."""

    account: str
    currency: str
    debit: int
    credit: int


class Entry(NamedTuple):
    """What is posted as one: in each currency the debits equal the credits."""

    company: str
    id: UUID
    journal: str
    posted_on: date
    document: UUID
    order: UUID | None
    lines: Sequence[Line]
    reverses: UUID | None = None


class Unbalanced(AssertionError):
    """An entry was made whose sides differ: a fault in this code. The database refuses it too."""


def sale_id(company: str, invoice: UUID) -> UUID:
    """The id of the entry that posts an invoice."""
    return derive(company, "sale", invoice)


def reversal_id(company: str, entry: UUID) -> UUID:
    """The id of the entry that takes another one back: there is at most one."""
    return derive(company, "reversal", entry)


def sale_lines(receivable: str, sales: str, taxes: Iterable[tuple[str, int]], net: int, currency: str) -> list[Line]:
    """The customer owes the total; the net is income, each tax is owed on its own account.

    Sides of nothing are left out; a sale for nothing has no lines at all, and is not posted.
    """
    total = net
    lines = [Line(sales, currency, 0, net)] if net else []
    for account, tax in taxes:
        if tax:
            total += tax
            lines.append(Line(account, currency, 0, tax))
    if total:
        lines.insert(0, Line(receivable, currency, total, 0))
    return lines


def transfer(debited: str, credited: Mapping[str, int], currency: str) -> list[Line]:
    """One account is debited with what others are credited with; parts of nothing are left out."""
    parts = [Line(account, currency, 0, amount) for account, amount in credited.items() if amount]
    return [Line(debited, currency, sum(part.credit for part in parts), 0), *parts]


def mirrored(lines: Iterable[Line]) -> list[Line]:
    """The lines of the entry that takes these back: every side changed over, nothing else."""
    return [Line(line.account, line.currency, line.credit, line.debit) for line in lines]


def check(entry: Entry) -> Entry:
    """The entry itself. Raises Unbalanced when it has no lines, an empty side, or sides that differ in a currency."""
    differences: dict[str, int] = {}
    for line in entry.lines:
        if line.debit < 0 or line.credit < 0 or (line.debit == 0) == (line.credit == 0):
            raise Unbalanced(f"{entry.id}: {line}")
        differences[line.currency] = differences.get(line.currency, 0) + line.debit - line.credit
    if not differences or any(differences.values()):
        raise Unbalanced(f"{entry.id}: {differences}")
    return entry


class AccountDay(NamedTuple):
    """A cell of the balances: what happened on an account in a currency with effect on a day."""

    company: str
    account: str
    currency: str
    effective_on: date


def day_sums(entries: Iterable[Entry]) -> dict[AccountDay, tuple[int, int]]:
    """Debits and credits of all these entries per account, currency and day."""
    sums: dict[AccountDay, tuple[int, int]] = {}
    nothing = (0, 0)
    for entry in entries:
        for account, currency, debit, credit in entry.lines:
            cell = AccountDay(entry.company, account, currency, entry.posted_on)
            before = sums.get(cell, nothing)
            sums[cell] = (before[0] + debit, before[1] + credit)
    return sums
