"""The slow half of the census: every record of the topics against the log it came from, and against what was taken.

It streams: a page of records, one look-up of the rows they claim to be, and one bit per row of the log to know which
have been seen. Nothing is locked, and nothing is changed.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from chassis.consumers import Consumers
from chassis.inbox import content_hash
from chassis.kafka import reader
from chassis.telemetry import logger, safe_text
from contracts.envelope import SEQUENCE_HEADER, Envelope, EnvelopeError, from_headers
from contracts.topics import TOPICS

PAGE_RECORDS = 2_000
PAGE_ROWS = 50_000
STATEMENT_S = 900.0
"""A statement of an audit may go through the whole log; an operator's other ones end much sooner."""
FINDINGS_MAX = 1_000
"""More are counted, not listed."""
CANDIDATES_MAX = 100_000
"""Rows that may be missing on their topic, and wait for a second look."""

ROWS = """
select o.id, o.company, o.key, o.sequence, o.event_id, o.headers, o.body
from unnest($2::text[], $3::text[], $4::bigint[]) x(company, key, sequence)
join outbox o on o.company = x.company and o.topic = $1 and o.key = x.key and o.sequence = x.sequence
"""
LAST = "select last from outbox_sequence where company = $1 and topic = $2 and key = $3"
SAME_CONTENT = """
select sequence from outbox where company = $1 and topic = $2 and key = $3 and body = $4 order by sequence limit 1
"""
LATER = "select id from outbox where company = $1 and topic = $2 and key = $3 and sequence > $4"
SENT_IDS = """
select o.id from outbox o where o.id > $1 and not exists (select from outbox_unsent u where u.id = o.id)
order by o.id limit $2
"""
PLACES = "select id, company, topic, key, sequence, event_id from outbox where id = any($1::bigint[]) order by id"
INCOMPLETE = """
select s.company, s.topic, s.key, s.last, o.last as found_last, coalesce(o.events, 0) as found
from outbox_sequence s
full join (select company, topic, key, count(*) as events, max(sequence) as last from outbox group by 1, 2, 3) o
    using (company, topic, key)
where s.last is distinct from o.events or s.last is distinct from o.last limit $1
"""
ABSENT = """
select n from generate_series(1, $4::bigint) n
where not exists (select from outbox where company = $1 and topic = $2 and key = $3 and sequence = n) limit $5
"""
CURSORS = """
select i.company, i.key, i.sequence, i.hash, (select array_agg(h.sequence) from held h where h.company = i.company
    and h.consumer = i.consumer and h.topic = i.topic and h.key = i.key and i.held > 0) as held
from (select distinct * from unnest($3::text[], $4::text[]) x(company, key)) x
join inbox i on i.company = x.company and i.consumer = $1 and i.topic = $2 and i.key = x.key
"""
NEXT = "select topic, partition, next from inbox_offset where consumer = $1"


@dataclass(frozen=True, slots=True)
class Finding:
    """One event that is not what, or where, it should be. `sequence` and `event_id` as far as anybody knows them."""

    kind: str
    topic: str
    company: str | None
    key: str | None
    sequence: int | None
    event_id: str | None
    detail: str
    consumer: str | None = None


@dataclass(slots=True)
class Audit:
    """What one department's audit has seen so far."""

    service: str
    state: str = "running"
    records: int = 0
    duplicates: int = 0
    findings: list[Finding] = field(default_factory=list)
    findings_total: int = 0
    _seen: set[Finding] = field(default_factory=set)

    def find(self, *findings: Finding) -> None:
        """Note findings, each once."""
        for finding in findings:
            if finding not in self._seen:
                self.findings_total += 1
                if len(self.findings) < FINDINGS_MAX:
                    self._seen.add(finding)
                    self.findings.append(finding)

    def shown(self) -> dict[str, object]:
        """As JSON."""
        return {
            "service": self.service, "state": self.state, "records": self.records, "duplicates": self.duplicates,
            "findings_total": self.findings_total, "findings": [asdict(f) for f in self.findings],
        }  # fmt: skip


class _Rows:
    """One bit per row of the log."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, row: int) -> None:
        byte = row >> 3
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 65_536 - len(self._bits)))
        self._bits[byte] |= 1 << (row & 7)

    def __contains__(self, row: int) -> bool:
        byte = row >> 3
        return byte < len(self._bits) and bool(self._bits[byte] & (1 << (row & 7)))


class Auditor:
    """Compares one department's log with its topics, and its cursors with the topics that it listens to."""

    def __init__(self, operator: asyncpg.Pool, servers: str, audit: Audit) -> None:
        self._fetch = partial(operator.fetch, timeout=STATEMENT_S)
        self._fetchval = partial(operator.fetchval, timeout=STATEMENT_S)
        self._servers = servers
        self.audit = audit
        self._rows = _Rows()
        self._highest: dict[tuple[str, int], int] = {}
        """Per partition, the highest row of the log that was seen."""

    async def run(self, consumer: str, listens: Sequence[str]) -> None:
        """The whole audit. Raises what Kafka or the database says."""
        await self._complete_log()
        owned = [topic.name for topic in TOPICS.values() if topic.owner == self.audit.service]
        async with reader(self._servers) as kafka:
            if owned:
                await self._topics(kafka, owned)
            if listens:
                await self._cursors(kafka, consumer, listens)
        self.audit.state = "finished"

    async def _complete_log(self) -> None:
        """Every number that was given stands in the log, and no other."""
        for row in await self._fetch(INCOMPLETE, FINDINGS_MAX):
            place = (row["company"], row["topic"], row["key"])
            last = row["last"] or 0
            absent = await self._fetch(ABSENT, *place, last, FINDINGS_MAX)
            self.audit.find(*(
                Finding("gone-from-outbox", place[1], place[0], place[2], number, None, "numbered, not in the log")
                for (number,) in absent
            ))  # fmt: skip
            if (row["found_last"] or 0) > last:
                detail = f"the log goes on to {row['found_last']}, its numbering ends at {last}"
                self.audit.find(Finding("not-numbered", place[1], place[0], place[2], row["found_last"], None, detail))

    # -- the log and its topics ---------------------------------------------------------------------------------------

    async def _topics(self, kafka: AIOKafkaConsumer, topics: Sequence[str]) -> None:
        partitions = [TopicPartition(name, p) for name in topics for p in range(TOPICS[name].partitions)]
        ends = await self._read(kafka, dict.fromkeys(partitions, 0))
        candidates = await self._unseen()
        await self._read(kafka, ends)  # what was sent while we read stands behind the first ends
        missing = [row for row in candidates if row not in self._rows]
        for row in await self._fetch(PLACES, missing):
            self.audit.find(Finding(
                "gone-from-topic", row["topic"], row["company"], row["key"], row["sequence"], str(row["event_id"]),
                "in the log, no longer queued, and not on its topic",
            ))  # fmt: skip

    async def _unseen(self) -> list[int]:
        """Rows that were sent before this moment and not seen on a topic."""
        unseen: list[int] = []
        last = 0
        while len(unseen) < CANDIDATES_MAX:
            page = [row[0] for row in await self._fetch(SENT_IDS, last, PAGE_ROWS)]
            if not page:
                break
            last = page[-1]
            unseen += (row for row in page if row not in self._rows)
        return unseen

    async def _read(self, kafka: AIOKafkaConsumer, start: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Check every record from these offsets to the ends of now; returns the ends."""
        ends: dict[TopicPartition, int] = await kafka.end_offsets(list(start))
        async for tp, records in _pages(kafka, start, ends):
            await self._check(tp.topic, records)
            self.audit.records += len(records)
        return ends

    async def _check(self, topic: str, records: Sequence[ConsumerRecord]) -> None:
        events = [(record, envelope) for record in records if (envelope := self._envelope(topic, record)) is not None]
        rows = await self._fetch(
            ROWS, topic, [e.company for _, e in events], [e.subject for _, e in events], [e.sequence for _, e in events]
        )
        log = {(row["company"], row["key"], row["sequence"]): row for row in rows}
        for record, envelope in events:
            row = log.get((envelope.company, envelope.subject, envelope.sequence))
            if row is None:
                await self._unknown(topic, record, envelope)
            elif str(row["event_id"]) != envelope.id:
                self._found("doubled", topic, envelope, f"its sequence is that of event {row['event_id']}")
            elif row["id"] in self._rows:
                self._repeated(topic, record, envelope, row)
            else:
                await self._first(topic, record, envelope, row)

    async def _first(self, topic: str, record: ConsumerRecord, envelope: Envelope, row: asyncpg.Record) -> None:
        self._rows.add(row["id"])
        self._compare(topic, record, envelope, row)
        if row["id"] < self._highest.get((topic, record.partition), 0):
            later = await self._fetch(LATER, envelope.company, topic, envelope.subject, envelope.sequence)
            if any(other in self._rows for (other,) in later):
                self._found("reordered", topic, envelope, "stands behind a later event of its key")
        else:
            self._highest[topic, record.partition] = row["id"]

    def _repeated(self, topic: str, record: ConsumerRecord, envelope: Envelope, row: asyncpg.Record) -> None:
        self.audit.duplicates += 1
        self._compare(topic, record, envelope, row)

    def _compare(self, topic: str, record: ConsumerRecord, envelope: Envelope, row: asyncpg.Record) -> None:
        if record.value != row["body"]:
            detail = f"data differs: {_digest(record.value or b'')} on the topic, {_digest(row['body'])} in the log"
            self._found("changed", topic, envelope, detail)
        elif _headers(record) != sorted((name, value) for name, value in orjson.loads(row["headers"])):
            self._found("changed", topic, envelope, "headers differ from those in the log")

    async def _unknown(self, topic: str, record: ConsumerRecord, envelope: Envelope) -> None:
        place = (envelope.company, topic, envelope.subject)
        if envelope.sequence <= (await self._fetchval(LAST, *place) or 0):
            self._found("gone-from-outbox", topic, envelope, "numbered here and on the topic, not in the log")
            return
        same = await self._fetchval(SAME_CONTENT, *place, record.value)
        if same is not None:
            self._found("doubled", topic, envelope, f"the data of sequence {same} under a number never given")
        else:
            self._found("unknown", topic, envelope, "on the topic under a number that was never given here")

    def _envelope(self, topic: str, record: ConsumerRecord) -> Envelope | None:
        try:
            return from_headers(record.headers)
        except EnvelopeError as wrong:
            where = f"partition {record.partition}, offset {record.offset}: {wrong}"
            self.audit.find(Finding("unreadable", topic, None, None, None, None, where))
            return None

    def _found(self, kind: str, topic: str, envelope: Envelope, detail: str, consumer: str | None = None) -> None:
        place = (envelope.company, envelope.subject, envelope.sequence, envelope.id)
        self.audit.find(Finding(kind, topic, *place, detail, consumer))

    # -- the topics and what was taken of them ------------------------------------------------------------------------

    async def _cursors(self, kafka: AIOKafkaConsumer, consumer: str, topics: Sequence[str]) -> None:
        """Every record below the consumer's own position is finished or held, and is what the cursor says it is."""
        rows = await self._fetch(NEXT, consumer)
        there = {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows if row["topic"] in topics}
        ends = await kafka.end_offsets(list(there)) if there else {}
        stops = {tp: min(ends[tp], there[tp]) for tp in there}
        async for tp, records in _pages(kafka, dict.fromkeys(stops, 0), stops):
            events = [(r, e) for r in records if (e := self._readable(r)) is not None]
            places = sorted({(e.company, e.subject) for _, e in events})
            companies, keys = [p[0] for p in places], [p[1] for p in places]
            rows = await self._fetch(CURSORS, consumer, tp.topic, companies, keys)
            cursors = {(row["company"], row["key"]): row for row in rows}
            for record, envelope in events:
                self._taken(tp.topic, consumer, record, envelope, cursors.get((envelope.company, envelope.subject)))
            self.audit.records += len(records)

    def _taken(
        self, topic: str, consumer: str, record: ConsumerRecord, envelope: Envelope, cursor: asyncpg.Record | None
    ) -> None:
        if cursor is None:
            self._found("not-taken", topic, envelope, "read past, and no cursor of its key", consumer)
        elif envelope.sequence > cursor["sequence"]:
            if envelope.sequence not in (cursor["held"] or ()):
                detail = f"read past, neither held nor finished: the cursor is at {cursor['sequence']}"
                self._found("not-taken", topic, envelope, detail, consumer)
        elif envelope.sequence == cursor["sequence"] and cursor["hash"] not in (
            None, content_hash(envelope.id, record.value or b"")
        ):  # fmt: skip
            detail = "the cursor stands here, and what it finished last had other content"
            self._found("cursor-differs", topic, envelope, detail, consumer)

    def _readable(self, record: ConsumerRecord) -> Envelope | None:
        try:
            return from_headers(record.headers)
        except EnvelopeError:
            return None  # kept raw by the consumer


class Audits:
    """The audits of one process: one at a time, the last one kept."""

    def __init__(self, operator: asyncpg.Pool, servers: str, service: str, consumers: Consumers | None) -> None:
        self._operator = operator
        self._servers = servers
        self._service = service
        self._consumers = consumers
        self._running: asyncio.Task[None] | None = None
        self.latest: Audit | None = None

    def start(self) -> Audit:
        """Begin an audit in the background, unless one runs; returns the one that runs."""
        if self.latest is None or self._running is None or self._running.done():
            self.latest = Audit(self._service)
            self._running = asyncio.create_task(self._run(self.latest))
        return self.latest

    async def close(self) -> None:
        """End what runs."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _run(self, audit: Audit) -> None:
        consumers = self._consumers
        name, topics = ("", ()) if consumers is None else (consumers.name, consumers.topics)
        try:
            await Auditor(self._operator, self._servers, audit).run(name, topics)
        except Exception as error:
            audit.state = f"failed: {safe_text(error)}"
            logger.warning("the audit has failed", action="give-up", error=audit.state)


async def _pages(
    kafka: AIOKafkaConsumer, start: Mapping[TopicPartition, int], stops: Mapping[TopicPartition, int]
) -> AsyncIterator[tuple[TopicPartition, Sequence[ConsumerRecord]]]:
    """Records of each partition from its start up to its stop, in pages of one partition."""
    left = {tp for tp, offset in start.items() if offset < stops[tp]}
    if not left:
        return
    kafka.assign(sorted(left))
    for tp in left:
        kafka.seek(tp, start[tp])
    while left:
        batches = await kafka.getmany(*left, timeout_ms=5_000, max_records=PAGE_RECORDS)
        if not batches:
            raise TimeoutError("Kafka gives no records")
        for tp, records in batches.items():
            within = [record for record in records if record.offset < stops[tp]]
            if within:
                yield tp, within
            if records[-1].offset + 1 >= stops[tp]:
                left.discard(tp)
                kafka.pause(tp)


def _headers(record: ConsumerRecord) -> list[tuple[str, str]]:
    return sorted((n, v.decode(errors="backslashreplace")) for n, v in record.headers if n != SEQUENCE_HEADER)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
