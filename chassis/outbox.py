"""The outbox: an append-only log of what happened here, a queue of what is unsent, and a sequence per key.

One statement writes all three. The upsert of `outbox_sequence` locks each key's row before the log's ids are taken,
which is what makes the order of ids equal the order of sequences on a key, whatever the domain code does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import asyncpg
import orjson
from pydantic import ValidationError

from chassis.cause import Cause
from chassis.errors import Poison
from chassis.ids import UUID, derive
from chassis.telemetry import broken_rules
from contracts.base import EventData
from contracts.envelope import CONTENT_TYPE, SPEC_VERSION, is_within_bounds

APPEND = """
with s as (insert into outbox_sequence as q (company, topic, key, last)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
    on conflict (company, topic, key) do update set last = q.last + excluded.last
    returning company, topic, key, last),
l as (insert into outbox (company, topic, key, sequence, event_id, headers, body)
    select x.company, x.topic, x.key, s.last - x.back, x.event_id, x.headers, x.body
    from unnest($5::text[], $6::text[], $7::text[], $8::bigint[], $9::uuid[], $10::bytea[], $11::bytea[])
         with ordinality as x(company, topic, key, back, event_id, headers, body, n)
    join s using (company, topic, key) order by x.n returning id),
c as (insert into outbox_count as q (company, topic, day, lane, events)
    select company, topic, day, pg_backend_pid() % 16, events
    from unnest($12::text[], $13::text[], $14::date[], $15::bigint[]) x(company, topic, day, events)
    on conflict (company, topic, day, lane) do update set events = q.events + excluded.events)
insert into outbox_unsent select id from l
"""
"""The last part is the producer's half of the census. A connection counts in a lane of its own, so that writers of one
topic do not wait for each other's commit."""


class ContractBroken(Poison):
    """A producer made bytes that its own contract refuses, or that no broker would take: a bug here, not elsewhere."""


class OutboxEvent(NamedTuple):
    """An event as it will stand in the log; its sequence is given by the database."""

    company: str
    topic: str
    key: str
    event_id: UUID
    headers: bytes
    body: bytes
    day: date
    """Of the event's time, in UTC: the consumers' counters go by the same."""


class Producer:
    """Makes outbox events of one service: derives the id, serialises once, validates the very bytes."""

    def __init__(self, source: str, event_bytes_max: int) -> None:
        self.source = source
        self.event_bytes_max = event_bytes_max

    def make(
        self,
        event: type[EventData],
        key: UUID | str,
        data: Mapping[str, object],
        cause: Cause,
        *,
        time: str,
        ordinal: int = 0,
    ) -> OutboxEvent:
        """One event that follows from a cause. Raises ContractBroken when its contract does not accept the bytes."""
        body = orjson.dumps(data, default=str)
        try:
            event.__pydantic_validator__.validate_json(body)
        except ValidationError as wrong:
            raise ContractBroken(f"{event.event_type}: {broken_rules(wrong)}") from None
        event_id = derive(cause.id, event.event_type, key, ordinal)
        return self.sealed(event, str(key), event_id, body, cause, source=self.source, time=time)

    def sealed(
        self,
        event: type[EventData],
        key: str,
        event_id: UUID,
        body: bytes,
        cause: Cause,
        *,
        source: str,
        time: str,
        client_id: str | None = None,
    ) -> OutboxEvent:
        """One event whose bytes are valid already (the gateway's, that come from a front office)."""
        headers: list[tuple[str, str]] = [
            ("ce_specversion", SPEC_VERSION),
            ("ce_id", str(event_id)),
            ("ce_type", event.event_type),
            ("ce_source", source),
            ("ce_subject", key),
            ("ce_time", time),
            ("ce_dataschema", event.dataschema),
            ("ce_company", cause.company),
            ("ce_causationid", str(cause.id)),
            ("ce_correlationid", cause.correlation),
            ("ce_actor", cause.actor),
            ("content-type", CONTENT_TYPE),
        ]
        if cause.on_behalf_of is not None:
            headers.append(("ce_onbehalfof", cause.on_behalf_of))
        if cause.traceparent is not None:
            headers.append(("ce_traceparent", cause.traceparent))
        if client_id is not None:
            headers.append(("ce_clientid", client_id))
        if not is_within_bounds(key, source, cause.correlation, cause.actor, cause.on_behalf_of, client_id):
            raise ContractBroken(f"{event.event_type}: an attribute of its envelope is beyond what readers take")
        packed = orjson.dumps(headers)
        if len(body) + len(packed) > self.event_bytes_max:
            raise ContractBroken(
                f"{event.event_type} of {len(body)} bytes is above the limit of {self.event_bytes_max}"
            )
        return OutboxEvent(cause.company, event.topic, key, event_id, packed, body, date.fromisoformat(time[:10]))


async def append(connection: asyncpg.Connection, events: Sequence[OutboxEvent]) -> None:
    """Write all events of a transaction, in their order, in one statement."""
    counts: dict[tuple[str, str, str], int] = {}
    days: dict[tuple[str, str, date], int] = {}
    for event in events:
        place = (event.company, event.topic, event.key)
        counts[place] = counts.get(place, 0) + 1
        counted = (event.company, event.topic, event.day)
        days[counted] = days.get(counted, 0) + 1
    left = dict(counts)
    back: list[int] = []
    for event in events:
        place = (event.company, event.topic, event.key)
        left[place] -= 1
        back.append(left[place])
    keys = sorted(counts)
    by_day = sorted(days)
    await connection.execute(
        APPEND,
        [k[0] for k in keys],
        [k[1] for k in keys],
        [k[2] for k in keys],
        [counts[k] for k in keys],
        [e.company for e in events],
        [e.topic for e in events],
        [e.key for e in events],
        back,
        [e.event_id for e in events],
        [e.headers for e in events],
        [e.body for e in events],
        [d[0] for d in by_day],
        [d[1] for d in by_day],
        [d[2] for d in by_day],
        [days[d] for d in by_day],
    )
