"""What a library says again and again is written once and then counted; nobody else's lines are touched."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable

from chassis.repeated_logs import WINDOW_S, RepeatsCounted, Timer


class Later:
    """A timer that the test lets ring."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, seconds: float, call: Callable[[], None]) -> Timer:
        assert seconds == WINDOW_S
        self.waiting.append(call)
        return self

    def cancel(self) -> None:
        self.waiting.clear()

    def ring(self) -> None:
        self.waiting.pop()()


class Written:
    """A handler and what it wrote since it was last asked."""

    def __init__(self) -> None:
        self.stream, self.later = io.StringIO(), Later()
        self.handler = RepeatsCounted(self.stream, self.later)

    def say(self, name: str, pattern: str, *filled: object, level: int = logging.ERROR) -> None:
        self.handler.handle(logging.LogRecord(name, level, "", 0, pattern, filled, None))

    def lines(self) -> list[str]:
        said = self.stream.getvalue().splitlines()
        self.stream.seek(0)
        self.stream.truncate()
        return said


AWAY = "Unable connect to node %s: %s"


def test_the_first_line_is_written_at_once_and_then_one_a_minute_with_the_count() -> None:
    written = Written()
    for n in range(2_400):
        written.say("aiokafka.client", AWAY, 1, n)
    assert written.lines() == ["Unable connect to node 1: 0"]
    written.later.ring()
    assert written.lines() == ["Unable connect to node 1: 2399 (2399 more like it within 60 s)"]
    written.say("aiokafka.client", AWAY, 1, "again")
    assert written.lines() == []
    written.later.ring()
    assert written.lines() == ["Unable connect to node 1: again (1 more like it within 60 s)"]


def test_after_a_minute_of_silence_the_next_line_is_written_at_once() -> None:
    written = Written()
    written.say("aiokafka.client", AWAY, 1, "away")
    written.later.ring()
    assert written.later.waiting == [], "nothing wakes a process whose Kafka is there"
    written.say("aiokafka.client", AWAY, 1, "away again")
    assert written.lines() == ["Unable connect to node 1: away", "Unable connect to node 1: away again"]


def test_other_patterns_levels_and_loggers_are_counted_for_themselves() -> None:
    written = Written()
    for _ in range(2):
        written.say("aiokafka.client", AWAY, 1, "x")
        written.say("aiokafka.client", AWAY, 1, "x", level=logging.WARNING)
        written.say("aiokafka.client", "No broker")
        written.say("aiokafka.conn", AWAY, 1, "x")
    assert len(written.lines()) == 4
    written.later.ring()
    assert len(written.lines()) == 4


def test_other_libraries_lines_are_all_written() -> None:
    written = Written()
    for n in range(5):
        written.say("asyncio", "Task %s failed", n)
        written.say("aiokafkaesque", "said %s", n)
    assert len(written.lines()) == 10
    assert written.later.waiting == []


def test_what_was_counted_is_told_when_the_process_ends() -> None:
    written = Written()
    for n in range(3):
        written.say("aiokafka.client", AWAY, 1, n)
    written.lines()
    written.handler.close()
    assert written.lines() == ["Unable connect to node 1: 2 (2 more like it within 60 s)"]
    assert written.later.waiting == []
