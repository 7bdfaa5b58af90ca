"""What a batch of orders touches, under lock: first the orders, then their permits, then the stock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from chassis.database import UnitOfWork
from services.inventory.commands import AllowStock, ChangeReservation, ReleaseStock, ReserveStock
from services.inventory.domain.book import NO_WISH, OrderedLine, OrderKey, Stage, StockBook, Wish
from services.inventory.domain.credit import Permit
from services.inventory.domain.shipping import LineProgress
from services.inventory.store import credit, shipping
from services.inventory.store import stock as store
from services.inventory.store import waiting as waits
from services.inventory.translate import stock as translate

SettleOrder = ReserveStock | ChangeReservation | ReleaseStock | AllowStock


@dataclass(slots=True)
class Desk:
    """What is known of the orders of a batch beside how they stand."""

    permits: dict[OrderKey, Permit]
    """Orders whose companies ask for credit: how far they are. For others it is empty."""
    waiting: dict[OrderKey, bytes]
    """What waits for a permit, as it came."""
    lines: dict[OrderKey, list[LineProgress]]
    """How far the lines are of orders that may give something back."""
    wishes: dict[OrderKey, Wish]
    """What orders wish beside their lines, of those that are changed or allowed; those that come bring it."""

    def wish(self, order: OrderKey) -> Wish:
        """What an order wishes."""
        return self.wishes.get(order, NO_WISH)


async def open_book(commands: Sequence[SettleOrder], unit: UnitOfWork) -> tuple[StockBook, Desk]:
    """Everything that these commands touch, under lock."""
    standing, askers = await store.lock_orders_and_askers(unit.raw, {(c.cause.company, c.order) for c in commands})
    desk = await _open_desk(commands, askers, unit)
    asked = [c for c in commands if isinstance(c, ReserveStock | ChangeReservation)]
    freeing = {(c.cause.company, c.order) for c in commands if not isinstance(c, ReserveStock)}
    stages: dict[OrderKey, Stage] = {}
    if freeing:
        stages = await shipping.read_stages(unit.raw, freeing & standing.keys())
        desk.lines = await shipping.read_lines(
            unit.raw, {key: standing[key].revision for key in freeing if key in standing and standing[key].holds}
        )
    wished = {(c.cause.company, c.order) for c in commands if isinstance(c, ChangeReservation | AllowStock)}
    if wished:
        desk.wishes = await waits.read_wishes(unit.raw, wished)
    items = {(c.cause.company, line.sku) for c in asked for line in c.lines}
    items |= {(order[0], line.sku) for order, held in desk.lines.items() for line in held}
    items |= {(key[0], line.sku) for key, paper in desk.waiting.items() for line in translate.to_ordered_lines(paper)}
    free = await store.lock_free_stock(unit.raw, items)
    for order, held in desk.lines.items():
        standing[order] = replace(
            standing[order],
            lines=[OrderedLine(x.line, x.sku, x.held) for x in held if x.held],
            waiting=[OrderedLine(x.line, x.sku, x.waiting) for x in held if x.waiting],
        )
    for order, stage in stages.items():
        standing[order] = replace(standing[order], stage=stage)
    return StockBook(free, standing), desk


async def _open_desk(commands: Sequence[SettleOrder], askers: Collection[str], unit: UnitOfWork) -> Desk:
    """An answer may come before we know that its company asks: it is kept all the same."""
    orders = {(c.cause.company, c.order) for c in commands if c.cause.company in askers or isinstance(c, AllowStock)}
    if not orders:
        return Desk({}, {}, {}, {})
    permits = await credit.lock_permits(unit.raw, orders)
    waiting = {(key, permit.asked) for key, permit in permits.items() if permit.asked}
    return Desk(permits, await credit.read_waiting(unit.raw, waiting) if waiting else {}, {}, {})
