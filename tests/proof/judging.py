"""The seam to the checker: bring it what it reads, and turn its report into a chapter's verdict."""

from __future__ import annotations

import asyncio
import importlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.proof.glance import look

if TYPE_CHECKING:
    from tests.proof.house import House


@dataclass(frozen=True, slots=True)
class Judged:
    """What the checker said."""

    events: int
    operations: int
    lost: int
    doubled: int
    violations: tuple[str, ...]
    by: str = "the checker"

    def less(self, events: int, operations: int) -> Judged:
        """The counts without what was judged before."""
        return replace(self, events=self.events - events, operations=self.operations - operations)


async def judge(house: House) -> Judged:
    """Dump the topics, ask the public APIs, and let the checker compare them with the history."""
    checker: Any = importlib.import_module("tests.proof.checker")
    if not hasattr(checker, "check"):
        events, operations, lost, doubled, wrong = await look(
            house.stack.kafka_bootstrap, house.folder, house.admin, house.companies
        )
        return Judged(events, operations, lost, doubled, tuple(wrong), by="a first look")
    await checker.dump_topics(house.stack.kafka_bootstrap, house.folder)
    await checker.read_surface(house.gateway, await house.stack.admin_key(), house.folder)
    report = await asyncio.to_thread(checker.check, house.folder)
    violations = tuple(f"{violation.invariant}: {violation.what}" for violation in report.violations)
    return Judged(report.events, report.operations, report.lost, report.doubled, violations)
