"""Counts: what was found is compared with what was expected; what differs too much needs another person's word."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.inventory.commands import CountStock, DecideCount, SetTolerance
from services.inventory.domain.book import StockKey
from services.inventory.domain.counting import CountLine, within_tolerance
from services.inventory.domain.days import spans
from services.inventory.domain.moving import check_date, check_items
from services.inventory.domain.quantities import plain
from services.inventory.handlers.bins import Bins, open_bins
from services.inventory.handlers.days import days_of
from services.inventory.handlers.levels import lock_levels
from services.inventory.handlers.units import in_base
from services.inventory.handlers.valuing import Costs, open_costs
from services.inventory.handlers.waiting import serve_from_levels
from services.inventory.store import bins, places, stock
from services.inventory.store import counts as store
from services.inventory.store.bins import BinKey
from services.inventory.store.counts import CountKey, CountRow
from services.inventory.store.stock import Level, MoveRow
from services.inventory.translate import movements as translate
from services.inventory.translate import stock as words
from services.inventory.translate import valuing
from services.inventory.translate.adjusting import BY_RULE, Adjustment, stock_adjusted

Booking = tuple[Cause, Adjustment, list[tuple[str, int]], list[valuing.ValuedLine]]


async def set_tolerances(commands: Sequence[SetTolerance], unit: UnitOfWork) -> Sequence[Result]:
    """By how much a count may differ from what was expected without another person's word."""
    latest = {command.cause.company: command.tolerance for command in commands}
    await store.save_tolerances(unit.raw, list(latest.items()))
    for command in commands:
        detail = {"count_tolerance": plain(command.tolerance)}
        unit.audit(command.cause, "stock-policy-set", command.cause.company, detail)
    return [Answer(200, {"count_tolerance": plain(command.tolerance)}) for command in commands]


async def count_stock(commands: Sequence[CountStock], unit: UnitOfWork) -> Sequence[Result]:
    """Take a count. Within the company's tolerance it is booked at once."""
    items = await stock.known_items(unit.raw, {(c.cause.company, sku) for c in commands for sku, _ in c.lines})
    known = await places.known_warehouses(unit.raw, {(c.cause.company, c.warehouse) for c in commands})
    taken = await store.taken_references(unit.raw, {(c.cause.company, c.reference) for c in commands})
    tolerances = await store.read_tolerances(unit.raw, {c.cause.company for c in commands})
    today = await days_of(unit, {c.cause.company for c in commands})
    counted = {
        ((c.cause.company, c.warehouse, sku), c.counted_on)
        for c in commands
        for sku, _ in c.lines
        if (c.cause.company, sku) in items and (c.cause.company, c.warehouse) in known
    }
    in_bins = {
        ((*level, c.bin), c.counted_on)
        for c in commands
        for level in [(c.cause.company, c.warehouse, sku) for sku, _ in c.lines]
        if c.bin is not None and (level, c.counted_on) in counted
    }
    booking = await _Booking.open(unit, counted, in_bins)
    results: list[Result] = []
    heads: list[tuple[str, UUID, CountRow]] = []
    rows: list[tuple[str, UUID, CountLine]] = []
    for command, unsaid in in_base(commands, items):
        company = command.cause.company
        refused = unsaid or _cannot_count(command, items, known, taken, today[company])
        if refused is None and command.bin is not None:
            refused = booking.bins.unknown((company, command.warehouse, command.bin), "/bin")
        if refused is not None:
            results.append(refused)
            continue
        lines = [
            CountLine(
                n, sku, booking.expected((company, command.warehouse, sku), command.bin, command.counted_on), found
            )
            for n, (sku, found) in enumerate(command.lines, 1)
        ]
        small = within_tolerance(lines, tolerances.get(company, 0))
        row = CountRow(
            command.reference, command.warehouse, command.counted_on, command.reason,
            "adjusted" if small else "pending", command.cause.person, command.bin,
        )  # fmt: skip
        refused = booking.book(command.cause, command.count, row, lines, BY_RULE) if small else None
        if refused is not None:
            results.append(refused)
            continue
        taken[company, command.reference] = command.count
        heads.append((company, command.count, row))
        rows += [(company, command.count, line) for line in lines]
        unit.audit(command.cause, "stock-counted", str(command.count), {"state": row.state})
        location = {"Location": f"counts/{command.count}"}
        results.append(Answer(201, _standing(command.count, row, lines), location))
    if heads:
        await store.add_counts(unit.raw, heads, rows, unit.now)
    await booking.write()
    return results


async def decide_counts(commands: Sequence[DecideCount], unit: UnitOfWork) -> Sequence[Result]:
    """Another person agrees with a count, or does not."""
    counts = await store.lock_counts(unit.raw, {(c.cause.company, c.count) for c in commands})
    lines = await store.read_lines(unit.raw, counts)
    pending = {key: row for key, row in counts.items() if row.state == "pending"}
    counted = {
        ((key[0], row.warehouse, line.sku), row.counted_on) for key, row in pending.items() for line in lines[key]
    }
    in_bins = {
        ((key[0], row.warehouse, line.sku, row.bin), row.counted_on)
        for key, row in pending.items()
        for line in lines[key]
        if row.bin is not None
    }
    booking = await _Booking.open(unit, counted, in_bins)
    results: list[Result] = []
    decided: list[tuple[str, UUID, store.CountState, str]] = []
    for command in commands:
        key: CountKey = (command.cause.company, command.count)
        refused = _cannot_decide(command, counts.get(key))
        if refused is None and command.approved:
            refused = booking.outdated(command.cause.company, counts[key], lines[key])
            agreed = command.cause.person
            refused = refused or booking.book(command.cause, command.count, counts[key], lines[key], agreed)
        if refused is not None:
            results.append(refused)
            continue
        state: store.CountState = "adjusted" if command.approved else "rejected"
        counts[key] = counts[key]._replace(state=state)
        decided.append((*key, state, command.cause.person))
        unit.audit(command.cause, f"count-{state}", str(command.count))
        results.append(Answer(200, _standing(command.count, counts[key], lines[key])))
    if decided:
        await store.decide(unit.raw, decided, unit.now)
    await booking.write()
    return results


class _Booking:
    """The differences of the counts of one group, as moves."""

    def __init__(self, unit: UnitOfWork, bins: Bins, costs: Costs) -> None:
        self._unit = unit
        self.bins, self.levels = bins, bins.levels
        self._costs = costs
        self._told: list[Booking] = []

    @classmethod
    async def open(
        cls, unit: UnitOfWork, counted: Collection[tuple[Level, date]], in_bins: Collection[tuple[BinKey, date]]
    ) -> _Booking:
        """Levels, bins and costs of what was counted, under lock."""
        levels = await lock_levels(unit, {level for level, _ in counted}, counted)
        days = spans(((company, sku), day) for (company, _, sku), day in counted)
        costs = await open_costs(unit, days)
        opened = await open_bins(unit, levels, {key for key, _ in in_bins}, in_bins)
        levels.since = await places.moved_since(unit.raw, counted) if counted else {}
        if in_bins:
            opened.since = await bins.moved_since(unit.raw, in_bins)
        return cls(unit, opened, costs)

    def expected(self, level: Level, code: str | None, day: date) -> int:
        """What is thought to have been there at the end of a day, in a warehouse or in one bin of it."""
        return self.levels.there_on(level, day) if code is None else self.bins.there_on((*level, code), day)

    def outdated(self, company: str, row: CountRow, lines: Sequence[CountLine]) -> Refused | None:
        """Why a difference is not true any more: something was booked since that who counted may have seen."""
        for index, line in enumerate(lines):
            now = self.expected((company, row.warehouse, line.sku), row.bin, row.counted_on)
            if now != line.expected:
                return translate.count_outdated(line, now, f"/lines/{index}/counted")
        return None

    def book(self, cause: Cause, count: UUID, row: CountRow, lines: Sequence[CountLine], agreed: str) -> Refused | None:
        """Book what differs, or say why that cannot be: goods that are promised to orders are not simply gone."""
        company, on = cause.company, row.counted_on
        for index, line in enumerate(lines):
            at = f"/lines/{index}/counted"
            level = (company, row.warehouse, line.sku)
            if not self.levels.can_hold(level, line.difference):
                return translate.level_too_large(line.sku, at)
            if line.difference and self._costs.too_much(level, on, line.difference):
                return valuing.value_too_large(line.sku, at)
            if line.difference < 0:
                lacks = self.levels.lacks(level, -line.difference, on, at)
                lacks = lacks or self.bins.lacks(level, row.bin, -line.difference, on, at)
                if lacks is not None:
                    return lacks
        worth: list[valuing.ValuedLine] = []
        for line in lines:
            if line.difference:
                day, where = row.counted_on, row.warehouse
                value = self._costs.move((company, where, line.sku), count, day, line.difference, lost=True)
                self.levels.move(
                    MoveRow(company, where, line.sku, line.difference, "count", count, line.line, day, value)
                )
                if row.bin is not None:
                    self.bins.put((company, where, line.sku, row.bin), line.difference, "count", count, line.line, day)
                if value is not None:
                    worth.append(valuing.ValuedLine(line.sku, line.difference, value))
        found = [(line.sku, line.difference) for line in lines if line.difference]
        what = Adjustment(count, "count", row.reference, row.warehouse, on, row.reason, row.counted_by, agreed, row.bin)
        self._told.append((cause, what, found, worth))
        return None

    async def write(self) -> None:
        """Write each table once, and tell."""
        await self.levels.write(self._unit)
        await self.bins.write()
        await self._costs.write()
        await serve_from_levels(self._unit, self.levels, {cause.company: cause for cause, *_ in self._told})
        for cause, what, found, worth in self._told:
            if found:
                self._unit.emit(*stock_adjusted(what, found), cause)
            self._costs.tell(what.document, "count", what.reference, what.on, worth, cause)


def _cannot_count(
    command: CountStock,
    items: Mapping[StockKey, object],
    known: set[tuple[str, str]],
    taken: Mapping[tuple[str, str], UUID],
    today: date,
) -> Refused | None:
    company = command.cause.company
    if (company, command.reference) in taken:
        return translate.reference_taken("count", command.reference, taken[company, command.reference])
    if (company, command.warehouse) not in known:
        return words.warehouse_unknown(command.warehouse, "/warehouse")
    here = {sku for of, sku in items if of == company}
    wrong = check_date(command.counted_on, today, "/counted_on")
    wrong = wrong or check_items([sku for sku, _ in command.lines], here)
    return None if wrong is None else translate.refusal_of_document(wrong)


def _cannot_decide(command: DecideCount, row: CountRow | None) -> Refused | None:
    if row is None:
        return translate.not_found("count", command.count)
    if row.state != "pending":
        return Refused("count-decided", f"The count is {row.state} already.", status=409)
    if row.counted_by == command.cause.person:
        return Refused("same-person", "Who counted does not approve.", status=409)
    return None


def _standing(count: UUID, row: CountRow, lines: Sequence[CountLine]) -> dict[str, object]:
    shown = [
        {
            "item": line.sku,
            "expected": valuing.signed(line.expected),
            "counted": plain(line.counted),
            "difference": valuing.signed(line.difference),
        }
        for line in lines
    ]
    return {"count": str(count), "reference": row.reference, "state": row.state, "lines": shown}
