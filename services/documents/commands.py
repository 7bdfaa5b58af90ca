"""Everything documents can be asked to do."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from chassis.cause import Cause
from chassis.ids import UUID
from services.documents.domain.filing import Language
from services.documents.domain.goods import Departure

Source = Literal["upload", "folder", "mail"]
"""How bytes came in."""


@dataclass(frozen=True, slots=True)
class LearnCompany:
    """File papers of this company from now on, under this head."""

    cause: Cause
    company: str
    seller: bytes
    """Name, address, VAT number and IBAN as they stand at the head of papers."""


@dataclass(frozen=True, slots=True)
class ChangeLetterhead:
    """Print this head on a company's papers from a day on."""

    cause: Cause
    sequence: int
    """Which word of the company's it is; of two for one day the later counts."""
    valid_from: date
    seller: bytes
    """Whole, as for LearnCompany."""


@dataclass(frozen=True, slots=True)
class RegisterDocument:
    """Put a document on file, and have it rendered when its class has a template."""

    cause: Cause
    document: UUID
    document_class: str
    number: str
    about_kind: str
    about_id: UUID
    order: UUID | None
    employee: UUID | None
    party: UUID
    party_name: str
    """Of the customer or employee that it concerns; documents knows parties by name alone."""
    language: Language
    dated: date
    facts: bytes
    """All that is printed: an event's own bytes, or what was asked for; sealed where the class is confidential."""
    revision: int | None = None
    """Of the order, if it was changed before."""
    sealed: bool = False
    links: tuple[tuple[str, UUID], ...] = ()
    """Further business objects (kind, id) that it belongs to."""


@dataclass(frozen=True, slots=True)
class StartRetention:
    """A person has left: the time for which their papers are kept runs from this day on."""

    cause: Cause
    employee: UUID
    since: date | None
    """None: they had not left, and nothing runs."""


@dataclass(frozen=True, slots=True)
class RegisterShipment:
    """Put the papers that go with goods on file: a delivery note, a packing list and labels."""

    cause: Cause
    shipment: UUID
    order: UUID
    customer: UUID
    departure: Departure


@dataclass(frozen=True, slots=True)
class KeepContent:
    """The bytes of a document are in the store of files; write down which they are. The first ones stay."""

    cause: Cause
    document: UUID
    document_class: str
    order: UUID | None
    employee: UUID | None
    sha256: bytes
    size: int
    media_type: str
    template: str
    template_hash: bytes
    renderer: str
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class MakePersonKeys:
    """Have a key for each of these people, under which papers about them are sealed. The first one of each stays."""

    company: str
    keys: tuple[tuple[UUID, bytes], ...]
    """Person, and a key that would do, wrapped."""


@dataclass(frozen=True, slots=True)
class ErasePerson:
    """Make everything that was sealed about somebody unreadable."""

    cause: Cause
    person: UUID


@dataclass(frozen=True, slots=True)
class RegisterPapers:
    """Put papers on file whose facts are given instead of heard, and have them rendered."""

    papers: tuple[RegisterDocument, ...]


@dataclass(frozen=True, slots=True)
class GrantAccess:
    """Give one caller a right to one class or one document."""

    cause: Cause
    grant: UUID
    principal: str
    document_class: str | None
    document: UUID | None
    may: str
    reason: str


@dataclass(frozen=True, slots=True)
class EndAccess:
    """End a right that was given."""

    cause: Cause
    grant: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class NoteReads:
    """Somebody reads documents: write down who, what and when, before the answer goes out."""

    company: str
    reads: tuple[Read, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """One document that is shown to a caller: in a list, alone, or with its bytes."""

    document: uuid.UUID
    document_class: str
    what: str
    version: int | None
    client: str
    actor: str
    on_behalf_of: str | None
    request: uuid.UUID


# -- files that come in ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DefineClass:
    """From now on a class of a company is like this."""

    cause: Cause
    code: str
    definition: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes that are in the store already, and what they were found to be."""

    sha256: bytes
    size: int
    media_type: str
    file_name: str


@dataclass(frozen=True, slots=True)
class TakeFile:
    """Put a file on file that came in. The same bytes in the same class are one document and one more source."""

    cause: Cause
    source: Source
    document_class: str
    class_version: int
    class_title: str
    title: str
    """As its sender calls it; it stands in no event."""
    number: str | None
    language: Language
    dated: date
    about: tuple[str, UUID] | None
    order: UUID | None
    employee: UUID | None
    content: Bytes
    metadata: Mapping[str, object]
    links: tuple[tuple[str, UUID], ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeFile:
    """The next version of a file: other bytes, other metadata, or both."""

    cause: Cause
    document: UUID
    document_class: str
    order: UUID | None
    employee: UUID | None
    after: int
    """The version that it follows; when there is a newer one, somebody else was faster."""
    class_version: int
    content: Bytes | None
    metadata: Mapping[str, object]
    reason: str


@dataclass(frozen=True, slots=True)
class LinkDocument:
    """Say that a document belongs to a business object."""

    cause: Cause
    document: UUID
    kind: str
    object_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class UnlinkDocument:
    """End such a link, if a person made it."""

    cause: Cause
    document: UUID
    kind: str
    object_id: UUID
    reason: str


# -- mail --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AskMail:
    """Send a document to somebody, once; what was refused before is tried anew."""

    cause: Cause
    mail: UUID
    document: UUID
    version: int | None
    """Of a file, as it was when this was asked."""
    recipient: str
    language: Language
    message_id: str
    sender: str


@dataclass(frozen=True, slots=True)
class NoteMailStep:
    """Something became of a mail."""

    company: str
    mail: UUID
    nth: int
    step: str
    detail: str
    actor: str
