"""What other departments say of an order, for tests of the timelines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chassis.ids import derive
from contracts import published
from tests.support.department import Event, event

ORDERS = ("398461bd-e9a0-5c26-95b7-3b3c426bdedb", "398461bd-e9a0-5c26-95b7-3b3c426bded0")


def about(kind: Any, order: str, **changes: Any) -> Event:
    """The golden sample of a kind, about this order."""
    data = published.sample(kind.event_type).data
    own = {name: f"{str(data[name])[:-8]}{order[-1] * 8}" for name in ("invoice", "document", "entry", "credit_note")
           if isinstance(data.get(name), str)}  # fmt: skip
    return event(kind, "acme", data | own | {"order": order} | changes)


def on_its_own_key(number: int, told: Event) -> Event:
    """Per-key order is the corridor's; here every event may come at any time, so each is the first of a key."""
    key = f"{told.key[:-12]}{number:012d}"
    own = {"ce_subject": key.encode(), "ce_sequence": b"1"}
    headers = tuple((n, own.get(n, v)) for n, v in told.headers)
    return Event(told.company, told.topic, key, 1, headers, told.body)


def of(company: str, told: Event) -> Event:
    """The same event of another company."""
    headers = tuple((n, company.encode() if n == "ce_company" else v) for n, v in told.headers)
    return Event(company, told.topic, told.key, told.sequence, headers, told.body)


def at(minute: int, told: Event) -> Event:
    """The same event at another time, and another event by it."""
    own = {
        "ce_time": f"2026-11-25T10:{minute:02}:00.000000Z".encode(),
        "ce_id": str(derive("at", str(minute), told.key, told.topic)).encode(),
    }
    return replace(told, headers=tuple((n, own.get(n, v)) for n, v in told.headers))
