"""What payroll asks the books to hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chassis.cause import Cause
from chassis.ids import UUID


@dataclass(frozen=True, slots=True)
class PostPayroll:
    """Book a pay run: sums by role and who bears them, above zero a debit, in minor units; they add up to nothing."""

    company: str
    run: UUID
    posted_on: date
    currency: str
    sums: tuple[tuple[str, str | None, int], ...]
    cause: Cause


@dataclass(frozen=True, slots=True)
class PostTraining:
    """Book what a training session cost: by cost centre, in minor units; of nobody."""

    company: str
    session: UUID
    held_on: date
    currency: str
    shares: tuple[tuple[str | None, int], ...]
    cause: Cause

    @property
    def cost(self) -> int:
        """All shares together."""
        return sum(cost for _, cost in self.shares)
