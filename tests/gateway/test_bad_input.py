"""What is refused, naming field and rule, and that nothing is written then. Numbers are those of the catalogue of bad
input: B content, C business, D credentials."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
import pytest

from tests.gateway.bad_input import CASES, EVENT, LINE, RAW, Case, hire, order, payment
from tests.gateway.front import (
    BATCHED,
    EMPLOYEE,
    ORDER,
    PAYMENT,
    STRUCTURED,
    FrontOffice,
    Gateway,
    cloud_event,
    pointers,
)

Strict = tuple[FrontOffice, Gateway]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_bad_input_is_refused_naming_field_and_rule_and_nothing_is_written(strict: Strict, case: Case) -> None:
    """G1, X21: what is wrong is named by JSON pointer and rule before anything is written."""
    office, gateway = strict
    sent, status, problem, pointer, code = case

    answer = await office.send(sent)

    body = answer.json()
    assert (answer.status_code, body["type"]) == (status, f"/problems/{problem}"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    if pointer is not None:
        assert pointers(body)[0][0] == pointer
    if code is not None:
        assert pointers(body)[0][1] == code
    assert "(?:" not in answer.text, "a pattern is no explanation"
    assert await gateway.counts() == (0, 0, 0)


async def test_every_field_at_fault_is_named_at_once(strict: Strict) -> None:
    office, _ = strict
    wrong = order(reference="", currency="eur", lines=[LINE | {"quantity": "0", "unit_price": 1}], colour="red")
    assert set(pointers((await office.send(wrong)).json())) == {
        ("/data/reference", "pattern"),
        ("/data/currency", "pattern"),
        ("/data/lines/0/quantity", "pattern"),
        ("/data/lines/0/unit_price", "wrong-type"),
        ("/data/colour", "unknown-field"),
    }
    attributes = cloud_event(id="", source=None, type="X", time="now", company="ACME", actor="me")
    assert {p for p, _ in pointers((await office.send(attributes)).json())} == {
        "/id", "/source", "/type", "/time", "/company", "/actor",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "status"), [(b"{}", 400), (b"null", 400), (b"[]", 400), (b"[" + RAW, 400), (b"", 422)]
)
async def test_a_malformed_batch_is_refused_whole(strict: Strict, body: bytes, status: int) -> None:
    office, gateway = strict
    assert (await office.send(body, BATCHED)).status_code == status
    many = orjson.dumps([{}] * 501)
    assert (await office.send(many, BATCHED)).json()["type"] == "/problems/malformed-batch"
    assert await gateway.counts() == (0, 0, 0)


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": ""},
        {"content-type": "application/cloudevents+json; charset=utf-16"},
        {"content-type": "application/cloudevents+xml"},
        {"content-type": STRUCTURED, "content-encoding": "gzip"},
    ],
    ids=str,
)
async def test_another_media_type_is_415(strict: Strict, headers: Mapping[str, str]) -> None:
    """B17, B19, B25: what cannot be read as it says is not guessed at, and nothing is unpacked."""
    office, gateway = strict
    body = gzip.compress(b" " * 10_000_000) if "content-encoding" in headers else RAW
    answer = await office.client.post("/v1/events", content=body, headers={**office.headers, **headers})
    assert answer.status_code == 415, answer.text
    typed = await office.post("/v1/orders", ORDER, **headers)
    assert typed.status_code == 415
    assert await gateway.counts() == (0, 0, 0)


async def test_an_answer_that_nobody_takes_is_406(office: FrontOffice, gateway: Gateway) -> None:
    """B18."""
    assert (await office.send(EVENT, accept="image/png")).status_code == 406
    assert (await office.send(EVENT, accept="application/json;q=0.5, text/html")).status_code == 202


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/events", "POST"),
        ("/v1/orders", "GET, POST"),
        ("/v1/payments", "POST"),
        ("/v1/requests/x", "GET"),
        ("/v1/streams/sales.orders", "GET, HEAD"),
    ],
)
async def test_another_method_is_405_with_allow(strict: Strict, path: str, allowed: str) -> None:
    office, _ = strict
    for method in ("DELETE", "PUT", "TRACE", "BREW"):
        answer = await office.client.request(method, path, headers=office.headers)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize("query", ["a=1", "limit=1", "company=acme"])
async def test_a_query_is_not_guessed_at(strict: Strict, query: str) -> None:
    """B34 and what is unknown."""
    office, gateway = strict
    for path in ("/v1/events", "/v1/orders"):
        answer = await office.client.post(
            f"{path}?{query}", json=ORDER, headers={**office.headers, "idempotency-key": "k"}
        )
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unknown-parameter")
        twice = await office.client.post(
            f"{path}?{query}&{query}", json=ORDER, headers={**office.headers, "idempotency-key": "k"}
        )
        assert (twice.status_code, twice.json()["type"]) == (400, "/problems/parameter-repeated")
    assert await gateway.counts() == (0, 0, 0)


@pytest.mark.parametrize(
    ("key", "status", "problem"),
    [
        (None, 428, "idempotency-key-required"),
        ("x" * 256, 400, "idempotency-key-malformed"),
        ("κλειδί".encode().decode("latin-1"), 400, "idempotency-key-malformed"),
    ],
)
async def test_a_typed_door_wants_one_good_idempotency_key(
    strict: Strict, key: str | None, status: int, problem: str
) -> None:
    """C50."""
    office, gateway = strict
    for path, body in (("/v1/orders", ORDER), ("/v1/payments", PAYMENT), ("/v1/employees", EMPLOYEE)):
        headers = [(n.encode(), v.encode()) for n, v in office.headers.items()]
        headers += [] if key is None else [(b"idempotency-key", key.encode("latin-1"))]
        answer = await office.client.post(path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}")
    two = [
        *((n.encode(), v.encode()) for n, v in office.headers.items()),
        (b"idempotency-key", b"a"),
        (b"idempotency-key", b"b"),
    ]
    assert (await office.client.post("/v1/orders", json=ORDER, headers=two)).status_code == 400
    assert await gateway.counts() == (0, 0, 0)


async def test_typed_bodies_are_held_to_the_same_rules(strict: Strict) -> None:
    office, gateway = strict
    for body, pointer, code in (
        (ORDER | {"order": "x"}, "/order", "read-only"),
        (ORDER | {"colour": "red"}, "/colour", "unknown-field"),
        (ORDER | {"currency": "XXX"}, "/currency", "currency-unknown"),
        (ORDER | {"company": 7}, "/company", "pattern"),
        (ORDER | {"company": ""}, "/company", "pattern"),
        ([ORDER], "", "wrong-type"),
    ):
        answer = await office.post("/v1/orders", body)
        assert (answer.status_code, pointers(answer.json())[0]) == (422, (pointer, code)), answer.text
    assert (await office.post("/v1/orders", ORDER | {"company": "umbrella"})).status_code == 403
    named = await office.post("/v1/orders/W/cancellation", {"reference": "W"})
    assert pointers(named.json()) == [("/reference", "unknown-field")]
    assert (await office.post("/v1/orders/W/cancellation", {"reason": "x" * 201})).status_code == 422
    assert (await office.post(f"/v1/orders/{'W' * 65}/cancellation", {})).status_code == 422
    assert await gateway.counts() == (0, 0, 0)


@pytest.mark.parametrize(
    ("values", "status", "problem"),
    [
        ([], 401, "authentication-required"),
        ([b"Bearer garbage"], 401, "authentication-required"),
        ([b"Basic d2ViOnNob3A="], 401, "authentication-required"),
        ([b"Bearer "], 401, "authentication-required"),
        ([b"Bearer bb_0123456789ab." + b"x" * 43], 401, "authentication-required"),
        ([b"Bearer \xce\xba\xce\xbb.secret-secret-secret-secret"], 401, "authentication-required"),
        ([b"Bearer " + b"x" * 8_000], 401, "authentication-required"),
        ("twice", 401, "authentication-required"),
        ("cut", 401, "authentication-required"),
    ],
)  # fmt: skip
async def test_who_is_not_known_is_refused(strict: Strict, values: Any, status: int, problem: str) -> None:
    """D53, D59."""
    office, gateway = strict
    good = office.headers["authorization"].encode()
    values = {"twice": [good, good], "cut": [good[:-1]]}.get(values, values) if isinstance(values, str) else values
    headers = [(b"content-type", STRUCTURED.encode()), *((b"authorization", value) for value in values)]
    for method, path in (("POST", "/v1/events"), ("POST", "/v1/orders"), ("GET", "/v1/orders"),
                         ("GET", f"/v1/requests/{UUID(int=1)}"), ("GET", "/v1/streams/sales.orders"),
                         ("GET", "/ledger/v1/companies/acme/accounts")):  # fmt: skip
        answer = await office.client.request(method, path, content=RAW if method == "POST" else None, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}"), path
        assert answer.headers["www-authenticate"] == "Bearer"
    assert await gateway.counts() == (0, 0, 0)


@pytest.mark.parametrize("name", ["api_key", "API_KEY", "key", "token", "access_token", "authorization"])
async def test_a_key_in_the_address_is_refused(strict: Strict, name: str) -> None:
    """D61: addresses end in logs."""
    office, _ = strict
    for path in ("/v1/orders", "/ledger/v1/companies/acme/accounts", "/v1/streams/sales.orders"):
        answer = await office.client.get(f"{path}?{name}={office.key}", headers=office.headers)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/credentials-in-url")
        assert office.key not in answer.text


@pytest.mark.parametrize(
    ("scopes", "sent"),
    [
        ("orders:read", order()),
        ("payments:write", order()),
        ("orders:write", payment()),
        ("orders:*", hire()),
        ("employees:write", cloud_event({"reference": "W", "reason": ""}, "OrderCancelled.v1")),
    ],
)
async def test_a_key_sends_only_what_its_scopes_allow(strict: Strict, scopes: str, sent: dict[str, Any]) -> None:
    """G12: a right per type of event."""
    office, gateway = strict
    limited = FrontOffice(office.client, (await gateway.make_key("limited", scopes=scopes, source="/sales"))["key"])
    answer = await limited.send(sent)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/scope-missing")
    assert await gateway.counts() == (0, 0, 0)


async def test_a_database_that_is_away_is_told_as_503(office: FrontOffice, gateway: Gateway) -> None:
    """G2: nothing is promised that cannot be committed."""
    assert (await office.send(order(reference="before"))).status_code == 202
    gateway.server.execute(f'alter database "{gateway.urls.name}" allow_connections false')
    gateway.server.execute(
        f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{gateway.urls.name}'"
    )
    try:
        answer = await office.send(order())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    finally:
        gateway.server.execute(f'alter database "{gateway.urls.name}" allow_connections true')
    assert (await office.send(order())).status_code == 202


async def test_headers_of_a_binary_event_are_read_with_care(office: FrontOffice, gateway: Gateway) -> None:
    good = {f"ce-{n}": v for n, v in EVENT.items() if n != "data"}
    body = orjson.dumps(ORDER)

    async def send(headers: list[tuple[bytes, bytes]]) -> Any:
        own = [(n.encode(), v.encode()) for n, v in (office.headers | {"content-type": "application/json"}).items()]
        return await office.client.post("/v1/events", content=body, headers=own + headers)

    plain = [(n.encode(), v.encode()) for n, v in good.items()]
    twice = await send([*plain, (b"ce-id", b"again")])
    assert (twice.status_code, twice.json()["type"]) == (400, "/problems/duplicate-key")
    broken = await send([*plain, (b"ce-subject", b"\xff\xfe")])
    assert pointers(broken.json()) == [("/subject", "wrong-format")]
    assert pointers((await send([*plain, (b"ce-subject", b"%FF")])).json()) == [("/subject", "wrong-format")]
    assert pointers((await send([*plain, (b"ce-subject", b"a%0Ab")])).json()) == [("/subject", "pattern")]
    assert pointers((await send([*plain, (b"ce-data", b"{}")])).json()) == [("/data", "unknown-field")]
    assert pointers((await send([])).json())[0] == ("/specversion", "missing")
    assert await gateway.counts() == (0, 0, 0)
    assert (await send([*plain, (b"ce-subject", b"100%")])).status_code == 202
