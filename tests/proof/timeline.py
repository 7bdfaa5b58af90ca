"""When what was done to the system: noted with wall and monotonic time, and kept beside the history."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Fault:
    """One fault, from its beginning to its end (a kill ends when it has happened; the wait for recovery begins)."""

    kind: str
    target: str
    flow: str
    """Which requests it stands in the way of: `order`, `hire`."""
    began_ns: int
    """Wall time."""
    began_s: float
    """Monotonic."""
    ended_ns: int | None = None
    recovered_s: float | None = None

    def end(self) -> None:
        """The fault is over: from here recovery is counted. For the first call only."""
        if self.ended_ns is None:
            self.ended_ns = time.time_ns()


class Timeline:
    """The faults of one chapter; each is written to the file as it happens."""

    def __init__(self, file: Path) -> None:
        self.faults: list[Fault] = []
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)

    def note(self, kind: str, target: str, *, flow: str = "order") -> Fault:
        """A fault begins now."""
        fault = Fault(kind, target, flow, time.time_ns(), time.monotonic())
        self.faults.append(fault)
        with self._file.open("a") as lines:
            lines.write(json.dumps({"t": fault.began_ns, "kind": kind, "target": target}) + "\n")
        return fault

    def recover(self, completed: Mapping[str, Sequence[tuple[int, int]]]) -> None:
        """Give each ended fault its recovery. `completed`: per flow (asked at, completed at), wall ns.

        Recovered is the flow when something is completed that was asked for after the fault had ended: it went
        through everything that had been broken.
        """
        for fault in self.faults:
            if fault.ended_ns is not None:
                after = [done for asked, done in completed.get(fault.flow, ()) if asked >= fault.ended_ns]
                fault.recovered_s = (min(after) - fault.ended_ns) / 1e9 if after else None

    def recoveries(self) -> list[float]:
        """The recoveries that are known, in seconds."""
        return [fault.recovered_s for fault in self.faults if fault.recovered_s is not None]


def middle(seconds: Iterable[float]) -> float | None:
    """The median, None of nothing."""
    known = list(seconds)
    return statistics.median(known) if known else None
