"""Lines that a library writes again and again while something is away: the first at once, then their number.

While Kafka is away aiokafka writes some forty lines a second that say the same, and what matters drowns in them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TextIO

TALKATIVE = "aiokafka"
"""Whose lines are counted, with all loggers below it; everybody else's are written as they come."""
WINDOW_S = 60.0


class Timer(Protocol):
    """What calls back once, later."""

    def cancel(self) -> None:
        """Not any more."""


@dataclass(slots=True)
class _Repeated:
    count: int = 0
    last: logging.LogRecord | None = None


class RepeatsCounted(logging.StreamHandler[TextIO]):
    """Writes of each talkative logger's message (its pattern, whatever is filled in) the first line, and once in a
    window how many more there were, with the last one's words. One that was silent for a window is told at once again.
    """

    def __init__(self, stream: TextIO, after: Callable[[float, Callable[[], None]], Timer] | None = None) -> None:
        super().__init__(stream)
        self._after = after or _after
        self._repeated: dict[tuple[str, int, str], _Repeated] = {}
        self._timer: Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line, or count it. Called under the handler's lock."""
        if record.name.partition(".")[0] != TALKATIVE:
            super().emit(record)
            return
        key = record.name, record.levelno, str(record.msg)
        known = self._repeated.get(key)
        if known is not None:
            known.count += 1
            known.last = record
            return
        self._repeated[key] = _Repeated()
        super().emit(record)
        if self._timer is None:
            self._timer = self._after(WINDOW_S, self._window_ends)

    def close(self) -> None:
        """Tell what was counted by the end of the process."""
        with self._own():
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._tell()
            self._repeated.clear()
        super().close()

    def _window_ends(self) -> None:
        with self._own():
            self._tell()
            self._repeated = {key: known for key, known in self._repeated.items() if known.last is not None}
            for known in self._repeated.values():
                known.count, known.last = 0, None
            self._timer = self._after(WINDOW_S, self._window_ends) if self._repeated else None

    def _tell(self) -> None:
        for known in self._repeated.values():
            if known.last is not None:
                text = f"{known.last.getMessage()} ({known.count} more like it within {WINDOW_S:g} s)"
                told = {**known.last.__dict__, "msg": text, "args": None}
                super().emit(logging.makeLogRecord(told))

    def _own(self) -> AbstractContextManager[object]:
        assert self.lock is not None
        return self.lock


def _after(seconds: float, call: Callable[[], None]) -> Timer:
    """A timer that keeps no process alive."""
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
    return timer
