"""The relay: what is unsent goes to Kafka in the order of the log, and leaves the queue once Kafka has acknowledged.

It reads the queue, never `id > last` (rows commit out of the order of their ids). One owner per database, by a session
advisory lock with a heartbeat; a standby ends the backend of an owner that is frozen. A crash between acknowledgement
and deletion sends again: consumers drop what they have by its sequence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer, TopicPartition

from chassis.cluster import ClusterWatch
from chassis.database import IDLE_IN_TRANSACTION, Signals
from chassis.faults import hit
from chassis.rebuilding import Watermark, ensure_topics_hold_what_was_sent, requeue_lost
from chassis.remembering import Remembered
from chassis.settings import ServiceSettings
from chassis.telemetry import Metrics, logger, safe_text
from contracts.envelope import SEQUENCE_HEADER
from contracts.topics import partition_of

LOCK = 7_203_312
HEARTBEAT_S = 2.0
BEAT_MAX_S = 5.0
"""A beat that takes longer than this goes over a connection that is dead at the other end."""
FROZEN_S = 10.0
"""A heartbeat older than this means that the owner is frozen; its backend may be ended."""
SEND_TIMEOUT_S = 15.0
"""An idempotent producer waits for ever; after this it is thrown away and its rows are sent anew."""
OTHERS_WRITE_S = 60.0
BATCH_BYTES = 131_072

READ = """
select o.id, o.topic, o.key, o.sequence, o.headers, o.body
from (select id from outbox_unsent order by id limit $1) u
cross join lateral (
    select o.id, o.topic, o.key, o.sequence, o.headers, o.body from outbox o where o.id = u.id offset 0) o
order by u.id
"""

SENT = """
with gone as (delete from outbox_unsent where id = any($1::bigint[]))
insert into relay_position as r (topic, partition, cluster_id, end_offset)
select t, p, $2, e from unnest($3::text[], $4::int[], $5::bigint[]) x(t, p, e)
on conflict (topic, partition) do update set cluster_id = excluded.cluster_id,
    end_offset = case when r.cluster_id = excluded.cluster_id then greatest(r.end_offset, excluded.end_offset)
        else excluded.end_offset end
"""

BEAT = """
insert into relay_owner (pid, replica, beat) values ($1, $2, now())
on conflict (one) do update set pid = excluded.pid, replica = excluded.replica, beat = excluded.beat
"""

FROZEN = """
select o.pid from relay_owner o join pg_locks l on l.pid = o.pid
where o.beat < now() - make_interval(secs => $1) and l.locktype = 'advisory' and l.granted and l.objid::bigint = $2
    and l.database = (select oid from pg_database where datname = current_database())
"""
"""Only the process that holds the lock may be ended: a process number that was noted once may be another's by now."""

PLANNER = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
"""While statistics are missing the planner would scan the whole log for each read; these leave it only the look-up."""


@dataclass(slots=True)
class _Lot:
    """Rows of one partition that go in one batch."""

    topic: str
    partition: int
    ids: list[int]
    acknowledged: asyncio.Future[object]


class Relay:
    """Moves one service's outbox to Kafka."""

    def __init__(
        self, settings: ServiceSettings, signals: Signals, metrics: Metrics, watch: ClusterWatch | None = None
    ) -> None:
        self.settings = settings
        self.watch = watch
        self.writers_signal = False
        """Whether this process writes the outbox too, and wakes the relay when it has."""
        self._others_write_until = 0.0
        self._beating: asyncio.Task[None] | None = None
        self.signals = signals
        self.metrics = metrics
        self.is_owner = False
        self.connected = False
        self.diverged: tuple[str, ...] | None = None
        """Why nothing may be sent: the topics hold more than this database knows."""

    async def run(self) -> None:
        """Relay for ever: take the lock, send, and start over with a new producer and connection after any failure."""
        while True:
            try:
                await self._own()
            except Exception as error:
                logger.warning("relay starts over", action="retry", error=safe_text(error))
            finally:
                self.is_owner = self.connected = False
                self.diverged = None  # the next owner looks for itself
            await asyncio.sleep(0.5)

    async def _own(self) -> None:
        connection = await self._connect()
        try:
            await self._take_lock(connection)
            self.is_owner = True
            self._beating = asyncio.create_task(self._beat(connection.get_server_pid()))
            # Without a beat the lock may be another's: whatever statement waits on our connection ends here.
            self._beating.add_done_callback(lambda _: connection.terminate())
            while not self._beating.done():
                await self._send_with_new_producer(connection, self._beating)
            self._beating.result()
        finally:
            if self._beating is not None:
                self._beating.cancel()
            with suppress(Exception):
                async with asyncio.timeout(2):
                    await connection.close()
            connection.terminate()

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(
            self.settings.relay_url.get_secret_value(),
            timeout=5,
            server_settings=PLANNER
            | {"idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION}
            | {"application_name": f"{self.settings.service}-{self.settings.replica}-relay"},
        )

    async def _take_lock(self, connection: asyncpg.Connection) -> None:
        while not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK):
            frozen = await connection.fetchval(FROZEN, FROZEN_S, LOCK)
            if frozen is not None:
                logger.error("ending the backend of a frozen relay", action="takeover", pid=frozen)
                await connection.execute("select pg_terminate_backend($1)", frozen)
            await asyncio.sleep(1)

    async def _beat(self, pid: int) -> None:
        """Show that this process is not frozen, over a connection of its own: Kafka may keep the relay waiting."""
        connection = await self._connect()
        try:
            while True:
                await connection.execute(BEAT, pid, str(self.settings.replica), timeout=BEAT_MAX_S)
                await asyncio.sleep(HEARTBEAT_S)
        finally:
            connection.terminate()

    async def _send_with_new_producer(self, connection: asyncpg.Connection, beating: asyncio.Task[None]) -> None:
        """Send until something fails; the producer is then of no more use (its state is not known)."""
        servers = self.settings.stack.kafka_bootstrap_servers
        producer = AIOKafkaProducer(
            bootstrap_servers=servers, enable_idempotence=True, linger_ms=0, max_batch_size=BATCH_BYTES,
            max_request_size=4 * BATCH_BYTES, request_timeout_ms=10_000,
        )  # fmt: skip
        remembering: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await producer.start()
            mark = await ensure_topics_hold_what_was_sent(connection, self.settings.stack, self.settings.service)
            self.diverged = mark.diverged
            if mark.diverged is not None:
                logger.error("nothing is sent", action="alarm", missing=mark.diverged)
                self.connected = False
                await asyncio.sleep(5)
                return
            self.connected = True
            remembering = asyncio.create_task(self._remember(mark))
            signalled = True
            while not beating.done():
                self._look_at_cluster(mark)
                if await self._send_once(connection, producer, mark):
                    self._others_write_if(not signalled)
                    signalled = True  # what is found now came while sending
                else:
                    signalled = await self._wait_for_work()
        except Exception as error:
            self.connected = False
            self.metrics.relay_failed()
            logger.warning("relay gets a new producer", action="retry", error=safe_text(error))
            await asyncio.sleep(0.2)
            if connection.is_closed():
                raise
        finally:
            if remembering is not None:
                remembering.cancel()
            await _discard(producer)

    async def _remember(self, mark: Watermark) -> None:
        """Leave with the cluster how far this service has settled: a database from a copy is held to it."""
        written: dict[tuple[str, int], int] = {}
        async with Remembered(self.settings.stack.kafka_bootstrap_servers, self.settings.service) as remembered:
            while True:
                new = {place: end for place, end in mark.ends.items() if written.get(place) != end}
                if new:
                    try:
                        await remembered.write({TopicPartition(*place): end for place, end in new.items()})
                        written |= new
                    except Exception as error:  # only what guards against old copies lags behind
                        logger.warning("the cluster does not remember", action="retry", error=safe_text(error))
                        await remembered.close()
                await asyncio.sleep(HEARTBEAT_S)

    def _look_at_cluster(self, mark: Watermark) -> None:
        """Raises ConnectionError when another cluster answers: its topics are empty, even with nothing new to send."""
        if self.watch is not None and self.watch.identity not in (None, mark.cluster_id):
            raise ConnectionError(f"cluster {self.watch.identity} answers, not {mark.cluster_id}")

    async def _send_once(self, connection: asyncpg.Connection, producer: AIOKafkaProducer, mark: Watermark) -> bool:
        """Send what is unsent now; False when there was nothing."""
        self.signals.outbox.clear()
        rows = await connection.fetch(READ, self.settings.relay_batch_rows)
        if not rows:
            return False
        hit("relay.read")
        async with asyncio.timeout(SEND_TIMEOUT_S):
            lots = await _submit(producer, rows)
        await asyncio.wait([lot.acknowledged for lot in lots], timeout=SEND_TIMEOUT_S)
        hit("relay.sent")
        failure = await self._settle(connection, lots, mark)
        hit("relay.deleted")
        if failure is not None:
            raise failure
        return True

    async def _settle(
        self, connection: asyncpg.Connection, lots: Sequence[_Lot], mark: Watermark
    ) -> BaseException | None:
        """Take acknowledged rows off the queue; on a partition, only up to the first lot that failed."""
        failed: dict[tuple[str, int], BaseException] = {}
        ends: dict[tuple[str, int], int] = {}
        sent: list[int] = []
        for lot in lots:
            place = (lot.topic, lot.partition)
            error = lot.acknowledged.exception() if lot.acknowledged.done() else TimeoutError(f"{place}: no answer")
            if error is not None:
                failed.setdefault(place, error)
            elif place not in failed:
                offset: int = lot.acknowledged.result().offset  # type: ignore[attr-defined]
                if 0 <= offset < mark.ends.get(place, 0):
                    await requeue_lost(connection, mark.cluster_id, [lot.topic])
                    failed[place] = ConnectionError(f"{lot.topic} has lost events: {offset} follows {mark.ends[place]}")
                    continue
                if offset >= 0:  # a repeat that Kafka knows already has no place of its own
                    ends[place] = offset + len(lot.ids)
                sent.extend(lot.ids)
        if sent:
            places = sorted(ends)
            await connection.execute(
                SENT, sent, mark.cluster_id, [p[0] for p in places], [p[1] for p in places], [ends[p] for p in places]
            )
            mark.ends.update(ends)
            self.metrics.relayed(len(sent))
        return next(iter(failed.values()), None)

    def _others_write_if(self, found_by_polling: bool) -> None:
        """Rows that nobody here signalled come from another process (a replica): look often for a while."""
        if found_by_polling:
            self._others_write_until = asyncio.get_running_loop().time() + OTHERS_WRITE_S

    async def _wait_for_work(self) -> bool:
        """Rest until there is a signal (True) or it is time to look anyway (False)."""
        rest_ms = self.settings.relay_poll_ms
        if self.writers_signal and asyncio.get_running_loop().time() > self._others_write_until:
            rest_ms = self.settings.relay_net_ms
        try:
            async with asyncio.timeout(rest_ms / 1_000):
                await self.signals.outbox.wait()
        except TimeoutError:
            return False
        return True


async def _submit(producer: AIOKafkaProducer, rows: Sequence[asyncpg.Record]) -> list[_Lot]:
    """Hand rows over in log order, grouped by partition; one future per batch instead of one per event."""
    groups: dict[TopicPartition, list[asyncpg.Record]] = {}
    for row in rows:
        topic = row["topic"]
        groups.setdefault(TopicPartition(topic, partition_of(row["key"], topic)), []).append(row)
    lots: list[_Lot] = []
    for (topic, partition), group in groups.items():
        batch = producer.create_batch()
        ids: list[int] = []
        for row in group:
            headers = [(name, value.encode()) for name, value in orjson.loads(row["headers"])]
            headers.append((SEQUENCE_HEADER, b"%d" % row["sequence"]))
            key, value = row["key"].encode(), row["body"]
            if batch.append(timestamp=None, key=key, value=value, headers=headers) is None:
                lots.append(_Lot(topic, partition, ids, await producer.send_batch(batch, topic, partition=partition)))
                batch, ids = producer.create_batch(), []
                batch.append(timestamp=None, key=key, value=value, headers=headers)
            ids.append(row["id"])
        lots.append(_Lot(topic, partition, ids, await producer.send_batch(batch, topic, partition=partition)))
    return lots


async def _discard(producer: AIOKafkaProducer) -> None:
    """Stop a producer without trusting it to stop: an idempotent one may wait for ever for a broker that is gone."""
    with suppress(Exception):
        async with asyncio.timeout(2):
            await producer.stop()
    with suppress(Exception):
        async with asyncio.timeout(1):
            await producer.client.close()
