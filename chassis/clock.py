"""Time is an argument: business decisions use the database's or the event's time, never this process's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds, as every event of ours carries it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
