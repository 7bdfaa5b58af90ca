"""`POST /oauth/token`: a system shows its API key once and gets a token of a few minutes (OAuth 2.0, RFC 6749 4.4)."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from chassis.errors import Problem
from chassis.form import read_body
from services.gateway.api.entry import gateway_of, no_parameters
from services.gateway.tokens import grants

FORM = "application/x-www-form-urlencoded"
NEVER_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}
ASKED_MAX = 100


async def post_token(request: Request) -> Response:
    """Answers and refusals have the form that RFC 6749 gives them, so that every library for it understands them."""
    no_parameters(request)
    gateway = gateway_of(request)
    await gateway.clock.fresh()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return _refused("invalid_request", f"The body must be {FORM}.")
    try:
        pairs = parse_qsl((await read_body(request)).decode("ascii"), keep_blank_values=True, max_num_fields=ASKED_MAX)
    except ValueError:
        return _refused("invalid_request", "The body is no form.")
    form = dict(pairs)
    if len(form) != len(pairs):
        return _refused("invalid_request", "A parameter stands twice.")
    if form.get("grant_type") != "client_credentials":
        return _refused("unsupported_grant_type", "Only client_credentials is known here.")
    presented = _credentials(request, form)
    if presented is None:
        return _refused("invalid_client", "Show the key's id and secret, in one place.", 401)
    now = gateway.clock.now()
    try:
        key = await gateway.keys.admit(presented, now)
    except Problem as problem:
        if problem.status != 401:
            raise
        return _refused("invalid_client", "There is no such client.", 401)
    asked = form.get("scope", "").split() or sorted(key.caller.scopes)
    beyond = [scope for scope in asked if not grants(key.caller.scopes, scope)]
    if beyond:
        return _refused("invalid_scope", f"The client does not have {beyond[0][:80]!r}.")
    token = gateway.tokens.own.issue(key, asked, now)
    told = {
        "access_token": token, "token_type": "Bearer", "expires_in": gateway.tokens.own.life_s,
        "scope": " ".join(asked),
    }  # fmt: skip
    return JSONResponse(told, headers=NEVER_KEPT)


def _credentials(request: Request, form: dict[str, str]) -> str | None:
    """`id.secret`, from HTTP Basic or from the form, never from both."""
    header = request.headers.get("authorization")
    if header is None:
        named, secret = form.get("client_id"), form.get("client_secret")
        return f"{named}.{secret}" if named and secret else None
    if "client_secret" in form:
        return None
    scheme, _, told = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        named, colon, secret = base64.b64decode(told.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return f"{unquote_plus(named)}.{unquote_plus(secret)}" if colon and named and secret else None


def _refused(error: str, why: str, status: int = 400) -> Response:
    headers = {**NEVER_KEPT, **({"WWW-Authenticate": 'Basic realm="backbone"'} if status == 401 else {})}
    return JSONResponse({"error": error, "error_description": why}, status, headers)
