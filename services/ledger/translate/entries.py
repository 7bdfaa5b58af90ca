"""Entries, told to everybody."""

from __future__ import annotations

from contracts.ledger import (
    EntryPosted,
)
from contracts.money import from_minor
from services.ledger.domain.posting import Entry
from services.ledger.translate.emission import Emission


def entry_posted(entry: Entry) -> Emission:
    """An entry was posted."""
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
            for account, currency, debit, credit in entry.lines
        ],
    }
    return EntryPosted, entry.id, data
