"""Entries, told to everybody."""

from __future__ import annotations

from contracts.ledger import (
    EntryPosted,
)
from contracts.money import from_minor
from services.ledger.domain.posting import Entry
from services.ledger.translate.emission import Emission


def entry_posted(entry: Entry, own: str) -> Emission:
    """An entry was posted; `own` is the currency of the company."""
    data = {
        "entry": entry.id,
        "journal": entry.journal,
        "posted_on": entry.posted_on,
        "document": entry.document,
        "order": entry.order,
        "lines": [
            {
                "account": account,
                "debit": from_minor(debit, currency),
                "credit": from_minor(credit, currency),
                "currency": currency,
            }
            if base is None
            else {
                "account": account,
                "debit": from_minor(debit, currency),
                "credit": from_minor(credit, currency),
                "currency": currency,
                "base": from_minor(base, own),
            }
            for account, currency, debit, credit, base, _ in entry.lines
        ],
    }
    return EntryPosted, entry.id, data
