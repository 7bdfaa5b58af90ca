"""INV1, INV2: what was asked for against what happened, by name: who asked, for which company, under what reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from tests.proof.checker.history import Operation
from tests.proof.checker.report import Findings
from tests.proof.checker.warehouse import SERVED_FROM

ASKED_AS = {
    "OrderPlaced.v1": "order",
    "OrderChanged.v1": "change",
    "OrderCancelled.v1": "cancel",
    "PaymentReceived.v1": "pay",
    "EmployeeHired.v1": "hire",
    "ShipmentDispatched.v1": "dispatch",
}
"""What was asked for when one of these appears."""
BY_REFERENCE: Mapping[str, tuple[str, str]] = {
    "receive": ("receipts", "receipt"), "count": ("counts", "count"), "transfer": ("transfers", "transfer"),
}  # fmt: skip
"""What no event names as it was asked for: the list that does, and the field of its ids there."""
INSIDE = frozenset({"dispatch", *BY_REFERENCE})
"""Asked of a department, not in the name of a front office."""
Name = tuple[str, str, str | None, str]


class Wanted(NamedTuple):
    """An operation without what is not needed any more."""

    op: int
    outcome: str
    subject: str | None
    content: object


class Intents:
    """All operations by name, and how often each was seen to happen."""

    def __init__(self, operations: Iterable[Operation], findings: Findings) -> None:
        self.findings = findings
        self.operations = 0
        self.wanted: dict[Name, list[Wanted]] = {}
        self.happened: dict[Name, list[str]] = defaultdict(list)
        self.request_ids: set[str] = set()
        self.injected: set[str] = set()
        """Keys and event ids of what the harness itself put on a topic."""
        self.below_zero: set[tuple[str, str, str]] = set()
        """Company, sku and warehouse: where there may be less than nothing."""
        self.steps: defaultdict[tuple[str, str, str], list[Operation]] = defaultdict(list)
        """By what, company and transfer or count: what was asked of it after it was there."""
        self._offices: set[tuple[str, str | None]] = set()
        by_key: dict[tuple[str, str | None, str, str], tuple[Any, ...]] = {}
        for operation in operations:
            self.operations += 1
            if operation.f == "inject":
                self.injected |= {operation.reference, operation.key}
                continue
            self._twins(by_key, operation)
            if operation.request_id:
                self.request_ids.add(operation.request_id)
            if operation.f in {*ASKED_AS.values(), *BY_REFERENCE}:
                self._want(operation)
            if operation.f in {"arrive", "close", "agree", "decide"}:
                self.steps[operation.f, operation.company, operation.reference].append(operation)
            if operation.f == "set_up" and operation.body.get("allowed") is True:
                where = operation.body.get("warehouse", SERVED_FROM)
                self.below_zero.add((operation.company, operation.body["item"], where))

    def _want(self, operation: Operation) -> None:
        source = None if operation.f in INSIDE else operation.source
        wanted = Wanted(operation.op, operation.outcome, operation.subject, _content(operation.f, operation.body))
        for reference in _references(operation):
            name = (operation.f, operation.company, source, reference)
            self.wanted.setdefault(name, []).append(wanted)
        self._offices.add((operation.company, source))

    def event(
        self, kind: str, company: str, source: str | None, data: Mapping[str, Any], subject: str, at: str
    ) -> None:
        """An event that somebody must have asked for, at its first appearance."""
        inside = kind in INSIDE
        reference = data["shipment"] if inside else data["reference"]
        name = (kind, company, None if inside else source, reference)
        self.happened[name].append(at)
        wanted = self.wanted.get(name)
        if wanted is None:
            if name[1:3] in self._offices:
                self.findings.say("INV1", f"a {kind} that nobody asked for", name=name, at=at)
                self.findings.count(doubled=1)
            return
        accepted = [one for one in wanted if one.outcome == "ok"] or [one for one in wanted if one.outcome == "unknown"]
        content = _content(kind, data)
        if accepted and all(one.content != content for one in accepted):
            ops = [one.op for one in accepted]
            self.findings.say("INV1", f"the {kind} is not what was asked for", ops=ops, at=at, has=content)
        if kind in {"cancel", "change"}:
            return
        if any(one.subject and one.subject != subject for one in wanted if one.outcome == "ok"):
            self.findings.say("INV1", f"the {kind} has another id than was answered", name=name, at=at)

    def settle(self, *, quiet: bool) -> None:
        """After all events were seen: once, never, or at most once."""
        for name, wanted in self.wanted.items():
            self.findings.look("INV1")
            outcomes = {one.outcome for one in wanted}
            seen = self.happened.get(name, [])
            ops = [one.op for one in wanted]
            if "ok" in outcomes and not seen and quiet:
                self.findings.say("INV1", f"a {name[0]} was accepted and never happened", ops=ops, name=name)
                self.findings.count(lost=1)
            elif len(seen) > 1:
                self.findings.say("INV1", f"a {name[0]} happened {len(seen)} times", ops=ops, name=name, at=seen)
                self.findings.count(doubled=len(seen) - 1)
            elif outcomes == {"fail"} and seen:
                self.findings.say("INV1", f"a {name[0]} was refused and happened", ops=ops, name=name, at=seen)
                self.findings.count(doubled=1)

    def _twins(self, by_key: dict[tuple[str, str | None, str, str], tuple[Any, ...]], operation: Operation) -> None:
        """INV2, among repeats of one operation and operations with one key."""
        if operation.f in {"read", "set_up"} or operation.outcome != "ok":
            return
        say, key = self.findings.say, (operation.company, operation.source, operation.f, operation.key)
        self.findings.look("INV2")
        first = by_key.setdefault(key, (operation.op, operation.hash, operation.request_id, operation.answers[0][2]))
        for _, request_id, answer in operation.answers:
            if operation.hash != first[1]:
                say("INV2", "one key was accepted for two contents", ops=[first[0], operation.op], key=operation.key)
            elif request_id != first[2] or (answer and first[3] and answer != first[3]):
                say("INV2", "a repeat had another answer", ops=[first[0], operation.op], key=operation.key)


def _references(operation: Operation) -> list[str]:
    """The names of what an operation asks for: of each shipment that is to leave with others, its id."""
    if operation.f == "dispatch":
        return [str(leaving["shipment"]) for leaving in operation.body["shipments"]]
    return [operation.reference]


def _content(kind: str, data: Mapping[str, Any]) -> object:
    """What makes it recognisable: every order has an amount of its own, and so has most money."""
    if kind in {"order", "change"}:
        lines = [
            (line["item"], number(line["quantity"]), number(line["unit_price"]), line["tax_code"])
            for line in data["lines"]
        ]
        return data.get("currency") if kind == "order" else None, tuple(lines)
    if kind == "pay":
        return data["amount"]["currency"], number(data["amount"]["amount"])
    return data.get("name") if kind == "hire" else None


@lru_cache(100_000)
def number(text: str) -> int:
    """A decimal text in millionths, exact."""
    return int(Decimal(text).scaleb(6))
