"""Figures of a chapter, from the load's tally and from when things were completed."""

from __future__ import annotations

from collections.abc import Sequence

from tests.proof.judging import Judged
from tests.proof.run import Run
from tests.proof.timeline import Timeline, middle
from tests.proof.verdict import Verdict


def completed_per_s(completed: Sequence[tuple[int, int]], begin_ns: int, end_ns: int) -> float:
    """Things completed per second between two moments."""
    done = sum(begin_ns <= at_ns < end_ns for _, at_ns in completed)
    return done / max(1e-9, (end_ns - begin_ns) / 1e9)


def verdict_of(
    run: Run, chapter: str, fault: str, judged: Judged, timeline: Timeline, *, violations: Sequence[str] = (),
    figures: dict[str, str] | None = None,
) -> Verdict:  # fmt: skip
    """A verdict from what the checker said and what the timeline saw."""
    recoveries = timeline.recoveries()
    return Verdict(
        chapter=chapter, fault=fault, seed=run.seed, operations=judged.operations,
        faults_observed=len(timeline.faults), events=judged.events, lost=judged.lost, doubled=judged.doubled,
        violations=(*judged.violations, *violations), recovery_p50_s=middle(recoveries),
        recovery_max_s=max(recoveries, default=None), figures=figures or {},
    )  # fmt: skip
