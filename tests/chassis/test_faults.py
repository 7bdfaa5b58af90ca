"""Failpoints: armed by the environment, hit at the n-th pass, nothing at all when unset."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis import faults
from chassis.errors import Transient
from chassis.faults import POINTS, arm, hit


@pytest.fixture(autouse=True)
def unarmed() -> Iterator[None]:
    yield
    arm("")


def test_an_unarmed_point_is_passed() -> None:
    for point in POINTS:
        hit(point)


def test_a_point_fires_at_the_pass_that_was_asked_for_and_only_there() -> None:
    arm("relay.sent:error@3, job.done:error")
    hit("relay.sent")
    hit("relay.sent")
    with pytest.raises(Transient, match=r"relay\.sent"):
        hit("relay.sent")
    hit("relay.sent")
    with pytest.raises(Transient):
        hit("job.done")
    hit("door.begun")


def test_a_point_may_only_delay() -> None:
    arm("door.begun:delay=30")
    began = time.perf_counter()
    hit("door.begun")
    assert time.perf_counter() - began >= 0.03


@pytest.mark.parametrize("specification", ["nowhere:kill", "door.begun", "door.begun:", ":kill"])
def test_what_cannot_be_understood_is_refused_when_it_is_armed(specification: str) -> None:
    with pytest.raises(ValueError, match="BACKBONE_FAULTS"):
        arm(specification)


def test_every_listed_point_stands_somewhere_in_the_code() -> None:
    sources = "\n".join(
        path.read_text()
        for room in ("chassis", "services")
        for path in (Path(faults.__file__).parents[1] / room).rglob("*.py")
        if path.name != "faults.py"
    )
    passed = set(re.findall(r'hit\(\s*"([a-z_.]+)"', sources))
    passed |= {f"{name}.before_commit" for name in re.findall(r'points(?:: str)?\s*=\s*"([a-z]+)"', sources)}
    assert set(POINTS) <= passed, f"never passed: {sorted(set(POINTS) - passed)}"
