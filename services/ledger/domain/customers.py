"""What was agreed with a customer, and since when. A change carries what changes; the state of a day is their sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from chassis.ids import UUID, derive


def customer_id(company: str, code: str) -> UUID:
    """The id of a customer: found from the front office's own code, without a search."""
    return derive(company, "customer", code)


class PaymentTerms(NamedTuple):
    """When an invoice is due, and what may be deducted by who pays early."""

    net_days: int
    discount: str | None = None
    """The fraction of the total that may be deducted: 0.02 is 2 %."""
    discount_days: int | None = None

    def due_on(self, issued_on: date) -> date:
        """The last day to pay in full."""
        return issued_on + timedelta(days=self.net_days)

    def discount_until(self, issued_on: date) -> date | None:
        """The last day on which the deduction is earned."""
        return None if self.discount_days is None else issued_on + timedelta(days=self.discount_days)


DEFAULT_TERMS = PaymentTerms(30)
"""What holds where nothing was agreed."""


class LimitSince(NamedTuple):
    """A credit limit in a currency from a day on; None is no limit."""

    valid_from: date
    amount: int | None


def raises(limits: Sequence[LimitSince], new: LimitSince) -> bool:
    """Whether a limit, or none, is more than the one that held on its day. The first is a bound, however high: there
    was none.
    """
    until_then = [limit for limit in limits if limit.valid_from <= new.valid_from]
    if not until_then:
        return False
    before = sorted(until_then, key=lambda limit: limit.valid_from)[-1].amount  # of one day the last recorded
    return before is not None and (new.amount is None or new.amount > before)


@dataclass(frozen=True, slots=True)
class CustomerChange:
    """What is different about a customer from a day on; None is what stays as it was.

    An empty VAT number is none any more; a credit limit of None is no limit in that currency.
    """

    valid_from: date
    name: str | None
    language: str | None
    address: Mapping[str, object] | None
    vat_number: str | None
    terms: PaymentTerms | None
    credit_limits: Mapping[str, int | None]
    """In minor units, by currency."""
    price_list: str | None = None
    """What prices hold for it; an empty one is none of its own any more."""
