"""`kill -9` at random during the day: after the restarts, the totals are those of the undisturbed day."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import pytest

from deploy.local.demo.outcome import differences
from deploy.local.demo.plan import make_plan
from deploy.local.demo.running import gather_day, send_day
from deploy.local.paths import StateFolder
from deploy.local.stack import LocalStack
from tests.support.stack import new_state_folder, remove_state

VICTIMS = ("inventory", "ledger", "documents", "payroll", "gateway", "kafka", "postgres-ledger", "postgres-gateway")
SEED = 20_261_122


@pytest.fixture
def house_folder() -> Iterator[StateFolder]:
    """The state folder of one house."""
    folder = new_state_folder()
    yield folder
    remove_state(folder)


async def kill_at_random(stack: LocalStack, dice: random.Random, killed: list[str]) -> None:
    """Every process of the list once, in random order with random pauses, each started again by the supervisor."""
    victims = list(VICTIMS)
    dice.shuffle(victims)
    for victim in victims:
        await asyncio.sleep(dice.uniform(0.2, 1.2))  # the pause is the fault's own random timing, not a wait
        await stack.kill(victim)
        killed.append(victim)
        await asyncio.sleep(dice.uniform(0.0, 0.6))
        await stack.restart(victim, wait=False)  # the next one falls while this one starts
    await stack.ready()


@pytest.mark.timeout(420)
async def test_a_day_in_which_everything_is_killed_once_ends_with_the_same_totals(house_folder: StateFolder) -> None:
    """G2, G20: each server and service is killed once; nothing that was acknowledged is missing."""
    # Given a running house and a day's plan
    plan = make_plan(seed=11, ordinary_per_house=150)
    killed: list[str] = []
    lines: list[str] = []
    async with LocalStack(house_folder.root, durable=False) as stack:
        # When the day is sent while every kind of process is killed with SIGKILL at a random moment
        storm = asyncio.create_task(kill_at_random(stack, random.Random(SEED), killed))
        try:
            await send_day(stack, plan, lines.append)
            killed_on_the_way = list(killed)
            await storm
        finally:
            storm.cancel()
        # and everything has come to rest
        outcome = await gather_day(stack, lines.append)
    # Then nothing is lost, doubled or left half done
    assert sorted(killed) == sorted(VICTIMS)
    assert len(killed_on_the_way) >= 3, f"only {killed_on_the_way} fell into the day"
    assert differences(outcome, plan) == [], "\n".join(lines)
