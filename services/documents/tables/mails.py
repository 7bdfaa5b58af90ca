"""Mail that is sent."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    UniqueConstraint,
)
from sqlmodel import Field

from services.documents.tables.base import OwnTable, counted, moment, small, text


class Mail(OwnTable, table=True):
    """A document that is sent to somebody: there is one of these for each document and recipient. Facts."""

    __tablename__ = "mail"
    __table_args__ = (
        ForeignKeyConstraint(["company", "document"], ["document.company", "document.document"]),
        UniqueConstraint("company", "document", "recipient"),
        CheckConstraint("language in ('en', 'el', 'he')"),
    )
    company: str = Field(sa_column=text(key=True))
    mail: UUID = Field(primary_key=True)
    document: UUID
    recipient: str = Field(sa_column=text())
    language: str = Field(sa_column=text())
    message_id: str = Field(sa_column=text())
    sender: str = Field(sa_column=text())
    actor: str = Field(sa_column=text())
    on_behalf_of: str | None = Field(sa_column=text(null=True))
    cause: UUID
    at: datetime = Field(sa_column=moment())
    version: int | None = Field(sa_column=small(null=True))
    position: int = Field(sa_column=counted())


class MailStep(OwnTable, table=True):
    """What became of a mail, step by step; the last one is its state. Facts."""

    __tablename__ = "mail_step"
    __table_args__ = (
        ForeignKeyConstraint(["company", "mail"], ["mail.company", "mail.mail"]),
        CheckConstraint("nth > 0"),
        CheckConstraint("step in ('asked', 'sending', 'sent', 'refused', 'failed', 'unclear', 'bounced')"),
    )
    company: str = Field(sa_column=text(key=True))
    mail: UUID = Field(primary_key=True)
    nth: int = Field(sa_column=small(key=True))
    step: str = Field(sa_column=text())
    detail: str = Field(sa_column=text())
    actor: str = Field(sa_column=text())
    at: datetime = Field(sa_column=moment())
