"""Every mutant still finds the line that it spoils; whether the proof finds the mutant, `make mutants` says."""

from __future__ import annotations

import pytest

from deploy.local.paths import CHECKOUT
from tests.proof.mutants.table import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_one_place(mutant: Mutant) -> None:
    text = (CHECKOUT / mutant.file).read_text("utf-8")
    assert text.count(mutant.old) == 1
    assert mutant.new != mutant.old


def test_there_are_enough_mutants() -> None:
    assert len(MUTANTS) >= 15
