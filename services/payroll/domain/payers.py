"""May the company's own account, or its name and address, change for a pay group? And from which account is it paid?"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from chassis.errors import Refused
from services.payroll.domain.running import earliest_payment

GROUP_NOT_FOUND = Refused("pay-group-not-found", "There is no such pay group.", status=404)
UNCONFIRMED = Refused(
    "payer-account-unconfirmed",
    "Nobody has confirmed the account that this group is paid from on this day.",
    status=409,
)


class Entry(NamedTuple):
    """Something that holds of a group from a day on."""

    effective_on: date
    revision: int


class Payer(NamedTuple):
    """What a group is paid by on a day; None where it is still what the group was defined with."""

    account: Entry | None = None
    confirmed: bool = True
    """Whether a second person has confirmed the account."""
    details: Entry | None = None


def refusal_of_change(since: date | None, day: date) -> Refused | None:
    """Why nothing of a group changes on a day; `since` is the first month that it is paid for, None without a group."""
    if since is None:
        return GROUP_NOT_FOUND
    earliest = earliest_payment(since)
    if day < earliest:
        return Refused("payer-before-group", f"Nothing of this group is paid before {earliest}.", "/effective_on")
    return None
