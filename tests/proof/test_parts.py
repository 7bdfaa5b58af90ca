"""The parts of the proof that can be wrong by themselves: the grid, the hash of a state, what is due when."""

from __future__ import annotations

import random
from itertools import product
from typing import Any

from chassis.faults import POINTS
from tests.proof.chapters.failpoints import ACTIONS, ELSEWHERE, HITS, PASSED_BY, grid
from tests.proof.state import differences, state_hash


def test_the_grid_holds_every_point_with_every_action_and_hit_in_a_process_that_passes_it() -> None:
    cells = list(grid(random.Random(1)))
    assert {(cell.point, cell.action, cell.hit) for cell in cells} == set(
        product(set(POINTS) - ELSEWHERE, ACTIONS, HITS)
    )
    assert len(cells) == len(set(POINTS) - ELSEWHERE) * len(ACTIONS) * len(HITS)
    assert all(cell.process in PASSED_BY[cell.point.partition(".")[0]] for cell in cells)


def test_the_same_seed_draws_the_same_grid_and_another_seed_another() -> None:
    assert list(grid(random.Random(7))) == list(grid(random.Random(7)))
    assert list(grid(random.Random(7))) != list(grid(random.Random(8)))


def state(**changes: Any) -> dict[str, Any]:
    return {"orders": [["R-1", "paid", "12.50"], ["R-2", "documented", "3.00"]], "rendered": 2} | changes


def test_states_that_are_equal_have_one_hash_and_no_difference() -> None:
    assert state_hash([state()]) == state_hash([state()])
    assert differences([state()], [state()]) == []


def test_a_state_that_is_out_by_a_cent_has_another_hash_and_is_named() -> None:
    other = state(orders=[["R-1", "paid", "12.51"], ["R-2", "documented", "3.00"]])
    assert state_hash([state()]) != state_hash([other])
    (found,) = differences([state()], [other])
    assert "company 1: orders differ" in found
    assert "12.51" in found
