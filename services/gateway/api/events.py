"""`POST /v1/events`: CloudEvents, one by one or in batches."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from chassis import strict_json
from chassis.errors import Problem
from chassis.form import check_accept, check_json_type, read_body
from chassis.requests import Answer
from services.gateway.api.acceptance import Acceptance, Prepared, accepted, event_id_reused, location_of
from services.gateway.api.cloudevents import BATCHED, BINARY, STRUCTURED, binary_attributes
from services.gateway.api.entry import admit, gateway_of, no_parameters

JSON = "application/json"


async def post_events(request: Request) -> Response:
    """Accept one event (structured or binary) or a batch; the media type says which."""
    gateway = gateway_of(request)
    key = await admit(request, sends=True)
    no_parameters(request)
    check_accept(request)
    types = request.headers.getlist("content-type")
    check_json_type(types, request.headers.get("content-encoding"), (STRUCTURED, BATCHED, BINARY))
    body = strict_json.parse(await read_body(request))
    state = request.scope["state"]
    acceptance = Acceptance(gateway, key, gateway.clock.now(), state.get("traceparent"), state["bucket"])
    media_type = types[0].partition(";")[0].strip().lower()
    if media_type == BATCHED:
        return await _batch(acceptance, body)
    event = body if media_type == STRUCTURED else binary_attributes(request.scope["headers"], body)
    (result,) = await acceptance.settle([acceptance.of_event(event)])
    return answered(accepted(result, "/data", event_id_reused()))


def answered(answer: Answer) -> Response:
    """202 with the request's id and where to ask for it."""
    headers = location_of(answer.body)
    if answer.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(orjson.dumps(answer.body), answer.status, headers, JSON)


async def _batch(acceptance: Acceptance, events: object) -> Response:
    """200 with one result per event, in their order; one event's fault is no other's."""
    most = acceptance.gateway.settings.batch_events_max
    if not isinstance(events, list):
        raise Problem(400, "malformed-batch", "A batch is a JSON array of events.")
    if not 1 <= len(events) <= most:
        raise Problem(400, "malformed-batch", f"A batch holds 1 to {most} events, this one {len(events)}.")
    acceptance.gateway.admission.charge(acceptance.bucket, len(events) - 1)
    results: list[dict[str, Any]] = []
    prepared: list[Prepared] = []
    places: list[int] = []
    for place, event in enumerate(events):
        try:
            prepared.append(acceptance.of_event(event))
            places.append(place)
            results.append({"id": event["id"], "status": 202})
        except Problem as problem:
            results.append(_refused(event, problem))
    for place, result in zip(places, await acceptance.settle(prepared), strict=True):
        try:
            results[place].update(accepted(result, "/data", event_id_reused()).body)
        except Problem as problem:
            results[place] = _refused(events[place], problem)
    return Response(orjson.dumps(results), 200, None, JSON)


def _refused(event: object, problem: Problem) -> dict[str, Any]:
    identity = event.get("id") if isinstance(event, dict) else None
    known = identity if isinstance(identity, str) else None
    return {"id": known, "status": problem.status, "problem": problem.document()}
