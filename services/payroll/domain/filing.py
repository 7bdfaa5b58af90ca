"""A payslip that is to be put on file, with all that its paper says."""

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
