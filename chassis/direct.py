"""The short way from a request for a change to the function that answers it.

FastAPI solves the parameters of a route anew for every request, between two stacks for what must be closed afterwards:
half of what a small command costs here. Nearly all our commands need none of it: a door, parts of the address, one
body, and a query that stands at its defaults. For those a plan is made once, from what FastAPI has read of the
signature, and the same validators are asked. A request with a query, or a route of any other shape, takes FastAPI's
way; what a validator refuses is told in FastAPI's own words by both.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Any, Protocol, get_type_hints

from fastapi import params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

Endpoint = Callable[..., Awaitable[Response]]
Door = Callable[[Request], Awaitable[object]]
PLAIN = (bool, int, str, type(None))
"""Defaults that every request may share."""


class Parameter(Protocol):
    """What FastAPI has read of one parameter."""

    @property
    def name(self) -> str:
        """How the function calls it."""

    @property
    def alias(self) -> str:
        """How the request calls it."""

    def validate(self, value: Any, *, loc: tuple[int | str, ...]) -> tuple[Any, list[dict[str, Any]]]:
        """The value, or what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Direct:
    """What one route needs to be answered."""

    endpoint: Endpoint
    door_name: str
    door: Door
    path: Sequence[Parameter]
    body: Parameter | None
    defaults: Mapping[str, object]
    """Of the query, which is empty."""

    async def run(self, request: Request) -> Response:
        """The answer to a request that was let in and whose body is parsed. Raises RequestValidationError."""
        values: dict[str, object] = {**self.defaults}
        for field in self.path:
            values[field.name] = _valid(field, request.path_params[field.alias], ("path", field.alias))
        if self.body is not None:
            values[self.body.name] = _valid(self.body, request._json, ("body",))
        values[self.door_name] = await self.door(request)
        return await self.endpoint(**values)


def _valid(field: Parameter, value: object, place: tuple[str, ...]) -> object:
    valid, errors = field.validate(value, loc=place)
    if errors:
        raise RequestValidationError(errors)
    return valid


def direct_of(route: APIRoute) -> Direct | None:
    """The plan of a route that answers by a `Response` of its own and takes nothing out of the ordinary, else None."""
    dependant = route.dependant
    own = route.endpoint
    unusual = (
        dependant.header_params, dependant.cookie_params, dependant.request_param_name, dependant.websocket_param_name,
        dependant.http_connection_param_name, dependant.response_param_name, dependant.background_tasks_param_name,
        dependant.security_scopes_param_name, route.dependencies, len(dependant.dependencies) != 1,
        len(dependant.body_params) > 1, route._embed_body_fields,
    )  # fmt: skip
    if any(unusual) or not iscoroutinefunction(own) or get_type_hints(own).get("return") is not Response:
        return None
    (door,) = dependant.dependencies
    body = dependant.body_params[0] if dependant.body_params else None
    if door.call is None or door.name is None:
        return None
    if body is not None and (isinstance(body.field_info, params.Form) or not body.field_info.is_required()):
        return None
    defaults: dict[str, object] = {}
    for parameter in dependant.query_params:
        default = parameter.get_default()
        if parameter.field_info.is_required() or not isinstance(default, PLAIN):
            return None
        defaults[parameter.name] = default
    return Direct(own, door.name, door.call, tuple(dependant.path_params), body, defaults)
