"""A department's PostgreSQL out of connections, slow (100 ms a statement), restarted as an operator would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import asyncpg

from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.injection.links import database_link
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

TARGETS: dict[Length, tuple[str, ...]] = {
    "short": ("ledger",),
    "normal": ("ledger",),
    "full": ("gateway", "ledger", "inventory", "documents", "payroll"),
}
FOR_S: dict[Length, float] = {"short": 6, "normal": 6, "full": 30}
CALM_S: dict[Length, float] = {"short": 1, "normal": 3, "full": 10}
SLOW_S = 0.05
"""Each way: a statement takes 100 ms longer."""
SESSIONS_MAX = 200
END_SESSIONS = """
select pg_terminate_backend(pid) from pg_stat_activity
where pid <> pg_backend_pid() and usename = any($1::text[]) and backend_type = 'client backend'
"""


async def run(run: Run) -> Sequence[Verdict]:
    """Each way on each target; the services are told of nothing and come back by themselves."""
    async with run.house(split=("ledger",), share=True) as house:
        trial = Trial(run, house, "databases", "PostgreSQL full, slow, restarted")

        async def in_turn(house: House, _: Tally) -> None:
            for service in TARGETS[run.length]:
                await _full(house, service, FOR_S[run.length])
                await asyncio.sleep(CALM_S[run.length])
                await _slow(house, service, FOR_S[run.length])
                await asyncio.sleep(CALM_S[run.length])
                await _restarted(house, service)
                await asyncio.sleep(CALM_S[run.length])

        return [await trial.go(in_turn)]


async def _full(house: House, service: str, seconds: float) -> None:
    """Its sessions are ended, and strangers take every place that there is."""
    fault = house.note("no connections left", f"postgres-{service}", flow=_flow(service))
    async with _crowd(house, service):
        await asyncio.sleep(seconds)
    fault.end()


@asynccontextmanager
async def _crowd(house: House, service: str) -> AsyncIterator[None]:
    server = house.stack.servers.postgres[service]
    url = house.stack.urls[service].relay_url
    sessions: list[asyncpg.Connection] = []
    above = await asyncpg.connect(server.superuser_url)
    try:
        await above.execute(END_SESSIONS, [f"{service}_service", f"{service}_relay"])
        with suppress(asyncpg.TooManyConnectionsError, asyncpg.CannotConnectNowError):
            while len(sessions) < SESSIONS_MAX:
                sessions.append(await asyncpg.connect(url, timeout=5))
        assert len(sessions) < SESSIONS_MAX, "the server never was full"
        yield
    finally:
        for session in (*sessions, above):
            session.terminate()


async def _slow(house: House, service: str, seconds: float) -> None:
    """Every round trip takes 100 ms longer, after a restart that leads through a proxy; then straight again."""
    async with database_link(house, service) as link:
        fault = house.note("slow", f"postgres-{service}", flow=_flow(service))
        link.bend(delay_s=SLOW_S)
        await asyncio.sleep(seconds)
        link.heal()
        fault.end()


async def _restarted(house: House, service: str) -> None:
    name = house.stack.servers.postgres_name(service)
    fault = house.note("restart", name, flow=_flow(service))
    await house.stack.keeper.stop(name)
    await house.stack.restart(name)
    fault.end()


def _flow(service: str) -> str:
    return "hire" if service == "payroll" else "order"


CHAPTER = Chapter(
    name="databases",
    fault="PostgreSQL out of connections, 100 ms a statement, restarted",
    about="A department's sessions are ended and every place is taken; each statement is slow; the server restarts.",
    run=run,
    seconds={"short": 40, "normal": 45, "full": 450},
)
