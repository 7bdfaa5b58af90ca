"""Timed and background work: rows in the service's own database, asked for in the commit that needs them.

A job is leased, run outside any transaction, and finished in one commit with its results. The lease is a fence: a
worker that comes back after its lease ran out cannot finish, so a job's result is there once, however often it was
begun. Work may be begun more than once, so what a job does outside the database must bear a repeat.

    jobs = Jobs("documents")

    @jobs.queue("render", lease_s=60, batch=20)
    async def render(batch: Sequence[Job], context: JobContext) -> None:
        papers = await typeset(batch)
        async with context.finishing(batch) as unit:
            await store.append_papers(unit, papers)
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter

import asyncpg
import orjson

from chassis.database import Database, UnitOfWork, is_away, is_transient
from chassis.faults import hit
from chassis.ids import UUID, new_id
from chassis.jobs_lease import LeaseLost, finish, keep_alive, still_ours
from chassis.telemetry import Metrics, logger, safe_text

POLL_S = 1.0
"""The net below the in-process signal, and how exact a job's time is."""
BACKOFF_MAX_S = 300
BEAT_LEASE_S = 8.0
"""A lease is taken for so long and renewed while its worker lives, up to the queue's own limit for an attempt: the jobs
of a worker that was killed wait for seconds, however long an attempt may take."""

TAKE = """
with due as materialized (select id from job
    where queue = $1 and run_at <= now() and (leased_until is null or leased_until < now())
    order by run_at, id limit $4 for update skip locked)
update job j set lease = $2, leased_until = now() + make_interval(secs => $3), attempts = attempts + 1
from due where j.id = due.id returning j.id, j.company, j.key, j.payload, j.attempts, j.at
"""
DROP = "delete from job where id = any($1::bigint[]) and lease = $2"
RETRY = """
update job set lease = null, leased_until = null, error = $3, run_at = case when attempts >= $4 then 'infinity'
    else now() + make_interval(secs => least(2 ^ least(attempts, 20), $5) * (0.5 + random())) end
where id = any($1::bigint[]) and lease = $2 returning run_at = 'infinity'
"""
WAIT = """
update job set lease = null, error = $3, attempts = greatest(attempts - 1, 1), leased_until = now() +
    make_interval(secs => least(greatest(extract(epoch from now() - run_at)::float8 / 2, 1), $4) * (0.5 + random()))
where id = any($1::bigint[]) and lease = $2 returning false
"""
"""What only has to wait (for another department, say) uses up no attempt: it rests half as long as it is overdue. It
stays at one attempt at least, so that it runs alone and holds up nobody else of its batch."""
RELEASE = """
update job set lease = null, leased_until = null, attempts = attempts - 1 where id = any($1::bigint[]) and lease = $2
"""
TURN = """
insert into job_lease as l (name, lease, until) values ($1, $2, now() + make_interval(secs => $3))
on conflict (name) do update set lease = excluded.lease, until = excluded.until where l.until <= now()
returning true
"""
TURN_OVER = "update job_lease set until = now() + make_interval(secs => $3) where name = $1 and lease = $2"


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work. `attempts` counts this one."""

    id: int
    company: str
    queue: str
    key: str
    payload: Mapping[str, object]
    attempts: int
    at: datetime


Work = Callable[[Sequence[Job], "JobContext"], Awaitable[None]]
Turn = Callable[["TurnContext"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Queue:
    name: str
    work: Work
    lease_s: float
    batch: int
    attempts_max: int
    parallel: int


@dataclass(frozen=True, slots=True)
class _Periodic:
    name: str
    turn: Turn
    seconds: float
    lease_s: float


class Jobs:
    """What background work a service has. Building it has no effect; `JobWorkers` runs it."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.queues: dict[str, _Queue] = {}
        self.periodic: dict[str, _Periodic] = {}

    def queue(
        self, name: str, *, lease_s: float = 60, batch: int = 20, attempts_max: int = 10, parallel: int = 1
    ) -> Callable[[Work], Work]:
        """Work on this queue's jobs, up to `batch` at a time, `parallel` times in this process.

        An attempt is cut off after `lease_s`; when its worker dies, another follows within seconds. What fails
        `attempts_max` times stays in the table with its error; what is Transient does not count.
        """

        def register(work: Work) -> Work:
            if name in self.queues:
                raise ValueError(f"{self.service} has two workers for {name}")
            self.queues[name] = _Queue(name, work, lease_s, batch, attempts_max, parallel)
            return work

        return register

    def every(self, seconds: float, name: str, *, lease_s: float = 60) -> Callable[[Turn], Turn]:
        """Run this every so many seconds on one of the replicas."""

        def register(turn: Turn) -> Turn:
            if name in self.periodic:
                raise ValueError(f"{self.service} has two periodic jobs called {name}")
            self.periodic[name] = _Periodic(name, turn, seconds, lease_s)
            return turn

        return register


class TurnContext:
    """What periodic work may use."""

    def __init__(self, database: Database, operator: asyncpg.Pool, metrics: Metrics) -> None:
        self.database = database
        self.operator = operator
        """Connections of the relay and operator role, which reads the corridor's tables of all companies."""
        self.metrics = metrics

    @asynccontextmanager
    async def unit(self, companies: Iterable[str], *, nobody: bool = False) -> AsyncIterator[UnitOfWork]:
        """A unit of work for these companies that knows the database's time. With `nobody` there may be none."""
        async with self.database.unit(companies, points="job", nobody=nobody) as unit:
            unit.now = await unit.raw.fetchval("select now()")
            yield unit


class JobContext(TurnContext):
    """What a worker may use for one batch; jobs that it neither finishes nor fails are done when it returns."""

    def __init__(
        self, database: Database, operator: asyncpg.Pool, metrics: Metrics, lease: UUID, jobs: Sequence[Job]
    ) -> None:
        super().__init__(database, operator, metrics)
        self._lease = lease
        self.left = {job.id: job for job in jobs}
        """What is neither finished nor failed yet."""
        self.failures: dict[int, tuple[str, bool]] = {}
        """Why a job did not work, and whether it only has to wait."""

    @asynccontextmanager
    async def finishing(self, jobs: Sequence[Job]) -> AsyncIterator[UnitOfWork]:
        """A unit of work whose commit ends these jobs. Raises LeaseLost when one of them is no longer ours.

        Jobs are what every transaction locks last, here as where they are asked for: who waits for a row that an asker
        has must not have the job that the asker is about to ask for again.
        """
        hit("job.done")
        async with self.database.unit({job.company for job in jobs}, points="job") as unit:
            ids = [job.id for job in jobs]
            unit.now = await still_ours(unit.raw, ids, self._lease)
            yield unit
            await finish(unit.raw, ids, self._lease)
        for job in jobs:
            self.left.pop(job.id, None)

    def fail(self, job: Job, error: str, *, transient: bool = False) -> None:
        """This one did not work; it is tried again later, the others of the batch go on. What is `transient` only has
        to wait, for another department say, and uses up no attempt.
        """
        self.left.pop(job.id, None)
        self.failures[job.id] = (error[:500].replace("\x00", ""), transient)


class JobWorkers:
    """Runs a service's jobs until it is cancelled; then lets what runs come to its end."""

    def __init__(self, jobs: Jobs, database: Database, operator: asyncpg.Pool, metrics: Metrics) -> None:
        self._jobs = jobs
        self._database = database
        self._operator = operator
        self._metrics = metrics
        self._stopping = asyncio.Event()
        self._calls = {name: asyncio.Event() for name in jobs.queues}

    async def run(self) -> None:
        """Work. When cancelled, take nothing new and give running work the drain time to finish."""
        tasks = [asyncio.create_task(self._listen())]
        for queue in self._jobs.queues.values():
            tasks += [asyncio.create_task(self._serve(queue)) for _ in range(queue.parallel)]
        tasks += [asyncio.create_task(self._take_turns(periodic)) for periodic in self._jobs.periodic.values()]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)  # cancels none when cancelled
            for task in ended:
                task.result()
        finally:
            self._stopping.set()
            self._wake_all()
            tasks[0].cancel()
            _, late = await asyncio.wait(tasks, timeout=self._database.settings.drain_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        signal = self._database.signals.jobs
        while True:
            await signal.wait()
            signal.clear()
            self._wake_all()

    def _wake_all(self) -> None:
        for call in self._calls.values():
            call.set()

    # -- queues -----------------------------------------------------------------------------------------------------

    async def _serve(self, queue: _Queue) -> None:
        call = self._calls[queue.name]
        while not self._stopping.is_set():
            call.clear()
            try:
                worked = await self._work_once(queue)
            except Exception as error:
                logger.warning("jobs wait", action="retry", queue=queue.name, error=safe_text(error))
                self._metrics.retried("jobs")
                worked = False
            if not worked and not self._stopping.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S * random.uniform(0.8, 1.2)):
                        await call.wait()

    async def _work_once(self, queue: _Queue) -> bool:
        lease = new_id()
        until = asyncio.get_running_loop().time() + queue.lease_s
        taken = await self._take(queue, lease)
        if not taken:
            return False
        hit("job.taken")
        began = perf_counter()
        beating = asyncio.create_task(
            keep_alive(self._operator, [job.id for job in taken], lease, until, _beat_s(queue))
        )
        try:
            await self._work_through(queue, lease, taken, until)
        except asyncio.CancelledError:
            with suppress(Exception):
                await asyncio.shield(self._operator.execute(RELEASE, [job.id for job in taken], lease))
            raise
        finally:
            beating.cancel()
        self._metrics.job_batch(queue.name, perf_counter() - began)
        return True

    async def _work_through(self, queue: _Queue, lease: UUID, taken: Sequence[Job], until: float) -> None:
        """New jobs run together; what failed before, or fails together, runs alone, so that the bad one is found."""
        fresh = [job for job in taken if job.attempts == 1]
        alone = [job for job in taken if job.attempts > 1]
        if fresh:
            alone += await self._attempt(queue, lease, fresh, until)
        while alone and asyncio.get_running_loop().time() < until:
            await self._attempt(queue, lease, [alone.pop(0)], until)
        if alone:
            await self._surely(RELEASE, [job.id for job in alone], lease, until=until + queue.lease_s)

    async def _take(self, queue: _Queue, lease: UUID) -> list[Job]:
        rows = await self._operator.fetch(TAKE, queue.name, lease, _beat_s(queue), queue.batch)
        rows.sort(key=lambda row: int(row["id"]))
        jobs = [
            Job(r["id"], r["company"], queue.name, r["key"], orjson.loads(r["payload"]), r["attempts"], r["at"])
            for r in rows
        ]
        spent = [job for job in jobs if job.attempts > queue.attempts_max]
        if spent:  # its worker died with it, each time
            await self._put_back(queue, lease, spent, "its worker did not come back from any attempt")
        return [job for job in jobs if job.attempts <= queue.attempts_max]

    async def _attempt(self, queue: _Queue, lease: UUID, jobs: Sequence[Job], until: float) -> list[Job]:
        """Run jobs that are leased; returns those that should be tried alone, because they failed together."""
        context = JobContext(self._database, self._operator, self._metrics, lease, jobs)
        again: list[Job] = []
        worked = len(jobs)
        try:
            async with asyncio.timeout_at(until) as limit:
                await queue.work(jobs, context)
        except LeaseLost as error:
            logger.warning("lease lost", action="fence", queue=queue.name, error=str(error))
            self._metrics.jobs(queue.name, "lease-lost", len(context.left))
            worked -= len(context.left)
            await self._surely(RELEASE, list(context.left), lease, until=until)  # those that are still ours
        except Exception as error:
            left = list(context.left.values())
            worked -= len(left)
            transient = is_away(error) and not limit.expired()
            if len(left) > 1 and not is_transient(error):
                again = left
            else:
                logger.warning("job failed", action="retry", queue=queue.name, exc_info=error)
                await self._put_back(queue, lease, left, safe_text(error), transient=transient)
        else:
            await self._drop(lease, list(context.left.values()), until)
        for job in jobs:
            if job.id in context.failures:
                error_text, transient = context.failures[job.id]
                await self._put_back(queue, lease, [job], error_text, transient=transient)
        if worked > len(context.failures):
            self._metrics.jobs(queue.name, "worked", worked - len(context.failures))
        return again

    async def _drop(self, lease: UUID, jobs: Sequence[Job], until: float) -> None:
        """Jobs that left nothing in the database are over."""
        if jobs:
            hit("job.done")
            await self._surely(DROP, [job.id for job in jobs], lease, until=until)

    async def _put_back(
        self, queue: _Queue, lease: UUID, jobs: Sequence[Job], error: str, *, transient: bool = False
    ) -> None:
        if not jobs:
            return
        ids = [job.id for job in jobs]
        until = asyncio.get_running_loop().time() + queue.lease_s
        if transient:
            rows = await self._surely(WAIT, ids, lease, error, float(BACKOFF_MAX_S), until=until)
        else:
            arguments = (ids, lease, error, queue.attempts_max, float(BACKOFF_MAX_S))
            rows = await self._surely(RETRY, *arguments, until=until)
        dead = sum(1 for row in rows if row[0])
        self._metrics.jobs(queue.name, "failed", len(rows))
        if dead:
            self._metrics.jobs(queue.name, "buried", dead)
            logger.error("jobs need a person", action="alarm", queue=queue.name, jobs=ids, error=error)

    async def _surely(self, statement: str, *arguments: object, until: float) -> list[asyncpg.Record]:
        """Say how a job ended even when the database is just restarting; when all fails, its lease runs out."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return list(await self._operator.fetch(statement, *arguments))
            except Exception as error:
                if not is_transient(error) or loop.time() + 0.5 > until:
                    raise
            await asyncio.sleep(0.3)

    # -- periodic work ------------------------------------------------------------------------------------------------

    async def _take_turns(self, periodic: _Periodic) -> None:
        while not self._stopping.is_set():
            try:
                await self._turn(periodic)
            except Exception as error:
                logger.warning("periodic job failed", action="retry", job=periodic.name, exc_info=error)
                self._metrics.jobs(periodic.name, "failed", 1)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(periodic.seconds, 5.0) * random.uniform(0.8, 1.2)):
                    await self._stopping.wait()

    async def _turn(self, periodic: _Periodic) -> None:
        lease = new_id()
        held_s = max(periodic.seconds, periodic.lease_s)
        if not await self._operator.fetchval(TURN, periodic.name, lease, held_s):
            return
        began = perf_counter()
        try:
            async with asyncio.timeout(periodic.lease_s):
                await periodic.turn(TurnContext(self._database, self._operator, self._metrics))
        finally:
            rest_s = max(0.0, periodic.seconds - (perf_counter() - began))
            with suppress(Exception):
                await self._operator.execute(TURN_OVER, periodic.name, lease, rest_s)
        self._metrics.jobs(periodic.name, "worked", 1)


def _beat_s(queue: _Queue) -> float:
    return min(queue.lease_s, BEAT_LEASE_S)
