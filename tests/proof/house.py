"""A house under proof: the local stack, its companies and front offices, its history, what is asked at the end.

Between a chapter's load and its check stands `rest`: everything that was broken is healed, and nothing is on the way.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import asyncpg

from deploy.local.demo.census import Census, take_census
from deploy.local.demo.front_office import FrontOffice
from deploy.local.demo.outcome import consumer_topics
from deploy.local.readiness import is_ready
from deploy.local.stack import LocalStack
from tests.proof.founding import found_companies
from tests.proof.judging import Judged, judge
from tests.proof.load.intents import Company
from tests.proof.load.record import History
from tests.proof.load.sending import Office
from tests.proof.setting import Setting
from tests.proof.timeline import Fault, Timeline
from tests.proof.watching import completions
from tests.support.stack import new_state_folder, remove_state

OFFICES = 2
AUDITOR_KEY = (
    "keys", "create", "--client", "second-person", "--companies", "*", "--scopes",
    "*,payroll:approve,documents:confidential", "--json",
)  # fmt: skip
OFFICER_KEY = (
    "keys", "create", "--client", "pay-officer", "--companies", "*", "--scopes",
    "*,payroll:officer,payroll:approve", "--json",
)  # fmt: skip
"""May release runs, so that nothing but the rule of four eyes keeps one from releasing one's own."""
STILL_S = 60.0
"""After healing, while something is on the way, something must move at least this often (INV28). How long until
nothing is on the way depends on the machine (papers are rendered at the lowest priority): that is a figure."""
TOLD_S = 10.0
"""So often it is told what keeps a house from coming to rest."""
REST_MAX_S = 1_800.0


class NotQuiet(Exception):
    """After the healing something was on the way for too long; the text says what."""


class House:
    """One running stack and everything that is known about it from outside."""

    def __init__(self, folder: Path, setting: Setting, say: Callable[[str], None]) -> None:
        self.folder = folder
        self.setting = setting
        self.say = say
        folder.mkdir(parents=True, exist_ok=True)
        self._state = new_state_folder()
        self.stack = LocalStack(
            self._state.root, services=setting.services, brokers=setting.brokers, durable=setting.durable,
            links=setting.listeners,
        )  # fmt: skip
        self.history = History(folder)
        self.timeline = Timeline(folder / "timeline.jsonl")
        self.admin: FrontOffice
        self.companies: tuple[Company, ...] = ()
        self.offices: Sequence[Office] = ()
        self.strange: Counter[str] = Counter()
        """By topic: events that the harness put there itself; readers settle them, no producer has sent them."""
        self._foundings = 0
        self._checked = (0, 0)
        self._auditor: str | None = None

    @property
    def gateway(self) -> str:
        """The gateway's address."""
        return self.stack.address("gateway")

    @property
    def store(self) -> Path:
        """The folder in which documents keeps its bytes."""
        return self._state.documents

    # -- life ----------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Start everything and set it up. Raises `StackFailed`."""
        await self.stack.start(start_services=False)
        try:
            await self._start_services()
            self.admin = FrontOffice(self.gateway, await self.stack.admin_key(), connections=16)
            self.offices = await asyncio.gather(*(self._office(number) for number in range(OFFICES)))
            await self.set_up()
        except BaseException:
            await self.stack.stop()
            raise

    async def close(self) -> None:
        """End everything; logs stay in the house's folder when something was wrong."""
        self.history.close()
        if hasattr(self, "admin"):
            await self.admin.close()
        await self.stack.stop()
        remove_state(self._state)

    def begin(self, folder: Path) -> None:
        """A chapter begins: its faults are noted apart from those of earlier ones."""
        self.timeline = Timeline(folder / "timeline.jsonl")

    async def is_well(self) -> bool:
        """Whether every process runs and is ready, as a chapter wants to find it."""
        runs = all(self.stack.keeper.runs(name) for name in (*self.stack.servers.names(), *self.stack.processes))
        ready = await asyncio.gather(*(is_ready(f"{self.stack.address(p)}/readyz") for p in self.stack.processes))
        return runs and all(answer for answer, _ in ready)

    async def set_up(self) -> None:
        """Companies with accounts, tax codes, items and goods; waits until every department knows them."""
        self._foundings += 1
        self.companies = await found_companies(self.admin, self.history, self._foundings)

    async def fresh_companies(self) -> None:
        """Companies of their own for the next chapter of a shared house."""
        await self.set_up()

    # -- faults --------------------------------------------------------------------------------------------------------

    def note(self, kind: str, target: str, *, flow: str | None = None) -> Fault:
        """A fault begins now; `.end()` when it is over. The flow is the hires' for payroll, else the orders'."""
        return self.timeline.note(kind, target, flow=flow or ("hire" if "payroll" in target else "order"))

    async def heal(self) -> None:
        """Start again whatever does not run, thaw whatever is frozen, and wait until all are ready."""
        for name in (*self.stack.servers.names(), *self.stack.processes):
            if self.stack.keeper.runs(name):
                self.stack.keeper.signal(name, signal.SIGCONT, tree=True)
            else:
                await self.stack.restart(name, wait=False)
        await self.stack.ready()

    # -- the end -------------------------------------------------------------------------------------------------------

    async def rest(self, still_s: float = STILL_S) -> float:
        """Wait until nothing is on the way: outboxes and jobs empty, every event settled. Returns the seconds it took.

        Raises NotQuiet when nothing has moved for `still_s` and something is on the way.
        """
        loop = asyncio.get_running_loop()
        began = moved = loop.time()
        urls = {name: self.stack.urls[name].relay_url for name in self.stack.services}
        consumers = consumer_topics(list(urls))
        seen: Census | None = None
        told = began
        while True:
            census = await _counted(urls, consumers)
            if loop.time() - told > TOLD_S:
                told = loop.time()
                self.say(f"no rest yet: {_unfinished(census)}")
            if census is not None and self._is_quiet(census):
                return loop.time() - began
            if census is not None and census != seen:
                seen, moved = census, loop.time()
            if loop.time() - moved > still_s or loop.time() - began > REST_MAX_S:
                waits = loop.time() - moved
                self.keep_logs()
                raise NotQuiet(f"something is on the way and has not moved for {waits:.0f} s: {_unfinished(seen)}")
            await asyncio.sleep(0.3)

    def keep_logs(self) -> None:
        """What the processes wrote, beside the topics: the house's own folder goes with it."""
        into = self.folder / "logs"
        into.mkdir(exist_ok=True)
        for name in self.stack.processes:
            (into / f"{name}.log").write_bytes(self.log(name).read_bytes())

    def log(self, process: str) -> Path:
        """What a process writes."""
        return self.stack.folder.log(process)

    def processes_of(self, service: str) -> list[str]:
        """All processes of a service: replicas, and a relay of its own, which comes last."""
        mine = [name for name in self.stack.processes if name == service or name.startswith(f"{service}-")]
        return sorted(mine, key=lambda name: "relay" in name)

    async def auditor(self) -> str:
        """The key of a second person, who also may read what is confidential and the administrator is not shown."""
        if self._auditor is None:
            told = await self.stack.run_command("gateway", *AUDITOR_KEY)
            self._auditor = str(json.loads(told)["key"])
        return self._auditor

    async def officer(self) -> str:
        """The key of somebody who enters and calculates pay."""
        return str(json.loads(await self.stack.run_command("gateway", *OFFICER_KEY))["key"])

    async def check(self) -> Judged:
        """What became of everything that was ever asked of this house, by the checker; counts since the last check."""
        self.history.close()
        judged = await judge(self)
        events, operations = self._checked
        self._checked = (judged.events, judged.operations)
        return judged.less(events, operations)

    async def recoveries(self, asked_ns: dict[str, dict[str, int]]) -> None:
        """Give each fault of this chapter its recovery, from the load's `tally.asked_ns` and the topics."""
        self.timeline.recover(await completions(self.stack.kafka_bootstrap, asked_ns))

    def _is_quiet(self, census: Census) -> bool:
        settled = all(row.on_the_way == -self.strange[row.topic] for row in census.rows)
        return settled and not census.unsent and not census.jobs

    # -- how it is done ------------------------------------------------------------------------------------------------

    async def _start_services(self) -> None:
        wanted = self.stack.services
        for service in wanted:  # the gateway is told the others' addresses, so it is started last
            if service != "gateway":
                await self._start_one(service)
        if "gateway" in wanted:
            await self._start_one("gateway")
        await self.stack.ready()

    async def _start_one(self, service: str) -> None:
        environment = self.setting.environment_of(service)
        apart = service in self.setting.split
        for replica in range(self.setting.replicas_of(service)):
            await self.stack.start_service(
                service, replica=replica, environment=environment, only="api,consumers,jobs" if apart else None,
                wait=False,
            )  # fmt: skip
        if apart:
            await self.stack.start_service(service, only="relay", environment=environment, wait=False)

    async def _office(self, number: int) -> Office:
        source = f"/proof/office-{number}"
        told = await self.stack.run_command(
            "gateway", "keys", "create", "--client", f"office-{number}", "--source", source, "--companies", "*",
            "--scopes", "*", "--json",
        )  # fmt: skip
        return Office(json.loads(told)["key"], source)


async def _counted(urls: Mapping[str, str], consumers: Mapping[str, tuple[str, ...]]) -> Census | None:
    try:
        return await take_census(urls, consumers)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # a database server is away just now
        return None


def _unfinished(census: Census | None) -> str:
    if census is None:
        return "the databases do not answer"
    rows = [f"{row.topic} → {row.consumer}: {row.on_the_way} of {row.sent}" for row in census.rows if row.on_the_way]
    return f"{', '.join(rows) or 'no event'}; {census.unsent} unsent; {census.jobs} jobs"
