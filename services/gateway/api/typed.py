"""`POST /v1/orders` and its like: one plain JSON body, for people and for systems that do not speak CloudEvents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from chassis import strict_json
from chassis.database import COMPANY
from chassis.errors import Fault, Problem
from chassis.form import check_accept, check_json_type, read_body
from chassis.http import idempotency_key
from chassis.ids import UUID
from services.gateway.api.acceptance import Acceptance, accepted, key_reused
from services.gateway.api.entry import admit, gateway_of, no_parameters
from services.gateway.api.events import answered
from services.gateway.keys import missing_scope
from services.gateway.queries.orders import placed_order
from services.gateway.translate.forms import CANCELLATION, CHANGE, EMPLOYEE, ORDER, PAYMENT, Form

Endpoint = Callable[[Request], Awaitable[Response]]


def _door(form: Form, route: str) -> Endpoint:
    async def post(request: Request) -> Response:
        acceptance, key = await _enter(request, form)
        data = _an_object(await _body(request))
        return await _settle(acceptance, form, data, route, key)

    return post


post_order = _door(ORDER, "/v1/orders")
post_payment = _door(PAYMENT, "/v1/payments")
post_employee = _door(EMPLOYEE, "/v1/employees")


async def post_cancellation(request: Request) -> Response:
    """Cancel an order named by our id or by the sender's reference; the order itself may still be on its way."""
    acceptance, key = await _enter(request, CANCELLATION)
    sent = await read_body(request)
    data = _an_object(await _body(request)) if sent.strip() else {}
    return await _about_order(acceptance, CANCELLATION, data, request.path_params["order"], "cancellation", key)


async def post_change(request: Request) -> Response:
    """Give an order that was placed here other lines, all of them; it is named as for a cancellation."""
    acceptance, key = await _enter(request, CHANGE)
    data = _an_object(await _body(request))
    return await _about_order(acceptance, CHANGE, data, request.path_params["order"], "changes", key)


async def _about_order(
    acceptance: Acceptance, form: Form, data: dict[str, Any], named: str, what: str, key: str
) -> Response:
    if "reference" in data:
        fault = Fault("/reference", "unknown-field", "The order is named in the address.")
        raise Problem(422, "invalid-event", fault.detail, [fault])
    source, reference = await _order_named(acceptance, data.get("company"), named)
    data["reference"] = reference
    return await _settle(acceptance, form, data, f"/v1/orders/{named}/{what}", key, source)


async def _enter(request: Request, form: Form) -> tuple[Acceptance, str]:
    """Rights first, then form; the body is not read yet."""
    gateway = gateway_of(request)
    key = await admit(request, sends=True)
    if not key.caller.may_somewhere(form.scope):
        raise missing_scope(form.scope)
    no_parameters(request)
    check_accept(request)
    named = idempotency_key(request.headers.getlist("idempotency-key"))
    state = request.scope["state"]
    return Acceptance(gateway, key, gateway.clock.now(), state.get("traceparent"), state["bucket"]), named


async def _body(request: Request) -> Any:
    check_json_type(request.headers.getlist("content-type"), request.headers.get("content-encoding"))
    return strict_json.parse(await read_body(request))


def _an_object(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Problem(
            422, "invalid-event", "The body is a JSON object.", [Fault("", "wrong-type", "Is not an object.")]
        )
    return body


async def _settle(
    acceptance: Acceptance, form: Form, data: dict[str, Any], route: str, key: str, source: str | None = None
) -> Response:
    (result,) = await acceptance.settle([acceptance.of_form(form, data, route, key, source)])
    return answered(accepted(result, "", key_reused()))


async def _order_named(acceptance: Acceptance, company: object, named: str) -> tuple[str | None, str]:
    """Source and reference of the order: looked up when it is named by our id, else the caller's own reference.

    Raises Problem 404 for an id that nothing was placed under: as a reference it would cancel another order, silently.
    """
    company = company or acceptance.key.only_company()
    order = _uuid(named)
    if order is None or not isinstance(company, str) or not COMPANY.fullmatch(company):
        return None, named
    if not acceptance.key.caller.sees(company):
        return None, named  # refused by the rights that follow
    async with acceptance.gateway.database.read([company]) as unit:
        found = await placed_order(unit.raw, company, order)
    if found is None and str(order) == named.lower():
        detail = "There is no such order here; name it by your reference if it is still on its way."
        raise Problem(404, "order-not-found", detail)
    if found is None:
        return None, named
    source, reference = found
    if not acceptance.key.speaks_for(source):
        detail = f"The order came from {source}, for which this key does not speak."
        raise Problem(403, "source-not-allowed", detail)
    return source, reference


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
