"""Failpoints: named places where a test may kill, stop, delay or fail the process. A no-op when none is armed.

`BACKBONE_FAULTS="relay.sent:kill@3,corridor.before_commit:error"` kills at the third pass of one point and raises at
the first of another. Actions: `kill` (SIGKILL), `stop` (SIGSTOP), `error` (a Transient error), `delay=MS`.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass

from chassis.errors import Transient

POINTS: Mapping[str, str] = {
    "corridor.begun": "a batch has been received, its transaction has begun",
    "corridor.claimed": "offsets and cursors are written, no handler has run",
    "corridor.handled": "handlers have run, the outbox is not written",
    "corridor.before_commit": "all rows are written, not committed",
    "corridor.committed": "committed, Kafka's offsets not yet",
    "relay.read": "unsent rows are read, nothing is sent",
    "relay.sent": "Kafka has acknowledged, the queue still holds the rows",
    "relay.deleted": "the queue is emptied",
    "door.begun": "a group of HTTP commands has begun its transaction",
    "door.before_commit": "a group's rows are written, not committed",
    "door.committed": "a group is committed, nobody was answered",
    "drain.before_commit": "held events are applied, not committed",
    "job.taken": "jobs are leased, none has run",
    "job.done": "a job's work is done, its row still there",
    "turn.committed": "periodic work is committed, what it worked on is not cleared away",
}
"""Every point there is, with what is true when it is passed."""

MALFORMED = "BACKBONE_FAULTS: {item!r} is not point:action[@nth]"


@dataclass(slots=True)
class _Armed:
    action: str
    nth: int
    passes: int = 0


_armed: dict[str, _Armed] = {}


def arm(specification: str) -> None:
    """Arm the points of a specification; raises ValueError naming what cannot be understood."""
    _armed.clear()
    for item in filter(None, (part.strip() for part in specification.split(","))):
        point, _, action = item.partition(":")
        action, _, nth = action.partition("@")
        if point not in POINTS or not action:
            raise ValueError(MALFORMED.format(item=item))
        _armed[point] = _Armed(action, int(nth or 1))


def hit(point: str) -> None:
    """Pass a point. Costs one dictionary look-up when nothing is armed."""
    if not _armed:
        return
    armed = _armed.get(point)
    if armed is None:
        return
    armed.passes += 1
    if armed.passes == armed.nth:
        _act(point, armed.action)


def _act(point: str, action: str) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif action == "error":
        raise Transient(f"failpoint {point}")
    elif action.startswith("delay="):
        time.sleep(int(action.removeprefix("delay=")) / 1_000)
    else:
        raise ValueError(MALFORMED.format(item=f"{point}:{action}"))
