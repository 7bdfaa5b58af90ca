"""Everything that became of one order, one payment, one person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.proof.checker.report import Findings


class Fact(NamedTuple):
    """One event about a subject, at its first appearance."""

    kind: str
    """Without its version."""
    place: str
    data: Mapping[str, Any]
    id: str
    cause: str
    key: str
    sequence: int
    """On its topic, under its key."""

    @property
    def topic(self) -> str:
        """Where it was sent."""
        return self.place.partition("/")[0]


@dataclass(slots=True)
class Subject:
    """One subject, its events by kind without their version."""

    id: str
    company: str
    findings: Findings
    quiet: bool
    facts: defaultdict[str, list[Fact]] = field(default_factory=lambda: defaultdict(list))

    def all(self) -> Iterable[Fact]:
        """Every event."""
        return (fact for facts in self.facts.values() for fact in facts)

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """The data of its events of a kind."""
        return [fact.data for fact in self.facts.get(kind, ())]

    def say(self, invariant: str, what: str, *kinds: str, **more: object) -> None:
        """Something is wrong with it; the events of these kinds show it."""
        at = [fact.place for kind in kinds or tuple(self.facts) for fact in self.facts.get(kind, ())]
        self.findings.say(invariant, what, about=self.id, company=self.company, at=at, **more)

    def exactly(self, invariant: str, kind: str, due: int, why: str, have: int | None = None) -> None:
        """So many events of a kind must be there: fewer are lost (when all is quiet), more are doubled."""
        self.between(invariant, kind, due, due, why, have)

    def between(self, invariant: str, kind: str, least: int, most: int, why: str, have: int | None = None) -> None:
        """At least and at most so many events of a kind must be there."""
        self.findings.look(invariant)
        found = len(self.facts.get(kind, ())) if have is None else have
        if found > most:
            self.say(invariant, f"{found} × {kind} instead of {most}: {why}", kind)
            self.findings.count(doubled=found - most)
        elif found < least and self.quiet:
            self.say(invariant, f"{found} × {kind} instead of {least}: {why}")
            self.findings.count(lost=least - found)


def as_fact(row: Sequence[Any]) -> Fact:
    """A row of the join: subject, kind with its version, company, place, data, id, cause, key, sequence."""
    _, kind, _, place, data, *links = row
    return Fact(kind.rpartition(".")[0], place, data, *links)
