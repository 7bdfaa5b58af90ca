"""The rule of credit: what a customer owes and has ordered, with the new order, stays within the limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from chassis.ids import UUID

Because = Literal["within-limit", "no-limit", "not-asked", "room-again", "released"]


@dataclass(slots=True)
class Exposure:
    """How a customer stands, in minor units of the company's own currency; orders that pass are added to it."""

    owed: int
    """What is open of its invoices."""
    unapplied: int
    """Its money that pays nothing yet."""
    ordered: int
    """Orders that passed, as far as they are not invoiced."""
    limit: int | None
    """None is no limit."""

    @property
    def total(self) -> int:
        """What is at stake. Below nought while the customer's own money lies here."""
        return self.owed - self.unapplied + self.ordered

    def fits(self, amount: int, instead_of: int = 0) -> bool:
        """Whether an order may be added; `instead_of` is what the same order stands for already.

        An order over nothing always fits: it puts nothing at stake.
        """
        return self.limit is None or amount == 0 or self.total - instead_of + amount <= self.limit

    def add(self, amount: int, instead_of: int = 0) -> None:
        """Let an order pass."""
        self.ordered += amount - instead_of


class Held(NamedTuple):
    """An order that was asked about; the amount is what it is worth in the company's own currency."""

    company: str
    order: UUID
    revision: int
    customer: str
    amount: int
    state: str = "held"

    @property
    def key(self) -> tuple[str, UUID, int]:
        """Which revision of which order it is."""
        return self.company, self.order, self.revision
