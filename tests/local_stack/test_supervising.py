"""How long the supervisor waits before it starts something again."""

from __future__ import annotations

import pytest

from deploy.local.supervising import LONGEST_PAUSE_S, STEADY_S, Pauses


class Clock:
    """Time that passes when told."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def pauses_of(name: str, pauses: Pauses, clock: Clock, *lives_s: float) -> list[float]:
    """The pauses before each start of a process that lives this long each time."""
    found: list[float] = []
    for life_s in lives_s:
        clock.now += life_s
        found.append(pauses.after_the_end_of(name))
        clock.now += found[-1]
        pauses.has_begun(name)
    return found


def test_what_dies_again_and_again_is_started_less_and_less_often(clock: Clock) -> None:
    found = pauses_of("ledger", Pauses(clock), clock, *[1.0] * 9)

    assert found[:4] == [0.5, 1.0, 2.0, 4.0]
    assert found[-1] == LONGEST_PAUSE_S


def test_what_lived_for_a_minute_is_started_as_soon_as_at_first(clock: Clock) -> None:
    found = pauses_of("ledger", Pauses(clock), clock, 1.0, 1.0, 1.0, STEADY_S, STEADY_S - 1, 86_400.0)

    assert found == [0.5, 1.0, 2.0, 0.5, 1.0, 0.5]


def test_what_never_died_before_has_the_first_pause_and_others_do_not_count(clock: Clock) -> None:
    pauses = Pauses(clock)
    pauses_of("kafka", pauses, clock, 1.0, 1.0)

    assert pauses_of("ledger", pauses, clock, 7 * 86_400.0) == [0.5]
