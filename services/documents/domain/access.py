"""Who may read or write which documents. Nothing is allowed that is not stated."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from services.documents.domain.classes import ClassOfDocuments

May = Literal["read", "write"]
ALL_OF = ":*"
"""`auditors:*` names all whom the provider `auditors` vouches for; each of them is called `auditors:` and a name."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A caller as its rights matter here."""

    reads_open: bool
    """Has the scope `documents:read` (or `documents:write`, for writing)."""
    reads_confidential: bool
    """Has `documents:confidential` by its own name: no wildcard gives it."""
    granted_classes: Collection[str] = field(default_factory=frozenset)
    granted_documents: Collection[UUID] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Giving:
    """What a caller may give to others."""

    administers: bool
    """Has `documents:administer` by its own name."""
    reads_confidential: bool
    gives_classes: Collection[str] = field(default_factory=frozenset)
    """Classes whose rights it was given to give."""


def names_of(*callers: str | None) -> frozenset[str]:
    """By which names a right may be given to them: their own, and that of the provider who vouches for them.

    No key can be called so: names of keys have no colon, those of people have their provider's before the first one.
    """
    own = {caller for caller in callers if caller is not None}
    return frozenset(own | {caller.partition(":")[0] + ALL_OF for caller in own if ":" in caller})


def may_give(giving: Giving, of: ClassOfDocuments, may: str) -> bool:
    """Whether the caller may give, or end, a right to the class or to a document of it.

    What is confidential is opened by who may read it. To give the right to give takes an administrator: a class's
    own granter makes no further ones.
    """
    if of.access == "confidential":
        return giving.reads_confidential and may != "grant"
    return giving.administers or (of.code in giving.gives_classes and may != "grant")


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
