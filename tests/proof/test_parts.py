"""The parts of the proof that can be wrong by themselves: the grid, the hash of a state, what is due when."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from chassis.faults import POINTS
from tests.proof.chapters.failpoints import ACTIONS, ELSEWHERE, HITS, PASSED_BY, grid
from tests.proof.load.bookkeeper import LIMIT, Bookkeeper
from tests.proof.load.bookkeeper import ROUNDS as TURNS
from tests.proof.load.intents import RECEIVED_ON, Company, Intent, Wishes
from tests.proof.load.rare import EXPIRES_AFTER_S, EXPIRING_S, WISHES, RareOrders
from tests.proof.load.record import History, Kind
from tests.proof.load.sending import Answered, Load, Office, Tally, problem_code
from tests.proof.load.storekeeper import ASKED, LATE_ON, ROUNDS, Storekeeper
from tests.proof.load.warehouse import Clerk
from tests.proof.state import differences, state_hash
from tests.proof.trial import AGAIN, LOOK_S, PICKS, asked_again, complaints


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


Told = tuple[Kind, int, str]
"""What was asked, status, problem."""


def answers(*told: Told) -> Tally:
    return Tally([Answered(f, 0.0, 0.1, status, 1, code) for f, status, code in told])


TAKEN: Told = ("dispatch", 200, "")


def test_the_warehouse_may_come_too_late_and_is_refused_for_no_other_reason() -> None:
    late: list[Told] = [("pick", 409, "order-not-reserved"), ("pick", 404, "reservation-not-found"), TAKEN]
    assert complaints(answers(*late, ("dispatch", 409, "shipment-withdrawn"))) == []
    for wrong in (
        ("dispatch", 409, "insufficient-stock"),
        ("pack", 404, "shipment-not-found"),
        ("pick", 404, "not-found"),
    ):
        (said,) = complaints(answers(*late, wrong))
        assert said == f"1 good requests were refused: {wrong[0]} {wrong[1]} {wrong[2]}"


def test_a_warehouse_that_works_and_ships_nothing_is_found() -> None:
    late: list[Told] = [("pick", 409, "order-not-reserved")] * PICKS
    assert complaints(answers(*late)) == [f"nothing was shipped, though the warehouse picked {PICKS} times"]
    assert complaints(answers(*late, ("dispatch", 409, "shipment-withdrawn"))) != []
    assert complaints(answers(*late, TAKEN)) == []
    assert complaints(answers(*late[1:])) == []


ACME = Company("acme", "EUR", "GR", ("A",), {"STD": "0.24"})


@dataclass
class Place:
    """What a load needs of a house, without one."""

    history: History
    companies: tuple[Company, ...] = (ACME,)
    offices: Sequence[Office] = (Office("k", "/sales"),)
    gateway: str = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("status", "told", "settled"),
    [
        (409, {"type": "/problems/request-in-progress"}, False),
        (409, {"type": "/problems/order-not-reserved"}, True),
        (404, {"type": "/problems/reservation-not-found"}, True),
        (201, {"shipments": []}, True),
    ],
)
async def test_a_twin_of_a_warehouse_request_that_still_runs_is_no_last_word(
    tmp_path: Path, status: int, told: dict[str, Any], settled: bool
) -> None:
    load = Load(Place(History(tmp_path)))
    clerk = Clerk("C", random.Random(1))
    clerk.take(ACME, 0, "order")
    intent = clerk.pick([clerk.desk.popleft()])
    assert load._settled("c1", 1, intent, status, told, first=True) is settled


def test_a_problem_is_known_by_its_type_alone_and_in_a_batch() -> None:
    assert problem_code({"type": "/problems/reference-reused", "status": 409}) == "reference-reused"
    assert problem_code({"status": 409, "problem": {"type": "/problems/reference-reused"}}) == "reference-reused"
    assert problem_code({"code": "TimeoutError"}) == "TimeoutError"
    assert problem_code({"shipments": []}) == ""


@pytest.mark.parametrize(("refusal", "again"), [("reservation-not-found", True), ("order-not-reserved", False)])
def test_an_order_that_is_not_there_yet_is_picked_again(refusal: str, again: bool) -> None:
    clerk = Clerk("C", random.Random(1))
    clerk.take(ACME, 0, "order")
    task = clerk.desk.popleft()
    clerk.back([task], refusal)
    assert bool(clerk.desk) is again


async def test_a_few_rounds_of_the_storekeeper_hold_all_that_he_does() -> None:
    keeper = Storekeeper("S", (_stocked(),), 2, random.Random(1))
    asked: list[Intent] = []

    async def answer(intent: Intent) -> tuple[int, dict[str, Any]]:
        asked.append(intent)
        return 201, {"transfer": "T", "count": "N", "state": "closing" if intent.f == "close" else "pending"}

    for _ in range(6 * len(ROUNDS)):
        await keeper.round(answer)
    assert {intent.f for intent in asked} == ASKED
    assert {intent.body.get("received_on") for intent in asked if intent.f == "receive"} == {LATE_ON, RECEIVED_ON}
    # who counted is not who decides
    counted, decided = ([one.office for one in asked if one.f == f] for f in ("count", "decide"))
    assert all(first != second for first, second in zip(counted, decided, strict=True))


async def test_who_proposed_an_entry_asks_to_decide_on_it_first_and_then_somebody_else_decides() -> None:
    keeper = Bookkeeper("B", (_stocked(),), 2, random.Random(1))
    asked: list[Intent] = []

    async def answer(intent: Intent) -> tuple[int, dict[str, Any]]:
        asked.append(intent)
        if intent.f == "judge":
            return (409 if intent.office == asked[-2].office else 200), {}
        small = Decimal(intent.body["lines"][0]["debit"]) <= LIMIT
        return (201, {}) if small else (202, {"state": "awaiting-approval", "entry": "E"})

    for _ in range(len(TURNS)):
        await keeper.round(answer)
    assert [one.f for one in asked] == ["post", *["post", "judge", "judge"] * 2, "post"]
    words = [(one.path.rpartition("/")[2], one.office == asked[at - 1].office) for at, one in enumerate(asked)]
    assert words[2:4] == [("approve", True), ("approve", False)]
    assert words[5:7] == [("approve", True), ("refuse", False)]


def test_orders_with_a_wish_hold_each_wish_and_those_that_run_out_are_sent_first_alone() -> None:
    rare = RareOrders(Wishes("R", (_stocked(),), 2, random.Random(1)), random.Random(2))
    bodies = [rare.order().body for _ in WISHES]
    assert {body.get("if_short") for body in bodies} == {None, "back_order", "partial"}
    assert {body.get("invoice_on") for body in bodies} == {None, "dispatch"}
    assert 0 < rare.left_s() <= EXPIRES_AFTER_S + 1
    rare.began_s -= EXPIRING_S + 1
    assert not any("reserve_until" in rare.order().body for _ in WISHES)


def test_an_order_is_changed_once() -> None:
    wishes = Wishes("R", (_stocked(),), 2, random.Random(1))
    rare = RareOrders(wishes, random.Random(2))
    assert rare.change() is None
    placed = wishes.order().order
    assert placed is not None
    wishes.open.append(placed)
    first = rare.change()
    assert first is not None
    assert (first.f, first.path) == ("change", f"/v1/orders/{placed.reference}/changes")
    assert rare.change() is None


def _stocked() -> Company:
    return Company("acme", "EUR", "GR", ("P1", "P2", "P3"), {"Z0": "0"}, frozenset({"P1", "S1"}), ("S1", "S2"))


async def test_the_load_goes_on_after_the_healing_until_each_broken_flow_was_asked_for() -> None:
    """Once nothing was hired in the second after the last fault, and payroll was said not to have come back."""
    tally = Tally()
    tally.asked_ns["order"] = {f"before{n}": time.time_ns() for n in range(AGAIN)}
    waiting = asyncio.create_task(asked_again(tally, {"order", "hire"}))
    await asyncio.sleep(0)  # it has looked at its clock
    tally.asked_ns["order"] |= {f"after{n}": time.time_ns() for n in range(AGAIN)}
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(waiting), 2 * LOOK_S)  # nobody was hired yet
    tally.asked_ns["hire"] = {f"after{n}": time.time_ns() for n in range(AGAIN)}
    await asyncio.wait_for(waiting, 30)


async def test_a_flow_that_nobody_asks_for_is_not_waited_for_without_end() -> None:
    await asyncio.wait_for(asked_again(Tally(), {"hire"}, patience_s=0.1), 30)
