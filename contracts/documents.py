"""Events owned by documents: what is filed, and when its bytes are stored."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.base import DocumentNumber, EventData, Language, Part, Revision, Text, Uuid

DocumentClass = Literal["invoice", "credit_note", "employee_file"]


class About(Part):
    """The thing that a document is about."""

    kind: Literal["invoice", "credit_note", "employee"]
    id: Uuid


class DocumentRegistered(EventData, topic="documents.documents", key="document"):
    """A document is on file; its bytes may follow."""

    document: Uuid
    document_class: Annotated[DocumentClass, Field(alias="class")]
    title: Text
    number: DocumentNumber | None
    about: About
    order: Uuid | None
    employee: Uuid | None
    template: Annotated[Text | None, Field(description="Template and version it is rendered with, if it is rendered.")]
    language: Language
    revision: Revision = None


class DocumentStored(EventData, topic="documents.documents", key="document"):
    """The bytes of a document are kept and can be fetched."""

    document: Uuid
    document_class: Annotated[DocumentClass, Field(alias="class")]
    order: Uuid | None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bytes, lower-case hex.")]
    size: Annotated[int, Field(ge=1, le=1_073_741_824, description="Bytes, at most 1 GiB.")]
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$", max_length=100, description="RFC 6838 type.")]
