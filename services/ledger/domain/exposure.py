"""The rule of credit: what a customer owes and has ordered, with the new order, stays within the limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from chassis.ids import UUID
from contracts.money import WHOLE_DIGITS_MAX, minor_units
from services.ledger.domain.exchange import Rate, value

Because = Literal["within-limit", "no-limit", "not-asked", "room-again", "released"]


class Limit(NamedTuple):
    """How much may be at stake, as agreed, and in the company's own currency; None where there is no rate."""

    amount: int
    worth: int | None


def worth_of(amount: int, currency: str, own: str, rate: Rate | None) -> int | None:
    """A limit in the company's own currency, by the rate of the day; no more than an amount may be."""
    if currency == own:
        return amount
    if rate is None:
        return None
    longest: int = 10 ** (WHOLE_DIGITS_MAX + minor_units(own)) - 1
    return min(value(amount, currency, rate, own), longest)


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
    """Of the limits the strictest, in the company's own currency; None is no limit, nought where it is not known."""
    limits: Mapping[str, Limit] = field(default_factory=dict)
    """As agreed, by currency: each is of all that is at stake."""

    def bound(self, limits: Mapping[str, Limit]) -> None:
        """Let these limits hold."""
        self.limits = limits
        self.limit = min((limit.worth or 0 for limit in limits.values()), default=None)

    @property
    def lacks_rate_of(self) -> str | None:
        """The currency of a limit of which nobody can say how much it is: nothing passes by it."""
        return next((currency for currency, limit in self.limits.items() if limit.worth is None), None)

    @property
    def total(self) -> int:
        """What is at stake. Below nought while the customer's own money lies here."""
        return self.owed - self.unapplied + self.ordered

    def fits(self, amount: int, instead_of: int = 0) -> bool:
        """Whether an order may be added; `instead_of` is what the same order stands for already.

        An order over nothing always fits: it puts nothing at stake.
        """
        if amount == 0:
            return True
        if self.lacks_rate_of is not None:
            return False
        return self.limit is None or self.total - instead_of + amount <= self.limit

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
