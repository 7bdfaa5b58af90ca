"""Times as front offices write them: RFC 3339 with any offset, brought to UTC; and the bounds they must keep."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from chassis.errors import Fault

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Before this nothing of today's front offices has happened: a clock that was never set."""
AHEAD_MAX = timedelta(days=1)
"""How far a sender's clock may be ahead; also covers every time zone's "today"."""
PLANNED_MAX = timedelta(days=2 * 366)
"""How far ahead something may be planned (the first day of an employee)."""

_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def moment(text: str) -> datetime | None:
    """The instant in UTC, or None when the text is no RFC 3339 time with a zone. Digits below microseconds are cut."""
    if _RFC3339.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, or out of the calendar once it is in UTC
        return None


def wire(at: datetime) -> str:
    """How an event carries an instant that is in UTC."""
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970; what the idempotency hash sees, because senders' libraries cut finer digits."""
    since = at - EPOCH
    return since.days * 86_400_000 + since.seconds * 1_000 + since.microseconds // 1_000


def misplaced(at: datetime, now: datetime, pointer: str, *, ahead: timedelta = AHEAD_MAX) -> list[Fault]:
    """What is wrong with when something is said to happen."""
    if at < EARLIEST:
        return [Fault(pointer, "too-early", f"Is before {EARLIEST:%Y-%m-%d}.")]
    if at > now + ahead:
        return [Fault(pointer, "too-late", f"Is more than {ahead.days} days in the future.")]
    return []


def misplaced_day(day: date, now: datetime, pointer: str, *, ahead: timedelta = AHEAD_MAX) -> list[Fault]:
    """The same for a calendar date."""
    return misplaced(datetime(day.year, day.month, day.day, tzinfo=UTC), now, pointer, ahead=ahead)
