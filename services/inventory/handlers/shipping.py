"""Goods leave the house. Orders are locked first, then stock: as everywhere here, so that nobody waits crosswise."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.inventory.commands import DispatchShipments
from services.inventory.domain.book import OrderKey
from services.inventory.domain.days import check_day, spans
from services.inventory.domain.parcels import Parcel
from services.inventory.domain.quantities import DEFAULT_WAREHOUSE
from services.inventory.domain.shipping import LineProgress, Portion, is_complete
from services.inventory.handlers.days import days_of
from services.inventory.handlers.levels import Levels, lock_levels
from services.inventory.handlers.valuing import Costs, open_costs
from services.inventory.store import parcels, stock
from services.inventory.store import shipping as store
from services.inventory.store.shipping import DispatchRow, ShipmentKey, ShipmentRow
from services.inventory.store.stock import Level, MoveRow
from services.inventory.translate import shipping as translate
from services.inventory.translate import valuing

NO_PAPER = b"{}"
"""What is kept of an order that came before its papers were."""


async def open_shipments(
    asked: Iterable[ShipmentKey], unit: UnitOfWork
) -> tuple[dict[ShipmentKey, ShipmentRow], dict[OrderKey, int]]:
    """How these shipments stand, and the revisions of their orders, which are locked: that keeps all as it is."""
    keys = set(asked)
    before = await store.read_shipments(unit.raw, keys)
    states = await stock.lock_orders(unit.raw, {(row.company, row.order) for row in before.values()})
    revisions = {order: standing.revision for order, standing in states.items()}
    return await store.read_shipments(unit.raw, before), revisions


def why_not(
    key: ShipmentKey, at: str, seen: set[UUID], shipments: Mapping[ShipmentKey, ShipmentRow], *states: str
) -> Refused | None:
    """Why a shipment cannot take this step, if so; it is seen then."""
    row = shipments.get(key)
    if row is None:
        return translate.shipment_unknown(key[1], at)
    if key[1] in seen:
        return translate.shipment_repeated(key[1], at)
    seen.add(key[1])
    return None if row.state in states else translate.shipment_is(row.state, " or ".join(states), at)


async def dispatch_shipments(commands: Sequence[DispatchShipments], unit: UnitOfWork) -> Sequence[Result]:
    """Let shipments leave: stock goes down, and the papers are numbered. As a whole or not at all."""
    asked = ((c.cause.company, d.shipment) for c in commands for d in c.dispatches)
    shipments, orders = await open_shipments(asked, unit)
    portions = await store.read_portions(unit.raw, shipments)
    lines = await store.read_lines(unit.raw, orders)
    papers = await store.read_papers(unit.raw, orders)
    boxed = [key for key, row in shipments.items() if row.packages is not None]
    in_parcels = await parcels.read_parcels(unit.raw, boxed) if boxed else {}
    leaving = await _Leaving.open(commands, unit, shipments, portions, lines, papers, in_parcels)
    decisions = [leaving.accept(command) for command in commands]
    departures = [(c.cause, d) for c, ds in zip(commands, decisions, strict=True) for d in _of(ds)]
    numbers = await _numbers([(cause.company, d.dispatched_on.year) for cause, d in departures], unit)
    numbered = [(c, d._replace(number=number)) for (c, d), number in zip(departures, numbers, strict=True)]
    if numbered:
        await leaving.write(numbered)
    told = iter(numbered)
    return [d if isinstance(d, Refused) else _dispatched([next(told)[1] for _ in d]) for d in decisions]


def _of(decision: Refused | list[translate.Departure]) -> list[translate.Departure]:
    return [] if isinstance(decision, Refused) else decision


def _dispatched(departures: Sequence[translate.Departure]) -> Answer:
    bodies: list[dict[str, object]] = [
        {
            "shipment": str(d.shipment),
            "order": str(d.order),
            "state": "shipped",
            "number": d.number,
            "dispatched_on": d.dispatched_on.isoformat(),
            "complete": d.complete,
            "lines": translate.portions_body(d.portions),
        }
        for d in departures
    ]
    return Answer(200, {"shipments": bodies})


async def _numbers(years: Sequence[tuple[str, int]], unit: UnitOfWork) -> list[str]:
    """A delivery number for each, gap-free per company and year, in their order."""
    if not years:
        return []
    wanted = Counter(years)
    last = await store.take_numbers(unit.raw, wanted)
    following = {key: last[key] - count for key, count in wanted.items()}
    numbers: list[str] = []
    for key in years:
        following[key] += 1
        numbers.append(translate.delivery_number(key[1], following[key]))
    return numbers


class _Leaving:
    """The dispatches of one group: what they see of each other, and the rows to write."""

    def __init__(
        self,
        unit: UnitOfWork,
        shipments: dict[ShipmentKey, ShipmentRow],
        portions: Mapping[ShipmentKey, Sequence[Portion]],
        lines: dict[OrderKey, list[LineProgress]],
        papers: Mapping[OrderKey, Mapping[int, bytes]],
        in_parcels: Mapping[ShipmentKey, Sequence[Parcel]],
        today: Mapping[str, date],
        levels: Levels,
        costs: Costs,
    ) -> None:
        self._unit = unit
        self._shipments = shipments
        self._portions = portions
        self._lines = lines
        self._papers = papers
        self._parcels = in_parcels
        self._today = today
        self._levels = levels
        self._costs = costs

    @classmethod
    async def open(
        cls,
        commands: Sequence[DispatchShipments],
        unit: UnitOfWork,
        shipments: dict[ShipmentKey, ShipmentRow],
        portions: Mapping[ShipmentKey, Sequence[Portion]],
        lines: dict[OrderKey, list[LineProgress]],
        papers: Mapping[OrderKey, Mapping[int, bytes]],
        in_parcels: Mapping[ShipmentKey, Sequence[Parcel]],
    ) -> _Leaving:
        """The stock levels of all that is asked to leave, and then its costs, under lock before anything is decided."""
        today = await days_of(unit, {c.cause.company for c in commands})
        taken = [
            (c.cause.company, portion.sku, c.dispatched_on or today[c.cause.company])
            for c in commands
            for wanted in c.dispatches
            for portion in portions.get((c.cause.company, wanted.shipment), ())
        ]
        leaving = {((company, DEFAULT_WAREHOUSE, sku), day) for company, sku, day in taken}
        levels = await lock_levels(unit, {level for level, _ in leaving}, leaving)
        costs = await open_costs(unit, spans(((company, sku), day) for company, sku, day in taken))
        return cls(unit, shipments, portions, lines, papers, in_parcels, today, levels, costs)

    def accept(self, command: DispatchShipments) -> Refused | list[translate.Departure]:
        """Decide one request; its numbers come later."""
        company, seen = command.cause.company, set[UUID]()
        day = command.dispatched_on or self._today[company]
        not_a_day = check_day(day, self._today[company])
        if not_a_day is not None:
            return Refused(not_a_day.code, not_a_day.detail, "/dispatched_on")
        taken: Counter[Level] = Counter()
        for n, wanted in enumerate(command.dispatches):
            key, at = (company, wanted.shipment), f"/shipments/{n}/shipment"
            wrong = why_not(key, at, seen, self._shipments, "packed")
            if wrong is not None:
                return wrong
            if self._papers[company, self._shipments[key].order].get(1, NO_PAPER) == NO_PAPER:
                return translate.details_missing(self._shipments[key].order, at)
            for portion in self._portions[key]:
                level = (company, DEFAULT_WAREHOUSE, portion.sku)
                taken[level] += portion.quantity
                short = self._levels.lacks(level, taken[level], day, at, reserved=True)
                if short is not None:
                    return short
                if self._costs.too_much(level, day, -taken[level]):
                    return valuing.value_too_large(portion.sku, at)
        return [self._leave(command, n, day) for n in range(len(command.dispatches))]

    def _leave(self, command: DispatchShipments, index: int, day: date) -> translate.Departure:
        company, wanted = command.cause.company, command.dispatches[index]
        key = (company, wanted.shipment)
        row = self._shipments[key]
        self._shipments[key] = row._replace(state="shipped")
        taken = {portion.line: portion.quantity for portion in self._portions[key]}
        order = (company, row.order)
        complete = is_complete(self._lines[order], taken)
        self._lines[order] = [
            line._replace(picked=line.picked - taken.get(line.line, 0), shipped=line.shipped + taken.get(line.line, 0))
            for line in self._lines[order]
        ]
        for line, sku, quantity in self._portions[key]:
            value = self._costs.move((company, DEFAULT_WAREHOUSE, sku), wanted.shipment, day, -quantity)
            self._levels.move(
                MoveRow(company, DEFAULT_WAREHOUSE, sku, -quantity, "issue", wanted.shipment, line, day, value),
                reserved=-quantity,
            )
        return translate.Departure(
            wanted.shipment,
            row.order,
            "",
            DEFAULT_WAREHOUSE,
            day,
            complete,
            row.packages,
            wanted.carrier,
            wanted.tracking,
            self._portions[key],
            self._lines[order][0].revision,
            self._parcels.get(key, ()),
        )

    async def write(self, departures: Sequence[tuple[Cause, translate.Departure]]) -> None:
        """Write each table once, and tell."""
        raw, now = self._unit.raw, self._unit.now
        await self._levels.write(self._unit)
        await self._costs.write()
        touched = {(cause.company, departure.order) for cause, departure in departures}
        await store.save_lines(raw, {(key, line.line): line for key in touched for line in self._lines[key]})
        await store.dispatch(raw, [_row(cause.company, departure) for cause, departure in departures], now)
        complete = {(cause.company, d.order) for cause, d in departures if d.complete}
        if complete:
            await store.close_orders(raw, complete)
        await self._tell(departures)

    async def _tell(self, departures: Sequence[tuple[Cause, translate.Departure]]) -> None:
        costs = self._costs
        issued: defaultdict[tuple[str, UUID], list[tuple[int, str, int, int]]] = defaultdict(list)
        for move in self._levels.moves:
            if move.value is not None:
                line = (move.line, move.sku, -move.quantity, -move.value)
                issued[move.company, move.document].append(line)
        skus = {(cause.company, portion.sku) for cause, d in departures for portion in d.portions}
        items = await stock.known_items(self._unit.raw, skus)
        units: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for (company, sku), (terms, _) in items.items():
            units[company][sku] = terms.unit
        orders = {(cause.company, d.order) for cause, d in departures}
        papers = {order: translate.read_paper(self._papers[order]) for order in orders}
        for cause, departure in departures:
            paper = papers[cause.company, departure.order]
            self._unit.emit(*translate.shipment_dispatched(departure, paper, units[cause.company]), cause)
            lines = issued.get((cause.company, departure.shipment))
            if lines:
                currency, day = costs.currencies[cause.company], departure.dispatched_on
                fact = valuing.stock_issued(departure.shipment, departure.order, departure.number, day, currency, lines)
                self._unit.emit(*fact, cause)
            costs.tell_revaluation(departure.shipment, departure.number, departure.dispatched_on, cause)
            detail = {"number": departure.number, "order": str(departure.order)}
            self._unit.audit(cause, "shipment-dispatched", str(departure.shipment), detail)


def _row(company: str, d: translate.Departure) -> DispatchRow:
    return DispatchRow(company, d.shipment, d.number, d.dispatched_on, d.carrier, d.tracking, d.complete)
