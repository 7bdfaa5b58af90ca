"""The HTTP door of a department: rights, form, keys, refusals, and nothing of the inside in any answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter, Depends, FastAPI

from chassis.http import Reading, Router, install, read
from chassis.problems import BODY_BYTES_MAX, problem_for
from tests.chassis.toy import Toy
from tests.chassis.toy_api import ToyApi

NOTES = "/v1/companies/acme/notes"
KEY = {"idempotency-key": "k-1"}
GOOD = {"reference": "R-1"}


@pytest_asyncio.fixture
async def api(toy: Toy, tmp_path: Path) -> ToyApi:
    return await ToyApi.opened(toy, tmp_path)


def problem(response: httpx.Response, status: int, code: str) -> dict[str, object]:
    """The document of a refusal, after a look at what every refusal has."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    document: dict[str, object] = response.json()
    assert (response.status_code, document["type"], document["status"]) == (status, f"/problems/{code}", status)
    assert document["instance"] == f"urn:uuid:{response.headers['x-request-id']}"
    assert len(str(document["traceId"])) == 32
    assert response.headers["x-content-type-options"] == "nosniff"
    return document


def faults(response: httpx.Response) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in response.json()["errors"]]


async def test_a_command_is_answered_once_and_its_repeat_gets_the_same_answer(api: ToyApi, toy: Toy) -> None:
    async with api.client() as client:
        first = await client.post(NOTES, json=GOOD, headers=KEY)
        again = await client.post(
            NOTES, content=b' { "reference" : "R-1" } ', headers=KEY | {"content-type": "application/json"}
        )
    assert (first.status_code, first.json()) == (201, {"reference": "R-1", "says": "noted"})
    assert (again.status_code, again.json()) == (201, first.json())
    assert (first.headers["location"], again.headers["location"]) == ("/notes/1", "/notes/1")
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert api.causes[0] == api.causes[1], "a repeat causes the same events"
    assert await toy.rows("select reference from noted") == [("R-1",)]


async def test_the_same_key_with_another_body_is_refused(api: ToyApi) -> None:
    async with api.client() as client:
        await client.post(NOTES, json=GOOD, headers=KEY)
        problem(await client.post(NOTES, json={"reference": "R-2"}, headers=KEY), 422, "idempotency-key-reused")


async def test_keys_of_two_clients_do_not_meet(api: ToyApi, toy: Toy) -> None:
    for name in ("webshop", "till"):
        async with api.client(api.token(client=name)) as client:
            assert (await client.post(NOTES, json={"reference": name}, headers=KEY)).status_code == 201
    assert len(await toy.rows("select reference from noted")) == 2


@pytest.mark.parametrize(
    "body", [GOOD, {}, None, [], "note", {"reference": 1}, {"reference": "", "lines": [{"item": "A"}]}, {"more": 1}]
)
async def test_a_command_is_answered_in_the_same_words_with_and_without_a_query(api: ToyApi, body: object) -> None:
    content = json.dumps(body)
    async with api.client(**{"content-type": "application/json"}) as client:
        short = await client.post(NOTES, content=content, headers={"idempotency-key": "short"})
        long = await client.post(f"{NOTES}?loud=false", content=content, headers={"idempotency-key": "long"})
    told, retold = short.json(), long.json()
    for answer in (told, retold):
        answer.pop("instance", None)
        answer.pop("traceId", None)
    assert (short.status_code, told) == (long.status_code, retold)
    assert short.status_code == (201 if body is GOOD else 422)


async def test_a_command_without_a_query_goes_the_short_way_and_with_one_the_framework_s(
    api: ToyApi, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the framework was asked")

    async with api.client() as client:
        assert (await client.post(f"{NOTES}?loud=true", json={"reference": "r"}, headers=KEY)).status_code == 201
        monkeypatch.setattr("fastapi.routing.solve_dependencies", never)
        assert (await client.post(NOTES, json=GOOD, headers={"idempotency-key": "k-2"})).status_code == 201
        problem(
            await client.post(f"{NOTES}?loud=true", json=GOOD, headers={"idempotency-key": "k-3"}), 500, "unexpected"
        )
    assert await toy.rows("select reference from noted order by n") == [("R",), ("R-1",)]


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ([], 428, "idempotency-key-required"),
        ([("idempotency-key", "")], 400, "idempotency-key-malformed"),
        ([("idempotency-key", "k" * 256)], 400, "idempotency-key-malformed"),
        ([("idempotency-key", "a\tb")], 400, "idempotency-key-malformed"),
        ([("idempotency-key", "a"), ("idempotency-key", "b")], 400, "idempotency-key-malformed"),
        ([("idempotency-key", "k" * 255)], 201, ""),
    ],
)
async def test_the_key_has_its_bounds(api: ToyApi, headers: list[tuple[str, str]], status: int, code: str) -> None:
    async with api.client() as client:
        response = await client.post(NOTES, json=GOOD, headers=headers)
    if status == 201:
        assert response.status_code == 201
    else:
        problem(response, status, code)


async def test_a_business_refusal_is_a_problem_with_its_pointer_and_leaves_the_key_free(api: ToyApi) -> None:
    async with api.client() as client:
        refused = await client.post(NOTES, json={"reference": "refuse"}, headers=KEY)
        problem(refused, 422, "no")
        assert faults(refused) == [("/reference", "no")]
        assert (await client.post(NOTES, json=GOOD, headers=KEY)).status_code == 201


async def test_who_calls_must_be_known(api: ToyApi) -> None:
    async with api.client("") as client:
        refused = await client.post(NOTES, content=b"{", headers=KEY)
        problem(refused, 401, "authentication-required")
        assert refused.headers["www-authenticate"] == "Bearer"
        twice = [("authorization", f"Bearer {api.token()}"), ("authorization", "Bearer x")]
        problem(await client.get(NOTES, headers=twice), 401, "authentication-required")
        problem(await client.get(NOTES, headers={"authorization": "Basic eDp5"}), 401, "authentication-required")
    async with api.client("not.a.token") as client:
        problem(await client.get(NOTES), 401, "authentication-required")


async def test_a_scope_that_was_not_granted_is_403_and_writing_does_not_imply_reading(api: ToyApi) -> None:
    async with api.client(api.token(scopes=frozenset({"toy:write"}))) as client:
        assert (await client.post(NOTES, json=GOOD, headers=KEY)).status_code == 201
        problem(await client.get(NOTES), 403, "scope-missing")
    async with api.client(api.token(scopes=frozenset({"toy:read", "ledger:*"}))) as client:
        problem(await client.post(NOTES, json=GOOD, headers=KEY), 403, "scope-missing")
    async with api.client(api.token(scopes=frozenset({"toy:*"}))) as client:
        assert (await client.get(NOTES)).json() == ["R-1"]


@pytest.mark.parametrize("company", ["globex", "nobody", "ACME", "acme'--", "%00", "x" * 4_000, "acme%2F..%2Fglobex"])
async def test_a_company_of_others_is_not_found_and_looks_like_one_that_does_not_exist(
    api: ToyApi, toy: Toy, company: str
) -> None:
    await toy.knows("globex")
    async with api.client() as client:
        response = await client.get(f"/v1/companies/{company}/notes")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_company_that_this_department_has_not_heard_of_is_not_found_even_for_all(api: ToyApi) -> None:
    async with api.client(api.token(companies=frozenset({"*"}))) as client:
        problem(await client.get("/v1/companies/globex/notes"), 404, "company-not-found")
        response = await client.post("/v1/companies/globex/notes", json=GOOD, headers=KEY)
        problem(response, 404, "company-not-found")
        assert (await client.post("/v1/companies", json={"company": "globex"}, headers=KEY)).status_code == 201
    async with api.client() as client:
        problem(await client.post("/v1/companies", json={"company": "globex"}, headers=KEY), 404, "company-not-found")
        problem(await client.post("/v1/companies", json={"company": "a'b"}, headers=KEY), 404, "company-not-found")


async def test_what_is_wrong_with_a_body_is_named_by_pointer_and_rule(api: ToyApi) -> None:
    body = {"lines": [{"item": "", "quantity": "1"}, {"item": "a", "quantity": "secret-value"}], "salary": 1}
    async with api.client() as client:
        response = await client.post(NOTES, json=body, headers=KEY)
    problem(response, 422, "invalid-request")
    assert set(faults(response)) == {
        ("/reference", "missing"),
        ("/lines/0/item", "too-short"),
        ("/lines/1/quantity", "pattern"),
        ("/salary", "unknown-field"),
    }
    assert "secret-value" not in response.text


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"reference":"a","reference":"b"}', 400, "duplicate-key"),
        (b'{"reference":', 400, "malformed-json"),
        (b'{"reference":NaN}', 400, "malformed-json"),
        (b'\xef\xbb\xbf{"reference":"a"}', 400, "malformed-json"),
        (b'{"reference":"\xff"}', 400, "malformed-json"),
        (b'{"reference":"\\ud800"}', 400, "malformed-json"),
        (b"[" * 10_000, 400, "too-deep"),
        (b'{"reference":"a\\u0000b"}', 422, "character-not-allowed"),
        (b'{"reference":' + b"9" * 100_000 + b"}", 422, "number-out-of-range"),
        (b"", 422, "body-missing"),
        (b"null", 422, "invalid-request"),
        (b"[]", 422, "invalid-request"),
        (b'{"reference":1}', 422, "invalid-request"),
        (b'{"reference":true}', 422, "invalid-request"),
        (b'{"reference":["a"]}', 422, "invalid-request"),
    ],
)
async def test_a_body_that_is_not_strict_json_is_refused(
    api: ToyApi, toy: Toy, body: bytes, status: int, code: str
) -> None:
    async with api.client() as client:
        response = await client.post(NOTES, content=body, headers=KEY | {"content-type": "application/json"})
    problem(response, status, code)
    assert await toy.rows("select 1 from request") == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
async def test_another_media_type_is_415(api: ToyApi, headers: dict[str, str]) -> None:
    async with api.client() as client:
        response = await client.post(NOTES, content=b'{"reference":"a"}', headers=KEY | headers)
    assert response.status_code == 415
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_body_above_the_limit_is_413_told_or_streamed(api: ToyApi) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(BODY_BYTES_MAX // 65_536 + 1):
            yield b" " * 65_536

    headers = KEY | {"content-type": "application/json"}
    async with api.client() as client:
        for path in (NOTES, "/hot"):
            problem(
                await client.post(path, content=b" " * (BODY_BYTES_MAX + 1), headers=headers), 413, "body-too-large"
            )
            problem(await client.post(path, content=stream(), headers=headers), 413, "body-too-large")
        at_limit = b'{"reference":"a"}' + b" " * (BODY_BYTES_MAX - 17)
        assert (await client.post(NOTES, content=at_limit, headers=headers)).status_code == 201


async def test_parameters_are_known_and_given_once(api: ToyApi) -> None:
    async with api.client() as client:
        problem(await client.get(f"{NOTES}?limit=1&limit=2"), 400, "parameter-repeated")
        problem(await client.get(f"{NOTES}?offset=1"), 422, "unknown-parameter")
        problem(await client.get(f"{NOTES}?limit=%00"), 422, "character-not-allowed")
        wrong = await client.get(f"{NOTES}?limit=many")
        problem(wrong, 422, "invalid-request")
        assert faults(wrong) == [("?limit", "wrong-format")]
        assert (await client.get(f"{NOTES}?limit=1")).status_code == 200


async def test_addresses_methods_and_headers_have_their_bounds(api: ToyApi) -> None:
    async with api.client() as client:
        problem(await client.get("/nowhere"), 404, "not-found")
        problem(await client.get(f"{NOTES}/"), 404, "not-found")
        problem(await client.get(f"{NOTES}/not-a-number"), 404, "not-found")
        problem(await client.get("/" + "x" * 9_000), 414, "url-too-long")
        for headers in ([("x-much", "x" * 17_000)], [(f"x-{n}", "x") for n in range(101)]):
            problem(await client.get(NOTES, headers=headers), 431, "headers-too-large")
        wrong = await client.request("DELETE", NOTES)
        problem(wrong, 405, "method-not-allowed")
        assert wrong.headers["allow"] == "GET, POST"
        problem(await client.request("BREW", "/hot"), 405, "method-not-allowed")


async def test_a_caller_that_takes_no_json_is_told(api: ToyApi) -> None:
    async with api.client(accept="text/html") as client:
        problem(await client.get(NOTES), 406, "not-acceptable")
    async with api.client(accept="text/html, */*;q=0.1") as client:
        assert (await client.get(NOTES)).status_code == 200


async def test_a_mistake_of_ours_says_nothing_of_the_inside_and_is_logged(
    api: ToyApi, capsys: pytest.CaptureFixture[str]
) -> None:
    async with api.client() as client:
        response = await client.get("/broken")
    problem(response, 500, "unexpected")
    assert "secrets" not in response.text
    assert "inner" not in response.text
    assert "RuntimeError" in capsys.readouterr().out


async def test_a_database_that_is_away_is_503_for_reads_and_writes(
    api: ToyApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("chassis.requests.RETRY_PATIENCE_S", 0.05)
    async with api.client() as client:
        assert (await client.get(NOTES)).status_code == 200
        monkeypatch.setattr(api.database, "take", away)
        for response in (await client.get(NOTES), await client.post(NOTES, json=GOOD, headers=KEY)):
            problem(response, 503, "database-unavailable")
            assert response.headers["retry-after"] == "1"


async def test_a_trace_that_comes_in_is_carried_on_and_a_forged_one_is_not(api: ToyApi) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    async with api.client() as client:
        told = await client.get("/nowhere", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
        forged = await client.get("/nowhere", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01; drop"})
    assert told.json()["traceId"] == trace
    assert forged.json()["traceId"] != trace


async def test_a_body_that_never_ends_is_given_up(api: ToyApi, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    monkeypatch.setattr("chassis.form.BODY_PATIENCE_S", 0.05)
    async with api.client() as client:
        response = await client.post(NOTES, content=slow(), headers=KEY | {"content-type": "application/json"})
    problem(response, 408, "body-too-slow")


async def test_a_route_without_a_door_cannot_be_opened(api: ToyApi) -> None:
    router = Router()

    @router.get("/open")
    async def unguarded() -> str:
        return "everything"

    app = FastAPI()
    app.router.routes.extend(router.routes)
    install(app, api)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://toy") as client:
        answers = [await client.get("/open", headers={"authorization": f"Bearer {api.token()}"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [500, 500]


async def test_doors_guard_an_ordinary_router_too(api: ToyApi) -> None:
    router = APIRouter()

    @router.get("/companies/{company}/plain")
    async def plain(company: str, _reading: Annotated[Reading, Depends(read("toy:read"))]) -> str:
        return company

    app = FastAPI()
    app.include_router(router)
    install(app, api)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://toy") as client:
        problem(await client.get("/companies/acme/plain"), 401, "authentication-required")
        known = {"authorization": f"Bearer {api.token()}"}
        assert (await client.get("/companies/acme/plain", headers=known)).json() == "acme"
        problem(await client.get("/companies/globex/plain", headers=known), 404, "company-not-found")


async def test_the_api_describes_itself(api: ToyApi) -> None:
    async with api.client("") as client:
        described = (await client.get("/openapi.json")).json()
    assert sorted(described["paths"]) == [
        "/v1/companies", "/v1/companies/{company}/notes", "/v1/companies/{company}/notes/{number}",
    ]  # fmt: skip
    assert json.dumps(described)


def test_a_value_that_no_column_can_hold_is_the_callers_mistake_also_in_a_query() -> None:
    assert problem_for(asyncpg.NumericValueOutOfRangeError("value out of range")).status == 422
