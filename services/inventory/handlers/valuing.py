"""What goods cost, beside every move of a valued item: the rows are locked once, decided in memory, written once.

Locks come in one order everywhere: orders, stock levels, then the costs of items.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.ids import UUID
from services.inventory.domain.book import StockKey
from services.inventory.domain.days import Span, day_of
from services.inventory.domain.layers import Method
from services.inventory.domain.valuing import (
    LateMoves,
    Move,
    Revalued,
    Stock,
    Valued,
    apply,
    book_value_max,
    worth_of,
)
from services.inventory.store import valuing as store
from services.inventory.store.stock import Level
from services.inventory.store.valuing import CompanyTerms, CostRow, RevaluationRow
from services.inventory.translate import valuing as translate

CHECKPOINT_MOVES = 500
"""Moves between two kept states of an item: a late move reads about so many more than came after it."""
LONG_AGO = date(1, 1, 1)


class _Item:
    """One item while its moves are decided."""

    __slots__ = ("before", "kept_on", "last_on", "late", "later", "now", "seen", "since")

    def __init__(self, row: CostRow) -> None:
        self.now = translate.read_stock(row.method, row.state, apart=row.apart)
        self.last_on, self.since = row.last_on, row.since
        self.kept_on = LONG_AGO
        self.before = Stock(row.method, row.apart)
        self.later: list[Move] | None = None
        """Its moves after `kept_on`, in order; only where a late move needs them."""
        self.late: tuple[UUID, LateMoves] | None = None
        """Late moves of a document that are not worked in yet: all of them are at once."""
        self.seen: tuple[date, Stock] | None = None
        """The stock at the end of a day that was asked for, so that the next line need not go there again."""


class Costs:
    """The costs of the items of one batch. Items that nobody values are not in here."""

    def __init__(self, unit: UnitOfWork, rows: Mapping[StockKey, CostRow], terms: Mapping[str, CompanyTerms]) -> None:
        self._unit = unit
        self.currencies = {company: of.currency for company, of in terms.items()}
        self._today = {company: day_of(unit.now, of.time_zone) for company, of in terms.items()}
        """Differences are posted on the day on which they are found out, which is in an open period."""
        self._items = {key: _Item(row) for key, row in rows.items()}
        self._moved: set[StockKey] = set()
        self._days: dict[tuple[str, str, date], tuple[int, int]] = {}
        self._checkpoints: dict[tuple[str, str, date], bytes] = {}
        self._dropped: dict[StockKey, date] = {}
        self._revalued: dict[tuple[str, UUID, str], Revalued] = {}

    def __contains__(self, key: StockKey) -> bool:
        return key in self._items

    def too_much(self, level: Level, on: date, quantity: int, value: int | None = None) -> bool:
        """Whether a move is worth more than can be booked, or leaves more. False for an item that nobody values."""
        company, place, sku = level
        item = self._items.get((company, sku))
        if item is None:
            return False
        most = book_value_max(self.currencies[company])
        late = value is None and item.last_on is not None and on < item.last_on
        if not late:
            self._work_in((company, sku), item)
        worth = worth_of(self._before(item, on) if late else item.now, Move(on, quantity, value, place))
        there = item.now.value + (item.late[1].booked if item.late is not None else 0)
        return abs(worth) > most or abs(there + worth) > most

    def priced(self, level: Level, on: date) -> bool:
        """Whether goods of which nobody says the cost have one. True for an item that nobody values."""
        company, place, sku = level
        item = self._items.get((company, sku))
        if item is None:
            return True
        late = item.last_on is not None and on < item.last_on
        return (self._before(item, on) if late else item.now).has_price(place)

    async def load_history(self, days: Mapping[StockKey, Span]) -> None:
        """Read what late moves need: the items' moves since the last state that was kept before them."""
        late = {
            key: span.first
            for key, span in days.items()
            if key in self._items and span.first < max(self._items[key].last_on or LONG_AGO, span.last)
        }
        if not late:
            return
        for key, (day, state) in (await store.read_checkpoints(self._unit.raw, late)).items():
            item = self._items[key]
            item.kept_on, item.before = day, translate.read_stock(item.now.method, state, apart=item.now.apart)
        after = {key: self._items[key].kept_on for key in late}
        for key, moves in (await store.read_history(self._unit.raw, after)).items():
            self._items[key].later = moves

    def move(
        self,
        level: Level,
        document: UUID,
        on: date,
        quantity: int,
        value: int | None = None,
        *,
        lost: bool = False,
    ) -> int | None:
        """Value one move; None when nobody values the item. What it changes of the past is noted for its document.

        `lost` goods were counted, or did not arrive: they were not sold.
        """
        company, place, sku = level
        if (company, sku) not in self._items:
            return None
        worth = self._happen((company, sku), document, Move(on, quantity, value, place, lost=lost))
        self._add((company, sku), on, quantity, worth)
        return worth

    def transfer(self, source: Level, target: str, document: UUID, on: date, quantity: int) -> int | None:
        """What goods that change their place are worth; None where the place makes no difference to their cost."""
        company, place, sku = source
        item = self._items.get((company, sku))
        if item is None or not item.now.apart:
            return None
        return -self._happen((company, sku), document, Move(on, -quantity, None, place, target))

    def _happen(self, key: StockKey, document: UUID, move: Move) -> int:
        item = self._items[key]
        self._moved.add(key)
        if item.last_on is not None and move.on < item.last_on:
            return self._late(key, item, document, move)
        valued = self._in_time(key, item, move)
        self._note(key, document, Revalued(valued.revaluation))
        return valued.value

    def _note(self, key: StockKey, document: UUID, change: Revalued) -> None:
        """A document makes a difference to what was told before it came."""
        if change.value:
            self._add(key, self._today[key[0]], 0, change.value)
        noted = (key[0], document, key[1])
        self._revalued[noted] = self._revalued.get(noted, Revalued(0)).plus(change)

    @property
    def revalued(self) -> dict[tuple[str, UUID], dict[str, Revalued]]:
        """Differences by company and document that caused them, then by item; none that came to nothing."""
        found: dict[tuple[str, UUID], dict[str, Revalued]] = {}
        for (company, document, sku), change in self._revalued.items():
            if change.value:
                found.setdefault((company, document), {})[sku] = change
        return found

    def _in_time(self, key: StockKey, item: _Item, move: Move) -> Valued:
        self._work_in(key, item)
        if item.last_on is not None and move.on > item.last_on and item.since >= CHECKPOINT_MOVES:
            self._checkpoints[(*key, item.last_on)] = translate.write_stock(item.now)
            item.since = 0
        valued = apply(item.now, move)
        item.last_on, item.since = move.on, item.since + 1
        if item.later is not None:
            item.later.append(move._replace(value=valued.value))
        return valued

    def _late(self, key: StockKey, item: _Item, document: UUID, move: Move) -> int:
        if item.late is not None and (item.late[0], item.late[1].on) != (document, move.on):
            self._work_in(key, item)
        if item.late is None:
            item.late = document, LateMoves(move.on, self._before(item, move.on))
        worth = item.late[1].add(move)
        assert item.later is not None
        item.later.insert(bisect_right(item.later, move.on, key=_day), move._replace(value=worth))
        item.seen = None
        self._dropped[key] = min(move.on, self._dropped.get(key, move.on))
        return worth

    def _work_in(self, key: StockKey, item: _Item) -> None:
        """Work in the late moves that wait for it, and keep states on the way: the next late move begins at those."""
        if item.late is None:
            return
        (document, late), item.late = item.late, None
        assert item.later is not None
        place = bisect_right(item.later, late.on, key=_day)
        for kept in [kept for kept in self._checkpoints if kept[:2] == key and kept[2] >= late.on]:
            del self._checkpoints[kept]
        kept_to = 0

        def keep(day: date) -> None:
            nonlocal kept_to
            assert item.later is not None
            done = bisect_right(item.later, day, key=_day)
            if done - kept_to >= CHECKPOINT_MOVES:
                self._checkpoints[(*key, day)] = translate.write_stock(late.stock)
                kept_to = done

        change = late.work_in(item.now, item.later[place:], keep)
        item.now, item.since = late.stock, len(item.later) - kept_to
        self._note(key, document, change)

    @staticmethod
    def _before(item: _Item, on: date) -> Stock:
        """An item's stock at the end of an earlier day: to look at, not to change."""
        if item.seen is not None and item.seen[0] == on:
            return item.seen[1]
        assert item.later is not None, "the history of an item was not read before its late move"
        before = item.before.copy()
        for move in item.later[: bisect_right(item.later, on, key=_day)]:
            apply(before, move)
        item.seen = on, before
        return before

    def _add(self, key: StockKey, on: date, quantity: int, value: int) -> None:
        before = self._days.get((*key, on), (0, 0))
        self._days[(*key, on)] = (before[0] + quantity, before[1] + value)

    def tell(
        self,
        document: UUID,
        kind: translate.ValuedKind,
        reference: str,
        on: date,
        lines: Sequence[translate.ValuedLine],
        cause: Cause,
    ) -> None:
        """Say what a document is worth, and what it changes when it came late."""
        company = cause.company
        if lines:
            fact = translate.stock_valued(document, kind, reference, on, on, self.currencies[company], lines)
            self._unit.emit(*fact, cause)
        self.tell_revaluation(document, reference, on, cause)

    def tell_revaluation(self, document: UUID, reference: str, on: date, cause: Cause) -> None:
        """Say what a late document changes."""
        company = cause.company
        changed = self.revalued.get((company, document))
        if changed:
            currency, today = self.currencies[company], self._today[company]
            fact = translate.revaluation(company, document, reference, on, today, currency, changed)
            self._unit.emit(*fact, cause)

    async def write(self) -> None:
        """Write each table once. Nothing is written for a batch without valued items."""
        if not self._moved:
            return
        for key in sorted(self._moved):
            self._work_in(key, self._items[key])
        raw, now = self._unit.raw, self._unit.now
        rows = [
            (*key, translate.write_stock(i.now), i.now.quantity, i.now.value, i.last_on, i.since)
            for key in sorted(self._moved)
            for i in [self._items[key]]
        ]
        await store.save_costs(raw, rows)
        if self._days:
            await store.add_to_days(raw, self._days)
        if self._dropped:
            await store.drop_checkpoints(raw, self._dropped)
        if self._checkpoints:
            await store.save_checkpoints(raw, self._checkpoints)
        revaluations = [
            RevaluationRow(
                company, translate.revaluation_id(company, document), document, sku, self._today[company], change.value
            )
            for (company, document), changes in self.revalued.items()
            for sku, change in changes.items()
        ]
        if revaluations:
            await store.add_revaluations(raw, revaluations, now)


def _day(move: Move) -> date:
    return move.on


async def open_costs(unit: UnitOfWork, days: Mapping[StockKey, Span], *, apart: bool = False) -> Costs:
    """The costs of these items under lock, each with the first and the last day of what is to be booked of it.

    `apart` leaves out those whose cost does not depend on the place.
    """
    rows = await store.lock_costs(unit.raw, days, apart=apart)
    if not rows:
        return Costs(unit, {}, {})
    costs = Costs(unit, rows, await store.read_terms(unit.raw, {company for company, _ in rows}))
    await costs.load_history(days)
    return costs


async def begin_to_value(unit: UnitOfWork, items: Mapping[StockKey, Method]) -> None:
    """From now on these items have a cost."""
    if items:
        rows = [(company, sku, method) for (company, sku), method in sorted(items.items())]
        await store.add_costs(unit.raw, rows, translate.write_stock(Stock("fifo")))
