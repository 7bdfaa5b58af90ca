"""What a part of the demo has to show, and what of it does not add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from deploy.local.demo.report import table


@dataclass(slots=True)
class Findings:
    """Tables to print, and what does not add up."""

    tables: list[tuple[str, tuple[str, ...], list[tuple[object, ...]]]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def must(self, what: str, is_so: object, must_be: object) -> None:
        """Two figures that come from different places and must be one."""
        if is_so != must_be:
            self.wrong.append(f"{what} is {is_so}, must be {must_be}")

    def lines(self) -> Iterable[str]:
        """The tables, line by line."""
        for title, names, rows in self.tables:
            yield from table(title, names, rows)
