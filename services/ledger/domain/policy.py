"""What a company has decided about its own books, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

ON_ORDER, ON_DISPATCH = "on_order", "on_dispatch"


class PolicyChange(NamedTuple):
    """What is decided differently from a day on; None is what stays as it was."""

    valid_from: date
    invoicing: str | None = None
    net_days: int | None = None
    approval_limit: int | None = None
    """In minor units of the company's own currency; 0 lets nobody post alone."""
    dimensions_required: bool | None = None
    default_department: str | None = None
    default_cost_centre: str | None = None
    credit_check: bool | None = None


class Policy(NamedTuple):
    """What holds on a day."""

    invoicing: str = ON_ORDER
    """When an order is invoiced that does not say it itself."""
    net_days: int = 30
    """From an invoice to the day it is due, where nothing was agreed with the customer."""
    approval_limit: int | None = None
    """The value above which a second person approves a manual entry; None is no such value."""
    dimensions_required: bool = False
    """Whether every line of income or expense must name a department and a cost centre."""
    default_department: str | None = None
    default_cost_centre: str | None = None
    """What lines of income and expense are booked on when no person chose."""
    credit_check: bool = False
    """Whether an order must fit its customer's credit limit before it gets stock."""


def policy_on(day: date, changes: Iterable[PolicyChange]) -> Policy:
    """What holds on a day: of each decision the newest with effect by then. Changes come in the order of recording."""
    policy = Policy()
    for change in sorted(changes, key=lambda each: each.valid_from):  # stable: of one day the last recorded wins
        if change.valid_from <= day:
            policy = policy._replace(
                **{k: v for k, v in change._asdict().items() if k in Policy._fields and v is not None}
            )
    return policy
