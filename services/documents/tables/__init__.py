"""The tables of documents as SQLModel sees them, one module per topic; a test compares them with the migrations."""

from __future__ import annotations

from services.documents.tables.access import AccessEnd, AccessGrant, ReadLog
from services.documents.tables.base import EXEMPT, OwnTable
from services.documents.tables.files import (
    DefinedClass,
    DocumentLink,
    DocumentSource,
    DocumentUnlink,
    DocumentValue,
    DocumentVersion,
    FileStep,
    SweepPlace,
)
from services.documents.tables.mails import Mail, MailStep
from services.documents.tables.papers import (
    Document,
    DocumentContent,
    Letterhead,
    LetterheadChange,
    Party,
    PersonKey,
    RetentionStart,
)

__all__ = [
    "EXEMPT",
    "AccessEnd",
    "AccessGrant",
    "DefinedClass",
    "Document",
    "DocumentContent",
    "DocumentLink",
    "DocumentSource",
    "DocumentUnlink",
    "DocumentValue",
    "DocumentVersion",
    "FileStep",
    "Letterhead",
    "LetterheadChange",
    "Mail",
    "MailStep",
    "OwnTable",
    "Party",
    "PersonKey",
    "ReadLog",
    "RetentionStart",
    "SweepPlace",
]
