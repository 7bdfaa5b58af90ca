"""Orders that get stock only when the ledger has said that they may; which of the two comes first never matters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Permit:
    """How far an order is with the ledger's answer. Revisions are counted from 1; 0 is none."""

    approved: int = 0
    """The latest revision that may get stock, and with it all before."""
    asked: int = 0
    """The revision that has come and waits; 0 while none does."""

    def lets_pass(self, revision: int) -> bool:
        """Whether the revision may get stock now; else it waits from now on, in the place of any before it."""
        if revision <= self.approved:
            return True
        self.asked = max(self.asked, revision)
        return False

    def approve(self, revision: int) -> int:
        """Note what the ledger said; the revision that waited for it and passes now, or 0."""
        self.approved = max(self.approved, revision)
        return self.withdraw() if self.asked <= self.approved else 0

    def withdraw(self) -> int:
        """Wait no more; what waited, or 0."""
        waited, self.asked = self.asked, 0
        return waited
