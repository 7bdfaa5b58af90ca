"""The state of companies in one form: what the departments show, without what depends on the course of events.

Two runs of the same wishes have the same hash however often something was delivered, in whatever order, and whenever.
Left out are times, numbers given in the order of arrival, and ids; companies go by their place, not their code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import orjson

from tests.proof.checker.surface import read_company
from tests.proof.house import House
from tests.proof.load.intents import Company

KEPT: Mapping[str, tuple[str, ...]] = {
    "orders": ("reference", "state", "customer", "currency", "total"),
    "invoices": ("order_reference", "state", "customer", "currency", "net", "tax", "total", "open"),
    "payments": ("reference", "received_on", "currency", "amount", "unapplied", "order_reference"),
    "receivables": ("total", "open", "currency", "customer"),
    "stock": ("sku", "warehouse", "on_hand", "reserved", "available"),
    "receipts": ("reference", "warehouse", "received_on"),
    "documents": ("class", "party", "language", "template"),
    "employees": ("name", "department", "job_title", "effective_on"),
}
"""Of each list the fields that do not depend on when and in what order things arrived."""


async def state_of(house: House, companies: Sequence[Company]) -> list[dict[str, Any]]:
    """One state per company, in their order."""
    headers = {"Authorization": f"Bearer {await house.stack.admin_key()}"}
    async with httpx.AsyncClient(base_url=house.gateway, headers=headers, timeout=30) as client:
        return [_state(await read_company(client, company.code)) for company in companies]


def state_hash(states: Sequence[Mapping[str, Any]]) -> str:
    """A short fingerprint."""
    return hashlib.sha256(orjson.dumps(states, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def differences(one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is not the same in two states, by company and list; empty when all is."""
    found = []
    for number, (mine, yours) in enumerate(zip(one, other, strict=True), 1):
        for name in sorted({*mine, *yours}):
            if mine.get(name) != yours.get(name):
                found.append(f"company {number}: {name} differ: {_first_difference(mine.get(name), yours.get(name))}")
    return found


def _first_difference(mine: Any, yours: Any) -> str:
    if isinstance(mine, list) and isinstance(yours, list):
        only_mine = [row for row in mine if row not in yours][:1]
        only_yours = [row for row in yours if row not in mine][:1]
        return f"{len(mine)} rows and {len(yours)}, {only_mine} and {only_yours}"
    return f"{mine} and {yours}"


def _state(told: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        name: sorted([str(row[field]) for field in fields] for row in told[name]) for name, fields in KEPT.items()
    }
    made["trial_balance"] = sorted(
        [row["account"], row["currency"], row["debit"], row["credit"]] for row in told["trial_balance"]["accounts"]
    )
    made["rendered"] = sum(paper["content"] is not None for paper in told["documents"])
    made["held"] = len(told["held"])
    return made
