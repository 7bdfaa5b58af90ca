"""Which fact of an order may come of which, by the link that each event bears to its cause, whatever the clocks say.

INV4. The links of an order and the sequences of its keys must also agree: nothing may have come before its own cause.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise

from tests.proof.checker.dispatched import is_invoiced_on_dispatch
from tests.proof.checker.subject import Fact, Subject

ELSEWHERE = "what somebody asked for, a time that came, or another order's event"
_TERMS = frozenset({"OrderPlaced", "OrderChanged"})
_GOODS = frozenset({"StockReserved", "BackOrderReserved"})
_DECIDED = _TERMS | {"CreditApproved"}
COMES_OF: Mapping[str, frozenset[str]] = {
    "OrderPlaced": frozenset({ELSEWHERE}),
    "OrderChanged": frozenset({ELSEWHERE}),
    "OrderCancelled": frozenset({ELSEWHERE}),
    "CreditApproved": _TERMS | {ELSEWHERE},
    "CreditHeld": _TERMS,
    "StockReserved": _DECIDED | {ELSEWHERE},
    "OrderBackOrdered": _DECIDED,
    "ReservationRefused": _DECIDED | {"OrderCancelled", ELSEWHERE},
    "ReservationReleased": _DECIDED - {"OrderPlaced"} | {"OrderCancelled", "InvoiceRefused"},
    "ReservationReduced": frozenset({"OrderCancelled", ELSEWHERE}),
    "OrderChangeRefused": _DECIDED - {"OrderPlaced"} | {"OrderCancelled"},
    "CancellationRefused": frozenset({"OrderCancelled"}),
    "ShipmentDispatched": frozenset({ELSEWHERE}),
    "StockIssued": frozenset({ELSEWHERE}),
    "InvoiceIssued": _TERMS | _GOODS,
    "InvoiceRefused": _TERMS | _GOODS,
    "CreditNoteIssued": frozenset({"ReservationReleased", "ReservationReduced", ELSEWHERE}),
}
"""By kind of event, what may be its cause. What waits for goods gets them whoever gave them back: no rule for that."""
ON_DISPATCH: Mapping[str, frozenset[str]] = {
    "InvoiceIssued": frozenset({"ShipmentDispatched"}),
    "InvoiceRefused": _TERMS | _GOODS | {"ShipmentDispatched"},
}
"""The same of an order that is invoiced when its goods leave; that it cannot be may be seen before."""
WAITED_FIRST = frozenset({"StockReserved", "ReservationRefused"})
"""These come of something else than the order itself only where it has waited for goods."""
SAME_REVISION = frozenset({"StockReserved", "OrderBackOrdered", "InvoiceIssued", "InvoiceRefused"})
"""These are about the revision that their cause is about."""


def settle_order_of_events(order: Subject) -> None:
    """Each fact of one order against its cause."""
    by_id = {fact.id: fact for fact in order.all()}
    rules = {**COMES_OF, **ON_DISPATCH} if is_invoiced_on_dispatch(order) else COMES_OF
    for fact in by_id.values():
        allowed = rules.get(fact.kind)
        if allowed is None:
            continue
        order.findings.look("INV4")
        cause = by_id.get(fact.cause)
        came_of = ELSEWHERE if cause is None else cause.kind
        if came_of not in allowed and (order.quiet or cause is not None):
            _say(order, f"{fact.kind} came of {came_of}", fact, cause)
        elif cause is None and fact.kind in WAITED_FIRST and order.quiet and not _has_waited(order, fact):
            _say(order, f"{fact.kind} came of nothing of its order, which has not waited", fact, cause)
        elif cause is not None and fact.kind in SAME_REVISION and _revision(fact) != _revision(cause):
            _say(order, f"{fact.kind} is of another revision than its cause", fact, cause)
    if _runs_in_a_circle(by_id):
        order.say("INV4", "something came before its own cause")


def _has_waited(order: Subject, fact: Fact) -> bool:
    waits = order.facts.get("OrderBackOrdered", ())
    return any(_revision(one) == _revision(fact) and one.sequence < fact.sequence for one in waits)


def _say(order: Subject, what: str, fact: Fact, cause: Fact | None) -> None:
    at = [fact.place] if cause is None else [cause.place, fact.place]
    order.findings.say("INV4", what, about=order.id, company=order.company, at=at)


def _revision(fact: Fact) -> int:
    return int(fact.data.get("revision") or 1)


def _runs_in_a_circle(by_id: Mapping[str, Fact]) -> bool:
    """Whether the facts cannot be put in one row in which causes and lower sequences of a key come first."""
    before: defaultdict[str, set[str]] = defaultdict(set)
    lines: defaultdict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in by_id.values():
        if fact.cause in by_id:
            before[fact.id].add(fact.cause)
        lines[fact.topic, fact.key].append(fact)
    for line in lines.values():
        line.sort(key=lambda fact: fact.sequence)
        for earlier, later in pairwise(line):
            before[later.id].add(earlier.id)
    left = set(by_id)
    while left:
        first = {one for one in left if not before[one] & left}
        if not first:
            return True
        left -= first
    return False
