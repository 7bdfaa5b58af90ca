"""The corridor for Kafka: begin, offsets, cursors, handlers, outbox, commit. The acknowledgement follows the commit.

A batch is tried as a whole. When its data is at fault, it runs once more with savepoints, so that only the keys at
fault stop. When something passing is at fault (a connection, a deadlock), the whole batch is tried again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import asyncpg

from chassis import companies, inbox
from chassis.applying import Application
from chassis.consumers import Consumers
from chassis.database import Database, UnitOfWork, is_transient
from chassis.errors import Transient
from chassis.faults import hit
from chassis.inbox import Correction, Counted, Cursor, Place, ToHold
from chassis.records import Arrived, Record, Unreadable, content_of_raw, pack_headers, positions, read, unpack_headers
from chassis.telemetry import Metrics, is_sampled, logger, safe_text, tracing
from contracts.envelope import from_headers

ATTEMPTS = 8
"""Tries of a batch within one delivery (about 15 s); then Kafka delivers it again, so that the member stays alive."""
BACKOFF_FIRST_S = 0.1
BACKOFF_MAX_S = 5.0


class Rewind(Exception):
    """The batch starts beyond what this consumer has taken: `expected` says per partition where to read on."""

    def __init__(self, expected: Mapping[tuple[str, int], int]) -> None:
        super().__init__(str(dict(expected)))
        self.expected = expected


@dataclass(slots=True)
class _Sorted:
    """A batch sorted by what its cursors say: what to apply, what to hold, what is counted."""

    runs: dict[Place, list[Arrived]] = field(default_factory=dict)
    former: dict[Place, Cursor] = field(default_factory=dict)
    holds: list[ToHold] = field(default_factory=list)
    moved: dict[Place, Cursor] = field(default_factory=dict)
    """Cursors that must stand elsewhere than the claim has put them."""
    counts: dict[Counted, int] = field(default_factory=dict)

    def count(self, event: Arrived, outcome: str, code: str = "") -> None:
        counted = Counted(*event.place[:2], event.partition, event.envelope.time.date(), outcome, code)
        self.counts[counted] = self.counts.get(counted, 0) + 1

    def count_repeats(self, repeats: Sequence[ToHold]) -> None:
        """What is held already came again."""
        for repeat in repeats:
            day = from_headers(unpack_headers(repeat.headers)).time.date()
            counted = Counted(*repeat.place[:2], repeat.partition, day, "duplicate")
            self.counts[counted] = self.counts.get(counted, 0) + 1

    def hold(self, event: Arrived, reason: str, detail: str, patience_s: int | None = None) -> None:
        self.holds.append(to_hold(event, reason, detail, patience_s))


class Corridor:
    """Takes batches of records for one consumer of one service."""

    def __init__(self, database: Database, consumers: Consumers, metrics: Metrics) -> None:
        self.database = database
        self.consumers = consumers
        self.metrics = metrics
        self.cluster_id: str | None = None
        self.stuck: str | None = None
        """Why the batch at hand cannot be taken, if so; the service is not ready then."""
        self.known_companies: frozenset[str] = frozenset()

    async def take(self, records: Sequence[Record]) -> None:
        """Take responsibility for these records in one commit. Raises Rewind, or what is transient after ATTEMPTS."""
        cluster = self.cluster_id  # of the log that this batch was read from; another may answer meanwhile
        batch = [read(record, self.consumers) for record in records]
        self.metrics.batch(len(batch))
        careful = False
        attempt = 0
        while True:
            try:
                with _traced(self.consumers.name, batch):
                    await self._transact(records, batch, cluster, careful=careful)
                return
            except (Rewind, asyncio.CancelledError):
                raise
            except Exception as error:
                if not is_transient(error):
                    if careful:
                        await self._tell_stuck(error)
                        raise Transient("a batch fails in a way that bisecting does not find") from error
                    careful = True  # not an attempt: what comes of it is not known yet
                    continue
                attempt += 1
                self.metrics.retried("corridor")
                logger.warning("batch failed", action="retry", attempt=attempt, error=safe_text(error))
                if attempt == ATTEMPTS:
                    raise
                await asyncio.sleep(min(BACKOFF_FIRST_S * 2**attempt, BACKOFF_MAX_S) * random.uniform(0.5, 1))

    async def _tell_stuck(self, error: Exception) -> None:
        """Nobody but a person can help now: say so, and do not spin."""
        self.stuck = safe_text(error)
        self.metrics.alarm("batch-stuck")
        logger.error("a batch cannot be taken, and no single event is at fault", action="alarm", error=self.stuck)
        await asyncio.sleep(BACKOFF_MAX_S)

    async def _transact(
        self,
        records: Sequence[Record],
        batch: Sequence[Arrived | Unreadable],
        cluster: str | None,
        *,
        careful: bool,
    ) -> None:
        events = [item for item in batch if isinstance(item, Arrived)]
        unreadable = [item for item in batch if isinstance(item, Unreadable)]
        known = self.known_companies
        async with self.database.unit({e.place.company for e in events}, nobody=not events) as unit:
            hit("corridor.begun")
            beyond, unit.now = await inbox.advance(unit.raw, self.consumers.name, positions(records), cluster)
            if beyond:
                raise Rewind(beyond)
            if unreadable:
                await _keep_raw(unit.raw, self.consumers.name, unreadable)
            if events:
                known = await self._take_events(unit, events, careful=careful)
            hit("corridor.handled")
        self.known_companies = known
        if self.stuck is not None:
            self.stuck = None
            self.metrics.alarm("batch-stuck", raised=False)
        hit("corridor.committed")

    async def _take_events(self, unit: UnitOfWork, events: Sequence[Arrived], *, careful: bool) -> frozenset[str]:
        batch = await self._claim(unit.raw, events)
        hit("corridor.claimed")
        known = await self._known(unit.raw, {place.company for place in batch.runs})
        introducing = {place: run for place, run in batch.runs.items() if self._introduces(run)}
        application = Application(self.consumers, unit, known, self.metrics, careful=careful)
        if introducing:
            await application.run(introducing)
            application.known = known = await self._known(unit.raw, {p.company for p in batch.runs}, refresh=True)
            await inbox.release_waiting(unit.raw, {p.company for p in introducing})
        await application.run({p: run for p, run in batch.runs.items() if p not in introducing})
        corrections = self._corrections(batch, application)
        await self._write(unit.raw, batch, corrections)
        if batch.holds or introducing:
            unit.wake_drainer()
        return known

    async def _claim(self, connection: asyncpg.Connection, events: Sequence[Arrived]) -> _Sorted:
        """Claim the keys' cursors and sort the events by what they answer."""
        batch = _Sorted()
        runs, tails = contiguous_runs(events, batch)
        claimed = await inbox.claim(
            connection, self.consumers.name, {p: (run[-1].sequence, content(run[-1])) for p, run in runs.items()}
        )
        unclaimed = [place for place in runs if place not in claimed]
        standing = await inbox.cursors(connection, self.consumers.name, unclaimed) if unclaimed else {}
        for place, run in runs.items():
            tail = tails.get(place, [])
            if place in claimed:
                _sort_claimed(place, run, claimed[place], batch)
            else:
                _sort_unclaimed(run, standing[place], batch)
                tail = _resume_behind_repeats(place, tail, standing[place], batch)
            for event in tail:
                batch.hold(event, "gap", "an earlier event of this key has not come")
        return batch

    async def _known(
        self, connection: asyncpg.Connection, wanted: set[str], *, refresh: bool = False
    ) -> frozenset[str]:
        if wanted <= self.known_companies and not refresh:
            return self.known_companies
        return self.known_companies | await companies.known(connection, wanted)

    def _introduces(self, run: Sequence[Arrived]) -> bool:
        return any(event.envelope.type in self.consumers.introduces for event in run)

    def _corrections(self, batch: _Sorted, application: Application) -> dict[Place, Correction]:
        """What the cursors must be set back to, because a key stopped before the end of its run."""
        corrections = {p: Correction(c.sequence, c.hash, 0) for p, c in batch.moved.items()}
        for place, run in batch.runs.items():
            stop = application.stops.get(place)
            for event in run[: stop.index if stop else len(run)]:
                batch.count(event, application.outcome_of(event), application.code_of(event))
            if stop is None:
                continue
            corrections[place] = finished(run, stop.index, batch.former[place])
            batch.hold(run[stop.index], stop.reason, stop.detail, stop.patience_s)
            for event in run[stop.index + 1 :]:
                batch.hold(event, "behind", "an earlier event of this key is held")
        return corrections

    async def _write(
        self, connection: asyncpg.Connection, batch: _Sorted, corrections: dict[Place, Correction]
    ) -> None:
        if batch.holds:
            now_held = await inbox.hold(connection, self.consumers.name, batch.holds)
            batch.count_repeats(now_held.repeats)
            for place, held in now_held.counts.items():
                before = corrections.get(place, Correction(None, None, 0))
                corrections[place] = Correction(before.sequence, before.hash, before.held + held)
            for held_event in batch.holds:
                logger.warning("event held", action="hold", reason=held_event.reason, topic=held_event.place.topic,
                               key=held_event.place.key, sequence=held_event.sequence,
                               detail=held_event.detail)  # fmt: skip
        if corrections:
            await inbox.correct(connection, self.consumers.name, corrections)
        if batch.counts:
            await inbox.count(connection, self.consumers.name, batch.counts)
            for counted, number in batch.counts.items():
                self.metrics.outcome(counted.topic, counted.outcome, number)
                if counted.code:
                    self.metrics.refused(counted.topic, counted.code, number)


@contextmanager
def _traced(consumer: str, batch: Sequence[Arrived | Unreadable]) -> Iterator[None]:
    """A span for the batch, and one per event whose trace was sampled: what follows from it continues that trace."""
    sampled = [item for item in batch if isinstance(item, Arrived) and is_sampled(item.envelope.traceparent)]
    if not sampled:
        yield
        return
    with ExitStack() as spans:
        spans.enter_context(tracing().batch_span(f"process {consumer}", (e.envelope.traceparent for e in sampled)))
        for event in sampled:
            name = f"{consumer} {event.envelope.type}"
            traceparent = spans.enter_context(tracing().event_span(name, event.envelope.traceparent))
            if event.received is not None:
                cause = event.received.cause._replace(traceparent=traceparent)
                event.received = event.received._replace(cause=cause)
        yield


def content(event: Arrived) -> bytes:
    """The hash that tells whether another event claims the same sequence."""
    return inbox.content_hash(event.envelope.id, event.body)


def finished(run: Sequence[Arrived], stopped_at: int, former: Cursor) -> Correction:
    """The cursor of a key whose run stopped at an index."""
    if stopped_at == 0:
        return Correction(former.sequence, former.hash, 0)
    last = run[stopped_at - 1]
    return Correction(last.sequence, content(last), 0)


def to_hold(event: Arrived, reason: str, detail: str, patience_s: int | None = None) -> ToHold:
    """An event as the `held` table keeps it."""
    return ToHold(
        event.place,
        event.partition,
        event.sequence,
        event.envelope.id,
        pack_headers(event.headers),
        event.body,
        reason,
        detail,
        content(event),
        patience_s,
    )


def contiguous_runs(
    events: Sequence[Arrived], batch: _Sorted
) -> tuple[dict[Place, list[Arrived]], dict[Place, list[Arrived]]]:
    """Per key: its events in order, each once, up to the first gap; and what comes after a gap.

    A repeat is counted as a duplicate; one with other content is held as a conflict.
    """
    by_place: dict[Place, list[Arrived]] = {}
    for event in events:
        by_place.setdefault(event.place, []).append(event)
    runs: dict[Place, list[Arrived]] = {}
    tails: dict[Place, list[Arrived]] = {}
    for place, arrived in by_place.items():
        if len(arrived) == 1:
            runs[place] = arrived
            continue
        once = _once(sorted(arrived, key=lambda event: event.sequence), batch)
        end = _first_gap(once)
        runs[place] = once[:end]
        if end < len(once):
            tails[place] = once[end:]
    return runs, tails


def _first_gap(ordered: Sequence[Arrived]) -> int:
    """The index behind the first contiguous run."""
    steps = (i for i in range(1, len(ordered)) if ordered[i].sequence != ordered[i - 1].sequence + 1)
    return next(steps, len(ordered))


def _once(ordered: Sequence[Arrived], batch: _Sorted) -> list[Arrived]:
    once: list[Arrived] = []
    for event in ordered:
        if not once or once[-1].sequence != event.sequence:
            once.append(event)
        elif content(once[-1]) == content(event):
            batch.count(event, "duplicate")
        else:
            batch.hold(event, "conflict", "another event has the same sequence with other content")
    return once


def _sort_claimed(place: Place, run: list[Arrived], former: Cursor, batch: _Sorted) -> None:
    first = run[0].sequence
    batch.former[place] = former
    if former.sequence >= first:
        repeats = former.sequence - first + 1
        for event in run[:repeats]:
            _sort_duplicate(event, former, batch)
        run = run[repeats:]
    elif former.sequence < first - 1:
        batch.moved[place] = former
        for event in run:
            batch.hold(event, "gap", "an earlier event of this key has not come")
        return
    batch.runs[place] = run


def _sort_unclaimed(run: Sequence[Arrived], standing: Cursor, batch: _Sorted) -> None:
    for event in run:
        if event.sequence <= standing.sequence:
            _sort_duplicate(event, standing, batch)
        elif event.sequence == standing.sequence + 1:
            batch.hold(event, "behind", "fills a gap; later events of this key are held")
        else:
            batch.hold(event, "behind", "an earlier event of this key is held")


def _resume_behind_repeats(place: Place, tail: list[Arrived], standing: Cursor, batch: _Sorted) -> list[Arrived]:
    """Old repeats came together with new events: what follows the cursor is applied; returns what is beyond a gap."""
    fresh = [event for event in tail if event.sequence > standing.sequence]
    for event in tail[: len(tail) - len(fresh)]:
        _sort_duplicate(event, standing, batch)
    if standing.held or not fresh or fresh[0].sequence != standing.sequence + 1:
        return fresh
    end = _first_gap(fresh)
    batch.runs[place], batch.former[place] = fresh[:end], standing
    batch.moved[place] = Cursor(fresh[end - 1].sequence, content(fresh[end - 1]))
    return fresh[end:]


def _sort_duplicate(event: Arrived, cursor: Cursor, batch: _Sorted) -> None:
    if event.sequence == cursor.sequence and cursor.hash is not None and content(event) != cursor.hash:
        batch.hold(event, "conflict", "another event was applied with the same sequence and other content")
    else:
        batch.count(event, "duplicate")


async def _keep_raw(connection: asyncpg.Connection, consumer: str, items: Sequence[Unreadable]) -> None:
    records = [item.record for item in items]
    await connection.execute(
        inbox.UNREADABLE,
        consumer,
        [r.topic for r in records],
        [r.partition for r in records],
        [r.offset for r in records],
        [r.key for r in records],
        [pack_headers(r.headers or ()) for r in records],
        [r.value for r in records],
        [item.error for item in items],
        [content_of_raw(record) for record in records],
    )
    for item in items:
        logger.error("record kept raw", action="unreadable", topic=item.record.topic, partition=item.record.partition,
                     offset=item.record.offset, error=item.error)  # fmt: skip
