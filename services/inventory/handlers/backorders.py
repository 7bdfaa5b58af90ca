"""Orders that wait for goods get them when goods arrive: the most urgent first, then the oldest, in one batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.ids import UUID
from services.inventory.commands import ReceiveGoods
from services.inventory.domain.book import OrderedLine, StockKey
from services.inventory.domain.quantities import DEFAULT_WAREHOUSE
from services.inventory.domain.waiting import WaitingLine, hand_out
from services.inventory.store import stock as store
from services.inventory.store import waiting
from services.inventory.translate import stock as translate


class Arrivals:
    """The orders that wait for the items of a group of receipts, under lock, and what each gets."""

    def __init__(self, unit: UnitOfWork, lines: Sequence[WaitingLine], causes: Mapping[str, Cause]) -> None:
        self._unit = unit
        self._lines = lines
        self._causes = causes
        self._free: dict[StockKey, int] = {}

    @property
    def items(self) -> set[StockKey]:
        """What is waited for."""
        return {(line.company, line.sku) for line in self._lines}

    def see(self, free: Mapping[StockKey, int]) -> None:
        """What is free of them before the goods are counted in; their levels are locked."""
        self._free = dict(free)

    async def serve(self, gained: Mapping[StockKey, int]) -> dict[StockKey, int]:
        """Give out what is free with what came in; by how much the reserved quantity of each item rises."""
        if not self._lines:
            return {}
        free = {key: self._free.get(key, 0) + gained.get(key, 0) for key in self.items}
        given = hand_out(self._lines, free)
        if not given:
            return {}
        await waiting.take_from_waiting(self._unit.raw, given)
        reserved: dict[StockKey, int] = defaultdict(int)
        orders: dict[tuple[str, UUID], list[OrderedLine]] = defaultdict(list)
        for line, quantity in given:
            reserved[line.company, line.sku] += quantity
            orders[line.company, UUID(line.order.hex)].append(OrderedLine(line.line, line.sku, quantity))
        for (company, order), lines in orders.items():
            cause = self._causes[company]
            self._unit.emit(*translate.back_order_reserved(company, order, lines), cause)
            self._unit.audit(cause, "back-order-reserved", str(order))
        return dict(reserved)


async def serve_waiting(unit: UnitOfWork, items: Collection[StockKey], commands: Sequence[ReceiveGoods]) -> Arrivals:
    """Lock the orders that wait for these items; before any stock is locked, as everywhere."""
    causes = {c.cause.company: c.cause for c in reversed(commands)}
    into_main = {c.cause.company for c in commands if c.warehouse == DEFAULT_WAREHOUSE}
    wanted = {key for key in items if key[0] in into_main}
    orders = await waiting.orders_waiting_for(unit.raw, wanted) if wanted else set()
    if not orders:
        return Arrivals(unit, (), causes)
    await store.lock_orders(unit.raw, orders)
    return Arrivals(unit, await waiting.read_waiting(unit.raw, orders, wanted), causes)
