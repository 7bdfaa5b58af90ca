"""Two contents under one sequence: one is applied, the other is kept for a person, and neither is lost in silence."""

from __future__ import annotations

from tests.chassis.test_corridor import drain, held, outcomes
from tests.chassis.toy import Toy, order_id, record

KEY = order_id("a")


async def references(toy: Toy) -> list[tuple[int, str]]:
    return [(row[0], row[1]) for row in await toy.rows("select sequence, reference from noted order by n")]


async def blocking(toy: Toy) -> list[tuple[int, int]]:
    return [(row[0], row[1]) for row in await toy.rows("select sequence, held from inbox")]


async def test_other_content_under_a_sequence_that_only_waits_is_kept_and_blocks_nothing(toy: Toy) -> None:
    await toy.corridor.take([record(KEY, 2, 0, reference="first")])
    await toy.corridor.take([record(KEY, 2, 1, reference="other"), record(KEY, 3, 2)])
    await toy.corridor.take([record(KEY, 1, 3)])
    await drain(toy)

    assert await references(toy) == [(1, "R-1"), (2, "first"), (3, "R-1")]
    assert await held(toy) == [("conflict", 2)]
    assert await blocking(toy) == [(3, 0)]
    assert await outcomes(toy) == {"applied": 3}


async def test_other_content_beside_a_poisoned_head_is_kept_until_a_person_has_decided(toy: Toy) -> None:
    await toy.corridor.take([record(KEY, 1, 0), record(KEY, 2, 1, reference="poison")])
    await toy.corridor.take([record(KEY, 2, 2, reference="other")])
    await toy.rows("update held set next_at = now() returning 1")
    await drain(toy)

    assert await references(toy) == [(1, "R-1")]
    assert await held(toy) == [("poison", 2), ("conflict", 2)]
    assert await blocking(toy) == [(1, 1)]


async def test_the_same_event_delivered_again_while_it_waits_is_no_conflict(toy: Toy) -> None:
    await toy.corridor.take([record(KEY, 2, 0)])
    await toy.corridor.take([record(KEY, 2, 1), record(KEY, 1, 2)])
    await drain(toy)

    assert await references(toy) == [(1, "R-1"), (2, "R-1")]
    assert await held(toy) == []
