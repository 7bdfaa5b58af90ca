"""What never arrives is given up by one person, and leaves the books when another one agrees.

A small loss is booked at once, as a small difference of a count is: by the same tolerance, so that nobody writes goods
off alone by sending them away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Answer, Result
from services.inventory.commands import CloseTransfer, DecideClosing
from services.inventory.domain.counting import CountLine, within_tolerance
from services.inventory.domain.days import Span
from services.inventory.domain.quantities import TRANSIT
from services.inventory.handlers.days import days_of
from services.inventory.handlers.levels import Levels, lock_levels
from services.inventory.handlers.transfers import not_open, open_transfers, standing
from services.inventory.handlers.valuing import Costs, open_costs
from services.inventory.store import counts
from services.inventory.store import transfers as store
from services.inventory.store.stock import MoveRow
from services.inventory.store.transfers import TransferKey, TransferLine, TransferRow, TransferState
from services.inventory.translate import movements as translate
from services.inventory.translate import valuing
from services.inventory.translate.adjusting import BY_RULE, NOT_ARRIVED, Adjustment, stock_adjusted


async def close_transfers(commands: Sequence[CloseTransfer], unit: UnitOfWork) -> Sequence[Result]:
    """Give up what has not arrived: at once where it is little, else when another person agrees."""
    closing = await _Closing.open({(c.cause.company, c.transfer) for c in commands}, unit)
    tolerances = await counts.read_tolerances(unit.raw, {c.cause.company for c in commands})
    results: list[Result] = []
    for command in commands:
        key, cause = (command.cause.company, command.transfer), command.cause
        refused = not_open(key, closing.transfers) or _asked_already(closing.transfers[key])
        if refused is not None:
            results.append(refused)
            continue
        if _is_small(closing.lines[key], tolerances.get(cause.company, 0)):
            closing.write_off(key, cause, cause.person, BY_RULE)
        else:
            closing.stand(key, "closing", cause.person)
            unit.audit(cause, "transfer-closing", str(command.transfer))
        results.append(closing.answer(key))
    await closing.write()
    return results


async def decide_closings(commands: Sequence[DecideClosing], unit: UnitOfWork) -> Sequence[Result]:
    """Another person agrees that what is missing now is lost, or does not: then it is still on the way."""
    closing = await _Closing.open({(c.cause.company, c.transfer) for c in commands}, unit)
    results: list[Result] = []
    for command in commands:
        key, cause = (command.cause.company, command.transfer), command.cause
        refused = not_open(key, closing.transfers) or _cannot_decide(cause, closing.transfers[key])
        if refused is not None:
            results.append(refused)
            continue
        asked_by = closing.transfers[key].closing_by
        if command.approved and asked_by is not None:
            closing.write_off(key, cause, asked_by, cause.person)
        else:
            closing.stand(key, "sent", None)
            unit.audit(cause, "transfer-closing-rejected", str(command.transfer))
        results.append(closing.answer(key))
    await closing.write()
    return results


def _is_small(lines: Mapping[str, TransferLine], tolerance: int) -> bool:
    """Whether what is missing is no more than a count may differ by."""
    counted = [CountLine(x.line, x.sku, x.sent, x.sent - x.on_the_way) for x in lines.values()]
    return within_tolerance(counted, tolerance)


def _asked_already(row: TransferRow) -> Refused | None:
    if row.state == "closing":
        return Refused("transfer-closing", "It waits for another person to agree.", status=409)
    return None


def _cannot_decide(cause: Cause, row: TransferRow) -> Refused | None:
    if row.state != "closing":
        return Refused("closing-not-asked", "Nobody has given up what is on the way.", status=409)
    if row.closing_by == cause.person:
        return Refused("same-person", "Who gives goods up does not agree with it.", status=409)
    return None


class _Closing:
    """The transfers of one group, and what is lost of them."""

    def __init__(
        self,
        unit: UnitOfWork,
        transfers: dict[TransferKey, TransferRow],
        lines: dict[TransferKey, dict[str, TransferLine]],
        today: Mapping[str, date],
        levels: Levels,
        costs: Costs,
    ) -> None:
        self._unit = unit
        self.transfers, self.lines = transfers, lines
        self._today, self._levels, self._costs = today, levels, costs
        self._stands: dict[TransferKey, tuple[TransferState, str | None, str | None]] = {}
        self._told: list[tuple[Cause, Adjustment, list[tuple[str, int]], TransferKey, list[valuing.ValuedLine]]] = []

    @classmethod
    async def open(cls, keys: set[TransferKey], unit: UnitOfWork) -> _Closing:
        """Transfers, and what is on the way of them, under lock."""
        transfers, lines = await open_transfers(keys, unit)
        today = await days_of(unit, {company for company, _ in keys})
        missing = {
            (key[0], line.sku): Span(today[key[0]], today[key[0]])
            for key in transfers
            for line in lines[key].values()
            if line.on_the_way > 0
        }
        levels = await lock_levels(unit, {(company, TRANSIT, sku) for company, sku in missing})
        return cls(unit, transfers, lines, today, levels, await open_costs(unit, missing))

    def stand(self, key: TransferKey, state: TransferState, by: str | None, agreed: str | None = None) -> None:
        """Note how a transfer stands."""
        self.transfers[key] = self.transfers[key]._replace(state=state, closing_by=by)
        self._stands[key] = (state, by, agreed)

    def write_off(self, key: TransferKey, cause: Cause, by: str, agreed: str) -> None:
        """What is missing leaves the books on the day on which it is agreed that it is lost."""
        document, day, lines = translate.document_id("loss", cause), self._today[key[0]], self.lines[key]
        worth: list[valuing.ValuedLine] = []
        lost: list[tuple[str, int]] = []
        for sku, line in lines.items():
            missing = line.on_the_way
            if missing:
                value = self._costs.move((key[0], TRANSIT, sku), document, day, -missing, lost=True)
                move = MoveRow(key[0], TRANSIT, sku, -missing, "transit-loss", document, line.line, day, value)
                self._levels.move(move)
                lines[sku] = line._replace(lost=line.lost + missing)
                lost.append((sku, -missing))
                if value is not None:
                    worth.append(valuing.ValuedLine(sku, -missing, value))
        self.stand(key, "closed", by, agreed)
        reference = self.transfers[key].reference
        adjusted = Adjustment(document, "transit-loss", reference, TRANSIT, day, NOT_ARRIVED, by, agreed)
        self._told.append((cause, adjusted, lost, key, worth))
        self._unit.audit(cause, "transfer-closed", str(key[1]))

    def answer(self, key: TransferKey) -> Answer:
        """What who asked gets to know."""
        return Answer(200, standing(key[1], self.transfers[key], self.lines[key]))

    async def write(self) -> None:
        """Write each table once, and tell."""
        unit = self._unit
        await self._levels.write(unit)
        if self._told:
            lost = {key: list(self.lines[key].values()) for *_, key, _ in self._told}
            await store.save_lines(unit.raw, lost)
            await self._costs.write()
        if self._stands:
            await store.decide(unit.raw, self._stands)
        for cause, what, lines, _, worth in self._told:
            if lines:
                unit.emit(*stock_adjusted(what, lines), cause)
            self._costs.tell(what.document, "transit-loss", what.reference, what.on, worth, cause)
