"""The bookkeeper of the load: entries by hand, below the company's limit and above it, where somebody else decides.

Who proposed one tries to agree with it first: the books refuse that, whatever was killed meanwhile.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.proof.load.intents import Company, Intent
from tests.proof.load.record import Kind
from tests.proof.load.storekeeper import COUNTED_ON, Ask

LIMIT = 500
"""In whole units of the company's own currency."""
RENT, OWED = "6000", "2900"
ACCOUNTS = ((RENT, "Rent", "expense", None), (OWED, "Rent that is owed", "liability", None))
ROUNDS = ("small", "agreed", "turned_down", "left")
POSTED: frozenset[Kind] = frozenset({"post", "judge"})
OWN: Mapping[Kind, frozenset[str]] = {"judge": frozenset({"self-approval"})}
"""What is refused in a sound house: who proposed an entry does not decide on it."""


@dataclass(slots=True)
class Bookkeeper:
    """Makes their requests, one round after the other."""

    name: str
    companies: Sequence[Company]
    offices: int
    dice: random.Random
    number: int = 0
    _turns: Iterator[str] = field(default_factory=lambda: itertools.cycle(ROUNDS))

    async def round(self, ask: Ask) -> None:
        """An entry, and what becomes of it; a round ends where one step is not answered."""
        turn, company, office = next(self._turns), self.dice.choice(self.companies), self.dice.randrange(self.offices)
        cents = self.dice.randrange(1, 100)
        amount = f"{self.dice.randrange(1, LIMIT) + (0 if turn == 'small' else LIMIT)}.{cents:02}"
        sides = ((RENT, {"debit": amount}), (OWED, {"credit": amount}))
        lines = [{"account": account, "currency": company.currency, **side} for account, side in sides]
        body = {"posted_on": COUNTED_ON, "text": f"Rent, {turn}", "lines": lines}
        _, told = await ask(self._intent("post", company, "entries", body, office))
        if told.get("state") != "awaiting-approval" or turn == "left" or self.offices < 2:
            return
        entry, word = str(told["entry"]), "approve" if turn == "agreed" else "refuse"
        status, _ = await ask(self._decision(company, entry, "approve", office))
        if status == 409:
            await ask(self._decision(company, entry, word, (office + 1) % self.offices))

    def _decision(self, company: Company, entry: str, word: str, office: int) -> Intent:
        return self._intent("judge", company, f"entries/{entry}/{word}", {"reason": word}, office, entry)

    def _intent(
        self, f: Kind, company: Company, path: str, body: Mapping[str, Any], office: int, reference: str | None = None
    ) -> Intent:
        self.number += 1
        name = f"{self.name}-b{self.number}"
        where = f"/ledger/v1/companies/{company.code}/{path}"
        return Intent(f, company, office, f"k-{name}", reference or name, where, body)
