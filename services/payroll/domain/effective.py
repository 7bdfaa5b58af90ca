"""Facts that hold from a day on: each says some fields, the latest one that speaks of a field is right.

A change that lies ahead keeps what an earlier one says of other fields. A correction is another fact that takes the
place of a wrong one; the wrong one stays, so what was known on a day can be told later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple


class Effective(NamedTuple):
    """One fact about a thing, the `revision`-th that was recorded of it."""

    revision: int
    effective_on: date
    says: Mapping[str, object]
    """The fields that it is about; nothing when it only takes another one back."""
    replaces: int | None
    recorded_at: datetime


def known(facts: Iterable[Effective], at: datetime | None = None) -> list[Effective]:
    """What is right as far as it was recorded by `at` (now when none is given), in the order in which it holds."""
    recorded = [fact for fact in facts if at is None or fact.recorded_at <= at]
    replaced = {fact.replaces for fact in recorded}
    return sorted(
        (fact for fact in recorded if fact.revision not in replaced and fact.says),
        key=lambda fact: (fact.effective_on, fact.revision),
    )


def on(facts: Iterable[Effective], day: date, at: datetime | None = None) -> dict[str, object]:
    """Every field that somebody has spoken of, as it is on a day; empty before the first fact."""
    state: dict[str, object] = {}
    for fact in known(facts, at):
        if fact.effective_on <= day:
            state |= fact.says
    return state


def begins(facts: Iterable[Effective], at: datetime | None = None) -> date | None:
    """The first day on which anything is known."""
    right = known(facts, at)
    return right[0].effective_on if right else None


def days_of_change(facts: Iterable[Effective], since: date) -> Iterator[date]:
    """The day itself and every later one on which something becomes different, each once, in their order."""
    yield since
    yield from sorted({fact.effective_on for fact in known(facts) if fact.effective_on > since})


def next_revision(facts: Sequence[Effective]) -> int:
    """The revision of the next fact."""
    return max((fact.revision for fact in facts), default=0) + 1


def is_right(facts: Sequence[Effective], revision: int) -> bool:
    """Whether there is such a fact and nothing has taken its place."""
    return any(fact.revision == revision for fact in known(facts))
