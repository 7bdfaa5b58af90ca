"""Double entry: what is booked when something is sold, paid or taken back. Every entry balances in every currency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from chassis.ids import UUID, derive

SALES_JOURNAL = "sales"
CASH_JOURNAL = "cash"
PAYROLL_JOURNAL = "payroll"
STOCK_JOURNAL = "stock"
GENERAL_JOURNAL = "general"
OPENING_JOURNAL = "opening"

SUBLEDGER_OF_JOURNAL: Mapping[str, str] = {GENERAL_JOURNAL: "gl", PAYROLL_JOURNAL: "payroll", STOCK_JOURNAL: "stock"}
"""Every other journal belongs to receivables."""


class Line(NamedTuple):
    """One side of an entry in minor units of `currency`; one of debit and credit is 0.

    Both are 0 on the line of an exchange difference, which has a value in the company's own currency alone.
    """

    account: str
    currency: str
    debit: int
    credit: int
    base: int | None = None
    """Debit less credit in the company's own currency; None on a line that is in it already."""
    due_on: date | None = None
    """On a line of the receivable account: when the invoice is due that it adds to or takes from."""
    department: str | None = None
    cost_centre: str | None = None

    @property
    def value(self) -> int:
        """Debit less credit in the company's own currency."""
        return self.debit - self.credit if self.base is None else self.base


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
    original_on: date | None = None
    """The day that it belonged to, when that was closed and it stands in a later period."""
    text: str | None = None
    """What a person wrote about it."""

    @property
    def subledger(self) -> str:
        """Whose lock it obeys."""
        return SUBLEDGER_OF_JOURNAL.get(self.journal, "ar")


class Unbalanced(AssertionError):
    """An entry was made whose sides differ: a fault in this code. The database refuses it too."""


def sale_id(company: str, invoice: UUID) -> UUID:
    """The id of the entry that posts an invoice."""
    return derive(company, "sale", invoice)


def reversal_id(company: str, entry: UUID) -> UUID:
    """The id of the entry that takes another one back: there is at most one."""
    return derive(company, "reversal", entry)


def sale_lines(
    receivable: str,
    sales: str,
    taxes: Iterable[tuple[str, int]],
    net: int,
    currency: str,
    *,
    due_on: date | None = None,
    value: Callable[[int], int] | None = None,
) -> list[Line]:
    """The customer owes the total; the net is income, each tax is owed on its own account.

    Sides of nothing are left out; a sale for nothing has no lines at all, and is not posted. `value` says what an
    amount of a foreign currency is worth in the company's own: total and taxes are rounded, the net is what is left.
    """
    total = net
    lines = [Line(sales, currency, 0, net)] if net else []
    for account, tax in taxes:
        if tax:
            total += tax
            lines.append(Line(account, currency, 0, tax))
    if not total:
        return lines
    lines.insert(0, Line(receivable, currency, total, 0, None, due_on))
    return lines if value is None else _valued_sale(lines, value, sold=bool(net))


def _valued_sale(lines: Sequence[Line], value: Callable[[int], int], *, sold: bool) -> list[Line]:
    receivable, rest = lines[0], lines[1:]
    worth = value(receivable.debit)
    valued = [line._replace(base=-value(line.credit)) for line in rest]
    last = 0 if sold else len(valued) - 1
    others = sum(line.value for at, line in enumerate(valued) if at != last)
    valued[last] = valued[last]._replace(base=-worth - others)
    return [receivable._replace(base=worth), *valued]


class Sold(NamedTuple):
    """A side of a sale in another currency, and what it was booked at in the company's own."""

    amount: int
    worth: int


def sold(lines: Iterable[Line], net: int, codes: Iterable[str]) -> tuple[Sold | None, Mapping[str, Sold]]:
    """The income of a sale and its tax by code, from its lines as `sale_lines` made them: `codes` are those of which
    there is any tax, in their order.
    """
    sides = [Sold(line.credit, -line.value) for line in lines if line.credit]
    income = sides.pop(0) if net else None
    return income, dict(zip(codes, sides, strict=True))


def mirrored(lines: Iterable[Line]) -> list[Line]:
    """The lines of the entry that takes these back: every side changed over, nothing else."""
    return [
        line._replace(debit=line.credit, credit=line.debit, base=None if line.base is None else -line.base)
        for line in lines
    ]


def check(entry: Entry) -> Entry:
    """The entry itself.

    Raises Unbalanced when it has no lines, an empty side, or sides that differ in a currency or in the company's own.
    """
    differences: dict[str, int] = {}
    worth = 0
    for line in entry.lines:
        if (
            line.debit < 0
            or line.credit < 0
            or ((line.debit > 0) == (line.credit > 0) and (line.debit or not line.base))
        ):
            raise Unbalanced(f"{entry.id}: {line}")
        differences[line.currency] = differences.get(line.currency, 0) + line.debit - line.credit
        if line.base is not None:
            worth += line.base
    if not differences or any(differences.values()) or worth:
        raise Unbalanced(f"{entry.id}: {differences}, {worth}")
    return entry


class AccountDay(NamedTuple):
    """A cell of the balances: what happened on an account in a currency with effect on a day."""

    company: str
    account: str
    currency: str
    effective_on: date


class DaySum(NamedTuple):
    """Both sides of a cell, in its currency and in the company's own."""

    debit: int
    credit: int
    base_debit: int
    base_credit: int

    def plus(self, line: Line) -> DaySum:
        """The cell with one line more."""
        debit, credit, base = line.debit, line.credit, line.base
        worth = (debit, credit) if base is None else (max(base, 0), max(-base, 0))
        return DaySum(self[0] + debit, self[1] + credit, self[2] + worth[0], self[3] + worth[1])


NOTHING = DaySum(0, 0, 0, 0)


def day_sums(entries: Iterable[Entry]) -> dict[AccountDay, DaySum]:
    """Debits and credits of all these entries per account, currency and day."""
    sums: dict[AccountDay, DaySum] = {}
    for entry in entries:
        for line in entry.lines:
            cell = AccountDay(entry.company, line.account, line.currency, entry.posted_on)
            sums[cell] = sums.get(cell, NOTHING).plus(line)
    return sums


class DueDay(NamedTuple):
    """A cell of the ageing: what became due on a day, by what had effect on another."""

    company: str
    currency: str
    due_on: date
    effective_on: date


def due_sums(entries: Iterable[Entry]) -> dict[DueDay, tuple[int, int]]:
    """What these entries add to what customers owe, per day due: in its currency, and in the company's own."""
    sums: dict[DueDay, tuple[int, int]] = {}
    for entry in entries:
        for _, currency, debit, credit, base, due_on, *_ in entry.lines:
            if due_on is not None:
                cell = DueDay(entry.company, currency, due_on, entry.posted_on)
                amount, worth = sums.get(cell, (0, 0))
                sums[cell] = amount + debit - credit, worth + (debit - credit if base is None else base)
    return sums


class DimensionDay(NamedTuple):
    """A cell of the balances per department and cost centre; an empty one is none."""

    company: str
    account: str
    currency: str
    department: str
    cost_centre: str
    effective_on: date


def dimension_sums(entries: Iterable[Entry]) -> dict[DimensionDay, DaySum]:
    """Debits and credits of the lines that name a department or a cost centre; of most entries none does."""
    sums: dict[DimensionDay, DaySum] = {}
    for entry in entries:
        for line in entry.lines:
            if line.department is not None or line.cost_centre is not None:
                place = line.department or "", line.cost_centre or ""
                cell = DimensionDay(entry.company, line.account, line.currency, *place, entry.posted_on)
                sums[cell] = sums.get(cell, NOTHING).plus(line)
    return sums
