"""What Markdown says about the house: which tests it names, which files it points at, which parts a record has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.architecture.house import House, Source
from tests.architecture.rule import Violation

NAMED_TEST = re.compile(r"`(tests/[\w/.-]+\.py)::(\w+)`")
NAMED_FILE = re.compile(r"`((?:chassis|contracts|deploy|docs|services|tests|bench)/[\w/.*-]+)(?:::\w+)?`")
RECORD = re.compile(r"docs/decisions/(\d{4})-[a-z0-9-]+\.md")
PARTS = ("**Context.**", "**Decision.**", "**Consequences.**", "**Alternatives.**", "**Guards.**")
LINES_MAX = 60
"""One screen."""


def pages(house: House) -> Iterator[Source]:
    """Every Markdown file."""
    return (source for source in house.files if source.path.endswith(".md"))


def records(house: House) -> list[Source]:
    """The decisions, in their order."""
    return sorted((s for s in house.files if RECORD.fullmatch(s.path)), key=lambda source: source.path)


def tests_of(house: House) -> set[tuple[str, str]]:
    """Every test there is, by file and name."""
    return {
        (source.path, node.name)
        for source in house.within("tests/")
        for node in source.nodes
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_")
    }


def tests_that_do_not_exist(house: House) -> Iterator[Violation]:
    """Named tests that nobody would run."""
    known = tests_of(house)
    for page, number, line in _lines(house):
        for file, name in NAMED_TEST.findall(line):
            if (file, name) not in known:
                yield Violation(page.path, number, f"{file}::{name} does not exist")


def files_that_do_not_exist(house: House) -> Iterator[Violation]:
    """Files and folders that are named and are not there; `links.py` looks at links."""
    for page, number, line in _lines(house):
        for path in NAMED_FILE.findall(line):
            if not any(house.root.glob(path.rstrip("/"))):
                yield Violation(page.path, number, f"names {path}, which does not exist")


def records_without_a_part(house: House) -> Iterator[Violation]:
    """Records that leave something out, are longer than a screen, guard nothing or have no number of their own."""
    index = next((source.text for source in house.files if source.path == "docs/decisions/README.md"), "")
    for position, record in enumerate(records(house), 1):
        number, lines = record.path.split("/")[-1][:4], record.text.count("\n")
        places = [record.text.find(part) for part in PARTS]
        if -1 in places or places != sorted(places):
            yield Violation(
                record.path, 1, f"does not have {', '.join(part.strip('*.') for part in PARTS)} in this order"
            )
        if lines > LINES_MAX:
            yield Violation(record.path, lines, f"{lines} lines; a record is one screen of {LINES_MAX}")
        if not NAMED_TEST.search(record.text.partition("**Guards.**")[2]):
            yield Violation(record.path, lines, "no test guards it")
        if number != f"{position:04}" or not record.text.startswith(f"# {number} "):
            yield Violation(record.path, 1, f"is not record {position:04}")
        if f"({record.path.split('/')[-1]})" not in index:
            yield Violation(record.path, 1, "is not in the list of decisions")


def _lines(house: House) -> Iterator[tuple[Source, int, str]]:
    for page in pages(house):
        yield from ((page, number, line) for number, line in enumerate(page.text.splitlines(), 1))


def promises(readme: Source) -> list[str]:
    """The items of the list under the heading `Promises`, each with its continuation lines."""
    part = readme.text.partition("\n## Promises")[2].partition("\n## ")[0]
    return [" ".join(item.split()) for item in re.split(r"^- ", part, flags=re.MULTILINE)[1:]]


def rooms_without_a_line(readme: Source, house: House) -> list[str]:
    """The chassis's files that the table under the heading `Rooms` does not name."""
    part = readme.text.partition("\n## Rooms")[2]
    files = {source.path.split("/")[1] for source in house.within("chassis/") if source.path.count("/") == 1}
    return sorted(name for name in files - {"__init__.py"} if f"`{name}`" not in part)
