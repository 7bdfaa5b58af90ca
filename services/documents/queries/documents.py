"""Documents as they are listed, shown and fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel, ConfigDict, Field

from services.documents.domain.access import reads_class
from services.documents.domain.filing import Language
from services.documents.domain.names import folded
from services.documents.queries.access import Rights
from services.documents.store.documents import PaperToRender, paper_of

ROWS_DEFAULT = 50
ROWS_MAX = 500
PARTIES_MAX = 500
"""So many parties of one search are looked at; a text that more of them have says nothing."""
POSITION_MAX = 2**63 - 1

# A page is read from up to two places: what belongs to the classes that the caller may read wholly, and what the caller
# was granted by itself. Each place is one short range of one index, whatever the planner knows of the tables
# (`offset 0` keeps it to that range).
ONE_THING = """
select * from (select * from document where company = $1 and {thing} offset 0) m
    where {may} and position < $3{also} order by position desc limit $4
"""
WITH_VALUE = """
select m.* from (select document, version from document_value where value = {value} and name = {name} and company = $1
    offset 0) v cross join lateral (select * from document where company = $1 and document = v.document offset 0) m
    where {may} and position < $3{also} and v.version = (select max(version) from document_version
    where company = $1 and document = v.document) order by position desc limit $4
"""
NEWEST_BY_CLASS = """
select m.* from unnest($2::text[]) as k(class) cross join lateral (select * from document m
    where company = $1 and class = k.class and position < $3{also} order by position desc limit $4) m
    order by position desc limit $4
"""
NEWEST_BY_PARTY = """
select m.* from (select party from party where company = $1 and folded like {text} order by party limit {parties}) k
    cross join lateral (select * from document m where company = $1 and party = k.party and {may}
    and position < $3{also} order by position desc limit $4) m
    order by position desc limit $4
"""
HEADS = """
select d.document, d.class, d.title, d.number, d.about_kind, d.about_id, d.order_id, d.employee_id, p.name, d.language,
    d.dated, d.template, d.registered_at, d.position, coalesce(v.sha256, c.sha256) as sha256,
    coalesce(v.size, c.size) as size, coalesce(v.media_type, c.media_type) as media_type,
    coalesce(v.at, c.stored_at) as stored_at, v.version, v.file_name, v.metadata, r.since
{source}
left join lateral (select name from party where company = $1 and party = d.party offset 0) p on true
left join lateral (select * from document_content where company = $1 and document = d.document offset 0) c on true
left join lateral (select * from document_version where company = $1 and document = d.document
    order by version desc limit 1) v on true
left join lateral (select since from retention_start where company = $1 and employee = d.employee_id
    order by position desc limit 1) r on true
"""
PAGE = HEADS + "order by d.position desc limit $4"
ONE = HEADS.format(source="from (select * from document where company = $1 and document = $2 offset 0) d")
LINKED = """
select document from (select * from document where about_id = $2 and company = $1 offset 0) d
union select document from (select * from document where order_id = $2 and company = $1 offset 0) o where $3
union select document from (select * from document_link where object_id = $2 and company = $1 offset 0) l
    where not exists (select from document_unlink where company = $1 and document = l.document and kind = l.kind
    and object_id = l.object_id and nth = l.nth)
"""
PAPER = """
select d.company, d.document, d.class, d.order_id, d.number, d.template, d.facts, d.cause, d.correlation, d.actor,
    d.on_behalf_of, d.registered_at, d.employee_id, coalesce(v.sealed, d.sealed) as sealed, k.wrapped,
    coalesce(v.sha256, c.sha256) as sha256, coalesce(v.media_type, 'application/pdf') as media_type, v.version,
    v.file_name
from (select * from document where company = $1 and document = $2 offset 0) d
left join lateral (select * from document_content where company = $1 and document = d.document offset 0) c on true
left join lateral (select * from document_version where company = $1 and document = d.document
    and version = coalesce($3, version) order by version desc limit 1) v on true
left join lateral (select wrapped from person_key where (d.sealed or v.sealed) and company = $1
    and person = d.employee_id offset 0) k on true
"""


class About(BaseModel):
    """The thing that a document is about."""

    kind: str
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
    document_class: Annotated[str, Field(alias="class")]
    title: str
    number: str | None
    about: About | None
    order: UUID | None
    employee: UUID | None
    party: Annotated[str | None, Field(description="Name of the customer or employee.")]
    language: Language
    dated: date
    template: str | None
    registered_at: datetime
    content: Annotated[Content | None, Field(description="Null until it is rendered, and for a file without a paper.")]
    version: Annotated[int, Field(description="1 for what is rendered; files count theirs.")] = 1
    file_name: str | None = None
    metadata: dict[str, Any] = {}
    kept_since: Annotated[
        date | None,
        Field(description="From when the time runs for which it is kept; null while its employee has not left."),
    ] = None


class DocumentPage(BaseModel):
    """Documents, the newest first; `next` is the `after` of the next page, null on the last one."""

    documents: list[Document]
    next: int | None


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; everything that is given must hold."""

    document_class: str | None = None
    number: str | None = None
    order: UUID | None = None
    about: UUID | None = None
    link: UUID | None = None
    employee: UUID | None = None
    text: str | None = None
    dated_from: date | None = None
    dated_to: date | None = None
    metadata: tuple[str, str] | None = None
    after: int | None = None
    limit: int = ROWS_DEFAULT


@dataclass(frozen=True, slots=True)
class PaperOnFile:
    """A document as its bytes are asked for: their hash, or what is needed to make them."""

    document_class: str
    employee: UUID | None
    name: str
    """What the file is called when it is saved."""
    media_type: str
    version: int | None
    sha256: str | None
    paper: PaperToRender
    is_rendered: bool
    """False for a file that came in, and for a class that has no paper."""


async def search(connection: asyncpg.Connection, company: str, rights: Rights, wanted: Search) -> DocumentPage:
    """A page of the documents that the caller may read."""
    codes = list(rights.classes) if wanted.document_class is None else [wanted.document_class]
    whole = [code for code in codes if reads_class(rights.reader, rights.of(code))]
    before = POSITION_MAX if wanted.after is None else wanted.after
    linked = [await connection.fetch(LINKED, company, thing, orders) for thing, orders in _things(wanted)]
    builder = _Builder([company, whole, before, wanted.limit])
    for rows in linked:
        builder.must("document = any(${n}::uuid[])", [document for (document,) in rows])
    builder.must("number = ${n}", wanted.number)
    builder.must("order_id = ${n}", wanted.order)
    builder.must("employee_id = ${n}", wanted.employee)
    source = builder.source(wanted, whole, _exceptions(rights, codes, builder))
    rows = await connection.fetch(PAGE.format(source=source), *builder.arguments)
    last = rows[-1]["position"] if len(rows) == wanted.limit else None
    return DocumentPage(documents=[_document(row) for row in rows], next=last)


async def one(connection: asyncpg.Connection, company: str, document: UUID) -> Document | None:
    """One document, or None."""
    row = await connection.fetchrow(ONE, company, document)
    return None if row is None else _document(row)


async def paper(
    connection: asyncpg.Connection, company: str, document: UUID, version: int | None = None
) -> PaperOnFile | None:
    """What is known of a document's bytes; None when there is no such document, or not this version of it."""
    row = await connection.fetchrow(PAPER, company, document, version)
    if row is None or (version is not None and version != (row["version"] or 1)):
        return None
    return PaperOnFile(
        row["class"],
        row["employee_id"],
        row["file_name"] or f"{row['number']}.pdf",
        row["media_type"],
        row["version"],
        None if row["sha256"] is None else row["sha256"].hex(),
        paper_of(row),
        row["template"] is not None,
    )


def _things(wanted: Search) -> Sequence[tuple[UUID, bool]]:
    """Business objects by which is searched, and whether what belongs to an order of that id counts."""
    return [(thing, orders) for thing, orders in ((wanted.about, False), (wanted.link, True)) if thing is not None]


def _exceptions(rights: Rights, codes: Sequence[str], builder: _Builder) -> list[str]:
    """Conditions for what the caller may read besides whole classes: what it was granted by itself."""
    found: list[str] = []
    if rights.reader.granted_documents:
        granted, classes = builder.bind(sorted(rights.reader.granted_documents)), builder.bind(list(codes))
        found.append(f"document = any({granted}::uuid[]) and class = any({classes}::text[])")
    return found


class _Builder:
    """Puts the FROM clause of a search together; every value is an argument."""

    def __init__(self, arguments: list[object]) -> None:
        self.arguments = arguments
        self._conditions: list[str] = []

    def bind(self, value: object) -> str:
        """The placeholder of a new argument."""
        self.arguments.append(value)
        return f"${len(self.arguments)}"

    def must(self, condition: str, value: object | None) -> None:
        """A condition that is looked up by an index, when there is a value for it."""
        if value is not None:
            self._conditions.append(condition.replace("${n}", self.bind(value)))

    def source(self, wanted: Search, whole: Sequence[str], exceptions: Sequence[str]) -> str:
        """From which rows the page is read."""
        text = None if wanted.text is None else self.bind(f"%{_literally(folded(wanted.text))}%")
        dates = [
            f"m.dated {sign} {self.bind(day)}"
            for sign, day in ((">=", wanted.dated_from), ("<=", wanted.dated_to))
            if day is not None
        ]
        by_class = "class = any($2::text[])"
        named = None
        if wanted.metadata is not None:
            named = (self.bind(wanted.metadata[0]), self.bind(wanted.metadata[1]))
        fits_text = f"exists (select from party where company = $1 and party = m.party and folded like {text})"
        select = self._by_things(by_class, dates, named, text, fits_text)
        parts = [select] if whole or not exceptions else []
        for condition in exceptions:
            also = [*self._conditions, *dates, *([fits_text] if text else [])]
            parts.append(ONE_THING.format(thing=condition, may=self._named(named), also=_and(also)))
        if len(parts) == 1:
            return f"from ({parts[0]}) d"
        union = " union ".join(f"(select * from ({part}) u)" for part in parts)
        return f"from (select * from ({union}) w order by position desc limit $4) d"

    def _by_things(
        self, may: str, dates: Sequence[str], named: tuple[str, str] | None, text: str | None, fits_text: str
    ) -> str:
        if named is not None:
            also = [*self._conditions, *dates, *([fits_text] if text else [])]
            return WITH_VALUE.format(name=named[0], value=named[1], may=may, also=_and(also))
        if self._conditions:
            thing, *others = self._conditions
            also = [*others, *dates, *([fits_text] if text else [])]
            return ONE_THING.format(thing=thing, may=may, also=_and(also))
        if text is not None:
            return NEWEST_BY_PARTY.format(text=text, parties=PARTIES_MAX, may=may, also=_and(dates))
        return NEWEST_BY_CLASS.format(also=_and(dates))

    def _named(self, named: tuple[str, str] | None) -> str:
        if named is None:
            return "$2::text[] is not null"
        name, value = named
        return f"""$2::text[] is not null and exists (select from document_value v
            where v.company = $1 and v.document = m.document and v.name = {name} and v.value = {value}
            and v.version = (select max(version) from document_version where company = $1 and document = m.document))"""


def _and(conditions: Sequence[str]) -> str:
    return "".join(f" and {condition}" for condition in conditions)


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
        about=None if row["about_id"] is None else About(kind=row["about_kind"], id=row["about_id"]),
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
        version=row["version"] or 1,
        file_name=row["file_name"],
        metadata={} if row["metadata"] is None else orjson.loads(row["metadata"]),
        kept_since=row["since"],
    )
