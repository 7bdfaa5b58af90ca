"""Who may read or write which documents. Nothing is allowed that is not stated."""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
    person: UUID | None = None
    """The employee that the caller is, when it is one."""
    granted_classes: Collection[str] = field(default_factory=frozenset)
    granted_documents: Collection[UUID] = field(default_factory=frozenset)


def may_read(reader: Reader, of: ClassOfDocuments, document: UUID, employee: UUID | None) -> bool:
    """Whether the caller may know that there is this document."""
    return reads_class(reader, of) or document in reader.granted_documents or _is_own(reader, of, employee)


def reads_class(reader: Reader, of: ClassOfDocuments) -> bool:
    """Whether the caller may read every document of the class."""
    if of.code in reader.granted_classes:
        return True
    if of.access == "confidential":
        return reader.reads_confidential
    return of.access == "open" and reader.reads_open


def reads_own_of(reader: Reader, classes: Mapping[str, ClassOfDocuments]) -> list[str]:
    """The classes of which the caller may read what concerns itself."""
    return sorted(code for code, of in classes.items() if reader.person is not None and of.person_reads)


def _is_own(reader: Reader, of: ClassOfDocuments, employee: UUID | None) -> bool:
    return of.person_reads and reader.person is not None and reader.person == employee
