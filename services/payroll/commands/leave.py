"""What payroll can be asked to do about leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chassis.cause import Cause
from chassis.ids import UUID
from services.payroll.commands.people import Asker
from services.payroll.domain.leave import Rule


@dataclass(frozen=True, slots=True)
class DefineLeave:
    """A kind of leave."""

    cause: Cause
    leave_type: str
    name: str
    paid: bool
    limited: bool
    confidential: bool


@dataclass(frozen=True, slots=True)
class SetLeaveRule:
    """What a kind of leave gives from a day on."""

    cause: Cause
    rule: Rule


@dataclass(frozen=True, slots=True)
class AddHoliday:
    """A day on which nobody works."""

    cause: Cause
    day: date
    name: str


@dataclass(frozen=True, slots=True)
class AskForLeave:
    """Somebody wants to be away, both days included."""

    cause: Cause
    asker: Asker
    request: UUID
    employee: UUID
    leave_type: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class DecideLeave:
    """A request for leave is approved, rejected or cancelled."""

    cause: Cause
    asker: Asker
    request: UUID
    decision: str


@dataclass(frozen=True, slots=True)
class AdjustLeave:
    """A balance was wrong, or brought along from elsewhere."""

    cause: Cause
    asker: Asker
    employee: UUID
    leave_type: str
    effective_on: date
    hundredths: int


@dataclass(frozen=True, slots=True)
class CloseLeaveMonths:
    """Write what the months until this one add and let expire, in their order; each month once."""

    cause: Cause
    through: str | None
    """As `2026-03`; without one a single month, the next that is over."""
