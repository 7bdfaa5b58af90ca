"""Back-dated changes: every affected month again by the rules of its time, and what is different, month by month.

A payslip that was paid is never touched. The difference of each month is paid in the next run, as lines of that month.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.payroll.domain.pay.calculating import Line, Payslip, Step, YearToDate, calculate
from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.people import Person
from services.payroll.domain.pay.rules import Pack, pack_for


@dataclass(frozen=True, slots=True)
class Difference:
    """What a paid month should have been, less all that was paid for it; under which rules it was found."""

    month: Month
    version: str
    lines: tuple[Line, ...]
    digest: str = ""
    steps: tuple[Step, ...] = ()
    """How the month as it should have been came about."""
    was: tuple[Line, ...] = ()
    """What had been paid until then of each of these lines; an older version did not keep it."""

    @property
    def net(self) -> int:
        """What is still to be paid for that month; below zero it was too much."""
        return sum(line.amount if line.kind == "earning" else -line.amount for line in self.lines if _own(line))


def _own(line: Line) -> bool:
    return line.kind != "employer"


def recalculate(
    person: Person, months: Sequence[Month], country: str, packs: Sequence[Pack], holidays: Collection[date] = ()
) -> dict[Month, Payslip]:
    """The payslips of these months as the facts stand now. The first month is the first of its year with pay, or the
    person's first month: year-to-date sums begin there. Raises PayRefused `tax-table-missing`."""
    found: dict[Month, Payslip] = {}
    so_far, year = YearToDate(), 0
    for month in sorted(months):
        so_far = so_far if month.year == year else YearToDate()
        year = month.year
        slip = calculate(person.at(month), month, pack_for(packs, country, month), so_far, holidays)
        so_far = slip.after(so_far)
        found[month] = slip
    return found


def differences(paid: Mapping[Month, Sequence[Line]], now: Mapping[Month, Payslip]) -> list[Difference]:
    """What differs, by month in their order. `paid` has the original lines and every difference paid since."""
    found: list[Difference] = []
    for month in sorted(now):
        should = _summed(now[month].lines)
        was = _summed(paid.get(month, ()))
        lines = tuple(
            replace(line, amount=should.get(line, 0) - was.get(line, 0))
            for line in sorted(should.keys() | was.keys(), key=_order)
            if should.get(line, 0) != was.get(line, 0)
        )
        if lines:
            paid_before = tuple(replace(line, amount=was.get(replace(line, amount=0), 0)) for line in lines)
            slip = now[month]
            found.append(Difference(month, slip.version, lines, slip.digest, slip.steps, paid_before))
    return found


def _order(line: Line) -> tuple[str, str, str, str]:
    return line.kind, line.code, line.cost_centre, line.authority


def _summed(lines: Sequence[Line]) -> dict[Line, int]:
    """Amounts by what they are for: a line with no amount is the key."""
    sums: dict[Line, int] = {}
    for line in lines:
        key = replace(line, amount=0)
        sums[key] = sums.get(key, 0) + line.amount
    return sums
