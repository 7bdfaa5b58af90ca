"""The short form of the proof: every chapter that has one, in a few minutes, as part of every test run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof.chapters import CHAPTERS, IN_NORMAL, IN_TESTS
from tests.proof.conducting import Conductor
from tests.proof.verdict import Verdict

LIMIT_S = 180.0
NORMAL_LIMIT_S = 900.0
RATE_PER_S = 20.0
"""Of `make prove` it is 50: here what is on the way must also come to rest on a slow machine within minutes."""


def _verdict(faults: int = 3, lost: int = 0, violations: tuple[str, ...] = ()) -> Verdict:
    return Verdict("kills", "kill -9", 1, 100, faults, 500, lost, 0, violations)


def test_a_run_in_which_no_fault_was_observed_is_not_good() -> None:
    assert _verdict().good
    assert not _verdict(faults=0).good
    assert not _verdict(lost=1).good
    assert _verdict(violations=("INV5: out by a cent",)).why_not == ("INV5: out by a cent",)


def test_a_verdict_is_the_same_after_it_was_written_down() -> None:
    verdict = _verdict(violations=("INV5: out by a cent",))
    assert Verdict.from_json(verdict.as_json()) == verdict


def test_chapters_have_names_of_their_own_and_the_short_form_fits_its_time() -> None:
    names = [chapter.name for chapter in CHAPTERS]
    assert len(set(names)) == len(names)
    assert {*IN_TESTS, *IN_NORMAL} <= set(names)
    assert sum(chapter.seconds["short"] for chapter in CHAPTERS if chapter.name in IN_TESTS) <= LIMIT_S
    assert sum(chapter.seconds["normal"] for chapter in CHAPTERS if chapter.name in IN_NORMAL) <= NORMAL_LIMIT_S


@pytest.mark.timeout(1500)
async def test_whatever_is_broken_in_the_short_form_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    # Given the chapters that are part of every test run
    lines: list[str] = []
    conductor = Conductor("short", lines.append, folder=tmp_path, rate_per_s=RATE_PER_S)
    # When each breaks a house under load and lets it heal
    await conductor.conduct([chapter for chapter in CHAPTERS if chapter.name in IN_TESTS])
    # Then the checker finds nothing wrong, and a fault was observed in each. How fast all was is judged by
    # `make prove`, which has the machine to itself.
    wrong = [why for verdict in conductor.verdicts for why in verdict.why_not if not why.startswith("GOAL")]
    assert not [*conductor.crashed, *wrong], "\n".join([*lines, *conductor.report()])
