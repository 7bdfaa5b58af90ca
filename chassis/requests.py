"""HTTP commands: group commit with idempotency keys. Nobody waits for a timer and nobody pays for a commit alone.

Whatever waits while the last group commits becomes the next group: one transaction, a constant number of statements. A
key that was used before gives the stored answer; a key that is in use elsewhere is waited for outside the transaction;
an item that breaks a rule of the database is found by halving the group, and only its caller is told. Groups may mix
companies: the unit of work is set to the companies of the commands themselves, whatever else their callers may see.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeVar, cast

import asyncpg
import orjson

from chassis import request_table
from chassis.database import COMPANY, Database, UnitOfWork, is_transient
from chassis.errors import Problem, Refused, Transient, overloaded
from chassis.faults import hit
from chassis.telemetry import Metrics, logger, safe_text

WAITING_MAX, WAITING_FEW, WAIT_S_MAX = 10_000, 1_000, 1.0
"""Commands that may wait at one door; behind more than a few groups nobody is asked to wait longer than a second."""
RETRY_PATIENCE_S = 5.0
"""How long a group keeps trying a database that is away before its callers are told."""
RETRY_S = 0.03
RETRY_MAX_S = 0.5
TWIN_PATIENCE_S = 5.0
"""How long a repeat waits for the first one that runs elsewhere."""
TWIN_POLL_S = 0.02
TWIN_POLL_MAX_S = 0.3

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class RequestIdentity:
    """What makes a repeat a repeat: the key within its scope, and the hash of everything that was asked."""

    company: str
    scope: str
    """Route and client, so that one client's keys never meet another's."""
    key: str
    hash: bytes
    introduces_company: bool = False
    """The command may come for a company that this service does not know yet (it is the one that registers it)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an accepted command answers; stored with its key, so that a repeat gets the same."""

    status: int
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)
    replayed: bool = False


Result = Answer | Refused
Handler = Callable[[Sequence[C], UnitOfWork], Awaitable[Sequence[Result]]]
"""What a department writes: answers aligned with the commands; nothing raised for a business reason."""


class _Waiter:
    """Who waits for one submission, of one command or of many."""

    __slots__ = ("done", "left")

    def __init__(self, loop: asyncio.AbstractEventLoop, left: int) -> None:
        self.done: asyncio.Future[None] = loop.create_future()
        self.left = left

    def one_less(self) -> None:
        self.left -= 1
        if self.left == 0 and not self.done.done():  # a caller that went away has cancelled it
            self.done.set_result(None)


class _Item:
    """One command on its way to an answer."""

    __slots__ = ("command", "identity", "patience_until", "pause_s", "place", "result", "waiter")

    def __init__(self, command: Any, identity: RequestIdentity, waiter: _Waiter) -> None:
        self.command = command
        self.identity = identity
        self.place = (identity.company, identity.scope, identity.key)
        self.waiter = waiter
        self.result: Result | Problem | None = None
        self.patience_until: float | None = None
        self.pause_s = TWIN_POLL_S

    def settle(self, result: Result | Problem) -> None:
        self.result = result
        self.waiter.one_less()


class _Lane:
    """The commands of one handler; one group at a time."""

    __slots__ = ("handler", "running", "waiting")

    def __init__(self, handler: Handler[Any]) -> None:
        self.handler = handler
        self.waiting: deque[_Item] = deque()
        self.running: asyncio.Task[None] | None = None


class _Raced(Transient):
    """A twin committed between our look at its place and our lock; the next attempt sees its answer."""


class CommandDoor:
    """Groups HTTP commands into transactions and settles their idempotency keys."""

    def __init__(self, database: Database, metrics: Metrics | None = None) -> None:
        self._database = database
        self._metrics = metrics or Metrics(database.settings.service, database.settings.replica)
        self._lanes: dict[Handler[Any], _Lane] = {}
        self._waiting = 0
        self._command_s = 0.0
        self._open = True
        self._idle = asyncio.Event()
        self._idle.set()

    async def submit(self, handler: Handler[C], command: C, identity: RequestIdentity) -> Result:
        """Run one command. Raises Problem: 404 for a company not known here, 409 while a twin runs elsewhere or when a
        constraint forbids it, 422 for a key reused with other input, 503 when the database is away.
        """
        (result,) = await self.submit_all(handler, [(command, identity)])
        if isinstance(result, Problem):
            raise result
        return result

    async def submit_all(
        self, handler: Handler[C], commands: Sequence[tuple[C, RequestIdentity]]
    ) -> list[Result | Problem]:
        """Run several independent commands, in their order; what `submit` would raise is an item's result."""
        if not commands:
            return []
        if not self._open:
            raise unavailable("stopping", "This process is about to stop.")
        if self._waiting + len(commands) > WAITING_MAX:
            raise overloaded()
        began = perf_counter()
        waiter = _Waiter(asyncio.get_running_loop(), len(commands))
        items = [_Item(command, identity, waiter) for command, identity in commands]
        self._waiting += len(items)
        self._idle.clear()
        self._line_up(handler, [item for item in items if self._may_exist(item)])
        await waiter.done
        self._metrics.door(len(commands), perf_counter() - began)
        return [cast("Result | Problem", item.result) for item in items]

    def check_wait(self) -> None:
        """Raises Problem 503 when a command that came now would wait too long, by what the last groups took."""
        if self._waiting > WAITING_FEW and self._waiting * self._command_s > WAIT_S_MAX:
            raise overloaded()

    async def drain(self) -> None:
        """Take no more commands and wait until all that were taken are answered."""
        self._open = False
        await self._idle.wait()

    # -- lanes ----------------------------------------------------------------------------------------------------

    def _line_up(self, handler: Handler[Any], items: Sequence[_Item]) -> None:
        lane = self._lanes.get(handler)
        if lane is None:
            lane = self._lanes[handler] = _Lane(handler)
        lane.waiting.extend(items)
        if lane.running is None:
            lane.running = asyncio.create_task(self._run(lane))

    async def _run(self, lane: _Lane) -> None:
        most = self._database.settings.group_items_max
        while lane.waiting:
            group = [lane.waiting.popleft() for _ in range(min(most, len(lane.waiting)))]
            began = perf_counter()
            try:
                await self._work(lane, group)
            except BaseException as error:
                self._give_up(lane, group, error)
            self._command_s += 0.2 * ((perf_counter() - began) / len(group) - self._command_s)
        lane.running = None
        if self._lanes.get(lane.handler) is lane:
            del self._lanes[lane.handler]

    async def _work(self, lane: _Lane, group: Sequence[_Item]) -> None:
        """Answer a group: leaders run, followers (repeats of a key in the group) share what their leader got."""
        leaders: dict[tuple[str, str, str], _Item] = {}
        followers: list[_Item] = []
        for item in group:
            if leaders.setdefault(item.place, item) is not item:
                followers.append(item)
        for item, result in await self._commit(lane, list(leaders.values())):
            if result is None:
                self._wait_for_twin(lane, item)
            else:
                self._settle(item, result)
        for item in followers:
            self._follow(lane, item, leaders[item.place])

    def _follow(self, lane: _Lane, item: _Item, leader: _Item) -> None:
        same = item.identity.hash == leader.identity.hash
        if leader.result is None:
            self._wait_for_twin(lane, item)
        elif same and isinstance(leader.result, Answer):
            self._settle(item, _replay(leader.result))
        elif same:
            self._settle(item, leader.result)
        elif isinstance(leader.result, Answer):
            self._settle(item, _reused())
        else:
            lane.waiting.append(item)  # a refusal leaves the key free, so the other input has its own turn

    def _may_exist(self, item: _Item) -> bool:
        if COMPANY.fullmatch(item.identity.company):
            return True
        self._settle(item, company_not_found())
        return False

    def _settle(self, item: _Item, result: Result | Problem) -> None:
        if item.result is not None:
            return
        self._waiting -= 1
        if self._waiting == 0:
            self._idle.set()
        item.settle(result)

    def _give_up(self, lane: _Lane, group: Sequence[_Item], error: BaseException) -> None:
        """Nothing may leave a caller waiting, not even a mistake in this file or the end of the process."""
        logger.error("door failed", action="door", handler=lane.handler.__name__, exc_info=error)
        for item in group:
            if item.result is None:
                self._settle(item, unavailable("database-unavailable", "The command could not be settled."))
        if not isinstance(error, Exception):
            raise error

    def _wait_for_twin(self, lane: _Lane, item: _Item) -> None:
        """Come back in a while, outside any transaction; 409 when the first one takes too long."""
        loop = asyncio.get_running_loop()
        if item.patience_until is None:
            item.patience_until = loop.time() + TWIN_PATIENCE_S
        elif loop.time() >= item.patience_until:
            detail = "The first request with this key is still running; ask again."
            self._settle(item, Problem(409, "request-in-progress", detail, headers={"Retry-After": "1"}))
            return
        loop.call_later(item.pause_s * random.uniform(0.7, 1.3), self._line_up, lane.handler, (item,))
        item.pause_s = min(item.pause_s * 1.7, TWIN_POLL_MAX_S)

    # -- the transaction --------------------------------------------------------------------------------------------

    async def _commit(self, lane: _Lane, items: Sequence[_Item]) -> Sequence[tuple[_Item, Result | Problem | None]]:
        """Results of one group; None for an item whose twin runs elsewhere."""
        try:
            return await self._with_patience(lane, items)
        except Exception as error:
            if is_transient(error):
                logger.warning("door gave up", action="door", handler=lane.handler.__name__, error=safe_text(error))
                return [(item, unavailable("database-unavailable", "The database does not answer.")) for item in items]
            if len(items) == 1:
                return [(items[0], await self._fault_or_twin(lane, items[0], error))]
        middle = len(items) // 2
        first = await self._commit(lane, items[:middle])
        return [*first, *await self._commit(lane, items[middle:])]

    async def _with_patience(
        self, lane: _Lane, items: Sequence[_Item]
    ) -> Sequence[tuple[_Item, Result | Problem | None]]:
        loop = asyncio.get_running_loop()
        until, pause_s = loop.time() + RETRY_PATIENCE_S, RETRY_S
        while True:
            try:
                return await self._transaction(lane.handler, items)
            except Exception as error:
                if not is_transient(error) or loop.time() + pause_s > until:
                    raise
            self._metrics.retried("door")
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.5))
            pause_s = min(pause_s * 2, RETRY_MAX_S)

    async def _transaction(
        self, handler: Handler[Any], items: Sequence[_Item]
    ) -> Sequence[tuple[_Item, Result | Problem | None]]:
        results: list[tuple[_Item, Result | Problem | None]] = []
        async with self._database.unit({item.place[0] for item in items}, points="door") as unit:
            hit("door.begun")
            fresh = await self._claim(unit, items, results)
            if fresh:
                answers = await handler([item.command for item in fresh], unit)
                if len(answers) != len(fresh):
                    raise AssertionError(f"{handler.__name__} gave {len(answers)} answers for {len(fresh)} commands")
                await self._store(unit, fresh, answers)
                results.extend(zip(fresh, answers, strict=True))
            await self._look_again(unit, results)
        hit("door.committed")
        self._metrics.door_group(len(items))
        return results

    async def _claim(
        self, unit: UnitOfWork, items: Sequence[_Item], results: list[tuple[_Item, Result | Problem | None]]
    ) -> list[_Item]:
        """Lock the keys and look them up; what is settled goes to the results, what is left is to be done."""
        rows = await request_table.claim(unit.raw, [item.place for item in items])
        unit.now = rows[0]["now"]
        fresh: list[_Item] = []
        for item, (locked, stored, status, body, known, _) in zip(items, rows, strict=True):
            if stored is not None:
                results.append((item, _told(item, stored, status, body)))
            elif not locked:
                results.append((item, None))
            elif not known and not item.identity.introduces_company:
                results.append((item, company_not_found()))
            else:
                fresh.append(item)
        return fresh

    async def _store(self, unit: UnitOfWork, items: Sequence[_Item], answers: Sequence[Result]) -> None:
        """Bind the keys of what was accepted; a refusal leaves its key free."""
        accepted = [
            (item.place, item.identity.hash, answer.status, _packed(answer))
            for item, answer in zip(items, answers, strict=True)
            if isinstance(answer, Answer)
        ]
        if accepted and await request_table.store(unit.raw, accepted) != len(accepted):
            raise _Raced("a twin was committed meanwhile")

    async def _look_again(self, unit: UnitOfWork, results: Sequence[tuple[_Item, Result | Problem | None]]) -> None:
        """No refusal goes out because of a twin that the claim did not see; none can come while we hold the locks."""
        refused = [item.place for item, result in results if _is_refusal(result)]
        if refused and await request_table.look(unit.raw, refused):
            raise _Raced("a twin was committed meanwhile")

    async def _fault_or_twin(self, lane: _Lane, item: _Item, error: Exception) -> Result | Problem:
        """What one command's own error means, unless it failed on what a twin did that the claim did not see."""
        try:
            async with self._database.read([item.identity.company]) as unit:
                rows = await request_table.look(unit.raw, [item.place])
        except Exception as away:
            logger.warning("door gave up", action="door", handler=lane.handler.__name__, error=safe_text(away))
            return unavailable("database-unavailable", "The database does not answer.")
        return _told(item, *rows[0]) if rows else fault_of(lane.handler.__name__, error)


def _packed(answer: Answer) -> bytes:
    """An answer as it is stored: its body, or body and headers when it has any."""
    return orjson.dumps([answer.body, answer.headers] if answer.headers else answer.body, default=str)


def _stored(status: int, packed: bytes) -> Answer:
    content = orjson.loads(packed)
    body, headers = content if isinstance(content, list) else (content, {})
    return Answer(status, body, headers, replayed=True)


def _told(item: _Item, stored: bytes, status: int, packed: bytes) -> Answer | Problem:
    """What somebody hears whose key was answered before."""
    return _stored(status, packed) if stored == item.identity.hash else _reused()


def _is_refusal(result: Result | Problem | None) -> bool:
    """Whether the item was looked at anew and denied; a key that was used before is not."""
    return isinstance(result, Refused) or (isinstance(result, Problem) and result.status == 404)


def _replay(answer: Answer) -> Answer:
    return _stored(answer.status, _packed(answer))


def _reused() -> Problem:
    return Problem(422, "idempotency-key-reused", "This key was used before with other input.")


def company_not_found() -> Problem:
    """404 for a company that does not exist for this caller or in this department."""
    return Problem(404, "company-not-found", "There is no such company here.")


def unavailable(code: str, detail: str) -> Problem:
    """503: nothing is wrong with the request; nothing is known to have happened; it may be sent again with its key."""
    return Problem(503, code, detail, headers={"Retry-After": "1"})


def fault_of(handler: str, error: Exception) -> Problem:
    """What one command's own error means to its caller."""
    logger.error("command failed", action="door", handler=handler, exc_info=error)
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return Problem(409, "constraint", "What is stored already forbids this.")
    if isinstance(error, asyncpg.DataError):
        return Problem(422, "not-storable", "A value cannot be stored.")
    return Problem(500, "unexpected", "Something went wrong here; it has been recorded.")
