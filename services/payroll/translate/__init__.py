"""Between the published language and payroll's own words, both ways, one module per topic."""

from __future__ import annotations

from chassis.errors import Refused
from chassis.ids import UUID
from contracts.base import EventData
from services.payroll.domain.employment import Forbidden

Fact = tuple[type[EventData], UUID, dict[str, object]]
"""An event to emit: its type, its key, its data."""


def refused(forbidden: Forbidden) -> Refused:
    """A rule's no as a caller hears it."""
    pointer = None if forbidden.field is None else f"/{forbidden.field}"
    return Refused(forbidden.code, forbidden.detail, pointer, 409 if forbidden.conflict else 422)


def no_such_employee() -> Refused:
    """404, as for everything that an address names and that is not there."""
    return Refused("employee-not-found", "There is no such employee.", status=404)
