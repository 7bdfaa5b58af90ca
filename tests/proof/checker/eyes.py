"""Four eyes over books and shelves: what is above a company's limit was agreed to by another person. INV27.

Entries by hand are held against the company's limits and the list of proposals, adjustments of stock against its
tolerance (the one that holds in the end: a run sets it once); each names who asked for it and who agreed. Money
that went back is held against the list of refunds, where each says the same. Pay is looked at in `pay.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from tests.proof.checker.intents import number
from tests.proof.checker.report import Findings

BY_HAND = "general"
"""The journal of what people post themselves."""
WHOLE = 1_000_000
CLOSE = timedelta(seconds=2)
"""An event's time is when its transaction began: a limit that was recorded about then may have been seen or not."""
RATE_HOLDS = timedelta(days=10)
"""How long a rate says what something is worth; without one nobody can tell, and a second person looks."""
Side = tuple[str, str, int, int]


class Rated(NamedTuple):
    """What a currency was said to be worth in the company's own from a day on."""

    currency: str
    valid_on: date
    rate: Decimal
    at: datetime


class ByHand(NamedTuple):
    """An entry that somebody asked for."""

    place: str
    posted_on: str
    at: datetime
    lines: tuple[Side, ...]
    bases: tuple[int | None, ...]
    """What each line is worth in the company's own currency, where it says so."""
    cent: int
    """The smallest amount of that currency: amounts are written with all their decimals."""


class Refunded(NamedTuple):
    """Money that went back."""

    place: str
    payment: str
    amount: int
    currency: str


class Eyes:
    """Filled while the events go by; judged by what the departments show."""

    def __init__(self, findings: Findings, is_posted: Callable[[str, str], bool]) -> None:
        self.findings = findings
        self._is_posted = is_posted
        self._entries: defaultdict[str, dict[str, ByHand]] = defaultdict(dict)
        self._rates: defaultdict[str, list[Rated]] = defaultdict(list)
        self._refunded: defaultdict[str, dict[str, Refunded]] = defaultdict(dict)
        self._adjusted: defaultdict[str, dict[str, tuple[Mapping[str, Any], str]]] = defaultdict(dict)

    def event(self, kind: str, company: str, data: Mapping[str, Any], at: str, place: str) -> None:
        """One event, at its first appearance."""
        if kind == "EntryPosted.v1" and data["journal"] == BY_HAND:
            lines = data["lines"]
            bases = tuple(None if line.get("base") is None else number(line["base"]) for line in lines)
            cent = min((_last_digit(line["base"]) for line in lines if line.get("base") is not None), default=1)
            entry = ByHand(place, data["posted_on"], datetime.fromisoformat(at), _sides(lines), bases, cent)
            self._entries[company][str(data["entry"])] = entry
        elif kind == "ExchangeRateRecorded.v1":
            valid_on, said_at = date.fromisoformat(data["valid_on"]), datetime.fromisoformat(at)
            one = Rated(data["currency"], valid_on, Decimal(data["rate"]), said_at)
            self._rates[company].append(one)
        elif kind == "PaymentRefunded.v1":
            self._went_back(company, data, place)
        elif kind == "StockAdjusted.v1":
            self._adjusted[company][str(data["document"])] = data, place

    def settle_shown(self, company: str, told: Mapping[str, Any]) -> None:
        """What a company's departments show, when all is quiet."""
        if "proposals" in told:
            self._entries_by_hand(company, told)
        if "refunds" in told:
            self._refunds(company, told["refunds"])
        if "stock_policy" in told:
            self._adjustments(company, told)

    # -- books ---------------------------------------------------------------------------------------------------------

    def _entries_by_hand(self, company: str, told: Mapping[str, Any]) -> None:
        proposals = {str(row["entry"]): row for row in told["proposals"]}
        entries = self._entries[company]
        for identity, entry in entries.items():
            self.findings.look("INV27")
            proposal = proposals.get(identity)
            witness = {"company": company, "entry": identity, "at": entry.place}
            if proposal is None:
                if _worth(entry, self._rates[company]) > _limit(told["policies"]["policies"], entry):
                    self.findings.say("INV27", "an entry above the limit was proposed by nobody", **witness)
            elif proposal["state"] != "approved":
                self.findings.say("INV27", f"an entry is posted and its proposal {proposal['state']}", **witness)
            elif Counter(_sides(proposal["lines"])) != Counter(entry.lines):
                self.findings.say("INV27", "what was posted is not what a second person agreed to", **witness)
        for identity, proposal in proposals.items():
            self.findings.look("INV27")
            if proposal["state"] == "waiting":
                continue
            first = proposal["on_behalf_of"] or proposal["proposed_by"]
            second = proposal["decided_on_behalf_of"] or proposal["decided_by"]
            if second is None or first == second:
                what = "who proposed an entry has decided on it"
                self.findings.say("INV27", what, company=company, entry=identity, who=first)
            if proposal["state"] == "approved" and identity not in entries:
                what = "an entry was agreed to and never posted"
                self.findings.say("INV27", what, company=company, entry=identity)

    # -- money that goes back ------------------------------------------------------------------------------------------

    def _went_back(self, company: str, data: Mapping[str, Any], place: str) -> None:
        self.findings.look("INV27")
        money, refund = data["amount"], str(data["refund"])
        if (before := self._refunded[company].get(refund)) is not None:
            what = "a refund that was agreed to once went out twice"
            self.findings.say("INV27", what, company=company, refund=refund, at=[before.place, place])
        told = Refunded(place, str(data["payment"]), number(money["amount"]), money["currency"])
        self._refunded[company][refund] = told

    def _refunds(self, company: str, shown: Iterable[Mapping[str, Any]]) -> None:
        """Each wish against what went out, and the other way round."""
        went_out = dict(self._refunded[company])
        for row in shown:
            self.findings.look("INV27")
            told = went_out.pop(str(row["refund"]), None)
            witness = {"company": company, "refund": row["refund"], "at": None if told is None else told.place}
            if row["state"] != "requested" and row["decided_by"] in {None, row["requested_by"]}:
                what = "who asked for a refund has decided on it"
                self.findings.say("INV27", what, who=row["requested_by"], **witness)
            if row["state"] != "approved":
                if told is not None:
                    self.findings.say("INV27", f"money went back and its refund is {row['state']}", **witness)
            elif told is None:
                self.findings.say("INV27", "a refund was agreed to and nobody was told that it went out", **witness)
            elif told[1:] != (str(row["payment"]), number(row["amount"]), row["currency"]):
                self.findings.say("INV27", "what went back is not what a second person agreed to", **witness)
            elif not self._is_posted(company, str(row["entry"])):
                self.findings.say("INV27", "a refund was agreed to and is in no entry", **witness)
        for refund, told in went_out.items():
            what = "money went back that nobody asked for and nobody agreed to"
            self.findings.say("INV27", what, company=company, refund=refund, at=told.place)

    # -- shelves -------------------------------------------------------------------------------------------------------

    def _adjustments(self, company: str, told: Mapping[str, Any]) -> None:
        tolerance, adjusted = number(told["stock_policy"]["count_tolerance"]), self._adjusted[company]
        for count in told["counts"]:
            self.findings.look("INV27")
            witness = {"company": company, "count": count["reference"]}
            if count["decided_by"] == count["counted_by"]:
                self.findings.say("INV27", "who counted has decided on the count", **witness)
            if count["state"] != "adjusted":
                continue
            if count["decided_by"] is None and not _is_small(count["lines"], tolerance):
                what = "a count that differs by more than the tolerance is booked without another person"
                self.findings.say("INV27", what, **witness)
            if any(number(line["difference"]) for line in count["lines"]):
                self._told_alike(adjusted.get(str(count["count"])), count, witness)
        for data, place in adjusted.values():
            self.findings.look("INV27")
            if data.get("approved_by") == data["reported_by"]:
                what = "who found a difference has agreed to it"
                self.findings.say("INV27", what, company=company, document=data["document"], at=place)

    def _told_alike(
        self, found: tuple[Mapping[str, Any], str] | None, count: Mapping[str, Any], witness: Mapping[str, object]
    ) -> None:
        if found is None:
            self.findings.say("INV27", "a count was booked and nobody was told who stands for it", **witness)
        elif (found[0]["reported_by"], found[0].get("approved_by")) != (count["counted_by"], count["decided_by"]):
            self.findings.say(
                "INV27", "others were told of other persons than those of a count", at=found[1], **witness
            )


def _sides(lines: Iterable[Mapping[str, Any]]) -> tuple[Side, ...]:
    return tuple((line["account"], line["currency"], number(line["debit"]), number(line["credit"])) for line in lines)


def _worth(entry: ByHand, rates: Iterable[Rated]) -> float:
    """What an entry moves, in the company's own currency; of a rate that was recorded about then, seen or not seen."""
    known = [[one for one in rates if one.at + off < entry.at] for off in (CLOSE, -CLOSE)]
    return min(_moved(entry, seen) for seen in known)


def _moved(entry: ByHand, rates: Iterable[Rated]) -> float:
    debits = credits_ = 0.0
    for (_, currency, debit, credit), base in zip(entry.lines, entry.bases, strict=True):
        side = debit - credit or base or 0
        worth: float = abs(side if base is None else base)
        if base is not None and debit != credit:  # whoever wrote it may have said that it is worth nothing
            worth = max(worth, _by_rate(abs(debit - credit), currency, entry, rates))
        debits, credits_ = (debits + worth, credits_) if side > 0 else (debits, credits_ + worth)
    return max(debits, credits_)


def _by_rate(amount: int, currency: str, entry: ByHand, rates: Iterable[Rated]) -> float:
    day = date.fromisoformat(entry.posted_on)
    held = [one for one in rates if one.currency == currency and one.valid_on <= day <= one.valid_on + RATE_HOLDS]
    if not held:
        return float("inf")
    rate = max(held, key=lambda one: one.valid_on).rate
    return int((amount * rate / entry.cent).quantize(Decimal(1), ROUND_HALF_UP)) * entry.cent


def _last_digit(amount: str) -> int:
    """What a one in its last place is worth, in millionths."""
    return int(10 ** (6 - len(amount.partition(".")[2])))


def _limit(policies: Iterable[Mapping[str, Any]], entry: ByHand) -> float:
    """The stricter one of its day and of the day on which it was posted, by what was decided before it was."""
    known = [
        row
        for row in policies
        if row["approval_limit"] is not None and datetime.fromisoformat(row["recorded_at"]) + CLOSE < entry.at
    ]
    return min(_on(known, entry.posted_on), _on(known, entry.at.date().isoformat()))


def _on(policies: Iterable[Mapping[str, Any]], day: str) -> float:
    held = sorted((row["valid_from"], row["change"], row["approval_limit"]) for row in policies)
    held = [row for row in held if row[0] <= day]
    return number(held[-1][2]) if held else float("inf")


def _is_small(lines: Iterable[Mapping[str, Any]], tolerance: int) -> bool:
    return all(abs(number(line["difference"])) * WHOLE <= abs(number(line["expected"])) * tolerance for line in lines)
