"""Pay: what is agreed with people, and what is done with runs. What is personal is not printed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from chassis.cause import Cause
from chassis.ids import UUID


@dataclass(frozen=True, slots=True)
class DefinePayGroup:
    """People can be paid together in this group from a month on."""

    cause: Cause
    pay_group: str
    country: str
    currency: str
    since: date
    figures: Mapping[str, str]
    debtor_name: str
    debtor_iban: str
    debtor_bic: str | None
    debtor_address: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class GiveFigures:
    """Figures that the rules in force in a month leave open."""

    cause: Cause
    pay_group: str
    since: date
    figures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NamePayerAccount:
    """From which account of the company a group is paid from a day on."""

    cause: Cause
    pay_group: str
    effective_on: date
    iban: str
    bic: str | None


@dataclass(frozen=True, slots=True)
class ConfirmPayerAccount:
    """Somebody else has read the same account on the bank's own paper."""

    cause: Cause
    pay_group: str
    effective_on: date
    revision: int
    iban: str


@dataclass(frozen=True, slots=True)
class NamePayer:
    """Under which name and address a group is paid from a day on, and which words stand beside the month."""

    cause: Cause
    pay_group: str
    effective_on: date
    name: str
    address: Mapping[str, object]
    words: str | None


@dataclass(frozen=True, slots=True)
class AgreePay:
    """A month's salary from a day on; without one, the terms that began on this day are taken back."""

    cause: Cause
    employee: UUID
    pay_group: str
    effective_on: date
    monthly: int | None = field(repr=False)
    currency: str | None
    cost_centre: str | None
    contract: str | None = None
    """The reference of the contract whose pay it is; None for the employment as a whole."""


@dataclass(frozen=True, slots=True)
class NameBankAccount:
    """Where pay goes from a day on."""

    cause: Cause
    employee: UUID
    effective_on: date
    iban: str = field(repr=False)
    bic: str | None = field(repr=False)
    holder: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConfirmBankAccount:
    """Somebody else has read the same account on the person's own paper."""

    cause: Cause
    employee: UUID
    effective_on: date
    revision: int
    iban: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordTaxProfile:
    """What a person's tax depends on from a day on."""

    cause: Cause
    employee: UUID
    effective_on: date
    country: str
    tax_id: str = field(repr=False)
    children: int = field(repr=False)
    credit_points: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ErasePerson:
    """End what is known of the pay, bank account and tax of somebody who has left, here and in documents."""

    cause: Cause
    employee: UUID


@dataclass(frozen=True, slots=True)
class LogReading:
    """Somebody is about to read pay, where it goes, or who has what confidential leave."""

    cause: Cause
    what: str
    employee: UUID | None = None
    run: UUID | None = None
    people: tuple[UUID, ...] = ()
    """Of whom, where it is several people at once."""


@dataclass(frozen=True, slots=True)
class StartRun:
    """Calculate the pay of a group for a month."""

    cause: Cause
    pay_group: str
    period: date


@dataclass(frozen=True, slots=True)
class CalculateAgain:
    """Calculate a run once more, with what is known now."""

    cause: Cause
    run: UUID


@dataclass(frozen=True, slots=True)
class ApproveRun:
    """Release a run as it was seen."""

    cause: Cause
    run: UUID
    digest: str


@dataclass(frozen=True, slots=True)
class ExportPayFile:
    """Make the one file that tells the bank whom to pay."""

    cause: Cause
    run: UUID
    execution_on: date


@dataclass(frozen=True, slots=True)
class ConfirmPaid:
    """The bank has paid."""

    cause: Cause
    run: UUID
    paid_on: date


@dataclass(frozen=True, slots=True)
class PostRun:
    """Hand the run's journal to the books."""

    cause: Cause
    run: UUID


@dataclass(frozen=True, slots=True)
class CalculatePart:
    """Calculate the pay of some people of a run."""

    company: str
    run: UUID
    attempt: int
    part: int


@dataclass(frozen=True, slots=True)
class KeepPapers:
    """The payslips' papers are filed."""

    company: str
    papers: tuple[tuple[UUID, date, str, UUID], ...]
    """Employee, period, kind, document."""
