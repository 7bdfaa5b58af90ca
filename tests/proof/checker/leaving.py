"""What left the house for an order, against what was set aside for it. INV4, INV12, and of INV14 the costs' documents.

Shipments have keys of their own: nothing says which of inventory's other words about the order came before one. So
what is examined here holds whatever the order was.
"""

from __future__ import annotations

from collections import Counter

from tests.proof.checker.holding import Holding, Lines, Revision
from tests.proof.checker.intents import number
from tests.proof.checker.subject import Fact, Subject


def settle_shipments(order: Subject, holding: Holding) -> None:
    """Every shipment of one order."""
    shipments = order.facts.get("ShipmentDispatched", ())
    left: Lines = {}
    for fact in shipments:
        order.findings.look("INV12")
        held = holding.revisions.get(int(fact.data.get("revision") or 1))
        if held is None or held.released or held.refused:
            order.say("INV4", "goods left of a revision that holds nothing", "ShipmentDispatched")
            return
        if held is not holding.latest:
            order.say("INV4", "goods left of a revision that was replaced", "ShipmentDispatched")
        _has_the_orders_items(order, holding, fact)
        for line in fact.data["lines"]:
            left[line["line"]] = left.get(line["line"], 0) + number(line["quantity"])
    latest = holding.latest
    if latest is not None and shipments:
        if any(quantity > latest.due().get(line, 0) for line, quantity in left.items()):
            order.say("INV12", "more left than was set aside", "ShipmentDispatched", left=left, due=latest.due())
        _ends(order, latest, left)
    _cancelled_too_late(order, holding)
    _costs(order)


def _ends(order: Subject, latest: Revision, left: Lines) -> None:
    """The last shipment says that it is the last, and no other does."""
    last = [fact for fact in order.facts["ShipmentDispatched"] if fact.data["complete"]]
    nothing_left = left == latest.due() and not latest.waiting
    order.findings.look("INV4")
    if len(last) > 1 or (last and (latest.ended or not nothing_left)):
        order.say("INV4", "a shipment was the last and was not", "ShipmentDispatched")
    if order.quiet and nothing_left and not last and not latest.ended:
        order.say("INV4", "all has left, and no shipment was the last", "ShipmentDispatched")


def _cancelled_too_late(order: Subject, holding: Holding) -> None:
    """A cancellation is refused only when nothing is left to be let go."""
    for _ in order.facts.get("CancellationRefused", ()):
        order.findings.look("INV4")
        last = any(fact.data["complete"] for fact in order.facts.get("ShipmentDispatched", ()))
        ended = holding.latest is not None and holding.latest.ended
        if order.quiet and not last and not ended:
            order.say("INV4", "a cancellation was refused, and goods were still there", "CancellationRefused")


def _has_the_orders_items(order: Subject, holding: Holding, fact: Fact) -> None:
    terms = holding.terms.get(int(fact.data.get("revision") or 1))
    if terms is not None and any(terms.items.get(x["line"]) != x["item"] for x in fact.data["lines"]):
        order.say("INV12", "another item left than was ordered", "ShipmentDispatched")


def _costs(order: Subject) -> None:
    """INV14: what is said to have cost something has left, as much and under the same number."""
    gone = {str(fact.data["shipment"]): fact for fact in order.facts.get("ShipmentDispatched", ())}
    told = Counter(str(fact.data["shipment"]) for fact in order.facts.get("StockIssued", ()))
    for fact in order.facts.get("StockIssued", ()):
        order.findings.look("INV14")
        shipment = gone.get(str(fact.data["shipment"]))
        if shipment is None:
            order.say("INV14", "goods that never left cost something", "StockIssued")
            continue
        lines = {(x["line"], x["item"], number(x["quantity"])) for x in shipment.data["lines"]}
        costed = {(x["line"], x["item"], number(x["quantity"])) for x in fact.data["lines"]}
        if not costed <= lines or fact.data["number"] != shipment.data["number"] or fact.cause != shipment.cause:
            order.say("INV14", "what cost something is not what left", "ShipmentDispatched", "StockIssued")
    if any(count > 1 for count in told.values()):
        order.say("INV14", "the cost of a shipment was told twice", "StockIssued")
