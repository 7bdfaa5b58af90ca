"""Who may read or write which documents. Nothing is allowed that is not stated."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from services.documents.domain.classes import ClassOfDocuments

May = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Reader:
    """A caller as its rights matter here."""

    reads_open: bool
    """Has the scope `documents:read` (or `documents:write`, for writing)."""
    reads_confidential: bool
    """Has `documents:confidential` by its own name: no wildcard gives it."""
    granted_classes: Collection[str] = field(default_factory=frozenset)
    granted_documents: Collection[UUID] = field(default_factory=frozenset)


def may_read(reader: Reader, of: ClassOfDocuments, document: UUID) -> bool:
    """Whether the caller may know that there is this document."""
    return reads_class(reader, of) or document in reader.granted_documents


def reads_class(reader: Reader, of: ClassOfDocuments) -> bool:
    """Whether the caller may read every document of the class."""
    if of.code in reader.granted_classes:
        return True
    if of.access == "confidential":
        return reader.reads_confidential
    return of.access == "open" and reader.reads_open
