"""A department's half of the census: what it has sent and what it has taken, by counters and by cursors.

Each answer is one statement, so one moment of the database. Who compares two departments reads the producer first to
find what is missing, and the consumer first to find what is too much; then what moves is never taken for lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import asyncpg
import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from chassis.auditing import Audits
from chassis.auth import EVERYTHING, Caller
from chassis.consumers import Consumers
from chassis.errors import Problem
from chassis.http import Reading, Router, check_company, read
from contracts.topics import TOPICS, partition_of

BUCKETS = 4_096
"""Keys are compared by sums over this many buckets first, then key by key where sums differ."""
BUCKETS_MAX = 128
"""Buckets that are compared key by key in one census; the rest has its turn when these agree."""
OPEN_MAX = 1_000
"""Sequences of one key that are named at most."""

DAY_OF_HEADERS = """(select left(e ->> 1, 10)::date from jsonb_array_elements(convert_from(h.headers, 'UTF8')::jsonb) e
    where e ->> 0 = 'ce_time' limit 1)"""

COUNTS = f"""
select now(), (select count(*) from outbox_unsent),
    (select json_agg(x) from (
        select company, topic, day, sum(events)::bigint as events from outbox_count
        where $1::text[] is null or company = any($1) group by 1, 2, 3) x),
    (select json_agg(x) from (
        select company, consumer, topic, day, outcome, sum(events)::bigint as events from inbox_count
        where $1::text[] is null or company = any($1) group by 1, 2, 3, 4, 5
        union all
        select company, consumer, topic, {DAY_OF_HEADERS}, 'held', count(*) from held h
        where reason <> 'conflict' and ($1::text[] is null or company = any($1)) group by 1, 2, 3, 4) x)
"""

DIGESTS = f"""
select
    (select json_agg(x) from (
        select topic, company, hashtext(key) & {BUCKETS - 1} as bucket, sum(last)::bigint as events from outbox_sequence
        where $1::text[] is null or company = any($1)
        group by grouping sets ((topic, company), (topic, hashtext(key) & {BUCKETS - 1}))) x),
    (select json_agg(x) from (
        select topic, company, hashtext(key) & {BUCKETS - 1} as bucket, sum(sequence)::bigint as finished,
            sum(sequence + held)::bigint as events from inbox
        where consumer = $2 and ($1::text[] is null or company = any($1))
        group by grouping sets ((topic, company), (topic, hashtext(key) & {BUCKETS - 1}))) x),
    (select json_agg(x) from (
        select company, topic, sum(events)::bigint as events from outbox_count
        where $1::text[] is null or company = any($1) group by 1, 2) x),
    (select json_agg(x) from (
        select company, topic, sum(events)::bigint as events from inbox_count
        where consumer = $2 and outcome <> 'duplicate' and ($1::text[] is null or company = any($1)) group by 1, 2) x)
"""

SENT_KEYS = f"""
select
    (select json_agg(x) from (
        select s.company, s.key, s.last, u.first as unsent from outbox_sequence s
        left join (select o.company, o.key, min(o.sequence) as first
            from outbox_unsent q join outbox o on o.id = q.id where o.topic = $1 group by 1, 2) u using (company, key)
        where s.topic = $1 and hashtext(s.key) & {BUCKETS - 1} = any($2::int[])
            and ($3::text[] is null or s.company = any($3))) x),
    (select json_agg(x) from (
        select partition, end_offset as at, cluster_id as cluster from relay_position where topic = $1) x)
"""

TAKEN_KEYS = f"""
select
    (select json_agg(x) from (
        select i.company, i.key, i.sequence as last,
            case when i.held > 0 then (select json_agg(h.sequence) from held h
                where (h.company, h.consumer, h.topic, h.key) = (i.company, i.consumer, i.topic, i.key)
                    and h.reason <> 'conflict') end as held
        from inbox i where i.topic = $1 and i.consumer = $4 and hashtext(i.key) & {BUCKETS - 1} = any($2::int[])
            and ($3::text[] is null or i.company = any($3))) x),
    (select json_agg(x) from (
        select partition, next as at, cluster_id as cluster from inbox_offset
        where topic = $1 and consumer = $4) x)
"""

EVENTS = """
select x.company, x.key, x.sequence, o.event_id, u.id is not null as unsent
from unnest($2::text[], $3::text[], $4::bigint[]) x(company, key, sequence)
left join outbox o on o.company = x.company and o.topic = $1 and o.key = x.key and o.sequence = x.sequence
left join outbox_unsent u on u.id = o.id
where $5::text[] is null or x.company = any($5)
"""

router = Router(prefix="/v1/census", tags=["operations"])


class KeysBody(BaseModel):
    """Which keys to show: those of a topic in these buckets, as sent or as taken."""

    model_config = ConfigDict(extra="forbid")
    topic: str
    side: Literal["sent", "taken"]
    buckets: Annotated[list[int], Field(max_length=BUCKETS)]
    company: str | None = None


class PlaceBody(BaseModel):
    """One event by its place."""

    model_config = ConfigDict(extra="forbid")
    company: str
    key: str
    sequence: Annotated[int, Field(ge=1, lt=2**62)]


class EventsBody(BaseModel):
    """Which events to look up in the log."""

    model_config = ConfigDict(extra="forbid")
    topic: str
    places: Annotated[list[PlaceBody], Field(max_length=10_000)]
    company: str | None = None


STATEMENT_S = 120.0
"""Sums over every key take longer than an operator's other statements."""


class Counting:
    """Reads one department's counters and cursors under the operators' role."""

    def __init__(self, operator: asyncpg.Pool, service: str, consumers: Consumers | None) -> None:
        self._operator = operator
        self._service = service
        self._consumer = consumers.name if consumers is not None else ""
        self._topics = consumers.topics if consumers is not None else ()

    async def counts(self, companies: Sequence[str] | None, *, digests: bool) -> dict[str, Any]:
        """Counters by topic, company and day; with sums per bucket of keys when asked for."""
        at, unsent, sent, taken = await self._operator.fetchrow(COUNTS, companies, timeout=STATEMENT_S)  # type: ignore[misc]
        told: dict[str, Any] = {
            "service": self._service, "consumer": self._consumer, "listens": list(self._topics),
            "owns": [topic.name for topic in TOPICS.values() if topic.owner == self._service],
            "at": at.isoformat(), "unsent": unsent, "sent": _list(sent), "taken": _list(taken),
        }  # fmt: skip
        if digests:
            row = await self._operator.fetchrow(DIGESTS, companies, self._consumer, timeout=STATEMENT_S)
            sequences, cursors, counted_sent, counted_taken = (_list(part) for part in row)  # type: ignore[union-attr]
            told |= {
                "sent_buckets": _buckets(sequences), "taken_buckets": _buckets(cursors),
                "disagree": [
                    *_disagreements("sent", sequences, "events", counted_sent),
                    *_disagreements("taken", cursors, "finished", counted_taken),
                ],
            }  # fmt: skip
        return told

    async def keys(
        self, topic: str, side: str, buckets: Sequence[int], companies: Sequence[str] | None
    ) -> dict[str, Any]:
        """Every key of a topic in these buckets, and the positions of its partitions at the same moment."""
        if side == "sent":
            keys, positions = await self._operator.fetchrow(SENT_KEYS, topic, buckets, companies, timeout=STATEMENT_S)  # type: ignore[misc]
        else:
            row = await self._operator.fetchrow(
                TAKEN_KEYS, topic, buckets, companies, self._consumer, timeout=STATEMENT_S
            )
            keys, positions = row  # type: ignore[misc]
        return {"keys": _list(keys), "positions": _list(positions)}

    async def events(
        self, topic: str, places: Sequence[tuple[str, str, int]], companies: Sequence[str] | None
    ) -> list[dict[str, Any]]:
        """Which events stand at these places of the log; `event_id` null where there is none any more."""
        rows = await self._operator.fetch(
            EVENTS, topic, [p[0] for p in places], [p[1] for p in places], [p[2] for p in places], companies
        )
        return [{**row, "event_id": None if row["event_id"] is None else str(row["event_id"])} for row in rows]


def companies_of(caller: Caller, company: str | None) -> list[str] | None:
    """The companies to count: the one asked for, else all that the caller sees; None for the whole house.

    Raises Problem 404 for a company that does not exist for this caller.
    """
    if company is not None:
        check_company(caller, company)
        return [company]
    return None if EVERYTHING in caller.companies else sorted(caller.companies)


def behind(sent: Mapping[str, Any], taken: Mapping[str, Any], topic: str) -> set[tuple[str, str, int]]:
    """What is missing at a consumer that was read *after* its producer: (company, key, sequence).

    An event that had left the queue stands on the topic below the acknowledged end; a consumer that has passed that
    end and neither finished nor holds the event will never get it.
    """
    finished = {(row["company"], row["key"]): row for row in taken["keys"]}
    ends, nexts = (_positions(side["positions"]) for side in (sent, taken))
    missing: set[tuple[str, str, int]] = set()
    for row in sent["keys"]:
        place = (row["company"], row["key"])
        last = row["last"] if row["unsent"] is None else min(row["last"], row["unsent"] - 1)
        cursor = finished.get(place)
        start = cursor["last"] if cursor else 0
        if start >= last or not _has_passed(row["key"], topic, ends, nexts):
            continue
        held = set(cursor["held"] or ()) if cursor else set()
        open_ = (n for n in range(start + 1, min(last, start + OPEN_MAX) + 1) if n not in held)
        missing.update((*place, number) for number in open_)
    return missing


def ahead(taken: Mapping[str, Any], sent: Mapping[str, Any]) -> set[tuple[str, str, int]]:
    """Cursors, read *before* the producer, that stand beyond what it has ever numbered: (company, key, cursor)."""
    numbered = {(row["company"], row["key"]): row["last"] for row in sent["keys"]}
    places = ((row["company"], row["key"], row["last"]) for row in taken["keys"])
    return {place for place in places if place[2] > numbered.get(place[:2], 0)}


def suspicious(sent: Mapping[str, int], taken: Mapping[str, int]) -> list[int]:
    """Buckets of a topic whose sums differ."""
    return sorted(int(b) for b in sent.keys() | taken.keys() if sent.get(b, 0) != taken.get(b, 0))


@router.get("/counts")
async def get_counts(
    request: Request,
    reading: Annotated[Reading, Depends(read("operations:read"))],
    company: str | None = None,
    digests: Annotated[bool, Query()] = False,
) -> dict[str, Any]:
    """This department's counters."""
    return await counting_of(request).counts(companies_of(reading.caller, company), digests=digests)


@router.post("/keys")
async def post_keys(
    request: Request, body: KeysBody, reading: Annotated[Reading, Depends(read("operations:read"))]
) -> dict[str, Any]:
    """This department's keys in some buckets of a topic."""
    companies = companies_of(reading.caller, body.company)
    return await counting_of(request).keys(body.topic, body.side, body.buckets, companies)


@router.post("/events")
async def post_events(
    request: Request, body: EventsBody, reading: Annotated[Reading, Depends(read("operations:read"))]
) -> dict[str, Any]:
    """Events of this department's log by their places."""
    places = [(p.company, p.key, p.sequence) for p in body.places]
    companies = companies_of(reading.caller, body.company)
    return {"events": await counting_of(request).events(body.topic, places, companies)}


@router.post("/audit", status_code=202)
async def start_audit(
    request: Request, reading: Annotated[Reading, Depends(read("operations:read"))]
) -> dict[str, object]:
    """Begin to compare this department's log with its topics, and its cursors with what it listens to."""
    check_sees_all(reading.caller)
    return _audits_of(request).start().shown()


@router.get("/audit")
async def get_audit(
    request: Request, reading: Annotated[Reading, Depends(read("operations:read"))]
) -> dict[str, object]:
    """The last audit of this process: how far it is, and what it has found."""
    check_sees_all(reading.caller)
    latest = _audits_of(request).latest
    return {"state": "none"} if latest is None else latest.shown()


def check_sees_all(caller: Caller) -> None:
    """Raises Problem 403: an audit reads the records of every company."""
    if EVERYTHING not in caller.companies:
        raise Problem(403, "scope-missing", "An audit is for operators of all companies only.")


def _audits_of(request: Request) -> Audits:
    found: Audits | None = request.app.state.service.audits
    if found is None:
        raise Problem(503, "not-ready", "The database is not there yet.", headers={"Retry-After": "2"})
    return found


def counting_of(request: Request) -> Counting:
    """The department's own counters. Raises Problem 503 while its database is not there."""
    found: Counting | None = request.app.state.service.census
    if found is None:
        raise Problem(503, "not-ready", "The database is not there yet.", headers={"Retry-After": "2"})
    return found


def _has_passed(key: str, topic: str, ends: Mapping[int, Any], nexts: Mapping[int, Any]) -> bool:
    partition = partition_of(key, topic)
    end, after = ends.get(partition), nexts.get(partition)
    if end is None:
        return True
    if after is None or (after["cluster"] is not None and after["cluster"] != end["cluster"]):
        return bool(end["at"] == 0)
    return bool(after["at"] >= end["at"])


def _positions(rows: Iterable[Mapping[str, Any]]) -> dict[int, Mapping[str, Any]]:
    return {row["partition"]: row for row in rows}


def _list(text: str | None) -> list[dict[str, Any]]:
    return orjson.loads(text) if text else []


def _buckets(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        if row["bucket"] is not None:
            found.setdefault(row["topic"], {})[str(row["bucket"])] = row["events"]
    return found


def _disagreements(
    side: str, rows: Iterable[Mapping[str, Any]], column: str, counted: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Where counters and cursors, written in the same commits, do not say the same."""
    numbers = {(row["topic"], row["company"]): row[column] for row in rows if row["bucket"] is None}
    counts = {(row["topic"], row["company"]): row["events"] for row in counted}
    return [
        {"side": side, "topic": place[0], "company": place[1], "cursors": numbers.get(place, 0),
         "counters": counts.get(place, 0)}
        for place in sorted(numbers.keys() | counts.keys()) if numbers.get(place, 0) != counts.get(place, 0)
    ]  # fmt: skip
