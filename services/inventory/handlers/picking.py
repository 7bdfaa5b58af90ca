"""Goods are taken from the shelves, and put back. Orders are locked first, then stock: as everywhere here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.inventory.commands import PickOrders, UnpickShipments
from services.inventory.domain.bins import Taken
from services.inventory.domain.book import OrderKey, Standing, StockKey
from services.inventory.domain.items import ItemTerms
from services.inventory.domain.quantities import DEFAULT_WAREHOUSE
from services.inventory.domain.shipping import LineProgress, NotPicked, Portion, asked_in_base, pick
from services.inventory.handlers.bins import Bins, open_bins
from services.inventory.handlers.days import days_of
from services.inventory.handlers.levels import Levels
from services.inventory.handlers.shipping import open_shipments, why_not
from services.inventory.handlers.waiting import let_go_what_is_over
from services.inventory.store import bins, stock
from services.inventory.store import shipping as store
from services.inventory.store.bins import BinKey
from services.inventory.store.shipping import ShipmentKey
from services.inventory.translate import shipping as translate
from services.inventory.translate.bins import pick_list


async def pick_orders(commands: Sequence[PickOrders], unit: UnitOfWork) -> Sequence[Result]:
    """Take goods from the shelves. A request is taken as a whole or not at all."""
    orders = {(c.cause.company, p.order) for c in commands for p in c.picks}
    states = await stock.lock_orders(unit.raw, orders)
    lines = await store.read_lines(unit.raw, {o: x.revision for o, x in states.items() if x.state == "reserved"})
    shelves = await _shelves({(order[0], x.sku) for order, held in lines.items() for x in held if x.to_pick}, unit)
    stated = {
        (c.cause.company, x.sku) for c in commands for p in c.picks if p.units
        for x in lines.get((c.cause.company, p.order), ())
    }  # fmt: skip
    items = await stock.known_items(unit.raw, stated) if stated else {}
    results: list[Result] = []
    rows: list[tuple[str, UUID, UUID, int, str]] = []
    portions: list[tuple[str, UUID, int, str, int]] = []
    from_bins: dict[ShipmentKey, dict[int, list[Taken]]] = {}
    for command in commands:
        picked = _picked(command, states, lines, items)
        if isinstance(picked, Refused):
            results.append(picked)
            continue
        company = command.cause.company
        for wanted, taken in zip(command.picks, picked, strict=True):
            revision = states[company, wanted.order].revision
            rows.append((company, wanted.shipment, wanted.order, revision, DEFAULT_WAREHOUSE))
            portions += [(company, wanted.shipment, *portion) for portion in taken]
            from_bins[company, wanted.shipment] = shelves.pick(company, wanted.shipment, taken)
            key = (company, wanted.order)
            quantities = {portion.line: portion.quantity for portion in taken}
            lines[key] = [x._replace(picked=x.picked + quantities.get(x.line, 0)) for x in lines[key]]
            unit.audit(command.cause, "order-picked", str(wanted.order), {"shipment": str(wanted.shipment)})
        bodies = [
            {"shipment": str(w.shipment), "order": str(w.order), "state": "picked"}
            | {"lines": pick_list(t, from_bins[company, w.shipment])}
            for w, t in zip(command.picks, picked, strict=True)
        ]
        results.append(Answer(201, {"shipments": bodies}))
    if rows:
        touched = {(company, order) for company, _, order, _, _ in rows}
        await store.save_lines(unit.raw, {(key, x.line): x for key in touched for x in lines[key]})
        await store.add_shipments(unit.raw, rows, portions, unit.now)
        await shelves.write(unit, from_bins)
    return results


def _picked(
    command: PickOrders,
    states: Mapping[OrderKey, Standing],
    lines: Mapping[OrderKey, Sequence[LineProgress]],
    items: Mapping[StockKey, tuple[ItemTerms, UUID]],
) -> list[list[Portion]] | Refused:
    """What each pick of a request takes, or the first that cannot be."""
    picked: list[list[Portion]] = []
    seen: set[UUID] = set()
    for index, wanted in enumerate(command.picks):
        at, key = f"/picks/{index}", (command.cause.company, wanted.order)
        state = states.get(key)
        if wanted.order in seen:
            return translate.order_repeated(wanted.order, at)
        seen.add(wanted.order)
        if state is None:
            return translate.order_unknown(wanted.order, at)
        if state.state != "reserved":
            return translate.order_not_reserved(wanted.order, state.state, at)
        asked = wanted.lines
        if asked is not None and wanted.units:
            skus = {x.sku for x in lines[key]}
            terms = {sku: items[key[0], sku][0] for sku in skus if (key[0], sku) in items}
            said = asked_in_base(lines[key], asked, wanted.units, terms)
            if isinstance(said, NotPicked):
                return translate.refusal_of_pick(said, at, status=422)
            asked = said
        taken = pick(lines[key], asked)
        if isinstance(taken, NotPicked):
            return translate.refusal_of_pick(taken, at)
        picked.append(taken)
    return picked


async def unpick_shipments(commands: Sequence[UnpickShipments], unit: UnitOfWork) -> Sequence[Result]:
    """Put goods back on the shelves. A request is taken as a whole or not at all."""
    shipments, orders = await open_shipments(((c.cause.company, s) for c in commands for s in c.shipments), unit)
    portions = await store.read_portions(unit.raw, shipments)
    lines = await store.read_lines(unit.raw, orders)
    taken = await bins.read_picked(unit.raw, shipments)
    emptied = {
        (key[0], DEFAULT_WAREHOUSE, portion.sku, part.bin)
        for key, by_line in taken.items()
        for portion in portions[key]
        for part in by_line.get(portion.line, ())
    }
    shelves = await _shelves({(company, sku) for company, _, sku, _ in emptied}, unit, emptied)
    results: list[Result] = []
    withdrawn: set[ShipmentKey] = set()
    for command in commands:
        company, seen = command.cause.company, set[UUID]()
        wrong = [
            why_not((company, shipment), f"/shipments/{n}", seen, shipments, "picked", "packed")
            for n, shipment in enumerate(command.shipments)
        ]
        refused = next((one for one in wrong if one is not None), None)
        if refused is not None:
            results.append(refused)
            continue
        for shipment in command.shipments:
            row = shipments[company, shipment]
            shipments[company, shipment] = row._replace(state="withdrawn")
            withdrawn.add((company, shipment))
            key = (company, shipment)
            shelves.put_back(key, portions[key], taken.get(key, {}))
            back = {p.line: p.quantity for p in portions[company, shipment]}
            lines[company, row.order] = [
                x._replace(picked=x.picked - back.get(x.line, 0)) for x in lines[company, row.order]
            ]
            unit.audit(command.cause, "shipment-withdrawn", str(shipment))
        bodies = [{"shipment": str(shipment), "state": "withdrawn"} for shipment in command.shipments]
        results.append(Answer(200, {"shipments": bodies}))
    if withdrawn:
        progress = {(order, x.line): x for order, held in lines.items() for x in held}
        await store.save_lines(unit.raw, progress)
        await store.withdraw(unit.raw, withdrawn, unit.now)
        await let_go_what_is_over(unit, {(key[0], shipments[key].order) for key in withdrawn})
        await shelves.write(unit, {})
    return results


@dataclass(frozen=True, slots=True)
class _Shelves:
    """The bins of the warehouse that orders are served from."""

    bins: Bins
    today: Mapping[str, date]

    def pick(self, company: str, shipment: UUID, portions: Sequence[Portion]) -> dict[int, list[Taken]]:
        """From which bins each line of a shipment is taken; nothing where no goods lie in bins."""
        if not self.bins.rows:
            return {}
        taken = {
            line: self.bins.pick((company, DEFAULT_WAREHOUSE, sku), quantity, shipment, line, self.today[company])
            for line, sku, quantity in portions
        }
        return {line: some for line, some in taken.items() if some}

    def put_back(self, key: ShipmentKey, portions: Sequence[Portion], taken: Mapping[int, Sequence[Taken]]) -> None:
        """Everything goes back into the bin that it came from."""
        for line, sku, _ in portions:
            for code, quantity in taken.get(line, ()):
                place = (key[0], DEFAULT_WAREHOUSE, sku, code)
                self.bins.put(place, quantity, "withdrawal", key[1], line, self.today[key[0]])

    async def write(self, unit: UnitOfWork, picked: Mapping[ShipmentKey, Mapping[int, Sequence[Taken]]]) -> None:
        """Write each table once, and from which bins shipments were picked."""
        await self.bins.levels.write(unit)
        await self.bins.write()
        rows = [
            (*key, line, code, quantity)
            for key, lines in picked.items()
            for line, some in lines.items()
            for code, quantity in some
        ]
        if rows:
            await bins.add_picked(unit.raw, rows)


async def _shelves(items: set[StockKey], unit: UnitOfWork, named: Collection[BinKey] = ()) -> _Shelves:
    """The bins of these items, under the locks of their stock levels: who carries goods away waits."""
    levels = {(company, DEFAULT_WAREHOUSE, sku) for company, sku in items}
    opened = await open_bins(unit, Levels(await stock.lock_stock(unit.raw, levels)), named)
    if not (opened.rows or named):
        return _Shelves(opened, {})
    companies = {company for company, _ in items}
    opened.policies = await bins.read_policies(unit.raw, companies)
    return _Shelves(opened, await days_of(unit, companies))
