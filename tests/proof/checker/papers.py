"""The papers of an order: one of each invoice and credit note, and what else is filed of it. INV9, 20, 23, 28."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tests.proof.checker.subject import Subject

BILLS = (("InvoiceIssued", "invoice"), ("CreditNoteIssued", "credit_note"))
"""Kind of event; the field of its id, which is the class of its paper too."""


GOES_WITH_GOODS = ("delivery_note", "packing_list", "label")
"""Of each of these there is one for a shipment, under its number; only labels of very many packages have more."""


def settle_papers(order: Subject) -> None:
    """Every paper that is filed under the order."""
    papers = order.of("DocumentRegistered")
    stored = Counter((data["document"], data.get("version") or 1) for data in order.of("DocumentStored"))
    known = {data[name] for kind, name in BILLS for data in order.of(kind)}
    known |= {data["shipment"] for data in order.of("ShipmentDispatched")} | {order.id}
    for kind, name in BILLS:
        for data in order.of(kind):
            about = [x for x in papers if _about(x) == data[name] and x["class"] == name]
            order.exactly("INV23", "DocumentRegistered", 1, f"one paper of {name} {data['number']}", len(about))
            order.findings.look("INV9")
            if any(paper["number"] != data["number"] for paper in about):
                order.say("INV9", "the paper has another number", kind, "DocumentRegistered")
    for data in order.of("ShipmentDispatched"):
        _go_with_goods(order, data, papers)
    if strangers := [paper["document"] for paper in papers if _about(paper) not in known]:
        order.say("INV20", "a paper of something that does not exist", "DocumentRegistered", documents=strangers)
    twice = Counter((paper["class"], _about(paper), paper["number"]) for paper in papers)
    for (of, thing, _), count in twice.items():
        if count > 1 and of not in dict(BILLS).values():
            order.say("INV23", f"{count} papers of one {of}", "DocumentRegistered", thing=thing)
            order.findings.count(doubled=count - 1)
    with_bytes = {document for document, _ in stored}
    for paper in papers:
        if paper["template"]:
            order.findings.look("INV28")
            if order.quiet and paper["document"] not in with_bytes:
                order.say("INV28", "a paper was never rendered", "DocumentRegistered", document=paper["document"])
    if with_bytes - {paper["document"] for paper in papers}:
        order.say("INV20", "bytes of a paper that was never registered", "DocumentStored")
    if any(count > 1 for count in stored.values()):
        order.say("INV23", "a paper was stored twice", "DocumentStored")
    _filed_first(order)


def _go_with_goods(order: Subject, shipment: Mapping[str, Any], papers: list[Mapping[str, Any]]) -> None:
    about = [paper for paper in papers if _about(paper) == shipment["shipment"]]
    for of in GOES_WITH_GOODS:
        have = sum(paper["class"] == of and paper["number"] == shipment["number"] for paper in about)
        order.exactly("INV23", "DocumentRegistered", 1, f"one {of} of shipment {shipment['number']}", have)
    order.findings.look("INV9")
    if any(
        paper["number"].partition("/")[0] != shipment["number"] for paper in about if paper["class"] in GOES_WITH_GOODS
    ):
        order.say("INV9", "a paper that goes with goods has another number", "ShipmentDispatched", "DocumentRegistered")


def _about(paper: Mapping[str, Any]) -> str | None:
    return None if paper["about"] is None else str(paper["about"]["id"])


def _filed_first(order: Subject) -> None:
    """INV4: bytes come after their paper is on file, on its own key."""
    filed = {fact.key: fact.sequence for fact in order.facts.get("DocumentRegistered", ())}
    for fact in order.facts.get("DocumentStored", ()):
        if fact.sequence < filed.get(fact.key, 0):
            order.say("INV4", "the bytes of a paper came before it was on file", "DocumentRegistered", "DocumentStored")
