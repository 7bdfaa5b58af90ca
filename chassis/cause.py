"""Why something happens: the event or the request that asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chassis.ids import UUID


@dataclass(frozen=True, slots=True)
class Cause:
    """The event or request behind a command; every emitted event and audit record names it."""

    id: UUID
    """Id of the causing event, or of the request."""
    company: str
    correlation: str
    """Constant from the front office's request to the last event that follows from it."""
    actor: str
    on_behalf_of: str | None
    traceparent: str | None
    at: datetime
    """The event's own time, or the database's time for a request."""
