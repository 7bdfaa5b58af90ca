"""Transfers, counts and shortages, as their senders get to know them."""

from __future__ import annotations

from chassis.cause import Cause
from chassis.errors import Refused
from chassis.ids import UUID, derive
from services.inventory.domain.counting import CountLine
from services.inventory.domain.moving import NotMoved
from services.inventory.domain.quantities import plain
from services.inventory.store.stock import Level
from services.inventory.translate.valuing import signed


def document_id(kind: str, cause: Cause) -> UUID:
    """The id of what a request asks for; a repeat of the request asks for the same."""
    return derive(kind, cause.id)


def stock_short(level: Level, wanted: int, free: int, at: str) -> Refused:
    """There is not enough that is promised to nobody."""
    _, warehouse, sku = level
    detail = f"Of {sku} {plain(max(free, 0))} are free in {warehouse}, not {plain(wanted)}."
    extra = {"item": sku, "warehouse": warehouse, "available": plain(max(free, 0)), "requested": plain(wanted)}
    return Refused("insufficient-stock", detail, at, status=409, extra=extra)


def stock_short_later(level: Level, wanted: int, lowest: int, at: str) -> Refused:
    """There is enough today, and there was not on a day after the move."""
    _, warehouse, sku = level
    detail = f"On a later day only {plain(max(lowest, 0))} of {sku} were on hand in {warehouse}, not {plain(wanted)}."
    extra = {"item": sku, "warehouse": warehouse, "available": plain(max(lowest, 0)), "requested": plain(wanted)}
    return Refused("insufficient-stock-later", detail, at, status=409, extra=extra)


def refusal_of_document(wrong: NotMoved) -> Refused:
    """A document that is not booked, as its sender gets to know it."""
    return Refused(wrong.code, wrong.detail, wrong.pointer, status=409 if wrong.conflict else 422)


def reference_taken(kind: str, reference: str, document: UUID) -> Refused:
    """The sender used this number before."""
    detail = f"{reference} was booked already."
    return Refused(f"{kind}-exists", detail, "/reference", status=409, extra={kind: str(document)})


def not_found(kind: str, document: UUID) -> Refused:
    """There is no such document."""
    return Refused(f"{kind}-not-found", f"There is no {kind} {document}.", status=404)


def count_outdated(line: CountLine, now: int, at: str) -> Refused:
    """What was expected when it was counted is not what is expected of that day now."""
    then, today = signed(line.expected), signed(now)
    detail = f"Of {line.sku} {then} were expected when it was counted, and by now {today}: count again."
    extra = {"item": line.sku, "expected": then, "expected_now": today, "counted": plain(line.counted)}
    return Refused("count-outdated", detail, at, status=409, extra=extra)


def level_too_large(sku: str, at: str) -> Refused:
    """More than a stock level can say."""
    return Refused("stock-level-too-large", f"There would be more of {sku} than a stock level can hold.", at)
