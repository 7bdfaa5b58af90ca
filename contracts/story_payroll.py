"""The part of the story that payroll tells: a person's employment, training and leaving, and a month's pay."""

from collections.abc import Callable
from typing import Any


def _payroll(
    role: str, side: str, amount: str, cost_centre: str | None = None, owed_to: str | None = None
) -> dict[str, str | None]:
    return {"role": role, "side": side, "amount": amount, "cost_centre": cost_centre, "owed_to": owed_to}


def payroll(story_id: Callable[[str], str], employee: str) -> dict[str, dict[str, Any]]:
    """Data of payroll's own events, after the hire."""
    return {
        "EmploymentChanged.v1": {
            "employee": employee,
            "number": "E-00031",
            "effective_on": "2027-03-01",
            "changed": ["cost_centre", "job_title"],
            "kind": "change",
            "name": "נועה לוי",
            "language": "he",
            "job_title": "מנהלת לוגיסטיקה",
            "department": "Logistics",
            "cost_centre": "CC-400",
            "manager": story_id("manager"),
        },
        "EmployeeLeft.v1": {
            "employee": employee,
            "number": "E-00031",
            "left_on": "2027-08-31",
            "department": "Logistics",
            "accounts": ["staff:noa"],
        },
        "DocumentRetentionStarted.v1": {"employee": employee, "number": "E-00031", "since": "2027-08-31"},
        "TrainingCompleted.v1": {
            "employee": employee,
            "course": "FORKLIFT",
            "session": story_id("training session"),
            "completed_on": "2026-12-10",
            "certificate": story_id("certificate"),
            "valid_until": "2028-12-09",
        },
        "CertificateExpiring.v1": {
            "employee": employee,
            "manager": story_id("manager"),
            "certificate": story_id("certificate"),
            "course": "FORKLIFT",
            "valid_until": "2028-12-09",
            "days": 90,
        },
        "CertificateExpired.v1": {
            "employee": employee,
            "manager": None,
            "certificate": story_id("certificate"),
            "course": "FORKLIFT",
            "valid_until": "2028-12-09",
        },
        "TrainingCostIncurred.v1": {
            "session": story_id("training session"),
            "course": "FORKLIFT",
            "held_on": "2026-12-10",
            "shares": [
                {
                    "department": "Logistics",
                    "cost_centre": "CC-400",
                    "participants": 3,
                    "cost": {"amount": "270.00", "currency": "EUR"},
                }
            ],
        },
        "PayrollPosted.v1": {
            "run": story_id("pay run"),
            "pay_group": "piraeus",
            "period": "2026-12",
            "posted_on": "2026-12-31",
            "currency": "EUR",
            "lines": [
                _payroll("salaries", "debit", "84120.00", "CC-100"),
                _payroll("salaries", "debit", "12300.50", "various"),
                _payroll("employer_contributions", "debit", "18329.75", "CC-100"),
                _payroll("employer_contributions", "debit", "2680.28", "various"),
                _payroll("contributions_payable", "credit", "33901.41", owed_to="e-EFKA"),
                _payroll("tax_payable", "credit", "9645.12", owed_to="AADE"),
                _payroll("wages_payable", "credit", "73884.00"),
            ],
        },
    }
