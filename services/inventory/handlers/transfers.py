"""Goods between warehouses: sent, on the way, arrived."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.inventory.commands import ArriveGoods, SendGoods
from services.inventory.domain.days import spans
from services.inventory.domain.moving import check_arrival, check_date, check_items, check_transfer
from services.inventory.domain.quantities import TRANSIT, plain
from services.inventory.handlers.bins import Bins, open_bins
from services.inventory.handlers.days import days_of
from services.inventory.handlers.levels import Levels, lock_levels
from services.inventory.handlers.units import in_base
from services.inventory.handlers.valuing import Costs, open_costs
from services.inventory.handlers.waiting import serve_from_levels
from services.inventory.store import places, stock
from services.inventory.store import transfers as store
from services.inventory.store.stock import Level, MoveRow
from services.inventory.store.transfers import TransferKey, TransferLine, TransferRow
from services.inventory.translate import movements as translate
from services.inventory.translate import stock as words


async def send_goods(commands: Sequence[SendGoods], unit: UnitOfWork) -> Sequence[Result]:
    """Goods leave a warehouse for another one. Until they arrive they are on hand in transit, promised to nobody."""
    items = await stock.known_items(unit.raw, {(c.cause.company, sku) for c in commands for sku, _ in c.lines})
    asked = {(c.cause.company, place) for c in commands for place in (c.source, c.target)}
    known = await places.known_warehouses(unit.raw, asked)
    taken = await store.taken_references(unit.raw, {(c.cause.company, c.reference) for c in commands})
    today = await days_of(unit, {c.cause.company for c in commands})
    leaving = {
        ((c.cause.company, c.source, sku), c.sent_on)
        for c in commands
        for sku, _ in c.lines
        if (c.cause.company, sku) in items and (c.cause.company, c.source) in known
    }
    sources = {level for level, _ in leaving}
    transit = {(company, TRANSIT, sku) for company, _, sku in sources}
    levels = await lock_levels(unit, transit | sources, leaving)
    days = spans(((c.cause.company, sku), c.sent_on) for c in commands for sku, _ in c.lines)
    costs = await open_costs(unit, days, apart=True)
    from_bins = {
        ((c.cause.company, c.source, sku, c.bins[sku]), c.sent_on)
        for c in commands
        for sku, _ in c.lines
        if sku in c.bins
    }
    moving = Moving(levels, costs, await open_bins(unit, levels, {key for key, _ in from_bins}, from_bins))
    results: list[Result] = []
    rows: list[SendGoods] = []
    for command, unsaid in in_base(commands, items):
        refused = unsaid or _cannot_send(command, items, known, taken, moving, today[command.cause.company])
        if refused is not None:
            results.append(refused)
            continue
        company, transfer, day = command.cause.company, command.transfer, command.sent_on
        taken[company, command.reference] = transfer
        rows.append(command)
        for line, (sku, quantity) in enumerate(command.lines, 1):
            moving.move((company, command.source, sku), TRANSIT, quantity, transfer, line, day)
            if sku in command.bins:
                key = (company, command.source, sku, command.bins[sku])
                moving.bins.put(key, -quantity, "transfer-out", transfer, line, day)
        unit.audit(command.cause, "goods-sent", str(transfer), {"reference": command.reference})
        body = {"transfer": str(transfer), "reference": command.reference, "state": "sent"}
        results.append(Answer(201, body, {"Location": f"transfers/{transfer}"}))
    await moving.write(unit)
    if rows:
        await store.add_transfers(unit.raw, rows, unit.now)
    for command in rows:
        moving.costs.tell_revaluation(command.transfer, command.reference, command.sent_on, command.cause)
    return results


@dataclass(frozen=True, slots=True)
class Moving:
    """Goods that change their place, with what they cost where each place has layers of its own."""

    levels: Levels
    costs: Costs
    bins: Bins

    def move(self, source: Level, target: str, quantity: int, document: UUID, line: int, day: date) -> None:
        """Note both moves of a line of a document."""
        company, place, sku = source
        value = self.costs.transfer(source, target, document, day, quantity)
        out = MoveRow(company, place, sku, -quantity, "transfer-out", document, line, day, value and -value)
        self.levels.move(out)
        self.levels.move(MoveRow(company, target, sku, quantity, "transfer-in", document, line, day, value))

    async def write(self, unit: UnitOfWork) -> None:
        """Write each table once."""
        await self.levels.write(unit)
        await self.bins.write()
        await self.costs.write()


def _cannot_send(
    command: SendGoods,
    items: Mapping[tuple[str, str], object],
    known: set[tuple[str, str]],
    taken: Mapping[tuple[str, str], UUID],
    moving: Moving,
    today: date,
) -> Refused | None:
    company = command.cause.company
    if (company, command.reference) in taken:
        return translate.reference_taken("transfer", command.reference, taken[company, command.reference])
    for place, at in ((command.source, "/from"), (command.target, "/to")):
        if (company, place) not in known:
            return words.warehouse_unknown(place, at)
    here = {sku for of, sku in items if of == company}
    wrong = check_transfer(command.source, command.target, command.sent_on, today)
    wrong = wrong or check_items([sku for sku, _ in command.lines], here)
    if wrong is not None:
        return translate.refusal_of_document(wrong)
    for index, (sku, quantity) in enumerate(command.lines):
        level, at, code = (company, command.source, sku), f"/lines/{index}/quantity", command.bins.get(sku)
        if code is not None:
            unknown = moving.bins.unknown((company, command.source, code), f"/lines/{index}/bin")
            if unknown is not None:
                return unknown
        day = command.sent_on
        lacks = moving.levels.lacks(level, quantity, day, at) or moving.bins.lacks(level, code, quantity, day, at)
        if lacks is not None:
            return lacks
    return None


async def arrive_goods(commands: Sequence[ArriveGoods], unit: UnitOfWork) -> Sequence[Result]:
    """Goods arrive, all that was sent or a part of it."""
    transfers, lines = await open_transfers({(c.cause.company, c.transfer) for c in commands}, unit)
    wanted = {
        level
        for key, row in transfers.items()
        for line in lines[key].values()
        for level in ((key[0], TRANSIT, line.sku), (key[0], row.target, line.sku))
    }
    levels = await lock_levels(unit, wanted)
    today = await days_of(unit, {c.cause.company for c in commands})
    stated = {(c.cause.company, sku) for c in commands for sku in c.units}
    said = in_base(commands, await stock.known_items(unit.raw, stated) if stated else {})
    arrived = [(c, c.received_on or today[c.cause.company]) for c, _ in said]
    days = spans(((c.cause.company, sku), day) for c, day in arrived for sku, _ in c.lines)
    costs = await open_costs(unit, days, apart=True)
    into_bins = {
        (key[0], transfers[key].target, sku, c.bins[sku])
        for c in commands
        for key in [(c.cause.company, c.transfer)]
        for sku, _ in c.lines
        if key in transfers and sku in c.bins
    }
    moving = Moving(levels, costs, await open_bins(unit, levels, into_bins))
    results: list[Result] = []
    changed: dict[TransferKey, set[str]] = {}
    told: list[tuple[ArriveGoods, UUID, date]] = []
    for (command, day), (_, unsaid) in zip(arrived, said, strict=True):
        key, document = (command.cause.company, command.transfer), translate.document_id("arrival", command.cause)
        open_lines, company = lines.get(key, {}), command.cause.company
        refused = unsaid or not_open(key, transfers)
        refused = refused or _cannot_arrive(command, day, today[company], transfers[key], open_lines)
        refused = refused or _no_such_bin(command, transfers[key].target, moving.bins)
        if refused is not None:
            results.append(refused)
            continue
        for number, (sku, quantity) in enumerate(command.lines, 1):
            target = transfers[key].target
            moving.move((company, TRANSIT, sku), target, quantity, document, number, day)
            if sku in command.bins:
                moving.bins.put(
                    (company, target, sku, command.bins[sku]), quantity, "transfer-in", document, number, day
                )
            open_lines[sku] = open_lines[sku]._replace(arrived=open_lines[sku].arrived + quantity)
            changed.setdefault(key, set()).add(sku)
        told.append((command, document, day))
        unit.audit(command.cause, "goods-arrived", str(command.transfer))
        results.append(Answer(200, standing(command.transfer, transfers[key], open_lines)))
    await moving.write(unit)
    await serve_from_levels(unit, levels, {c.cause.company: c.cause for c in commands})
    if changed:
        await store.save_lines(unit.raw, {key: [lines[key][sku] for sku in skus] for key, skus in changed.items()})
    for command, document, day in told:
        reference = transfers[command.cause.company, command.transfer].reference
        moving.costs.tell_revaluation(document, reference, day, command.cause)
    return results


async def open_transfers(
    keys: set[TransferKey], unit: UnitOfWork
) -> tuple[dict[TransferKey, TransferRow], dict[TransferKey, dict[str, TransferLine]]]:
    """These transfers under lock, with their lines by item."""
    transfers = await store.lock_transfers(unit.raw, keys)
    return transfers, await store.read_lines(unit.raw, transfers)


def not_open(key: TransferKey, transfers: Mapping[TransferKey, TransferRow]) -> Refused | None:
    """Why nothing can be done about a transfer any more. What somebody gives up may still arrive until it is lost."""
    row = transfers.get(key)
    if row is None:
        return translate.not_found("transfer", key[1])
    if row.state == "closed":
        return Refused("transfer-closed", "The transfer is closed.", status=409)
    return None


def _cannot_arrive(
    command: ArriveGoods, day: date, today: date, row: TransferRow, lines: Mapping[str, TransferLine]
) -> Refused | None:
    wrong = check_date(day, today, "/received_on", since=row.sent_on)
    wrong = wrong or check_arrival(command.lines, {sku: line.on_the_way for sku, line in lines.items()})
    return None if wrong is None else translate.refusal_of_document(wrong)


def _no_such_bin(command: ArriveGoods, target: str, bins: Bins) -> Refused | None:
    for index, (sku, _) in enumerate(command.lines):
        if sku in command.bins:
            unknown = bins.unknown((command.cause.company, target, command.bins[sku]), f"/lines/{index}/bin")
            if unknown is not None:
                return unknown
    return None


def standing(transfer: UUID, row: TransferRow, lines: Mapping[str, TransferLine]) -> dict[str, object]:
    """What its sender gets to know of a transfer."""
    shown = [
        {
            "item": line.sku,
            "sent": plain(line.sent),
            "arrived": plain(line.arrived),
            "lost": plain(line.lost),
            "on_the_way": plain(line.on_the_way),
        }
        for line in lines.values()
    ]
    return {"transfer": str(transfer), "reference": row.reference, "state": row.state, "lines": shown}
