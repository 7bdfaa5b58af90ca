"""Orders that wait for goods, in the published language."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.ids import UUID
from contracts.inventory import (
    BackOrderReserved,
    OrderBackOrdered,
    ReservationReduced,
    ReservationRefused,
    StockReserved,
)
from contracts.money import from_micro
from services.inventory.domain.book import OrderedLine, Reserved
from services.inventory.domain.shipping import LineProgress
from services.inventory.domain.waiting import Given
from services.inventory.store.waiting import Part
from services.inventory.translate.stock import NAMED_MAX, Fact, lines_told, revision_told

EXPIRED = "No goods came for the order before its time was over."


def asked_for(decision: Reserved, revision: int) -> list[LineProgress]:
    """What an order asked for that got a part of it: by line, with what waits and what is dropped."""
    asked: dict[int, LineProgress] = {}
    for line, sku, quantity in (*decision.lines, *decision.waiting, *decision.dropped):
        before = asked.get(line, LineProgress(line, sku, 0, revision=revision))
        asked[line] = before._replace(quantity=before.quantity + quantity)
    for line, _, quantity in decision.waiting:
        asked[line] = asked[line]._replace(waiting=quantity)
    for line, _, quantity in decision.dropped:
        asked[line] = asked[line]._replace(dropped=quantity)
    return [asked[line] for line in sorted(asked)]


def back_ordered(order: UUID, reservation: UUID, decision: Reserved, revision: int) -> Fact:
    """What of an order waits, and for what."""
    lacking = [(s.sku, s.requested - s.available) for s in decision.shortages if s.requested > s.available]
    named = ", ".join(f"{sku} lacks {from_micro(quantity)}" for sku, quantity in lacking[:NAMED_MAX])
    more = f" and {len(lacking) - NAMED_MAX} more" if len(lacking) > NAMED_MAX else ""
    data: dict[str, object] = {
        "order": order,
        "reservation": reservation,
        "detail": f"Waits for goods: {named}{more}.",
        "lines": lines_told(decision.waiting),
    }
    return OrderBackOrdered, order, data | revision_told(revision)


def goods_came(order: UUID, reservation: UUID, given: Sequence[Given], part: Part) -> Fact:
    """Goods have come for an order that waited. The first that it gets at all are told like those of any order."""
    revision = given[0].to.revision
    lines = [OrderedLine(to.line, to.sku, quantity) for to, quantity in given]
    data: dict[str, object] = {"order": order, "reservation": reservation, "lines": lines_told(lines)}
    if part.number == 1:
        return StockReserved, order, data | {"complete": part.complete} | revision_told(revision)
    late = [line | {"before": from_micro(one.to.before)} for line, one in zip(lines_told(lines), given, strict=True)]
    more = {"lines": late, "part": part.number, "complete": part.complete}
    return BackOrderReserved, order, data | more | revision_told(revision)


def reduced(
    order: UUID,
    reservation: UUID,
    reason: str,
    released: Sequence[OrderedLine],
    waiting: Sequence[OrderedLine],
    *,
    over: bool,
    parts: int,
    revision: int,
) -> Fact:
    """A part of an order is let go; what has left, or is on its way, stays."""
    data: dict[str, object] = {
        "order": order,
        "reservation": reservation,
        "reason": reason,
        "lines": lines_told(released),
        "waiting": lines_told(waiting),
        "over": over,
    }
    if parts != 1:
        data["parts"] = parts
    return ReservationReduced, order, data | revision_told(revision)


def never_served(order: UUID, code: str, detail: str, revision: int) -> Fact:
    """An order that waited and got nothing waits no more."""
    data: dict[str, object] = {"order": order, "code": code, "detail": detail, "shortages": []}
    return ReservationRefused, order, data | revision_told(revision)
