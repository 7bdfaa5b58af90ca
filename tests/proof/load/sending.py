"""The load itself: arrivals at a fixed rate whatever the system does, each repeated with its key until answered."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from tests.proof.load.bookkeeper import POSTED, Bookkeeper
from tests.proof.load.intents import Company, Intent, Mix, Wishes, cloud_event
from tests.proof.load.rare import RareOrders
from tests.proof.load.record import History, Kind
from tests.proof.load.storekeeper import ASKED, Storekeeper
from tests.proof.load.warehouse import STEPS, TWIN, Clerk
from tests.proof.load.wire import SILENCE, Lines, Reply, request_bytes

ANSWER_S = 10.0
PATIENCE_S = 150.0
"""How long an unknown is repeated; what is unknown after that stays so, and the checker judges it as such."""
PAUSE_MAX_S = 8.0
"""Pauses between repeats double up to this, and are as long as the answer asks for: after two minutes of silence at 20
orders a second, thousands who come again each second are a load of their own, which no front office should be.
"""
REUSED = frozenset({"reference-reused", "event-id-reused"})
"""A 409 with another code is a twin that still runs: one asks again."""
JSON = {"Content-Type": "application/json"}
EVENT = {"Content-Type": "application/cloudevents+json"}
EVENTS = {"Content-Type": "application/cloudevents-batch+json"}


@dataclass(frozen=True, slots=True)
class Office:
    """A front office: its API key, and the source that it numbers its orders under."""

    key: str
    source: str


class Target(Protocol):
    """What the load needs of a house."""

    history: History
    companies: tuple[Company, ...]
    offices: Sequence[Office]

    @property
    def gateway(self) -> str:
        """The gateway's address."""
        ...


@dataclass(slots=True)
class Answered:
    """One operation that got its answer: when it was due, how long it took until the last word, what that was."""

    f: Kind
    due_s: float
    seconds: float
    status: int
    tries: int
    code: str = ""
    """Of the problem, when it was refused."""


@dataclass(slots=True)
class Tally:
    """What the load saw."""

    answered: list[Answered] = field(default_factory=list)
    unknown: int = 0
    """Operations that nobody ever answered."""
    silences: Counter[str] = field(default_factory=Counter)
    """How often there was no answer, by what happened instead."""
    statuses: Counter[int] = field(default_factory=Counter)
    """Of every answer, repeats included; 0 is silence."""
    later: list[tuple[int, float, bool]] = field(default_factory=list)
    """Answers 429 and 503: status, seconds until it came, whether it said when to come again."""
    asked_ns: dict[str, dict[str, int]] = field(default_factory=lambda: {"order": {}, "hire": {}})
    """When what was accepted was first asked for, by flow and subject (wall ns)."""


class Load:
    """Orders and what goes with them, from many clients, open loop.

    rate_per_s: orders per second; the mix adds payments and the rest. retry=False takes 429 and 503 for an answer.
    """

    _loads = 0

    def __init__(
        self, house: Target, rate_per_s: float = 50.0, clients: int = 16, seed: int = 1, mix: Mix | None = None,
        *, retry: bool = True, patience_s: float = PATIENCE_S,
    ) -> None:  # fmt: skip
        Load._loads += 1
        self.rate_per_s = rate_per_s
        self.tally = Tally()
        self._house = house
        self._mix = mix or Mix()
        self._retry = retry
        self._patience_s = patience_s
        place = urlsplit(house.gateway)
        assert place.hostname
        assert place.port
        self._host = f"{place.hostname}:{place.port}"
        self._clients = [(f"c{n}", Lines(place.hostname, place.port)) for n in range(1, clients + 1)]
        self._dice = random.Random(seed)
        name = f"L{Load._loads}s{seed}"
        self._wishes = Wishes(name, house.companies, len(house.offices), random.Random(seed + 1))
        self._clerk = Clerk(name, random.Random(seed + 2))
        self._rare = RareOrders(self._wishes, random.Random(seed + 3))
        self._storekeeper = Storekeeper(name, house.companies, len(house.offices), random.Random(seed + 4))
        self._bookkeeper = Bookkeeper(name, house.companies, len(house.offices), random.Random(seed + 5))
        self._batch: list[Intent] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._sent = 0
        self._failed: BaseException | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Tally]:
        """Arrivals go on while the block runs; at its end all that is under way is answered."""
        arrivals = asyncio.create_task(self._arrive(None))
        try:
            yield self.tally
        finally:
            arrivals.cancel()
            await asyncio.gather(arrivals, return_exceptions=True)
            await self.finish()
        if not arrivals.cancelled() and (failed := arrivals.exception()):
            raise failed

    async def send(self, orders: int) -> Tally:
        """Send so many orders, with what goes with them, at the load's rate, and wait for every answer."""
        await self._arrive(orders)
        await self.finish()
        return self.tally

    async def ask(self, *intents: Intent) -> None:
        """Send these, all at once, each until it is answered; typed, whatever the mix says."""
        due = time.monotonic()
        await asyncio.gather(*(self._send_typed(intent, due) for intent in intents))

    async def finish(self) -> None:
        """Wait until everything under way has its answer and what it set a time for is over, and hang up."""
        self._flush()
        while self._under_way:
            await asyncio.wait(self._under_way)
        await asyncio.sleep(self._rare.left_s())
        for _, lines in self._clients:
            lines.close()
        if self._failed is not None:
            raise self._failed

    # -- arrivals ------------------------------------------------------------------------------------------------------

    async def _arrive(self, orders: int | None) -> None:
        began = time.monotonic()
        count = 0
        while orders is None or count < orders:
            due = began + count / self.rate_per_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self._one_order(due)
            self._what_goes_with_it(due)
            count += 1

    def _one_order(self, due: float) -> None:
        intent, way = self._order(), self._dice.random()
        if way < self._mix.typed:
            self._start(self._send_typed(intent, due))
        elif way < self._mix.typed + self._mix.structured:
            self._start(self._send_events([intent], due, batched=False))
        else:
            self._batch.append(intent)
            if len(self._batch) >= self._mix.batch:
                self._flush()

    def _order(self) -> Intent:
        is_rare = self._mix.rare and self._rare.dice.random() < self._mix.rare
        return self._rare.order() if is_rare else self._wishes.order()

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        by_office: dict[int, list[Intent]] = {}
        for intent in batch:
            by_office.setdefault(intent.office, []).append(intent)
        for intents in by_office.values():
            self._start(self._send_events(intents, time.monotonic(), batched=True))

    def _what_goes_with_it(self, due: float) -> None:
        wishes, mix = self._wishes, self._mix
        wanted = ((mix.pay, wishes.pay), (mix.cancel, wishes.cancel), (mix.hire, wishes.hire))
        for share, wish in (*wanted, (mix.receive, wishes.receive)):
            if self._dice.random() < share and (intent := wish()) is not None:
                self._start(self._send_typed(intent, due))
        if self._dice.random() < mix.ship:
            self._start(self._ship(due))
        if self._rare.dice.random() < mix.change and (intent := self._rare.change()) is not None:
            self._start(self._send_typed(intent, due))
        if self._rare.dice.random() < mix.store:
            self._start(self._storekeeper.round(lambda intent: self._send_typed(intent, due)))
        if self._bookkeeper.dice.random() < mix.post:
            self._start(self._bookkeeper.round(lambda intent: self._send_typed(intent, due)))

    async def _ship(self, due: float) -> None:
        """Pick, pack and ship some orders; it ends where an order is not there yet, or not any more."""
        clerk, tasks = self._clerk, self._clerk.ripe()
        if not tasks:
            return
        status, picked = await self._send_typed(clerk.pick(tasks), due)
        clerk.back(tasks, None if status == 201 else problem_code(picked))
        shipments = [str(row["shipment"]) for row in picked.get("shipments", ())]
        if status == 201:
            status, _ = await self._send_typed(clerk.pack(tasks[0], shipments), due)
        if status == 200:
            await self._send_typed(clerk.dispatch(tasks[0], shipments), due)

    def _start(self, sending: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(sending)
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (failed := task.exception()):
            self._failed = failed

    # -- one request ---------------------------------------------------------------------------------------------------

    async def _send_typed(self, intent: Intent, due: float) -> tuple[int, Mapping[str, Any]]:
        """Status and body of its answer; 0 when nobody answered in the end."""
        headers = JSON | {"Idempotency-Key": intent.key}
        said = await self._until_answered([intent], intent.path, intent.body, headers, due)
        return said[0] if said else (0, {})

    async def _send_events(self, intents: list[Intent], due: float, *, batched: bool) -> None:
        source = self._house.offices[intents[0].office].source
        events = [cloud_event(intent, source) for intent in intents]
        await self._until_answered(
            intents, "/v1/events", events if batched else events[0], EVENTS if batched else EVENT, due
        )

    async def _until_answered(
        self, intents: list[Intent], path: str, body: object, headers: Mapping[str, str], due: float
    ) -> list[tuple[int, Mapping[str, Any]]]:
        """Write down, send, write down; again with the same keys while the answer is silence or 'later'.

        Returns the last words, status and body, of those that got one.
        """
        said: list[tuple[int, Mapping[str, Any]]] = []
        self._sent += 1
        client, lines = self._clients[self._sent % len(self._clients)]
        office = self._house.offices[intents[0].office]
        headers = {**headers, "Authorization": f"Bearer {office.key}"}
        request = request_bytes("POST", self._host, path, json.dumps(body, ensure_ascii=False).encode(), headers)
        asked_ns = time.time_ns()
        ops = [self._noted(client, intent, office.source) for intent in intents]
        left = dict(zip(ops, intents, strict=True))
        pause, deadline, tries = 0.05, time.monotonic() + self._patience_s, 0
        while True:
            tries += 1
            answers, later_s = await self._asked(lines, request, list(ops), batched=path == "/v1/events")
            for op, status, told in answers:
                if op in left and self._settled(client, op, left[op], status, told, first=tries == 1):
                    self._keep(left.pop(op), due, status, told, tries, asked_ns)
                    said.append((status, told))
            if not left or time.monotonic() > deadline:
                break
            await asyncio.sleep(max(pause, later_s) * random.uniform(1.0, 1.3))
            pause = min(PAUSE_MAX_S, pause * 2)
        self.tally.unknown += len(left)
        return said

    async def _asked(
        self, lines: Lines, request: bytes, ops: list[int], *, batched: bool
    ) -> tuple[list[tuple[int, int, Mapping[str, Any]]], float]:
        """One try: per operation its status (0 for silence) and what was said; and after how long to come again (s)."""
        began = time.monotonic()
        try:
            reply = await lines.send(request, ANSWER_S)
        except SILENCE as silence:
            self.tally.statuses[0] += 1
            self.tally.silences[type(silence).__name__] += 1
            return [(op, 0, {"code": type(silence).__name__}) for op in ops], 0.0
        self.tally.statuses[reply.status] += 1
        if reply.status in {429, 503}:
            self.tally.later.append((reply.status, time.monotonic() - began, "retry-after" in reply.headers))
        told, later_s = _json_of(reply), float(reply.headers.get("retry-after", 0))
        if batched and reply.status == 200 and isinstance(told, list):
            return [(op, int(item["status"]), item) for op, item in zip(ops, told, strict=True)], later_s
        said = told if isinstance(told, dict) else {}
        return [(op, reply.status, said) for op in ops], later_s

    def _noted(self, client: str, intent: Intent, source: str) -> int:
        return self._house.history.invoke(
            client, intent.f, company=intent.company.code, key=intent.key, reference=intent.reference,
            body=intent.body, path=intent.path, source=source,
        )  # fmt: skip

    def _settled(
        self, client: str, op: int, intent: Intent, status: int, told: Mapping[str, Any], *, first: bool
    ) -> bool:
        """Write down what was said; whether it is the last word."""
        code = problem_code(told)
        history = self._house.history
        if 200 <= status < 300:
            history.complete(
                client, op, "ok", status=status, request_id=told.get("request_id"), subject=told.get("subject")
            )
            return True
        final = code in REUSED or (intent.f in STEPS | ASKED | POSTED and code != TWIN)
        refused = 400 <= status < 500 and status not in {408, 429} and (status != 409 or final)
        if refused or (status in {409, 429} and not self._retry):
            history.complete(client, op, "fail", status=status, code=code)
            return True
        if first or not self._retry:
            history.complete(client, op, "unknown", status=status or None, code=code)
        return not self._retry and status != 0

    def _keep(
        self, intent: Intent, due: float, status: int, told: Mapping[str, Any], tries: int, asked_ns: int
    ) -> None:
        self.tally.answered.append(Answered(intent.f, due, time.monotonic() - due, status, tries, problem_code(told)))
        if not 200 <= status < 300:
            return
        if intent.order is not None:
            self._wishes.open.append(intent.order)
            if self._mix.ship:
                self._clerk.take(intent.company, intent.office, str(told["subject"]))
        if intent.f in self.tally.asked_ns and told.get("subject"):
            self.tally.asked_ns[intent.f][str(told["subject"])] = asked_ns


def problem_code(told: Mapping[str, Any]) -> str:
    """Which problem an answer, or an item of a batch's answer, tells of; empty when of none."""
    problem = told.get("problem") or told
    return str(problem.get("type") or problem.get("code") or "").removeprefix("/problems/")


def _json_of(reply: Reply) -> Any:
    try:
        return json.loads(reply.body)
    except ValueError:
        return None
