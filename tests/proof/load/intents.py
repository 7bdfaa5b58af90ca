"""What the front offices want, drawn from a seed: orders of distinct amounts, money, cancellations, hires, goods."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.proof.load.record import Kind

PLACED_AT = "2026-11-20T09:30:00.000Z"
RECEIVED_ON = "2026-11-21"
REMEMBERED = 2_000
"""Accepted orders that may still be paid or cancelled."""
BATCH = 10


@dataclass(frozen=True, slots=True)
class Company:
    """A company of the load: its code, what it sells, and how it taxes."""

    code: str
    currency: str
    country: str
    items: tuple[str, ...]
    tax_codes: Mapping[str, str]
    """Rate by code."""
    valued: frozenset[str] = frozenset()
    """What of its goods has a value in the books."""
    scarce: tuple[str, ...] = ()
    """What there is little of; only who says what is to happen then orders it."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How orders are sent (shares of all orders), and what comes with them (per order)."""

    typed: float = 0.5
    structured: float = 0.2
    """The rest goes in batches of BATCH."""
    pay: float = 0.2
    cancel: float = 0.05
    hire: float = 0.04
    receive: float = 0.02
    ship: float = 0.15
    """Rounds of the warehouse: each picks, packs and ships up to three orders."""
    rare: float = 0.12
    """Of all orders: those with a wish of their own."""
    change: float = 0.04
    store: float = 0.08
    """Rounds of the storekeeper."""
    post: float = 0.04
    """Rounds of the bookkeeper."""
    batch: int = BATCH


def orders_alone(*, typed: float = 0.0, batch: int = BATCH) -> Mix:
    """Orders and nothing that goes with them."""
    return Mix(
        typed=typed, structured=0, pay=0, cancel=0, hire=0, receive=0, ship=0, rare=0, change=0, store=0, post=0,
        batch=batch
    )  # fmt: skip


@dataclass(slots=True)
class Placed:
    """An order that was accepted."""

    company: Company
    office: int
    reference: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing that somebody wants. `body` is what the history notes: the typed form, with its company."""

    f: Kind
    company: Company
    office: int
    key: str
    reference: str
    path: str
    body: Mapping[str, Any]
    order: Placed | None = None


@dataclass(slots=True)
class Wishes:
    """Makes intents. The same seed and name make the same ones, as far as what is paid and cancelled is accepted."""

    name: str
    companies: tuple[Company, ...]
    offices: int
    dice: random.Random
    number: int = 0
    open: deque[Placed] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def order(self) -> Intent:
        """An order; its amount is like no other's of this load."""
        company, office = self._company(), self.dice.randrange(self.offices)
        reference = self._reference("o")
        first, second = self.dice.sample(company.items, 2)
        price = Decimal(1_000 + self.number) / 100
        codes = sorted(company.tax_codes)
        body = {
            "company": company.code, "reference": reference, "placed_at": PLACED_AT, "currency": company.currency,
            "customer": _customer(company, self.dice.randrange(1, 40)),
            "lines": [
                _line(first, "1", str(price), self.dice.choice(codes)),
                _line(second, str(self.dice.randrange(1, 5)), "10.00", self.dice.choice(codes)),
            ],
        }  # fmt: skip
        placed = Placed(company, office, reference, price)
        return Intent("order", company, office, f"k-{reference}", reference, "/v1/orders", body, placed)

    def pay(self) -> Intent | None:
        """Money for an order that was accepted, more or less than it costs; None while there is none."""
        if not self.open:
            return None
        order = self.dice.choice(self.open)
        reference = self._reference("p")
        amount = order.price if self.dice.random() < 0.5 else order.price * 10
        body = {
            "company": order.company.code, "reference": reference, "received_on": RECEIVED_ON,
            "amount": {"amount": str(amount.quantize(Decimal("0.01"))), "currency": order.company.currency},
            "payer": {"name": "A customer"}, "order_reference": order.reference,
        }  # fmt: skip
        return Intent("pay", order.company, order.office, f"k-{reference}", reference, "/v1/payments", body)

    def cancel(self) -> Intent | None:
        """An accepted order that nobody wants any more; None while there is none."""
        if not self.open:
            return None
        order = self.open.popleft()
        reference = order.reference
        path = f"/v1/orders/{reference}/cancellation"
        body = {"company": order.company.code, "reason": "changed their mind"}
        return Intent("cancel", order.company, order.office, f"kx-{reference}", reference, path, body)

    def hire(self) -> Intent:
        """Somebody new."""
        company, reference = self._company(), self._reference("h")
        body = {
            "company": company.code, "reference": reference, "name": f"Person {self.number}", "job_title": "Clerk",
            "department": "finance", "starts_on": "2026-12-01", "language": "en",
        }  # fmt: skip
        office = self.dice.randrange(self.offices)
        return Intent("hire", company, office, f"k-{reference}", reference, "/v1/employees", body)

    def receive(self) -> Intent:
        """Goods that come in."""
        company, reference = self._company(), self._reference("g")
        cost = f"{2 + self.number % 7}.50"
        item, quantity = self.dice.choice(company.items), str(self.dice.randrange(1, 50))
        lines = [{"item": item, "quantity": quantity} | ({"unit_cost": cost} if item in company.valued else {})]
        body = {"reference": reference, "received_on": RECEIVED_ON, "lines": lines}
        path = f"/inventory/v1/companies/{company.code}/receipts"
        return Intent("receive", company, self.dice.randrange(self.offices), f"k-{reference}", reference, path, body)

    def _company(self) -> Company:
        return self.dice.choice(self.companies)

    def _reference(self, letter: str) -> str:
        self.number += 1
        return f"{self.name}-{letter}{self.number}"


def cloud_event(intent: Intent, source: str) -> dict[str, Any]:
    """An order as a front office's CloudEvent; its id is the intent's key."""
    data = {name: value for name, value in intent.body.items() if name != "company"}
    return {
        "specversion": "1.0", "id": intent.key, "type": "OrderPlaced.v1", "source": source,
        "company": intent.company.code, "time": PLACED_AT, "datacontenttype": "application/json", "data": data,
    }  # fmt: skip


def _customer(company: Company, number: int) -> dict[str, Any]:
    address = {"line1": "1 Harbour Street", "city": "Port", "postcode": "10431", "country": company.country}
    return {"id": f"C-{number}", "name": f"Customer {number}", "language": "en", "address": address}


def _line(item: str, quantity: str, price: str, tax_code: str) -> dict[str, Any]:
    return {
        "item": item, "description": f"Item {item}", "quantity": quantity, "unit_price": price, "tax_code": tax_code,
    }  # fmt: skip
