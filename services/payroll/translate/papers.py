"""A payslip as documents wants it told: names and amounts in the employee's language, in one signed call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from chassis.ids import UUID, derive
from contracts.money import from_minor
from services.payroll.domain.pay.calculating import Line
from services.payroll.domain.pay.paying import PersonPay
from services.payroll.domain.pay.wording import worded


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


def paper(company: str, slip: ToFile) -> dict[str, Any]:
    """The facts of a payslip's paper."""
    currency, language, pay = slip.currency, slip.language, slip.pay

    def told(minor: int) -> str:
        return from_minor(minor, currency)

    def lines(*kinds: str) -> list[dict[str, str]]:
        return [
            {"description": worded(code, language, month), "amount": told(amount)}
            for code, month, amount in _summed(pay, kinds)
        ]

    deductions = lines("contribution", "tax")
    for code, minor in (("carried", -pay.carried), ("carried-on", pay.left_over)):
        if minor:
            deductions.append({"description": worded(code, language), "amount": told(minor)})
    gross = sum(amount for _, _, amount in _summed(pay, ("earning",)))
    return {
        "class": "payslip",
        "about": {"kind": "payslip", "id": str(payslip_id(company, slip))},
        "employee": str(slip.employee),
        "links": [],
        "facts": {
            "language": language,
            "issued_on": str(slip.issued_on),
            "number": f"{slip.period:%Y-%m}-{slip.number}",
            "seller": {"name": slip.debtor_name, "address": dict(slip.debtor_address)},
            "employee": {"name": slip.name, "number": slip.number},
            "period": f"{slip.period:%Y-%m}",
            "currency": currency,
            "earnings": lines("earning"),
            "deductions": deductions,
            "employer": lines("employer"),
            "gross": told(gross),
            "deducted": told(gross - pay.payable),
            "net": told(pay.payable),
            "rules": slip.version,
        },
    }


def _summed(pay: PersonPay, kinds: Iterable[str]) -> list[tuple[str, str | None, int]]:
    """Amounts by line and month: a paper does not say which cost centre bears them."""
    sums: dict[tuple[str, str | None], int] = {}

    def add(lines: Iterable[Line], month: str | None) -> None:
        for line in lines:
            if line.kind in kinds:
                sums[line.code, month] = sums.get((line.code, month), 0) + line.amount

    add(() if pay.slip is None else pay.slip.lines, None)
    for difference in pay.differences:
        add(difference.lines, str(difference.month))
    return [(code, month, amount) for (code, month), amount in sums.items()][:60]
