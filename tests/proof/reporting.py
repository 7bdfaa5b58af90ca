"""The part of `docs/proof.md` that no hand writes: the latest result of every chapter and length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from deploy.local.paths import CHECKOUT
from tests.proof.chapter import LENGTHS
from tests.proof.chapters import CHAPTERS
from tests.proof.conducting import FOLDER, read_results
from tests.proof.regressions import CASES
from tests.proof.verdict import HEADINGS, Verdict, recovery_of

PAGE = CHECKOUT / "docs" / "proof.md"
BEGIN = "<!-- from here to the end written by `make prove` -->"


def write_page(page: Path = PAGE, results: Path = FOLDER) -> None:
    """Put the latest results behind the mark. Raises ValueError when the page has no mark."""
    written, mark, _ = page.read_text(encoding="utf-8").partition(BEGIN)
    if not mark:
        raise ValueError(f"{page} has no line {BEGIN!r}")
    page.write_text(written + "\n".join([BEGIN, "", *_sections(results)]) + "\n", encoding="utf-8")


def _sections(results: Path) -> Iterator[str]:
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
    latest = {(told["chapter"], told["length"]): told for told in read_results(results)}
    order = [(chapter.name, length) for chapter in CHAPTERS for length in LENGTHS]
    runs = [latest[place] for place in order if place in latest]
    yield f"| chapter | length | {' | '.join(HEADINGS[1:])} |"
    yield "|" + " --- |" * (len(HEADINGS) + 1)
    for told in runs:
        yield from _rows(told)
    yield ""
    yield "Measured in these runs:"
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
        place = f"`{told['chapter']}`, {told['length']}, {verdict.fault} ({told['at']}, {told['commit']})"
        yield f"- {place}: {figures}.{wrong}"
