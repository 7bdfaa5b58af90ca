"""Goods come in: bought ones, and those that were there when the company began."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.inventory.commands import ReceiveGoods
from services.inventory.domain.book import StockKey
from services.inventory.domain.days import spans
from services.inventory.domain.items import ItemTerms
from services.inventory.domain.quantities import DEFAULT_WAREHOUSE
from services.inventory.domain.receiving import NewLevel, NotReceived, ReceivedLine, StatedLine, in_base_units, receive
from services.inventory.handlers.bins import Bins, open_bins
from services.inventory.handlers.days import days_of
from services.inventory.handlers.levels import Levels
from services.inventory.handlers.valuing import Costs, open_costs
from services.inventory.handlers.waiting import serve_waiting
from services.inventory.store import places
from services.inventory.store import stock as store
from services.inventory.store.stock import Level, LevelChange, MoveRow, ReceiptRow, StockRow
from services.inventory.translate import stock as translate
from services.inventory.translate import valuing

Items = Mapping[StockKey, tuple[ItemTerms, UUID]]


async def receive_goods(commands: Sequence[ReceiveGoods], unit: UnitOfWork) -> Sequence[Result]:
    """Take goods in: stock moves are appended and stock levels go up, or the receipt is refused as a whole."""
    intake = await open_intake(commands, unit)
    results = [intake.receive(command) for command in commands]
    await intake.finish({c.cause.company: c.cause for c in commands})
    return results


async def open_intake(commands: Sequence[ReceiveGoods], unit: UnitOfWork) -> Intake:
    """All that these receipts touch, under lock."""
    skus = {(c.cause.company, line.sku) for c in commands for line in c.lines}
    items = await store.known_items(unit.raw, skus)
    known = await places.known_warehouses(unit.raw, {(c.cause.company, c.warehouse) for c in commands})
    today = await days_of(unit, {c.cause.company for c in commands})
    rows = await _lock_levels(commands, items, known, unit)
    taken = await store.taken_references(unit.raw, {(c.cause.company, c.reference) for c in commands})
    days = spans(((c.cause.company, line.sku), c.received_on) for c in commands for line in c.lines)
    costs = await open_costs(unit, days)
    named = {(c.cause.company, c.warehouse, line.sku, line.bin) for c in commands for line in c.lines if line.bin}
    return Intake(unit, items, rows, taken, known, today, costs, await open_bins(unit, Levels(rows), named))


async def _lock_levels(
    commands: Sequence[ReceiveGoods],
    items: Items,
    known: set[tuple[str, str]],
    unit: UnitOfWork,
) -> dict[Level, StockRow]:
    """The levels of these receipts under lock, made where they are missing."""
    levels = {
        (c.cause.company, c.warehouse, line.sku)
        for c in commands
        for line in c.lines
        if (c.cause.company, line.sku) in items and (c.cause.company, c.warehouse) in known
    }
    await store.add_levels(unit.raw, levels)
    return await store.lock_stock(unit.raw, levels)


class Intake:
    """The receipts of one group: what is on hand while they are decided, and the rows to write."""

    def __init__(
        self,
        unit: UnitOfWork,
        items: Items,
        rows: dict[Level, StockRow],
        taken: dict[tuple[str, str], UUID],
        known: set[tuple[str, str]],
        today: Mapping[str, date],
        costs: Costs,
        bins: Bins,
    ) -> None:
        self._unit = unit
        self._bins = bins
        self._items = items
        self._rows = rows
        self._on_hand = {level: row.on_hand for level, row in rows.items()}
        self._taken = taken
        self._known = known
        self._today = today
        self._costs = costs
        self._receipts: list[ReceiptRow] = []
        self._accepted: list[ReceiveGoods] = []
        self._moves: list[MoveRow] = []
        self._changes: dict[Level, LevelChange] = {}
        self._values: dict[tuple[str, UUID], dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))

    async def finish(self, causes: Mapping[str, Cause]) -> None:
        """Write what was taken in, and give it to who waits for it."""
        await self._write()
        await serve_waiting(self._unit, self._free, causes)

    def booked_before(self, company: str, reference: str) -> UUID | None:
        """The receipt that has this reference already, if there is one."""
        return self._taken.get((company, reference))

    def today(self, company: str) -> date:
        """The company's own day."""
        return self._today[company]

    def why_not(
        self, company: str, warehouse: str, line: StatedLine, on: date, sums: dict[Level, list[int]]
    ) -> Refused | None:
        """What speaks against one more line beside those that are summed up in `sums`, which it joins if nothing does.

        Its value must be said where the item has one. The pointer is that of a receipt with this line alone.
        """
        if (company, warehouse) not in self._known:
            return translate.warehouse_unknown(warehouse, "/warehouse")
        terms = self._terms(company, line.sku)
        taken = in_base_units([line], {line.sku: terms})
        if isinstance(taken, NotReceived):
            return translate.refusal_of_receipt(taken)
        key, level = (company, line.sku), (company, warehouse, line.sku)
        unknown = self._bin_unknown(company, warehouse, [line])
        if unknown is not None:
            return unknown
        if line.unit_cost is None and key in self._costs:
            return valuing.cost_missing(line.sku, "/lines/0/unit_cost")
        if line.unit_cost is not None and key not in self._costs:
            detail = f"{line.sku} has no valuation; its cost is not kept."
            return Refused("item-not-valued", detail, "/lines/0/unit_cost")
        before = sums.get(level, [0, 0])
        quantity, value = before[0] + taken[0].quantity, before[1]
        if line.unit_cost is not None:
            value += valuing.value_of(line.quantity, line.unit_cost, self._costs.currencies[company])
        levels = receive(
            [ReceivedLine(line.sku, quantity)], {line.sku: self._on_hand.get(level)}, received_on=on,
            today=self._today[company],
        )  # fmt: skip
        if isinstance(levels, NotReceived):
            return translate.refusal_of_receipt(levels)
        if self._costs.too_much(level, on, quantity, value if line.unit_cost is not None else None):
            return valuing.value_too_large(line.sku, "/lines/0/unit_cost")
        sums[level] = [quantity, value]
        return None

    def _bin_unknown(self, company: str, warehouse: str, lines: Sequence[StatedLine]) -> Refused | None:
        for index, line in enumerate(lines):
            if line.bin is not None:
                unknown = self._bins.unknown((company, warehouse, line.bin), f"/lines/{index}/bin")
                if unknown is not None:
                    return unknown
        return None

    @property
    def _free(self) -> dict[StockKey, int]:
        """What is free where orders are served from, of what came in."""
        return {
            (company, sku): self._rows[company, warehouse, sku]._replace(on_hand=on_hand).free
            for (company, warehouse, sku), on_hand in self._on_hand.items()
            if warehouse == DEFAULT_WAREHOUSE and (company, warehouse, sku) in self._changes
        }

    def receive(self, command: ReceiveGoods) -> Result:
        """Decide one receipt."""
        company, warehouse = command.cause.company, command.warehouse
        booked = self._taken.get((company, command.reference))
        if booked is not None:
            return translate.refusal_of_reference(command.reference, booked)
        if (company, warehouse) not in self._known:
            return translate.warehouse_unknown(warehouse, "/warehouse")
        lines = in_base_units(command.lines, {line.sku: self._terms(company, line.sku) for line in command.lines})
        if isinstance(lines, NotReceived):
            return translate.refusal_of_receipt(lines)
        before = {line.sku: self._on_hand.get((company, warehouse, line.sku)) for line in lines}
        levels = receive(lines, before, received_on=command.received_on, today=self._today[company])
        if isinstance(levels, NotReceived):
            return translate.refusal_of_receipt(levels)
        worth = self._bin_unknown(company, warehouse, command.lines) or self._worth(command, lines)
        if isinstance(worth, Refused):
            return worth
        self._taken[company, command.reference] = command.receipt
        self._book(command, lines, worth, levels)
        return Answer(201, translate.receipt_body(command, levels), {"Location": f"receipts/{command.receipt}"})

    def _terms(self, company: str, sku: str) -> ItemTerms | None:
        found = self._items.get((company, sku))
        return found[0] if found else None

    def _worth(self, command: ReceiveGoods, lines: Sequence[ReceivedLine]) -> list[int | None] | Refused:
        """What each line cost, where the receipt says it of an item that is valued."""
        company = command.cause.company
        worth: list[int | None] = []
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for index, (line, taken) in enumerate(zip(command.lines, lines, strict=True)):
            key, at = (company, line.sku), f"/lines/{index}/unit_cost"
            value = None
            if line.unit_cost is not None:
                if key not in self._costs:
                    return Refused("item-not-valued", f"{line.sku} has no valuation; its cost is not kept.", at)
                value = valuing.value_of(line.quantity, line.unit_cost, self._costs.currencies[company])
            worth.append(value)
            before = sums[line.sku]
            level = (company, command.warehouse, line.sku)
            if value is None and not before[0] and not self._costs.priced(level, command.received_on):
                return valuing.cost_missing(line.sku, at)
            before[0], before[1] = before[0] + taken.quantity, before[1] + (value or 0)
            if self._costs.too_much(level, command.received_on, before[0], value and before[1]):
                return valuing.value_too_large(line.sku, at)
        return worth

    def _book(
        self,
        command: ReceiveGoods,
        lines: Sequence[ReceivedLine],
        worth: Sequence[int | None],
        levels: Mapping[str, NewLevel],
    ) -> None:
        company, warehouse, receipt = command.cause.company, command.warehouse, command.receipt
        day, kind = command.received_on, command.kind
        self._accepted.append(command)
        self._receipts.append(
            ReceiptRow(company, receipt, command.reference, warehouse, day, command.cause.actor, kind)
        )
        for number, ((sku, quantity), said, line) in enumerate(zip(lines, worth, command.lines, strict=True), 1):
            value = self._costs.move((company, warehouse, sku), receipt, day, quantity, said)
            self._moves.append(MoveRow(company, warehouse, sku, quantity, kind, receipt, number, day, value))
            if line.bin is not None:
                self._bins.put((company, warehouse, sku, line.bin), quantity, kind, receipt, number, day)
            if value is not None:
                sums = self._values[company, receipt][sku]
                sums[0], sums[1] = sums[0] + quantity, sums[1] + value
        for sku, new in levels.items():
            level = (company, warehouse, sku)
            self._on_hand[level] = new.on_hand
            moved = self._changes.get(level, LevelChange()).moved + new.quantity
            binned = self._bins.levels.changes.get(level, LevelChange()).binned
            self._changes[level] = LevelChange(moved, binned=binned)
            item = self._items[company, sku][1]
            self._unit.emit(*translate.stock_received(item, sku, command, new), command.cause)
        self._unit.audit(command.cause, "goods-received", str(receipt), {"reference": command.reference})

    async def _write(self) -> None:
        """Write each table once."""
        if not self._receipts:
            return
        raw, now = self._unit.raw, self._unit.now
        await store.add_receipts(raw, self._receipts, now)
        await store.change_stock(raw, self._changes)
        await store.add_moves(raw, self._moves, now)
        await self._bins.write()
        await self._costs.write()
        self._tell()

    def _tell(self) -> None:
        """Say what the receipts are worth, and what those that came late change."""
        for command in self._accepted:
            sums = self._values.get((command.cause.company, command.receipt), {})
            lines = [valuing.ValuedLine(sku, quantity, value) for sku, (quantity, value) in sums.items()]
            self._costs.tell(
                command.receipt, command.kind, command.reference, command.received_on, lines, command.cause
            )
