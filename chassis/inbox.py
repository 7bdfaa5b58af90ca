"""The inbox: a cursor per key instead of a list of ids, and the offsets of what was consumed, in the same commit.

A cursor says: this consumer has finished with this key up to this sequence. Events above it that cannot be applied
yet stand in `held`, counted on the cursor's row. Cursor + held is all that this consumer has taken responsibility for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import asyncpg

OFFSETS = """
insert into inbox_offset as o (consumer, topic, partition, next, last_event_id, cluster_id)
select $1, t, p, n, e, $6 from unnest($2::text[], $3::int[], $4::bigint[], $5::text[]) x(t, p, n, e)
on conflict (consumer, topic, partition) do update set
    next = greatest(o.next, excluded.next),
    last_event_id = case when excluded.next >= o.next then excluded.last_event_id else o.last_event_id end,
    cluster_id = excluded.cluster_id
returning new.topic, new.partition, old.next, now()
"""

CLAIM = """
insert into inbox as i (company, consumer, topic, key, sequence, hash)
select c, $1, t, k, s, h from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bytea[]) x(c, t, k, s, h)
on conflict (company, consumer, topic, key) do update set sequence = excluded.sequence, hash = excluded.hash
 where i.sequence < excluded.sequence and i.held = 0
returning new.company, new.topic, new.key, old.sequence, old.hash
"""

CURSORS = """
select i.company, i.topic, i.key, i.sequence, i.hash, i.held
from unnest($2::text[], $3::text[], $4::text[]) x(c, t, k)
join inbox i on i.company = x.c and i.consumer = $1 and i.topic = x.t and i.key = x.k
"""

CORRECT = """
update inbox i set sequence = coalesce(x.s, i.sequence), hash = case when x.s is null then i.hash else x.h end,
    held = i.held + x.n
from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bytea[], $7::int[]) x(c, t, k, s, h, n)
where i.company = x.c and i.consumer = $1 and i.topic = x.t and i.key = x.k
"""

HOLD = """
insert into held (company, consumer, topic, partition, key, sequence, event_id, headers, body, reason, detail,
                  next_at, deadline, hash)
select c, $1, t, p, k, s, e, h, b, r, d, now(), now() + make_interval(secs => w), y
from unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::bigint[], $7::uuid[], $8::bytea[], $9::bytea[],
            $10::text[], $11::text[], $12::int[], $13::bytea[]) x(c, t, p, k, s, e, h, b, r, d, w, y)
on conflict (company, consumer, topic, key, sequence, event_id, hash) do nothing
returning company, topic, key, reason, sequence, hash
"""

COUNT = """
with refusals as (
    insert into inbox_refusal as r (company, consumer, topic, partition, day, code, events)
    select c, $1, t, p, d, o, e
    from unnest($8::text[], $9::text[], $10::int[], $11::date[], $12::text[], $13::bigint[]) x(c, t, p, d, o, e)
    on conflict (company, consumer, topic, partition, day, code) do update set events = r.events + excluded.events)
insert into inbox_count as n (company, consumer, topic, partition, day, outcome, events)
select c, $1, t, p, d, o, e
from unnest($2::text[], $3::text[], $4::int[], $5::date[], $6::text[], $7::bigint[]) x(c, t, p, d, o, e)
on conflict (company, consumer, topic, partition, day, outcome) do update set events = n.events + excluded.events
"""

UNREADABLE = """
insert into inbox_unreadable (consumer, topic, partition, "offset", key, headers, body, error, hash)
select $1, t, p, o, k, h, b, e, y
from unnest($2::text[], $3::int[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bytea[], $8::text[], $9::bytea[])
     x(t, p, o, k, h, b, e, y)
on conflict do nothing
"""


class Place(NamedTuple):
    """One key of one topic of one company: what a cursor stands at."""

    company: str
    topic: str
    key: str


@dataclass(frozen=True, slots=True)
class Position:
    """What a batch holds of one partition: its first offset, the one after its last, and the id of the last event."""

    topic: str
    partition: int
    first: int
    next: int
    last_event_id: str | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a consumer is on a key. `sequence` 0: nothing yet."""

    sequence: int
    hash: bytes | None
    held: int = 0


@dataclass(frozen=True, slots=True)
class Correction:
    """A cursor's change after the claim: `sequence` None leaves it, `held` is added."""

    sequence: int | None
    hash: bytes | None
    held: int


@dataclass(frozen=True, slots=True)
class ToHold:
    """An event to keep aside, as it came, with the reason."""

    place: Place
    partition: int
    sequence: int
    event_id: str
    headers: bytes
    body: bytes
    reason: str
    detail: str
    hash: bytes
    """Of the content as it came."""
    patience_s: int | None = None


@dataclass(frozen=True, slots=True)
class NowHeld:
    """What became of events that were to be held: how many are new per key, and which were held already."""

    counts: Mapping[Place, int]
    repeats: Sequence[ToHold]


class Counted(NamedTuple):
    """What the census counts by."""

    company: str
    topic: str
    partition: int
    day: date
    outcome: str
    code: str = ""
    """Of a refusal: the rule that said no."""


def content_hash(event_id: str, body: bytes) -> bytes:
    """Tells apart two events that claim the same sequence of a key."""
    return hashlib.sha256(event_id.encode() + body, usedforsecurity=False).digest()[:16]


async def advance(
    connection: asyncpg.Connection, consumer: str, positions: Sequence[Position], cluster_id: str | None
) -> tuple[Mapping[tuple[str, int], int], datetime]:
    """Write the offsets; returns what was expected next per partition where the batch starts beyond it, and the time.

    The rows' locks serialise two processes that hold the same partition (a zombie and its heir).
    """
    ordered = sorted(positions, key=lambda p: (p.topic, p.partition))
    rows = await connection.fetch(
        OFFSETS,
        consumer,
        [p.topic for p in ordered],
        [p.partition for p in ordered],
        [p.next for p in ordered],
        [p.last_event_id for p in ordered],
        cluster_id,
    )
    first = {(p.topic, p.partition): p.first for p in ordered}
    expected = {(row[0], row[1]): row[2] or 0 for row in rows}
    return {tp: n for tp, n in expected.items() if first[tp] > n}, rows[0][3]


async def claim(
    connection: asyncpg.Connection, consumer: str, ends: Mapping[Place, tuple[int, bytes]]
) -> dict[Place, Cursor]:
    """Move each key's cursor to the end of its run; returns the former cursors of the keys that moved.

    A key that is not returned has only duplicates, or holds events; its row is locked all the same.
    """
    places = sorted(ends)
    rows = await connection.fetch(
        CLAIM,
        consumer,
        [p.company for p in places],
        [p.topic for p in places],
        [p.key for p in places],
        [ends[p][0] for p in places],
        [ends[p][1] for p in places],
    )
    return {Place(row[0], row[1], row[2]): Cursor(row[3] or 0, row[4]) for row in rows}


async def cursors(connection: asyncpg.Connection, consumer: str, places: Sequence[Place]) -> dict[Place, Cursor]:
    """Where the cursors of these keys stand; only right after `claim` has locked them."""
    rows = await connection.fetch(
        CURSORS, consumer, [p.company for p in places], [p.topic for p in places], [p.key for p in places]
    )
    return {Place(row[0], row[1], row[2]): Cursor(row[3], row[4], row[5]) for row in rows}


async def correct(connection: asyncpg.Connection, consumer: str, changes: Mapping[Place, Correction]) -> None:
    """Set cursors back to what is really finished, and count what is held."""
    places = sorted(changes)
    await connection.execute(
        CORRECT,
        consumer,
        [p.company for p in places],
        [p.topic for p in places],
        [p.key for p in places],
        [changes[p].sequence for p in places],
        [changes[p].hash for p in places],
        [changes[p].held for p in places],
    )


async def hold(connection: asyncpg.Connection, consumer: str, events: Sequence[ToHold]) -> NowHeld:
    """Keep events aside, each content once (conflicts of content do not block, so they do not count)."""
    ordered = sorted(events, key=lambda e: (e.place, e.sequence))
    rows = await connection.fetch(
        HOLD,
        consumer,
        [e.place.company for e in ordered],
        [e.place.topic for e in ordered],
        [e.partition for e in ordered],
        [e.place.key for e in ordered],
        [e.sequence for e in ordered],
        [e.event_id for e in ordered],
        [e.headers for e in ordered],
        [e.body for e in ordered],
        [e.reason for e in ordered],
        [e.detail for e in ordered],
        [e.patience_s for e in ordered],
        [e.hash for e in ordered],
    )
    counts: dict[Place, int] = {}
    new: set[tuple[Place, int, bytes]] = set()
    for row in rows:
        place = Place(row[0], row[1], row[2])
        new.add((place, row[4], row[5]))
        if row[3] != "conflict":
            counts[place] = counts.get(place, 0) + 1
    return NowHeld(counts, [e for e in ordered if (e.place, e.sequence, e.hash) not in new])


async def count(connection: asyncpg.Connection, consumer: str, counts: Mapping[Counted, int]) -> None:
    """Add to the consumer's half of the census, and to its refusals by the rule that said no; one statement."""
    totals: dict[tuple[str, str, int, date, str], int] = {}
    refusals: dict[tuple[str, str, int, date, str], int] = {}
    for counted, events in counts.items():
        totals[counted[:5]] = totals.get(counted[:5], 0) + events
        if counted.code:
            refusals[(*counted[:4], counted.code)] = events
    await connection.execute(COUNT, consumer, *_columns(totals), *_columns(refusals))


def _columns(counts: Mapping[tuple[str, str, int, date, str], int]) -> list[list[Any]]:
    keys = sorted(counts)  # one order for all who count
    return [*([key[place] for key in keys] for place in range(5)), [counts[key] for key in keys]]


async def release_waiting(connection: asyncpg.Connection, known: set[str]) -> None:
    """Events that waited for a company are due now that it is known."""
    await connection.execute(
        "update held set next_at = now() where reason = 'waiting' and company = any($1::text[])", sorted(known)
    )
