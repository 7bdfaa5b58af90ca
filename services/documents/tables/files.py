"""Files that come in: their classes, versions and sources, what they belong to, and what nobody knows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field

from services.documents.tables.base import CODE, OwnTable, counted, moment, number, small, text


class DefinedClass(OwnTable, table=True):
    """A class of documents as a company defined it, version by version. Facts; the newest one holds."""

    __tablename__ = "document_class"
    __table_args__ = (CheckConstraint(f"class {CODE}"), CheckConstraint("version > 0"))
    company: str = Field(sa_column=text(key=True))
    document_class: str = Field(sa_column=Column("class", Text, primary_key=True, nullable=False))
    version: int = Field(sa_column=small(key=True))
    definition: bytes
    reason: str = Field(sa_column=text())
    actor: str = Field(sa_column=text())
    on_behalf_of: str | None = Field(sa_column=text(null=True))
    cause: UUID
    at: datetime = Field(sa_column=moment())


class DocumentVersion(OwnTable, table=True):
    """What a file was from some day on: its bytes and its metadata, who changed it, when and why. Facts."""

    __tablename__ = "document_version"
    __table_args__ = (
        ForeignKeyConstraint(["company", "document"], ["document.company", "document.document"]),
        CheckConstraint("version > 0"),
        CheckConstraint("size > 0"),
    )
    company: str = Field(sa_column=text(key=True))
    document: UUID = Field(primary_key=True)
    version: int = Field(sa_column=small(key=True))
    sha256: bytes
    size: int = Field(sa_column=number())
    media_type: str = Field(sa_column=text())
    file_name: str = Field(sa_column=text())
    sealed: bool
    class_version: int = Field(sa_column=small())
    metadata_: bytes = Field(sa_column=Column("metadata", LargeBinary, nullable=False))
    reason: str = Field(sa_column=text())
    actor: str = Field(sa_column=text())
    on_behalf_of: str | None = Field(sa_column=text(null=True))
    cause: UUID
    at: datetime = Field(sa_column=moment())


class DocumentValue(OwnTable, table=True):
    """A piece of a version's metadata, as it is searched. Facts."""

    __tablename__ = "document_value"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company", "document", "version"],
            ["document_version.company", "document_version.document", "document_version.version"],
        ),
    )
    company: str = Field(sa_column=text(key=True))
    document: UUID = Field(primary_key=True)
    version: int = Field(sa_column=small(key=True))
    name: str = Field(sa_column=text(key=True))
    value: str = Field(sa_column=text())
    position: int = Field(sa_column=counted())


class DocumentSource(OwnTable, table=True):
    """A time that bytes of a document came in: the same ones again are one document and one more of these. Facts."""

    __tablename__ = "document_source"
    __table_args__ = (
        ForeignKeyConstraint(["company", "document"], ["document.company", "document.document"]),
        CheckConstraint("source in ('upload', 'folder', 'mail')"),
        CheckConstraint("octet_length(sha256) = 32"),
    )
    company: str = Field(sa_column=text(key=True))
    cause: UUID = Field(primary_key=True)
    document: UUID
    source: str = Field(sa_column=text())
    file_name: str = Field(sa_column=text())
    sha256: bytes
    actor: str = Field(sa_column=text())
    on_behalf_of: str | None = Field(sa_column=text(null=True))
    at: datetime = Field(sa_column=moment())


class DocumentLink(OwnTable, table=True):
    """A business object that a document belongs to, made by an event or a person. Facts."""

    __tablename__ = "document_link"
    __table_args__ = (
        ForeignKeyConstraint(["company", "document"], ["document.company", "document.document"]),
        UniqueConstraint("company", "document", "kind", "object_id", "nth", "made_by"),
        CheckConstraint(f"kind {CODE}"),
        CheckConstraint("nth > 0"),
        CheckConstraint("made_by in ('event', 'person')"),
    )
    company: str = Field(sa_column=text(key=True))
    document: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=text(key=True))
    object_id: UUID = Field(primary_key=True)
    nth: int = Field(sa_column=small(key=True))
    made_by: str = Field(sa_column=text())
    reason: str = Field(sa_column=text())
    actor: str = Field(sa_column=text())
    on_behalf_of: str | None = Field(sa_column=text(null=True))
    cause: UUID
    at: datetime = Field(sa_column=moment())


class DocumentUnlink(OwnTable, table=True):
    """The end of a link that a person made; one that an event made has none. Facts."""

    __tablename__ = "document_unlink"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company", "document", "kind", "object_id", "nth", "made_by"],
            [f"document_link.{name}" for name in ("company", "document", "kind", "object_id", "nth", "made_by")],
        ),
        CheckConstraint("made_by = 'person'"),
    )
    company: str = Field(sa_column=text(key=True))
    document: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=text(key=True))
    object_id: UUID = Field(primary_key=True)
    nth: int = Field(sa_column=small(key=True))
    made_by: str = Field(sa_column=text())
    reason: str = Field(sa_column=text())
    actor: str = Field(sa_column=text())
    on_behalf_of: str | None = Field(sa_column=text(null=True))
    cause: UUID
    at: datetime = Field(sa_column=moment())


class FileStep(OwnTable, table=True):
    """What was done with a file that no row spoke of, written down before it was done. Facts."""

    __tablename__ = "file_step"
    __table_args__ = (CheckConstraint("step in ('set-aside', 'brought-back', 'removed')"),)
    sha256: bytes = Field(primary_key=True)
    at: datetime = Field(sa_column=moment(key=True))
    step: str = Field(sa_column=text(key=True))
    written_at: datetime = Field(sa_column=moment())
    actor: str = Field(sa_column=text())


class SweepPlace(OwnTable, table=True):
    """Behind which hash the sweep of the store goes on."""

    __tablename__ = "sweep_place"
    part: str = Field(sa_column=text(key=True))
    after: str = Field(sa_column=text())
