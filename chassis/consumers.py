"""What a service listens to: one function per event type, or a written reason for ignoring it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Outcomes
from contracts.base import EventData, EventView
from contracts.registry import EVENTS

V = TypeVar("V", bound=EventView)


class Received(NamedTuple, Generic[V]):
    """One event as a consumer's function gets it: the view it asked for, and why and in which order it came."""

    data: V
    cause: Cause
    key: str
    sequence: int
    topic: str
    type: str
    time: datetime
    body: bytes


Function = Callable[[Sequence[Received[Any]], UnitOfWork], Awaitable[Outcomes]]


@dataclass(frozen=True, slots=True)
class Registration:
    """How one event type is handled."""

    view: type[EventView]
    function: Function
    whole_runs: bool


class Consumers:
    """The registrations of one consumer (its name is the projection's name in the inbox)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.handled: dict[str, Registration] = {}
        self.ignored: dict[str, str] = {}
        self.introduces: frozenset[str] = frozenset()

    def on(
        self, view: type[V], *, whole_runs: bool = False, introduces_company: bool = False
    ) -> Callable[[Callable[[Sequence[Received[V]], UnitOfWork], Awaitable[Outcomes]]], Function]:
        """Handle the events of a view's type.

        With `whole_runs` the function gets a key's ordered run in one call instead of round by round.
        With `introduces_company` it is given events of companies that this service does not know yet.
        """

        def register(function: Callable[[Sequence[Received[V]], UnitOfWork], Awaitable[Outcomes]]) -> Function:
            self._claim(view.event_type)
            self.handled[view.event_type] = Registration(view, function, whole_runs)
            if introduces_company:
                self.introduces |= {view.event_type}
            return function

        return register

    def ignore(self, *events: type[EventData], because: str) -> None:
        """Take no notice of these types, for a written reason; they are counted as ignored."""
        for event in events:
            self._claim(event.event_type)
            self.ignored[event.event_type] = because

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics of what is handled, sorted."""
        return tuple(sorted({EVENTS[event_type].topic for event_type in self.handled}))

    def unlisted(self) -> Mapping[str, str]:
        """Types on a subscribed topic that are neither handled nor ignored: their events would be held."""
        return {
            name: event.topic
            for name, event in EVENTS.items()
            if event.topic in self.topics and name not in self.handled and name not in self.ignored
        }

    def _claim(self, event_type: str) -> None:
        if event_type in self.handled or event_type in self.ignored:
            raise ValueError(f"{self.name} lists {event_type} twice")
