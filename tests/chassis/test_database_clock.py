"""The database's time between two looks at it."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest

from chassis.database_clock import DatabaseClock
from tests.chassis.toy import Toy
from tests.support.eventually import eventually
from tests.support.pinned_clock import BEGAN


async def test_the_first_look_is_waited_for_and_later_ones_cost_no_one_anything(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    take = toy.database.take

    async def counting() -> object:
        nonlocal looks
        looks += 1
        return await take()

    monkeypatch.setattr(toy.database, "take", counting)
    clock = DatabaseClock(toy.database)
    clock._ahead_s -= 3_600  # this process's own clock is an hour behind
    await asyncio.gather(*(clock.fresh() for _ in range(10)))
    ((now,),) = await toy.rows("select clock_timestamp()")
    assert abs(clock.now() - now) < timedelta(seconds=1)
    for _ in range(10):
        await clock.fresh()
    assert looks == 1
    clock._until = time.monotonic() - 1
    await clock.fresh()
    await eventually(lambda: looks == 2, what="an old look is renewed in the background", every_s=0.01)


async def test_a_test_database_stands_on_the_day_of_the_tests(toy: Toy) -> None:
    """Whatever day it is outside: of both clocks that SQL asks, and of the clock between two looks."""
    clock = DatabaseClock(toy.database)
    await clock.fresh()
    ((known, looked),) = await toy.rows("select now(), clock_timestamp()")
    for moment in (known, looked, clock.now()):
        assert BEGAN <= moment < BEGAN + timedelta(hours=6), "a run takes minutes"


async def test_with_the_database_away_the_last_known_time_goes_on(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away() -> None:
        raise ConnectionRefusedError

    clock = DatabaseClock(toy.database)
    await clock.fresh()
    known, at = clock.seconds(), time.monotonic()
    monkeypatch.setattr(toy.database, "take", away)
    clock._until = time.monotonic() - 1
    await clock.fresh()
    await eventually(lambda: clock._until > time.monotonic(), what="the look has failed", every_s=0.01)
    assert clock.seconds() - known == pytest.approx(time.monotonic() - at, abs=1.0)
