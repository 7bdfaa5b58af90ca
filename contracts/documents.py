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


# --- from here on: any class -------------------------------------------------------------------------------------
# The first versions name three classes, and a list of allowed values cannot grow within a version. Invoices, credit
# notes and employee files go on in the first version, which their readers know; every other class comes in the second.

ClassCode = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="Class of documents, such as delivery_note; may be new.")
]
ObjectKind = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="Kind of business object, such as shipment; may be new.")
]
DocumentVersion = Annotated[int, Field(ge=1, le=1_000_000, description="Version of the document, from 1.")]


class AboutAny(Part):
    """The business object that a document is about."""

    kind: ObjectKind
    id: Uuid


class DocumentRegisteredV2(EventData, topic="documents.documents", key="document", version=2):
    """A document of any class is on file; its bytes may follow. What it says of a person's pay is never here."""

    document: Uuid
    document_class: Annotated[ClassCode, Field(alias="class")]
    title: Text
    number: DocumentNumber | None
    about: AboutAny | None
    order: Uuid | None
    employee: Uuid | None
    template: Annotated[Text | None, Field(description="Template and version it is rendered with, if it is rendered.")]
    language: Language


class DocumentStoredV2(EventData, topic="documents.documents", key="document", version=2):
    """The bytes of a version of a document are kept and can be fetched by whoever may read it."""

    document: Uuid
    document_class: Annotated[ClassCode, Field(alias="class")]
    version: DocumentVersion
    order: Uuid | None
    employee: Uuid | None
    sha256: Annotated[
        str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bytes as they are stored, lower-case hex.")
    ]
    size: Annotated[int, Field(ge=1, le=1_073_741_824, description="Bytes as stored, at most 1 GiB.")]
    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]+$", max_length=100, description="RFC 6838 type.")]
