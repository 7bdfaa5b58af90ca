"""Orders that wait for goods: they get what is free, by priority and then by age, and are let go when time is over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.ids import UUID
from services.inventory.commands import ExpireReservation, ShareOut
from services.inventory.domain.book import OrderKey, StockKey
from services.inventory.domain.quantities import DEFAULT_WAREHOUSE
from services.inventory.domain.shipping import LineProgress
from services.inventory.domain.waiting import Expired, Given, expire, share_out
from services.inventory.handlers.levels import Levels
from services.inventory.store import shipping
from services.inventory.store import stock as store
from services.inventory.store import waiting as waits
from services.inventory.store.stock import ReservationRow
from services.inventory.translate import stock as words
from services.inventory.translate import waiting as translate

EXPIRY, SHARING = "expire-reservation", "share-out"
"""Queues of jobs: one at the end of an order's time, one per company while somebody waits."""
SHARING_EVERY = timedelta(minutes=1)
"""The net below sharing out at once: who was busy when goods came is served by it."""


async def serve_waiting(unit: UnitOfWork, free: Mapping[StockKey, int], causes: Mapping[str, Cause]) -> None:
    """Give what is free to who waits for it. The stock is locked, and all else of the batch is written."""
    there = {key: quantity for key, quantity in free.items() if quantity > 0}
    if not there:
        return
    queue, reservations = await waits.lock_waiting(unit.raw, there)
    given = share_out(queue, there)
    if not given:
        return
    taken: defaultdict[StockKey, int] = defaultdict(int)
    by_order: defaultdict[OrderKey, list[Given]] = defaultdict(list)
    for one in given:
        taken[one.to.order[0], one.to.sku] += one.quantity
        by_order[one.to.order].append(one)
    await store.change_reserved(unit.raw, taken)
    parts = await waits.give(unit.raw, given)
    for key, reservation in reservations.items():
        if key not in by_order:
            continue
        cause = causes[key[0]]
        unit.emit(*translate.goods_came(key[1], reservation, by_order[key], parts[key]), cause)
        unit.audit(cause, "back-order-reserved", str(key[1]), {"part": parts[key].number})


async def serve_from_levels(unit: UnitOfWork, levels: Levels, causes: Mapping[str, Cause]) -> None:
    """Give what came into the warehouse that orders are served from."""
    free = {
        (company, sku): levels.rows[company, warehouse, sku].free
        for (company, warehouse, sku), change in levels.changes.items()
        if warehouse == DEFAULT_WAREHOUSE and change.moved > 0
    }
    await serve_waiting(unit, free, causes)


async def share_what_is_free(commands: Sequence[ShareOut], unit: UnitOfWork) -> None:
    """Look whether anybody waits for what is there; as long as somebody waits at all, look again later."""
    causes = {command.cause.company: command.cause for command in commands}
    items = await waits.waited_for(unit.raw, causes)
    if items:
        await serve_waiting(unit, await store.lock_free_stock(unit.raw, items), causes)
    for company in sorted({company for company, _ in items}):
        unit.enqueue(SHARING, company, {}, key=SHARING, run_at=unit.now + SHARING_EVERY)


async def let_go_what_is_over(unit: UnitOfWork, orders: Collection[OrderKey]) -> None:
    """Goods of these orders lie on the shelves again: where the time of one is over, nobody else will let them go."""
    for (company, order), wish in (await waits.read_wishes(unit.raw, orders)).items():
        if wish.reserve_until is not None and wish.reserve_until <= unit.now:
            unit.enqueue(EXPIRY, company, {}, key=str(order), run_at=unit.now)


async def expire_reservations(commands: Sequence[ExpireReservation], unit: UnitOfWork) -> None:
    """The time of these orders is over: what is not picked is free again, and nothing is waited for any more."""
    causes = {(c.cause.company, c.order): c.cause for c in commands}
    standing = await store.lock_orders(unit.raw, causes)
    open_orders = {key: one for key, one in standing.items() if one.state == "reserved"}
    lines = await shipping.read_lines(unit.raw, {key: one.revision for key, one in open_orders.items()})
    items = {(key[0], x.sku) for key, held in lines.items() for x in held if x.to_pick or x.waiting}
    free = await store.lock_free_stock(unit.raw, items)
    rows: list[ReservationRow] = []
    saved: dict[tuple[OrderKey, int], LineProgress] = {}
    changes: defaultdict[StockKey, int] = defaultdict(int)
    for key, cause in causes.items():
        one, end = open_orders.get(key), expire(lines.get(key, ()))
        if one is None or not (end.released or end.waiting):
            continue
        for _, sku, quantity in end.released:
            changes[key[0], sku] -= quantity
        saved |= {(key, x.line): x for x in end.lines}
        row = _told(key, end, one.parts, one.revision, cause, unit)
        if row is not None:
            rows.append(row)
    if not saved:
        return
    if changes:
        await store.change_reserved(unit.raw, changes)
    if rows:
        await store.save_reservations(unit.raw, rows)
    await shipping.save_lines(unit.raw, saved)
    freed = {item: free[item] - change for item, change in changes.items()}
    await serve_waiting(unit, freed, {key[0]: cause for key, cause in causes.items()})


def _told(
    key: tuple[str, UUID], end: Expired, parts: int, revision: int, cause: Cause, unit: UnitOfWork
) -> ReservationRow | None:
    """Tell what is let go of an order; its row, where its state is another one now."""
    reservation = words.reservation_id(*key, revision)
    row = ReservationRow(*key, "reserved", reservation, decided_at=unit.now, revision=revision, parts=parts)
    unit.audit(cause, "reservation-expired", str(key[1]))
    if parts == 0:
        unit.emit(*translate.never_served(key[1], "insufficient-stock", translate.EXPIRED, revision), cause)
        return row._replace(state="refused", code="insufficient-stock", detail=translate.EXPIRED)
    fact = translate.reduced(
        key[1], reservation, "expired", end.released, end.waiting, over=end.over, parts=parts, revision=revision
    )
    unit.emit(*fact, cause)
    if not end.over:
        return None
    if end.left:
        return row._replace(state="shipped")
    return row._replace(state="released", reason="expired", released_at=unit.now)
