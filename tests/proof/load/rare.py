"""Orders that wish for something of their own: what is scarce, goods by a time, an invoice with the goods; and changes.

Each wish comes in its turn, so that a run of a few hundred orders has all of them.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.proof.load.intents import PLACED_AT, Intent, Wishes

EXPIRES_AFTER_S = 20.0
EXPIRING_S = 8.0
"""Orders that expire are sent in a load's first seconds alone: it is not over before they are."""
SCARCE_MAX = 3
WISHES = ("back_order", "dispatch", "partial", "expires")


@dataclass(slots=True)
class RareOrders:
    """Makes them of a load's ordinary orders."""

    wishes: Wishes
    dice: random.Random
    began_s: float = field(default_factory=time.time)
    last_expires_s: float = 0.0
    """Until when something may still expire (wall clock)."""
    _turns: Iterator[str] = field(default_factory=lambda: itertools.cycle(WISHES))
    _changed: set[str] = field(default_factory=set)

    def order(self) -> Intent:
        """An order like any other, and one wish."""
        intent, wish = self.wishes.order(), next(self._turns)
        if wish == "expires" and time.time() - self.began_s > EXPIRING_S:
            wish = next(self._turns)
        if wish == "dispatch":
            return _with(intent, invoice_on="dispatch")
        if wish == "expires":
            self.last_expires_s = time.time() + EXPIRES_AFTER_S
            ends = datetime.fromtimestamp(self.last_expires_s, UTC)
            return _with(self._scarce(intent), if_short="back_order", reserve_until=_text(ends))
        return _with(self._scarce(intent), if_short=wish, priority=self.dice.randrange(3))

    def change(self) -> Intent | None:
        """Other lines for an order that was accepted, once for each; None while there is none."""
        if not self.wishes.open or (order := self.dice.choice(self.wishes.open)).reference in self._changed:
            return None
        self._changed.add(order.reference)
        first, second = self.dice.sample(order.company.items, 2)
        codes = sorted(order.company.tax_codes)
        prices = ((first, "1", str(order.price)), (second, str(self.dice.randrange(1, 7)), "11.00"))
        lines = [
            {"item": item, "description": f"Item {item}", "quantity": n, "unit_price": price, "tax_code": codes[0]}
            for item, n, price in prices
        ]
        body: dict[str, Any] = {
            "company": order.company.code, "revision": 2, "changed_at": PLACED_AT, "lines": lines
        }  # fmt: skip
        path = f"/v1/orders/{order.reference}/changes"
        return Intent("change", order.company, order.office, f"kc-{order.reference}", order.reference, path, body)

    def left_s(self) -> float:
        """Seconds until nothing expires any more."""
        return max(0.0, self.last_expires_s + 1.0 - time.time())

    def _scarce(self, intent: Intent) -> Intent:
        """Its second line is of something that there is little of."""
        first, second = intent.body["lines"]
        item = self.dice.choice(intent.company.scarce)
        quantity = str(self.dice.randrange(1, SCARCE_MAX + 1))
        return _with(
            intent, lines=[first, second | {"item": item, "description": f"Item {item}", "quantity": quantity}]
        )


def _with(intent: Intent, **more: Any) -> Intent:
    body: Mapping[str, Any] = {**intent.body, **more}
    return replace(intent, body=body)


def _text(moment: datetime) -> str:
    return (moment + timedelta(milliseconds=1)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
