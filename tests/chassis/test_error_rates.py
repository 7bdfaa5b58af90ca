"""How much of what came was refused or is held, door by door and rule by rule."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from chassis import error_rates
from chassis.service import Service
from chassis.tally import Tally
from tests.chassis.statements import counting_statements
from tests.chassis.test_corridor import drain
from tests.chassis.toy import Toy, order_id, record
from tests.chassis.toy_api import ToyApi

NOTES = "/v1/companies/acme/notes"
MADE = {"from": "2026-11-22", "until": "2026-11-22"}
"""The day on which the toy's events were made."""
DOOR = "POST /v1/companies/{company}/notes"
RIGHTS = frozenset({"toy:write", "operations:read"})


@pytest_asyncio.fixture
async def api(toy: Toy, tmp_path: Path) -> ToyApi:
    made = await ToyApi.opened(toy, tmp_path)
    made.app.router.routes.extend(error_rates.router.routes)
    return made


async def rates(api: ToyApi, company: str = "acme", **query: str) -> dict[str, Any]:
    token = api.token(companies=frozenset({"acme", "umbrella"}), scopes=RIGHTS)
    async with api.client(token) as client:
        answer = await client.get(f"/v1/companies/{company}/error-rates", params=query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def shown(rate: dict[str, Any]) -> tuple[int, int, int, int, int, float | None]:
    return (rate["accepted"], rate["refused"], rate["held"], rate["skipped"], rate["duplicates"], rate["rate"])


def reasons(rate: dict[str, Any]) -> dict[str, int]:
    return {f"{reason['outcome']} {reason['code']}": reason["number"] for reason in rate["reasons"]}


async def send(api: ToyApi, reference: str, key: str, company: str = "acme", **more: Any) -> int:
    token = api.token(companies=frozenset({"acme", "umbrella"}), scopes=RIGHTS)
    async with api.client(token) as client:
        body = {"reference": reference, **more}
        answer = await client.post(
            f"/v1/companies/{company}/notes", json=body, headers={"idempotency-key": key} if key else {}
        )
    return answer.status_code


async def test_a_refused_command_and_a_planted_bad_event_show_up_by_their_code(api: ToyApi, toy: Toy) -> None:
    """X21: the error rate of a department, by HTTP command and topic, and by the rule that said no."""
    # Given three commands that are carried out, one repeat, and four mistakes that are noticed at four places
    for number in range(3):
        assert await send(api, f"R-{number}", f"k-{number}") == 201
    assert await send(api, "R-0", "k-0") == 201
    assert await send(api, "R-9", "k-0") == 422, "a key that was used for another note"
    assert await send(api, "R-9", "k-9", colour="red") == 422, "a field that there is not"
    assert await send(api, "R-9", "") == 428, "no key"
    assert await send(api, "refuse", "k-8") == 422, "a rule of the department"
    # And an event that is applied, two that a rule refuses, a repeat, one that breaks a constraint and one behind it
    await toy.corridor.take(
        [
            record(order_id("a"), 1, 0),
            record(order_id("b"), 1, 1, reference="refuse"),
            record(order_id("b"), 2, 2, reference="refuse"),
            record(order_id("a"), 1, 3),
            record(order_id("c"), 1, 4, reference="poison"),
            record(order_id("c"), 2, 5),
        ]
    )

    nothing = await rates(api, **{"from": "2000-01-01", "until": "2000-12-31"})
    assert (shown(nothing["total"]), nothing["doors"]) == ((0, 0, 0, 0, 0, None), [])
    (notes,) = (await rates(api))["doors"][:1]
    assert (notes["door"], notes["kind"], shown(notes)) == (DOOR, "commands", (3, 4, 0, 0, 1, 0.571429))
    assert reasons(notes) == {
        "refused idempotency-key-reused": 1,
        "refused invalid-request": 1,
        "refused idempotency-key-required": 1,
        "refused no": 1,
    }
    then = await rates(api, **MADE)
    (orders,) = [door for door in then["doors"] if door["kind"] == "events"]
    assert (orders["door"], shown(orders)) == ("sales.orders", (1, 2, 2, 0, 1, 0.8))
    assert reasons(orders) == {"refused no": 2, "held poison": 1, "held behind": 1}
    total = error_rates.together([error_rates.DoorRate(**door) for door in (notes, orders)])
    assert shown(total.model_dump()) == (4, 6, 2, 0, 2, 0.666667)


async def test_the_rules_that_refused_add_up_to_the_census(api: ToyApi, toy: Toy) -> None:
    """X21: also where a refusal comes when a held event is let go, and where the batch is bisected."""
    key = order_id("a")
    await toy.corridor.take([record(key, 2, 0, reference="refuse"), record(order_id("b"), 1, 1, reference="poison")])
    await toy.corridor.take([record(key, 1, 2)])
    assert await drain(toy) == 2
    assert await toy.rows("select code, sum(events)::int from inbox_refusal group by 1") == [("no", 1)]
    assert await toy.rows("select sum(events)::int from inbox_count where outcome = 'refused'") == [(1,)]
    assert (
        'backbone_refusals_total{code="no",door="sales.orders",replica="0",service="toy"} 1.0'
        in toy.metrics.exposition()[0].decode()
    )


async def test_no_company_sees_the_mistakes_of_another(api: ToyApi, toy: Toy) -> None:
    """X21, X7: the counts are isolated like everything else, and who was not let in is counted nowhere."""
    await toy.knows("umbrella")
    await send(api, "refuse", "k-1")
    await send(api, "refuse", "k-2", company="umbrella")
    await send(api, "refuse", "k-3", company="umbrella")
    await toy.corridor.take([record(order_id("a"), 1, 0, reference="refuse", company="umbrella")])
    async with api.client() as stranger:  # of acme alone
        assert (await stranger.post("/v1/companies/umbrella/notes", json={})).status_code == 404
    async with api.client("") as nobody:
        assert (await nobody.post(NOTES, json={})).status_code == 401
    async with api.client(api.token(companies=frozenset({"*"}), scopes=RIGHTS)) as guessing:
        assert (await guessing.post("/v1/companies/no-such/notes", json={})).status_code == 428
        assert (await guessing.get("/v1/companies/no-such/error-rates")).status_code == 404

    assert (await rates(api))["total"]["refused"] == 1
    assert (await rates(api, "acme", **MADE))["doors"] == []
    assert [(door["door"], door["refused"]) for door in (await rates(api, "umbrella"))["doors"]][:1] == [(DOOR, 2)]
    assert (await rates(api, "umbrella", **MADE))["total"]["refused"] == 1
    assert await toy.rows("select distinct company from command_count order by 1") == [("acme",), ("umbrella",)]
    async with api.client() as client:  # without operations:read
        assert (await client.get("/v1/companies/acme/error-rates")).status_code == 403


async def test_what_was_counted_is_written_by_one_statement_and_kept_while_the_database_is_away(
    api: ToyApi, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """X21: counting costs a command nothing, and an outage no count."""
    tally = api.doors.tally
    costs = []
    for number in (2, 1, 300):  # the driver's own first questions about types are not the tally's
        for place in range(number):
            tally.answered("acme", f"POST /{number}/{place}", replayed=False)
        async with counting_statements(toy.database) as counted:
            await tally.write()
        costs.append(counted.statements)
    assert costs[1] == costs[2]

    await send(api, "refuse", "k-1")
    with monkeypatch.context() as away:
        away.setattr("chassis.tally.WRITE", "select from nowhere")
        with pytest.raises(asyncpg.PostgresError):
            await tally.write()
    await tally.write()
    await tally.write()
    assert await toy.rows("select door, code, commands from command_count where door = $1", DOOR) == [(DOOR, "no", 1)]


async def test_two_processes_count_beside_each_other(api: ToyApi, toy: Toy) -> None:
    """X21: each has rows of its own, so that none waits for another."""
    tallies = [Tally(toy.database, toy.metrics, replica) for replica in (0, 1)]
    for _ in range(3):
        for tally in tallies:
            tally.answered("acme", DOOR, replayed=False)
        await asyncio.gather(*(tally.write() for tally in tallies))
    assert await toy.rows("select replica, commands from command_count order by 1") == [(0, 3), (1, 3)]
    assert (await rates(api))["total"]["accepted"] == 6


async def test_a_process_that_is_asked_to_stop_writes_what_it_has_counted(toy: Toy) -> None:
    """X21: only one that is killed takes the last seconds' counts with it."""
    service = Service(toy.settings, parts=("api",))
    async with service.app.router.lifespan_context(service.app):
        service.app.state.doors.tally.answered("acme", DOOR, replayed=False)
    assert await toy.rows("select code, commands from command_count") == [("accepted", 1)]


@pytest.mark.parametrize(
    "query",
    [{"from": "2026-02-01", "until": "2026-01-01"}, {"from": "2020-01-01", "until": "2026-01-01"}, {"from": "x"}],
)
async def test_days_that_make_no_span_are_refused(api: ToyApi, query: dict[str, str]) -> None:
    """X21: at most a year at once."""
    async with api.client(api.token(scopes=RIGHTS)) as client:
        answer = await client.get("/v1/companies/acme/error-rates", params=query)
    assert answer.status_code == 422


async def test_the_last_thirty_days_are_shown_and_any_year_can_be_asked_for(api: ToyApi) -> None:
    """X21: both days are included."""
    told = await rates(api)
    assert told["until"] == str(api.doors.clock.now().date())
    assert (datetime.fromisoformat(told["until"]) - datetime.fromisoformat(told["from"])).days == 29
    assert (await rates(api, until="0001-01-05"))["until"] == "0001-01-05"
