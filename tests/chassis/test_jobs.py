"""Background jobs on a real database: asked for in a commit, done once, fenced, retried, buried in the open."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence
from contextlib import suppress

import asyncpg
import pytest

from chassis import faults
from chassis.errors import Transient
from chassis.ids import new_id
from chassis.jobs import Job, JobContext, Jobs
from chassis.operating_jobs import BURIED, REVIVE
from tests.chassis.conftest import MakeToy, Start
from tests.chassis.toy import Toy
from tests.chassis.working import all_done, ask, done, note, waiting
from tests.support.eventually import eventually


@pytest.fixture(autouse=True)
def quickly(quick_jobs: None) -> None:
    """Short pauses."""


async def test_jobs_run_together_and_end_in_the_commit_of_their_results(toy: Toy, start: Start) -> None:
    jobs, batches = Jobs("toy"), list[int]()

    @jobs.queue("render", batch=20)
    async def render(batch: Sequence[Job], context: JobContext) -> None:
        batches.append(len(batch))
        assert all(job.payload == {"paper": job.key} and job.attempts == 1 for job in batch)
        await note(context, batch)

    keys = [f"{n:02}" for n in range(30)]
    async with all_done(toy, *keys):
        await ask(toy, *keys)
        start(jobs)
    assert batches == [20, 10]
    assert await waiting(toy) == []


async def test_a_commit_wakes_the_worker_at_once(toy: Toy, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.jobs.POLL_S", 60)
    jobs = Jobs("toy")
    jobs.queue("render")(lambda batch, context: note(context, batch))
    start(jobs)
    await asyncio.sleep(0.1)  # the worker has looked once and now waits for the signal alone
    async with all_done(toy, "a"):
        await ask(toy, "a")


async def test_a_job_that_was_rolled_back_was_never_asked_for(toy: Toy) -> None:
    with suppress(RuntimeError):
        async with toy.database.unit(["acme"]) as unit:
            unit.enqueue("render", "acme", {}, key="a")
            raise RuntimeError
    assert await waiting(toy) == []


async def test_the_same_work_asked_for_twice_is_one_job(toy: Toy) -> None:
    await ask(toy, "a", "b")
    await ask(toy, "a")
    assert [key for key, _, _ in await waiting(toy)] == ["a", "b"]


async def test_a_bad_job_is_found_in_its_batch_retried_and_buried_with_its_error(
    toy: Toy, start: Start, operator: asyncpg.Pool
) -> None:
    jobs, healed = Jobs("toy"), asyncio.Event()

    @jobs.queue("render", attempts_max=3)
    async def render(batch: Sequence[Job], context: JobContext) -> None:
        if not healed.is_set() and any(job.key == "bad" for job in batch):
            raise ValueError("cannot be typeset")
        await note(context, batch)

    await ask(toy, "a", "b", "bad", "c")
    start(jobs)
    (row,) = await eventually(lambda: operator.fetch(BURIED, "acme", 0, 10), what="the bad job is buried", every_s=0.02)
    assert (row["key"], row["attempts"], row["error"]) == ("bad", 3, "ValueError")
    assert await done(toy) == ["a", "b", "c"]
    healed.set()
    async with all_done(toy, "a", "b", "bad", "c"):
        assert await operator.fetch(REVIVE, "acme", row["id"])
    assert await operator.fetch(BURIED, "acme", 0, 10) == []


@pytest.mark.parametrize("by_name", [False, True], ids=["raised", "told of one job"])
async def test_a_job_that_only_has_to_wait_for_others_uses_up_no_attempt(toy: Toy, start: Start, by_name: bool) -> None:
    jobs, tries, attempts = Jobs("toy"), 0, set[int]()

    @jobs.queue("render", attempts_max=2)
    async def render(batch: Sequence[Job], context: JobContext) -> None:
        nonlocal tries
        tries += 1
        attempts.update(job.attempts for job in batch)
        if tries > 8:
            await note(context, batch)
        elif by_name:
            for job in batch:
                context.fail(job, "documents is away", transient=True)
        else:
            raise Transient("documents is away")

    async with all_done(toy, "a"):
        await ask(toy, "a")
        start(jobs)
    assert tries == 9
    assert max(attempts) == 2, "an attempt, and the one that each time is given back"


async def test_asking_again_ends_the_rest_of_work_that_waits_for_others(
    toy: Toy, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.jobs.BACKOFF_MAX_S", 3_600)
    jobs, there = Jobs("toy"), asyncio.Event()

    @jobs.queue("render")
    async def render(batch: Sequence[Job], context: JobContext) -> None:
        if not there.is_set():
            raise Transient("documents is away")
        await note(context, batch)

    async def rests() -> bool:
        return bool(await toy.rows("select from job where lease is null and leased_until > now()"))

    await ask(toy, "a")
    await toy.rows("update job set run_at = now() - interval '1 day' returning 1")  # so it rests for half a day
    start(jobs)
    await eventually(rests, what="it rests")
    there.set()
    async with all_done(toy, "a"):
        await ask(toy, "a")


async def test_a_worker_may_fail_one_job_of_a_batch_and_finish_the_others(toy: Toy, start: Start) -> None:
    jobs = Jobs("toy")

    @jobs.queue("render")
    async def render(batch: Sequence[Job], context: JobContext) -> None:
        for job in batch:
            if job.key == "bad" and job.attempts == 1:
                context.fail(job, "not yet")
        await note(context, [job for job in batch if job.id in context.left])

    async with all_done(toy, "a", "b", "bad"):
        await ask(toy, "a", "bad", "b")
        start(jobs)


async def test_work_that_leaves_nothing_in_the_database_is_over_when_it_returns(toy: Toy, start: Start) -> None:
    jobs, seen = Jobs("toy"), list[str]()

    @jobs.queue("mail")
    async def mail(batch: Sequence[Job], context: JobContext) -> None:
        seen.extend(job.key for job in batch)

    await ask(toy, "a", "b", queue="mail")
    start(jobs)
    await eventually(lambda: waiting(toy), lambda left: left == [], what="both are over", every_s=0.02)
    assert sorted(seen) == ["a", "b"]


async def test_a_worker_whose_lease_ran_out_cannot_finish_what_another_has(
    make_toy: MakeToy, toy: Toy, start: Start
) -> None:
    slow, quick, begun, go_on = Jobs("toy"), Jobs("toy"), asyncio.Event(), asyncio.Event()
    late: list[BaseException] = []

    @slow.queue("render", lease_s=30)
    async def dawdle(batch: Sequence[Job], context: JobContext) -> None:
        begun.set()
        await go_on.wait()
        try:
            await note(context, batch)
        except Exception as error:
            late.append(error)
            raise

    @quick.queue("render")
    async def render(batch: Sequence[Job], context: JobContext) -> None:
        await note(context, batch)

    await ask(toy, "a")
    start(slow)
    await begun.wait()
    await toy.rows("update job set leased_until = now() - interval '1 second'")
    async with all_done(toy, "a"):
        start(quick, make_toy(urls=toy.urls))
    go_on.set()
    await eventually(lambda: [type(error).__name__ for error in late], what="the slow one was fenced off")
    assert [type(error).__name__ for error in late] == ["LeaseLost"]
    assert await done(toy) == ["a"]


async def test_an_attempt_is_cut_off_at_the_end_of_its_lease_and_the_next_one_runs_alone(
    toy: Toy, start: Start
) -> None:
    jobs, sizes = Jobs("toy"), list[int]()

    @jobs.queue("render", lease_s=0.3)
    async def render(batch: Sequence[Job], context: JobContext) -> None:
        sizes.append(len(batch))
        if len(batch) > 1:
            await asyncio.Event().wait()
        await note(context, batch)

    async with all_done(toy, "a", "b"):
        await ask(toy, "a", "b")
        start(jobs)
    assert sizes == [2, 1, 1]


@pytest.mark.parametrize("point", ["job.taken", "job.done"])
async def test_a_worker_that_dies_is_followed_by_another_when_its_lease_ends(
    toy: Toy, start: Start, point: str
) -> None:
    faults.arm(f"{point}:error")
    jobs = Jobs("toy")
    jobs.queue("render", lease_s=0.3)(lambda batch, context: note(context, batch))
    async with all_done(toy, "a"):
        await ask(toy, "a")
        start(jobs)
    assert await waiting(toy) == []


async def test_the_jobs_of_a_killed_worker_do_not_wait_for_the_time_that_an_attempt_may_take(
    toy: Toy, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a queue whose attempts may take three minutes, and a worker that dies with a job in its hands
    monkeypatch.setattr("chassis.jobs.BEAT_LEASE_S", 0.3)
    faults.arm("job.taken:error")
    jobs = Jobs("toy")
    jobs.queue("render", lease_s=180)(lambda batch, context: note(context, batch))
    # Then another does it as soon as the dead one's lease is not renewed any more
    async with all_done(toy, "a"):
        await ask(toy, "a")
        start(jobs)


async def test_a_worker_that_lives_keeps_its_jobs_however_long_they_take(
    make_toy: MakeToy, toy: Toy, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a lease of a moment, and work that takes many moments
    monkeypatch.setattr("chassis.jobs.BEAT_LEASE_S", 0.15)
    jobs, begun, looked, go_on = Jobs("toy"), list[str](), list[int](), asyncio.Event()

    @jobs.queue("render", lease_s=30)
    async def render(batch: Sequence[Job], context: JobContext) -> None:
        begun.extend(job.key for job in batch)
        await go_on.wait()
        await note(context, batch)

    await ask(toy, "a")
    start(jobs)
    await eventually(lambda: begun, what="the work has begun", every_s=0.02)
    # When another process looks for work again and again
    start(jobs, make_toy(urls=toy.urls))

    async def renewed() -> int:
        (row,) = await toy.rows("select leased_until > now() from job")
        looked.append(row[0])
        return sum(looked)

    await eventually(renewed, lambda count: count >= 20, what="the lease was renewed many times", every_s=0.03)
    # Then it finds none, and the first one's result is the only one
    assert begun == ["a"]
    go_on.set()
    async with all_done(toy, "a"):
        assert begun == ["a"]


async def test_a_job_that_kills_its_worker_each_time_is_buried_without_another_try(
    toy: Toy, start: Start, operator: asyncpg.Pool
) -> None:
    jobs, tries = Jobs("toy"), list[str]()

    @jobs.queue("render", attempts_max=3)
    async def render(batch: Sequence[Job], context: JobContext) -> None:
        tries.extend(job.key for job in batch)

    await ask(toy, "a")
    await toy.rows("update job set attempts = 3, lease = $1, leased_until = now() - interval '1 second'", new_id())
    start(jobs)
    (row,) = await eventually(lambda: operator.fetch(BURIED, "acme", 0, 10), what="it is buried", every_s=0.02)
    assert "did not come back" in row["error"]
    assert tries == []


async def test_two_processes_share_a_queue_and_no_job_is_done_twice(make_toy: MakeToy, toy: Toy, start: Start) -> None:
    jobs = Jobs("toy")
    jobs.queue("render", batch=5, parallel=2)(lambda batch, context: note(context, batch))
    keys = [f"{n:03}" for n in range(100)]
    async with all_done(toy, *keys):
        await ask(toy, *keys)
        start(jobs)
        start(jobs, make_toy(urls=toy.urls))


async def test_a_job_may_ask_for_the_next_one_in_its_own_commit(toy: Toy, start: Start) -> None:
    jobs = Jobs("toy")

    @jobs.queue("first")
    async def first(batch: Sequence[Job], context: JobContext) -> None:
        async with context.finishing(batch) as unit:
            for job in batch:
                unit.enqueue("render", job.company, {}, key=job.key)

    jobs.queue("render")(lambda batch, context: note(context, batch))
    async with all_done(toy, "a"):
        await ask(toy, "a", queue="first")
        start(jobs)


async def test_running_work_comes_to_its_end_when_the_service_stops(toy: Toy, start: Start) -> None:
    jobs, begun, go_on = Jobs("toy"), asyncio.Event(), asyncio.Event()

    @jobs.queue("render", batch=1)
    async def render(batch: Sequence[Job], context: JobContext) -> None:
        begun.set()
        await go_on.wait()
        await note(context, batch)

    await ask(toy, "a", "b")
    running = start(jobs)
    await begun.wait()
    running.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await done(toy) == ["a"]
    assert [key for key, _, _ in await waiting(toy)] == ["b"]


async def test_stopping_leaves_no_exception_that_nobody_looked_at(toy: Toy, start: Start) -> None:
    jobs, told = Jobs("toy"), list[str]()
    jobs.queue("render")(lambda batch, context: note(context, batch))
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context["message"]))
    try:
        running = start(jobs)
        async with all_done(toy, "a"):
            await ask(toy, "a")
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await asyncio.sleep(0)  # what is called when a future ends is called in the loop's next round
        gc.collect()
    finally:
        loop.set_exception_handler(None)
    assert told == []


async def test_work_that_does_not_end_in_time_is_given_back(make_toy: MakeToy, toy: Toy, start: Start) -> None:
    hurried = make_toy(urls=toy.urls, drain_s=0.1)
    jobs, begun = Jobs("toy"), asyncio.Event()

    @jobs.queue("render")
    async def render(batch: Sequence[Job], context: JobContext) -> None:
        begun.set()
        await asyncio.Event().wait()

    await ask(toy, "a")
    running = start(jobs, hurried)
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await toy.rows("select attempts, lease from job") == [(0, None)]


async def test_workers_outlive_a_database_that_drops_their_connections(toy: Toy, start: Start) -> None:
    jobs = Jobs("toy")
    jobs.queue("render", lease_s=5)(lambda batch, context: note(context, batch))
    start(jobs)
    async with all_done(toy, "a"):
        await ask(toy, "a")
    await toy.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    async with all_done(toy, "a", "b"):
        await eventually(lambda: ask_and_say(toy, "b"), what="the second job is asked for")


async def ask_and_say(toy: Toy, key: str) -> bool:
    await ask(toy, key)
    return True


def test_two_workers_for_one_queue_are_a_mistake() -> None:
    jobs = Jobs("toy")
    jobs.queue("render")(lambda batch, context: note(context, batch))
    with pytest.raises(ValueError, match="two workers"):
        jobs.queue("render")(lambda batch, context: note(context, batch))
