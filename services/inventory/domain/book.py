"""The rule of reserving: all of an order or what it allows, never more than there is, each order decided once.

The book holds stock and orders as they stand under lock and decides what is asked in the order it is asked. It knows no
database; what has to be written afterwards it tells in `changes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

State = Literal["reserved", "shipped", "refused", "released", "cancelled"]
"""`cancelled` stands for an order whose cancellation came before the order itself."""
RefusalCode = Literal["insufficient-stock", "item-unknown", "order-cancelled"]
ReleaseReason = Literal["order-cancelled", "invoice-refused", "expired"]
IfShort = Literal["all_or_nothing", "partial", "back_order"]
Stage = Literal["picked", "shipped"]
"""How far the goods of an order are: in a shipment that has not left, or gone, all of them or a part."""
ChangeRefusalCode = Literal["order-cancelled", "already-picked", "already-shipped"]

StockKey = tuple[str, str]
"""Company and sku. In the book of orders it stands for the level in the warehouse that orders are served from."""
OrderKey = tuple[str, UUID]
"""Company and order."""


class OrderedLine(NamedTuple):
    """What one line of an order asks for, or holds; the quantity in micro-units."""

    line: int
    sku: str
    quantity: int


class Shortage(NamedTuple):
    """An item of which there is not enough: asked for over all lines, and free when it was decided (micro-units)."""

    sku: str
    requested: int
    available: int


class Wish(NamedTuple):
    """What an order wishes beside its lines."""

    if_short: IfShort = "all_or_nothing"
    priority: int = 0
    reserve_until: datetime | None = None


NO_WISH = Wish()


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order stands; the lines only of one that holds stock."""

    state: State
    lines: Sequence[OrderedLine] = ()
    revision: int = 1
    """Which revision of the order was decided last."""
    over: bool = False
    """The order was cancelled: whatever comes, it gets nothing any more."""
    stage: Stage | None = None
    waiting: Sequence[OrderedLine] = ()
    """What it has not got and waits for."""
    parts: int = 1
    """How many times stock was set aside for the revision: 0 while it waits and has nothing."""

    @property
    def holds(self) -> bool:
        """Whether stock is set aside for it."""
        return self.state == "reserved"


class Reserved(NamedTuple):
    """These lines hold stock from now on: all that the order asks for, or what its wish allows."""

    lines: Sequence[OrderedLine]
    waiting: Sequence[OrderedLine] = ()
    dropped: Sequence[OrderedLine] = ()
    shortages: Sequence[Shortage] = ()


@dataclass(frozen=True, slots=True)
class NotReserved:
    """The order gets no stock, and never will."""

    code: RefusalCode
    shortages: Sequence[Shortage] = ()


@dataclass(frozen=True, slots=True)
class Released:
    """The stock of a revision of the order is free again; of another one that takes its place, if it was changed."""

    lines: Sequence[OrderedLine]
    reason: ReleaseReason
    revision: int = 1
    replaced_by: int | None = None
    picked: bool = False
    """Goods that were picked for it go back to the shelves."""
    waiting: bool = False
    """Something of it waited, and waits no more."""
    parts: int = 1


@dataclass(frozen=True, slots=True)
class GivenUp:
    """An order that waited for goods and has got none waits no more."""

    revision: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What is left of a partly shipped order is free again, and not waited for any more."""

    lines: Sequence[OrderedLine]
    waiting: Sequence[OrderedLine]
    revision: int
    parts: int


@dataclass(frozen=True, slots=True)
class Remembered:
    """The cancellation came first; the order will be refused when it comes."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What was held for the revision before, if anything, and what becomes of the new one."""

    released: Released | None
    decision: Reserved | NotReserved
    waited: bool = False
    """The revision before waited for goods, which nobody waits for any more."""


@dataclass(frozen=True, slots=True)
class NotChanged:
    """The change comes too late: the order stays as it is."""

    code: ChangeRefusalCode
    stage: str


@dataclass(frozen=True, slots=True)
class NotReleased:
    """The cancellation or the ledger's refusal to invoice comes too late: goods have left."""

    code: Literal["already-shipped"] = "already-shipped"
    stage: Stage = "shipped"
    reason: ReleaseReason = "order-cancelled"


@dataclass(frozen=True, slots=True)
class Repeated:
    """The order was decided before, or waits already; it is not decided again."""

    state: State | Literal["waiting"]


@dataclass(frozen=True, slots=True)
class NothingHeld:
    """There is nothing to release: the order was refused, its stock is free already, or another revision holds it."""

    cancelled: Standing | None = None
    """How the order stands when it was cancelled just now: no later change may give it stock."""


@dataclass(frozen=True, slots=True)
class NotPlacedYet:
    """What was asked is about an order, or a revision of it, that has not come here yet."""


ReserveDecision = Reserved | NotReserved | Repeated
ReleaseDecision = Released | GivenUp | Ended | NotReleased | Remembered | NothingHeld | NotPlacedYet
ChangeDecision = Changed | NotChanged | Repeated | NotPlacedYet

_NOTHING_HELD = NothingHeld()


class StockBook:
    """Free stock and standing orders of one batch."""

    def __init__(self, free: Mapping[StockKey, int], orders: Mapping[OrderKey, Standing]) -> None:
        """`free` has every item that exists, also one with nothing on hand; what is missing there is unknown."""
        self._free = dict(free)
        self._orders = dict(orders)
        self._changes: dict[StockKey, int] = {}
        self._given_back: dict[StockKey, None] = {}

    @property
    def changes(self) -> dict[StockKey, int]:
        """By how much the reserved quantity of each item has changed, in micro-units, without zeros."""
        return {key: change for key, change in self._changes.items() if change}

    def standing(self, order: OrderKey) -> Standing | None:
        """How an order stands, if anything was decided about it."""
        return self._orders.get(order)

    def freed(self) -> dict[StockKey, int]:
        """What is free of the items of which something was given back; more than nothing.

        Also where the batch has set aside more than it gave back: who waits may have come between the two.
        """
        return {key: self._free[key] for key in self._given_back if self._free[key] > 0}

    def reserve(self, order: OrderKey, lines: Sequence[OrderedLine], wish: Wish = NO_WISH) -> ReserveDecision:
        """Set aside all lines or none, or what the wish allows. The same sku on several lines is decided on its sum."""
        standing = self._orders.get(order)
        if standing is not None and standing.state != "cancelled":
            return Repeated(standing.state)
        if standing is not None:
            self._orders[order] = Standing("refused", over=True)
            return NotReserved("order-cancelled")
        return self._set_aside(order, lines, 1, wish)

    def reserve_anew(
        self, order: OrderKey, lines: Sequence[OrderedLine], revision: int, wish: Wish
    ) -> Reserved | NotReserved:
        """Decide an order that has waited so far, in the revision that it has by now."""
        return self._set_aside(order, lines, revision, wish)

    def give_up(self, order: OrderKey, revision: int) -> NotReserved:
        """An order is cancelled that has waited so far: it gets nothing, and never will."""
        self._orders[order] = Standing("refused", (), revision, over=True)
        return NotReserved("order-cancelled")

    def change(
        self, order: OrderKey, revision: int, lines: Sequence[OrderedLine], wish: Wish = NO_WISH
    ) -> ChangeDecision:
        """Let a revision take the place of the one before: what that held is free again, then all of it or nothing.

        An order that was refused, or whose invoice was, is decided anew: the change may be what sets it right.
        """
        wrong = self.why_not_changed(order, revision)
        if wrong is not None:
            return wrong
        standing = self._orders[order]
        released, waited = None, bool(standing.waiting)
        if standing.state == "reserved" and standing.lines:
            self._free_again(order[0], standing.lines)
            parts = standing.parts
            released = Released(
                standing.lines, "order-cancelled", standing.revision, revision, waiting=waited, parts=parts
            )
        return Changed(released, self._set_aside(order, lines, revision, wish), waited)

    def why_not_changed(self, order: OrderKey, revision: int) -> NotPlacedYet | Repeated | NotChanged | None:
        """What speaks against a change of the order, if anything does."""
        standing = self._orders.get(order)
        if standing is None or standing.state == "cancelled":
            return NotPlacedYet()
        if revision <= standing.revision:
            return Repeated(standing.state)
        if standing.over:
            return NotChanged("order-cancelled", "cancelled")
        if standing.stage is not None:
            return NotChanged("already-picked" if standing.stage == "picked" else "already-shipped", standing.stage)
        return None

    def _set_aside(
        self, order: OrderKey, lines: Sequence[OrderedLine], revision: int, wish: Wish
    ) -> Reserved | NotReserved:
        company = order[0]
        wanted: dict[StockKey, int] = {}
        for _, sku, quantity in lines:
            key = (company, sku)
            wanted[key] = wanted.get(key, 0) + quantity
        free = self._free
        for key, quantity in wanted.items():
            if free.get(key, -1) < quantity:
                refused = self._refusal(wanted)
                if wish.if_short != "all_or_nothing" and refused.code == "insufficient-stock":
                    return self._set_aside_in_part(order, lines, revision, wish, refused)
                self._orders[order] = Standing("refused", revision=revision)
                return refused
        changes = self._changes
        for key, quantity in wanted.items():
            free[key] -= quantity
            changes[key] = changes.get(key, 0) + quantity
        self._orders[order] = Standing("reserved", lines, revision)
        return Reserved(lines)

    def _set_aside_in_part(
        self, order: OrderKey, lines: Sequence[OrderedLine], revision: int, wish: Wish, short: NotReserved
    ) -> Reserved | NotReserved:
        """Set aside what is there, line by line in their order; the rest waits, or is dropped."""
        held: list[OrderedLine] = []
        lacking: list[OrderedLine] = []
        for line, sku, quantity in lines:
            key = (order[0], sku)
            there = max(0, min(self._free[key], quantity))
            if there:
                held.append(OrderedLine(line, sku, there))
                self._free[key] -= there
                self._changes[key] = self._changes.get(key, 0) + there
            if there < quantity:
                lacking.append(OrderedLine(line, sku, quantity - there))
        waits = wish.if_short == "back_order"
        if not held and not waits:
            self._orders[order] = Standing("refused", revision=revision)
            return short
        waiting, dropped = (lacking, ()) if waits else ((), lacking)
        self._orders[order] = Standing("reserved", held, revision, waiting=waiting, parts=1 if held else 0)
        return Reserved(held, waiting, dropped, short.shortages)

    def release(self, order: OrderKey, reason: ReleaseReason, revision: int = 1) -> ReleaseDecision:
        """Free what the order holds; remember a cancellation that comes before its order.

        A refused invoice is about one revision; a cancellation is about the order, whatever its revision.
        """
        standing = self._orders.get(order)
        if standing is None:
            if reason == "invoice-refused":
                return NotPlacedYet()
            self._orders[order] = Standing("cancelled")
            return Remembered()
        if reason == "invoice-refused" and revision != standing.revision:
            return NotPlacedYet() if revision > standing.revision else _NOTHING_HELD
        cancelled = reason == "order-cancelled"
        if standing.stage == "shipped":
            if standing.state != "reserved" or not cancelled:
                return NotReleased(reason=reason)
            self._free_again(order[0], standing.lines)
            self._orders[order] = Standing("shipped", (), standing.revision, stage="shipped")
            return Ended(standing.lines, standing.waiting, standing.revision, standing.parts)
        if standing.state != "reserved":
            if not cancelled or standing.over or standing.state == "cancelled":
                return _NOTHING_HELD
            self._orders[order] = Standing(standing.state, (), standing.revision, over=True)
            return NothingHeld(self._orders[order])
        if not standing.lines:
            self._orders[order] = Standing("refused", (), standing.revision, over=cancelled)
            return GivenUp(standing.revision)
        self._free_again(order[0], standing.lines)
        self._orders[order] = Standing("released", (), standing.revision, over=cancelled)
        picked, waiting = standing.stage == "picked", bool(standing.waiting)
        return Released(standing.lines, reason, standing.revision, picked=picked, waiting=waiting, parts=standing.parts)

    def _free_again(self, company: str, lines: Sequence[OrderedLine]) -> None:
        for _, sku, quantity in lines:
            key = (company, sku)
            self._free[key] += quantity
            self._changes[key] = self._changes.get(key, 0) - quantity
            self._given_back[key] = None

    def _refusal(self, wanted: Mapping[StockKey, int]) -> NotReserved:
        """Unknown items are the reason that is told first: nothing that comes in can ever serve them."""
        unknown = [Shortage(key[1], quantity, 0) for key, quantity in wanted.items() if key not in self._free]
        if unknown:
            return NotReserved("item-unknown", unknown)
        short = [
            Shortage(key[1], quantity, self._free[key])
            for key, quantity in wanted.items()
            if self._free[key] < quantity
        ]
        return NotReserved("insufficient-stock", short)
