"""The tables at the end of the day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from deploy.local.demo.census import Census
from deploy.local.demo.outcome import Outcome
from deploy.local.demo.plan import HOUSES


def tables(outcome: Outcome) -> Iterable[str]:
    """All tables, line by line."""
    yield from table("Orders by state", ("state", "orders"), sorted(Counter(outcome.states.values()).items()))
    yield from table(
        "Stock", ("company/item", "on hand", "reserved"),
        [(name, row["on_hand"], row["reserved"]) for name, row in sorted(outcome.stock.items())],
    )  # fmt: skip
    yield from table("Open receivables", ("company/currency", "open"), sorted(outcome.receivables.items()))
    for house in HOUSES:
        yield from _trial_balance(house.name, outcome.trial_balances[house.code])
    yield from table("Papers and bookings", ("what", "number"), sorted(outcome.counts.items()))
    yield from census_table(outcome.census)


def census_table(census: Census) -> Iterable[str]:
    """Per topic and consumer, what became of what was sent: the gateway's census, as its operators see it."""
    names = ("topic", "consumer", "sent", "= applied", "+ refused", "+ ignored", "+ held", "+ on the way", "duplicates")
    rows = [
        (r.topic, r.consumer, r.sent, r.applied, r.refused, r.ignored + r.skipped, r.held, r.on_the_way, r.duplicates)
        for r in census.rows
    ]
    yield from table("Events (GET /v1/census): sent = applied + refused + ignored + held + on the way", names, rows)
    yield f"  nothing is missing: {'yes' if not census.findings else 'no: ' + '; '.join(census.findings)}"


def _trial_balance(name: str, trial: Mapping[str, Any]) -> Iterable[str]:
    rows = [
        (row["currency"], row["account"], row["name"], row["debit"], row["credit"], row["balance"], row["base_balance"])
        for row in trial["accounts"]
    ]
    worth = f"in {trial['base_total']['currency']}"
    names = ("currency", "account", "", "debit", "credit", "balance", worth)
    yield from table(f"Trial balance: {name}", names, rows)


def table(title: str, names: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterable[str]:
    """A table of text, line by line; numbers stand to the right."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [
        max(len(name), *(len(row[i]) for row in texts), 0) if texts else len(name) for i, name in enumerate(names)
    ]
    yield ""
    yield title
    yield "  " + "  ".join(name.ljust(width) for name, width in zip(names, widths, strict=True)).rstrip()
    for row, cells in zip(rows, texts, strict=True):
        aligned = [_aligned(cell, value, width) for cell, value, width in zip(cells, row, widths, strict=True)]
        yield "  " + "  ".join(aligned).rstrip()


def _aligned(cell: str, value: object, width: int) -> str:
    number = not isinstance(value, str) or value.replace(".", "").lstrip("-").isdigit()
    return cell.rjust(width) if number else cell.ljust(width)
