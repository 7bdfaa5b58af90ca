"""The seam to the checker: bring it what it reads, and turn its report into a chapter's verdict."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.proof.checker.checking import check
from tests.proof.checker.keeping import read_store
from tests.proof.checker.pay_surface import read_pay
from tests.proof.checker.surface import read_surface
from tests.proof.checker.topics import dump_topics

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

    def less(self, events: int, operations: int) -> Judged:
        """The counts without what was judged before."""
        return replace(self, events=self.events - events, operations=self.operations - operations)


async def judge(house: House) -> Judged:
    """Dump the topics, ask the public APIs as somebody who may read everything, and let the checker compare."""
    asked_by = await house.auditor()
    await dump_topics(house.stack.kafka_bootstrap, house.folder)
    await read_surface(house.gateway, asked_by, house.folder)
    await read_pay(house.gateway, await house.stack.admin_key(), house.folder)  # pay is an officer's to read
    await asyncio.to_thread(read_store, house.store, house.folder)
    report = await asyncio.to_thread(check, house.folder)
    violations = tuple(f"{violation.invariant}: {violation.what}" for violation in report.violations)
    return Judged(report.events, report.operations, report.lost, report.doubled, violations)
