"""Which classes a company has, and what a caller was granted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel, ConfigDict, Field

from chassis.auth import Caller
from services.documents.domain.access import Giving, Reader, names_of
from services.documents.domain.classes import HOUSE, ClassOfDocuments, MetadataField

CONFIDENTIAL = "documents:confidential"
ADMINISTER = "documents:administer"
"""Says what classes there are and gives rights to them; by its own name, no wildcard gives it."""

CLASSES = """
select distinct on (class) class, version, definition from document_class where company = $1
order by class, version desc
"""
GRANTS = """
select class, document from (select * from access_grant where principal = any($2::text[]) and company = $1 and may = $3
    offset 0) g
where not exists (select from access_end where company = $1 and access_grant = g.access_grant)
"""

LIST_GRANTS = """
select g.access_grant as grant, g.principal, g.class, g.document, g.may, g.reason, g.actor, g.on_behalf_of, g.at,
    e.reason as end_reason, e.actor as end_actor, e.at as end_at
from access_grant g left join access_end e on e.company = g.company and e.access_grant = g.access_grant
left join document d on d.company = g.company and d.document = g.document
where g.company = $1 and ($2::text is null or g.principal = $2) and coalesce(g.class, d.class) = any($4::text[])
order by g.at desc, g.access_grant limit $3
"""
ABOUT_GRANT = """
select coalesce(g.class, d.class) as class, g.may from access_grant g
left join document d on d.company = g.company and d.document = g.document
where g.company = $1 and g.access_grant = $2
"""
READINGS = """
select position, what, version, client, actor, on_behalf_of, at from read_log
where company = $1 and document = $2 and position < $3 order by position desc limit $4
"""

Classes = Mapping[str, ClassOfDocuments]


def class_of(classes: Classes, code: str) -> ClassOfDocuments:
    """A class by its code; one that nobody defined any more counts as closed."""
    return classes.get(code) or ClassOfDocuments(code, code, "restricted")


@dataclass(frozen=True, slots=True)
class Rights:
    """A caller's rights in one company, and its classes."""

    reader: Reader
    classes: Classes

    def of(self, code: str) -> ClassOfDocuments:
        """A class by its code."""
        return class_of(self.classes, code)


@dataclass(frozen=True, slots=True)
class Giver(Giving):
    """What a caller may give in one company, and its classes."""

    classes: Classes = field(default_factory=dict)


class Ended(BaseModel):
    """The end of a right."""

    reason: str
    actor: str
    at: datetime


class Grant(BaseModel):
    """A right that somebody was given."""

    model_config = ConfigDict(populate_by_name=True)

    grant: UUID
    principal: str
    document_class: Annotated[str | None, Field(alias="class")]
    document: UUID | None
    may: str
    reason: str
    actor: str
    on_behalf_of: str | None
    at: datetime
    ended: Ended | None


class GrantPage(BaseModel):
    """The newest first."""

    grants: list[Grant]


class ReadingLine(BaseModel):
    """Somebody read a document: saw it in a list, looked at it, or had its bytes."""

    what: str
    version: int | None
    client: str
    actor: str
    on_behalf_of: str | None
    at: datetime


class ReadingPage(BaseModel):
    """The newest first; `next` is the `after` of the next page, null on the last one."""

    readings: list[ReadingLine]
    next: int | None


async def grants(
    connection: asyncpg.Connection, company: str, codes: Sequence[str], principal: str | None, limit: int
) -> GrantPage:
    """Rights to these classes, of everybody or of one caller."""
    rows = await connection.fetch(LIST_GRANTS, company, principal, limit, list(codes))
    found = [
        dict(row)
        | {
            "ended": None
            if row["end_at"] is None
            else {"reason": row["end_reason"], "actor": row["end_actor"], "at": row["end_at"]}
        }
        for row in rows
    ]
    return GrantPage(grants=[Grant.model_validate(one) for one in found])


async def grant_about(connection: asyncpg.Connection, company: str, grant: UUID) -> tuple[str, str] | None:
    """The class that a right opens, wholly or in part, and what it allows; None when there is no such right."""
    row = await connection.fetchrow(ABOUT_GRANT, company, grant)
    return None if row is None else (row["class"], row["may"])


async def giver(connection: asyncpg.Connection, company: str, caller: Caller) -> Giver:
    """What a caller may give in a company."""
    granted = await connection.fetch(GRANTS, company, list(names_of(caller.client, caller.actor)), "grant")
    return Giver(
        administers=caller.may_by_name(ADMINISTER, company),
        reads_confidential=caller.may_by_name(CONFIDENTIAL, company),
        gives_classes=frozenset(code for code, _ in granted if code is not None),
        classes=await classes(connection, company),
    )


async def readings(
    connection: asyncpg.Connection, company: str, document: UUID, after: int | None, limit: int
) -> ReadingPage:
    """Who read a document."""
    rows = await connection.fetch(READINGS, company, document, 2**63 - 1 if after is None else after, limit)
    found = [ReadingLine.model_validate(dict(row)) for row in rows]
    return ReadingPage(readings=found, next=rows[-1]["position"] if len(rows) == limit else None)


async def classes(connection: asyncpg.Connection, company: str) -> Classes:
    """All classes of a company as they are defined now."""
    found = dict(HOUSE)
    for code, version, definition in await connection.fetch(CLASSES, company):
        found[code] = class_from(code, version, orjson.loads(definition))
    return found


async def rights(connection: asyncpg.Connection, company: str, caller: Caller, may: str = "read") -> Rights:
    """What a caller may read (or write) in a company."""
    principals = list(names_of(caller.client, caller.actor))
    granted = await connection.fetch(GRANTS, company, principals, may)
    reader = Reader(
        reads_open=caller.may(f"documents:{may}", company),
        reads_confidential=caller.may_by_name(CONFIDENTIAL, company),
        granted_classes=frozenset(code for code, _ in granted if code is not None),
        granted_documents=frozenset(document for _, document in granted if document is not None),
    )
    return Rights(reader, await classes(connection, company))


def class_from(code: str, version: int, definition: Mapping[str, Any]) -> ClassOfDocuments:
    """A class as a company defined it; what the house says of its own classes cannot be loosened."""
    house = HOUSE.get(code)
    if house is not None:
        access = definition["access"]
        closed = access == "restricted" and house.access == "open"
        return replace(house, access="restricted" if closed else house.access, version=version)
    return ClassOfDocuments(
        code,
        str(definition["title"]),
        definition["access"],
        version,
        tuple(_field_from(field) for field in definition["fields"]),
        tuple(definition["media_types"]),
        definition["bytes_max"],
    )


def _field_from(field: Mapping[str, Any]) -> MetadataField:
    return MetadataField(
        field["name"],
        field["type"],
        field["required"],
        tuple(field["choices"]),
        field["pattern"],
        field["chars_max"],
    )
