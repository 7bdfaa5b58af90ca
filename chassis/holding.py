"""Events that cannot be applied yet, or at all: kept in order per key, drained in order, each step audited.

The head of a key is the held event right after its cursor. It is tried when it is due: at once when it only waited for
an earlier one, with back-off when it was poison or waits for a precondition. After POISON_TRIES a person decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from chassis import companies, inbox
from chassis.applying import Application, Stop
from chassis.consumers import Consumers
from chassis.database import Database, UnitOfWork, is_transient
from chassis.inbox import Counted, Place
from chassis.records import Arrived, arrived, cause_of, unpack_headers
from chassis.telemetry import Metrics, logger, safe_text
from contracts.envelope import from_headers

POISON_TRIES = 5
"""Tries of a poison head (over about a minute) before it waits for a person."""
DRAIN_ROWS = 500
PAUSE_S = 5.0
"""How long a key rests whose draining itself fails (its database is away, say)."""
NET_S = 1.0
"""How often due keys are looked for when nothing signals."""

DUE = """
select distinct h.company, h.topic, h.key
from held h join inbox i on i.company = h.company and i.consumer = h.consumer and i.topic = h.topic and i.key = h.key
where h.consumer = $1 and h.reason <> 'conflict' and h.sequence <= i.sequence + 1 and h.next_at <= now()
order by 1, 2, 3 limit 100
"""

LOCK_CURSOR = """
select sequence, hash, held, now() from inbox
where company = $1 and consumer = $2 and topic = $3 and key = $4 for update
"""

ROWS = """
select id, partition, sequence, headers, body, hash from held
where company = $1 and consumer = $2 and topic = $3 and key = $4 and reason <> 'conflict' order by sequence, id limit $5
"""

MOVE_CURSOR = """
update inbox set sequence = $5, hash = coalesce($6, hash), held = held - $7
where company = $1 and consumer = $2 and topic = $3 and key = $4
"""

CONFLICT = """
update held set reason = 'conflict', detail = 'another event has the same sequence with other content'
where id = any($1::bigint[])
"""

SET_OFF = """
update held set next_at = now() + make_interval(secs => $5)
where company = $1 and consumer = $2 and topic = $3 and key = $4 and next_at <= now()
"""

TRIES = "(case when reason = $2 then attempts else 0 end + 1)"
"""Tries for one and the same reason: who has long waited for a company has used up no try of failing."""
POSTPONE = f"""
update held set reason = $2, detail = $3, attempts = {TRIES},
    deadline = coalesce(case when reason = $2 then deadline end, now() + make_interval(secs => $4)),
    next_at = case
        when $2 = 'poison' and {TRIES} >= $5 then 'infinity'
        when reason = $2 and deadline < now() then 'infinity'
        else now() + make_interval(secs => least(0.5 * power(2, least({TRIES} - 1, 10)), 30)) end
where id = $1 returning next_at = 'infinity'
"""


@dataclass(frozen=True, slots=True)
class _Row:
    id: int
    event: Arrived
    hash: bytes
    """Of the content as it came: an edited event must still recognise its own repeat."""


class Drainer:
    """Applies what is held, key by key, as soon as it can be."""

    def __init__(self, database: Database, consumers: Consumers, metrics: Metrics, operator: asyncpg.Pool) -> None:
        self.database = database
        self.consumers = consumers
        self.metrics = metrics
        self.operator = operator

    async def run(self) -> None:
        """Drain for ever; a database that is away is tried again."""
        signal = self.database.signals.held
        while True:
            signal.clear()
            try:
                drained = await self.drain_due()
            except Exception as error:
                logger.warning("drain failed", action="retry", error=safe_text(error))
                drained = 0
            if not drained:
                try:
                    async with asyncio.timeout(NET_S):
                        await signal.wait()
                except TimeoutError:
                    continue

    async def drain_due(self) -> int:
        """Try every key whose head is due; returns how many events left `held`."""
        rows = await self.operator.fetch(DUE, self.consumers.name)
        return sum([await self._try(Place(row[0], row[1], row[2])) for row in rows])

    async def _try(self, place: Place) -> int:
        """Drain one key; whatever goes wrong with it is no reason to leave the others."""
        try:
            return await self.drain(place)
        except Exception as error:
            logger.error("a key cannot be drained", action="retry", topic=place.topic, error=safe_text(error))
            await self._set_off(place)
            return 0

    async def _set_off(self, place: Place) -> None:
        async with self.database.unit([place.company], points="drain") as unit:
            await unit.raw.execute(SET_OFF, place.company, self.consumers.name, place.topic, place.key, PAUSE_S)

    async def drain(self, place: Place) -> int:
        """Apply one key's held events in order, up to the first that cannot be; returns how many left `held`."""
        try:
            return await self._drain(place, careful=False)
        except Exception as error:
            if is_transient(error):
                raise
            return await self._drain(place, careful=True)

    async def _drain(self, place: Place, *, careful: bool) -> int:
        async with self.database.unit([place.company], points="drain") as unit:
            key = (place.company, self.consumers.name, place.topic, place.key)
            cursor = await unit.raw.fetchrow(LOCK_CURSOR, *key)
            if cursor is None:
                return 0
            unit.now = cursor[3]
            rows = [self._row(place, r) for r in await unit.raw.fetch(ROWS, *key, DRAIN_ROWS)]
            rows = await self._set_conflicts_aside(unit.raw, place, rows, cursor)
            done = [row for row in rows if row.event.sequence <= cursor[0]]
            run = _next_run(rows[len(done) :], cursor[0])
            application = await self._apply(unit, place, [row.event for row in run], careful=careful)
            stop = application.stops.get(place)
            applied = run[: stop.index] if stop else run
            await self._settle(unit, place, cursor[0], done + applied, applied)
            await self._count(unit.raw, application, done, applied)
            if stop is not None:
                await _postpone(unit.raw, run[stop.index], stop)
            if any(row.event.envelope.type in self.consumers.introduces for row in applied):
                await inbox.release_waiting(unit.raw, {place.company})
                unit.wake_drainer()
            for row in applied:
                unit.audit(
                    cause_of(row.event.envelope),
                    "held-event-released",
                    f"{place.topic}/{place.key}/{row.event.sequence}",
                )
        return len(done) + len(applied)

    async def _apply(self, unit: UnitOfWork, place: Place, run: Sequence[Arrived], *, careful: bool) -> Application:
        known = await companies.known(unit.raw, [place.company])
        application = Application(self.consumers, unit, known, self.metrics, careful=careful)
        if run:
            await application.run({place: run})
        return application

    async def _set_conflicts_aside(
        self, connection: asyncpg.Connection, place: Place, rows: list[_Row], cursor: asyncpg.Record
    ) -> list[_Row]:
        """What claims a sequence that other content has is kept for a person, and blocks nothing; returns the rest."""
        contents: dict[int, bytes] = {} if cursor[1] is None else {cursor[0]: cursor[1]}
        aside = [row for row in rows if contents.setdefault(row.event.sequence, row.hash) != row.hash]
        if not aside:
            return rows
        key = (place.company, self.consumers.name, place.topic, place.key)
        await connection.execute(CONFLICT, [row.id for row in aside])
        await connection.execute(MOVE_CURSOR, *key, cursor[0], None, len(aside))
        logger.error("held events contradict others", action="alarm", topic=place.topic, key=place.key, held=len(aside))
        return [row for row in rows if row not in aside]

    async def _settle(
        self, unit: UnitOfWork, place: Place, sequence: int, leaving: Sequence[_Row], applied: Sequence[_Row]
    ) -> None:
        if not leaving:
            return
        await unit.raw.execute("delete from held where id = any($1::bigint[])", [row.id for row in leaving])
        last = applied[-1] if applied else None
        await unit.raw.execute(
            MOVE_CURSOR,
            place.company,
            self.consumers.name,
            place.topic,
            place.key,
            last.event.sequence if last else sequence,
            last.hash if last else None,
            len(leaving),
        )

    async def _count(
        self, connection: asyncpg.Connection, application: Application, done: Sequence[_Row], applied: Sequence[_Row]
    ) -> None:
        counts: dict[Counted, int] = {}
        for rows, outcome in ((done, "duplicate"), (applied, None)):
            for row in rows:
                event = row.event
                counted = Counted(
                    *event.place[:2],
                    event.partition,
                    event.envelope.time.date(),
                    outcome or application.outcome_of(event),
                    "" if outcome else application.code_of(event),
                )
                counts[counted] = counts.get(counted, 0) + 1
        if counts:
            await inbox.count(connection, self.consumers.name, counts)
            for counted, number in counts.items():
                if counted.code:
                    self.metrics.refused(counted.topic, counted.code, number)

    def _row(self, place: Place, row: asyncpg.Record) -> _Row:
        headers = unpack_headers(row["headers"])
        event = arrived(from_headers(headers), place.topic, row["partition"], headers, row["body"], self.consumers)
        return _Row(row["id"], event, row["hash"])


def _next_run(rows: Sequence[_Row], sequence: int) -> list[_Row]:
    """The held events that follow a cursor without a gap."""
    run: list[_Row] = []
    for row in rows:
        if row.event.sequence != sequence + len(run) + 1:
            break
        run.append(row)
    return run


async def _postpone(connection: asyncpg.Connection, row: _Row, stop: Stop) -> None:
    if await connection.fetchval(POSTPONE, row.id, stop.reason, stop.detail, stop.patience_s, POISON_TRIES):
        logger.error("held event needs a person", action="alarm", held=row.id, detail=stop.detail)
