"""Tokens of those who do not show an API key: our own of a few minutes, and those of OpenID providers that are trusted.

Our own (OAuth 2.0 client credentials, RFC 6749 4.4) are made for a key and never open more than that key does now: what
is revoked opens nothing, whatever its tokens say. A provider's are believed for what the configuration says about their
claims, and for nothing else. Algorithms are pinned; what is signed otherwise, for others or by others is unknown here.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, cast

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey
from joserfc.jws import extract_compact
from pydantic import BaseModel, ConfigDict, Field

from chassis.auth import EVERYTHING, LEEWAY_S, TOKEN_CHARS_MAX, Caller, InternalSecrets, unauthenticated
from chassis.calling import CallingTransport
from chassis.errors import Problem
from chassis.requests import unavailable
from services.gateway.admission import Limits
from services.gateway.keys import Key, KeyRing, without_left

OWN_ISSUER = "backbone-gateway"
OWN_AUDIENCE = "backbone"
OWN_ALGORITHM = "HS256"
PURPOSE = b"backbone access tokens v1"
PROVIDERS_SIGN_WITH = ("RS256", "PS256", "ES256", "EdDSA")
KEYS_GOOD_FOR_S = 600.0
REFETCH_S = 10.0
"""A key that is not known makes us look at the provider again, at most this often: rotated keys are found, and whoever
makes keys up costs the provider little."""
ANSWER_S = 3.0
DOCUMENT_BYTES_MAX = 1_000_000
LIFE_MAX = timedelta(days=1)
"""A provider's token that is good for longer is not believed: nobody could take it back."""


class Grant(BaseModel):
    """What people are allowed whose token says `claim` = `value` (or whose list of it holds the value)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    claim: str
    value: str
    companies: list[str] = Field(min_length=1)
    scopes: list[str] = Field(min_length=1)


class Provider(BaseModel):
    """An OpenID provider that is trusted, by the address below which it publishes itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    """How its people are called here: `<name>:<their id there>`."""
    issuer: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]
    audience: str
    algorithms: list[str] = Field(default=["RS256", "ES256"], min_length=1)
    grants: list[Grant]


class OwnTokens:
    """Access tokens of our own: made for a key, good for minutes, shown instead of it."""

    def __init__(self, secrets: InternalSecrets | None, keys: KeyRing, life_s: int) -> None:
        self._secrets = secrets
        self.keys = keys
        self.life_s = life_s

    def issue(self, key: Key, scopes: Sequence[str], now: datetime) -> str:
        """A token that opens what these scopes and the key both open. Raises Problem 503 without a secret."""
        if self._secrets is None:
            raise unavailable("tokens-unavailable", "No secret is set to sign tokens with.")
        issued = int(now.timestamp())
        claims = {
            "iss": OWN_ISSUER, "aud": OWN_AUDIENCE, "sub": key.id, "scope": " ".join(scopes), "iat": issued,
            "exp": issued + self.life_s,
        }  # fmt: skip
        header = {"alg": OWN_ALGORITHM, "typ": "at+jwt"}
        return jwt.encode(header, claims, _own_key(self._secrets.signing), algorithms=[OWN_ALGORITHM])

    def match(self, token: str, now: datetime) -> Key:
        """The key that the token was made for, with the token's rights. Raises Problem 401."""
        claims = self._claims(token)
        issued, expires = claims.get("iat"), claims.get("exp")
        if claims.get("aud") != OWN_AUDIENCE or type(issued) is not int or type(expires) is not int:
            raise unauthenticated("The token is not an access token of this gateway.")
        if not issued - LEEWAY_S <= now.timestamp() < expires:
            raise unauthenticated("The token has expired.")
        key = self.keys.live(str(claims.get("sub")), now)
        if key is None:
            raise unauthenticated("The key of this token is not valid any more.")
        asked = frozenset(str(claims.get("scope", "")).split())
        return narrowed(key, asked, datetime.fromtimestamp(expires, UTC))

    def _claims(self, token: str) -> Mapping[str, Any]:
        for secret in self._secrets.verifying if self._secrets is not None else ():
            with suppress(JoseError, ValueError, UnicodeError):
                decoded = jwt.decode(token, _own_key(secret), algorithms=[OWN_ALGORITHM])
                if decoded.header.get("typ") == "at+jwt":
                    return cast("Mapping[str, Any]", decoded.claims)
        raise unauthenticated("The token is not valid here.")


def narrowed(key: Key, asked: frozenset[str], expires_at: datetime) -> Key:
    """The key with no more than these scopes, each of which it must have itself."""
    caller = key.caller
    scopes = frozenset(scope for scope in asked if grants(caller.scopes, scope))
    limited = Caller(caller.client, caller.actor, caller.on_behalf_of, caller.companies, scopes)
    until = expires_at if key.expires_at is None else min(expires_at, key.expires_at)
    return Key(key.id, key.digest, limited, key.source, until, key.limits)


def grants(held: frozenset[str], wanted: str) -> bool:
    """Whether a scope, perhaps for one company, is among those that are held or covered by one of them."""
    scope, at, company = wanted.partition("@")
    family = f"{scope.partition(':')[0]}:*"
    names = (scope, family, EVERYTHING)
    return any(name in held for name in names) or (bool(at) and any(f"{name}@{company}" in held for name in names))


class Signers:
    """The signing keys of one provider, found by its discovery address and kept for some minutes."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._keys: KeySet | None = None
        self._fetched = float("-inf")
        self._tried = float("-inf")
        self._fetching = asyncio.Lock()

    async def holding(self, key_id: str | None) -> KeySet:
        """Its keys; looked up again when they are old or this one is not among them. Raises Problem 503."""
        if self._stale(key_id):
            async with self._fetching:
                if self._stale(key_id) and time.monotonic() - self._tried >= REFETCH_S:
                    self._tried = time.monotonic()
                    await self._fetch()
        if self._keys is None:
            raise unavailable("provider-unavailable", f"The keys of {self.provider.name} cannot be read now.")
        return self._keys

    def _stale(self, key_id: str | None) -> bool:
        if self._keys is None or time.monotonic() - self._fetched > KEYS_GOOD_FOR_S:
            return True
        return key_id is not None and all(key.kid != key_id for key in self._keys.keys)

    async def _fetch(self) -> None:
        issuer = self.provider.issuer
        timeout = httpx.Timeout(ANSWER_S)
        with suppress(httpx.HTTPError, httpx.InvalidURL, ValueError, JoseError, KeyError):
            async with httpx.AsyncClient(
                timeout=timeout, follow_redirects=False, trust_env=False, transport=CallingTransport()
            ) as client:
                told = await _document(client, f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                address = told["jwks_uri"]
                # who publishes another issuer is another; and keys are not fetched over less than the issuer itself
                if told.get("issuer") != issuer or not isinstance(address, str):
                    return
                if issuer.startswith("https://") and not address.startswith("https://"):
                    return
                self._keys = KeySet.import_key_set(cast(Any, await _document(client, address)))
                self._fetched = time.monotonic()


async def _document(client: httpx.AsyncClient, address: str) -> dict[str, Any]:
    answer = await client.get(address)
    if answer.status_code != 200 or len(answer.content) > DOCUMENT_BYTES_MAX:
        raise ValueError(address)
    told = orjson.loads(answer.content)
    if not isinstance(told, dict):
        raise ValueError(address)
    return told


class Tokens:
    """Everybody who shows a token."""

    def __init__(self, own: OwnTokens, providers: Sequence[Provider], limits: Limits) -> None:
        self.own = own
        self._signers = {provider.issuer: Signers(provider) for provider in providers}
        self._limits = limits

    @staticmethod
    def looks_like_one(presented: str) -> bool:
        """Three parts with dots between; an API key has two."""
        return presented.count(".") == 2

    async def admit(self, token: str, now: datetime) -> Key:
        """Who shows it and what they may. Raises Problem 401, 403 for people without rights here, 503."""
        header, claims = _unverified(token)
        signers = self._signers.get(str(claims.get("iss")))
        if signers is None:
            return self.own.match(token, now)
        key_id = header.get("kid")
        keys = await signers.holding(key_id if isinstance(key_id, str) else None)
        allowed = [name for name in signers.provider.algorithms if name in PROVIDERS_SIGN_WITH]
        try:
            claims = cast("Mapping[str, Any]", jwt.decode(token, keys, algorithms=allowed).claims)
        except (JoseError, ValueError, UnicodeError):
            raise unauthenticated("The token is not signed by its provider.") from None
        return self._person(claims, signers.provider, now)

    def _person(self, claims: Mapping[str, Any], provider: Provider, now: datetime) -> Key:
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != provider.issuer or provider.audience not in audiences:
            raise unauthenticated("The token is not meant for this gateway.")
        expires = _within_its_life(claims, now)
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= 128 or not subject.isprintable():
            raise unauthenticated("The token does not name a person.")
        companies, scopes = _granted(claims, provider)
        if not scopes:
            raise Problem(403, "no-rights", "Nothing is granted here to whoever has these claims.")
        person = f"{provider.name}:{subject}"
        by = claims.get("act")
        system = by.get("sub") if isinstance(by, dict) else None
        actor, behalf = (f"{provider.name}:{system}", person) if isinstance(system, str) and system else (person, None)
        companies, scopes = without_left(companies, scopes, self.own.keys.left_by(actor, behalf))
        caller = Caller(actor, actor, behalf, companies, scopes)
        return Key(f"oidc:{person}", b"", caller, f"/front-office/{actor}", expires, self._limits, person)


def _within_its_life(claims: Mapping[str, Any], now: datetime) -> datetime:
    at = now.timestamp()
    expires, issued, not_before = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    if not isinstance(expires, int | float) or not isinstance(not_before, int | float):
        raise unauthenticated("The token does not say how long it is good for.")
    if not (at < expires + LEEWAY_S and not_before <= at + LEEWAY_S):  # so written that what is no number fails too
        raise unauthenticated("The token has expired or is not valid yet.")
    since = issued if isinstance(issued, int | float) and issued < at else at
    if expires > at + LIFE_MAX.total_seconds() or expires - since > LIFE_MAX.total_seconds():
        raise unauthenticated("The token is good for too long.")
    return datetime.fromtimestamp(expires, UTC)


def _granted(claims: Mapping[str, Any], provider: Provider) -> tuple[frozenset[str], frozenset[str]]:
    """Companies and scopes of everything that the claims fit. Each right keeps its own companies, so two grants never
    add up to more than both say.
    """
    companies: set[str] = set()
    scopes: set[str] = set()
    for grant in provider.grants:
        told = claims.get(grant.claim)
        if told == grant.value or (isinstance(told, list) and grant.value in told):
            companies |= set(grant.companies)
            everywhere = EVERYTHING in grant.companies
            scopes |= {s if everywhere else f"{s}@{c}" for s in grant.scopes for c in grant.companies}
    return frozenset(companies), frozenset(scopes)


def _unverified(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What the token says of itself: only to know whose key to try."""
    try:
        if len(token) > TOKEN_CHARS_MAX or not token.isascii():
            raise ValueError
        signed = extract_compact(token.encode())
        claims = orjson.loads(signed.payload)
        if not isinstance(claims, dict):
            raise ValueError
        return signed.headers(), claims
    except (JoseError, ValueError, KeyError, TypeError):
        raise unauthenticated("The token is not valid here.") from None


def _own_key(secret: bytes) -> OctKey:
    return OctKey.import_key(hmac.new(secret, PURPOSE, sha256).digest())
