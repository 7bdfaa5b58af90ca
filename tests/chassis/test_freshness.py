"""Every answer of a department to a question says as of when it is, and how far the department is behind."""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import Any

import pytest

from chassis.freshness import AsOf, Freshness, Standing
from tests.chassis.toy import Toy
from tests.chassis.toy_api import ToyApi

DEPARTMENTS = ("ledger", "inventory", "payroll", "documents")
TOLD = ("backbone-as-of", "backbone-lag-seconds", "backbone-lag-events")


async def test_an_answer_to_a_question_says_as_of_when_it_is_and_what_is_missing(toy: Toy, tmp_path: Any) -> None:
    """G18: of every department's answers, in one place, whatever the question is."""
    api = await ToyApi.opened(toy, tmp_path)
    clock = api.doors.clock
    standing = Standing(Freshness("nowhere", {}, "toy", clock.now, 2.0), clock.now, 2.0)
    api.app.state.standing = standing
    async with api.client() as client:
        unknown = await client.get("/v1/companies/acme/notes")
        standing.say(AsOf(clock.now() - timedelta(seconds=90), 7))
        known = await client.get("/v1/companies/acme/notes?limit=3")
        one = await client.get("/v1/companies/acme/notes/5")
        standing.say(AsOf(clock.now() - timedelta(seconds=600), None))
        blind = await client.get("/v1/companies/acme/notes")
        command = await client.post(
            "/v1/companies/acme/notes", json={"reference": "R-1"}, headers={"idempotency-key": "k"}
        )
    assert [name for name in TOLD if name in unknown.headers] == [], "nothing is said that is not known"
    for answer in (known, one):
        assert answer.status_code == 200
        assert answer.headers["backbone-as-of"].endswith("Z")
        assert 90 <= float(answer.headers["backbone-lag-seconds"]) < 120
        assert answer.headers["backbone-lag-events"] == "7"
    assert float(blind.headers["backbone-lag-seconds"]) >= 600, "while Kafka is away the answer grows old"
    assert "backbone-lag-events" not in blind.headers
    assert [name for name in TOLD if name in command.headers] == []


@pytest.mark.parametrize("department", DEPARTMENTS)
def test_every_question_of_a_department_is_documented_with_these_headers(department: str) -> None:
    built = importlib.import_module(f"services.{department}.main").build
    settings = importlib.import_module(f"services.{department}.settings")
    kind = next(value for name, value in vars(settings).items() if name.lower() == f"{department}settings")
    service = built(kind(database_url="postgresql://x/x", relay_url="postgresql://x/x"), ("api",))
    paths = service.app.openapi()["paths"]
    gets = [(path, item["get"]) for path, item in paths.items() if "get" in item]
    assert len(gets) > 5
    bare = [
        path
        for path, operation in gets
        if not {name.title() for name in TOLD} <= set(operation["responses"].get("200", {}).get("headers", {}))
    ]
    assert bare == []
