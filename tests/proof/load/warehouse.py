"""The warehouse of the load: what was ordered is picked, packed and shipped, in part too, while front offices go on.

Nobody waits for the clerk: an order may be cancelled between two of his steps, or not be reserved yet. Then he is told
so by a problem of TOO_LATE, which is as good an answer as any; the checker sees that nothing came of it.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.proof.load.intents import Company, Intent
from tests.proof.load.record import Kind

RIPE_S = 2.0
"""How long an order lies on the clerk's desk: by then it is reserved, unless something is broken."""
TOGETHER = 3
"""At most so many orders in a call."""
IN_PART = 0.4
TRIES = 4
TOO_EARLY, TWIN = "reservation-not-found", "request-in-progress"
STEPS: frozenset[Kind] = frozenset({"pick", "pack", "dispatch"})
TOO_LATE: Mapping[Kind, frozenset[str]] = {
    "pick": frozenset({TOO_EARLY, "order-not-reserved", "nothing-to-pick", "not-enough-reserved"}),
    "pack": frozenset({"shipment-withdrawn"}),
    "dispatch": frozenset({"shipment-withdrawn"}),
}
"""What a step may be refused for in a sound house: an order is not there yet or not any more, or is picked already."""


@dataclass(slots=True)
class Task:
    """An order that is to leave."""

    company: Company
    office: int
    order: str
    since_s: float
    tries: int = 0
    begun: bool = False
    """A part of it has been picked; the rest is picked next."""


@dataclass(slots=True)
class Clerk:
    """Makes the warehouse's requests."""

    name: str
    dice: random.Random
    desk: deque[Task] = field(default_factory=deque)
    number: int = 0

    def take(self, company: Company, office: int, order: str) -> None:
        """An order was accepted."""
        self.desk.append(Task(company, office, order, time.monotonic()))

    def ripe(self) -> list[Task]:
        """Some orders of one company, the oldest first; empty while there are none."""
        if not self.desk or time.monotonic() - self.desk[0].since_s < RIPE_S:
            return []
        first = self.desk.popleft()
        wanted, together, left = self.dice.randrange(1, TOGETHER + 1), [first], deque[Task]()
        while self.desk and len(together) < wanted and len(left) < TOGETHER:
            task = self.desk.popleft()
            (together if task.company is first.company else left).append(task)
        self.desk.extendleft(reversed(left))
        return together

    def pick(self, tasks: Sequence[Task]) -> Intent:
        """All that is reserved; or of an order not yet begun its first line, of which one piece is ordered."""
        picks: list[dict[str, Any]] = []
        for task in tasks:
            in_part = not task.begun and self.dice.random() < IN_PART
            picks.append({"order": task.order} | ({"lines": [{"line": 1, "quantity": "1"}]} if in_part else {}))
            task.begun = in_part
        return self._intent("pick", tasks[0], "picks", {"picks": picks})

    def pack(self, task: Task, shipments: Sequence[str]) -> Intent:
        """Into parcels."""
        return self._intent("pack", task, "packs", {"packs": [{"shipment": x, "packages": 1} for x in shipments]})

    def dispatch(self, task: Task, shipments: Sequence[str]) -> Intent:
        """Out of the house."""
        leaving = [{"shipment": shipment, "carrier": "Proof Freight"} for shipment in shipments]
        return self._intent("dispatch", task, "dispatches", {"shipments": leaving})

    def back(self, tasks: Sequence[Task], refusal: str | None) -> None:
        """After a pick, with the code of its refusal if it was refused: what was too early, or has more to give, comes
        again; with whom a cancelled one stood, too."""
        for task in tasks:
            task.tries += 1
            if refusal is not None:
                task.begun = False
            again = task.begun or (refusal is not None and (len(tasks) > 1 or refusal == TOO_EARLY))
            if again and task.tries < TRIES:
                task.since_s = time.monotonic()
                self.desk.append(task)

    def _intent(self, f: Kind, task: Task, path: str, body: Mapping[str, Any]) -> Intent:
        self.number += 1
        reference = f"{self.name}-w{self.number}"
        where = f"/inventory/v1/companies/{task.company.code}/{path}"
        return Intent(f, task.company, task.office, f"k-{reference}", reference, where, body)
