"""What counts and transfers did to shelves, as the documents themselves are shown. INV1, INV11."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.proof.checker.history import Operation
from tests.proof.checker.intents import Intents, number
from tests.proof.checker.report import Findings
from tests.proof.checker.shelf_moves import Effect
from tests.proof.checker.warehouse import TRANSIT


def effects_of_counts(told: Mapping[str, Any]) -> Iterator[tuple[Effect, int]]:
    """What was found to differ, of the counts that were booked."""
    for count in told["counts"]:
        if count["state"] == "adjusted":
            for line in count["lines"]:
                yield (
                    Effect(line["item"], count["warehouse"], "count", count["count"]),
                    number(line["counted"]) - number(line["expected"]),
                )


def effects_of_transfers(told: Mapping[str, Any]) -> Iterator[tuple[Effect, int]]:
    """Goods leave one warehouse and are in transit until they arrive or are given up.

    Arrivals and losses have ids of their own, which no document tells: they are summed by shelf.
    """
    for transfer in told["transfers"]:
        sent_by = transfer["transfer"]
        for line in transfer["lines"]:
            sku, sent = line["item"], number(line["sent"])
            yield Effect(sku, transfer["from"], "transfer", sent_by), -sent
            yield Effect(sku, TRANSIT, "transfer", sent_by), sent
            yield Effect(sku, TRANSIT, "arrival", ""), -number(line["arrived"])
            yield Effect(sku, transfer["to"], "arrival", ""), number(line["arrived"])
            yield Effect(sku, TRANSIT, "transit-loss", ""), -number(line["lost"])


def settle_transfers(company: str, told: Mapping[str, Any], findings: Findings) -> None:
    """All that was sent has arrived, is lost, or is on the way; nothing is on the way for ever."""
    for transfer in told["transfers"]:
        is_over = transfer["state"] == "closed"
        for line in transfer["lines"]:
            findings.look("INV11")
            sent, *parts = (number(line[name]) for name in ("sent", "arrived", "lost", "on_the_way"))
            wrong = (is_over and parts[2]) or (not is_over and parts[1]) or sent != sum(parts)
            if wrong or any(part < 0 for part in parts):
                what = "what was sent is not what arrived, is lost or is on the way"
                findings.say("INV11", what, company=company, transfer=transfer["reference"], line=line)


def settle_steps(company: str, told: Mapping[str, Any], intents: Intents, findings: Findings) -> None:
    """INV1: what was accepted of a transfer or a count happened once; what nobody answered at most once."""
    for transfer in told["transfers"]:
        identity = str(transfer["transfer"])
        arrivals = intents.steps.get(("arrive", company, identity), [])
        findings.look("INV1", len(arrivals))
        least, most = _arrived(arrivals, "ok"), _arrived(arrivals, "ok", "unknown")
        for line in transfer["lines"]:
            if not least[line["item"]] <= number(line["arrived"]) <= most[line["item"]]:
                ops = [one.op for one in arrivals]
                what = "more or less arrived than was said"
                findings.say("INV1", what, company=company, transfer=transfer["reference"], line=line, ops=ops)
        agreed = transfer["state"] == "closed" and transfer["closed_by"] is not None
        _is_done("agree", company, identity, intents, findings, done=agreed)
        closes = {one.outcome for one in intents.steps.get(("close", company, identity), ())}
        if transfer["state"] != "sent" and not closes & {"ok", "unknown"}:
            findings.say("INV1", "a transfer was given up by nobody", company=company, transfer=transfer["reference"])
    for count in told["counts"]:
        agreed = count["state"] == "adjusted" and count["decided_by"] is not None
        _is_done("decide", company, str(count["count"]), intents, findings, done=agreed)


def _arrived(arrivals: Iterable[Operation], *outcomes: str) -> Counter[str]:
    sums: Counter[str] = Counter()
    for one in arrivals:
        for line in one.body["lines"] if one.outcome in outcomes else ():
            sums[line["item"]] += number(line["quantity"])
    return sums


def _is_done(f: str, company: str, identity: str, intents: Intents, findings: Findings, *, done: bool) -> None:
    """Another person agreed if that was accepted, and only if somebody asked for it."""
    steps = [one for one in intents.steps.get((f, company, identity), ()) if one.body["approved"]]
    outcomes = {one.outcome for one in steps}
    findings.look("INV1", len(steps))
    if ("ok" in outcomes and not done) or (done and not outcomes & {"ok", "unknown"}):
        ops, what = [one.op for one in steps], "another person agreed and it was not booked, or was unasked"
        findings.say("INV1", what, company=company, of=identity, f=f, ops=ops)
