"""Bins within a warehouse: what lies where, and who carries it. Where goods lie changes neither stock nor value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.inventory.commands import CarryGoods, DefineBins, SetPicking
from services.inventory.domain.bins import PICK_FROM, PickFrom, Taken, bin_unknown, check_carried, take_from
from services.inventory.domain.lows import Lows
from services.inventory.domain.moving import check_date
from services.inventory.handlers.days import days_of
from services.inventory.handlers.levels import Levels, lock_levels
from services.inventory.store import bins as store
from services.inventory.store import places, stock
from services.inventory.store.bins import BinKey, BinMove, BinMoveKind, BinPlace
from services.inventory.store.stock import Level
from services.inventory.translate import bins as translate
from services.inventory.translate import movements
from services.inventory.translate import stock as words


class Bins:
    """What lies in bins while a batch is decided; the stock levels are locked."""

    def __init__(self, unit: UnitOfWork, levels: Levels) -> None:
        self._unit = unit
        self.levels = levels
        self.known: Collection[BinPlace] = ()
        self.rows: dict[BinKey, int] = {}
        self.later: Lows[BinKey] = Lows()
        """The least that a bin holds at any instant after each day on which the batch takes from it."""
        self.since: Mapping[tuple[BinKey, date], int] = {}
        """What moved after days on which somebody counted."""
        self.staged: Mapping[Level, int] = {}
        self.policies: Mapping[str, PickFrom] = {}
        self._changes: Counter[BinKey] = Counter()
        self._moves: list[BinMove] = []

    def unknown(self, place: BinPlace, at: str) -> Refused | None:
        """Why goods cannot be put there, if so."""
        return None if place in self.known else movements.refusal_of_document(bin_unknown(place[2], at))

    def lacks(
        self, level: Level, code: str | None, quantity: int, on: date, at: str, *, leaves: bool = True
    ) -> Refused | None:
        """Why this quantity cannot be taken on a day from a bin, or from what lies loose, if so.

        Only what leaves the warehouse may go below zero where that is allowed.
        """
        if code is not None:
            there = self.rows.get((*level, code), 0)
            if quantity > there:
                return translate.bin_short(level, code, quantity, there, at)
            lowest = self.later.after((*level, code), on)
            if lowest is not None and quantity > lowest:
                return translate.bin_short_later(level, code, quantity, lowest, at)
            return None
        row = self.levels.rows[level]
        loose = row.on_hand - row.binned - self.staged.get(level, 0)
        if quantity <= loose or (leaves and row.negative_allowed):
            return None
        return translate.not_loose(level, quantity, loose, at)

    def there_on(self, key: BinKey, day: date) -> int:
        """What lay in a bin at the end of a day; the batch's own moves are in it."""
        moved = sum(m.quantity for m in self._moves if m[:4] == key and m.effective_on > day)
        return self.rows.get(key, 0) - self.since.get((key, day), 0) - moved

    def put(self, key: BinKey, quantity: int, kind: BinMoveKind, document: UUID, line: int, day: date) -> None:
        """Note that goods come to a bin, or (below zero) go."""
        there = self.rows.get(key, 0)
        self.later.move(key, day, quantity, there)
        self.rows[key] = there + quantity
        self._changes[key] += quantity
        self._moves.append(BinMove(*key, quantity, kind, document, line, day))
        self.levels.bin(key[:3], quantity)

    def pick(self, level: Level, quantity: int, document: UUID, line: int, day: date) -> list[Taken]:
        """Take goods for an order from bins, in the company's order; what they have not lies loose."""
        there = {key[3]: has for key, has in self.rows.items() if key[:3] == level}
        taken = take_from(quantity, there, self.policies.get(level[0], PICK_FROM))
        for code, part in taken:
            self.put((*level, code), -part, "pick", document, line, day)
        return taken

    async def write(self) -> None:
        """Write each table once; the stock levels are written already."""
        if self._moves:
            await store.change_bins(self._unit.raw, self._changes)
            await store.add_moves(self._unit.raw, self._moves, self._unit.now)


async def open_bins(
    unit: UnitOfWork,
    levels: Levels,
    named: Collection[BinKey] = (),
    leaving: Collection[tuple[BinKey, date]] = (),
) -> Bins:
    """The bins of these levels, and those that are named. `leaving` has the days on which one is taken from."""
    bins = Bins(unit, levels)
    watched = {level for level, row in levels.rows.items() if row.binned}
    watched |= {key[:3] for key in named if key[:3] in levels.rows}
    if named:
        bins.known = await store.bin_names(unit.raw, {(company, place, code) for company, place, _, code in named})
    if watched:
        bins.rows = await store.read_bins(unit.raw, watched)
        bins.staged = await store.read_staged(unit.raw, watched)
    if leaving:
        bins.later = Lows(leaving, await store.lowest_later(unit.raw, leaving))
    return bins


async def define_bins(commands: Sequence[DefineBins], unit: UnitOfWork) -> Sequence[Result]:
    """Make bins known, all of a request or none. A code means one place of a warehouse for ever."""
    asked = {(c.cause.company, c.warehouse, code) for c in commands for code, _ in c.bins}
    known = await store.bin_names(unit.raw, asked)
    here = await places.known_warehouses(unit.raw, {(c.cause.company, c.warehouse) for c in commands})
    rows: list[tuple[str, str, str, str]] = []
    results: list[Result] = []
    for command in commands:
        company, warehouse = command.cause.company, command.warehouse
        if (company, warehouse) not in here:
            results.append(words.warehouse_unknown(warehouse, "/warehouse"))
            continue
        refused = _clash(command, known)
        if refused is not None:
            results.append(refused)
            continue
        new = {code: name for code, name in command.bins if (company, warehouse, code) not in known}
        known |= {(company, warehouse, code): name for code, name in new.items()}
        rows += [(company, warehouse, code, name) for code, name in new.items()]
        for code in new:
            unit.audit(command.cause, "bin-defined", f"{warehouse}/{code}")
        results.append(
            Answer(201 if new else 200, {"warehouse": warehouse, "bins": [code for code, _ in command.bins]})
        )
    if rows:
        await store.add_bins(unit.raw, rows, unit.now)
    return results


def _clash(command: DefineBins, known: Mapping[BinPlace, str]) -> Refused | None:
    seen: dict[str, str] = {}
    for index, (code, name) in enumerate(command.bins):
        before = known.get((command.cause.company, command.warehouse, code), seen.setdefault(code, name))
        if before != name:
            return translate.bin_exists(code, before, f"/bins/{index}/bin")
    return None


async def set_picking(commands: Sequence[SetPicking], unit: UnitOfWork) -> Sequence[Result]:
    """In which order bins are picked from."""
    await store.save_policies(unit.raw, {c.cause.company: c.pick_from for c in commands})
    for command in commands:
        unit.audit(command.cause, "bin-policy-set", command.cause.company, {"pick_from": command.pick_from})
    return [Answer(200, {"pick_from": command.pick_from}) for command in commands]


async def carry_goods(commands: Sequence[CarryGoods], unit: UnitOfWork) -> Sequence[Result]:
    """Carry goods from bin to bin, out of the bay into one, or out of one: all lines of a request or none."""
    items = await stock.known_items(unit.raw, {(c.cause.company, line.sku) for c in commands for line in c.lines})
    here = await places.known_warehouses(unit.raw, {(c.cause.company, c.warehouse) for c in commands})
    touched = {
        (c.cause.company, c.warehouse, line.sku)
        for c in commands
        for line in c.lines
        if (c.cause.company, line.sku) in items and (c.cause.company, c.warehouse) in here
    }
    named = {
        (c.cause.company, c.warehouse, line.sku, code)
        for c in commands
        for line in c.lines
        for code in (line.source, line.target)
        if code is not None
    }
    today = await days_of(unit, {c.cause.company for c in commands})
    carried = [(c, c.moved_on or today[c.cause.company]) for c in commands]
    emptied = {
        ((c.cause.company, c.warehouse, line.sku, line.source), day)
        for c, day in carried
        for line in c.lines
        if line.source is not None
    }
    levels = await lock_levels(unit, touched)
    bins = await open_bins(unit, levels, named, emptied)
    results: list[Result] = []
    for command, day in carried:
        company = command.cause.company
        wrong = check_date(day, today[company], "/moved_on")
        refused = movements.refusal_of_document(wrong) if wrong else _cannot_carry(command, day, items, here, bins)
        if refused is not None:
            results.append(refused)
            continue
        for number, line in enumerate(command.lines, 1):
            for code, quantity in ((line.source, -line.quantity), (line.target, line.quantity)):
                if code is not None:
                    key = (company, command.warehouse, line.sku, code)
                    bins.put(key, quantity, "move", command.move, number, day)
        unit.audit(command.cause, "goods-carried", str(command.move), {"warehouse": command.warehouse})
        results.append(Answer(201, translate.carried_body(command)))
    await bins.levels.write(unit)
    await bins.write()
    return results


def _cannot_carry(
    command: CarryGoods, day: date, items: Mapping[tuple[str, str], object], here: set[tuple[str, str]], bins: Bins
) -> Refused | None:
    company, warehouse = command.cause.company, command.warehouse
    if (company, warehouse) not in here:
        return words.warehouse_unknown(warehouse, "/warehouse")
    known = {sku for of, sku in items if of == company}
    wrong = check_carried(
        command.lines, known, {code for of, at, code in bins.known if (of, at) == (company, warehouse)}
    )
    if wrong is not None:
        return movements.refusal_of_document(wrong)
    taken: Counter[tuple[str, str | None]] = Counter()
    for index, line in enumerate(command.lines):
        taken[line.sku, line.source] += line.quantity
        level = (company, warehouse, line.sku)
        wanted, at = taken[line.sku, line.source], f"/lines/{index}/quantity"
        lacks = bins.lacks(level, line.source, wanted, day, at, leaves=False)
        if lacks is not None:
            return lacks
    return None
