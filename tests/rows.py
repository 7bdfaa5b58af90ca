"""Which test holds which row: tables in the services' READMEs, made from the docstrings of tests.

A test that holds a row of the feature list begins its docstring with the row's ID: `L1: …`, or `L1, L2: …`. A service
whose README has the two markers gets the table between them; `make rows` writes it, and a test fails when it is stale.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- rows: written by `make rows` -->", "<!-- rows end -->"

CLAIMED: Mapping[str, str] = {
    "ledger": "L1 L2 L3 L5 L6 L7 L8 L10 L16 L23 L26 L27 L29 L30 X1 X7 X8 X10 X21",
    "payroll": "P1 P2 P3 P4 P5 P6 P7 P8 P9 P11 P12 P16 P17 P18 P22 P23 P27 P28 X3 D14",
    "inventory": "I1 I2 I3 I4 I7 I10 I13 I14 I15 I17 I19 I24 X1 X10",
    "documents": "D1 D5 D6 D11 D13 D14 D19 X1 X10",
    "gateway": "G1 G2 G3 G4 G5 G6 G8 G10 G11 G12 G13 G14 G15 G16 G18 G20 X1 X7 X10 X21",
}
"""The rows that a service is said to have: without a test of one, the tables would only be silent about it."""
SHARED = ("chassis", "contracts", "end_to_end", "faults", "isolation", "proof")
"""Folders whose tests hold rows for whoever claims them."""

_ROWS = re.compile(r"((?:[A-Z][0-9]+)(?:, ?[A-Z][0-9]+)*): +(\S.*)")
_ID = re.compile(r"([A-Z])([0-9]+)")


class Held(NamedTuple):
    """A test that holds a row, and what it says it shows."""

    path: str
    test: str
    shows: str


def held_in(folder: Path, root: Path = ROOT) -> Mapping[str, list[Held]]:
    """The tests below a folder by the row that they hold."""
    rows: defaultdict[str, list[Held]] = defaultdict(list)
    for file in sorted(folder.rglob("test_*.py")):
        for name, docstring in _tests(ast.parse(file.read_text(encoding="utf-8"))):
            found = _ROWS.fullmatch(" ".join(docstring.split("\n\n")[0].split()))
            for row in re.split(", ?", found[1]) if found else ():
                rows[row].append(Held(file.relative_to(root).as_posix(), name, found[2] if found else ""))
    return rows


def of_service(service: str, root: Path = ROOT) -> Mapping[str, list[Held]]:
    """Its own tests by their row; and those of what all stand on, for the rows that it claims."""
    rows = dict(held_in(root / "tests" / service, root))
    claimed = CLAIMED.get(service, "").split()
    for folder in SHARED:
        for row, tests in held_in(root / "tests" / folder, root).items():
            if row in claimed:
                rows[row] = [*rows.get(row, []), *tests]
    return rows


def unheld(root: Path = ROOT) -> list[tuple[str, str]]:
    """Services with the rows that they claim and no test holds."""
    held = {service: of_service(service, root) for service in CLAIMED}
    return [
        (service, row) for service, claimed in CLAIMED.items() for row in claimed.split() if row not in held[service]
    ]  # fmt: skip


def table(rows: Mapping[str, list[Held]]) -> str:
    """The rows in the order of their numbers, one line per test, as Markdown."""
    lines = ["| Row | What is shown | Test |", "| --- | --- | --- |"]
    for row in sorted(rows, key=_order):
        for held in rows[row]:
            shows = held.shows.rstrip(".").replace("|", "\\|")
            lines.append(f"| {row} | {shows} | `{held.path}::{held.test}` |")
    return "\n".join(lines)


def with_table(readme: str, rows: Mapping[str, list[Held]]) -> str:
    """A README whose table is the present one; one without the markers is left as it is."""
    if BEGIN not in readme:
        return readme
    before, _, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{BEGIN} stands without {END}")
    return f"{before}{BEGIN}\n{table(rows)}\n{END}{after}"


def stale(root: Path = ROOT) -> dict[Path, str]:
    """The READMEs whose tables are not the present ones, with what they should be."""
    found: dict[Path, str] = {}
    for readme in sorted((root / "services").glob("*/README.md")):
        text = readme.read_text(encoding="utf-8")
        fresh = with_table(text, of_service(readme.parent.name, root))
        if fresh != text:
            found[readme] = fresh
    return found


def _tests(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_"):
            yield node.name, ast.get_docstring(node) or ""


def _order(row: str) -> tuple[str, int]:
    found = _ID.fullmatch(row)
    assert found is not None, row
    return found[1], int(found[2])


if __name__ == "__main__":
    for path, fresh in stale().items():
        path.write_text(fresh, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
