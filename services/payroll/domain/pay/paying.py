"""A person's pay in a run: this month's payslip, and what is different about the months that were paid before.

Each payslip keeps the facts it was made from, so the next one sees by itself whether anything was changed about the
past. Only then are the earlier payslips needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.payroll.domain.pay.calculating import Line, Payslip, YearToDate, calculate
from services.payroll.domain.pay.correcting import Difference, differences, recalculate
from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.noticing import first_difference
from services.payroll.domain.pay.people import Person
from services.payroll.domain.pay.rules import Pack, pack_for


@dataclass(frozen=True, slots=True)
class Facts:
    """What one person's pay is calculated from, as it is known."""

    person: Person
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class PersonPay:
    """What a run pays to one person. It is what is sealed as their payslip."""

    facts: Facts
    slip: Payslip | None
    """None for somebody who has left, and is only paid a difference."""
    month: Month
    differences: tuple[Difference, ...]
    year: YearToDate
    """The year so far with this month and all differences."""
    carried: int
    """What earlier runs paid too much and could not take back: zero or less."""

    @property
    def lines(self) -> tuple[Line, ...]:
        """Everything that this run books for the person."""
        own = () if self.slip is None else self.slip.lines
        return own + tuple(line for difference in self.differences for line in difference.lines)

    @property
    def net(self) -> int:
        """This month's and all differences together."""
        return (0 if self.slip is None else self.slip.net) + sum(each.net for each in self.differences)

    @property
    def payable(self) -> int:
        """What goes to the bank: never below zero."""
        return max(0, self.net + self.carried)

    @property
    def left_over(self) -> int:
        """What the next run has to take back."""
        return min(0, self.net + self.carried)


@dataclass(frozen=True, slots=True)
class Task:
    """A person to be paid, before it is known whether earlier payslips are needed."""

    facts: Facts
    month: Month
    since: Month
    """The first month that this house paid the person's group."""
    country: str
    packs: tuple[Pack, ...]
    last: PersonPay | None
    """What the newest payslip before this month says."""


def changed_from(task: Task) -> Month | None:
    """The month from which everything is to be calculated again; None when nothing of the past has changed.

    Sums of the year so far begin in January, so that is where the calculation begins.
    """
    now, last = task.facts, task.last
    if last is None:
        first = _month_of(now.person) if now.person.hired_on > task.since.first else task.since
        return None if first >= task.month else _from_new_year(first, first)
    before = last.facts
    day = first_difference(before.person, now.person, last.month.last, before.holidays, now.holidays)
    if last.month.next() < task.month and now.person.paid_in(last.month.next()):
        day = min(day or last.month.next().first, last.month.next().first)
    if day is None:
        return None
    start = max(task.since, min(_month_of(now.person), _month_of(before.person)))
    changed = max(start, Month(day.year, day.month))
    return None if changed >= task.month else _from_new_year(changed, start)


def pay(task: Task, again: Month | None, paid: Mapping[Month, Sequence[Line]]) -> PersonPay | None:
    """What the run pays. `again` is what `changed_from` said, `paid` all that was paid for the months since then.

    None for somebody who is neither employed in this month nor owed a difference. Raises PayRefused.
    """
    person, holidays = task.facts.person, task.facts.holidays
    different: list[Difference] = []
    so_far = YearToDate()
    if again is not None:
        months = [month for month in _months(again, task.month) if person.paid_in(month)]
        slips = recalculate(person, months, task.country, task.packs, holidays)
        for month in paid:
            if again <= month < task.month and month not in slips:  # paid for a month without employment
                slips[month] = _nothing(month, pack_for(task.packs, task.country, month))
        different = differences(paid, slips)
        for month, slip in slips.items():
            if month.year == task.month.year:
                so_far = slip.after(so_far)
    elif task.last is not None and task.last.month.year == task.month.year:
        so_far = task.last.year
    carried = 0 if task.last is None else task.last.left_over
    own: Payslip | None = None
    if person.paid_in(task.month):
        pack = pack_for(task.packs, task.country, task.month)
        own = calculate(person.at(task.month), task.month, pack, so_far, holidays)
        so_far = own.after(so_far)
    elif not different and not carried:
        return None
    return PersonPay(task.facts, own, task.month, tuple(different), so_far, carried)


def paid_so_far(papers: Sequence[PersonPay], again: Month) -> dict[Month, list[Line]]:
    """What payslips have paid, original and differences, by the month that it was for."""
    paid: dict[Month, list[Line]] = {}
    for paper in papers:
        if paper.slip is not None and paper.month >= again:
            paid.setdefault(paper.month, []).extend(paper.slip.lines)
        for difference in paper.differences:
            if difference.month >= again:
                paid.setdefault(difference.month, []).extend(difference.lines)
    return paid


def _month_of(person: Person) -> Month:
    return Month(person.hired_on.year, person.hired_on.month)


def _from_new_year(changed: Month, start: Month) -> Month:
    return max(start, Month(changed.year, 1))


def _months(first: Month, end: Month) -> Iterator[Month]:
    month = first
    while month < end:
        yield month
        month = month.next()


def _nothing(month: Month, pack: Pack) -> Payslip:
    return Payslip(month, pack.version, pack.digest, (), (), 0)
