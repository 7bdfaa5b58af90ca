"""Why something happens: the event or the request that asked for it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from chassis.ids import UUID


class Cause(NamedTuple):
    """The event or request behind a command; every emitted event and audit record names it.

    A tuple, because one is made for every event: a frozen dataclass costs four times as much to build.
    """

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

    @classmethod
    def unasked(cls, identity: UUID, company: str, actor: str, at: datetime) -> Cause:
        """Nobody asked: a time has come, or a file lies there."""
        return cls(identity, company, str(identity), actor, None, None, at)

    @property
    def person(self) -> str:
        """The human who acts: for whom a system asks, else who asks. Every rule of four eyes compares this, so that
        one person neither proposes through a system and agrees in person, nor the other way round."""
        return self.actor if self.on_behalf_of is None else self.on_behalf_of
