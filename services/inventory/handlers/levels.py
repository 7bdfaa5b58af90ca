"""Stock levels of one batch, under lock: what may leave, what changes, and the moves that tell of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from chassis.database import UnitOfWork
from chassis.errors import Refused
from services.inventory.domain.lows import Lows
from services.inventory.domain.quantities import ON_HAND_MAX
from services.inventory.store import places
from services.inventory.store import stock as store
from services.inventory.store.stock import Level, LevelChange, MoveRow, StockRow
from services.inventory.translate import movements as translate


@dataclass(slots=True)
class Levels:
    """What there is while a batch is decided."""

    rows: dict[Level, StockRow]
    later: Lows[Level] = field(default_factory=Lows)
    """The least that is on hand at any instant after each day on which the batch takes from a level."""
    since: dict[tuple[Level, date], int] = field(default_factory=dict)
    """What moved after days on which somebody counted."""
    moves: list[MoveRow] = field(default_factory=list)
    changes: dict[Level, LevelChange] = field(default_factory=dict)

    def lacks(self, level: Level, quantity: int, on: date, at: str, *, reserved: bool = False) -> Refused | None:
        """Why this quantity cannot leave on a day, if so. What is reserved leaves for its own order alone."""
        row = self.rows[level]
        if row.negative_allowed:
            return None
        free = row.on_hand if reserved else row.on_hand - row.reserved
        if quantity > free:
            return translate.stock_short(level, quantity, free, at)
        lowest = self.later.after(level, on)
        if lowest is not None and quantity > lowest:
            return translate.stock_short_later(level, quantity, lowest, at)
        return None

    def can_hold(self, level: Level, difference: int) -> bool:
        """Whether the level after a change, and the change itself, are such as can be told."""
        return max(abs(difference), self.rows[level].on_hand + difference) <= ON_HAND_MAX

    def there_on(self, level: Level, day: date) -> int:
        """What was on hand at the end of a day; the batch's own moves are in it."""
        moved = sum(m.quantity for m in self.moves if (m.company, m.warehouse, m.sku) == level and m.effective_on > day)
        return self.rows[level].on_hand - self.since.get((level, day), 0) - moved

    def move(self, row: MoveRow, *, reserved: int = 0) -> None:
        """Note a move, and by how much it changes what is reserved."""
        level = (row.company, row.warehouse, row.sku)
        self.later.move(level, row.effective_on, row.quantity, self.rows[level].on_hand)
        self._change(level, LevelChange(row.quantity, reserved))
        self.moves.append(row)

    def bin(self, level: Level, quantity: int) -> None:
        """Note that more lies in bins, or (below zero) less."""
        self._change(level, LevelChange(binned=quantity))

    def _change(self, level: Level, by: LevelChange) -> None:
        row, before = self.rows[level], self.changes.get(level, LevelChange())
        self.rows[level] = row._replace(
            on_hand=row.on_hand + by.moved, reserved=row.reserved + by.reserved, binned=row.binned + by.binned
        )
        self.changes[level] = LevelChange(*(a + b for a, b in zip(before, by, strict=True)))

    async def write(self, unit: UnitOfWork) -> None:
        """Levels first, then their moves: the database looks at both."""
        if self.changes:
            await store.change_stock(unit.raw, self.changes)
        if self.moves:
            await store.add_moves(unit.raw, self.moves, unit.now)


async def lock_levels(unit: UnitOfWork, levels: set[Level], leaving: Collection[tuple[Level, date]] = ()) -> Levels:
    """Levels under lock, made where they are missing. `leaving` has the days on which something is taken from them."""
    await store.add_levels(unit.raw, levels)
    rows = await store.lock_stock(unit.raw, levels)
    return Levels(rows, Lows(leaving, await places.lowest_later(unit.raw, leaving) if leaving else {}))
