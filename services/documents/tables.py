"""The tables of documents as SQLModel sees them; a test compares them with what the migrations make."""

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
    Integer,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

CODE = "~ '^[a-z][a-z0-9_]{0,39}$'"
EXEMPT: dict[str, str] = {"file_step": "what no row speaks of is nobody's", "sweep_place": "how far a sweep has come"}
"""Tables without company data, and why."""


def _text(*, key: bool = False, null: bool = False) -> Column[str]:
    return Column(Text, primary_key=key, nullable=null)


def _number(*, key: bool = False) -> Column[int]:
    return Column(BigInteger, primary_key=key, nullable=False)


def _counted(*, key: bool = False) -> Column[int]:
    return Column(BigInteger, Identity(always=True), primary_key=key, nullable=False)


def _small(*, key: bool = False, null: bool = False) -> Column[int]:
    return Column(Integer, primary_key=key, nullable=null)


def _moment(*, key: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), primary_key=key, nullable=False)


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


class Letterhead(OwnTable, table=True):
    """What stands at the head of a company's papers where their events do not tell it. Facts."""

    __tablename__ = "letterhead"
    company: str = Field(sa_column=_text(key=True))
    seller: bytes
    cause: UUID
    at: datetime = Field(sa_column=_moment())


class RetentionStart(OwnTable, table=True):
    """From which day on a person's papers are kept; what was told last counts, without a day nothing runs. Facts."""

    __tablename__ = "retention_start"
    company: str = Field(sa_column=_text(key=True))
    employee: UUID = Field(primary_key=True)
    position: int = Field(sa_column=_counted(key=True))
    since: date | None
    cause: UUID
    at: datetime = Field(sa_column=_moment())


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
    company: str = Field(sa_column=_text(key=True))
    document: UUID = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    document_class: str = Field(sa_column=Column("class", Text, nullable=False))
    title: str = Field(sa_column=_text())
    number: str | None = Field(sa_column=_text(null=True))
    about_kind: str | None = Field(sa_column=_text(null=True))
    about_id: UUID | None
    order_id: UUID | None
    employee_id: UUID | None
    party: UUID | None
    language: str = Field(sa_column=_text())
    dated: date
    template: str | None = Field(sa_column=_text(null=True))
    template_hash: bytes | None
    facts: bytes | None
    cause: UUID
    correlation: str = Field(sa_column=_text())
    actor: str = Field(sa_column=_text())
    on_behalf_of: str | None = Field(sa_column=_text(null=True))
    registered_at: datetime = Field(sa_column=_moment())
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
    company: str = Field(sa_column=_text(key=True))
    document: UUID = Field(primary_key=True)
    sha256: bytes
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    media_type: str = Field(sa_column=_text())
    template: str = Field(sa_column=_text())
    template_hash: bytes
    renderer: str = Field(sa_column=_text())
    stored_at: datetime = Field(sa_column=_moment())
    sealed: bool


class DefinedClass(OwnTable, table=True):
    """A class of documents as a company defined it, version by version. Facts; the newest one holds."""

    __tablename__ = "document_class"
    __table_args__ = (CheckConstraint(f"class {CODE}"), CheckConstraint("version > 0"))
    company: str = Field(sa_column=_text(key=True))
    document_class: str = Field(sa_column=Column("class", Text, primary_key=True, nullable=False))
    version: int = Field(sa_column=_small(key=True))
    definition: bytes
    reason: str = Field(sa_column=_text())
    actor: str = Field(sa_column=_text())
    on_behalf_of: str | None = Field(sa_column=_text(null=True))
    cause: UUID
    at: datetime = Field(sa_column=_moment())


class DocumentVersion(OwnTable, table=True):
    """What a file was from some day on: its bytes and its metadata, who changed it, when and why. Facts."""

    __tablename__ = "document_version"
    __table_args__ = (
        ForeignKeyConstraint(["company", "document"], ["document.company", "document.document"]),
        CheckConstraint("version > 0"),
        CheckConstraint("size > 0"),
    )
    company: str = Field(sa_column=_text(key=True))
    document: UUID = Field(primary_key=True)
    version: int = Field(sa_column=_small(key=True))
    sha256: bytes
    size: int = Field(sa_column=_number())
    media_type: str = Field(sa_column=_text())
    file_name: str = Field(sa_column=_text())
    sealed: bool
    class_version: int = Field(sa_column=_small())
    metadata_: bytes = Field(sa_column=Column("metadata", LargeBinary, nullable=False))
    reason: str = Field(sa_column=_text())
    actor: str = Field(sa_column=_text())
    on_behalf_of: str | None = Field(sa_column=_text(null=True))
    cause: UUID
    at: datetime = Field(sa_column=_moment())


class DocumentValue(OwnTable, table=True):
    """A piece of a version's metadata, as it is searched. Facts."""

    __tablename__ = "document_value"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company", "document", "version"],
            ["document_version.company", "document_version.document", "document_version.version"],
        ),
    )
    company: str = Field(sa_column=_text(key=True))
    document: UUID = Field(primary_key=True)
    version: int = Field(sa_column=_small(key=True))
    name: str = Field(sa_column=_text(key=True))
    value: str = Field(sa_column=_text())
    position: int = Field(sa_column=_counted())


class DocumentSource(OwnTable, table=True):
    """A time that bytes of a document came in: the same ones again are one document and one more of these. Facts."""

    __tablename__ = "document_source"
    __table_args__ = (
        ForeignKeyConstraint(["company", "document"], ["document.company", "document.document"]),
        CheckConstraint("source in ('upload', 'folder', 'mail')"),
        CheckConstraint("octet_length(sha256) = 32"),
    )
    company: str = Field(sa_column=_text(key=True))
    cause: UUID = Field(primary_key=True)
    document: UUID
    source: str = Field(sa_column=_text())
    file_name: str = Field(sa_column=_text())
    sha256: bytes
    actor: str = Field(sa_column=_text())
    on_behalf_of: str | None = Field(sa_column=_text(null=True))
    at: datetime = Field(sa_column=_moment())


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
    company: str = Field(sa_column=_text(key=True))
    document: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=_text(key=True))
    object_id: UUID = Field(primary_key=True)
    nth: int = Field(sa_column=_small(key=True))
    made_by: str = Field(sa_column=_text())
    reason: str = Field(sa_column=_text())
    actor: str = Field(sa_column=_text())
    on_behalf_of: str | None = Field(sa_column=_text(null=True))
    cause: UUID
    at: datetime = Field(sa_column=_moment())


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
    company: str = Field(sa_column=_text(key=True))
    document: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=_text(key=True))
    object_id: UUID = Field(primary_key=True)
    nth: int = Field(sa_column=_small(key=True))
    made_by: str = Field(sa_column=_text())
    reason: str = Field(sa_column=_text())
    actor: str = Field(sa_column=_text())
    on_behalf_of: str | None = Field(sa_column=_text(null=True))
    cause: UUID
    at: datetime = Field(sa_column=_moment())


class AccessGrant(OwnTable, table=True):
    """A right of one caller to one class or one document, given by somebody for a reason. Facts."""

    __tablename__ = "access_grant"
    __table_args__ = (
        CheckConstraint("may in ('read', 'write', 'grant')"),
        CheckConstraint("(class is null) <> (document is null)", name="one_thing"),
    )
    company: str = Field(sa_column=_text(key=True))
    access_grant: UUID = Field(primary_key=True)
    principal: str = Field(sa_column=_text())
    document_class: str | None = Field(sa_column=Column("class", Text, nullable=True))
    document: UUID | None
    may: str = Field(sa_column=_text())
    reason: str = Field(sa_column=_text())
    actor: str = Field(sa_column=_text())
    on_behalf_of: str | None = Field(sa_column=_text(null=True))
    at: datetime = Field(sa_column=_moment())


class AccessEnd(OwnTable, table=True):
    """The end of a right. Facts."""

    __tablename__ = "access_end"
    __table_args__ = (
        ForeignKeyConstraint(["company", "access_grant"], ["access_grant.company", "access_grant.access_grant"]),
    )
    company: str = Field(sa_column=_text(key=True))
    access_grant: UUID = Field(primary_key=True)
    reason: str = Field(sa_column=_text())
    actor: str = Field(sa_column=_text())
    on_behalf_of: str | None = Field(sa_column=_text(null=True))
    at: datetime = Field(sa_column=_moment())


class ReadLog(OwnTable, table=True):
    """Who read which document, when and how. Facts, written before the reader has the answer."""

    __tablename__ = "read_log"
    __table_args__ = (CheckConstraint("what in ('listed', 'shown', 'content')"),)
    company: str = Field(sa_column=_text(key=True))
    position: int = Field(sa_column=_counted(key=True))
    document: UUID
    document_class: str = Field(sa_column=Column("class", Text, nullable=False))
    what: str = Field(sa_column=_text())
    version: int | None = Field(sa_column=_small(null=True))
    client: str = Field(sa_column=_text())
    actor: str = Field(sa_column=_text())
    on_behalf_of: str | None = Field(sa_column=_text(null=True))
    request: UUID
    at: datetime = Field(sa_column=_moment())


class PersonKey(OwnTable, table=True):
    """The key under which papers about a person are sealed, itself wrapped; empty once it was erased, and for ever."""

    __tablename__ = "person_key"
    __table_args__ = (CheckConstraint("(wrapped is null) = (erased_at is not null)", name="erased_whole"),)
    company: str = Field(sa_column=_text(key=True))
    person: UUID = Field(primary_key=True)
    wrapped: bytes | None
    at: datetime = Field(sa_column=_moment())
    erased_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True), nullable=True))


class Mail(OwnTable, table=True):
    """A document that is sent to somebody: there is one of these for each document and recipient. Facts."""

    __tablename__ = "mail"
    __table_args__ = (
        ForeignKeyConstraint(["company", "document"], ["document.company", "document.document"]),
        UniqueConstraint("company", "document", "recipient"),
        CheckConstraint("language in ('en', 'el', 'he')"),
    )
    company: str = Field(sa_column=_text(key=True))
    mail: UUID = Field(primary_key=True)
    document: UUID
    recipient: str = Field(sa_column=_text())
    language: str = Field(sa_column=_text())
    message_id: str = Field(sa_column=_text())
    sender: str = Field(sa_column=_text())
    actor: str = Field(sa_column=_text())
    on_behalf_of: str | None = Field(sa_column=_text(null=True))
    cause: UUID
    at: datetime = Field(sa_column=_moment())
    version: int | None = Field(sa_column=_small(null=True))
    position: int = Field(sa_column=_counted())


class MailStep(OwnTable, table=True):
    """What became of a mail, step by step; the last one is its state. Facts."""

    __tablename__ = "mail_step"
    __table_args__ = (
        ForeignKeyConstraint(["company", "mail"], ["mail.company", "mail.mail"]),
        CheckConstraint("nth > 0"),
        CheckConstraint("step in ('asked', 'sending', 'sent', 'refused', 'failed', 'unclear', 'bounced')"),
    )
    company: str = Field(sa_column=_text(key=True))
    mail: UUID = Field(primary_key=True)
    nth: int = Field(sa_column=_small(key=True))
    step: str = Field(sa_column=_text())
    detail: str = Field(sa_column=_text())
    actor: str = Field(sa_column=_text())
    at: datetime = Field(sa_column=_moment())


class FileStep(OwnTable, table=True):
    """What was done with a file that no row spoke of, written down before it was done. Facts."""

    __tablename__ = "file_step"
    __table_args__ = (CheckConstraint("step in ('set-aside', 'brought-back', 'removed')"),)
    sha256: bytes = Field(primary_key=True)
    at: datetime = Field(sa_column=_moment(key=True))
    step: str = Field(sa_column=_text(key=True))
    written_at: datetime = Field(sa_column=_moment())
    actor: str = Field(sa_column=_text())


class SweepPlace(OwnTable, table=True):
    """Behind which hash the sweep of the store goes on."""

    __tablename__ = "sweep_place"
    part: str = Field(sa_column=_text(key=True))
    after: str = Field(sa_column=_text())
