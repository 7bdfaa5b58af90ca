"""The gateway's own part of the audit trail: what was accepted, from whom, for whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import asyncpg

ACCEPTED = """
select request, at, coalesce(actor, client) as actor, on_behalf_of, type, subject, revision, source, reference
from accepted where company = $1 and (at, request) < ($2, $3) {conditions}
order by at desc, request desc limit $4
"""
CONDITIONS = {
    "subject": "subject::text = {}",
    "actor": "coalesce(actor, client) = {}",
    "on_behalf_of": "on_behalf_of = {}",
    "action": "'accepted.' || type = {}",
    "cause": "request = {}",
    "correlation": "request::text = {}",
    "since": "at >= {}",
    "until": "at < {}",
}
LATEST = (datetime(9999, 1, 1, tzinfo=UTC), "ffffffff-ffff-ffff-ffff-ffffffffffff")


async def accepted_trail(
    connection: asyncpg.Connection,
    company: str,
    wanted: Mapping[str, object],
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Records in the form of every department's, the newest first; their id is the request's."""
    asked = {name: value for name, value in wanted.items() if value is not None}
    conditions = [CONDITIONS[name].format(f"${place}") for place, name in enumerate(asked, 5)]
    query = ACCEPTED.format(conditions="".join(f"and {condition} " for condition in conditions))
    at, request = before or LATEST
    rows = await connection.fetch(query, company, at, request, limit, *asked.values())
    return [_record(row) for row in rows]


def _record(row: asyncpg.Record) -> dict[str, Any]:
    request = str(row["request"])
    return {
        "id": request,
        "at": row["at"],
        "actor": row["actor"],
        "on_behalf_of": row["on_behalf_of"],
        "action": f"accepted.{row['type']}",
        "subject": str(row["subject"]),
        "cause": request,
        "correlation": request,
        "detail": {"source": row["source"], "reference": row["reference"], "revision": row["revision"]},
    }
