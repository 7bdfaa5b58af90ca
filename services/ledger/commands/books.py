"""Periods, dimensions, policies and manual entries, asked over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chassis.cause import Cause
from chassis.ids import UUID
from services.ledger.domain.calendar import Period
from services.ledger.domain.manual import WantedEntry
from services.ledger.domain.policy import PolicyChange
from services.ledger.domain.shares import Share


@dataclass(frozen=True, slots=True)
class DefineFiscalYear:
    """Open a fiscal year with its months."""

    company: str
    year: int
    periods: Sequence[Period]
    cause: Cause


@dataclass(frozen=True, slots=True)
class LockPeriod:
    """Close a period for sub-ledgers, or open it again for a reason."""

    company: str
    fiscal_year: int
    number: int
    subledgers: Sequence[str]
    closed: bool
    reason: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class GrantException:
    """Let one user post into a closed period for a while."""

    company: str
    fiscal_year: int
    number: int
    subledger: str
    user: str
    until: datetime
    reason: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class NewDimensionValue:
    """A department or cost centre; `pointer` is where it stands in the request."""

    dimension: str
    code: str
    name: str
    pointer: str


@dataclass(frozen=True, slots=True)
class DefineDimensionValues:
    """Add departments or cost centres: all of them or none."""

    company: str
    values: Sequence[NewDimensionValue]
    cause: Cause


@dataclass(frozen=True, slots=True)
class DefineAllocationRule:
    """Fix the shares by which lines are split."""

    company: str
    code: str
    name: str
    shares: Sequence[Share]
    cause: Cause


@dataclass(frozen=True, slots=True)
class ChangePolicy:
    """Decide something differently from a day on."""

    company: str
    change: PolicyChange
    approval_limit: str | None
    """As a decimal string; the change gets it in minor units of the company's own currency."""
    cause: Cause


@dataclass(frozen=True, slots=True)
class PostEntry:
    """Post an entry that a person made."""

    wanted: WantedEntry
    cause: Cause

    @property
    def company(self) -> str:
        """Whose books."""
        return self.wanted.company


@dataclass(frozen=True, slots=True)
class ReverseEntry:
    """Take a manual entry back."""

    company: str
    entry: UUID
    posted_on: date
    text: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class DecideEntry:
    """Agree with an entry above the limit, or turn it down."""

    company: str
    entry: UUID
    approved: bool
    reason: str
    cause: Cause
