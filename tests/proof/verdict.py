"""What became of a chapter, as a row of the table; and what makes a chapter fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

NOTHING_OBSERVED = "no fault was observed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One row. `violations` are sentences; recovery is None where the chapter measures none."""

    chapter: str
    fault: str
    seed: int
    operations: int
    faults_observed: int
    events: int
    lost: int
    doubled: int
    violations: tuple[str, ...] = ()
    recovery_p50_s: float | None = None
    recovery_max_s: float | None = None
    figures: Mapping[str, str] = field(default_factory=dict)
    """What else was measured, with its unit: `goodput` → `94 % of fault-free`."""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong; a run in which no fault was observed proves nothing, so it is not good."""
        return bool(self.faults_observed) and not (self.lost or self.doubled or self.violations)

    @property
    def why_not(self) -> tuple[str, ...]:
        """What is wrong, in sentences."""
        found = list(self.violations)
        if self.lost:
            found.append(f"{self.lost} lost")
        if self.doubled:
            found.append(f"{self.doubled} doubled")
        if not self.faults_observed:
            found.append(NOTHING_OBSERVED)
        return tuple(found)

    def as_json(self) -> dict[str, Any]:
        """For the results file."""
        return asdict(self) | {"good": self.good}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Verdict:
        """From the results file."""
        kept = {name: value for name, value in told.items() if name in cls.__slots__}
        return cls(**(kept | {"violations": tuple(kept["violations"])}))


HEADINGS = (
    "chapter", "fault", "seed", "operations", "faults", "events", "lost", "doubled", "violations", "recovery", "",
)  # fmt: skip


def table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """The verdict table, line by line."""
    rows = [row_of(verdict) for verdict in verdicts]
    widths = [max(len(cells[at]) for cells in (HEADINGS, *rows)) for at in range(len(HEADINGS))]
    for cells in (HEADINGS, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def row_of(verdict: Verdict) -> tuple[str, ...]:
    """A verdict's cells, in the order of HEADINGS."""
    return (
        verdict.chapter, verdict.fault, str(verdict.seed), str(verdict.operations), str(verdict.faults_observed),
        str(verdict.events), str(verdict.lost), str(verdict.doubled), str(len(verdict.violations)),
        recovery_of(verdict), "good" if verdict.good else "BAD",
    )  # fmt: skip


def recovery_of(verdict: Verdict) -> str:
    """`p50 1.2 s, max 4.0 s`, or a dash."""
    if verdict.recovery_p50_s is None:
        return "-"
    longest = "" if verdict.recovery_max_s is None else f", max {verdict.recovery_max_s:.1f} s"
    return f"p50 {verdict.recovery_p50_s:.1f} s{longest}"
