"""Every move that is shown against the document that made it; what lies in bins against what is on hand. INV11.

Moves add up to what the shelves have; so here, too, is looked whether a shelf ever had less than nothing: one move
after the other as they were recorded, and at the end of each day as they happened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from typing import Any, NamedTuple

from tests.proof.checker.intents import number
from tests.proof.checker.report import Findings
from tests.proof.checker.warehouse import TRANSIT

Place = tuple[str, str]
"""Sku and warehouse."""


class Effect(NamedTuple):
    """What changes a shelf: a document by its id, or all arrivals and all losses of it together (no id)."""

    sku: str
    warehouse: str
    kind: str
    document: str


Sums = Counter[Effect]


def effect_of(move: Mapping[str, Any]) -> Effect:
    """Which document a move belongs to."""
    kind, place, document = str(move["kind"]), str(move["warehouse"]), str(move["document"])
    if kind in {"receipt", "opening"}:
        kind = "receipt"
    elif kind.startswith("transfer"):
        is_sending = (kind == "transfer-in") is (place == TRANSIT)
        kind, document = ("transfer", document) if is_sending else ("arrival", "")
    elif kind == "transit-loss":
        document = ""
    return Effect(str(move["sku"]), place, kind, document)


def settle_moves(
    company: str, told: Mapping[str, Any], due: Mapping[Effect, int], below_zero: Set[Place], findings: Findings
) -> None:
    """Each document moved what it says, nothing else moved, and nothing was ever taken that was not there."""
    shown: Sums = Counter()
    for move in told["moves"]:
        shown[effect_of(move)] += number(move["quantity"])
    findings.look("INV11", len(told["moves"]))
    for effect in shown.keys() | due.keys():
        if shown[effect] != due.get(effect, 0):
            findings.say(
                "INV11", "goods moved otherwise than their document says", company=company, of=effect._asdict(),
                moved=shown[effect] / 1e6, says=due.get(effect, 0) / 1e6,
            )  # fmt: skip
    _nothing_on_the_way_is_made(company, told["moves"], findings)
    _never_less_than_nothing(company, told["moves"], below_zero, findings)
    _bins(company, told, findings)


def _nothing_on_the_way_is_made(company: str, moves: Iterable[Mapping[str, Any]], findings: Findings) -> None:
    """What leaves a place with a transfer or an arrival comes to another one, document by document."""
    sums: Counter[tuple[str, str]] = Counter()
    for move in moves:
        if str(move["kind"]).startswith("transfer"):
            sums[str(move["document"]), str(move["sku"])] += number(move["quantity"])
    for (document, sku), out in sums.items():
        if out:
            what = "goods left one place and did not come to the other"
            findings.say("INV11", what, company=company, document=document, sku=sku, out_by=out / 1e6)


def _never_less_than_nothing(
    company: str, moves: Iterable[Mapping[str, Any]], below_zero: Set[Place], findings: Findings
) -> None:
    as_recorded: Counter[Place] = Counter()
    by_day: Counter[tuple[Place, str]] = Counter()
    for move in sorted(moves, key=lambda one: int(one["move"])):
        place = str(move["sku"]), str(move["warehouse"])
        as_recorded[place] += number(move["quantity"])
        by_day[place, str(move["effective_on"])] += number(move["quantity"])
        if as_recorded[place] < 0 and place not in below_zero:
            findings.say("INV11", "more was taken than was there", company=company, move=dict(move))
    at_its_end: Counter[Place] = Counter()
    for (place, day), moved in sorted(by_day.items(), key=lambda one: one[0][1]):
        at_its_end[place] += moved
        if at_its_end[place] < 0 and place not in below_zero:
            has = at_its_end[place] / 1e6
            findings.say(
                "INV11", f"at the end of {day} there was less than nothing", company=company, of=place, has=has
            )


def _bins(company: str, told: Mapping[str, Any], findings: Findings) -> None:
    """What lies in a bin is what was put there; all bins of a shelf hold what is said to lie in bins, and no more."""
    put: Counter[tuple[str, str, str]] = Counter()
    lies: Counter[tuple[str, str, str]] = Counter()
    in_bins: Counter[Place] = Counter()
    for move in told["bin_moves"]:
        put[move["sku"], move["warehouse"], move["bin"]] += number(move["quantity"])
    for row in told["bin_stock"]:
        lies[row["sku"], row["warehouse"], row["bin"]] += number(row["quantity"])
        in_bins[row["sku"], row["warehouse"]] += number(row["quantity"])
    findings.look("INV11", len(lies))
    for place in put.keys() | lies.keys():
        if lies[place] != put[place] or lies[place] < 0:
            what = "a bin has not what was put there"
            findings.say("INV11", what, company=company, bin=place, has=lies[place] / 1e6, put=put[place] / 1e6)
    for row in told["stock"]:
        has = in_bins.pop((row["sku"], row["warehouse"]), 0)
        if number(row["in_bins"]) != has or has > max(0, number(row["on_hand"])):
            findings.say("INV11", "more or less lies in bins than is said", company=company, row=row, bins=has / 1e6)
    if in_bins or not told["bin_check"]["balanced"]:
        findings.say("INV11", "something lies in bins that is nowhere on hand", company=company, of=list(in_bins)[:5])
