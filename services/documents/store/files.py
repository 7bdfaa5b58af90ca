"""Files that came in: the document, its versions with their metadata, and each time that its bytes came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg
import orjson

from chassis.ids import UUID
from services.documents.commands import ChangeFile, TakeFile
from services.documents.domain.classes import searched
from services.documents.store.documents import DocumentKey

FileKey = tuple[str, str, bytes]
"""Company, class and SHA-256."""
Values = tuple[str, UUID, int, Mapping[str, object]]

STANDING = """
select x.company, x.class, x.sha256, f.document
from unnest($1::text[], $2::text[], $3::bytea[]) as x(company, class, sha256)
cross join lateral (select v.document from document_version v join document d
    on d.company = v.company and d.document = v.document
    where v.company = x.company and v.sha256 = x.sha256 and d.class = x.class order by d.position limit 1) f
"""
ADD_DOCUMENTS = """
insert into document (company, document, class, title, number, about_kind, about_id, order_id, employee_id, language,
    dated, cause, correlation, actor, on_behalf_of, registered_at)
select x.company, x.document, x.class, x.title, x.number, x.about_kind, x.about_id, x.order_id, x.employee_id,
    x.language, x.dated, x.cause, x.correlation, x.actor, x.on_behalf_of, $16
from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::uuid[], $9::uuid[],
    $10::text[], $11::date[], $12::uuid[], $13::text[], $14::text[], $15::text[]) with ordinality
    as x(company, document, class, title, number, about_kind, about_id, order_id, employee_id, language, dated, cause,
    correlation, actor, on_behalf_of, n)
order by x.n on conflict (company, document) do nothing returning company, document
"""
ADD_FIRST_VERSIONS = """
insert into document_version (company, document, version, sha256, size, media_type, file_name, class_version, metadata,
    reason, actor, on_behalf_of, cause, at)
select x.company, x.document, 1, x.sha256, x.size, x.media_type, x.file_name, x.class_version, x.metadata, '', x.actor,
    x.on_behalf_of, x.cause, $12
from unnest($1::text[], $2::uuid[], $3::bytea[], $4::bigint[], $5::text[], $6::text[], $7::int[], $8::bytea[],
    $9::text[], $10::text[], $11::uuid[])
    as x(company, document, sha256, size, media_type, file_name, class_version, metadata, actor, on_behalf_of, cause)
"""
ADD_VERSIONS = """
insert into document_version (company, document, version, sha256, size, media_type, file_name, class_version, metadata,
    reason, actor, on_behalf_of, cause, at)
select x.company, x.document, v.version + 1, coalesce(x.sha256, v.sha256), coalesce(x.size, v.size),
    coalesce(x.media_type, v.media_type), coalesce(x.file_name, v.file_name), x.class_version, x.metadata, x.reason,
    x.actor, x.on_behalf_of, x.cause, $14
from unnest($1::text[], $2::uuid[], $3::int[], $4::bytea[], $5::bigint[], $6::text[], $7::text[], $8::int[],
    $9::bytea[], $10::text[], $11::text[], $12::text[], $13::uuid[]) with ordinality
    as x(company, document, after, sha256, size, media_type, file_name, class_version, metadata, reason, actor,
    on_behalf_of, cause, n)
join document_version v on v.company = x.company and v.document = x.document and v.version = x.after
order by x.company, x.document, x.n
on conflict (company, document, version) do nothing returning company, document, version, cause
"""
ADD_VALUES = """
insert into document_value (company, document, version, name, value)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::text[])
"""
ADD_SOURCES = """
insert into document_source (company, cause, document, source, file_name, sha256, actor, on_behalf_of, at)
select x.*, $9 from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::bytea[], $7::text[],
    $8::text[]) as x
on conflict (company, cause) do nothing
"""


def key_of(command: TakeFile) -> FileKey:
    """What makes two files one document."""
    return command.cause.company, command.document_class, command.content.sha256


async def standing(connection: asyncpg.Connection, commands: Sequence[TakeFile]) -> dict[FileKey, UUID]:
    """The documents that have these bytes, in any version."""
    rows = await connection.fetch(STANDING, *zip(*sorted(set(map(key_of, commands))), strict=True))
    return {(row["company"], row["class"], row["sha256"]): row["document"] for row in rows}


async def add_documents(
    connection: asyncpg.Connection, taken: Sequence[tuple[UUID, TakeFile]], now: datetime
) -> set[DocumentKey]:
    """Put documents on file; returns those that were not there."""
    rows = [
        (c.cause.company, document, c.document_class, c.title, c.number, *(c.about or (None, None)), c.order,
         c.employee, c.language, c.dated, c.cause.id, c.cause.correlation, c.cause.actor, c.cause.on_behalf_of)
        for document, c in taken
    ]  # fmt: skip
    added = await connection.fetch(ADD_DOCUMENTS, *zip(*rows, strict=True), now)
    return {(row["company"], row["document"]) for row in added}


async def add_first_versions(
    connection: asyncpg.Connection, taken: Sequence[tuple[UUID, TakeFile]], now: datetime
) -> None:
    """What these documents are at first."""
    if not taken:
        return
    rows = [
        (c.cause.company, document, c.content.sha256, c.content.size, c.content.media_type, c.content.file_name,
         c.class_version, orjson.dumps(dict(c.metadata)), c.cause.actor, c.cause.on_behalf_of, c.cause.id)
        for document, c in taken
    ]  # fmt: skip
    await connection.execute(ADD_FIRST_VERSIONS, *zip(*rows, strict=True), now)


async def add_versions(
    connection: asyncpg.Connection, commands: Sequence[ChangeFile], now: datetime
) -> dict[tuple[str, UUID, UUID], int]:
    """Write next versions; returns those that were written, by company, document and cause."""
    rows = []
    for c in commands:
        held: tuple[object, ...] = (None, None, None, None)
        if c.content is not None:
            held = c.content.sha256, c.content.size, c.content.media_type, c.content.file_name
        rows.append(
            (c.cause.company, c.document, c.after, *held, c.class_version, orjson.dumps(dict(c.metadata)), c.reason,
             c.cause.actor, c.cause.on_behalf_of, c.cause.id)
        )  # fmt: skip
    added = await connection.fetch(ADD_VERSIONS, *zip(*rows, strict=True), now)
    return {(row["company"], row["document"], row["cause"]): row["version"] for row in added}


async def add_values(connection: asyncpg.Connection, versions: Sequence[Values]) -> None:
    """Metadata as it is searched."""
    rows = [
        (company, document, version, name, searched(value))
        for company, document, version, metadata in versions
        for name, value in metadata.items()
        if value is not None
    ]
    if rows:
        await connection.execute(ADD_VALUES, *zip(*rows, strict=True))


async def add_sources(connection: asyncpg.Connection, taken: Sequence[tuple[UUID, TakeFile]], now: datetime) -> None:
    """Each time that bytes came in; a cause that is known already adds none."""
    rows = [
        (c.cause.company, c.cause.id, document, c.source, c.content.file_name, c.content.sha256, c.cause.actor,
         c.cause.on_behalf_of)
        for document, c in taken
    ]  # fmt: skip
    await connection.execute(ADD_SOURCES, *zip(*rows, strict=True), now)
