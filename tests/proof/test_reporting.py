"""What the proof found on one day is not forgotten when another chapter is run on the next."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.proof.reporting import BEGIN, write_page
from tests.proof.verdict import Verdict


def told(chapter: str, at: str, *violations: str) -> dict[str, Any]:
    verdict = Verdict(
        chapter, "a fault", 7, operations=10, faults_observed=1, events=50, lost=0, doubled=0, violations=violations
    )
    return {
        "chapter": chapter, "length": "full", "seed": 7, "commit": "abc1234", "at": at, "seconds": 1.0, "crash": None,
        "good": verdict.good, "verdicts": [verdict.as_json()], "orders_per_s": 20.0, "machine_load": 1.5,
    }  # fmt: skip


def ran(folder: Path, *runs: dict[str, Any]) -> Path:
    folder.mkdir()
    (folder / "results.jsonl").write_text("".join(json.dumps(run) + "\n" for run in runs))
    return folder


def results_in(page: Path) -> list[str]:
    return [line for line in page.read_text().splitlines() if line.startswith("| `") and "a fault" in line]


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "page.md"
    page.write_text(f"By hand.\n{BEGIN}\nof yesterday")
    return page


def test_results_of_two_days_from_two_checkouts_stand_on_one_page_in_the_order_of_the_chapters(
    tmp_path: Path, page: Path
) -> None:
    record = tmp_path / "record.jsonl"
    write_page(page, record, ran(tmp_path / "monday", told("poison", "2026-11-30T10:00:00+00:00")))

    write_page(page, record, ran(tmp_path / "tuesday", told("stops", "2026-12-01T10:00:00+00:00")))

    assert [line.split("`")[1] for line in results_in(page)] == ["stops", "poison"]
    assert page.read_text().startswith("By hand.\n")
    assert "of yesterday" not in page.read_text()


def test_the_last_run_of_a_chapter_counts_also_when_it_was_bad(tmp_path: Path, page: Path) -> None:
    record = tmp_path / "record.jsonl"
    write_page(page, record, ran(tmp_path / "monday", told("poison", "2026-11-30T10:00:00+00:00")))

    write_page(page, record, ran(tmp_path / "tuesday", told("poison", "2026-12-01T10:00:00+00:00", "GOAL24: lost")))

    assert len(results_in(page)) == 1
    assert "**bad**" in results_in(page)[0]
    assert "GOAL24: lost" in page.read_text()


def test_a_page_without_the_mark_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Another page.")

    with pytest.raises(ValueError, match="has no line"):
        write_page(page, tmp_path / "record.jsonl", tmp_path)

    assert page.read_text() == "Another page."
