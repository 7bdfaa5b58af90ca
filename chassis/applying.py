"""Applying a batch inside one transaction: rounds, the three endings, and bisection when the data is at fault.

The k-th event of each key runs in round k together with those of the other keys, grouped by the function that handles
them, so a key never overtakes itself and handlers still see many events at once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from chassis.consumers import Consumers, Function
from chassis.database import UnitOfWork, is_transient
from chassis.errors import Outcome, Refused, Waiting
from chassis.inbox import Place
from chassis.records import Arrived
from chassis.telemetry import Metrics, safe_text

FOREVER = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a key stopped: the index of the event that could not be applied, and why."""

    index: int
    reason: str
    detail: str
    patience_s: int | None = None


class _Taken(NamedTuple):
    place: Place
    at: int
    event: Arrived


class Application:
    """One batch of runs (events of a key in order) being applied in one unit of work."""

    def __init__(
        self,
        consumers: Consumers,
        unit: UnitOfWork,
        known_companies: frozenset[str],
        metrics: Metrics,
        *,
        careful: bool,
    ) -> None:
        self.consumers = consumers
        self.unit = unit
        self.known = known_companies
        self.metrics = metrics
        self.careful = careful
        self.stops: dict[Place, Stop] = {}
        self._refused: dict[str, str] = {}

    async def run(self, runs: Mapping[Place, Sequence[Arrived]]) -> None:
        """Apply all runs, each up to its end or to its stop."""
        at = dict.fromkeys(runs, 0)
        while at:
            groups: dict[Function, list[_Taken]] = {}
            for place in list(at):
                at[place] = self._take(place, runs[place], at[place], groups)
            for function, taken in groups.items():
                await self._apply(function, taken)
            at = {p: i for p, i in at.items() if i < len(runs[p]) and p not in self.stops}

    def _take(self, place: Place, events: Sequence[Arrived], index: int, groups: dict[Function, list[_Taken]]) -> int:
        """Put a key's next event, or its run where the function takes whole runs, into a group; returns the next index.

        An obstacle behind a run that was taken is met again, as the first one, in the next round.
        """
        function: Function | None = None
        while index < len(events):
            event = events[index]
            if event.envelope.type in self.consumers.ignored:
                index += 1
                continue
            stop = self._obstacle(event, index)
            if stop is not None and function is None:
                self.stops[place] = stop
            registration = event.registration
            if stop is not None or registration is None or function not in (None, registration.function):
                break
            function = registration.function
            groups.setdefault(function, []).append(_Taken(place, index, event))
            index += 1
            if not registration.whole_runs:
                break
        return index

    def _obstacle(self, event: Arrived, index: int) -> Stop | None:
        kind = event.envelope.type
        if event.registration is None:
            return Stop(index, "waiting", f"{kind} is not known to this version of {self.consumers.name}", FOREVER)
        if event.wrong is not None:
            return Stop(index, "poison", event.wrong)
        if event.place.company not in self.known and kind not in self.consumers.introduces:
            waiting = Waiting(f"company {event.place.company} is not known here")
            return Stop(index, "waiting", waiting.precondition, waiting.patience_s)
        return None

    async def _apply(self, function: Function, taken: Sequence[_Taken]) -> None:
        if self.careful:
            await self._apply_carefully(function, taken)
        else:
            self._settle(taken, await self._call(function, taken))

    async def _apply_carefully(self, function: Function, taken: Sequence[_Taken]) -> None:
        """Bisect with savepoints: what fails alone is poison, and stops only its own key."""
        taken = [t for t in taken if t.place not in self.stops]
        if not taken:
            return
        mark = self.unit.mark()
        await self.unit.raw.execute("savepoint part")
        try:
            outcomes = await self._call(function, taken)
        except Exception as error:
            if is_transient(error):
                raise
            await self.unit.raw.execute("rollback to savepoint part")
            self.unit.reset(mark)
            if len(taken) == 1:
                self.stops[taken[0].place] = Stop(taken[0].at, "poison", safe_text(error))
                return
            middle = len(taken) // 2
            await self._apply_carefully(function, taken[:middle])
            await self._apply_carefully(function, taken[middle:])
        else:
            await self.unit.raw.execute("release savepoint part")
            self._settle(taken, outcomes)

    async def _call(self, function: Function, taken: Sequence[_Taken]) -> Sequence[Outcome]:
        began = time.perf_counter()
        received = [t.event.received for t in taken if t.event.received is not None]
        outcomes = await function(received, self.unit)
        self.metrics.handled(function.__name__, len(received), time.perf_counter() - began)
        if outcomes is None:
            return [None] * len(taken)
        if len(outcomes) != len(taken):
            raise AssertionError(f"{function.__name__} gave {len(outcomes)} outcomes for {len(taken)} events")
        return outcomes

    def _settle(self, taken: Sequence[_Taken], outcomes: Sequence[Outcome]) -> None:
        for t, outcome in zip(taken, outcomes, strict=True):
            if isinstance(outcome, Waiting):
                self.stops.setdefault(t.place, Stop(t.at, "waiting", outcome.precondition, outcome.patience_s))
            elif isinstance(outcome, Refused):
                self._refused[t.event.envelope.id] = outcome.code

    def outcome_of(self, event: Arrived) -> str:
        """What became of an event before its key's stop, in the words of the census."""
        if event.envelope.type in self.consumers.ignored:
            return "ignored"
        return "refused" if event.envelope.id in self._refused else "applied"

    def code_of(self, event: Arrived) -> str:
        """The rule that refused an event; empty when none did."""
        return self._refused.get(event.envelope.id, "")
