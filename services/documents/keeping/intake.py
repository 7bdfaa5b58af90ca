"""The one way into the store for bytes from outside, whichever door they came through: looked at, then kept."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, BinaryIO

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from chassis import companies
from chassis.ids import UUID
from contracts.base import DATE_PATTERN, CalendarDate, DocumentNumber, Language, Text
from services.documents.commands import Bytes
from services.documents.domain.classes import ClassOfDocuments, check_metadata
from services.documents.keeping.contents import Contents
from services.documents.keeping.sniffing import Lying, sniffed
from services.documents.queries import access

if TYPE_CHECKING:
    from chassis.jobs import TurnContext

NAME_CHARS_MAX = 200
LINKS_MAX = 100
METADATA_MAX = 60


def _day(value: object) -> object:
    """A date in the one spelling that the published schema shows."""
    return date.fromisoformat(value) if isinstance(value, str) and re.fullmatch(DATE_PATTERN, value) else value


Id = Annotated[uuid.UUID, Field(strict=False)]
Metadata = Annotated[dict[str, str | int | bool | None], Field(max_length=METADATA_MAX)]


class Said(BaseModel):
    """What a sender says: every field known, no value guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class Thing(Said):
    """A business object: an order, a shipment, a supplier."""

    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    id: Id

    @property
    def pair(self) -> tuple[str, UUID]:
        """Kind and id as commands carry them."""
        return self.kind, own(self.id)


class Entry(Said):
    """What a file is, beside its class and its bytes."""

    title: Text | None = None
    number: DocumentNumber | None = None
    language: Language = "en"
    dated: Annotated[CalendarDate | None, BeforeValidator(_day)] = None
    about: Thing | None = None
    order: Id | None = None
    employee: Id | None = None
    metadata: Metadata = Field(default_factory=dict)
    links: Annotated[tuple[Thing, ...], Field(max_length=LINKS_MAX, strict=False)] = ()


def own(given: uuid.UUID) -> UUID:
    """An id as the driver likes it."""
    return UUID(given.bytes)


def file_name_of(given: str) -> str:
    """A file's name without folders and without what no screen shows. Raises Lying when nothing is left."""
    name = "".join(c for c in given.replace("\\", "/").rpartition("/")[2] if c.isprintable()).strip()
    if not name or name in (".", "..") or len(name) > NAME_CHARS_MAX:
        raise Lying("file-name-malformed", f"The file needs a name of up to {NAME_CHARS_MAX} characters.")
    return name


async def known_companies(
    names: Iterable[str], context: TurnContext
) -> AsyncIterator[tuple[str, Mapping[str, ClassOfDocuments]]]:
    """Those that are known here, each with its classes; what lies there for another waits."""
    for company in names:
        async with context.unit([company]) as unit:
            known = await companies.known(unit.raw, [company])
            classes = await access.classes(unit.raw, company) if known else {}
        if known:
            yield company, classes


def class_that_takes_files(classes: Mapping[str, ClassOfDocuments], code: str) -> ClassOfDocuments:
    """A class by its code. Raises Lying when it takes no files, or is none."""
    of = classes.get(code)
    if of is None or not of.takes_files:
        raise Lying("class-takes-no-files", f"No files are put into {code}.")
    return of


def check_said(of: ClassOfDocuments, metadata: Metadata) -> None:
    """Raises Lying that names every field of the metadata that does not fit the class."""
    if wrong := check_metadata(of, metadata):
        raise Lying(wrong[0].code, "; ".join(f"{one.name}: {one.detail}" for one in wrong[:20]))


def take_in(
    contents: Contents, file: BinaryIO, name: str, said: str | None, of: ClassOfDocuments, bytes_max: int
) -> Bytes:
    """Look at a file and keep its bytes; the store has them before any row speaks of them. Raises Lying, StoreAway."""
    size = file.seek(0, 2)
    longest = bytes_max if of.bytes_max is None else min(bytes_max, of.bytes_max)
    if size == 0:
        raise Lying("file-empty", "The file is empty.")
    if size > longest:
        raise Lying("file-too-large", f"The file has {size} bytes; {longest} are taken.")
    media_type = sniffed(file, name, said)
    if media_type not in of.media_types:
        raise Lying("file-type-not-allowed", f"The class {of.code} does not take {media_type}.")
    file.seek(0)
    return Bytes(bytes.fromhex(contents.keep(file)), size, media_type, name)
