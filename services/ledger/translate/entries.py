"""Entries, told to everybody."""

from __future__ import annotations

from datetime import date

import asyncpg
import orjson

from chassis.ids import UUID
from contracts.ledger import EntryPosted
from contracts.money import from_minor
from services.ledger.domain.manual import Chart, KnownAccount
from services.ledger.domain.posting import GENERAL_JOURNAL, Entry, Line
from services.ledger.domain.shares import Share
from services.ledger.translate.emission import Emission


def entry_posted(entry: Entry, own: str) -> Emission:
    """An entry was posted; `own` is the currency of the company."""
    data = {
        "entry": entry.id,
        "journal": entry.journal,
        "posted_on": entry.posted_on,
        "document": entry.document,
        "order": entry.order,
        "lines": [_line(line, own) for line in entry.lines],
    }
    if entry.reverses is not None:
        data["reverses"] = entry.reverses
    if entry.original_on is not None:
        data["original_on"] = entry.original_on
    if entry.text is not None:
        data["text"] = entry.text
    return EntryPosted, entry.id, data


def _line(line: Line, own: str) -> dict[str, object]:
    account, currency, debit, credit, base, _, department, cost_centre = line
    told: dict[str, object] = {
        "account": account,
        "debit": from_minor(debit, currency),
        "credit": from_minor(credit, currency),
        "currency": currency,
    }
    if base is not None:
        told["base"] = from_minor(base, own)
    if department is not None:
        told["department"] = department
    if cost_centre is not None:
        told["cost_centre"] = cost_centre
    return told


def pack_entry(entry: Entry) -> bytes:
    """A proposed entry as it is kept until it is decided."""
    return orjson.dumps(
        {
            "posted_on": entry.posted_on,
            "document": str(entry.document),
            "reverses": None if entry.reverses is None else str(entry.reverses),
            "text": entry.text,
            "lines": [[*line[:5], *line[6:]] for line in entry.lines],
        }
    )


def unpack_entry(company: str, entry: UUID, body: bytes) -> Entry:
    """A proposed entry as it was kept."""
    kept = orjson.loads(body)
    lines = [
        Line(account, currency, debit, credit, base, None, department, cost_centre)
        for account, currency, debit, credit, base, department, cost_centre in kept["lines"]
    ]
    reverses = None if kept["reverses"] is None else UUID(kept["reverses"])
    posted_on = date.fromisoformat(kept["posted_on"])
    return Entry(
        company, entry, GENERAL_JOURNAL, posted_on, UUID(kept["document"]), None, lines, reverses, text=kept["text"]
    )


def to_chart(row: asyncpg.Record) -> Chart:
    """What a company's lines can name, from its row."""
    rules: dict[str, list[Share]] = {}
    shares = zip(
        row["rules"] or (), row["departments"] or (), row["cost_centres"] or (), row["millionths"] or (), strict=True
    )
    for rule, *share in shares:
        rules.setdefault(rule, []).append(Share(*share))
    accounts = zip(row["codes"] or (), row["kinds"] or (), row["roles"] or (), strict=True)
    return Chart(
        row["currency"],
        {code: KnownAccount(kind, role) for code, kind, role in accounts},
        set(zip(row["dimensions"] or (), row["values"] or (), strict=True)),
        rules,
    )
