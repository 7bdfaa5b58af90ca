"""Customers, asked over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.cause import Cause
from services.ledger.domain.customers import CustomerChange


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """A customer to register; `pointer` is where it stands in the request."""

    code: str
    first: CustomerChange
    """All that is known of it at first: nothing of what an invoice prints is missing."""
    pointer: str


@dataclass(frozen=True, slots=True)
class RegisterCustomers:
    """Add customers to a company: all of them or none."""

    company: str
    customers: Sequence[NewCustomer]
    cause: Cause


@dataclass(frozen=True, slots=True)
class ChangeCustomer:
    """Something about a customer is different from a day on; `may_approve` says whether by who may let orders pass."""

    company: str
    code: str
    change: CustomerChange
    cause: Cause
    may_approve: bool
