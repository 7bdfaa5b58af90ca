"""What the checker says: per invariant how much it looked at and what is wrong, each with a smallest witness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

SHOWN = 20
"""Violations of one invariant that are kept with their witness; the rest is counted."""

STATEMENTS: Mapping[str, str] = {
    "INV1": "what was accepted happened once, what was refused did not, what nobody answered at most once",
    "INV2": "the same key and content has the same answer, the same key and other content is refused",
    "INV3": "a request that was accepted can be asked for from then on",
    "INV4": "each order goes its way by steps that are published, each by its cause, and ends in one state",
    "INV5": "each entry balances in each currency, and the trial balance is the sum of the entries",
    "INV6": "entries stay; a correction is a mirrored entry of its own; a day's balances are its entries' sum",
    "INV7": "no entry is posted into a period that was closed before",
    "INV9": "each invoice has one entry and one paper, equal to the cent, and the numbers have no gap",
    "INV10": "what customers owe and what is owed to them are what their control accounts say",
    "INV11": "what is on hand is what came in less what went out, and never below nothing",
    "INV12": "what is reserved is what open reservations hold, line by line of their orders, and is on hand",
    "INV14": "what stock is worth is what the ledger's account says, item by item and document by document",
    "INV15": "gross is net, tax and contributions; a run is the sum of its payslips, and so is its entry in the books",
    "INV16": "everybody is in a month's run once and paid once, whoever starts it however often",
    "INV17": "pay, accounts and tax data of people are in no event, log or metric",
    "INV18": "each paper on file has its bytes, with the hash that was told; no file is without a document for ever",
    "INV19": "one event id, one content",
    "INV20": "what is on the topics and what the departments show are the same",
    "INV21": "per key the sequences run 1, 2, 3 … on one partition, repeats apart",
    "INV22": "every event has a cause: an event of the same chain, or the request that began it",
    "INV23": "whoever listens to an event has dealt with it exactly once",
    "INV24": "what is held or cannot be read is listed, and was really sent",
    "INV26": "nothing of one company is shown to another, or mixed with another's",
    "INV27": "a run, an account, a large entry, a refund, a count that is far off: who asked is not who agreed",
    "INV28": "in the end nothing is held and no paper is missing",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong: which invariant, what in words, and the operations, offsets or rows that show it."""

    invariant: str
    what: str
    witness: Mapping[str, object]


@dataclass(slots=True)
class Findings:
    """Filled by the passes."""

    examined: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    lost: int = 0
    doubled: int = 0

    def look(self, invariant: str, count: int = 1) -> None:
        """So many more things were examined."""
        self.examined[invariant] += count

    def say(self, invariant: str, what: str, **witness: object) -> None:
        """Something is wrong."""
        self.wrong[invariant] += 1
        if self.wrong[invariant] <= SHOWN:
            self.violations.append(Violation(invariant, what, witness))

    def count(self, lost: int = 0, doubled: int = 0) -> None:
        """Something did not happen, or happened more than once."""
        self.lost += lost
        self.doubled += doubled


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome. `violations` holds at most SHOWN of each invariant; `wrong` counts all."""

    events: int
    operations: int
    lost: int
    doubled: int
    violations: tuple[Violation, ...]
    examined: Mapping[str, int]
    wrong: Mapping[str, int]

    def table(self) -> Iterator[str]:
        """A line per invariant, then what is wrong."""
        yield f"{self.events} events, {self.operations} operations, {self.lost} lost, {self.doubled} doubled"
        for invariant, statement in STATEMENTS.items():
            verdict = f"{self.wrong[invariant]} WRONG" if self.wrong.get(invariant) else "holds"
            yield f"{invariant:6} {self.examined.get(invariant, 0):>9} {verdict:>10}  {statement}"
        for found in self.violations:
            yield f"  {found.invariant}: {found.what}  {dict(found.witness)}"
