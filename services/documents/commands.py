"""Everything documents can be asked to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chassis.cause import Cause
from chassis.ids import UUID
from services.documents.domain.filing import AboutKind, DocumentClass, Language


@dataclass(frozen=True, slots=True)
class LearnCompany:
    """File papers of this company from now on."""

    company: str


@dataclass(frozen=True, slots=True)
class RegisterDocument:
    """Put a document on file, and have it rendered when its class has a template."""

    cause: Cause
    document: UUID
    document_class: DocumentClass
    number: str
    about_kind: AboutKind
    about_id: UUID
    order: UUID | None
    employee: UUID | None
    party: UUID
    party_name: str
    """Of the customer or employee that it concerns; documents knows parties by name alone."""
    language: Language
    dated: date
    facts: bytes
    """The event's own bytes: all that is printed."""
    revision: int | None = None
    """Of the order, if it was changed before."""


@dataclass(frozen=True, slots=True)
class KeepContent:
    """The bytes of a document are in the store of files; write down which they are. The first ones stay."""

    cause: Cause
    document: UUID
    document_class: DocumentClass
    order: UUID | None
    sha256: bytes
    size: int
    media_type: str
    template: str
    template_hash: bytes
    renderer: str
