"""What several routes of the ledger take: doors, bodies, pages, and what is answered when nothing is found."""

from __future__ import annotations

import re
import uuid
from datetime import date
from typing import Annotated, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

from chassis.errors import Problem
from chassis.http import Call, Reading, read, write
from chassis.ids import UUID
from contracts.base import DATE_PATTERN

Admin = Annotated[Call, Depends(write("ledger:admin"))]
Write = Annotated[Call, Depends(write("ledger:write"))]
Read = Annotated[Reading, Depends(read("ledger:read"))]
Limit = Annotated[int, Query(ge=1, le=200, description="Items on a page.")]
DryRun = Annotated[bool, Query(description="Show what would be posted; write nothing, use no key.")]
T = TypeVar("T")
YEAR_MIN, YEAR_MAX = 1900, 2199
"""Of days and fiscal years: what lies beyond is a slip of the hand."""


def _written_day(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not re.fullmatch(DATE_PATTERN, value, re.ASCII):
        raise ValueError("Write the day as YYYY-MM-DD.")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError("There is no such day.") from None
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        raise ValueError(f"Books have days of the years {YEAR_MIN} to {YEAR_MAX}.")
    return day


Day = Annotated[date, BeforeValidator(_written_day)]
"""A day in a body, written as YYYY-MM-DD: left alone, pydantic would take numbers and times as well."""


class Body(BaseModel):
    """What a caller sends: every field known, no value guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


B = TypeVar("B", bound=Body)


def changing(body: B) -> B:
    """The body, for its own validator. Raises where it says from when something is different, and not what."""
    if body.model_fields_set <= {"valid_from"}:
        raise PydanticCustomError("nothing_changes", "Nothing is said to be different.")
    return body


def to_uuid(value: uuid.UUID | None) -> UUID | None:
    """The id as the driver wants it."""
    return None if value is None else UUID(value.hex)


def found(answer: T | None, what: str) -> T:
    """The answer. Raises Problem 404 when there is none."""
    if answer is None:
        raise Problem(404, f"{what}-not-found", f"The company has no such {what}.")
    return answer
