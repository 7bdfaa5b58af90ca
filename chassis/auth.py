"""Who is calling, for which companies, with which scopes. Nothing is allowed that is not stated.

The gateway knows callers by API key or by a person's token and tells the departments by a token of its own, signed with
the installation's secret and good for a minute of *database* time, so that no process's clock decides what has expired.
"""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from chassis.errors import Problem
from chassis.telemetry import logger, safe_text

ALGORITHM = "HS256"
ISSUER = "backbone-gateway"
TOKEN_LIFE_S = 60
LEEWAY_S = 5
"""How far the clocks of two database servers may be apart."""
TOKEN_CHARS_MAX = 8_192
SECRET_BYTES_MIN = 32
EVERYTHING = "*"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the client system or person, for whom, and what they may see and do."""

    client: str
    """The key or subject that authenticated; idempotency keys are its own."""
    actor: str
    """Who the audit trail names."""
    on_behalf_of: str | None
    companies: frozenset[str]
    """Company codes, or `*` for all."""
    scopes: frozenset[str]
    """`ledger:read`, `ledger:*` or `*`, for all these companies; `ledger:read@acme` for one of them. Writing does not
    imply reading."""

    def may(self, scope: str, company: str | None = None) -> bool:
        """Whether the scope was granted, by its own name or by a wildcard, and the company (when given) is visible.

        A right for one company counts where that company is named, and nowhere else.
        """
        family = f"{scope.partition(':')[0]}:*"
        if scope in self.scopes or EVERYTHING in self.scopes or family in self.scopes:
            return company is None or self.sees(company)
        if company is None or not self.sees(company):
            return False
        return any(f"{name}@{company}" in self.scopes for name in (scope, family, EVERYTHING))

    def may_by_name(self, scope: str, company: str) -> bool:
        """Whether the scope was granted by its own name, for all these companies or for this one: for what no wildcard
        shall give.
        """
        return self.sees(company) and (scope in self.scopes or f"{scope}@{company}" in self.scopes)

    def may_somewhere(self, scope: str) -> bool:
        """Whether the scope was granted for any company at all: what can be known before one is named."""
        if self.may(scope):
            return True
        family = f"{scope.partition(':')[0]}:*"
        return any(held.partition("@")[0] in (scope, family, EVERYTHING) for held in self.scopes)

    def companies_for(self, scope: str) -> frozenset[str] | None:
        """The companies that the scope was granted for; None for all there are."""
        if self.may(scope):
            return None if EVERYTHING in self.companies else self.companies
        named = {held.partition("@")[2] for held in self.scopes if "@" in held}
        return frozenset(company for company in named if self.may(scope, company))

    def sees(self, company: str) -> bool:
        """Whether this company exists for the caller; what is not seen is answered as not found."""
        return company in self.companies or EVERYTHING in self.companies


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a door asks for: one of some scopes; those among `by_name` count by their own name alone."""

    scopes: tuple[str, ...]
    by_name: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return " or ".join(self.scopes)

    def held(self, caller: Caller, company: str | None = None) -> bool:
        """Whether the caller has one of them: for this company, or for all of theirs."""
        return any(self._held(caller, scope, company) for scope in self.scopes)

    def held_somewhere(self, caller: Caller) -> bool:
        """Whether the caller has one of them for any company at all: what can be known before one is named."""
        return any(
            any(held.partition("@")[0] == scope for held in caller.scopes)
            if scope in self.by_name
            else caller.may_somewhere(scope)
            for scope in self.scopes
        )

    def _held(self, caller: Caller, scope: str, company: str | None) -> bool:
        if scope not in self.by_name:
            return caller.may(scope, company)
        return scope in caller.scopes if company is None else caller.may_by_name(scope, company)


class InternalSecrets:
    """The installation's secrets from a file, one a line: the first signs, every line verifies, so they can be rotated.

    The file is looked at again when a signature does not fit, at most every five seconds.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._looked = 0.0
        self._stamp = 0
        self._lines: tuple[bytes, ...] = ()
        self._read()

    def reload(self) -> bool:
        """Read the file again if it has changed. One that is just being written stops nothing: what was read last
        stays in use."""
        if time.monotonic() - self._looked < 5:
            return False
        self._looked = time.monotonic()
        try:
            return self._read()
        except (OSError, ValueError) as error:
            logger.warning("a secret file cannot be read", action="retry", error=safe_text(error))
            return False

    def _read(self) -> bool:
        """Raises ValueError on a secret too short, OSError on no file."""
        stamp = os.stat(self._file).st_mtime_ns
        if stamp == self._stamp:
            return False
        lines = tuple(line.strip() for line in self._file.read_bytes().splitlines() if line.strip())
        if not lines or any(len(line) < SECRET_BYTES_MIN for line in lines):
            raise ValueError(f"the internal secret needs at least {SECRET_BYTES_MIN} bytes a line")
        self._stamp, self._lines = stamp, lines
        return True

    @property
    def signing(self) -> bytes:
        """The secret that signs now."""
        return self._lines[0]

    @property
    def verifying(self) -> Sequence[bytes]:
        """All secrets that are still good, the newest first."""
        return self._lines


class TokenSigner:
    """Makes internal tokens (the gateway's side). `now` gives database time in seconds since 1970."""

    def __init__(self, keys: InternalSecrets, now: Callable[[], float]) -> None:
        self._keys = keys
        self._now = now

    def sign(self, caller: Caller, audience: str, *, life_s: int = TOKEN_LIFE_S) -> str:
        """A token that tells one department who calls."""
        self._keys.reload()
        issued = int(self._now())
        claims: dict[str, object] = {
            "iss": ISSUER,
            "aud": audience,
            "sub": caller.client,
            "act": caller.actor,
            "companies": sorted(caller.companies),
            "scopes": sorted(caller.scopes),
            "iat": issued,
            "exp": issued + life_s,
        }
        if caller.on_behalf_of is not None:
            claims["obo"] = caller.on_behalf_of
        key = OctKey.import_key(self._keys.signing)
        return jwt.encode({"alg": ALGORITHM, "typ": "JWT"}, claims, key, algorithms=[ALGORITHM])


class TokenVerifier:
    """Believes internal tokens meant for one service. Raises Problem 401 on anything else.

    A token that was verified is remembered until it expires: a caller's next request costs a look-up.
    """

    REMEMBERED_MAX = 1_024

    def __init__(self, keys: InternalSecrets | None, audience: str, now: Callable[[], float]) -> None:
        self._keys = keys
        self._audience = audience
        self._now = now
        self._known: OrderedDict[str, tuple[Caller, int]] = OrderedDict()

    def verify(self, token: str) -> Caller:
        """The caller a token names. Without an internal secret every call is refused."""
        now = self._now()
        known = self._known.get(token)
        if known is None:
            caller, expires = self._decode(token, now)
            self._known[token] = caller, expires
            if len(self._known) > self.REMEMBERED_MAX:
                self._known.popitem(last=False)
        else:
            caller, expires = known
        if now >= expires + LEEWAY_S:
            self._known.pop(token, None)
            raise unauthenticated("The token has expired.")
        return caller

    def _decode(self, token: str, now: float) -> tuple[Caller, int]:
        if self._keys is None or len(token) > TOKEN_CHARS_MAX or not token.isascii():
            raise unauthenticated("The token is not valid here.")
        claims = self._claims(token, self._keys)
        if claims.get("iss") != ISSUER or claims.get("aud") != self._audience:
            raise unauthenticated("The token is not meant for this service.")
        issued, expires = claims.get("iat"), claims.get("exp")
        if type(issued) is not int or type(expires) is not int or not 0 < expires - issued <= TOKEN_LIFE_S:
            raise unauthenticated("The token does not say how long it is good for.")
        if issued > now + LEEWAY_S:
            raise unauthenticated("The token is not valid yet.")
        return _caller_of(claims), expires

    def _claims(self, token: str, keys: InternalSecrets) -> dict[str, object]:
        for attempt in range(2):
            for secret in keys.verifying:
                with suppress(JoseError, ValueError, UnicodeError):
                    decoded = jwt.decode(token, OctKey.import_key(secret), algorithms=[ALGORITHM])
                    return cast("dict[str, object]", decoded.claims)
            if attempt > 0 or not keys.reload():
                break
        raise unauthenticated("The token is not valid here.")


def _caller_of(claims: dict[str, object]) -> Caller:
    client, actor, behalf = claims.get("sub"), claims.get("act"), claims.get("obo")
    companies, scopes = claims.get("companies"), claims.get("scopes")
    if not isinstance(client, str) or not client or not isinstance(actor, str) or not actor:
        raise unauthenticated("The token does not name its caller.")
    if not (behalf is None or isinstance(behalf, str)) or not _texts(companies) or not _texts(scopes):
        raise unauthenticated("The token does not say what the caller may do.")
    return Caller(client, actor, behalf, frozenset(cast("list[str]", companies)), frozenset(cast("list[str]", scopes)))


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def unauthenticated(detail: str) -> Problem:
    """401: who calls is not known."""
    return Problem(401, "authentication-required", detail, headers={"WWW-Authenticate": "Bearer"})


def bearer(values: Iterable[str]) -> str:
    """The token of the one Authorization header. Raises Problem 401 when there is none, several, or another scheme."""
    headers = list(values)
    if len(headers) != 1:
        raise unauthenticated("Exactly one Authorization header is needed.")
    scheme, _, token = headers[0].partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthenticated("The Authorization header must be: Bearer <token>.")
    return token.strip()
