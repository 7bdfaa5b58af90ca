"""Papers and their facts: what is printed, whom it concerns, who sends it, how long it is kept."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Text,
)
from sqlmodel import Field

from services.documents.tables.base import CODE, OwnTable, counted, moment, number, text


class Party(OwnTable, table=True):
    """Whom documents concern, once by name; `folded` is the name as it is searched. Facts."""

    __tablename__ = "party"
    company: str = Field(sa_column=text(key=True))
    party: UUID = Field(primary_key=True)
    name: str = Field(sa_column=text())
    folded: str = Field(sa_column=text())


class Letterhead(OwnTable, table=True):
    """What stands at the head of a company's papers where their events do not tell it. Facts."""

    __tablename__ = "letterhead"
    company: str = Field(sa_column=text(key=True))
    seller: bytes
    cause: UUID
    at: datetime = Field(sa_column=moment())


class LetterheadChange(OwnTable, table=True):
    """What stands there from a day on, whole; of one day the later word counts. `sequence` is its event's. Facts."""

    __tablename__ = "letterhead_change"
    __table_args__ = (
        ForeignKeyConstraint(["company"], ["letterhead.company"]),
        CheckConstraint("sequence > 0"),
    )
    company: str = Field(sa_column=text(key=True))
    sequence: int = Field(sa_column=number(key=True))
    valid_from: date
    seller: bytes
    cause: UUID
    at: datetime = Field(sa_column=moment())


class RetentionStart(OwnTable, table=True):
    """From which day on a person's papers are kept; what was told last counts, without a day nothing runs. Facts."""

    __tablename__ = "retention_start"
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    position: int = Field(sa_column=counted(key=True))
    since: date | None
    cause: UUID
    at: datetime = Field(sa_column=moment())


class Document(OwnTable, table=True):
    """What is on file, with the facts that it prints, as they came. Facts; `position` orders them for reading."""

    __tablename__ = "document"
    __table_args__ = (
        ForeignKeyConstraint(["company", "party"], ["party.company", "party.party"]),
        CheckConstraint(f"class {CODE}"),
        CheckConstraint("(about_kind is null) = (about_id is null)", name="about_whole"),
        CheckConstraint("not sealed or employee_id is not null", name="sealed_for_somebody"),
        CheckConstraint("language in ('en', 'el', 'he')"),
        CheckConstraint("octet_length(template_hash) = 32"),
        CheckConstraint("(template is null) = (template_hash is null)", name="template_has_hash"),
    )
    company: str = Field(sa_column=text(key=True))
    document: UUID = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    document_class: str = Field(sa_column=Column("class", Text, nullable=False))
    title: str = Field(sa_column=text())
    number: str | None = Field(sa_column=text(null=True))
    about_kind: str | None = Field(sa_column=text(null=True))
    about_id: UUID | None
    order_id: UUID | None
    employee_id: UUID | None
    party: UUID | None
    language: str = Field(sa_column=text())
    dated: date
    template: str | None = Field(sa_column=text(null=True))
    template_hash: bytes | None
    facts: bytes | None
    cause: UUID
    correlation: str = Field(sa_column=text())
    actor: str = Field(sa_column=text())
    on_behalf_of: str | None = Field(sa_column=text(null=True))
    registered_at: datetime = Field(sa_column=moment())
    sealed: bool


class DocumentContent(OwnTable, table=True):
    """Which bytes a document is: their hash names the file; and what they were made with. Facts."""

    __tablename__ = "document_content"
    __table_args__ = (
        ForeignKeyConstraint(["company", "document"], ["document.company", "document.document"]),
        CheckConstraint("octet_length(sha256) = 32"),
        CheckConstraint("size > 0"),
        CheckConstraint("octet_length(template_hash) = 32"),
    )
    company: str = Field(sa_column=text(key=True))
    document: UUID = Field(primary_key=True)
    sha256: bytes
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    media_type: str = Field(sa_column=text())
    template: str = Field(sa_column=text())
    template_hash: bytes
    renderer: str = Field(sa_column=text())
    stored_at: datetime = Field(sa_column=moment())
    sealed: bool


class PersonKey(OwnTable, table=True):
    """The key under which papers about a person are sealed, itself wrapped; empty once it was erased, and for ever."""

    __tablename__ = "person_key"
    __table_args__ = (CheckConstraint("(wrapped is null) = (erased_at is not null)", name="erased_whole"),)
    company: str = Field(sa_column=text(key=True))
    person: UUID = Field(primary_key=True)
    wrapped: bytes | None
    at: datetime = Field(sa_column=moment())
    erased_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True), nullable=True))
