"""What an order holds: inventory's own events about it in their sequence, as a state machine. INV4, INV12.

  new ──▶ reserved ◀──▶ waiting          waiting: back-ordered, and nothing is set aside yet
   │         │  │
   ▼         ▼  ▼
refused  released  over                  a change takes refused, released and waiting to any decision again
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.proof.checker.intents import number
from tests.proof.checker.subject import Fact, Subject

State = Literal["new", "reserved", "waiting", "refused", "released", "over"]
Lines = dict[int, int]
"""Millionths by line number."""
OPEN: frozenset[State] = frozenset({"new", "refused", "released", "waiting"})
MAY_COME: Mapping[str, frozenset[State]] = {
    "StockReserved": OPEN,
    "OrderBackOrdered": OPEN,
    "ReservationRefused": OPEN,
    "BackOrderReserved": frozenset({"reserved"}),
    "ReservationReleased": frozenset({"reserved"}),
    "ReservationReduced": frozenset({"reserved"}),
    "OrderChangeRefused": frozenset({"reserved", "waiting", "refused", "released", "over"}),
    "CancellationRefused": frozenset({"reserved", "over"}),
}
"""In which states inventory may say so of an order."""


@dataclass(slots=True)
class Terms:
    """What a revision of an order asks for."""

    items: Mapping[int, str]
    ordered: Lines


@dataclass(slots=True)
class Revision:
    """What inventory has set aside for one revision."""

    number: int
    set_aside: Lines = field(default_factory=dict)
    """Ever."""
    reduced: Lines = field(default_factory=dict)
    """Of that, what was let go while the order went on, or after a part had left."""
    waiting: Lines = field(default_factory=dict)
    dropped: Lines = field(default_factory=dict)
    parts: list[Fact] = field(default_factory=list)
    """StockReserved and BackOrderReserved: each is billed."""
    refused: bool = False
    released: Fact | None = None
    ended: bool = False
    """Nothing more will leave."""

    def due(self) -> Lines:
        """What leaves of it in the end, if nothing else is let go."""
        return {line: has for line, q in self.set_aside.items() if (has := q - self.reduced.get(line, 0))}


@dataclass(slots=True)
class Holding:
    """The state machine of one order. `revisions` are those that stock was decided for, in their order."""

    order: Subject
    terms: Mapping[int, Terms]
    state: State = "new"
    over: bool = False
    """Cancelled: no later change may give it anything."""
    revisions: dict[int, Revision] = field(default_factory=dict)
    changes_refused: set[int] = field(default_factory=set)
    must_be_told: bool = False
    """Stock was set aside and not all: the very next word is what waits."""
    replaced_by: int | None = None

    def hear(self, fact: Fact) -> None:
        """The next event of the order. What may not come now is said, and changes nothing."""
        findings = self.order.findings
        findings.look("INV4")
        tells = self.must_be_told and fact.kind == "OrderBackOrdered"
        if self.must_be_told and not tells:
            self._say("INV4", "nobody told what the order waits for", fact)
        self.must_be_told = False
        revision = int(fact.data.get("revision") or self._latest)
        if not tells and self.state not in MAY_COME[fact.kind]:
            self._say("INV4", f"{fact.kind} of an order that is {self.state}", fact)
            findings.count(doubled=int(fact.kind in {"StockReserved", "ReservationReleased", "ReservationRefused"}))
            return
        if revision not in self.terms:
            if self.order.quiet or fact.kind != "OrderChangeRefused":
                self._say("INV4", f"{fact.kind} of a revision that nobody asked for", fact)
            return
        _HEARD[fact.kind](self, fact, revision)

    @property
    def latest(self) -> Revision | None:
        """The last revision that stock was decided for."""
        return self.revisions[self._latest] if self.revisions else None

    @property
    def _latest(self) -> int:
        return max(self.revisions, default=1)

    # -- decisions -----------------------------------------------------------------------------------------------------

    def decide(self, fact: Fact, revision: int) -> Revision:
        """The revision that a decision is about: a later one than before, or the one that waits."""
        known = self.revisions.get(revision)
        if known is not None and self.state != "waiting":
            self._say("INV4", f"revision {revision} is decided again by {fact.kind}", fact)
            self.order.findings.count(doubled=1)
        elif revision < self._latest or revision in self.changes_refused:
            self._say("INV4", f"revision {revision} is decided after it was over", fact)
        if self.over and fact.kind != "ReservationRefused":
            self._say("INV4", f"{fact.kind} after the order was over", fact)
        if self.replaced_by not in {None, revision}:
            self._say("INV4", f"revision {self.replaced_by} was to take the place, not {revision}", fact)
        self.replaced_by = None
        if known is None:
            known = self.revisions[revision] = Revision(revision)
        return known

    def reserved(self, fact: Fact, revision: int) -> None:
        """Stock is set aside: at once, or as the first that comes for an order that waited."""
        waited = self.state == "waiting" and revision in self.revisions
        held = self.decide(fact, revision)
        self._add(held, fact, revision, waited=waited)
        if not waited:
            held.dropped = self._lines(fact, revision, "dropped")
            self.must_be_told = fact.data.get("complete") is False
            if not self.must_be_told:
                self._adds_up(held, fact)
        self.state = "reserved"

    def back_ordered(self, fact: Fact, revision: int) -> None:
        """What was not there waits."""
        held = self.revisions[revision] if self.state == "reserved" else self.decide(fact, revision)
        held.waiting = self._lines(fact, revision, "lines")
        self._adds_up(held, fact)
        self.state = "reserved" if held.parts else "waiting"

    def arrived(self, fact: Fact, revision: int) -> None:
        """Goods have come for what waits."""
        held = self.revisions.get(revision)
        if held is None or revision != self._latest:
            self._say("INV4", "goods came for a revision that does not stand", fact)
            return
        if fact.data["part"] != len(held.parts) + 1:
            self._say("INV4", f"part {fact.data['part']} after {len(held.parts)}", fact)
        self._add(held, fact, revision, waited=True)

    def refuse(self, fact: Fact, revision: int) -> None:
        """Nothing is set aside, and nothing waits any more."""
        held = self.decide(fact, revision)
        held.refused, held.waiting = True, {}
        self.over = self.over or fact.data["code"] == "order-cancelled"
        self.state = "refused"

    # -- what is let go ------------------------------------------------------------------------------------------------

    def release(self, fact: Fact, revision: int) -> None:
        """All is free again."""
        held = self.revisions.get(revision)
        self.order.findings.look("INV12")
        if held is None or revision != self._latest:
            self._say("INV4", "a revision is released that does not stand", fact)
            return
        if self._lines(fact, revision, "lines") != held.due():
            self._say("INV12", "ReservationReleased has not what was set aside", fact)
        if int(fact.data.get("parts") or 1) != len(held.parts):
            self._say("INV4", f"released is another number of parts than {len(held.parts)}", fact)
        held.released, held.waiting, self.state = fact, {}, "released"
        self.replaced_by = fact.data.get("replaced_by")
        self.over = self.replaced_by is None and fact.data["reason"] == "order-cancelled"

    def reduce(self, fact: Fact, revision: int) -> None:
        """A part is free again, or not waited for any more."""
        held = self.revisions.get(revision)
        self.order.findings.look("INV12")
        if held is None or revision != self._latest:
            self._say("INV4", "a revision is reduced that does not stand", fact)
            return
        freed, given_up = self._lines(fact, revision, "lines"), self._lines(fact, revision, "waiting")
        if any(quantity > held.due().get(line, 0) for line, quantity in freed.items()):
            self._say("INV12", "more is let go than was set aside", fact)
        if given_up != held.waiting:
            self._say("INV12", "what is not waited for any more is not what waited", fact)
        if int(fact.data.get("parts") or 1) != len(held.parts):
            self._say("INV4", f"reduced is another number of parts than {len(held.parts)}", fact)
        held.reduced, held.waiting, held.ended = _plus(held.reduced, freed), {}, bool(fact.data["over"])
        if held.ended:
            self.over = fact.data["reason"] == "order-cancelled"
            self.state = "over" if self.over or held.due() else "released"

    def keep(self, fact: Fact, revision: int) -> None:
        """A change came too late: nothing happens."""
        if revision in self.revisions:
            self._say("INV4", f"revision {revision} is refused after it was decided", fact)
        self.changes_refused.add(revision)

    def go_on(self, fact: Fact, revision: int) -> None:
        """A cancellation came too late: nothing happens."""

    # -- quantities ----------------------------------------------------------------------------------------------------

    def _add(self, held: Revision, fact: Fact, revision: int, *, waited: bool) -> None:
        got = self._lines(fact, revision, "lines")
        self.order.findings.look("INV12")
        if waited:
            if any(quantity > held.waiting.get(line, 0) for line, quantity in got.items()):
                self._say("INV12", f"{fact.kind} gives more than the order waits for", fact)
            told = {x["line"]: number(x["before"]) for x in fact.data["lines"] if x.get("before") is not None}
            if any(before != held.set_aside.get(line, 0) for line, before in told.items()):
                self._say("INV12", f"{fact.kind} says that another quantity was set aside before", fact)
            held.waiting = {line: q for line, has in held.waiting.items() if (q := has - got.get(line, 0)) > 0}
            if bool(fact.data.get("complete")) is bool(held.waiting):
                self._say("INV4", f"{fact.kind} is wrong about whether anything waits", fact)
        held.set_aside = _plus(held.set_aside, got)
        held.parts.append(fact)

    def _adds_up(self, held: Revision, fact: Fact) -> None:
        """What is set aside, waits and is dropped is what was ordered, line by line."""
        self.order.findings.look("INV12")
        told = _plus(_plus(held.set_aside, held.waiting), held.dropped)
        if told != self.terms[held.number].ordered:
            self._say("INV12", f"{fact.kind} has not the quantities of the order", fact)

    def _lines(self, fact: Fact, revision: int, name: str) -> Lines:
        items, found = self.terms[revision].items, Lines()
        for line in fact.data.get(name) or ():
            found[line["line"]] = found.get(line["line"], 0) + number(line["quantity"])
            if items.get(line["line"]) != line["item"]:
                self._say("INV12", f"{fact.kind} has another item than the order", fact)
        return found

    def _say(self, invariant: str, what: str, fact: Fact) -> None:
        order = self.order
        at = [one.place for kind in ("OrderPlaced", "OrderChanged") for one in order.facts.get(kind, ())]
        order.findings.say(invariant, what, about=order.id, company=order.company, at=[*at, fact.place])


_HEARD: Mapping[str, Callable[[Holding, Fact, int], None]] = {
    "StockReserved": Holding.reserved,
    "OrderBackOrdered": Holding.back_ordered,
    "BackOrderReserved": Holding.arrived,
    "ReservationRefused": Holding.refuse,
    "ReservationReleased": Holding.release,
    "ReservationReduced": Holding.reduce,
    "OrderChangeRefused": Holding.keep,
    "CancellationRefused": Holding.go_on,
}


def fold(order: Subject) -> Holding:
    """Everything that inventory said about an order, in the order in which it said it."""
    terms = {
        int(fact.data.get("revision") or 1): Terms(
            {line["line"]: line["item"] for line in fact.data["lines"]},
            {line["line"]: number(line["quantity"]) for line in fact.data["lines"]},
        )
        for kind in ("OrderPlaced", "OrderChanged")
        for fact in order.facts.get(kind, ())
    }
    holding = Holding(order, terms)
    told = [fact for kind in MAY_COME for fact in order.facts.get(kind, ())]
    for fact in sorted(told, key=lambda one: one.sequence):
        holding.hear(fact)
    if holding.must_be_told and order.quiet:
        order.say("INV4", "nobody told what the order waits for", "StockReserved")
    return holding


def _plus(one: Lines, other: Lines) -> Lines:
    return {line: one.get(line, 0) + other.get(line, 0) for line in one | other}
