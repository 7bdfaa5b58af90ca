"""Stock in the books: the inventory account, and what stands against it by the kind of document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from chassis.ids import UUID, derive
from services.ledger.domain.posting import STOCK_JOURNAL, Entry, Line

INVENTORY = "inventory"
WRITTEN_OFF = "stock_difference"
AGAINST: Mapping[str, str] = {
    "receipt": "goods_received",
    "opening": "opening_balance",
    "issue": "cost_of_goods",
    "revaluation": "cost_of_goods",
    "count": WRITTEN_OFF,
    "transit-loss": WRITTEN_OFF,
}
"""By the kind of document: received and not invoiced, there from the start, sold, found out late, missing or found."""


def against(kind: str, value: int, written_off: int) -> dict[str, int]:
    """By role, what stands against a change of the value of stock; of a revaluation more than one account may."""
    parts = {AGAINST[kind]: value - written_off, WRITTEN_OFF: written_off}
    if AGAINST[kind] == WRITTEN_OFF:
        parts = {WRITTEN_OFF: value}
    return {role: part for role, part in parts.items() if part}


def stock_entry(
    company: str,
    document: UUID,
    kind: str,
    order: UUID | None,
    posted_on: date,
    currency: str,
    value: int,
    accounts: Mapping[str, str],
    written_off: int = 0,
) -> Entry:
    """The entry of one document: what stock gains, the other accounts give."""
    gains = [(INVENTORY, value)] + [(role, -part) for role, part in against(kind, value, written_off).items()]
    debits = [Line(accounts[role], currency, gain, 0) for role, gain in gains if gain > 0]
    credits = [Line(accounts[role], currency, 0, -gain) for role, gain in gains if gain < 0]
    lines = debits + credits
    return Entry(company, derive(company, "stock", document), STOCK_JOURNAL, posted_on, document, order, lines)
