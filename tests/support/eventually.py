"""Wait for what will be true soon: poll with a deadline, and on failure say in a sentence what was missing."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

T = TypeVar("T")


class NeverHappened(AssertionError):
    """What was awaited did not come true in time."""


@overload
async def eventually(
    probe: Callable[[], Awaitable[T]],
    until: Callable[[T], bool] = ...,
    *,
    what: str,
    within_s: float = ...,
    every_s: float = ...,
) -> T: ...


@overload
async def eventually(
    probe: Callable[[], T],
    until: Callable[[T], bool] = ...,
    *,
    what: str,
    within_s: float = ...,
    every_s: float = ...,
) -> T: ...


async def eventually(
    probe: Callable[[], T | Awaitable[T]],
    until: Callable[[T], bool] = bool,
    *,
    what: str,
    within_s: float = 15.0,
    every_s: float = 0.05,
) -> T:
    """Call `probe` until `until` accepts its answer, and return that answer.

    An exception of the probe counts as "not yet"; it is named in the failure. `what` completes the sentence
    "expected that …". Raises `NeverHappened` after `within_s` seconds.

        orders = await eventually(fetch_orders, lambda found: len(found) == 3, what="three orders are billed")
    """
    deadline = time.monotonic() + within_s
    seen = "nothing was ever seen"
    while True:
        try:
            answer = probe()
            value: T = await answer if inspect.isawaitable(answer) else answer
            if until(value):
                return value
            seen = f"last seen was {_short(value)}"
        except Exception as error:
            seen = f"the last try failed with {type(error).__name__}: {_short(error)}"
        if time.monotonic() > deadline:
            raise NeverHappened(f"expected that {what}; after {within_s:g} s {seen}")
        await asyncio.sleep(every_s)


def _short(value: object) -> str:
    text = str(value) if isinstance(value, Exception) else repr(value)
    return text if len(text) <= 600 else f"{text[:600]}…"
