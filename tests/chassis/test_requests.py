"""The HTTP command door on a real database: one effect per key, one commit per group, one fault per command."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import signal
import sys
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from chassis import faults, request_table, requests
from chassis.errors import Problem, Refused
from chassis.requests import Answer, CommandDoor
from tests.chassis.commands import Note, NoteTaker, identity
from tests.chassis.conftest import MakeToy
from tests.chassis.statements import counting_statements
from tests.chassis.toy import Toy


@pytest.fixture(autouse=True)
def unarmed() -> Iterator[None]:
    """No failpoint outlives its test."""
    yield
    faults.arm("")


async def noted(toy: Toy) -> list[str]:
    return sorted(row[0] for row in await toy.rows("select reference from noted"))


async def test_a_hundred_parallel_repeats_of_one_key_have_one_effect_and_one_answer(toy: Toy) -> None:
    door, taker = CommandDoor(toy.database), NoteTaker()
    answers = await asyncio.gather(
        *(door.submit(taker.take, Note("acme", "R"), identity("k")) for _ in range(100)),
    )
    assert await noted(toy) == ["R"]
    assert {(a.status, a.body["says"], a.headers["Location"]) for a in answers if isinstance(a, Answer)} == {
        (201, "noted", "/notes/1")
    }
    assert sum(1 for a in answers if isinstance(a, Answer) and not a.replayed) == 1


async def test_a_repeat_much_later_gets_the_stored_answer_and_the_handler_is_not_asked(toy: Toy) -> None:
    door, taker = CommandDoor(toy.database), NoteTaker()
    await door.submit(taker.take, Note("acme", "R"), identity("k"))
    taker.sentence = "something else"
    again = await door.submit(taker.take, Note("acme", "R"), identity("k"))
    assert again == Answer(201, {"reference": "R", "says": "noted"}, {"Location": "/notes/1"}, replayed=True)
    assert taker.calls == [1]


async def test_a_key_with_other_input_is_refused_stored_or_in_the_same_group(toy: Toy) -> None:
    door, taker = CommandDoor(toy.database), NoteTaker()
    first, second = await door.submit_all(
        taker.take, [(Note("acme", "A"), identity("k", "A")), (Note("acme", "B"), identity("k", "B"))]
    )
    assert isinstance(first, Answer)
    assert isinstance(second, Problem)
    assert (second.status, second.code) == (422, "idempotency-key-reused")
    with pytest.raises(Problem) as later:
        await door.submit(taker.take, Note("acme", "C"), identity("k", "C"))
    assert later.value.code == "idempotency-key-reused"
    assert await noted(toy) == ["A"]


async def test_keys_of_other_clients_and_companies_do_not_meet(make_toy: MakeToy) -> None:
    toy = make_toy()
    await toy.knows("acme", "globex")
    door, taker = CommandDoor(toy.database), NoteTaker()
    results = await door.submit_all(
        taker.take,
        [
            (Note("acme", "A"), identity("k", "A")),
            (Note("acme", "B"), identity("k", "B", client="till")),
            (Note("globex", "C"), identity("k", "C", "globex")),
        ],
    )
    assert all(isinstance(result, Answer) for result in results)
    assert taker.calls == [3], "different companies and clients share a group"
    assert await noted(toy) == ["A", "B", "C"]


async def test_a_refusal_leaves_the_key_free_for_other_input(toy: Toy) -> None:
    door, taker = CommandDoor(toy.database), NoteTaker()
    pair = [(Note("acme", "refuse"), identity("k", "refuse")), (Note("acme", "good"), identity("k", "good"))]
    refused, accepted = await door.submit_all(taker.take, pair)
    assert refused == Refused("no", "It was refused.", "/reference")
    assert isinstance(accepted, Answer)
    assert not accepted.replayed
    assert await noted(toy) == ["good"]
    assert await toy.rows("select key from request") == [("k",)]


async def test_what_waits_while_a_group_commits_becomes_the_next_group(toy: Toy) -> None:
    door, taker = CommandDoor(toy.database), NoteTaker(held=True)
    first = asyncio.create_task(door.submit(taker.take, Note("acme", "0"), identity("0", "0")))
    await taker.entered.wait()
    rest = [
        asyncio.create_task(door.submit(taker.take, Note("acme", str(n)), identity(str(n), str(n))))
        for n in range(1, 301)
    ]
    await asyncio.sleep(0)
    taker.go_on.set()
    await asyncio.gather(first, *rest)
    assert taker.calls == [1, 200, 100]
    assert len(await noted(toy)) == 301


async def test_a_group_of_200_takes_as_many_statements_as_one_of_10(toy: Toy) -> None:
    door, taker = CommandDoor(toy.database), NoteTaker()
    counts: list[int] = []
    for size in (1, 10, 200):  # the first one also makes the driver learn the types
        commands = [(Note("acme", f"{size}-{n}"), identity(f"{size}-{n}")) for n in range(size)]
        async with counting_statements(toy.database) as counted:
            await door.submit_all(taker.take, commands)
        counts.append(counted.statements)
    assert counts[1:] == [5, 5], "begin, claim, handler, store, commit"


async def test_a_broken_constraint_is_the_fault_of_one_command_and_not_of_its_group(toy: Toy) -> None:
    door, taker = CommandDoor(toy.database), NoteTaker()
    names = [str(n) for n in range(20)] + ["poison", "null", "bug"]
    results = await door.submit_all(taker.take, [(Note("acme", name), identity(name, name)) for name in names])
    wrong = {name: (r.status, r.code) for name, r in zip(names, results, strict=True) if isinstance(r, Problem)}
    assert wrong == {"poison": (409, "constraint"), "null": (422, "not-storable"), "bug": (500, "unexpected")}
    assert await noted(toy) == sorted(names[:20])
    assert len(await toy.rows("select key from request")) == 20


async def test_a_twin_that_runs_in_another_process_is_waited_for(make_toy: MakeToy, toy: Toy) -> None:
    other = make_toy(urls=toy.urls)
    slow, quick = NoteTaker(held=True), NoteTaker()
    first = asyncio.create_task(CommandDoor(other.database).submit(slow.take, Note("acme", "R"), identity("k")))
    await slow.entered.wait()
    door = CommandDoor(toy.database)
    repeat = asyncio.create_task(door.submit(quick.take, Note("acme", "R"), identity("k")))
    bystander = await door.submit(quick.take, Note("acme", "S"), identity("s"))
    assert isinstance(bystander, Answer), "others do not wait with it"
    assert not repeat.done()
    slow.go_on.set()
    original, copy = await asyncio.gather(first, repeat)
    assert isinstance(original, Answer)
    assert isinstance(copy, Answer)
    assert (original.replayed, copy.replayed) == (False, True)
    assert await noted(toy) == ["R", "S"]


async def test_a_twin_that_runs_too_long_elsewhere_gives_409(
    make_toy: MakeToy, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L26: the same key while the first still runs."""
    monkeypatch.setattr(requests, "TWIN_PATIENCE_S", 0.2)
    slow, quick = NoteTaker(held=True), NoteTaker()
    first = asyncio.create_task(
        CommandDoor(make_toy(urls=toy.urls).database).submit(slow.take, Note("acme", "R"), identity("k"))
    )
    await slow.entered.wait()
    with pytest.raises(Problem) as told:
        await CommandDoor(toy.database).submit(quick.take, Note("acme", "R"), identity("k"))
    assert (told.value.status, told.value.code) == (409, "request-in-progress")
    slow.go_on.set()
    await first
    assert await noted(toy) == ["R"]


async def a_repeat_that_looked_before_its_twin_committed(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, taker: NoteTaker, reference: str = "R", also_unseen: str = "never"
) -> Answer:
    """The claim looks with a snapshot from before its locks, so it may miss what a twin commits in between.

    Gives the answer of a command whose first claim missed its twin.
    """
    first = await CommandDoor(toy.database).submit(NoteTaker().take, Note("acme", "R"), identity("k"))
    assert first == Answer(201, {"reference": "R", "says": "noted"}, {"Location": "/notes/1"})
    claim = request_table.claim

    async def look_too_early(*arguments: Any) -> list[asyncpg.Record]:
        rows = await claim(*arguments)
        monkeypatch.undo()
        return rows

    early = request_table.CLAIM.replace("q.key = x.key offset", "false offset").replace(also_unseen, "false")
    monkeypatch.setattr(request_table, "CLAIM", early)
    monkeypatch.setattr(request_table, "claim", look_too_early)
    repeat = await CommandDoor(toy.database).submit(taker.take, Note("acme", reference), identity("k", reference))
    assert request_table.claim is claim, "the repeat looked too early"
    assert isinstance(repeat, Answer), f"the same key was answered 201 and {repeat}"
    return repeat


async def test_a_twin_that_commits_between_look_and_lock_is_noticed(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = await a_repeat_that_looked_before_its_twin_committed(toy, monkeypatch, NoteTaker())
    assert answer.replayed
    assert await noted(toy) == ["R"]


async def test_a_refusal_because_of_such_a_twin_does_not_go_out(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = await a_repeat_that_looked_before_its_twin_committed(toy, monkeypatch, NoteTaker(once=True))
    assert answer.replayed
    assert await noted(toy) == ["R"]


async def test_a_broken_constraint_because_of_such_a_twin_does_not_go_out(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    await toy.rows("create unique index noted_once on noted (company, reference)")
    answer = await a_repeat_that_looked_before_its_twin_committed(toy, monkeypatch, NoteTaker())
    assert answer.replayed
    assert await noted(toy) == ["R"]


async def test_a_company_that_became_known_with_such_a_twin_is_not_called_unknown(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = "k.company is not null"
    answer = await a_repeat_that_looked_before_its_twin_committed(toy, monkeypatch, NoteTaker(), also_unseen=company)
    assert answer.replayed


async def test_other_input_that_is_refused_beside_such_a_twin_hears_that_its_key_is_used(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Problem) as told:
        await a_repeat_that_looked_before_its_twin_committed(toy, monkeypatch, NoteTaker(), "refuse")
    assert told.value.code == "idempotency-key-reused"


async def test_a_group_with_refusals_takes_one_statement_more_whatever_its_size(toy: Toy) -> None:
    door, taker = CommandDoor(toy.database), NoteTaker()
    counts: list[int] = []
    for size in (2, 10, 200):
        names = [f"{'refuse-' * (n % 2)}{size}-{n}" for n in range(size)]
        async with counting_statements(toy.database) as counted:
            await door.submit_all(taker.take, [(Note("acme", name), identity(name, name)) for name in names])
        counts.append(counted.statements)
    assert counts[1:] == [6, 6], "begin, claim, handler, store, look again, commit"


@pytest.mark.parametrize("point", ["door.begun", "door.before_commit", "door.committed"])
async def test_a_fault_anywhere_in_the_group_is_passed_over_by_a_second_try(toy: Toy, point: str) -> None:
    faults.arm(f"{point}:error")
    door, taker = CommandDoor(toy.database), NoteTaker()
    answers = await door.submit_all(taker.take, [(Note("acme", str(n)), identity(str(n))) for n in range(5)])
    assert all(isinstance(answer, Answer) for answer in answers)
    assert await noted(toy) == ["0", "1", "2", "3", "4"]


async def test_a_backend_that_is_terminated_in_the_middle_costs_a_retry_and_no_more(toy: Toy) -> None:
    door, taker = CommandDoor(toy.database), NoteTaker(held=True)
    running = asyncio.create_task(door.submit(taker.take, Note("acme", "R"), identity("k")))
    await taker.entered.wait()
    await toy.rows(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and application_name like 'gateway-%'"
    )
    taker.go_on.set()
    assert isinstance(await running, Answer)
    assert await noted(toy) == ["R"]


async def test_a_database_that_stays_away_is_told_as_503_with_retry_after(
    make_toy: MakeToy, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "RETRY_PATIENCE_S", 0.1)
    toy.database.settings.database_url.get_secret_value()
    broken = make_toy(urls=toy.urls)
    monkeypatch.setattr(broken.database, "take", _no_connection)
    with pytest.raises(Problem) as told:
        await CommandDoor(broken.database).submit(NoteTaker().take, Note("acme", "R"), identity("k"))
    assert (told.value.status, told.value.code, told.value.headers) == (
        503,
        "database-unavailable",
        {"Retry-After": "1"},
    )


async def _no_connection() -> None:
    raise asyncpg.ConnectionDoesNotExistError("gone")


async def test_a_company_that_the_department_does_not_know_is_not_found_unless_it_is_being_introduced(toy: Toy) -> None:
    door, taker = CommandDoor(toy.database), NoteTaker()
    unknown, forged, introduced = await door.submit_all(
        taker.take,
        [
            (Note("nobody", "A"), identity("a", company="nobody")),
            (Note("acme', true); --", "B"), identity("b", company="acme', true); --")),
            (Note("newco", "C"), identity("c", company="newco", introduces=True)),
        ],
    )
    assert isinstance(unknown, Problem)
    assert isinstance(forged, Problem)
    assert (unknown.code, forged.code) == ("company-not-found", "company-not-found")
    assert isinstance(introduced, Answer)
    assert await noted(toy) == ["C"]


async def test_a_caller_that_goes_away_does_not_stop_its_command(toy: Toy) -> None:
    door, taker = CommandDoor(toy.database), NoteTaker(held=True)
    caller = asyncio.create_task(door.submit(taker.take, Note("acme", "R"), identity("k")))
    await taker.entered.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    taker.go_on.set()
    await door.drain()
    assert await noted(toy) == ["R"]


async def test_draining_answers_what_was_taken_and_takes_no_more(toy: Toy) -> None:
    door, taker = CommandDoor(toy.database), NoteTaker(held=True)
    running = asyncio.create_task(door.submit(taker.take, Note("acme", "R"), identity("k")))
    await taker.entered.wait()
    drained = asyncio.create_task(door.drain())
    await asyncio.sleep(0)
    with pytest.raises(Problem) as told:
        await door.submit(taker.take, Note("acme", "S"), identity("s"))
    assert told.value.status == 503
    assert not drained.done()
    taker.go_on.set()
    await drained
    assert isinstance(await running, Answer)


async def test_a_handler_that_does_not_answer_every_command_commits_nothing(toy: Toy) -> None:
    async def lazy(commands: list[Note], unit: object) -> list[Answer]:
        return []

    with pytest.raises(Problem) as told:
        await CommandDoor(toy.database).submit(lazy, Note("acme", "R"), identity("k"))  # type: ignore[arg-type]
    assert told.value.status == 500
    assert await toy.rows("select key from request") == []


async def test_too_many_waiting_commands_are_refused_at_once(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "WAITING_MAX", 3)
    door, taker = CommandDoor(toy.database), NoteTaker(held=True)
    running = asyncio.create_task(door.submit(taker.take, Note("acme", "R"), identity("k")))
    await taker.entered.wait()
    with pytest.raises(Problem) as told:
        await door.submit_all(taker.take, [(Note("acme", str(n)), identity(str(n))) for n in range(3)])
    assert (told.value.status, told.value.code) == (503, "overloaded")
    taker.go_on.set()
    await running


@pytest.mark.parametrize(("point", "replayed"), [("door.before_commit", False), ("door.committed", True)])
async def test_after_a_kill_the_repeat_has_the_one_effect(toy: Toy, point: str, replayed: bool) -> None:
    asked = json.dumps({"faults": f"{point}:kill", "urls": dataclasses.asdict(toy.urls)})
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.chassis.door_process", asked)
    assert await process.wait() == -signal.SIGKILL
    answer = await CommandDoor(toy.database).submit(NoteTaker().take, Note("acme", "R"), identity("k"))
    assert isinstance(answer, Answer)
    assert answer.replayed is replayed
    assert await noted(toy) == ["R"]
