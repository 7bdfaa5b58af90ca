"""Classes of documents: what every company has, and what a company says of its own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

import orjson
from fastapi import Depends, Path
from pydantic import BaseModel, Field, model_validator
from starlette.responses import Response

from chassis.errors import Fault, Problem
from chassis.http import Call, Router, write
from contracts.base import Text
from services.documents import handlers
from services.documents.api.callers import Readers, check_administers
from services.documents.api.facts import Body
from services.documents.api.rights import Reason
from services.documents.commands import DefineClass
from services.documents.domain.classes import (
    CLASS_CODE,
    FIELD_NAME,
    HOUSE,
    MEDIA_TYPES,
    TEXT_CHARS_MAX,
    FieldType,
)
from services.documents.queries import access
from services.documents.queries.access import ADMINISTER

router = Router(prefix="/v1/companies/{company}", tags=["classes"])
Definers = Annotated[Call, Depends(write(ADMINISTER))]
FIELDS_MAX = 60


class FieldBody(Body):
    """One piece of metadata."""

    name: Annotated[str, Field(pattern=FIELD_NAME)]
    type: FieldType
    required: bool = False
    choices: Annotated[tuple[Text, ...], Field(max_length=200, strict=False)] = ()
    pattern: Annotated[
        str | None, Field(min_length=1, max_length=100, description="A mask: A a letter, 9 a digit, one * anything.")
    ] = None
    chars_max: Annotated[int, Field(ge=1, le=TEXT_CHARS_MAX)] = TEXT_CHARS_MAX

    @model_validator(mode="after")
    def choices_where_there_is_a_choice(self) -> FieldBody:
        """A choice needs choices, and nothing else has them."""
        if (self.type == "choice") != bool(self.choices):
            raise ValueError("choices are stated for the type choice, and only there")
        if self.pattern is not None and self.type != "text":
            raise ValueError("a pattern is stated for the type text only")
        return self


class ClassBody(Body):
    """A class as it is from now on. Of the house's own classes only who reads them can be said."""

    title: Text | None = None
    access: Annotated[
        Literal["open", "restricted"],
        Field(description="restricted: whom a grant names. open: also whoever has the department's scope."),
    ] = "restricted"
    fields: Annotated[tuple[FieldBody, ...], Field(max_length=FIELDS_MAX, strict=False)] = ()
    media_types: Annotated[tuple[str, ...], Field(max_length=len(MEDIA_TYPES), strict=False)] = MEDIA_TYPES
    bytes_max: Annotated[int | None, Field(ge=1, le=1_073_741_824)] = None
    reason: Reason


class ClassesAnswer(BaseModel):
    """All classes of a company as they are now, by their codes."""

    classes: dict[str, dict[str, object]]


@router.get("/classes")
async def list_classes(company: str, reading: Readers) -> ClassesAnswer:
    """What can be filed here, with which metadata."""
    async with reading.connection(company) as connection:
        found = await access.classes(connection, company)
    return ClassesAnswer(classes={code: asdict(one) for code, one in sorted(found.items())})


@router.post("/classes/{code}")
async def define_class(
    company: str, code: Annotated[str, Path(pattern=CLASS_CODE)], body: ClassBody, call: Definers
) -> Response:
    """Define a class, or its next version. Documents keep the version that they were checked by."""
    check_administers(call.caller, company)
    _check(code, body)
    return await call.run(
        handlers.define_classes,
        DefineClass(
            call.cause(company),
            code,
            orjson.dumps(body.model_dump(mode="json", exclude={"reason"})),
            body.reason,
        ),
    )


def _check(code: str, body: ClassBody) -> None:
    faults: list[Fault] = []
    if code in HOUSE:
        said = body.model_fields_set - {"access", "reason"}
        faults += [Fault(f"/{n}", "class-of-the-house", "Every company has it so; access can be said.") for n in said]
        if HOUSE[code].access == "confidential":
            faults.append(Fault("/access", "class-of-the-house", "Who reads it is the house's own rule."))
    elif body.title is None:
        faults.append(Fault("/title", "missing", "A class of the company's own needs a title."))
    for n, kind in enumerate(body.media_types):
        if kind not in MEDIA_TYPES:
            faults.append(Fault(f"/media_types/{n}", "file-type-not-allowed", "No class takes this type."))
    if not body.media_types:
        faults.append(Fault("/media_types", "missing", "A class takes at least one type."))
    names = [field.name for field in body.fields]
    faults += [
        Fault(f"/fields/{n}/name", "field-repeated", "Each field has a name of its own.")
        for n, name in enumerate(names)
        if name in names[:n]
    ]
    if faults:
        raise Problem(422, faults[0].code, "The class cannot be like this.", sorted(faults, key=str)[:20])
