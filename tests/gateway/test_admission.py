"""A front office's own limits, and those that all share, at the gateway's doors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
import pytest_asyncio

from chassis.telemetry import Metrics
from services.gateway.admission import Admission, AdmissionMetrics
from services.gateway.key_commands import create, limit, rotate, show
from services.gateway.settings import GatewaySettings
from services.gateway.streams.backlog import LOOKS, RATE_MIN, Backlog, Look, Pace
from tests.gateway.front import BATCHED, ORDER, FrontOffice, Gateway, cloud_event
from tests.support.eventually import eventually


@pytest_asyncio.fixture
async def slow(office: FrontOffice, gateway: Gateway) -> AsyncIterator[FrontOffice]:
    """A client that may send one event an hour or so, after three at once."""
    made = await gateway.command(
        create, client="slow", companies="acme", scopes="*", source=None, expires_days=None,
        events_per_s=1, burst=3, in_flight=100,
    )  # fmt: skip
    yield FrontOffice(office.client, made["key"])


def orders(count: int, first: int = 0) -> list[dict[str, Any]]:
    return [cloud_event(ORDER | {"reference": f"R{first + n}"}) for n in range(count)]


async def test_who_sends_more_than_it_may_gets_429_before_its_body_is_read_and_others_go_on(
    slow: FrontOffice, office: FrontOffice, gateway: Gateway
) -> None:
    """G11: a limit per client, with Retry-After."""
    assert (await slow.send(orders(30), BATCHED)).status_code == 200
    for body in (orders(1, 50)[0], b"{ no JSON"):
        answer = await slow.send(body)
        assert (answer.status_code, answer.json()["type"]) == (429, "/problems/rate-limited")
        assert answer.headers["content-type"] == "application/problem+json"
        assert 20 <= int(answer.headers["retry-after"]) <= 30
    assert (await slow.post("/v1/orders", ORDER)).status_code == 429
    assert (await slow.get("/v1/orders")).status_code == 429
    assert (await slow.get("/ledger/v1/companies/acme/accounts")).status_code == 429
    assert (await office.send(orders(1, 60)[0])).status_code == 202
    assert await gateway.counts() == (31, 31, 31)


async def test_every_answer_says_what_is_left(slow: FrontOffice) -> None:
    answer = await slow.send(orders(1)[0])
    assert answer.headers["ratelimit-policy"] == '"items";q=3;w=3'
    assert answer.headers["ratelimit"] == '"items";r=2;t=1'


async def test_limits_are_changed_by_a_command_and_outlive_a_rotation(slow: FrontOffice, gateway: Gateway) -> None:
    identity = slow.key.partition(".")[0]
    assert (await slow.send(orders(30), BATCHED)).status_code == 200
    assert (await slow.get("/v1/orders")).status_code == 429
    await gateway.command(limit, id=identity, events_per_s=1_000, burst=None, in_flight=7)
    await gateway.service.app.state.gateway.keys.look()
    made = await gateway.command(rotate, id=identity, overlap_s=60, expires_days=None)
    shown = {key["id"]: key for key in await gateway.command(show)}
    for key in (identity, made["id"]):
        assert (shown[key]["events_per_s"], shown[key]["burst_events"], shown[key]["in_flight_events"]) == (
            1_000,
            None,
            7,
        )
    assert (await FrontOffice(slow.client, made["key"]).get("/v1/orders")).headers["ratelimit-policy"].endswith("w=20")


async def test_what_the_house_cannot_work_on_is_503_and_nothing_is_written(
    office: FrontOffice, gateway: Gateway
) -> None:
    """G11: back-pressure from the departments' backlog."""
    admission: Admission = gateway.service.app.state.gateway.admission
    admission.limit(1.0)
    assert (await office.send(orders(100), BATCHED)).status_code == 200
    answer = await office.send(orders(1, 200)[0])
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/overloaded")
    assert int(answer.headers["retry-after"]) >= 1
    assert (await office.get("/v1/orders")).status_code == 200, "questions are answered"
    admission.limit(None)
    assert (await office.send(orders(1, 200)[0])).status_code == 202
    assert await gateway.counts() == (101, 101, 101)


def paced(lag: int, per_s: int, *, intake: int = 0, stands_still: bool = False) -> Pace:
    pace = Pace(10.0)
    for n in range(LOOKS):
        done = 0 if stands_still else n * per_s
        pace.note("ledger", Look(float(n), lag, 1_000 + done, 500 + (0 if stands_still else n * (intake or per_s))))
    return pace


@pytest.mark.parametrize(
    ("pace", "rate"),
    [
        (paced(1_900, 10), None),
        (paced(9_000, 1_000), None),
        (paced(12_000, 1_000), 1_000.0),
        (paced(12_000, 1_000, intake=300), 300.0),
        (paced(40_000, 1_000), 800.0),
        (paced(10**6, 1, intake=1), 100.0),
        (paced(10**6, 1_000, stands_still=True), None),
    ],
    ids=["little", "soon done", "behind", "behind with what follows", "far behind", "never nothing", "down"],
)
def test_who_works_and_is_behind_sets_the_rate_and_who_stands_still_does_not(pace: Pace, rate: float | None) -> None:
    assert pace.rate(None) == rate


def test_a_department_that_comes_back_is_not_judged_by_its_first_seconds() -> None:
    pace = paced(10**6, 1_000, stands_still=True)
    for n in range(1, LOOKS - 1):
        pace.note("ledger", Look(10.0 + n, 10**6, 1_000 + 500 * n, 500 + 500 * n))
        assert pace.rate(None) is None


def test_a_limit_is_raised_step_by_step_when_nobody_is_behind() -> None:
    pace, rate = Pace(10.0), 1_000.0
    steps = 0
    while (raised := pace.rate(rate)) is not None:
        assert raised > rate
        rate = raised
        steps += 1
    assert steps > 10


async def test_while_kafka_is_away_nobody_is_limited_by_what_was_before(gateway: Gateway) -> None:
    admission = Admission()
    admission.limit(RATE_MIN)
    metrics = AdmissionMetrics(Metrics("gateway"))
    following = asyncio.create_task(Backlog(cast("GatewaySettings", gateway.settings), admission, metrics).follow())
    await eventually(lambda: admission.rate is None, what="the limit is lifted")
    following.cancel()
    assert metrics.shared_rate._value.get() == 0
