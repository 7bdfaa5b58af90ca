"""What a front office gets wrong: each must be refused with a problem document, and nothing may come of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from deploy.local.demo.front_office import FrontOffice, stable_key
from deploy.local.demo.plan import Order, Plan

Change = Callable[[dict[str, Any]], object]


class NotRefused(Exception):
    """The gateway took what it must refuse, or did not take a repeat as one."""


def _set(*path: str | int, to: object) -> Change:
    def change(body: dict[str, Any]) -> None:
        place: Any = body
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return change


WRONG_FIELDS: tuple[tuple[str, Change], ...] = (
    ("an unknown field", _set("discount", to="5")),
    ("an unknown company", _set("company", to="nobody")),
    ("a negative quantity", _set("lines", 0, "quantity", to="-1")),
    ("a quantity of zero", _set("lines", 0, "quantity", to="0")),
    ("an amount that is not a number", _set("lines", 0, "unit_price", to="NaN")),
    ("a number where text is due", _set("lines", 0, "quantity", to=1)),
    ("no lines", _set("lines", to=[])),
    ("an unknown currency", _set("currency", to="XYZ")),
    ("a date that does not exist", _set("placed_at", to="2026-02-30T10:00:00Z")),
)


async def send_wrong_input(webshop: FrontOffice, plan: Plan) -> int:
    """Send wrong and repeated requests; returns how many were refused. Raises NotRefused."""
    order = plan.ordinary[0]
    refused = 0
    for name, change in WRONG_FIELDS:
        body: dict[str, Any] = json.loads(json.dumps(order.body())) | {"reference": f"wrong-{refused}"}
        change(body)
        _must_refuse(await webshop.post("/v1/orders", body, key=stable_key("wrong", name)), name)
        refused += 1
    for name, content in (
        ("broken JSON", b'{"company": '),
        ("a key that stands twice", b'{"company": "hellas", "company": "galil"}'),
        ("JSON that is too deep", b"[" * 5_000),
    ):
        headers = {"Idempotency-Key": stable_key(name), "Content-Type": "application/json"}
        _must_refuse(await webshop.send("POST", "/v1/orders", content=content, headers=headers), name)
        refused += 1
    scale = {"amount": "1.005", "currency": order.house.currency}
    payment = {"company": order.house.code, "reference": "wrong", "received_on": "2026-11-21", "amount": scale}
    wrong_scale = await webshop.post("/v1/payments", payment | {"payer": {"name": "X"}}, key=stable_key("wrong scale"))
    _must_refuse(wrong_scale, "an amount with three decimals")
    await _repeat(webshop, plan.ordinary[0:60:3][:20])
    _must_refuse(await _same_key_other_body(webshop, order), "a used key with another body")
    return refused + 2


async def _repeat(webshop: FrontOffice, orders: list[Order]) -> None:
    """The same requests again: the same answers, and nothing happens twice."""
    for order in orders:
        key = stable_key("order", order.house.code, order.reference)
        answer = await webshop.post("/v1/orders", order.body(), key=key)
        if answer.status_code != 202:
            raise NotRefused(f"a repeat of {order.reference} was answered {answer.status_code}: {answer.text[:300]}")


async def _same_key_other_body(webshop: FrontOffice, order: Order) -> httpx.Response:
    body = order.body() | {"reference": "another"}
    return await webshop.post("/v1/orders", body, key=stable_key("order", order.house.code, order.reference))


def _must_refuse(answer: httpx.Response, name: str) -> None:
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    if not 400 <= answer.status_code < 500 or not is_problem:
        raise NotRefused(f"{name} was answered {answer.status_code}: {answer.text[:300]}")
