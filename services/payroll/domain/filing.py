"""What is to be put on file, with all that its paper says: payslips, and what employer and employee agreed on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from chassis.ids import UUID, derive
from services.payroll.domain.pay.paying import PersonPay


class ToFile(NamedTuple):
    """A payslip with all that its paper says."""

    employee: UUID
    period: date
    kind: str
    number: str
    name: str
    language: str
    currency: str
    issued_on: date
    version: str
    debtor_name: str
    debtor_address: Mapping[str, Any]
    pay: PersonPay

    def __repr__(self) -> str:
        return f"ToFile({self.employee}, {self.period})"


def payslip_id(company: str, slip: ToFile) -> UUID:
    """What the paper is about: one payslip of a person, period and kind."""
    return derive("payslip", company, slip.employee, slip.period, slip.kind)


HIRE, CONTRACT = "hire", "contract"
"""What an agreement's paper is about."""


class AgreementToFile(NamedTuple):
    """A hire, a contract or an amendment of one, as both sides have it on paper. Pay is agreed apart, and sealed."""

    kind: str
    """`hire` or `contract`."""
    about: UUID
    number: str
    employee: UUID
    employee_number: str
    name: str
    language: str
    position: str
    department: str
    starts_on: date
    ends_on: date | None
    weekly_hours_hundredths: int | None
    issued_on: date
    applies_from: date | None
    """Of an amendment: the first day of these terms."""


def hire_id(company: str, employee: UUID) -> UUID:
    """What the paper of a hire is about: there is one of a person."""
    return derive(HIRE, company, employee)


def agreement_number(reference: str, revision: int) -> str:
    """A contract's paper bears its reference; that of an amendment also which fact about the contract it is."""
    return reference if revision == 1 else f"{reference[:56]}/{revision}"
