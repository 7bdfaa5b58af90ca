"""Orders that are invoiced when their goods leave: each shipment is a part of its own, and the parts add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time

import orjson

from chassis.database import UnitOfWork
from chassis.errors import Outcome, Waiting
from chassis.ids import UUID
from contracts.money import from_micro
from services.ledger import translate
from services.ledger.commands import RecordShipment
from services.ledger.domain.books import Books
from services.ledger.domain.invoicing import Reserved
from services.ledger.handlers.billing import Due, bill
from services.ledger.handlers.bookkeeping import open_books
from services.ledger.store import orders
from services.ledger.store.orders import Arrival, OrderRevision, ShipmentRow

NOON = time(12)


@dataclass(slots=True)
class Gone:
    """What has left of a revision so far: millionths by line, and in which shipments."""

    lines: Counter[int] = field(default_factory=Counter)
    shipments: set[UUID] = field(default_factory=set)


async def record_shipments(commands: Sequence[RecordShipment], unit: UnitOfWork) -> Sequence[Outcome]:
    """Bill what has left, where that is agreed; of all other orders a shipment says nothing. What an order agreed must
    be here.
    """
    books = await open_books(unit)
    terms = await orders.read_terms(unit.raw, dict.fromkeys(map(_revision_of, commands)))
    leaving = [c for c in commands if _revision_of(c) in terms and translate.on_dispatch(terms[_revision_of(c)])]
    if leaving:
        await _bill(leaving, terms, books, unit)
    return [None if _revision_of(c) in terms else Waiting(f"order {c.order} has not come here yet") for c in commands]


async def _bill(
    commands: Sequence[RecordShipment],
    terms: Mapping[OrderRevision, bytes],
    books: Mapping[str, Books],
    unit: UnitOfWork,
) -> None:
    wanted = list(dict.fromkeys(map(_revision_of, commands)))
    gone = {key: Gone() for key in wanted}
    for company, order, revision, shipment, lines in await orders.read_shipped(unit.raw, wanted):
        _add(gone[company, order, revision], shipment, {int(n): q for n, q in orjson.loads(lines).items()})
    due: list[Due] = []
    rows: list[ShipmentRow] = []
    for command in commands:
        key = _revision_of(command)
        before = gone[key]
        if command.shipment in before.shipments:
            continue
        part = len(before.shipments) + 1
        left = {n: Reserved(item, from_micro(q), before.lines[n]) for n, (item, q) in command.lines.items()}
        at = datetime.combine(command.dispatched_on, NOON, books[command.company].zone)
        due.append(Due(*key, terms[key], left, at, command.cause, part, command.complete, left=True))
        lines_now = {n: q for n, (_, q) in command.lines.items()}
        kept = orjson.dumps({str(n): q for n, q in lines_now.items()})
        rows.append((*key, command.shipment, part, kept))
        _add(before, command.shipment, lines_now)
    if due:
        await _note(due, rows, unit)
        await bill(due, books, unit)


async def _note(due: Sequence[Due], rows: Sequence[ShipmentRow], unit: UnitOfWork) -> None:
    """Keep what left and how many parts there are, so that money that names the order finds their invoices, also when
    the reservation comes here after its goods."""
    await orders.insert_shipments(unit.raw, rows)
    last = {(one.company, one.order, one.revision): one for one in due}
    await orders.meet(unit.raw, [Arrival(*key, reserved_at=one.reserved_at) for key, one in last.items()])
    await orders.note_parts(unit.raw, [(*key, one.part) for key, one in last.items()])


def _revision_of(command: RecordShipment) -> OrderRevision:
    return command.company, command.order, command.revision


def _add(gone: Gone, shipment: UUID, lines: dict[int, int]) -> None:
    gone.shipments.add(shipment)
    gone.lines.update(lines)
