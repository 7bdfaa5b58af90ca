"""Work that is asked for again, and work that comes by the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest

from chassis.jobs import Job, JobContext, Jobs, TurnContext
from tests.chassis.conftest import MakeToy, Start
from tests.chassis.toy import Toy
from tests.chassis.working import all_done, ask, note, put_down, waiting
from tests.support.eventually import eventually
from tests.support.pinned_clock import BEGAN


@pytest.fixture(autouse=True)
def quickly(quick_jobs: None) -> None:
    """Short pauses."""


async def test_work_asked_for_again_while_it_runs_runs_once_more_with_what_was_asked_last(
    toy: Toy, start: Start
) -> None:
    jobs, begun, go_on, seen = Jobs("toy"), asyncio.Event(), asyncio.Event(), list[object]()

    @jobs.queue("render")
    async def render(batch: Sequence[Job], context: JobContext) -> None:
        seen.extend(job.payload["paper"] for job in batch)
        begun.set()
        await go_on.wait()
        await note(context, batch)

    await ask(toy, "a", "b")
    start(jobs)
    await begun.wait()
    async with toy.database.unit(["acme"]) as unit:
        unit.enqueue("render", "acme", {"paper": "old"}, key="a")
        unit.enqueue("render", "acme", {"paper": "new"}, key="a")
    async with all_done(toy, "a", "b"):
        go_on.set()
    assert seen[:2] == ["a", "b"]
    assert sorted(map(str, seen[2:])) == ["b", "new"], "the fence takes the whole commit; nobody waits for the lease"


async def test_asking_again_brings_waiting_work_forward_and_never_back(toy: Toy) -> None:
    async def ask_at(hours: int) -> None:
        async with toy.database.unit(["acme"]) as unit:
            unit.enqueue("render", "acme", {}, key="a", run_at=BEGAN + timedelta(hours=hours))

    async def due() -> int:
        ((hours,),) = await toy.rows("select round(extract(epoch from run_at - now()) / 3600)::int from job")
        return int(hours)

    for asked, expected in ((5, 5), (2, 2), (9, 2)):
        await ask_at(asked)
        assert await due() == expected


async def test_asking_for_buried_work_digs_it_up(toy: Toy, start: Start) -> None:
    jobs = Jobs("toy")
    jobs.queue("render", attempts_max=3)(lambda batch, context: note(context, batch))
    await ask(toy, "a")
    await toy.rows("update job set attempts = 3, run_at = 'infinity', error = 'it was bad'")
    async with all_done(toy, "a"):
        await ask(toy, "a")
        start(jobs)


async def test_periodic_work_runs_on_one_of_the_replicas(make_toy: MakeToy, toy: Toy, start: Start) -> None:
    jobs, at_work, most, turns = Jobs("toy"), [0], [0], list[float]()

    @jobs.every(0.2, "sweep")
    async def sweep(context: TurnContext) -> None:
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        async with context.unit(["acme"]) as unit:
            turns.append(unit.now.timestamp())
        at_work[0] -= 1

    for process in (toy, make_toy(urls=toy.urls), make_toy(urls=toy.urls)):
        start(jobs, process)
    await eventually(lambda: len(turns), lambda count: count >= 4, what="it ran four times", every_s=0.02)
    assert most == [1]
    assert all(later - earlier > 0.1 for earlier, later in pairwise(turns))


async def test_periodic_work_that_fails_is_tried_at_its_next_time(toy: Toy, start: Start) -> None:
    jobs, turns = Jobs("toy"), list[int]()

    @jobs.every(0.1, "sweep")
    async def sweep(context: TurnContext) -> None:
        turns.append(1)
        if len(turns) == 1:
            raise ValueError("once")

    start(jobs)
    await eventually(lambda: len(turns), lambda count: count >= 2, what="it ran again", every_s=0.02)


async def test_who_asks_for_work_again_and_who_does_it_do_not_lock_each_other_out(toy: Toy, start: Start) -> None:
    """The worker waits for a row that the asker has; the asker asks, at its commit, for what the worker is doing."""
    jobs, ended = Jobs("toy"), list[str]()

    @jobs.queue("render")
    async def render(batch: Sequence[Job], context: JobContext) -> None:
        try:
            async with context.finishing(batch) as unit:
                await unit.raw.execute("select pg_advisory_xact_lock(7)")
                await put_down(unit, batch)
        except Exception as error:
            ended.append(type(error).__name__)
            raise
        ended.append("done")

    await ask(toy, "a")
    async with all_done(toy, "a"), toy.database.unit(["acme"]) as unit:
        await unit.raw.execute("select pg_advisory_xact_lock(7)")
        start(jobs)
        await eventually(
            lambda: toy.rows("select from pg_locks where not granted"), what="the worker waits for the asker"
        )
        unit.enqueue("render", "acme", {"paper": "a"}, key="a")
    assert ended == ["LeaseLost", "done"], "what it had read was of before; it is done once more"
    assert await waiting(toy) == []
