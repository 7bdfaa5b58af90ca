"""Between a pay run and the published language: what of it leaves payroll."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from contracts.money import from_minor
from contracts.payroll import PayrollPosted
from services.payroll.domain.pay.journal import Posting
from services.payroll.domain.pay.months import Month
from services.payroll.translate import Fact


def payroll_posted(run: Mapping[str, Any], postings: Sequence[Posting]) -> Fact:
    """A run's journal: sums by role and cost centre."""
    period: date = run["period"]
    month = Month(period.year, period.month)
    return (
        PayrollPosted,
        run["run"],
        {
            "run": run["run"],
            "pay_group": run["pay_group"],
            "period": str(month),
            "posted_on": month.last,
            "currency": run["currency"],
            "lines": [
                {
                    "role": posting.role,
                    "side": "debit" if posting.amount > 0 else "credit",
                    "amount": from_minor(abs(posting.amount), run["currency"]),
                    "cost_centre": posting.cost_centre,
                    "owed_to": posting.owed_to,
                }
                for posting in postings
            ],
        },
    )
