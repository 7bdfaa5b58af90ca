"""Versions of files, and which business objects documents belong to."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel

ROWS_MAX = 500

VERSIONS = """
select version, sha256, size, media_type, file_name, class_version, metadata, reason, actor, on_behalf_of, at
from document_version where company = $1 and document = $2 order by version desc limit $3
"""
SOURCES = """
select source, file_name, sha256, actor, on_behalf_of, at from document_source
where company = $1 and document = $2 order by at desc limit $3
"""
LINKS = """
select l.kind, l.object_id as id, l.made_by, l.reason, l.actor, l.on_behalf_of, l.at, u.reason as end_reason,
    u.actor as end_actor, u.at as end_at
from document_link l left join document_unlink u on u.company = l.company and u.document = l.document
    and u.kind = l.kind and u.object_id = l.object_id and u.nth = l.nth
where l.company = $1 and l.document = $2 order by l.at desc, l.nth desc limit $3
"""


class Version(BaseModel):
    """What a file was from some moment on."""

    version: int
    sha256: str
    size: int
    media_type: str
    file_name: str
    class_version: int
    metadata: dict[str, Any]
    reason: str
    actor: str
    on_behalf_of: str | None
    at: datetime


class Source(BaseModel):
    """A time that bytes came in."""

    source: str
    file_name: str
    sha256: str
    actor: str
    on_behalf_of: str | None
    at: datetime


class VersionPage(BaseModel):
    """The newest first, and each time that bytes of the document came in."""

    versions: list[Version]
    sources: list[Source]


class LinkEnd(BaseModel):
    """The end of a link."""

    reason: str
    actor: str
    at: datetime


class Link(BaseModel):
    """A business object that a document belongs to, or did."""

    kind: str
    id: UUID
    made_by: str
    reason: str
    actor: str
    on_behalf_of: str | None
    at: datetime
    ended: LinkEnd | None


class LinkPage(BaseModel):
    """The newest first."""

    links: list[Link]


async def versions(connection: asyncpg.Connection, company: str, document: UUID) -> VersionPage:
    """Who made what of a file, when and why."""
    rows = await connection.fetch(VERSIONS, company, document, ROWS_MAX)
    came = await connection.fetch(SOURCES, company, document, ROWS_MAX)
    return VersionPage(
        versions=[
            Version.model_validate(
                dict(row) | {"sha256": row["sha256"].hex(), "metadata": orjson.loads(row["metadata"])}
            )
            for row in rows
        ],
        sources=[Source.model_validate(dict(row) | {"sha256": row["sha256"].hex()}) for row in came],
    )


async def links(connection: asyncpg.Connection, company: str, document: UUID) -> LinkPage:
    """What a document belongs to."""
    rows = await connection.fetch(LINKS, company, document, ROWS_MAX)
    return LinkPage(links=[Link.model_validate(dict(row) | {"ended": _end(row)}) for row in rows])


def _end(row: asyncpg.Record) -> dict[str, Any] | None:
    if row["end_at"] is None:
        return None
    return {"reason": row["end_reason"], "actor": row["end_actor"], "at": row["end_at"]}
