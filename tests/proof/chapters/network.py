"""The network between services and their servers: cut, slow, half open, one after the other and at once (F30-F32)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.injection.links import Links, proxied
from tests.proof.injection.proxy import Proxy
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

SERVICES: dict[Length, tuple[str, ...]] = {"normal": ("ledger",), "full": ("inventory", "ledger")}
FOR_S: dict[Length, float] = {"normal": 5, "full": 30}
CALM_S: dict[Length, float] = {"normal": 3, "full": 10}
SWIZZLES: dict[Length, int] = {"normal": 1, "full": 10}
STEP_S = 1.0
SLOW_S = 0.1
RECOVERY_MAX_S = 30.0
"""F32: so soon after the healing the flow is there again."""

WAYS: dict[str, Callable[[Proxy], None]] = {
    "cut": Proxy.cut,
    "slow": lambda proxy: proxy.bend(delay_s=SLOW_S, jitter_s=0.02),
    "half-open": lambda proxy: proxy.silence(),
    "deaf": lambda proxy: proxy.silence("down"),
    "reset": Proxy.reset,
}


async def run(run: Run) -> Sequence[Verdict]:
    """Every way on every link, then swizzle: cut some one by one, heal them in another order."""
    async with run.house(listeners=True) as house, proxied(house, SERVICES[run.length]) as links:
        trial = Trial(run, house, "network", "links cut, slow, half open")

        async def storm(house: House, _: Tally) -> None:
            for way in WAYS:
                for link, proxies in _all(links):
                    await _bent(run, house, way, link, proxies)
            for _number in range(SWIZZLES[run.length]):
                await _swizzle(house, links, run.dice)
                await asyncio.sleep(CALM_S[run.length])

        verdict = await trial.go(storm)
        slow = [one for one in house.timeline.faults if (one.recovered_s or 0.0) > RECOVERY_MAX_S]
        trial.violations += [f"F30: {one.kind} {one.target}: flow back after {one.recovered_s:.0f} s" for one in slow]
        return [trial.again(verdict)]


def _all(links: dict[str, Links]) -> list[tuple[str, tuple[Proxy, ...]]]:
    return [pair for one in links.values() for pair in one]


async def _bent(run: Run, house: House, way: str, link: str, proxies: Sequence[Proxy]) -> None:
    fault = house.note(way, link)
    for proxy in proxies:
        WAYS[way](proxy)
    await asyncio.sleep(FOR_S[run.length])
    for proxy in proxies:
        proxy.heal()
    fault.end()
    await asyncio.sleep(CALM_S[run.length])


async def _swizzle(house: House, links: dict[str, Links], dice: random.Random) -> None:
    """A random part of the links is cut one by one; they are healed one by one in another order."""
    every = _all(links)
    chosen = dice.sample(every, dice.randint(2, len(every)))
    fault = house.note("swizzle", ", ".join(link for link, _ in chosen))
    for _, proxies in chosen:
        for proxy in proxies:
            proxy.cut()
        await asyncio.sleep(STEP_S)
    for _, proxies in dice.sample(chosen, len(chosen)):
        for proxy in proxies:
            proxy.heal()
        await asyncio.sleep(STEP_S)
    fault.end()


CHAPTER = Chapter(
    name="network",
    fault="links of services to Kafka and PostgreSQL cut, slow, half open, reset; swizzle",
    about="A proxy on each link of a department bends and cuts it under load; the flow is back in 30 s (F30-F32).",
    run=run,
    seconds={"normal": 140, "full": 1_100},
)
