"""From offset 0 again: one consumer, every consumer, and an empty read model (GOAL9)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import asyncpg

from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.intents import orders_alone
from tests.proof.load.sending import Load, Tally
from tests.proof.run import Run
from tests.proof.state import differences, state_hash, state_of
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

HISTORY: dict[Length, int] = {"short": 300, "normal": 1_500, "full": 40_000}
"""Orders that are there to be read again, besides the load's."""
FLOOD_PER_S = 1_000.0
FROM_ZERO = "update inbox_offset set next = 0, last_event_id = null"
READ_MODEL = ("timeline_fact", "order_summary", "order_invoice")
CURSORS = ("inbox", "inbox_offset", "inbox_count", "inbox_refusal", "held")
APPLIED_PER_S = 10_000.0
EMPTY_PER_S = 3_000.0
SETTLED = "select coalesce(sum(events), 0)::bigint from inbox_count"
CAUGHT_UP_S = 600.0


async def run(run: Run) -> Sequence[Verdict]:
    """Make a history; then read it again in three ways, and compare what is shown."""
    async with run.house() as house:
        trial = Trial(run, house, "replay", "everything read again from offset 0")

        async def again(house: House, _: Tally) -> None:
            """While the load goes on: the ledger alone."""
            await _restart_from_zero(house, ["ledger"])

        verdict = await trial.go(again)
        await _flood(house, run)
        before = await state_of(house, house.companies)
        for service in [name for name in house.stack.services if name != "gateway"]:
            await _measured(trial, house, service, run)
        await _restart_from_zero(house, house.stack.services)  # all at once
        await house.rest()
        _compare(trial, "read again", before, await state_of(house, house.companies))
        await _empty_read_model(trial, house, run)
        _compare(trial, "built anew", before, await state_of(house, house.companies))
        judged = await house.check()
        trial.violations += [*verdict.violations]
        return [trial.verdict(judged)]


def _compare(trial: Trial, how: str, before: list[dict[str, object]], after: list[dict[str, object]]) -> None:
    trial.figures[f"state {how}"] = f"{state_hash(after)}, before {state_hash(before)}"
    trial.violations += [f"GOAL9: {how}: {difference}" for difference in differences(before, after)]


async def _flood(house: House, run: Run) -> None:
    mix = orders_alone(batch=50)
    await Load(house, FLOOD_PER_S, clients=4, seed=run.seed, mix=mix).send(HISTORY[run.length])
    await house.rest()


async def _restart_from_zero(house: House, services: Sequence[str]) -> None:
    fault = house.note("from offset 0", ", ".join(services))
    for service in services:
        await house.stack.stop_service(service)
        await _execute(house, service, FROM_ZERO)
    await asyncio.gather(*(house.stack.restart(service) for service in services))
    fault.end()


async def _measured(trial: Trial, house: House, service: str, run: Run) -> None:
    """What is applied already is read again, with nothing else to do: so many events a second."""
    await house.stack.stop_service(service)
    await _execute(house, service, FROM_ZERO)
    counted = await _value(house, service, SETTLED)
    house.note("from offset 0", service)
    await house.stack.restart(service)
    events, seconds = await _until_still(house, service, counted)
    rate = events / max(seconds, 1e-3)
    trial.figures[f"{service} reads again"] = f"{events} events at {rate:,.0f}/s"
    if run.length == "full" and rate < APPLIED_PER_S:
        trial.violations.append(f"GOAL9: {service} reads what is applied at {rate:,.0f}/s, under {APPLIED_PER_S:,.0f}")


async def _until_still(house: House, service: str, before: int) -> tuple[int, float]:
    """Events counted and the seconds between the first and the last of them."""
    began = time.monotonic()
    first: tuple[float, int] | None = None
    last, value = began, before
    while time.monotonic() - last < 2.0 and time.monotonic() - began < CAUGHT_UP_S:
        now = await _value(house, service, SETTLED)
        if now != value:
            last, value = time.monotonic(), now
            first = first or (last, now)
        elif first is None:
            last = time.monotonic() if time.monotonic() - began < 60 else last  # it has not begun to read yet
        await asyncio.sleep(0.01)
    if first is None:
        return 0, 1.0
    return value - first[1], last - first[0]


async def _empty_read_model(trial: Trial, house: House, run: Run) -> None:
    """The gateway's timelines are thrown away with its cursors, and built anew from the topics."""
    await house.stack.stop_service("gateway")
    await _execute(house, "gateway", f"truncate {', '.join((*READ_MODEL, *CURSORS))}")
    house.note("read model emptied", "gateway")
    await house.stack.restart("gateway")
    events, seconds = await _until_still(house, "gateway", 0)
    await house.rest()
    rate = events / max(seconds, 1e-3)
    trial.figures["the gateway's read model built anew"] = f"{events} events at {rate:,.0f}/s"
    if run.length == "full" and rate < EMPTY_PER_S:
        trial.violations.append(f"GOAL9: the read model is built at {rate:,.0f}/s, under {EMPTY_PER_S:,.0f}")


async def _execute(house: House, service: str, statement: str) -> None:
    connection = await asyncpg.connect(_above(house, service))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _value(house: House, service: str, question: str) -> int:
    connection = await asyncpg.connect(_above(house, service))
    try:
        return int(await connection.fetchval(question))
    finally:
        await connection.close()


def _above(house: House, service: str) -> str:
    """As the server's superuser, who sees past row-level security."""
    server = house.stack.servers.postgres[service].superuser_url
    return f"{server.rpartition('/')[0]}/{house.stack.urls[service].name}"


CHAPTER = Chapter(
    name="replay",
    fault="one consumer, all consumers, an empty read model: from offset 0",
    about="Consumers read everything again from offset 0, a read model is built anew; the state is as before (GOAL9).",
    run=run,
    seconds={"normal": 70, "full": 900},
)
