"""What payroll tells of who has left."""

from __future__ import annotations

from chassis.consumers import Received
from chassis.ids import UUID
from contracts.base import CalendarDate, EventView, Uuid
from contracts.payroll import DocumentRetentionStarted
from services.documents.commands import StartRetention


class PapersOfLeaver(EventView, of=DocumentRetentionStarted):
    """Whose papers are kept for how long is counted from a day."""

    employee: Uuid
    since: CalendarDate


def to_start_retention(event: Received[PapersOfLeaver]) -> StartRetention:
    """Somebody has left: the time runs."""
    return StartRetention(event.cause, UUID(event.data.employee), event.data.since)
