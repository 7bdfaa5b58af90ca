"""Stock in the books: the inventory account, and what stands against it by the kind of document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from chassis.ids import UUID, derive
from services.ledger.domain.posting import STOCK_JOURNAL, Entry, Line

INVENTORY = "inventory"
AGAINST: Mapping[str, str] = {
    "receipt": "goods_received",
    "opening": "opening_balance",
    "issue": "cost_of_goods",
    "revaluation": "cost_of_goods",
    "count": "stock_difference",
    "transit-loss": "stock_difference",
}
"""By the kind of document: received and not invoiced, there from the start, sold, found out late, missing or found."""


def stock_entry(
    company: str,
    document: UUID,
    kind: str,
    order: UUID | None,
    posted_on: date,
    currency: str,
    value: int,
    accounts: Mapping[str, str],
) -> Entry:
    """The entry of one document: what stock gains, the other account gives."""
    inventory, other = accounts[INVENTORY], accounts[AGAINST[kind]]
    debit, credit = (inventory, other) if value > 0 else (other, inventory)
    lines = [Line(debit, currency, abs(value), 0), Line(credit, currency, 0, abs(value))]
    return Entry(company, derive(company, "stock", document), STOCK_JOURNAL, posted_on, document, order, lines)
