"""What a rule is: a sentence about the house, a function that finds where it is broken, and the exceptions it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tests.architecture.house import House

RULES: list[Rule] = []
"""Every rule there is, in the order in which they are written."""


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """Where a rule is broken, and what is wrong there."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


def words(text: str) -> frozenset[str]:
    """A set of words, written as a text."""
    return frozenset(text.split())


Check = Callable[[House], Iterable[Violation]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; its name is the sentence that it keeps."""

    check: Check
    allowed: Mapping[str, str] = field(default_factory=dict)
    """Files that may break it, each with the reason."""

    @property
    def name(self) -> str:
        """The sentence."""
        return self.check.__name__.replace("_", " ")

    def __str__(self) -> str:
        return self.check.__name__

    def all_in(self, house: House) -> list[Violation]:
        """Everything that the rule finds, allowed or not."""
        return sorted(self.check(house))

    def broken_in(self, house: House) -> list[Violation]:
        """Where the rule is broken without a reason."""
        return [violation for violation in self.all_in(house) if violation.file not in self.allowed]

    def out_of_date_in(self, house: House) -> list[str]:
        """Allowances that nothing needs any more, of files that exist or of files that are gone."""
        needed = {violation.file for violation in self.all_in(house)}
        return sorted(set(self.allowed) - needed)


def rule(*, allowed: Mapping[str, str] | None = None) -> Callable[[Check], Rule]:
    """Make a rule of a function."""

    def make(check: Check) -> Rule:
        made = Rule(check, allowed or {})
        RULES.append(made)
        return made

    return make
