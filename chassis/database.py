"""PostgreSQL: held connections, and the unit of work, which is the only thing that begins and commits.

Connections are the driver's own and are kept open between transactions: the unit owns BEGIN, and sends it together
with the companies in one round trip.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType

import asyncpg

from chassis import audit, outbox
from chassis.audit import AuditRecord
from chassis.cause import Cause
from chassis.clock import rfc3339
from chassis.driver import quicken
from chassis.errors import Transient
from chassis.faults import hit
from chassis.ids import UUID
from chassis.jobs_table import NewJob, append_jobs
from chassis.outbox import OutboxEvent, Producer
from chassis.settings import ServiceSettings
from contracts.base import COMPANY_PATTERN, EventData

IDLE_IN_TRANSACTION = "5s"
"""A process that froze inside a transaction holds rows; the server ends its session after this long."""
SILENCE_S = 3.0
"""The server ends a statement that takes too long and says so. Who hears nothing for this much longer waits on a
connection that is dead at the other end, and would wait for as long as the kernel does: a quarter of an hour."""
COMPANY = re.compile(COMPANY_PATTERN[1:-1])
"""Company codes are formatted into BEGIN, so nothing else may ever pass."""

_TRANSIENT = (
    OSError,
    asyncio.TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what the driver says when its backend was terminated between two statements
    asyncpg.PostgresConnectionError,
    asyncpg.TransactionRollbackError,  # serialization failure and deadlock
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,  # shutdown, crash recovery, statement timeout
    asyncpg.ObjectNotInPrerequisiteStateError,  # lock not available
    asyncpg.InvalidTransactionStateError,  # ended by a timeout while idle
    asyncpg.SyntaxOrAccessError,  # a schema or a right is not there yet: never the event's fault
    asyncpg.InvalidCachedStatementError,
    asyncpg.InvalidAuthorizationSpecificationError,
)


def is_transient(error: BaseException) -> bool:
    """Whether trying the same again later can help; what is not transient is the fault of the data."""
    return isinstance(error, (Transient, *_TRANSIENT))


_AWAY = (
    Transient, ConnectionError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError, asyncpg.CrashShutdownError,
)  # fmt: skip


def is_away(error: BaseException) -> bool:
    """Whether somebody who is needed is away for now: it ends by itself, and is nobody's fault here.

    Less than `is_transient`: work that each time takes too long, or asks for a table that is not there, is a person's
    business in the end, however often it may be tried.
    """
    return isinstance(error, _AWAY)


class Signals:
    """What a commit left behind for others in this process: work for the relay, for job workers."""

    def __init__(self) -> None:
        self.outbox = asyncio.Event()
        self.jobs = asyncio.Event()
        self.held = asyncio.Event()


class Database:
    """The service's own database under the runtime role."""

    def __init__(self, settings: ServiceSettings) -> None:
        quicken()
        self.settings = settings
        self.signals = Signals()
        self.producer = Producer(f"/{settings.service}", settings.event_bytes_max)
        self._url = settings.database_url.get_secret_value()
        self._server_settings = {
            "application_name": f"{settings.service}-{settings.replica}",
            "statement_timeout": str(settings.statement_timeout_ms),
            "idle_in_transaction_session_timeout": IDLE_IN_TRANSACTION,
            # A batch's arrays are looked up by key whatever their size. A plan made for their values would be
            # made anew each time, and on tables without statistics yet it scans the whole history.
            "plan_cache_mode": "force_generic_plan",
            # Such a plan is kept. What is looked up is in memory or on flash: with the default, which is made for
            # disks that turn, a table that is still small is read as a whole, and then for as long as it grows.
            "random_page_cost": "1.1",
        }
        self._idle: list[asyncpg.Connection] = []
        self._free = asyncio.Semaphore(settings.database_connections)

    def unit(self, companies: Iterable[str], *, points: str = "corridor", nobody: bool = False) -> UnitOfWork:
        """A transaction for these companies; commits when left without an exception. The chassis only.

        `points` says under which name its failpoint before the commit is known. With `nobody` the set may be empty:
        then only the tables without company data can be written.
        """
        return UnitOfWork(self, companies, points=points, nobody=nobody)

    def read(self, companies: Iterable[str]) -> UnitOfWork:
        """A read-only transaction for queries."""
        return UnitOfWork(self, companies, read_only=True)

    async def take(self) -> asyncpg.Connection:
        """A connection to use alone; give it back with `give_back`. Raises Transient when none is to be had in 5 s."""
        try:
            async with asyncio.timeout(5):
                await self._free.acquire()
        except TimeoutError as waited:
            raise Transient("no database connection became free in 5 s") from waited
        try:
            while self._idle:
                held = self._idle.pop()
                if not held.is_closed():
                    return held
                await self._discard(held)
            return await self._open()
        except BaseException:
            self._free.release()
            raise

    async def give_back(self, held: asyncpg.Connection, *, broken: bool = False) -> None:
        """Keep the connection for the next one, or throw it away when its state is not known."""
        try:
            if broken or held.is_closed() or held.is_in_transaction():
                await self._discard(held)
            else:
                self._idle.append(held)
        finally:
            self._free.release()

    async def ping(self) -> None:
        """Raises when the database does not answer."""
        held = await self.take()
        broken = True
        try:
            await held.execute("select 1")
            broken = False
        finally:
            await self.give_back(held, broken=broken)

    async def close(self) -> None:
        """Close all connections that nobody uses."""
        while self._idle:
            await self._discard(self._idle.pop())

    async def _open(self) -> asyncpg.Connection:
        return await asyncpg.connect(
            self._url,
            timeout=5,
            command_timeout=self.settings.statement_timeout_ms / 1_000 + SILENCE_S,
            server_settings=self._server_settings,
        )

    async def _discard(self, held: asyncpg.Connection) -> None:
        """Nothing can be saved of a connection whose state is not known."""
        held.terminate()


@dataclass(frozen=True, slots=True)
class Mark:
    """How much a unit had collected at a savepoint."""

    events: int
    records: int
    jobs: int


class UnitOfWork:
    """One transaction: rows through `raw`, events, audit records and jobs collected, one commit."""

    raw: asyncpg.Connection
    now: datetime
    """The database's time, set by the corridor's or the door's first statement."""

    def __init__(
        self,
        database: Database,
        companies: Iterable[str],
        *,
        read_only: bool = False,
        points: str = "",
        nobody: bool = False,
    ) -> None:
        self.companies = tuple(sorted(set(companies)))
        if not self.companies and not nobody:
            raise ValueError("a unit of work needs at least one company")
        for company in self.companies:
            if not COMPANY.fullmatch(company):
                raise ValueError(f"{company!r} is not a company code")
        self._database = database
        self._read_only = read_only
        self._before_commit = f"{points}.before_commit"
        self._events: list[OutboxEvent] = []
        self._records: list[AuditRecord] = []
        self._jobs: list[NewJob] = []
        self._time: str | None = None
        self._wakes_drainer = False

    # -- for handlers ---------------------------------------------------------------------------------------------

    def emit(
        self, event: type[EventData], key: UUID | str, data: Mapping[str, object], cause: Cause, *, ordinal: int = 0
    ) -> UUID:
        """Add an event to the outbox; returns its id, derived from the cause. Raises ContractBroken on invalid data."""
        if self._time is None:
            self._time = rfc3339(self.now)
        made = self._database.producer.make(event, key, data, cause, time=self._time, ordinal=ordinal)
        self._events.append(made)
        return made.event_id

    def emit_sealed(self, event: OutboxEvent) -> None:
        """Add an event whose bytes are made and valid."""
        self._events.append(event)

    def audit(self, cause: Cause, action: str, subject: str, detail: Mapping[str, object] | None = None) -> None:
        """Add the record of one state change."""
        self._records.append(AuditRecord(cause, action, subject, detail))

    def enqueue(
        self, queue: str, company: str, payload: Mapping[str, object], *, key: str, run_at: datetime | None = None
    ) -> None:
        """Add a job that exists if and only if this transaction commits; one job per queue, company and key."""
        self._jobs.append(NewJob(queue, company, key, payload, run_at))

    def wake_drainer(self) -> None:
        """After the commit, look at once whether something held can be applied."""
        self._wakes_drainer = True

    def collected(self) -> Sequence[OutboxEvent]:
        """The events so far, for who wants to show and not to send them."""
        return tuple(self._events)

    # -- for the corridor -----------------------------------------------------------------------------------------

    def mark(self) -> Mark:
        """Where the collections stand, to come back to after a savepoint is rolled back."""
        return Mark(len(self._events), len(self._records), len(self._jobs))

    def reset(self, mark: Mark) -> None:
        """Forget what was collected since the mark."""
        del self._events[mark.events :]
        del self._records[mark.records :]
        del self._jobs[mark.jobs :]

    async def flush(self) -> None:
        """Write what was collected: audit, jobs, outbox; one statement each."""
        if self._records:
            await audit.append(self.raw, self._records)
        if self._jobs:
            await append_jobs(self.raw, self._jobs)
        if self._events:
            await outbox.append(self.raw, self._events)

    async def __aenter__(self) -> UnitOfWork:
        self.raw = await self._database.take()
        mode = "begin read only" if self._read_only else "begin"
        try:
            await self.raw.execute(f"{mode}; select set_config('app.companies', '{','.join(self.companies)}', true)")
        except BaseException:
            await self._database.give_back(self.raw, broken=True)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        done = False
        try:
            if error is None:
                await self._commit()
            else:
                await self.raw.execute("rollback")
            done = True
        except Exception:
            if error is None:
                raise
            # The first error is the one to tell; a connection that cannot even roll back is thrown away below.
        finally:
            await self._database.give_back(self.raw, broken=not done)

    async def _commit(self) -> None:
        if not self._read_only:
            await self.flush()
            hit(self._before_commit)
        await self.raw.execute("commit")
        signals = self._database.signals
        if self._events:
            signals.outbox.set()
        if self._jobs:
            signals.jobs.set()
        if self._wakes_drainer:
            signals.held.set()
