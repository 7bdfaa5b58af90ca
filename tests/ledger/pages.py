"""What the accountant with the notebook writes on: invoices, payments, and a page for every account and day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

DECIMALS = {"EUR": 2, "USD": 2, "ILS": 2, "JPY": 0, "KWD": 3}
BANK, CUSTOMERS, UNAPPLIED, SALES, EXCHANGE, DISCOUNTS, CHARGES = "1000", "1100", "2100", "4000", "1900", "6100", "6200"
LATE_PAYMENT = "4800"
TAX = {"VAT24": ("2200", "0.24"), "VAT13": ("2201", "0.13"), "VAT0": ("2200", "0")}
Move = tuple[date, str, int]
"""What an invoice is more or less since a day, and by what."""
DIFFERENCE = "gain or loss"
"""Both accounts of exchange differences together: one page says what was realised."""


def half_up(exact: Fraction) -> int:
    """To a whole number, halves away from nought."""
    size = int(abs(exact) + Fraction(1, 2))
    return size if exact >= 0 else -size


def minor(amount: str, currency: str) -> int:
    """Minor units of an amount."""
    units = Fraction(amount) * 10 ** DECIMALS[currency]
    assert units.denominator == 1, amount
    return int(units)


def part_of(whole: int | None, part: int, of: int) -> int | None:
    """The share of a value that a part of its sum has."""
    return None if whole is None else half_up(Fraction(whole * part, of)) if of else 0


@dataclass
class Standing:
    """What a payment pays of an invoice now: in its own currency, in the invoice's, and since when."""

    spent: int
    paid: int
    day: date


@dataclass
class Purse:
    """A payment."""

    id: str
    currency: str
    amount: int
    worth: int | None
    received_on: date
    waits_for: str | None
    customer: str | None
    left: int
    gone: bool = False
    moves: list[tuple[date, int]] = field(default_factory=list)
    back_on: date = date.min
    """When something of it came back last by its own account."""
    free_on: date = date.min
    """And on which page that is written."""

    def overdrawn(self) -> list[date]:
        """The days on which less than nothing of it was left: it was used before it was there."""
        by_day: defaultdict[date, int] = defaultdict(int)
        for day, amount in self.moves:
            by_day[day] += amount
        return [day for day in by_day if sum(amount for other, amount in by_day.items() if other <= day) < 0]


@dataclass
class Paper:
    """An invoice."""

    id: str
    order: str
    part: int
    customer: str
    currency: str
    issued_on: date
    due_on: date
    lines: dict[int, tuple[Fraction, int, str]]
    """Quantity, net and tax code by number."""
    taxes: dict[str, tuple[int, int]]
    """Base and tax by code, in the order of the lines."""
    sale: list[tuple[str, int, int | None]]
    worth: int | None
    discount_most: int
    discount_until: date | None
    total: int = 0
    open: int = 0
    discount: int = 0
    discount_on: date = date.min
    credited: int = 0
    over: bool = False
    paid_by: dict[str, Standing] = field(default_factory=dict)
    returned: dict[int, tuple[Fraction, int]] = field(default_factory=dict)
    """Quantity and net that notes have given back, by line."""
    tax_back: dict[str, tuple[int, int]] = field(default_factory=dict)
    left_of_sale: dict[str, int] = field(default_factory=dict)
    """What notes have left of the sale, by account."""
    moves: list[Move] = field(default_factory=list)
    less: list[tuple[date, int]] = field(default_factory=list)
    """What was open by less from a day on, by its own account, whatever page it is written on."""
    revision: int = 1
    """Of the order."""
    is_charge: bool = False
    """Over late payment: it is owed besides what the order comes to."""

    @property
    def settled_on(self) -> date | None:
        """Since when all that still stands is paid."""
        return max((one.day for one in self.paid_by.values()), default=None)

    def value(self, before: int, after: int) -> int | None:
        """What is worth that which was open before and is not after."""
        if self.worth is None:
            return None
        return (part_of(self.worth, before, self.total) or 0) - (part_of(self.worth, after, self.total) or 0)

    def given_back(self, account: str, amount: int) -> int | None:
        """What is worth that which a note takes off an account of the sale, of which what is left keeps its share."""
        whole, worth = next(((-sum_, own) for name, sum_, own in self.sale if name == account), (0, 0))
        if self.worth is None or worth is None or not whole:
            return None if self.worth is None else 0
        before = self.left_of_sale.get(account, whole)
        after = self.left_of_sale[account] = before - amount
        return (part_of(-worth, before, whole) or 0) - (part_of(-worth, after, whole) or 0)

    def tax_worth(self, account: str, part: int) -> int | None:
        """The share that a part of the tax on an account has of what it is worth."""
        whole, worth = next(((-sum_, own) for name, sum_, own in self.sale if name == account), (0, 0))
        return None if self.worth is None or worth is None else part_of(-worth, part, whole)


@dataclass
class Pages:
    """What the accountant of one company writes on."""

    own: str
    zone: ZoneInfo
    rates: dict[str, list[tuple[date, Fraction]]]
    closed: list[tuple[date, date]]
    papers: dict[str, Paper] = field(default_factory=dict)
    purses: dict[str, Purse] = field(default_factory=dict)
    pages: defaultdict[tuple[str, str, date], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def day_of(self, moment: datetime) -> date:
        """The company's own day."""
        return moment.astimezone(self.zone).date()

    def open_day(self, day: date) -> date:
        """The first open day from this one on."""
        for first, last in sorted(self.closed):
            if first <= day <= last:
                day = last + timedelta(days=1)
        return day

    def worth_of(self, amount: int, currency: str, day: date) -> int | None:
        """In the company's own currency by the newest rate of the day; None where it is that one."""
        if currency == self.own:
            return None
        rate = [rate for since, rate in self.rates[currency] if since <= day][-1]
        return half_up(Fraction(amount, 10 ** DECIMALS[currency]) * rate * 10 ** DECIMALS[self.own])

    def write(self, day: date, currency: str, lines: Sequence[tuple[str, str, int, int | None]]) -> date:
        """An entry: account, currency, debit less credit, and its worth. What is missing in worth is a difference."""
        day = self.open_day(day)
        by_currency: defaultdict[str, int] = defaultdict(int)
        missing = 0
        for account, line_currency, amount, worth in lines:
            by_currency[line_currency] += amount
            own = amount if worth is None else worth
            missing -= own
            page = self.pages[account, line_currency, day]
            page[0] += amount
            page[1] += own
        assert not any(by_currency.values()), lines
        if missing:
            self.pages[DIFFERENCE, currency, day][1] += missing
        return day

    def received(self, paper: Paper) -> date:
        """When the last of the money came that pays an invoice."""
        return max((self.purses[purse].received_on for purse in paper.paid_by), default=date.min)

    def spread(self, amount: int, wishes: Sequence[tuple[Paper, int | None]], currency: str, on: date) -> list[int]:
        """What new money pays of each invoice: in their order, or each less its discount where that is what it is."""
        most = [min(p.open, p.open if bound is None else bound) if p.currency == currency else 0 for p, bound in wishes]
        least = list(most)
        for place, (paper, bound) in enumerate(wishes):
            if bound is None and most[place] and paper.discount_until is not None:
                off = paper.discount_most * (paper.total - paper.credited - paper.discount) // paper.total
                if off < paper.open and max(on, self.received(paper)) <= paper.discount_until:
                    least[place] -= off
        pays = least if sum(least) <= amount < sum(most) else [0] * len(most)
        over = amount - sum(pays)
        for place, whole in enumerate(most):
            more = min(over, whole - pays[place])
            pays[place], over = pays[place] + more, over - more
        return pays

    def statement(self, customer: str, as_of: date) -> dict[str, list[Move]]:
        """What happened to the customer's invoices up to a day, by currency."""
        moves: defaultdict[str, list[Move]] = defaultdict(list)
        for paper in self.papers.values():
            if paper.customer == customer:
                moves[paper.currency] += [move for move in paper.moves if move[0] <= as_of]
        return moves

    def unapplied(self, customer: str, as_of: date) -> dict[str, int]:
        """What is left of the customer's money on a day, by currency."""
        left: defaultdict[str, int] = defaultdict(int)
        for purse in self.purses.values():
            if purse.customer == customer:
                left[purse.currency] += sum(amount for day, amount in purse.moves if day <= as_of)
        return left

    def aged(self, customer: str | None, as_of: date) -> dict[str, list[int]]:
        """What was open on a day: not due, up to 30, 60 and 90 days overdue, and longer; by currency."""
        buckets: defaultdict[str, list[int]] = defaultdict(lambda: [0] * 5)
        for paper in self.papers.values():
            if customer in (None, paper.customer):
                was_open = sum(amount for day, _, amount in paper.moves if day <= as_of)
                late = (as_of - paper.due_on).days
                place = 0 if late <= 0 else 1 if late <= 30 else 2 if late <= 60 else 3 if late <= 90 else 4
                buckets[paper.currency][place] += was_open
        return {currency: amounts for currency, amounts in buckets.items() if any(amounts)}
