"""Papers as documents wants them told: names and amounts in the employee's language, in signed calls."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from contracts.money import from_minor
from services.payroll.domain.filing import AgreementToFile, ToFile, payslip_id
from services.payroll.domain.pay.calculating import Line
from services.payroll.domain.pay.paying import PersonPay
from services.payroll.domain.pay.wording import worded

LINES_MAX = 60
"""As many lines of a kind as documents prints."""


APPLIES_FROM = {
    "en": "These terms apply from {day} on.",
    "el": "Οι όροι αυτοί ισχύουν από {day}.",
    "he": "תנאים אלה חלים מיום {day}.",
}


def agreement_paper(agreed: AgreementToFile) -> dict[str, Any]:
    """The facts of the paper of a hire, a contract or an amendment. Whose it is documents knows: the company's."""
    hours, ends, applies = agreed.weekly_hours_hundredths, agreed.ends_on, agreed.applies_from
    facts: dict[str, Any] = {
        "language": agreed.language,
        "issued_on": str(agreed.issued_on),
        "number": agreed.number,
        "employee": {"name": agreed.name, "number": agreed.employee_number},
        "position": agreed.position,
        "department": agreed.department,
        "starts_on": str(agreed.starts_on),
        "ends_on": None if ends is None else str(ends),
        "hours_per_week": None if hours is None else f"{Decimal(hours).scaleb(-2).normalize():f}",
        "clauses": [] if applies is None else [APPLIES_FROM[agreed.language].format(day=f"{applies:%d.%m.%Y}")],
    }
    return {
        "class": "employment_contract",
        "about": {"kind": agreed.kind, "id": str(agreed.about)},
        "employee": str(agreed.employee),
        "links": [],
        "facts": {name: value for name, value in facts.items() if value is not None},
    }


def paper(company: str, slip: ToFile) -> dict[str, Any]:
    """The facts of a payslip's paper."""
    currency, language, pay = slip.currency, slip.language, slip.pay

    def told(minor: int) -> str:
        return from_minor(minor, currency)

    def lines(*kinds: str) -> list[dict[str, str]]:
        return [
            {"description": worded(code, language, month), "amount": told(amount)}
            for code, month, amount in _fitting(_summed(pay, kinds))
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
            "rules": slip.version or None,
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
    return [(code, month, amount) for (code, month), amount in sums.items()]


def _fitting(lines: list[tuple[str, str | None, int]]) -> list[tuple[str, str | None, int]]:
    """The lines as they are, or, of more than a paper holds, those of earlier months together."""
    if len(lines) <= LINES_MAX:
        return lines
    months = sorted({month for _, month, _ in lines if month is not None})
    span = f"{months[0]} – {months[-1]}"
    sums: dict[tuple[str, str | None], int] = {}
    for code, month, amount in lines:
        place = code, None if month is None else span
        sums[place] = sums.get(place, 0) + amount
    return [(code, month, amount) for (code, month), amount in sums.items()]
