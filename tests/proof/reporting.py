"""The part of `docs/proof.md` that no hand writes: the latest result of every chapter and length.

Long chapters are run on different days and from different checkouts: what one run found is put into `record.jsonl`,
which is committed, beside what is there already, and the page is made of that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.local.paths import CHECKOUT
from tests.proof.chapter import LENGTHS
from tests.proof.chapters import CHAPTERS
from tests.proof.conducting import FOLDER, read_results
from tests.proof.regressions import CASES
from tests.proof.verdict import HEADINGS, Verdict, recovery_of

PAGE = CHECKOUT / "docs" / "proof.md"
RECORD = CHECKOUT / "tests" / "proof" / "record.jsonl"
BEGIN = "<!-- from here to the end written by `make prove` -->"


def write_page(page: Path = PAGE, record: Path = RECORD, results: Path = FOLDER) -> None:
    """Put what was found since into the record, and the record behind the page's mark. Raises ValueError when the page
    has no mark.
    """
    written, mark, _ = page.read_text(encoding="utf-8").partition(BEGIN)
    if not mark:
        raise ValueError(f"{page} has no line {BEGIN!r}")
    runs = _latest([*_recorded(record), *read_results(results)])
    lines = (json.dumps(told, ensure_ascii=False, sort_keys=True) for told in runs)
    record.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    page.write_text(written + "\n".join([BEGIN, "", *_sections(runs)]) + "\n", encoding="utf-8")


def _recorded(record: Path) -> Iterator[dict[str, Any]]:
    if record.exists():
        yield from (json.loads(line) for line in record.read_text(encoding="utf-8").splitlines())


def _latest(runs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last one of each chapter and length, good or bad, in the order of the chapters."""
    latest = {(told["chapter"], told["length"]): told for told in sorted(runs, key=lambda told: str(told["at"]))}
    order = [(chapter.name, length) for chapter in CHAPTERS for length in LENGTHS]
    return [latest[place] for place in order if place in latest]


def _sections(runs: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    runs = list(runs)
    yield "## Chapters"
    yield ""
    yield "| chapter | what is done | short | normal | full |"
    yield "| --- | --- | --- | --- | --- |"
    for chapter in CHAPTERS:
        lengths = (f"{chapter.seconds[name]:.0f} s" if name in chapter.seconds else "" for name in LENGTHS)
        yield f"| `{chapter.name}` | {chapter.about} | {' | '.join(lengths)} |"
    yield ""
    yield "## Latest results"
    yield ""
    yield f"| chapter | length | {' | '.join(HEADINGS[1:])} |"
    yield "|" + " --- |" * (len(HEADINGS) + 1)
    for told in runs:
        yield from _rows(told)
    yield ""
    yield "Measured in these runs (with orders a second, and the load of the machine, which was not always to itself):"
    yield ""
    for told in runs:
        yield from _figures(told)
    yield ""
    yield "## Bugs found, and their cases"
    yield ""
    for case in CASES:
        yield f"- **{case.name}** ({case.found_by}). {case.what}"


def _rows(told: Mapping[str, Any]) -> Iterator[str]:
    name, length = told["chapter"], told["length"]
    if told["crash"]:
        yield f"| `{name}` | {length} | | {told['seed']} | | | | | | | | did not come to its end |"
    for verdict in map(Verdict.from_json, told["verdicts"]):
        cells = (
            f"`{name}`", length, verdict.fault, verdict.seed, verdict.operations, verdict.faults_observed,
            verdict.events, verdict.lost, verdict.doubled, len(verdict.violations), recovery_of(verdict),
            "good" if verdict.good else "**bad**",
        )  # fmt: skip
        yield f"| {' | '.join(map(str, cells))} |"


def _figures(told: Mapping[str, Any]) -> Iterator[str]:
    for verdict in map(Verdict.from_json, told["verdicts"]):
        figures = "; ".join(f"{name}: {value}" for name, value in verdict.figures.items())
        wrong = "".join(f" **{why}.**" for why in verdict.why_not)
        pace = f"{told.get('orders_per_s', '?')}/s, load {told.get('machine_load', '?')}"
        place = f"`{told['chapter']}`, {told['length']}, {verdict.fault} ({told['at']}, {told['commit']}, {pace})"
        yield f"- {place}: {figures}.{wrong}"
