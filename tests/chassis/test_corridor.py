"""The corridor on a real database: once, in order, whatever comes how often in whatever order."""

from __future__ import annotations

import asyncio
import random
from itertools import count
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.corridor import ATTEMPTS, Rewind
from chassis.holding import Drainer
from chassis.ids import derive
from tests.chassis.conftest import MakeToy
from tests.chassis.statements import counting_statements
from tests.chassis.toy import Toy, order_id, record

KEY = order_id("a")
OTHER = order_id("b")


async def held(toy: Toy) -> list[tuple[str, int]]:
    return [(r[0], r[1]) for r in await toy.rows("select reason, sequence from held order by key, sequence, id")]


async def outcomes(toy: Toy) -> dict[str, int]:
    rows = await toy.rows("select outcome, sum(events)::int from inbox_count group by outcome")
    return {row[0]: row[1] for row in rows}


async def drain(toy: Toy) -> int:
    async with asyncpg.create_pool(toy.urls.relay_url, min_size=0, max_size=1) as operator:
        drainer = Drainer(toy.database, toy.consumers, toy.metrics, operator)
        total = 0
        while drained := await drainer.drain_due():
            total += drained
        return total


async def test_a_batch_is_applied_once_and_in_order(toy: Toy) -> None:
    """G16: in every consumer, because all of them stand on it."""
    await toy.corridor.take([record(KEY, s, s - 1) for s in (1, 2, 3)])
    assert await toy.noted() == [1, 2, 3]
    assert await toy.rows("select next from inbox_offset") == [(3,)]
    assert await outcomes(toy) == {"applied": 3}


async def test_repeats_in_the_batch_before_it_and_long_after_are_dropped_and_counted(toy: Toy) -> None:
    """G16: however old the repeat is."""
    await toy.corridor.take([record(KEY, 1, 0), record(KEY, 1, 1), record(KEY, 2, 2)])
    await toy.corridor.take([record(KEY, 1, 3), record(KEY, 3, 4), record(KEY, 2, 5)])
    await toy.corridor.take([record(KEY, 1, 6)])
    assert await toy.noted() == [1, 2, 3]
    assert await outcomes(toy) == {"applied": 3, "duplicate": 4}
    assert await held(toy) == []


async def test_a_batch_beyond_what_was_taken_is_rolled_back_and_rewound(toy: Toy) -> None:
    await toy.corridor.take([record(KEY, 1, 0)])
    with pytest.raises(Rewind) as rewind:
        await toy.corridor.take([record(KEY, 2, 5)])
    assert rewind.value.expected == {("sales.orders", 0): 1}
    assert await toy.noted() == [1]


async def test_a_gap_is_held_until_the_missing_event_comes(toy: Toy) -> None:
    await toy.corridor.take([record(KEY, 1, 0), record(KEY, 3, 1), record(KEY, 4, 2), record(OTHER, 1, 3)])
    assert await toy.noted(KEY) == [1]
    assert await toy.noted(OTHER) == [1]
    assert await held(toy) == [("gap", 3), ("gap", 4)]
    await toy.corridor.take([record(KEY, 5, 4)])
    await toy.corridor.take([record(KEY, 2, 5)])
    assert await drain(toy) == 4
    assert await toy.noted(KEY) == [1, 2, 3, 4, 5]
    assert await held(toy) == []
    assert await toy.rows("select sequence, held from inbox where key = $1", KEY) == [(5, 0)]


async def test_old_repeats_that_come_with_new_events_hold_nothing_up(toy: Toy) -> None:
    await toy.corridor.take([record(KEY, s, s - 1) for s in (1, 2, 3)])
    await toy.corridor.take([record(KEY, s, 3 + i) for i, s in enumerate((1, 3, 4, 5, 7))])
    assert await toy.noted(KEY) == [1, 2, 3, 4, 5]
    assert await held(toy) == [("gap", 7)]
    assert await toy.rows("select sequence, held from inbox where key = $1", KEY) == [(5, 1)]
    await toy.corridor.take([record(KEY, 1, 8), record(KEY, 6, 9)])
    await drain(toy)
    assert await toy.noted(KEY) == [1, 2, 3, 4, 5, 6, 7]


async def test_a_key_that_begins_with_a_gap_is_held_from_its_first_event(toy: Toy) -> None:
    await toy.corridor.take([record(KEY, 2, 0)])
    assert await held(toy) == [("gap", 2)]
    await toy.corridor.take([record(KEY, 1, 1)])
    await drain(toy)
    assert await toy.noted(KEY) == [1, 2]


@pytest.mark.parametrize("reference", ["poison", "bug"])
async def test_poison_stops_only_its_own_key_and_everything_behind_it(toy: Toy, reference: str) -> None:
    batch = [record(order_id(f"good-{i}"), 1, i) for i in range(40)]
    batch += [record(KEY, 1, 40), record(KEY, 2, 41, reference=reference), record(KEY, 3, 42)]
    await toy.corridor.take(batch)
    assert len(await toy.noted()) == 41
    assert await toy.noted(KEY) == [1]
    assert await held(toy) == [("poison", 2), ("behind", 3)]
    await toy.corridor.take([record(KEY, 4, 43), record(OTHER, 1, 44)])
    assert await held(toy) == [("poison", 2), ("behind", 3), ("behind", 4)]
    assert await toy.noted(OTHER) == [1]


async def test_data_that_breaks_the_contract_is_poison_and_names_the_field(toy: Toy) -> None:
    await toy.corridor.take([record(KEY, 1, 0, body=b'{"order": 7}'), record(OTHER, 1, 1)])
    assert await toy.noted() == [1]
    ((reason, detail),) = await toy.rows("select reason, detail from held")
    assert reason == "poison"
    assert "/order" in detail
    assert "/reference" in detail


async def test_a_record_without_a_readable_envelope_is_kept_raw_and_nothing_is_lost(toy: Toy) -> None:
    bad = [
        record(KEY, 1, 0, headers=[("ce_id", None)]),
        record(KEY, 1, 1, headers=[("ce_id", b"\xff\xfe")]),
        record(KEY, 1, 2, headers=[]),
    ]
    await toy.corridor.take([*bad, record(KEY, 1, 3)])
    assert await toy.noted() == [1]
    assert await toy.rows('select "offset" from inbox_unreadable order by 1') == [(0,), (1,), (2,)]


async def test_a_batch_of_nothing_readable_moves_the_offset(toy: Toy) -> None:
    await toy.corridor.take([record(KEY, 1, 0, headers=[])])
    assert await toy.rows("select next from inbox_offset") == [(1,)]


async def test_a_type_unknown_to_this_version_is_held_so_that_consumers_may_deploy_first(toy: Toy) -> None:
    await toy.corridor.take([record(KEY, 1, 0), record(KEY, 2, 1, kind="OrderFramed.v1"), record(KEY, 3, 2)])
    assert await toy.noted() == [1]
    assert await held(toy) == [("waiting", 2), ("behind", 3)]


async def test_the_same_sequence_with_other_content_is_held_as_a_conflict_and_alarmed_not_dropped(toy: Toy) -> None:
    await toy.corridor.take([record(KEY, 1, 0, reference="one")])
    await toy.corridor.take([record(KEY, 1, 1, reference="two"), record(KEY, 2, 2)])
    assert await toy.noted() == [1, 2]
    assert await held(toy) == [("conflict", 1)]


async def test_events_of_an_unknown_company_wait_and_are_applied_when_it_is_known(make_toy: MakeToy) -> None:
    toy = make_toy()
    await toy.corridor.take([record(KEY, 1, 0, company="later"), record(KEY, 2, 1, company="later")])
    assert await held(toy) == [("waiting", 1), ("behind", 2)]
    company = record("later", 1, 0, topic="ledger.companies", kind="CompanyRegistered.v1", company="later")
    await toy.corridor.take([company])
    assert await drain(toy) == 2
    assert await toy.noted() == [1, 2]


async def test_a_company_and_its_first_order_may_come_in_one_batch(make_toy: MakeToy) -> None:
    toy = make_toy()
    order = record(KEY, 1, 0, company="new")
    company = record("new", 1, 0, topic="ledger.companies", kind="CompanyRegistered.v1", company="new")
    await toy.corridor.take([order, company])
    assert await toy.noted() == [1]
    assert await held(toy) == []


async def test_a_refusal_is_an_answer_and_counts_as_such(toy: Toy) -> None:
    await toy.corridor.take([record(KEY, 1, 0, reference="refuse"), record(KEY, 2, 1)])
    assert await toy.noted() == [1, 2]
    assert await outcomes(toy) == {"applied": 1, "refused": 1}


async def test_ignored_types_move_the_cursor_and_are_counted(toy: Toy) -> None:
    company = record("acme", 1, 0, topic="ledger.companies", kind="CompanyRegistered.v1")
    account = record("acme", 2, 1, topic="ledger.companies", kind="AccountOpened.v1", body=b"{}")
    await toy.corridor.take([company, account])
    assert await outcomes(toy) == {"applied": 1, "ignored": 1}
    assert await toy.rows("select sequence from inbox where topic = 'ledger.companies'") == [(2,)]


async def test_two_zombies_with_the_same_batch_apply_it_once(toy: Toy, make_toy: MakeToy) -> None:
    """G16: also when two processes have the same batch."""
    twin = make_toy(urls=toy.urls)
    batch = [record(order_id(f"k{i % 20}"), i // 20 + 1, i) for i in range(200)]
    await asyncio.gather(*(t.corridor.take(batch) for t in (toy, twin, toy, twin)))
    for i in range(20):
        assert await toy.noted(order_id(f"k{i}")) == list(range(1, 11))
    assert (await outcomes(toy))["applied"] == 200
    assert (await outcomes(toy))["duplicate"] == 600


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**9))
async def test_any_order_with_any_repeats_ends_with_every_event_applied_once_in_order(toy: Toy, seed: int) -> None:
    """G16, G5: property: shuffled, doubled and cut into batches anywhere, each key still ends complete and in order."""
    dice = random.Random(seed)
    keys = [order_id(f"{seed}-{k}") for k in range(4)]
    events = [(key, sequence) for key in keys for sequence in range(1, 6)]
    arriving = events + dice.choices(events, k=10)
    dice.shuffle(arriving)
    start = (await toy.rows("select coalesce(max(next), 0) from inbox_offset"))[0][0]
    offsets = count(start)
    records = [record(key, sequence, next(offsets)) for key, sequence in arriving]
    while records:
        cut = dice.randint(1, len(records))
        await toy.corridor.take(records[:cut])
        records = records[cut:]
        if dice.random() < 0.3:
            await drain(toy)
    await drain(toy)
    for key in keys:
        assert await toy.noted(key) == [1, 2, 3, 4, 5]
    assert await held(toy) == []


@pytest.mark.parametrize("kinds", [1, 2])
async def test_a_batch_costs_the_same_number_of_statements_for_10_events_as_for_500(toy: Toy, kinds: int) -> None:
    async def statements(size: int, start: int, name: str) -> int:
        types = ["OrderPlaced.v1", "OrderCancelled.v1"][:kinds]
        batch = [
            record(order_id(f"{name}{i}"), 1, start + i, kind=types[i % kinds], event_id=None) for i in range(size)
        ]
        async with counting_statements(toy.database) as counted:
            await toy.corridor.take(batch)
        return counted.statements

    await statements(2, 0, "warm")  # the driver's own first questions about types are not the batch's
    small, large = await statements(10, 2, "s"), await statements(500, 12, "l")
    assert small == large
    assert small <= 8


async def test_a_key_that_has_waited_for_ever_does_not_stop_the_others_from_draining(make_toy: MakeToy) -> None:
    toy = make_toy()
    await toy.knows("beta")
    await toy.corridor.take([record(KEY, 1, 0, company="alpha")])  # alpha is not known: it waits
    await toy.rows("update held set attempts = 5000, next_at = now() returning 1")
    await toy.corridor.take([record(OTHER, 2, 1, company="beta")])
    await toy.corridor.take([record(OTHER, 1, 2, company="beta")])
    await drain(toy)
    assert await toy.noted(OTHER) == [1, 2]


@pytest.mark.parametrize("subject", ["with\x00zero", "x" * 9_000])
async def test_a_key_that_no_index_can_hold_is_kept_raw_and_the_rest_flows(toy: Toy, subject: str) -> None:
    await toy.corridor.take([record(subject, 1, 0), record(KEY, 1, 1)])
    assert await toy.noted() == [1]
    assert len(await toy.rows("select 1 from inbox_unreadable")) == 1


async def test_one_event_id_with_two_contents_is_a_conflict_within_a_batch_and_across_batches(toy: Toy) -> None:
    one = str(derive("one"))
    await toy.corridor.take(
        [record(KEY, 2, 0, reference="a", event_id=one), record(KEY, 2, 1, reference="b", event_id=one)]
    )
    await toy.corridor.take(
        [record(KEY, 2, 2, reference="c", event_id=one), record(KEY, 2, 3, reference="a", event_id=one)]
    )
    await toy.corridor.take([record(KEY, 1, 4)])
    await drain(toy)
    assert await toy.noted(KEY) == [1, 2]
    assert sorted(await held(toy)) == [("conflict", 2), ("conflict", 2)]
    assert (await outcomes(toy))["duplicate"] == 1


async def test_a_fault_of_the_data_that_shows_at_the_last_try_alone_is_bisected_and_not_acknowledged(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.corridor.BACKOFF_MAX_S", 0.0)
    passing = [ConnectionError("away")] * (ATTEMPTS - 1)
    transact = toy.corridor._transact

    async def after_what_passes(*arguments: Any, **options: Any) -> None:
        if passing:
            raise passing.pop()
        await transact(*arguments, **options)

    monkeypatch.setattr(toy.corridor, "_transact", after_what_passes)
    await toy.corridor.take([record(KEY, 1, 0, reference="poison"), record(OTHER, 1, 1)])
    assert await held(toy) == [("poison", 1)]
    assert await toy.noted() == [1]
    assert await toy.rows("select next from inbox_offset") == [(2,)]


async def test_who_waits_for_a_company_goes_on_when_its_registration_was_itself_held(toy: Toy) -> None:
    registered: dict[str, Any] = {"topic": "ledger.companies", "company": "newco"}
    await toy.corridor.take([record(KEY, 1, 0, company="newco")])
    await toy.corridor.take([record("newco", 2, 0, kind="CompanyRegistered.v1", **registered)])
    assert await held(toy) == [("waiting", 1), ("gap", 2)]
    await toy.rows("update held set next_at = now() + interval '1 hour' where reason = 'waiting' returning 1")
    await toy.corridor.take([record("newco", 1, 1, kind="AccountOpened.v1", **registered)])
    await drain(toy)
    assert await held(toy) == []
    assert await toy.noted(KEY) == [1]
