"""Who is reminded of what: levels by days overdue, a fee per letter, interest per invoice and day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from chassis.ids import UUID
from contracts.money import MICRO, divide_half_up, to_micro

YEAR_DAYS = 365
CHARGES = "LPC"
"""The series of debit notes over what late payment costs: late payment charges."""
LEVEL_MAX = 9
ITEMS_MAX = 500
"""On one letter; an event has no room for more."""


class Level(NamedTuple):
    """A step of a policy: from so many days overdue on, at this fee and interest for a year."""

    level: int
    days_overdue: int
    fee: int
    interest_rate: str


@dataclass(frozen=True, slots=True)
class Policy:
    """All levels in their order; whether fee and interest are owed, or only announced."""

    levels: Sequence[Level]
    books_charges: bool


class Move(NamedTuple):
    """What an invoice was open by less from a day on; below zero: by more."""

    on: date
    amount: int


class Overdue(NamedTuple):
    """An invoice that is open beyond its day."""

    company: str
    invoice: UUID
    number: str
    order: UUID
    order_reference: str
    customer: str
    currency: str
    issued_on: date
    due_on: date
    total: int
    open: int
    reached: int | None
    """The last level; 0 is known to be overdue, None is not."""
    interest_until: date
    """Up to which day interest was counted; the day it was due when never."""
    charge: bool
    """Whether it is itself over late payment: no interest on interest."""
    stopped: bool
    moves: Sequence[Move] = ()
    """What was paid or deducted since interest was counted last."""


class Item(NamedTuple):
    """An invoice on a letter, with the level that it reached now (or before) and the interest since the last one."""

    overdue: Overdue
    level: int
    interest: int
    steps: bool
    """Whether it reached the level with this letter."""


class Letter(NamedTuple):
    """What a customer is told on a day, in one currency."""

    company: str
    customer: str
    currency: str
    level: int
    items: Sequence[Item]
    fee: int
    part: int = 1
    """Of several letters of a day, where one cannot hold all that is overdue."""

    @property
    def asked(self) -> int:
        """What is open of all that nothing stops."""
        return sum(item.overdue.open for item in self.items if not item.overdue.stopped)

    @property
    def stopped(self) -> int:
        """What is open of what is disputed or promised: listed, and not asked for."""
        return sum(item.overdue.open for item in self.items if item.overdue.stopped)

    @property
    def interest(self) -> int:
        """On all its invoices, since they were dunned last."""
        return sum(item.interest for item in self.items)


def open_days(still_open: int, moves: Iterable[Move], since: date, until: date) -> int:
    """What was open, times the days on which it was, from a day up to another: what was paid on a day was not open any
    more on the next.
    """
    days = still_open * max(0, (until - since).days)
    return days + sum(move.amount * max(0, (min(move.on, until) - since).days) for move in moves)


def interest_on(open_for_days: int, rate: str) -> int:
    """Simple interest of a year of 365 days, on minor units times days; rounded half up once per invoice."""
    return divide_half_up(open_for_days * to_micro(rate), MICRO * YEAR_DAYS)


Covered = tuple[str, str, str, int, int]
"""Company, customer, currency, what is overdue, and the money of theirs that lies unapplied."""


def not_covered(
    written: Iterable[Letter], unapplied: Mapping[tuple[str, str, str], int]
) -> tuple[list[Letter], list[Covered]]:
    """Without the letters to customers whose own money would pay all that they are asked for: nobody has only said yet
    which invoice it is for.
    """
    by_customer: dict[tuple[str, str, str], list[Letter]] = {}
    for letter in written:
        by_customer.setdefault((letter.company, letter.customer, letter.currency), []).append(letter)
    left: list[Letter] = []
    covered: list[Covered] = []
    for key, ones in by_customer.items():
        asked, money = sum(one.asked for one in ones), unapplied.get(key, 0)
        if money >= asked:
            covered.append((*key, asked, money))
        else:
            left += ones
    return left, covered


def next_level(one: Overdue, policy: Policy, day: date) -> Level | None:
    """The level that the invoice reaches on the day: one at a time, so that nobody is threatened unwarned."""
    if one.stopped or one.charge:
        return None
    reached = one.reached or 0
    days = (day - one.due_on).days
    return next((x for x in policy.levels if x.level == reached + 1 and x.days_overdue <= days), None)


def letters(overdue: Iterable[Overdue], policy: Policy, day: date, own: str) -> list[Letter]:
    """One letter per customer and currency of which an invoice reaches a level; it lists all that is overdue.

    The fee of the highest level that is reached counts once per letter; it is in the company's own currency, so a
    letter in another one has none.
    """
    groups: dict[tuple[str, str, str], list[Overdue]] = {}
    for one in overdue:
        groups.setdefault((one.company, one.customer, one.currency), []).append(one)
    written: list[Letter] = []
    for (company, customer, currency), ones in sorted(groups.items()):
        reached = {one.invoice: next_level(one, policy, day) for one in ones}
        stepping = [level for level in reached.values() if level is not None]
        if not stepping:
            continue
        top = max(stepping)
        items = [_item(one, reached[one.invoice], day) for one in sorted(ones, key=lambda x: (x.due_on, x.number))]
        for part, first in enumerate(range(0, len(items), ITEMS_MAX), 1):
            fee = top.fee if currency == own and part == 1 else 0
            some = items[first : first + ITEMS_MAX]
            written.append(Letter(company, customer, currency, top.level, some, fee, part))
    return written


def _item(one: Overdue, level: Level | None, day: date) -> Item:
    if level is None:
        return Item(one, one.reached or 0, 0, steps=False)
    days = open_days(one.open, one.moves, one.interest_until, day)
    return Item(one, level.level, interest_on(days, level.interest_rate), steps=True)


def policy_of(rows: Iterable[Mapping[str, object]]) -> Policy | None:
    """The levels as they are kept, as a policy; None where there are none."""
    levels: list[Level] = []
    books = False
    for row in rows:
        level, days, fee = int(str(row["level"])), int(str(row["days_overdue"])), int(str(row["fee"]))
        levels.append(Level(level, days, fee, str(row["interest_rate"])))
        books = bool(row["books_charges"])
    return Policy(sorted(levels), books) if levels else None
