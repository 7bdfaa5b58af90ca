"""Who may read, and who has."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Text,
)
from sqlmodel import Field

from services.documents.tables.base import OwnTable, counted, moment, small, text


class AccessGrant(OwnTable, table=True):
    """A right of one caller to one class or one document, given by somebody for a reason. Facts."""

    __tablename__ = "access_grant"
    __table_args__ = (
        CheckConstraint("may in ('read', 'write', 'grant')"),
        CheckConstraint("(class is null) <> (document is null)", name="one_thing"),
    )
    company: str = Field(sa_column=text(key=True))
    access_grant: UUID = Field(primary_key=True)
    principal: str = Field(sa_column=text())
    document_class: str | None = Field(sa_column=Column("class", Text, nullable=True))
    document: UUID | None
    may: str = Field(sa_column=text())
    reason: str = Field(sa_column=text())
    actor: str = Field(sa_column=text())
    on_behalf_of: str | None = Field(sa_column=text(null=True))
    at: datetime = Field(sa_column=moment())


class AccessEnd(OwnTable, table=True):
    """The end of a right. Facts."""

    __tablename__ = "access_end"
    __table_args__ = (
        ForeignKeyConstraint(["company", "access_grant"], ["access_grant.company", "access_grant.access_grant"]),
    )
    company: str = Field(sa_column=text(key=True))
    access_grant: UUID = Field(primary_key=True)
    reason: str = Field(sa_column=text())
    actor: str = Field(sa_column=text())
    on_behalf_of: str | None = Field(sa_column=text(null=True))
    at: datetime = Field(sa_column=moment())


class ReadLog(OwnTable, table=True):
    """Who read which document, when and how. Facts, written before the reader has the answer."""

    __tablename__ = "read_log"
    __table_args__ = (CheckConstraint("what in ('listed', 'shown', 'content')"),)
    company: str = Field(sa_column=text(key=True))
    position: int = Field(sa_column=counted(key=True))
    document: UUID
    document_class: str = Field(sa_column=Column("class", Text, nullable=False))
    what: str = Field(sa_column=text())
    version: int | None = Field(sa_column=small(null=True))
    client: str = Field(sa_column=text())
    actor: str = Field(sa_column=text())
    on_behalf_of: str | None = Field(sa_column=text(null=True))
    request: UUID
    at: datetime = Field(sa_column=moment())
