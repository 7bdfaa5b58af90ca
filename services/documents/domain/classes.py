"""Classes of documents: who may read them by default, and which metadata a file of a class must carry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Literal

Access = Literal["open", "restricted", "confidential"]
"""`open`: whoever may read the department's documents. `restricted`: only whom a grant names. `confidential`: payroll
officers and whom a grant names; and it is sealed. People read their own in payroll, which knows who they are."""
FieldType = Literal["text", "integer", "amount", "date", "boolean", "choice"]

CLASS_CODE = r"^[a-z][a-z0-9_]{0,39}$"
FIELD_NAME = r"^[a-z][a-z0-9_]{0,39}$"
TEXT_CHARS_MAX = 500
PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]*")
AMOUNT = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,4})?")
INTEGER_MAX = 10**15

MEDIA_TYPES = (
    "application/pdf", "image/png", "image/jpeg", "image/tiff", "text/plain", "text/csv", "application/xml",
    "application/json", "message/rfc822",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)  # fmt: skip
"""What can be told from its bytes, so that a file cannot pass for another; nothing else is taken in."""


@dataclass(frozen=True, slots=True)
class MetadataField:
    """One piece of metadata of a class."""

    name: str
    type: FieldType
    required: bool = False
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    """Text must fit it wholly. Stated as a mask: `A` a letter, `9` a digit, `*` anything, else the character itself."""
    chars_max: int = TEXT_CHARS_MAX


@dataclass(frozen=True, slots=True)
class ClassOfDocuments:
    """What holds for the documents of a class."""

    code: str
    title: str
    access: Access
    version: int = 0
    """0: as the house has it; a company's own definitions count from 1."""
    fields: tuple[MetadataField, ...] = ()
    media_types: tuple[str, ...] = MEDIA_TYPES
    bytes_max: int | None = None
    takes_files: bool = True


HOUSE: Mapping[str, ClassOfDocuments] = {
    made.code: made
    for made in (
        ClassOfDocuments("invoice", "Invoice", "open", takes_files=False),
        ClassOfDocuments("credit_note", "Credit note", "open", takes_files=False),
        ClassOfDocuments("employee_file", "Employee file", "open", takes_files=False),
        ClassOfDocuments("statement", "Statement of account", "open", takes_files=False),
        ClassOfDocuments("dunning_letter", "Dunning letter", "open", takes_files=False),
        ClassOfDocuments("delivery_note", "Delivery note", "open", takes_files=False),
        ClassOfDocuments("packing_list", "Packing list", "open", takes_files=False),
        ClassOfDocuments("label", "Labels", "open", takes_files=False),
        ClassOfDocuments("purchase_order", "Purchase order", "restricted", takes_files=False),
        ClassOfDocuments("payslip", "Payslip", "confidential", takes_files=False),
        ClassOfDocuments("employment_contract", "Employment contract", "confidential", takes_files=False),
        ClassOfDocuments(
            "supplier_invoice",
            "Supplier's invoice",
            "restricted",
            fields=(
                MetadataField("supplier", "text", required=True),
                MetadataField("number", "text", required=True, chars_max=64),
                MetadataField("issued_on", "date", required=True),
                MetadataField("due_on", "date"),
                MetadataField("total", "amount"),
                MetadataField("currency", "text", pattern="AAA"),
            ),
        ),
        ClassOfDocuments(
            "contract",
            "Contract",
            "restricted",
            fields=(
                MetadataField("party", "text", required=True),
                MetadataField("starts_on", "date"),
                MetadataField("ends_on", "date"),
            ),
        ),
        ClassOfDocuments(
            "correspondence",
            "Correspondence",
            "open",
            fields=(MetadataField("sender", "text"), MetadataField("received_on", "date")),
        ),
    )
}
"""Classes that every company has. A company may restrict who reads them, and defines classes of its own beside them."""


def is_sealed(code: str) -> bool:
    """Whether what a paper of the class says is sealed: the house decides, whatever a company says of who reads it."""
    house = HOUSE.get(code)
    return house is not None and house.access == "confidential"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A piece of metadata that does not fit: which, by which rule, in words."""

    name: str
    code: str
    detail: str


Value = str | int | bool


def check_metadata(of: ClassOfDocuments, metadata: Mapping[str, object]) -> list[Wrong]:
    """Everything that does not fit the class; empty when all does."""
    known = {field.name: field for field in of.fields}
    wrong = [
        Wrong(name, "metadata-unknown", f"The class {of.code} has no field of this name.")
        for name in metadata
        if name not in known
    ]
    for field in of.fields:
        value = metadata.get(field.name)
        if value is None:
            if field.required:
                wrong.append(Wrong(field.name, "metadata-missing", f"The class {of.code} needs it."))
        elif (fault := _fault(field, value)) is not None:
            wrong.append(Wrong(field.name, "metadata-malformed", fault))
    return wrong


def _fault(field: MetadataField, value: object) -> str | None:
    if field.type == "integer":
        return None if type(value) is int and abs(value) <= INTEGER_MAX else "It must be a whole number up to 10^15."
    if field.type == "boolean":
        return None if isinstance(value, bool) else "It must be true or false."
    if not isinstance(value, str):
        return "It must be a text."
    if field.type == "date":
        return None if _is_date(value) else "It must be a date, YYYY-MM-DD."
    if field.type == "amount":
        return None if _is_amount(value) else 'It must be a decimal such as "1240.00", with at most four decimals.'
    if field.type == "choice":
        return None if value in field.choices else f"It must be one of: {', '.join(field.choices)}."
    return _text_fault(field, value)


def _text_fault(field: MetadataField, value: str) -> str | None:
    if not value.strip() or PRINTABLE.fullmatch(value) is None:
        return "It must be one line of text with something to read in it."
    if len(value) > field.chars_max:
        return f"It is longer than {field.chars_max} characters."
    if field.pattern is not None and not fits_mask(field.pattern, value):
        return f"It must look like {field.pattern} (A a letter, 9 a digit, * anything)."
    return None


def fits_mask(mask: str, value: str) -> bool:
    """Whether a text looks like its mask. Masks are no regular expressions: a company's own cannot run away."""
    stars = mask.count("*")
    if stars == 0:
        return len(mask) == len(value) and all(_fits(m, c) for m, c in zip(mask, value, strict=True))
    head, _, tail = mask.partition("*")
    if stars > 1 or len(value) < len(head) + len(tail):
        return False
    end = len(value) - len(tail)
    return fits_mask(head, value[: len(head)]) and fits_mask(tail, value[end:])


def _fits(mask: str, character: str) -> bool:
    if mask == "9":
        return character in "0123456789"
    return character.isalpha() if mask == "A" else character == mask


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_amount(text: str) -> bool:
    try:
        return AMOUNT.fullmatch(text) is not None and Decimal(text).is_finite()
    except InvalidOperation:
        return False


def searched(value: object) -> str:
    """A value as metadata is searched by it: the text as it stands, true and false in words."""
    return str(value).lower() if isinstance(value, bool) else str(value)
