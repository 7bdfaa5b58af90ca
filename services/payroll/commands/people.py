"""What payroll can be asked to do about people: their employment, contracts, accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from chassis.cause import Cause
from chassis.ids import UUID
from services.payroll.domain.employment import Said


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for something that not everybody may have: an account of a company, and what it was granted."""

    company: str
    actor: str
    rights: frozenset[str]
    person: str
    """The human behind the account; four eyes compares these. What somebody may see goes by the account."""


@dataclass(frozen=True, slots=True)
class LearnCompany:
    """Keep a register of people for this company from now on."""

    company: str
    time_zone: str
    country: str
    currency: str


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


@dataclass(frozen=True, slots=True)
class ChangeEmployment:
    """From a day on, some things are otherwise for a person; or a fact was wrong and this takes its place."""

    cause: Cause
    employee: UUID
    said: Said
    """Of `name language job_title department cost_centre manager`."""


@dataclass(frozen=True, slots=True)
class RecordLeaving:
    """The last day of a person's employment; without a day, they stay after all."""

    cause: Cause
    employee: UUID
    left_on: date | None
    reason: str
    correction: str | None = None
    """What was wrong about a last day that others know; without, it stays."""


@dataclass(frozen=True, slots=True)
class SignContract:
    """A person works under these terms from a day on. Pay is agreed apart, and sealed."""

    cause: Cause
    contract: UUID
    employee: UUID
    reference: str
    post: str | None
    starts_on: date
    says: Mapping[str, object]
    """Its `kind job_title weekly_hours_hundredths ends_on`."""


@dataclass(frozen=True, slots=True)
class AmendContract:
    """From a day on, other terms; `ends_on` among them ends the contract."""

    cause: Cause
    contract: UUID
    said: Said


@dataclass(frozen=True, slots=True)
class LinkAccount:
    """Who signs in under this name is this person; without a person, nobody any more."""

    cause: Cause
    actor: str
    employee: UUID | None


@dataclass(frozen=True, slots=True)
class FileAgreement:
    """Put on file what was agreed with a person: the hire, or what a fact about a contract says."""

    company: str
    employee: UUID
    contract: UUID | None
    """None for the hire."""
    revision: int
