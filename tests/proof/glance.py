"""A first look at the books and the topics, quick and coarse; the checker looks closely.

Each accepted order is once on its topic, billed or refused exactly once, and its invoice has exactly one paper; no
sequence is missing on any key; every trial balance is nought.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

from contracts.topics import TOPICS
from deploy.local.demo.front_office import FrontOffice
from tests.proof.load.intents import Company
from tests.proof.watching import Seen, events


def accepted_orders(folder: Path) -> tuple[int, set[str]]:
    """How many operations the history has, and the order ids of what was answered with 202."""
    orders: set[str] = set()
    operations: dict[int, str] = {}
    for file in sorted((folder / "history").glob("*.jsonl")):
        for line in map(json.loads, file.read_text().splitlines()):
            if line["is"] == "invoke":
                operations[line["op"]] = line["f"]
            elif line["is"] == "ok" and operations[line["op"]] == "order":
                orders.add(line["subject"])
    return len(operations), orders


async def look(
    bootstrap: str, folder: Path, admin: FrontOffice, companies: tuple[Company, ...]
) -> tuple[int, int, int, int, list[str]]:
    """Events, operations, lost, doubled, and what is wrong in sentences."""
    operations, orders = accepted_orders(folder)
    seen = [event async for event in events(bootstrap, sorted(TOPICS))]
    first: dict[str, Seen] = {}
    for event in seen:
        first.setdefault(event.id, event)
    wrong = _gaps(first.values())
    kinds: dict[str, Counter[str]] = {}
    for event in first.values():
        if order := event.data.get("order"):
            what = event.type + ("/" + event.data["class"] if event.type == "DocumentRegistered.v1" else "")
            kinds.setdefault(str(order), Counter())[what] += 1
    lost = doubled = 0
    for order in orders:
        of = kinds.get(order, Counter())
        billed = of["InvoiceIssued.v1"] + of["InvoiceRefused.v1"]
        refused = of["ReservationRefused.v1"] + (of["OrderCancelled.v1"] if not billed else 0)
        lost += of["OrderPlaced.v1"] < 1 or billed + refused < 1
        lost += of["DocumentRegistered.v1/invoice"] < of["InvoiceIssued.v1"]
        doubled += of["OrderPlaced.v1"] > 1 or billed > 1 or of["DocumentRegistered.v1/invoice"] > 1
    for company in companies:
        trial = await admin.get(f"/ledger/v1/companies/{company.code}/trial-balance")
        total = sum((Decimal(row["debit"]) - Decimal(row["credit"]) for row in trial["accounts"]), Decimal(0))
        wrong += [f"trial balance of {company.code} is out by {total}"] if total else []
        integrity = await admin.get(f"/ledger/v1/companies/{company.code}/integrity")
        wrong += [f"{company.code}: {check}" for check in integrity["checks"] if not check["holds"]]
    return len(seen), operations, lost, doubled, wrong


def _gaps(once: Iterable[Seen]) -> list[str]:
    last: Counter[tuple[str, str, str]] = Counter()
    wrong = []
    for event in once:
        key = (event.topic, event.company, event.key)
        if event.sequence != last[key] + 1:
            wrong.append(f"{event.topic} {event.key}: sequence {event.sequence} after {last[key]}")
        last[key] = max(last[key], event.sequence)
    return wrong[:10]
