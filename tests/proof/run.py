"""One run of a chapter: its folder, its dice, and the houses that it breaks."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.proof.house import House
from tests.proof.setting import Setting

Length = Literal["short", "normal", "full"]
LENGTHS: tuple[Length, ...] = ("short", "normal", "full")
RATED_PER_S = 50.0
"""The base load of fault runs, in orders a second (with their payments, cancellations, hires and receipts)."""


@dataclass(slots=True)
class Houses:
    """Houses that stay up between chapters, for those that leave a house as they found it."""

    folder: Path
    say: Callable[[str], None]
    _kept: dict[Setting, House] = field(default_factory=dict)
    _built: int = 0

    async def take(self, setting: Setting, *, share: bool) -> House:
        """A kept house of this setting with companies of its own for this chapter, or a new one."""
        if share and (house := self._kept.pop(setting, None)) is not None:
            if await house.is_well():
                await house.fresh_companies()
                return house
            await house.close()
        self._built += 1
        house = House(self.folder / f"house-{self._built}", setting, self.say)
        await house.open()
        return house

    async def give_back(self, house: House, *, share: bool) -> None:
        """Keep it for the next chapter, or end it."""
        if share and house.setting not in self._kept:
            self._kept[house.setting] = house
        else:
            await house.close()

    async def close(self) -> None:
        """End all that are kept."""
        while self._kept:
            await self._kept.popitem()[1].close()


@dataclass(slots=True)
class Run:
    """What a chapter is given."""

    folder: Path
    length: Length
    seed: int
    dice: random.Random
    say: Callable[[str], None]
    houses: Houses
    rate_per_s: float = RATED_PER_S

    @asynccontextmanager
    async def house(
        self, *, brokers: int = 1, replicas: Mapping[str, int] | None = None,
        environment: Mapping[str, Mapping[str, str]] | None = None, split: Sequence[str] = (),
        durable: bool = False, listeners: bool = False, services: Sequence[str] | None = None, share: bool = False,
    ) -> AsyncIterator[House]:  # fmt: skip
        """A running house that has been set up.

        replicas: more than one process of a service. environment: variables of a service's processes.
        split: services whose relay is a process of its own. listeners: one Kafka listener per service (for proxies).
        share: this chapter leaves the house as it found it, and takes one that another has left so.
        """
        setting = Setting.of(brokers, replicas, environment, split, durable, listeners, services)
        house = await self.houses.take(setting, share=share)
        house.begin(self.folder)
        try:
            yield house
        except BaseException:
            await house.close()
            raise
        await self.houses.give_back(house, share=share)
