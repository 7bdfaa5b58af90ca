"""Which classes a company has, and what a caller was granted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from chassis.auth import Caller
from services.documents.domain.access import Reader
from services.documents.domain.classes import HOUSE, ClassOfDocuments, MetadataField

CONFIDENTIAL = "documents:confidential"

CLASSES = """
select distinct on (class) class, version, definition from document_class where company = $1
order by class, version desc
"""
GRANTS = """
select class, document from (select * from access_grant where principal = any($2::text[]) and company = $1 and may = $3
    offset 0) g
where not exists (select from access_end where company = $1 and access_grant = g.access_grant)
"""

Classes = Mapping[str, ClassOfDocuments]


@dataclass(frozen=True, slots=True)
class Rights:
    """A caller's rights in one company, and its classes."""

    reader: Reader
    classes: Classes

    def of(self, code: str) -> ClassOfDocuments:
        """A class by its code; one that nobody defined any more counts as closed."""
        return self.classes.get(code) or ClassOfDocuments(code, code, "restricted")


async def classes(connection: asyncpg.Connection, company: str) -> Classes:
    """All classes of a company as they are defined now."""
    found = dict(HOUSE)
    for code, version, definition in await connection.fetch(CLASSES, company):
        found[code] = class_from(code, version, orjson.loads(definition))
    return found


async def rights(connection: asyncpg.Connection, company: str, caller: Caller, may: str = "read") -> Rights:
    """What a caller may read (or write) in a company."""
    principals = list({caller.client, caller.actor})
    granted = await connection.fetch(GRANTS, company, principals, may)
    reader = Reader(
        reads_open=caller.may(f"documents:{may}"),
        reads_confidential=CONFIDENTIAL in caller.scopes,
        granted_classes=frozenset(code for code, _ in granted if code is not None),
        granted_documents=frozenset(document for _, document in granted if document is not None),
    )
    return Rights(reader, await classes(connection, company))


def class_from(code: str, version: int, definition: Mapping[str, Any]) -> ClassOfDocuments:
    """A class as a company defined it; what the house says of its own classes cannot be loosened."""
    house = HOUSE.get(code)
    if house is not None:
        access = definition["access"]
        return ClassOfDocuments(
            code,
            house.title,
            "restricted" if access == "restricted" else house.access,
            version,
            takes_files=house.takes_files,
        )
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
