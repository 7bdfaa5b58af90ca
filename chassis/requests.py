"""HTTP commands: group commit with idempotency keys. Nobody waits for a timer and nobody pays for a commit alone.

Whatever waits while the last group commits becomes the next group: one transaction, a constant number of statements. A key
that was used before gives the stored answer; a key that is in use elsewhere is waited for outside the transaction; an item
that breaks a rule of the database is found by halving the group, and only its caller is told.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeVar

import asyncpg
import orjson
import structlog

from chassis.database import Database, UnitOfWork, is_transient
from chassis.errors import Problem, Refused, Transient
from chassis.faults import hit

log = structlog.get_logger(__name__)

WAITING_MAX = 10_000
"""Commands that may wait at one door; more are refused at once."""
ATTEMPTS_MAX = 4
"""How often a group meets a database that is away before its callers are told."""
RETRY_MS = (40, 120, 360)
TWIN_PATIENCE_S = 5.0
"""How long a repeat waits for the first one that runs elsewhere."""
TWIN_POLL_S = (0.02, 0.25)

CLAIM = """
select x.n, pg_try_advisory_xact_lock(hashtextextended(x.company || chr(31) || x.scope || chr(31) || x.key, 7203)) as locked,
       r.hash, r.status, r.body, now() as now
from unnest($1::text[], $2::text[], $3::text[]) with ordinality as x(company, scope, key, n)
left join lateral (select q.hash, q.status, q.body from request q
    where q.company = x.company and q.scope = x.scope and q.key = x.key offset 0) r on true
"""

STORE = """
insert into request (company, scope, key, hash, status, body)
select * from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::int[], $6::bytea[])
on conflict do nothing
"""

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class RequestIdentity:
    """What makes a repeat a repeat: the key within its scope, and the hash of everything that was asked."""

    company: str
    scope: str
    """Route and client, so that one client's keys never meet another's."""
    key: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What an accepted command answers; stored with its key, so that a repeat gets the same."""

    status: int
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)
    replayed: bool = False


Result = Answer | Refused
Handler = Callable[[Sequence[C], UnitOfWork], Awaitable[Sequence[Result]]]
