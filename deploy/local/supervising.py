"""Starts again what ended unasked; each process by itself, so that none waits for another to come up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

LOOK_S = 0.5
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0
"""What lived this long after its last start did come up: its next pause is the first one again."""


class Pauses:
    """How long to wait before a process is started again: twice as long each time, unless it lived for a while."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._latest: dict[str, float] = {}
        self._begun: dict[str, float] = {}

    def after_the_end_of(self, name: str) -> float:
        """The pause in seconds."""
        if self._clock() - self._begun.get(name, self._clock()) >= STEADY_S:
            self._latest.pop(name, None)
        pause = min(LONGEST_PAUSE_S, self._latest.get(name, FIRST_PAUSE_S / 2) * 2)
        self._latest[name] = pause
        return pause

    def has_begun(self, name: str) -> None:
        """From now on its life counts."""
        self._begun[name] = self._clock()


class Supervisor:
    """Watches processes that are there or will come, until it is cancelled.

    ended: the exit code of a process that ended unasked, None for one that runs or shall be down.
    restart: starts one again; may take its time, and may fail. say: told what happens, a line at a time.
    """

    def __init__(
        self,
        names: Callable[[], Iterable[str]],
        ended: Callable[[str], int | None],
        restart: Callable[[str], Awaitable[None]],
        say: Callable[[str], None],
    ) -> None:
        self._names = names
        self._ended = ended
        self._restart = restart
        self._say = say
        self._pauses = Pauses()

    async def run(self) -> None:
        """Watch for ever. Raises what `ended` raises: then nobody can be watched."""
        restarts: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                await asyncio.sleep(LOOK_S)
                for name in self._names():
                    under_way = name in restarts and not restarts[name].done()
                    if not under_way and (code := self._ended(name)) is not None:
                        restarts[name] = asyncio.create_task(self._start_again(name, code))
        finally:
            for task in restarts.values():
                task.cancel()
            await asyncio.gather(*restarts.values(), return_exceptions=True)

    async def _start_again(self, name: str, code: int) -> None:
        pause_s = self._pauses.after_the_end_of(name)
        self._say(f"{name} ended (exit code {code}); again in {pause_s:.1f} s")
        await asyncio.sleep(pause_s)
        try:
            if self._ended(name) is not None:  # meanwhile somebody may have started it, or want it down
                await self._restart(name)
        except Exception as failed:
            self._say(f"{name} was not started again: {failed}")
        finally:
            self._pauses.has_begun(name)
