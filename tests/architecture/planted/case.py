"""One planted house: a few files, and what a rule must say about them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from tests.architecture.house import House
from tests.architecture.rule import Rule


@dataclass(frozen=True, slots=True)
class Case:
    """Files as text, and where the rule must bite (`found` is `path:line`; empty for innocent ones)."""

    rule: Rule
    files: dict[str, str]
    found: str = ""
    says: str = ""

    def __str__(self) -> str:
        return f"{self.rule}-{self.says.replace(' ', '_')}" if self.says else f"{self.rule}-{next(iter(self.files))}"

    def build(self, root: Path) -> House:
        """Write the files and read them as the house is read."""
        for path, text in self.files.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
        return House(root)


def planted(rule: Rule, path: str, code: str, says: str, *, line: int = 1) -> Case:
    """A violation in one file."""
    return Case(rule, {path: dedent(code)}, f"{path}:{line}", says)


def innocent(rule: Rule, path: str, code: str) -> Case:
    """Code that looks a little like a violation, and is none."""
    return Case(rule, {path: dedent(code)})
