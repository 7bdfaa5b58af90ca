"""What leaves payroll of a run: sums by cost centre and authority, of no person."""

from __future__ import annotations

from collections.abc import Collection, Iterable
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
    """Contributions to be remitted, by authority, of both sides."""
    tax: dict[str, int] = field(default_factory=dict)
    """Tax to be remitted, by authority."""
    net: int = 0
    """Owed to people."""
    people: dict[str, int] = field(default_factory=dict)
    """How many persons stand behind the sums of a cost centre: whose amounts there come to nothing does not count."""
    some: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of these persons three at most, by their ids: enough to see whether several centres have three between them."""
    payable: int = 0
    """What goes to banks: `net`, less what earlier runs paid too much."""
    payments: int = 0
    """To how many people."""

    def add(self, lines: Iterable[Line]) -> None:
        """Count the lines of a payslip or of a difference in."""
        for line in lines:
            if line.kind == "earning":
                _count(self.salaries, line.cost_centre, line.amount)
                self.net += line.amount
                continue
            _count(self.tax if line.kind == "tax" else self.owed, line.authority, line.amount)
            if line.kind == "employer":
                _count(self.employer, line.cost_centre, line.amount)
            else:
                self.net -= line.amount

    @property
    def balanced(self) -> bool:
        """Expense is what is owed to people and authorities."""
        expense = sum(self.salaries.values()) + sum(self.employer.values())
        return expense == sum(self.owed.values()) + sum(self.tax.values()) + self.net

    def merge(self, other: Totals) -> None:
        """Count the sums of a part of the run in."""
        for mine, theirs in zip(self._sums(), other._sums(), strict=True):
            for key, amount in theirs.items():
                _count(mine, key, amount)
        for centre, persons in other.some.items():
            self._stand(centre, persons)
        self.net += other.net
        self.payable += other.payable
        self.payments += other.payments

    def of(self, person: str, lines: Collection[Line], payable: int) -> None:
        """Count a person in: who is behind a cost centre's sums matters, not only how much they come to."""
        self.add(lines)
        earned: dict[str, int] = {}
        for line in lines:
            if line.kind == "earning":
                _count(earned, line.cost_centre, line.amount)
        for centre, amount in earned.items():
            if amount:
                _count(self.people, centre, 1)
                self._stand(centre, (person,))
        self.payable += payable
        self.payments += payable > 0

    @property
    def many(self) -> bool:
        """Whether so many persons stand behind the run that its sums tell nobody's pay."""
        return len({person for persons in self.some.values() for person in persons}) >= FEW

    def names(self) -> dict[str, str]:
        """Under which cost centre each one's sums leave payroll: its own, or with others when it has few people.

        Small ones are put together until three different persons stand behind the pool; when those of the small ones
        are too few for that, the next larger ones join. One person in three centres is one person.
        """
        centres = {*self.salaries, *self.employer, *self.people}
        inside: set[str] = set()
        behind: set[str] = set()
        for centre in sorted(centres, key=lambda each: (self.people.get(each, 0), each)):
            persons = self.some.get(centre, ())
            if len(persons) >= FEW and (not inside or len(behind) >= FEW):
                break
            inside.add(centre)
            behind |= set(persons)
        return {centre: POOLED if centre in inside else centre for centre in centres}

    def _stand(self, centre: str, persons: Iterable[str]) -> None:
        """Always the same three, whatever the order: the first ones by id."""
        self.some[centre] = tuple(sorted({*self.some.get(centre, ()), *persons})[:FEW])

    def _sums(self) -> tuple[dict[str, int], ...]:
        return self.salaries, self.employer, self.owed, self.tax, self.people


def _count(sums: dict[str, int], key: str, amount: int) -> None:
    sums[key] = sums.get(key, 0) + amount


FEW = 3
"""Sums of fewer people tell what one of them earns, to that person's colleague at least."""
POOLED = "various"
"""The cost centre of what stands for several that have too few people each."""
