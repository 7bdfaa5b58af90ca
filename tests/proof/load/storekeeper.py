"""The storekeeper of the load: counts, transfers with losses, goods into bins, scarce goods that come, and late papers.

Each round is one of these in its turn. Nobody else moves what he moves, so nothing is refused in a sound house.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.proof.load.intents import RECEIVED_ON, Company, Intent
from tests.proof.load.record import Kind

SHOP, BINS = "SHOP", ("A-1", "A-2")
PLENTY = 10_000_000
"""Of each ordinary item: what a storekeeper expects to find, more or less."""
TOLERANCE = "0.02"
LATE_ON, COUNTED_ON = "2026-11-19", "2026-11-25"
ROUNDS = ("restock", "count", "send", "restock", "late", "far_off", "carry")
ASKED: frozenset[Kind] = frozenset({"receive", "count", "decide", "transfer", "arrive", "close", "agree", "carry"})
OUTDATED: Mapping[Kind, frozenset[str]] = {"decide": frozenset({"count-outdated"})}
"""What he may be told in a sound house: something was booked of the day on which was counted."""

Ask = Callable[[Intent], Awaitable[tuple[int, Mapping[str, Any]]]]
"""Sends one intent; status and body of its answer, 0 when nobody answered."""


@dataclass(slots=True)
class Storekeeper:
    """Makes his requests, one round after the other."""

    name: str
    companies: Sequence[Company]
    offices: int
    dice: random.Random
    number: int = 0
    _turns: Iterator[str] = field(default_factory=lambda: itertools.cycle(ROUNDS))

    async def round(self, ask: Ask) -> None:
        """What is next; a round of several steps ends where one is not answered."""
        await getattr(self, f"_{next(self._turns)}")(ask, self.dice.choice(self.companies))

    async def _restock(self, ask: Ask, company: Company) -> None:
        """A few of what orders wait for."""
        item, quantity = self.dice.choice(company.scarce), str(self.dice.randrange(2, 6))
        await ask(self._receipt(company, item, quantity, RECEIVED_ON))

    async def _late(self, ask: Ask, company: Company) -> None:
        """A paper of a day before all others turns up; its goods are put into a bin."""
        item, quantity = self.dice.choice(sorted(company.valued & {*company.items})), str(self.dice.randrange(1, 90))
        await ask(self._receipt(company, item, quantity, LATE_ON, bin=self.dice.choice(BINS)))

    async def _count(self, ask: Ask, company: Company) -> None:
        await self._counted(ask, company, PLENTY - self.dice.randrange(500))

    async def _far_off(self, ask: Ask, company: Company) -> None:
        await self._counted(ask, company, PLENTY - self.dice.randrange(PLENTY // 10, PLENTY // 5))

    async def _counted(self, ask: Ask, company: Company, found: int) -> None:
        """Within the tolerance it is booked; else somebody else agrees, or does not."""
        lines = [{"item": self.dice.choice(company.items), "counted": str(found)}]
        body = {"counted_on": COUNTED_ON, "reason": "as every week", "lines": lines}
        office = self.dice.randrange(self.offices)
        _, told = await ask(self._intent("count", company, "counts", body, office=office))
        if told.get("state") == "pending" and self.offices > 1:
            count, other = str(told["count"]), (office + 1) % self.offices
            agrees = self.dice.random() < 0.6
            for approved in (
                (True, False) if agrees else (False,)
            ):  # something came in between: it is not right any more
                decision, path = {"approved": approved}, f"counts/{count}/decision"
                status, _ = await ask(self._intent("decide", company, path, decision, office=other, reference=count))
                if status != 409:
                    return

    async def _send(self, ask: Ask, company: Company) -> None:
        """Goods go to the shop; a part arrives, and the rest does, or is lost, or is on its way for long."""
        item, sent = self.dice.choice(company.items), self.dice.randrange(3, 30)
        line = {"item": item, "quantity": str(sent)}
        body = {"from": "MAIN", "to": SHOP, "sent_on": RECEIVED_ON, "lines": [line]}
        _, told = await ask(self._intent("transfer", company, "transfers", body))
        if (transfer := told.get("transfer")) is None:
            return
        part = self.dice.randrange(1, sent)
        parts = [part, sent - part] if (way := self.dice.randrange(3)) == 0 else [part]
        for quantity in parts:
            body = {"received_on": COUNTED_ON, "lines": [line | {"quantity": str(quantity)}]}
            path = f"transfers/{transfer}/arrivals"
            status, _ = await ask(self._intent("arrive", company, path, body, reference=str(transfer)))
            if status == 0:
                return
        if way == 1:
            await self._give_up(ask, company, str(transfer))

    async def _give_up(self, ask: Ask, company: Company, transfer: str) -> None:
        """What is more than the tolerance is lost when somebody else agrees."""
        office = self.dice.randrange(self.offices)
        path = f"transfers/{transfer}/closing"
        _, told = await ask(self._intent("close", company, path, {}, office=office, reference=transfer))
        if told.get("state") == "closing" and self.offices > 1:
            agreed, other = {"approved": self.dice.random() < 0.7}, (office + 1) % self.offices
            path = f"{path}/decision"
            await ask(self._intent("agree", company, path, agreed, office=other, reference=transfer))

    async def _carry(self, ask: Ask, company: Company) -> None:
        lines = [{"item": self.dice.choice(company.items), "quantity": "2", "to": self.dice.choice(BINS)}]
        await ask(self._intent("carry", company, "bin-moves", {"moved_on": COUNTED_ON, "lines": lines}))

    def _receipt(self, company: Company, item: str, quantity: str, on: str, **more: str) -> Intent:
        line = {"item": item, "quantity": quantity, **more}
        if item in company.valued:
            line["unit_cost"] = f"{2 + self.dice.randrange(9)}.40"
        return self._intent("receive", company, "receipts", {"received_on": on, "lines": [line]})

    def _intent(
        self, f: Kind, company: Company, path: str, body: Mapping[str, Any], *, office: int | None = None,
        reference: str | None = None,
    ) -> Intent:  # fmt: skip
        self.number += 1
        name = f"{self.name}-s{self.number}"
        if office is None:
            office = self.dice.randrange(self.offices)
        if f in {"receive", "count", "transfer"}:
            body = {"reference": name, **body}
        where = f"/inventory/v1/companies/{company.code}/{path}"
        return Intent(f, company, office, f"k-{name}", reference or name, where, body)
