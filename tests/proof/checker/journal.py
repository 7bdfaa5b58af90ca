"""The journal: what is posted stays, a correction is an entry of its own, a closed period stays closed. INV6, INV7.

Of each entry a fingerprint is kept and no lines, so that a million of them fit in memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from tests.proof.checker.intents import number
from tests.proof.checker.report import Findings

SUBLEDGER_OF = {"sales": "ar", "cash": "ar", "stock": "stock", "payroll": "payroll"}
"""Whose sub-ledger a journal is; all others are the general ledger's."""
GENERAL = "gl"
"""Who closes a period for it closes it for all."""
BEGINNINGS = timedelta(seconds=60)
"""The time of an event is when its transaction began: a closing that waited for those who were posting bears one
that is a little too early."""


class Closing(NamedTuple):
    """Days that were closed for sub-ledgers from a moment on, or opened again."""

    at: datetime
    first: str
    last: str
    subledgers: frozenset[str]
    closes: bool


class Journal:
    """What the entries say of each other and of the periods."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self._entries: dict[tuple[str, str], tuple[int, str]] = {}
        """By company and entry: fingerprint of its lines, and where it stands."""
        self._reversals: list[tuple[str, str, str, int, str]] = []
        self._closings: defaultdict[str, list[Closing]] = defaultdict(list)

    def has(self, company: str, entry: str) -> bool:
        """Whether the entry was posted."""
        return (company, entry) in self._entries

    def period(self, company: str, data: Mapping[str, Any], at: str, *, closes: bool) -> None:
        """A period was closed or opened again. Topics are read so that these come before the entries."""
        days = data["starts_on"], data["ends_on"]
        told = Closing(datetime.fromisoformat(at), *days, frozenset(data["subledgers"]), closes)
        self._closings[company].append(told)

    def entry(self, company: str, data: Mapping[str, Any], at: str, place: str) -> None:
        """One entry, at its first appearance."""
        self.findings.look("INV6")
        key = company, str(data["entry"])
        if key in self._entries:
            self.findings.say("INV6", "an entry was posted a second time", at=[self._entries[key][1], place])
        self._entries[key] = _fingerprint(data["lines"], "debit", "credit"), place
        if (taken_back := data.get("reverses")) is not None:
            mirrored = _fingerprint(data["lines"], "credit", "debit")
            self._reversals.append((company, str(taken_back), str(data["entry"]), mirrored, place))
        if self._closings[company]:
            self._in_an_open_period(company, data, datetime.fromisoformat(at), place)

    def settle(self) -> None:
        """Each reversal is the mirror of one entry, which nobody else has taken back."""
        taken: dict[tuple[str, str], str] = {}
        for company, of, entry, mirrored, place in self._reversals:
            self.findings.look("INV6")
            found = self._entries.get((company, of))
            if found is None:
                self.findings.say("INV6", "an entry takes back one that was never posted", at=place, entry=entry, of=of)
            elif found[0] != mirrored:
                self.findings.say("INV6", "an entry is not the mirror of what it takes back", at=[found[1], place])
            if (first := taken.setdefault((company, of), place)) != place:
                self.findings.say("INV6", "an entry was taken back twice", at=[first, place], of=of)

    def _in_an_open_period(self, company: str, data: Mapping[str, Any], at: datetime, place: str) -> None:
        """INV7: posted while the last word about its day was not that it is closed."""
        subledger, day = SUBLEDGER_OF.get(data["journal"], GENERAL), data["posted_on"]
        last: Closing | None = None
        for told in sorted(self._closings[company]):
            concerns = subledger in told.subledgers or GENERAL in told.subledgers
            if concerns and told.first <= day <= told.last and told.at + BEGINNINGS < at:
                last = told
        self.findings.look("INV7")
        if last is not None and last.closes:
            self.findings.say(
                "INV7", "an entry stands in a period that was closed", at=place, entry=data["entry"], day=day,
                closed=last.at.isoformat(),
            )  # fmt: skip


def _fingerprint(lines: list[Mapping[str, Any]], debit: str, credit: str) -> int:
    return hash(
        tuple(sorted((line["account"], line["currency"], number(line[debit]), number(line[credit])) for line in lines))
    )
