"""What leaves payroll of a run: sums by cost centre and authority, of no person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from services.payroll.domain.pay.calculating import Line


@dataclass(slots=True)
class Totals:
    """The journal of a run as sums. Adding is in any order; the memory it takes does not grow with the people."""

    salaries: dict[str, int] = field(default_factory=dict)
    """Earned, by cost centre."""
    employer: dict[str, int] = field(default_factory=dict)
    """The employer's contributions, by cost centre."""
    owed: dict[str, int] = field(default_factory=dict)
    """To be remitted, by authority: contributions of both sides, and tax."""
    net: int = 0
    """To be paid to people."""

    def add(self, lines: Iterable[Line]) -> None:
        """Count the lines of a payslip or of a difference in."""
        for line in lines:
            if line.kind == "earning":
                _count(self.salaries, line.cost_centre, line.amount)
                self.net += line.amount
                continue
            _count(self.owed, line.authority, line.amount)
            if line.kind == "employer":
                _count(self.employer, line.cost_centre, line.amount)
            else:
                self.net -= line.amount

    @property
    def balanced(self) -> bool:
        """Expense is what is owed to people and authorities."""
        return sum(self.salaries.values()) + sum(self.employer.values()) == sum(self.owed.values()) + self.net


def _count(sums: dict[str, int], key: str, amount: int) -> None:
    sums[key] = sums.get(key, 0) + amount
