"""Whatever comes, the answer is a problem or an acceptance, never a fault of ours."""

from __future__ import annotations

import itertools
from typing import Any
from urllib.parse import quote

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.gateway.front import BATCHED, EMPLOYEE, ORDER, PAYMENT, STRUCTURED, FrontOffice, Gateway, cloud_event

Strict = tuple[FrontOffice, Gateway]
QUIET = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
SEEDS: list[dict[str, Any]] = [
    cloud_event(time="2026-11-20T10:00:00Z", subject="s"),
    cloud_event({"reference": "W", "reason": "r"}, "OrderCancelled.v1"),
    cloud_event(PAYMENT, "PaymentReceived.v1"),
    cloud_event(EMPLOYEE, "EmployeeHired.v1"),
]
_numbers = itertools.count()


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for name, child in inner for place in places(child, (*at, name)))]


def put(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    """The document with something else at one place."""
    if not place:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = put(value[place[0]], place[1:], new)
    return copy


async def fine(strict: Strict, body: bytes, media_type: str = STRUCTURED, path: str = "/v1/events") -> None:
    office, _ = strict
    headers = {**office.headers, "content-type": media_type, "idempotency-key": f"f-{next(_numbers)}"}
    answer = await office.client.post(path, content=body, headers=headers)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["status"] == answer.status_code
        assert all(error["pointer"] == "" or error["pointer"][0] == "/" for error in problem.get("errors", ()))


@QUIET
@given(body=st.binary(max_size=300), media_type=st.sampled_from([STRUCTURED, BATCHED, "application/json"]))
async def test_no_bytes_cause_a_fault(written: Strict, body: bytes, media_type: str) -> None:
    await fine(written, body, media_type)


@QUIET
@given(body=JSON, media_type=st.sampled_from([STRUCTURED, BATCHED, "application/json"]))
async def test_no_json_causes_a_fault(written: Strict, body: Any, media_type: str) -> None:
    await fine(written, orjson.dumps(body), media_type)


@QUIET
@given(seed=st.sampled_from(SEEDS), data=st.data())
async def test_no_change_at_any_place_of_a_good_event_causes_a_fault(
    written: Strict, seed: dict[str, Any], data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(places(seed)))
    await fine(written, orjson.dumps(put(seed, place, data.draw(JSON))))


@QUIET
@given(body=st.sampled_from([ORDER, PAYMENT, EMPLOYEE]), data=st.data())
async def test_no_change_of_a_typed_body_causes_a_fault(
    written: Strict, body: dict[str, Any], data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(places(body)))
    path = data.draw(st.sampled_from(["/v1/orders", "/v1/payments", "/v1/employees", "/v1/orders/W/cancellation"]))
    await fine(written, orjson.dumps(put(body, place, data.draw(JSON))), "application/json", path)


@QUIET
@given(cut=st.integers(0, 400), new=st.binary(max_size=6))
async def test_no_damage_to_the_bytes_of_a_good_event_causes_a_fault(written: Strict, cut: int, new: bytes) -> None:
    body = orjson.dumps(SEEDS[0])
    await fine(written, body[:cut] + new + body[cut + len(new) :])


@QUIET
@given(attributes=st.dictionaries(st.sampled_from(["id", "source", "type", "time", "subject", "company", "data", "x"]),
                                  st.binary(min_size=1, max_size=20)))  # fmt: skip
async def test_no_headers_of_a_binary_event_cause_a_fault(written: Strict, attributes: dict[str, bytes]) -> None:
    office, _ = written
    headers = [(b"content-type", b"application/json"), (b"authorization", office.headers["authorization"].encode())]
    headers += [(b"ce-specversion", b"1.0"), (b"ce-type", b"OrderPlaced.v1")] if "type" not in attributes else []
    headers += [(f"ce-{name}".encode(), value) for name, value in attributes.items()]
    answer = await office.client.post("/v1/events", content=orjson.dumps(ORDER), headers=headers)
    assert answer.status_code < 500, answer.text


@QUIET
@given(path=st.text(max_size=40), query=st.text(max_size=40))
async def test_no_address_causes_a_fault(written: Strict, path: str, query: str) -> None:
    office, _ = written
    for start in ("/v1/orders", "/v1/requests/", "/v1/streams/", "/schemas/", "/ledger/v1/"):
        answer = await office.get(start + quote(path), q=query)
        assert answer.status_code < 500 or start == "/ledger/v1/", (answer.text, start)
