"""The tables of documents as SQLModel sees them; a test compares them with what the migrations make."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKeyConstraint, Identity, MetaData, Text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

EXEMPT: dict[str, str] = {}
"""Documents has no table without company data."""


def _text(*, key: bool = False, null: bool = False) -> Column[str]:
    return Column(Text, primary_key=key, nullable=null)


def _moment() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=False)


class OwnTable(SQLModel, registry=registry()):
    """The tables of documents alone: other departments may have tables of the same name."""

    metadata = MetaData()


class Party(OwnTable, table=True):
    """Whom documents concern, once by name; `folded` is the name as it is searched. Facts."""

    __tablename__ = "party"
    company: str = Field(sa_column=_text(key=True))
    party: UUID = Field(primary_key=True)
    name: str = Field(sa_column=_text())
    folded: str = Field(sa_column=_text())


class Document(OwnTable, table=True):
    """What is on file, with the facts that it prints, as they came. Facts; `position` orders them for reading."""

    __tablename__ = "document"
    __table_args__ = (
        ForeignKeyConstraint(["company", "party"], ["party.company", "party.party"]),
        CheckConstraint("class in ('invoice', 'credit_note', 'employee_file')"),
        CheckConstraint("language in ('en', 'el', 'he')"),
        CheckConstraint("octet_length(template_hash) = 32"),
        CheckConstraint("(template is null) = (template_hash is null)", name="template_has_hash"),
    )
    company: str = Field(sa_column=_text(key=True))
    document: UUID = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    document_class: str = Field(sa_column=Column("class", Text, nullable=False))
    title: str = Field(sa_column=_text())
    number: str = Field(sa_column=_text())
    about_kind: str = Field(sa_column=_text())
    about_id: UUID
    order_id: UUID | None
    employee_id: UUID | None
    party: UUID
    language: str = Field(sa_column=_text())
    dated: date
    template: str | None = Field(sa_column=_text(null=True))
    template_hash: bytes | None
    facts: bytes
    cause: UUID
    correlation: str = Field(sa_column=_text())
    actor: str = Field(sa_column=_text())
    on_behalf_of: str | None = Field(sa_column=_text(null=True))
    registered_at: datetime = Field(sa_column=_moment())


class DocumentContent(OwnTable, table=True):
    """Which bytes a document is: their hash names the file; and what they were made with. Facts."""

    __tablename__ = "document_content"
    __table_args__ = (
        ForeignKeyConstraint(["company", "document"], ["document.company", "document.document"]),
        CheckConstraint("octet_length(sha256) = 32"),
        CheckConstraint("size > 0"),
        CheckConstraint("octet_length(template_hash) = 32"),
    )
    company: str = Field(sa_column=_text(key=True))
    document: UUID = Field(primary_key=True)
    sha256: bytes
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    media_type: str = Field(sa_column=_text())
    template: str = Field(sa_column=_text())
    template_hash: bytes
    renderer: str = Field(sa_column=_text())
    stored_at: datetime = Field(sa_column=_moment())
