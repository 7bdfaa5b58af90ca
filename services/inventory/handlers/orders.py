"""What happens for each command: lock, decide, write, emit.

Each handler takes a batch and runs a constant number of statements.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    NO_WISH,
    Ended,
    GivenUp,
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
    Standing,
    StockBook,
    Wish,
)
from services.inventory.domain.shipping import LineProgress
from services.inventory.handlers.opening import Desk, SettleOrder, open_book
from services.inventory.handlers.waiting import EXPIRY, SHARING, SHARING_EVERY, serve_waiting
from services.inventory.store import credit, shipping, valuing
from services.inventory.store import stock as store
from services.inventory.store import waiting as waits
from services.inventory.store.stock import ReservationRow
from services.inventory.translate import stock as translate
from services.inventory.translate import waiting


async def learn_companies(commands: Sequence[LearnCompany], unit: UnitOfWork) -> Outcomes:
    """Know these companies from now on."""
    await companies.learn(unit.raw, [command.company for command in commands])
    await valuing.learn_terms(unit.raw, [(c.company, c.currency, c.time_zone) for c in commands])
    return None


async def await_credit(commands: Sequence[AwaitCredit], unit: UnitOfWork) -> Outcomes:
    """Let orders of these companies wait for the ledger's answer from now on."""
    await credit.add_companies(unit.raw, {command.company for command in commands}, unit.now)
    return None


async def settle_orders(commands: Sequence[SettleOrder], unit: UnitOfWork) -> Outcomes:
    """Reserve, change and release, in the order given.

    All are one handler because they lock the same rows: what a batch needs is locked at once and in one order, so that
    two batches, or a batch and a receipt, never wait for each other crosswise.
    """
    book, desk = await open_book(commands, unit)
    page = _Page(unit, desk)
    outcomes = [page.settle(command, book) for command in commands]
    await page.write(book)
    freed = book.freed()
    if freed:
        causes = {c.cause.company: c.cause for c in commands if not isinstance(c, ReserveStock)}
        await serve_waiting(unit, freed, causes)
    return outcomes


class _Page:
    """What one batch decided: the rows to write, and the events and records that tell of it."""

    def __init__(self, unit: UnitOfWork, desk: Desk) -> None:
        self._unit = unit
        self._desk = desk
        self._rows: dict[OrderKey, ReservationRow] = {}
        self._reserved: list[tuple[OrderKey, int, Sequence[OrderedLine]]] = []
        self._papers: list[tuple[str, UUID, int, bytes]] = []
        self._withdrawn: set[OrderKey] = set()
        self._progress: dict[tuple[OrderKey, int], LineProgress] = {}
        self._wishes: dict[OrderKey, Wish] = {}
        self._given_up: set[OrderKey] = set()

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
                self._wish(key, command.wish)
                return self._wait(command.cause, command.order, 1, command.paper)
        decision = book.reserve(key, command.lines, command.wish)
        if isinstance(decision, Repeated):
            return self._repeated(command, decision)
        self._wish(key, command.wish)
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
            made = book.reserve_anew(key, command.lines, revision, self._desk.wish(key))
            return self._decided(cause, order, made, revision, command.paper)
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
            made = book.reserve_anew(key, lines, revision, self._desk.wish(key))
            return self._decided(cause, order, made, revision, None)
        return self._change(ChangeReservation(cause, order, revision, lines), book, None)

    def _wish(self, key: OrderKey, wish: Wish) -> None:
        """Keep what an order wishes, also for its later revisions."""
        if wish is not NO_WISH:
            self._wishes[key] = self._desk.wishes[key] = wish

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
        decision = book.change(
            (cause.company, order), command.revision, command.lines, self._desk.wish((cause.company, order))
        )
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
        if decision.waited:
            self._given_up.add((cause.company, order))
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
            lines = self._in_part(cause, order, decision, revision) if decision.shortages else decision.lines
            self._reserved.append((key, revision, lines))
            if decision.lines:
                unit.emit(*translate.stock_reserved(order, reservation, decision, revision), cause)
                unit.audit(cause, "stock-reserved", str(order), more or None)
            if decision.waiting:
                unit.emit(*waiting.back_ordered(order, reservation, decision, revision), cause)
                unit.audit(cause, "order-back-ordered", str(order), more or None)
            until = self._desk.wish(key).reserve_until
            if until is not None:
                unit.enqueue(EXPIRY, key[0], {}, key=str(order), run_at=until)
            return None
        detail = translate.sentence(decision)
        self._rows[key] = ReservationRow(
            *key, "refused", reservation, decision.code, detail, decided_at=unit.now, revision=revision
        )
        unit.emit(*translate.reservation_refused(order, decision, revision), cause)
        unit.audit(cause, "reservation-refused", str(order), {"code": decision.code, **more})
        return Refused(decision.code, detail)

    def _in_part(self, cause: Cause, order: UUID, decision: Reserved, revision: int) -> list[OrderedLine]:
        """Note what waits and what is dropped of an order, beside what it asked for; says what that was."""
        key = (cause.company, order)
        asked = waiting.asked_for(decision, revision)
        self._progress |= {(key, x.line): x for x in asked}
        if not decision.lines:
            self._rows[key] = self._rows[key]._replace(parts=0)
        if decision.waiting:
            self._unit.enqueue(SHARING, cause.company, {}, key=SHARING, run_at=self._unit.now + SHARING_EVERY)
        return [OrderedLine(x.line, x.sku, x.quantity) for x in asked]

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
        elif isinstance(decision, Ended):
            self._ended(cause, order, decision)
        elif isinstance(decision, GivenUp):
            reservation = translate.reservation_id(*key, decision.revision)
            code, detail = "order-cancelled", translate.CANCELLED
            self._rows[key] = ReservationRow(
                *key, "refused", reservation, "order-cancelled", detail, decided_at=unit.now,
                revision=decision.revision, parts=0,
            )  # fmt: skip
            self._given_up.add(key)
            unit.emit(*waiting.never_served(order, code, detail, decision.revision), cause)
            unit.audit(cause, "reservation-refused", str(order), {"code": code})
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
        elif revision and isinstance(decision, Ended | GivenUp):
            shipped = isinstance(decision, Ended)
            late = NotChanged("already-shipped", "shipped") if shipped else NotChanged("order-cancelled", "cancelled")
            self._unit.emit(*translate.order_change_refused(order, revision, late), cause)

    def _released(self, cause: Cause, order: UUID, decision: Released) -> None:
        unit, key = self._unit, (cause.company, order)
        reservation = translate.reservation_id(*key, decision.revision)
        self._rows[key] = ReservationRow(
            *key, "released", reservation, reason=decision.reason, decided_at=unit.now, released_at=unit.now,
            revision=decision.revision, parts=decision.parts,
        )  # fmt: skip
        if decision.picked:
            self._withdrawn.add(key)
        if decision.waiting:
            self._given_up.add(key)
        unit.emit(*translate.reservation_released(order, reservation, decision), cause)
        more = {} if decision.replaced_by is None else {"replaced_by": decision.replaced_by}
        unit.audit(cause, "reservation-released", str(order), {"reason": decision.reason, **more})

    def _ended(self, cause: Cause, order: UUID, decision: Ended) -> None:
        """What is left of a partly shipped order goes back; what has left stays delivered, and invoiced."""
        unit, key = self._unit, (cause.company, order)
        reservation, revision = translate.reservation_id(*key, decision.revision), decision.revision
        self._rows[key] = ReservationRow(
            *key, "shipped", reservation, decided_at=unit.now, revision=revision, parts=decision.parts
        )
        for x in self._desk.lines[key]:
            ended = x._replace(dropped=x.dropped + x.held + x.waiting, waiting=0, picked=0)
            self._progress[key, x.line] = ended
        self._withdrawn.add(key)
        fact = waiting.reduced(
            order, reservation, "order-cancelled", decision.lines, decision.waiting, over=True, parts=decision.parts,
            revision=revision,
        )  # fmt: skip
        unit.emit(*fact, cause)
        unit.audit(cause, "order-ended", str(order))

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
        if self._progress:
            await shipping.save_lines(raw, self._progress)
        if self._given_up:
            await waits.wait_no_more(raw, self._given_up)
        if self._wishes:
            await waits.add_wishes(raw, self._wishes)


def _cancelled_row(key: tuple[str, UUID], standing: Standing, now: datetime) -> ReservationRow:
    """An order that holds nothing and was cancelled: refused or released for that reason from now on."""
    reservation = translate.reservation_id(*key, standing.revision)
    row = ReservationRow(*key, standing.state, reservation, decided_at=now, revision=standing.revision)
    if standing.state == "refused":
        return row._replace(code="order-cancelled", detail=translate.CANCELLED)
    return row._replace(reason="order-cancelled")
