"""What payroll tells of who has left."""

from __future__ import annotations

from chassis.consumers import Received
from chassis.ids import UUID
from contracts.base import CalendarDate, EventView, Uuid
from contracts.payroll import DocumentRetentionStarted, EmploymentChanged
from services.documents.commands import StartRetention


class PapersOfLeaver(EventView, of=DocumentRetentionStarted):
    """Whose papers are kept for how long is counted from a day."""

    employee: Uuid
    since: CalendarDate


def to_start_retention(event: Received[PapersOfLeaver]) -> StartRetention:
    """Somebody has left: the time runs."""
    return StartRetention(event.cause, UUID(event.data.employee), event.data.since)


class NotLeft(EventView, of=EmploymentChanged):
    """A last day that was told was wrong; of other changes nothing is used."""

    employee: Uuid
    not_left_on: CalendarDate | None = None


def to_withdraw_retention(event: Received[NotLeft]) -> StartRetention | None:
    """The time does not run; None when the change is about something else. A right day is told after this one."""
    if event.data.not_left_on is None:
        return None
    return StartRetention(event.cause, UUID(event.data.employee), None)
