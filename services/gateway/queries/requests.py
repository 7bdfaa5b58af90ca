"""What is known of requests, and how long such requests take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
import orjson

from chassis.ids import UUID

REQUEST = "select company, body from request where company = any($1::text[]) and scope = 'accept' and key = $2"

ACCEPTED = """
select client, at, revision from accepted where company = $1 and subject = $2 and type = $3 and request = $4
"""

REQUESTS = "select request from accepted where company = $1 and subject = $2 order by at, revision"
COMPANY_OF = """
select company from unnest($1::text[]) c(company)
where exists (select 1 from timeline_fact f where f.company = c.company and f.subject = $2)
    or exists (select 1 from accepted a where a.company = c.company and a.subject = $2) limit 1
"""

UNSENT = """
select exists (select 1 from outbox o join outbox_unsent u on u.id = o.id
    where o.company = $1 and o.topic = $2 and o.key = $3)
"""

MEASURED = """
with latest as (select company, order_id, accepted_at from order_summary
    where company = $1 and placed_at is not null order by placed_at desc, order_id desc limit 100),
recent as (select l.company, l.order_id, coalesce(a.at, l.accepted_at) as accepted_at from latest l
    left join accepted a on a.company = l.company and a.subject = l.order_id and a.type = 'OrderPlaced.v1')
select f.type, percentile_disc(0.95) within group
        (order by greatest(0, (1000 * extract(epoch from f.at - r.accepted_at))::bigint)), count(*)
from recent r join timeline_fact f on f.company = r.company and f.subject = r.order_id
where r.accepted_at is not null group by f.type
"""
"""From our own note of acceptance; an OrderPlaced carries its sender's time, which may be before it."""


class AcceptedRequest(NamedTuple):
    """What was accepted, as its row says."""

    company: str
    subject: UUID
    type: str
    reference: str
    client: str
    at: datetime
    revision: int


async def accepted_request(
    connection: asyncpg.Connection, companies: Sequence[str], request: UUID
) -> AcceptedRequest | None:
    """The request, if one of these companies has it."""
    row = await connection.fetchrow(REQUEST, companies, str(request))
    if row is None:
        return None
    told = orjson.loads(row["body"])
    subject, kind = UUID(told["subject"]), told["type"]
    noted = await connection.fetchrow(ACCEPTED, row["company"], subject, kind, request)
    assert noted is not None  # written in the same commit
    return AcceptedRequest(
        row["company"], subject, kind, told["reference"], noted["client"], noted["at"], noted["revision"]
    )


async def requests_about(connection: asyncpg.Connection, company: str, subject: UUID) -> list[str]:
    """All requests about a thing, the first one first."""
    return [str(row[0]) for row in await connection.fetch(REQUESTS, company, subject)]


async def company_of(connection: asyncpg.Connection, companies: Sequence[str], subject: UUID) -> str | None:
    """Which of these companies has the thing."""
    found: str | None = await connection.fetchval(COMPANY_OF, companies, subject)
    return found


async def is_unsent(connection: asyncpg.Connection, company: str, topic: str, subject: UUID) -> bool:
    """Whether an event about this thing waits for Kafka."""
    return bool(await connection.fetchval(UNSENT, company, topic, str(subject)))


async def measured_ms(connection: asyncpg.Connection, company: str) -> Mapping[str, tuple[int, int]]:
    """Per event type: milliseconds from acceptance within which 95 % of the latest orders had it, and of how many."""
    return {row[0]: (row[1], row[2]) for row in await connection.fetch(MEASURED, company)}
