"""API keys of front-office systems: who calls, for which companies, with which rights, speaking for which source.

The ring is a copy of the table in memory, compared with it about once a second by a version number, so a request costs
one look-up and one keyed hash, and a revoked key opens nothing a second or two later. The table holds no secret: a
keyed hash (HMAC-SHA-256) of 256 random bits, under a pepper that is not in the database.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import asyncpg

from chassis.auth import (
    EVERYTHING,
    Caller,
    InternalSecrets,
    TokenVerifier,
    unauthenticated,
)
from chassis.database import Database
from chassis.database_clock import DatabaseClock
from chassis.errors import Problem
from chassis.requests import unavailable
from chassis.telemetry import logger, safe_text
from services.gateway.admission import Limits

PREFIX = "bb"
UNLIMITED = Limits(1e9, 10**9, 10**9)
PURPOSE = b"backbone api keys v1"
MISS_PAUSE_S = 0.2
"""Unknown key ids make the ring look at the table at most this often, so a new key works at once, and guessing keys
costs the guesser time and us one query for all of them."""

VERSION = "select version from api_key_version"
LIVE = """
select id, client, digest, source, companies, scopes, expires_at, events_per_s, burst_events, in_flight_events
from api_key
where revoked_at is null and (expires_at is null or expires_at > now())
"""

GONE = "select account, array_agg(company) as companies from gone_account where readmitted_at is null group by account"


@dataclass(frozen=True, slots=True)
class Key:
    """What a key opens."""

    id: str
    digest: bytes
    caller: Caller
    source: str
    """The source its typed requests have, and below which its events' sources must be; `*` for any."""
    expires_at: datetime | None
    limits: Limits
    """What its client may send."""
    person: str | None = None
    """Whom an identity provider vouches for, when it was a person who came."""

    @property
    def own_source(self) -> str:
        """The source of what is sent without saying one."""
        return f"/front-office/{self.caller.client}" if self.source == EVERYTHING else self.source

    def speaks_for(self, source: str) -> bool:
        """Whether events of this source may come under this key."""
        return self.source in (EVERYTHING, source) or source.startswith(f"{self.source}/")

    def only_company(self) -> str | None:
        """The company that need not be named, because there is no other."""
        companies = self.caller.companies
        return next(iter(companies)) if len(companies) == 1 and EVERYTHING not in companies else None


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key just made. `text` is shown once; `id` and `digest` are what is stored."""

    text: str
    id: str
    digest: bytes


def new_api_key(prefix: str, pepper: bytes) -> NewApiKey:
    """A key `prefix_id.secret` with 256 random bits of secret."""
    key_id = f"{prefix}_{secrets.token_hex(6)}"
    secret = secrets.token_urlsafe(32)
    return NewApiKey(f"{key_id}.{secret}", key_id, api_key_digest(secret, pepper))


def split_api_key(text: str) -> tuple[str, str] | None:
    """Id and secret of a key as it was presented, or None when it cannot be one."""
    key_id, dot, secret = text.partition(".")
    if not dot or not key_id or not 20 <= len(secret) <= 128 or len(key_id) > 64 or not text.isascii():
        return None
    return key_id, secret


def api_key_digest(secret: str, pepper: bytes) -> bytes:
    """HMAC-SHA-256 under the pepper: a copy of the database alone opens nothing."""
    return hmac.new(pepper, secret.encode(), sha256).digest()


def api_key_matches(secret: str, digest: bytes, peppers: Iterable[bytes]) -> bool:
    """Whether the secret is the one that was stored, in a time that does not depend on where it differs."""
    found = False
    for pepper in peppers:
        found |= hmac.compare_digest(api_key_digest(secret, pepper), digest)
    return found


class Peppers:
    """The secrets under which keys are hashed, from a file's lines, the newest first, so they can be rotated."""

    def __init__(self, file: Path) -> None:
        self._file = InternalSecrets(file)

    @property
    def newest(self) -> bytes:
        """Hashes new keys."""
        return _pepper(self._file.signing)

    def all(self) -> Sequence[bytes]:
        """Under each of these a key may have been hashed."""
        self._file.reload()
        return [_pepper(line) for line in self._file.verifying]


def _pepper(secret: bytes) -> bytes:
    return hmac.new(secret, PURPOSE, sha256).digest()


class KeyRing:
    """The live keys, in memory."""

    def __init__(self, database: Database, peppers: Peppers | None, poll_s: float, limits: Limits = UNLIMITED) -> None:
        self._limits = limits
        self._database = database
        self._peppers = peppers
        self._poll_s = poll_s
        self._keys: Mapping[str, Key] = {}
        self._gone: Mapping[str, frozenset[str]] = {}
        self._version: int | None = None
        self._looked = 0.0
        self._looking = asyncio.Lock()

    async def follow(self) -> None:
        """Keep the ring equal to the table, for ever."""
        while True:
            try:
                await self.look()
            except Exception as error:
                logger.warning("API keys cannot be compared with the database", action="retry", error=safe_text(error))
            await asyncio.sleep(self._poll_s)

    async def admit(self, presented: str, now: datetime) -> Key:
        """The key that was presented. Raises Problem 401 for anything but a live key, 503 while none are known."""
        parts = split_api_key(presented)
        if parts is not None and parts[0] not in self._keys:
            await self._look_again()
        return self.match(presented, now)

    def match(self, presented: str, now: datetime) -> Key:
        """The same among the keys that are in memory."""
        parts = split_api_key(presented)
        key = None if parts is None else self._keys.get(parts[0])
        if parts is None or key is None or self._peppers is None:
            raise unauthenticated("The API key is not valid.")
        if not api_key_matches(parts[1], key.digest, self._peppers.all()):
            raise unauthenticated("The API key is not valid.")
        if key.expires_at is not None and key.expires_at <= now:
            raise unauthenticated("The API key has expired.")
        return key

    def live(self, key_id: str, now: datetime) -> Key | None:
        """The key with this id, unless it opens nothing any more."""
        key = self._keys.get(key_id)
        return key if key is not None and (key.expires_at is None or key.expires_at > now) else None

    def is_live(self, admitted: Key, now: datetime) -> bool:
        """Whether what was admitted still opens anything: for what stays open longer than a request.

        A token ends by its own time, and with the key that it was made for; a person's has no key here, and ends when
        they leave.
        """
        if admitted.expires_at is not None and admitted.expires_at <= now:
            return False
        if not admitted.digest:
            caller = admitted.caller
            left = self.left_by(caller.actor, caller.on_behalf_of)
            return not left or not (EVERYTHING in caller.companies or left & caller.companies)
        key = self.live(admitted.id, now)
        return key is not None and admitted.caller.companies <= key.caller.companies

    def left_by(self, *accounts: str | None) -> frozenset[str]:
        """The companies that people with these sign-ins have left."""
        if not self._gone:
            return frozenset()
        return frozenset().union(*(self._gone.get(account, ()) for account in accounts if account is not None))

    async def look(self, since: float | None = None) -> None:
        """Read the keys again if they have changed, unless somebody else looked `since` then. Raises what the database
        says.
        """
        async with self._looking:
            began = time.monotonic()
            if since is not None and self._looked >= since:
                return
            held = await self._database.take()
            broken = True
            try:
                version = await held.fetchval(VERSION)
                if version != self._version:
                    rows = await held.fetch(LIVE)
                    gone = await held.fetch(GONE)
                    self._gone = {row["account"]: frozenset(row["companies"]) for row in gone}
                    self._keys = _keys_of(rows, self._gone, self._limits)
                    self._version = version
                broken = False
            finally:
                self._looked = began
                await self._database.give_back(held, broken=broken)

    async def _look_again(self) -> None:
        """A key that is not known may be a second old: look at the table, once for all who ask meanwhile."""
        asked = time.monotonic()
        await asyncio.sleep(max(0.0, self._looked + MISS_PAUSE_S - asked) if self._version is not None else 0)
        try:
            await self.look(since=asked)
        except Exception as error:
            if self._version is None:
                raise unavailable("keys-unavailable", "The API keys cannot be read now.") from error


class KeyVerifier(TokenVerifier):
    """Lets operators through the chassis's own doors here (held events) by API key; internal tokens work as well."""

    def __init__(self, secrets: InternalSecrets | None, clock: DatabaseClock, ring: KeyRing) -> None:
        super().__init__(secrets, "gateway", clock.seconds)
        self._clock = clock
        self._ring = ring

    def verify(self, token: str) -> Caller:
        """The caller a key or token names. Raises Problem 401."""
        if token.startswith(f"{PREFIX}_"):
            return self._ring.match(token, self._clock.now()).caller
        return super().verify(token)


def without_left(
    companies: frozenset[str], scopes: frozenset[str], left: frozenset[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Rights without those of companies that the person has left. Raises Problem 401 when none remain, and for rights
    over all companies: they hold for those that were left too.
    """
    if not left:
        return companies, scopes
    rest = companies - left
    if not rest or EVERYTHING in rest:
        raise unauthenticated("The person whom this lets in has left.")
    return rest, frozenset(scope for scope in scopes if scope.partition("@")[2] not in left)


def _keys_of(rows: Iterable[asyncpg.Record], gone: Mapping[str, frozenset[str]], usual: Limits) -> Mapping[str, Key]:
    """The keys that open anything: one whose client is a person's account ends where that person has left."""
    keys: dict[str, Key] = {}
    for row in rows:
        with suppress(Problem):
            keys[row["id"]] = _key_of(row, gone.get(row["client"], frozenset()), usual)
    return keys


def _key_of(row: asyncpg.Record, left: frozenset[str], usual: Limits) -> Key:
    companies, scopes = without_left(frozenset(row["companies"]), frozenset(row["scopes"]), left)
    caller = Caller(row["client"], row["client"], None, companies, scopes)
    limits = Limits(
        row["events_per_s"] or usual.per_s,
        row["burst_events"] or usual.burst,
        row["in_flight_events"] or usual.in_flight,
    )
    return Key(row["id"], row["digest"], caller, row["source"], row["expires_at"], limits)


def presented_key(headers: Sequence[tuple[bytes, bytes]]) -> str:
    """The one key of a request: `Authorization: Bearer <key>`. Raises Problem 401."""
    found: bytes | None = None
    for name, value in headers:
        if name == b"authorization":
            if found is not None:
                raise unauthenticated("Exactly one Authorization header is needed.")
            found = value
    if found is None:
        raise unauthenticated("Exactly one Authorization header is needed.")
    scheme, _, token = found.partition(b" ")
    if scheme.lower() != b"bearer" or not token.strip():
        raise unauthenticated("The Authorization header must be: Bearer <key>.")
    return token.strip().decode("latin-1")


def missing_scope(scope: str) -> Problem:
    """403: the key may not do this."""
    return Problem(403, "scope-missing", f"The key does not have the scope {scope}.")
