"""What happens for each command: lock, decide, write, emit.

Each handler takes a batch and runs a constant number of statements.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chassis import companies
from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Outcome, Outcomes, Refused, Waiting
from chassis.ids import UUID
from services.inventory.commands import (
    AllowStock,
    AwaitCredit,
    ChangeReservation,
    LearnCompany,
    ReleaseStock,
    ReserveStock,
)
from services.inventory.domain.book import (
    NotChanged,
    NothingHeld,
    NotPlacedYet,
    NotReleased,
    NotReserved,
    OrderedLine,
    OrderKey,
    Released,
    Remembered,
    Repeated,
    Reserved,
    Stage,
    Standing,
    StockBook,
)
from services.inventory.domain.credit import Permit
from services.inventory.store import credit, shipping, valuing
from services.inventory.store import stock as store
from services.inventory.store.stock import ReservationRow
from services.inventory.translate import stock as translate


async def learn_companies(commands: Sequence[LearnCompany], unit: UnitOfWork) -> Outcomes:
    """Know these companies from now on."""
    await companies.learn(unit.raw, [command.company for command in commands])
    await valuing.learn_terms(unit.raw, [(c.company, c.currency, c.time_zone) for c in commands])
    return None


async def await_credit(commands: Sequence[AwaitCredit], unit: UnitOfWork) -> Outcomes:
    """Let orders of these companies wait for the ledger's answer from now on."""
    await credit.add_companies(unit.raw, {command.company for command in commands}, unit.now)
    return None


SettleOrder = ReserveStock | ChangeReservation | ReleaseStock | AllowStock


async def settle_orders(commands: Sequence[SettleOrder], unit: UnitOfWork) -> Outcomes:
    """Reserve, change and release, in the order given.

    All are one handler because they lock the same rows: what a batch needs is locked at once and in one order, so that
    two batches, or a batch and a receipt, never wait for each other crosswise.
    """
    book, desk = await _open_book(commands, unit)
    page = _Page(unit, desk)
    outcomes = [page.settle(command, book) for command in commands]
    await page.write(book)
    return outcomes


@dataclass(slots=True)
class _CreditDesk:
    """Orders whose companies ask for credit: how far they are, and what waits as it came. For others it is empty."""

    permits: dict[OrderKey, Permit]
    waiting: dict[OrderKey, bytes]


async def _open_book(commands: Sequence[SettleOrder], unit: UnitOfWork) -> tuple[StockBook, _CreditDesk]:
    """Everything that these commands touch, under lock: first the orders, then their permits, then the stock."""
    standing, askers = await store.lock_orders_and_askers(unit.raw, {(c.cause.company, c.order) for c in commands})
    desk = await _open_desk(commands, askers, unit)
    asked = [c for c in commands if isinstance(c, ReserveStock | ChangeReservation)]
    freeing = {(c.cause.company, c.order) for c in commands if not isinstance(c, ReserveStock)}
    held: dict[OrderKey, list[OrderedLine]] = {}
    stages: dict[OrderKey, Stage] = {}
    if freeing:
        stages = await shipping.read_stages(unit.raw, freeing & standing.keys())
        held = await store.held_lines(
            unit.raw, {(*key, standing[key].revision) for key in freeing if key in standing and standing[key].holds}
        )
    items = {(c.cause.company, line.sku) for c in asked for line in c.lines}
    items |= {(order[0], line.sku) for order, lines in held.items() for line in lines}
    items |= {(key[0], line.sku) for key, paper in desk.waiting.items() for line in translate.to_ordered_lines(paper)}
    free = await store.lock_free_stock(unit.raw, items)
    for order, lines in held.items():
        standing[order] = replace(standing[order], lines=lines)
    for order, stage in stages.items():
        standing[order] = replace(standing[order], stage=stage)
    return StockBook(free, standing), desk


async def _open_desk(commands: Sequence[SettleOrder], askers: Collection[str], unit: UnitOfWork) -> _CreditDesk:
    """An answer may come before we know that its company asks: it is kept all the same."""
    orders = {(c.cause.company, c.order) for c in commands if c.cause.company in askers or isinstance(c, AllowStock)}
    if not orders:
        return _CreditDesk({}, {})
    permits = await credit.lock_permits(unit.raw, orders)
    waiting = {(key, permit.asked) for key, permit in permits.items() if permit.asked}
    return _CreditDesk(permits, await credit.read_waiting(unit.raw, waiting) if waiting else {})


class _Page:
    """What one batch decided: the rows to write, and the events and records that tell of it."""

    def __init__(self, unit: UnitOfWork, desk: _CreditDesk) -> None:
        self._unit = unit
        self._desk = desk
        self._rows: dict[OrderKey, ReservationRow] = {}
        self._reserved: list[tuple[OrderKey, int, Sequence[OrderedLine]]] = []
        self._papers: list[tuple[str, UUID, int, bytes]] = []
        self._withdrawn: set[OrderKey] = set()

    def settle(self, command: SettleOrder, book: StockBook) -> Outcome:
        """Decide one command."""
        if isinstance(command, ReserveStock):
            return self.reserve(command, book)
        if isinstance(command, AllowStock):
            return self.allow(command, book)
        return self.change(command, book) if isinstance(command, ChangeReservation) else self.release(command, book)

    def reserve(self, command: ReserveStock, book: StockBook) -> Outcome:
        """Decide one order, or let it wait for its permit."""
        key = command.cause.company, command.order
        permit = self._desk.permits.get(key)
        if permit is not None and book.standing(key) is None:
            if permit.asked:
                return self._repeated(command, Repeated("waiting"))
            if not permit.lets_pass(1):
                return self._wait(command.cause, command.order, 1, command.paper)
        decision = book.reserve(key, command.lines)
        if isinstance(decision, Repeated):
            return self._repeated(command, decision)
        return self._decided(command.cause, command.order, decision, 1, command.paper)

    def change(self, command: ChangeReservation, book: StockBook) -> Outcome:
        """Change an order, or let the change wait for its permit: until then the order stands as it was."""
        cause, order, revision = command.cause, command.order, command.revision
        key = cause.company, order
        permit = self._desk.permits.get(key)
        if permit is None:
            return self._change(command, book, command.paper)
        if permit.asked and revision <= permit.asked:
            return self._repeated(command, Repeated("waiting"))
        first = book.standing(key) is None and permit.asked > 0
        if not first and book.why_not_changed(key, revision) is not None:
            return self._change(command, book, command.paper)
        if not permit.lets_pass(revision):
            return self._wait(cause, order, revision, command.paper)
        permit.withdraw()
        if first:
            return self._decided(cause, order, book.reserve_anew(key, command.lines, revision), revision, command.paper)
        return self._change(command, book, command.paper)

    def allow(self, command: AllowStock, book: StockBook) -> Outcome:
        """The ledger lets an order pass: give it stock if it waits for that, else remember."""
        cause, order = command.cause, command.order
        key = cause.company, order
        revision = self._desk.permits[key].approve(command.revision)
        if not revision:
            return None
        lines = translate.to_ordered_lines(self._desk.waiting[key])
        if book.standing(key) is None:
            return self._decided(cause, order, book.reserve_anew(key, lines, revision), revision, None)
        return self._change(ChangeReservation(cause, order, revision, lines), book, None)

    def _wait(self, cause: Cause, order: UUID, revision: int, paper: bytes) -> Outcome:
        """Keep what came as it came, until it may be decided."""
        key = cause.company, order
        self._desk.waiting[key] = paper
        self._papers.append((*key, revision, paper))
        self._unit.audit(cause, "credit-awaited", str(order), {"revision": revision})
        return None

    def _change(self, command: ChangeReservation, book: StockBook, paper: bytes | None) -> Outcome:
        """Put a revision in the place of the one before, and tell both in the order in which they are true."""
        unit, cause, order = self._unit, command.cause, command.order
        decision = book.change((cause.company, order), command.revision, command.lines)
        if isinstance(decision, NotPlacedYet):
            return Waiting(f"order {order} has not come here yet")
        if isinstance(decision, Repeated):
            return self._repeated(command, decision)
        if isinstance(decision, NotChanged):
            fact = translate.order_change_refused(order, command.revision, decision)
            unit.emit(*fact, cause)
            unit.audit(cause, "order-change-refused", str(order), {"code": decision.code, "revision": command.revision})
            return Refused(decision.code, str(fact[2]["detail"]))
        if decision.released is not None:
            self._released(cause, order, decision.released)
        return self._decided(cause, order, decision.decision, command.revision, paper)

    def _decided(
        self, cause: Cause, order: UUID, decision: Reserved | NotReserved, revision: int, paper: bytes | None
    ) -> Outcome:
        unit, key = self._unit, (cause.company, order)
        reservation = translate.reservation_id(*key, revision)
        more = {} if revision == 1 else {"revision": revision}
        if paper is not None and (revision == 1 or isinstance(decision, Reserved)):
            self._papers.append((*key, revision, paper))
        if isinstance(decision, Reserved):
            self._rows[key] = ReservationRow(*key, "reserved", reservation, decided_at=unit.now, revision=revision)
            self._reserved.append((key, revision, decision.lines))
            unit.emit(*translate.stock_reserved(order, reservation, decision, revision), cause)
            unit.audit(cause, "stock-reserved", str(order), more or None)
            return None
        detail = translate.sentence(decision)
        self._rows[key] = ReservationRow(
            *key, "refused", reservation, decision.code, detail, decided_at=unit.now, revision=revision
        )
        unit.emit(*translate.reservation_refused(order, decision, revision), cause)
        unit.audit(cause, "reservation-refused", str(order), {"code": decision.code, **more})
        return Refused(decision.code, detail)

    def release(self, command: ReleaseStock, book: StockBook) -> Outcome:
        """Free what one order holds."""
        unit, cause, order = self._unit, command.cause, command.order
        key = (cause.company, order)
        permit = self._desk.permits.get(key) if command.reason == "order-cancelled" else None
        if permit is not None and permit.asked and book.standing(key) is None:
            revision = permit.withdraw()
            self._decided(cause, order, book.give_up(key, revision), revision, None)
            return None
        decision = book.release(key, command.reason, command.revision)
        if permit is not None and not isinstance(decision, NotReleased):
            self._give_up_change(cause, order, permit.withdraw(), decision)
        if isinstance(decision, Released):
            self._released(cause, order, decision)
        elif isinstance(decision, NotReleased) and decision.reason == "invoice-refused":
            unit.audit(cause, "shipped-without-invoice", str(order), {"revision": command.revision})
            return Refused(decision.code, "Goods of the order have left, and it cannot be invoiced.")
        elif isinstance(decision, NotReleased):
            fact = translate.cancellation_refused(order, decision)
            unit.emit(*fact, cause)
            unit.audit(cause, "cancellation-refused", str(order), {"code": decision.code})
            return Refused(decision.code, str(fact[2]["detail"]))
        elif isinstance(decision, NothingHeld) and decision.cancelled is not None:
            self._rows[key] = _cancelled_row(key, decision.cancelled, unit.now)
            unit.audit(cause, "cancellation-noted", str(order), {"state": decision.cancelled.state})
        elif isinstance(decision, Remembered):
            self._rows[key] = ReservationRow(*key, "cancelled", translate.reservation_id(*key))
            unit.audit(cause, "cancellation-remembered", str(order))
        elif isinstance(decision, NotPlacedYet):
            return Waiting(f"order {order} has not come here yet")
        return None

    def _give_up_change(self, cause: Cause, order: UUID, revision: int, decision: object) -> None:
        """A change that waited is over with its order; where nothing is released, nothing else would tell."""
        if revision and isinstance(decision, NothingHeld):
            refused = NotReserved("order-cancelled")
            self._unit.emit(*translate.reservation_refused(order, refused, revision), cause)

    def _released(self, cause: Cause, order: UUID, decision: Released) -> None:
        unit, key = self._unit, (cause.company, order)
        reservation = translate.reservation_id(*key, decision.revision)
        self._rows[key] = ReservationRow(
            *key, "released", reservation, reason=decision.reason, decided_at=unit.now, released_at=unit.now,
            revision=decision.revision,
        )  # fmt: skip
        if decision.picked:
            self._withdrawn.add(key)
        unit.emit(*translate.reservation_released(order, reservation, decision), cause)
        more = {} if decision.replaced_by is None else {"replaced_by": decision.replaced_by}
        unit.audit(cause, "reservation-released", str(order), {"reason": decision.reason, **more})

    def _repeated(self, command: ReserveStock | ChangeReservation, decision: Repeated) -> Refused:
        """A second order under the same id: no event, because the first one's answer stands."""
        self._unit.audit(command.cause, "order-repeated", str(command.order), {"state": decision.state})
        return Refused("order-already-decided", f"The order is {decision.state} already.")

    async def write(self, book: StockBook) -> None:
        """Write each table once."""
        raw = self._unit.raw
        changes = book.changes
        if changes:
            await store.change_reserved(raw, changes)
        if self._rows:
            await store.save_reservations(raw, self._rows.values())
        if self._reserved:
            await store.add_reserved_lines(raw, self._reserved)
        if self._papers:
            await shipping.add_papers(raw, self._papers)
        if self._desk.permits:
            await credit.save_permits(raw, self._desk.permits)
        if self._withdrawn:
            await shipping.withdraw_orders(raw, self._withdrawn, self._unit.now)


def _cancelled_row(key: tuple[str, UUID], standing: Standing, now: datetime) -> ReservationRow:
    """An order that holds nothing and was cancelled: refused or released for that reason from now on."""
    reservation = translate.reservation_id(*key, standing.revision)
    row = ReservationRow(*key, standing.state, reservation, decided_at=now, revision=standing.revision)
    if standing.state == "refused":
        return row._replace(code="order-cancelled", detail=translate.CANCELLED)
    return row._replace(reason="order-cancelled")
