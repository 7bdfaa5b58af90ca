"""Everything payroll can be asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chassis.cause import Cause
from chassis.ids import UUID


@dataclass(frozen=True, slots=True)
class LearnCompany:
    """Keep a register of people for this company from now on."""

    company: str


@dataclass(frozen=True, slots=True)
class RegisterEmployee:
    """Put a hired person on the register, with the job from the first day on."""

    cause: Cause
    employee: UUID
    reference: str
    """The hiring system's own number for it."""
    name: str
    job_title: str
    department: str
    starts_on: date
    language: str
