"""The read side of documents: SQL to response models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, get_args
from uuid import UUID

import asyncpg
from pydantic import BaseModel, ConfigDict, Field

from services.documents.domain.filing import CLASS_OF, AboutKind, DocumentClass, Language
from services.documents.domain.names import folded
from services.documents.store import PaperToRender, paper_of
from services.documents.translate import document_id

ROWS_DEFAULT = 50
ROWS_MAX = 500
PARTIES_MAX = 500
"""So many parties of one search are looked at; a text that more of them have says nothing."""
POSITION_MAX = 2**63 - 1
CLASSES: tuple[DocumentClass, ...] = get_args(DocumentClass)

# Each reads one short range of one index, whatever the planner knows of the tables (`offset 0` keeps it to that range):
# the one thing asked for; or the newest of each class; or the newest of each party whose name fits.
ONE_THING = """
from (select * from (select * from document where company = $1 and {thing} offset 0) m
    where class = any($2::text[]) and position < $3{also} order by position desc limit $4) d
"""
NEWEST_BY_CLASS = """
from (select d.* from unnest($2::text[]) as k(class) cross join lateral (select * from document
    where company = $1 and class = k.class and position < $3 order by position desc limit $4) d
    order by position desc limit $4) d
"""
NEWEST_BY_PARTY = """
from (select d.* from (select party from party where company = $1 and folded like $5 order by party limit {parties}) k
    cross join lateral (select * from document where company = $1 and party = k.party and class = any($2::text[])
    and position < $3 order by position desc limit $4) d
    order by position desc limit $4) d
"""
HEADS = """
select d.document, d.class, d.title, d.number, d.about_kind, d.about_id, d.order_id, d.employee_id, p.name, d.language,
    d.dated, d.template, d.registered_at, d.position, c.sha256, c.size, c.media_type, c.stored_at
{source}
cross join lateral (select name from party where company = $1 and party = d.party offset 0) p
left join lateral (select * from document_content where company = $1 and document = d.document offset 0) c on true
"""
PAGE = HEADS + "order by d.position desc limit $4"
ONE = HEADS.format(source="from document d") + "where d.company = $1 and d.document = $2"
PAPER = """
select d.company, d.document, d.class, d.order_id, d.number, d.template, d.facts, d.cause, d.correlation, d.actor,
    d.on_behalf_of, d.registered_at, c.sha256
from document d left join lateral
    (select sha256 from document_content where company = d.company and document = d.document offset 0) c on true
where d.company = $1 and d.document = $2
"""


class About(BaseModel):
    """The thing that a document is about."""

    kind: AboutKind
    id: UUID


class Content(BaseModel):
    """The bytes of a document; they are at `/content` below its address."""

    sha256: str
    size: int
    media_type: str
    stored_at: datetime


class Document(BaseModel):
    """A document on file."""

    model_config = ConfigDict(populate_by_name=True)

    document: UUID
    document_class: Annotated[DocumentClass, Field(alias="class")]
    title: str
    number: str
    about: About
    order: UUID | None
    employee: UUID | None
    party: Annotated[str, Field(description="Name of the customer or employee.")]
    language: Language
    dated: date
    template: str | None
    registered_at: datetime
    content: Annotated[Content | None, Field(description="Null until it is rendered, and for a file without a paper.")]


class DocumentPage(BaseModel):
    """Documents, the newest first; `next` is the `after` of the next page, null on the last one."""

    documents: list[Document]
    next: int | None


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; everything that is given must hold."""

    document_class: DocumentClass | None = None
    number: str | None = None
    order: UUID | None = None
    about: UUID | None = None
    text: str | None = None
    after: int | None = None
    limit: int = ROWS_DEFAULT


@dataclass(frozen=True, slots=True)
class PaperOnFile:
    """A document as its bytes are asked for: their hash, or what is needed to make them."""

    number: str
    sha256: str | None
    to_render: PaperToRender | None
    """None for a class that is never rendered."""


async def search(connection: asyncpg.Connection, company: str, wanted: Search) -> DocumentPage:
    """A page of documents."""
    classes = list(CLASSES) if wanted.document_class is None else [wanted.document_class]
    before = POSITION_MAX if wanted.after is None else wanted.after
    arguments: list[object] = [company, classes, before, wanted.limit]
    source = _source(company, wanted, arguments)
    rows = await connection.fetch(PAGE.format(source=source), *arguments)
    last = rows[-1]["position"] if len(rows) == wanted.limit else None
    return DocumentPage(documents=[_document(row) for row in rows], next=last)


async def one(connection: asyncpg.Connection, company: str, document: UUID) -> Document | None:
    """One document, or None."""
    row = await connection.fetchrow(ONE, company, document)
    return None if row is None else _document(row)


async def paper(connection: asyncpg.Connection, company: str, document: UUID) -> PaperOnFile | None:
    """What is known of a document's bytes; None when there is no such document."""
    row = await connection.fetchrow(PAPER, company, document)
    if row is None:
        return None
    sha256 = None if row["sha256"] is None else row["sha256"].hex()
    return PaperOnFile(row["number"], sha256, None if row["template"] is None else paper_of(row))


def _source(company: str, wanted: Search, arguments: list[object]) -> str:
    """The FROM clause that finds what is wanted by the index that fits; its arguments are added."""
    conditions: list[str] = []

    def must(condition: str, value: object | None) -> None:
        if value is not None:
            arguments.append(value)
            conditions.append(condition.format(n=len(arguments)))

    must("document = any(${n}::uuid[])", wanted.about and _documents_about(company, wanted.about))
    must("number = ${n}", wanted.number)
    must("order_id = ${n}", wanted.order)
    text = None if wanted.text is None else f"%{_literally(folded(wanted.text))}%"
    if conditions:
        must("exists (select from party where company = $1 and party = m.party and folded like ${n})", text)
        thing, *others = conditions
        return ONE_THING.format(thing=thing, also="".join(f" and {other}" for other in others))
    if text is not None:
        arguments.append(text)
        return NEWEST_BY_PARTY.format(parties=PARTIES_MAX)
    return NEWEST_BY_CLASS


def _documents_about(company: str, about: UUID) -> Sequence[UUID]:
    return [document_id(company, kind, str(about)) for kind in CLASS_OF]


def _literally(text: str) -> str:
    """Text as it stands in a LIKE pattern."""
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def _document(row: asyncpg.Record) -> Document:
    stored = row["sha256"] is not None
    return Document(
        document=row["document"],
        document_class=row["class"],
        title=row["title"],
        number=row["number"],
        about=About(kind=row["about_kind"], id=row["about_id"]),
        order=row["order_id"],
        employee=row["employee_id"],
        party=row["name"],
        language=row["language"],
        dated=row["dated"],
        template=row["template"],
        registered_at=row["registered_at"],
        content=Content(
            sha256=row["sha256"].hex(), size=row["size"], media_type=row["media_type"], stored_at=row["stored_at"]
        )
        if stored
        else None,
    )
