"""INV14: what stock is worth by inventory's documents is what the ledger has booked, document by document and in all.

A document of inventory is a receipt, a count, a loss, a shipment, or the correction after one that came late.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from tests.proof.checker.intents import number
from tests.proof.checker.report import Findings

JOURNAL = "stock"
ROLE = "inventory"
Document = tuple[str, str]
"""Company and id."""


class Worth:
    """What the events say that stock is worth, and what was booked of it; amounts and quantities in millionths."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.told: dict[Document, tuple[int, str]] = {}
        """Its value and where it stands."""
        self.booked: defaultdict[Document, list[tuple[int, str]]] = defaultdict(list)
        self.values: Counter[tuple[str, str]] = Counter()
        self.quantities: Counter[tuple[str, str]] = Counter()
        self.moved: defaultdict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        """By company: how much of an item (the second) a document (the first) is said to have moved."""

    def valued(self, company: str, data: Mapping[str, Any], place: str) -> None:
        """The value of stock changed by something that is no shipment."""
        lines = [(line["item"], number(line["quantity"]), number(line["value"])) for line in data["lines"]]
        self._tell((company, data["document"]), number(data["value"]), lines, place)

    def issued(self, company: str, data: Mapping[str, Any], place: str) -> None:
        """Goods left, and what they cost."""
        lines = [(line["item"], -number(line["quantity"]), -number(line["cost"])) for line in data["lines"]]
        self._tell((company, data["shipment"]), -number(data["cost"]), lines, place)

    def entry(
        self, company: str, data: Mapping[str, Any], roles: Mapping[tuple[str, str], str | None], place: str
    ) -> None:
        """An entry of the journal of stock."""
        lines = [x for x in data["lines"] if roles.get((company, x["account"])) == ROLE]
        moved = sum(number(line["debit"]) - number(line["credit"]) for line in lines)
        self.booked[company, data["document"]].append((moved, place))

    def settle(self, *, quiet: bool) -> None:
        """Each document is booked once, over what it is worth; what is worth nothing is not booked."""
        for document, (value, place) in self.told.items():
            self.findings.look("INV14")
            entries = self.booked.get(document, [])
            at = [place, *(where for _, where in entries)]
            if len(entries) > 1:
                self._say("a document is booked twice", document, at)
                self.findings.count(doubled=len(entries) - 1)
            elif not entries and value and quiet:
                self._say("a document is not booked", document, at, value=value / 1e6)
                self.findings.count(lost=1)
            elif entries and entries[0][0] != value:
                self._say("a document is booked over another value", document, at, value=value / 1e6)
        for document in self.booked.keys() - self.told.keys():
            self._say("an entry of a document that does not exist", document, [x for _, x in self.booked[document]])

    def settle_shown(self, company: str, told: Mapping[str, Any], on_the_account: int) -> None:
        """What inventory shows is what its events add up to, what lies on its shelves, and what the ledger says."""
        findings, total = self.findings, sum(value for (of, _), value in self.values.items() if of == company)
        shown = number(told["valuation"]["total"])
        findings.look("INV14")
        if not shown == total == on_the_account:
            findings.say(
                "INV14", "stock is not worth what the ledger's account says", company=company, shown=shown / 1e6,
                events=total / 1e6, account=on_the_account / 1e6,
            )  # fmt: skip
        self._items(company, told)
        self._moves(company, told)
        listed = {row["document"]: number(row["value"]) for row in told["valued_documents"]}
        sent = {document: value for (of, document), (value, _) in self.told.items() if of == company}
        findings.look("INV14", len(sent))
        if differing := {one for one in listed.keys() | sent.keys() if listed.get(one, 0) != sent.get(one, 0)}:
            some = sorted(map(str, differing))[:5]
            findings.say("INV14", "documents are shown with other values than were sent", company=company, ids=some)

    def _items(self, company: str, told: Mapping[str, Any]) -> None:
        on_hand: Counter[str] = Counter()
        for row in told["stock"]:
            on_hand[row["sku"]] += number(row["on_hand"])
        shown = {row["sku"]: (number(row["quantity"]), number(row["value"])) for row in told["valued"]}
        sent = {sku: (has, self.values[company, sku]) for (of, sku), has in self.quantities.items() if of == company}
        for sku in sorted(shown.keys() | sent.keys()):
            self.findings.look("INV14")
            if shown.get(sku, (0, 0)) != sent.get(sku, (0, 0)) or shown.get(sku, (0, 0))[0] != on_hand[sku]:
                self.findings.say(
                    "INV14", "an item is not worth what its documents say, or is not all there", company=company,
                    sku=sku, shown=shown.get(sku), sent=sent.get(sku), on_hand=on_hand[sku],
                )  # fmt: skip

    def _moves(self, company: str, told: Mapping[str, Any]) -> None:
        """Whatever changed how much there is of an item that has a value was valued, over as much as it moved."""
        valued = {row["sku"] for row in told["valued"]} | {sku for of, sku in self.values if of == company}
        shown: Counter[tuple[str, str]] = Counter()
        for move in told["moves"]:
            if move["sku"] in valued:
                shown[str(move["document"]), str(move["sku"])] += number(move["quantity"])
        said = self.moved[company]
        self.findings.look("INV14", len(shown))
        for document, sku in sorted(shown.keys() | said.keys()):
            if shown[document, sku] != said[document, sku]:
                self.findings.say(
                    "INV14", "goods moved and were not valued, or otherwise", company=company, document=document,
                    sku=sku, moved=shown[document, sku] / 1e6, valued=said[document, sku] / 1e6,
                )  # fmt: skip

    def _tell(self, document: Document, value: int, lines: list[tuple[str, int, int]], place: str) -> None:
        self.findings.look("INV14")
        if document in self.told:
            self._say("a document is told twice", document, [self.told[document][1], place])
        self.told[document] = value, place
        if sum(of for _, _, of in lines) != value:
            self._say("a document is not worth what its lines are", document, [place])
        for sku, quantity, of in lines:
            self.values[document[0], sku] += of
            self.quantities[document[0], sku] += quantity
            self.moved[document[0]][document[1], sku] += quantity

    def _say(self, what: str, document: Document, at: list[str], **more: object) -> None:
        self.findings.say("INV14", what, company=document[0], document=document[1], at=at, **more)
