"""What several routes of the ledger take: doors, bodies, pages, and what is answered when nothing is found."""

from __future__ import annotations

import uuid
from typing import Annotated, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict

from chassis.errors import Problem
from chassis.http import Call, Reading, read, write
from chassis.ids import UUID

Admin = Annotated[Call, Depends(write("ledger:admin"))]
Write = Annotated[Call, Depends(write("ledger:write"))]
Read = Annotated[Reading, Depends(read("ledger:read"))]
Limit = Annotated[int, Query(ge=1, le=200, description="Items on a page.")]
T = TypeVar("T")


class Body(BaseModel):
    """What a caller sends: every field known, no value guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def to_uuid(value: uuid.UUID | None) -> UUID | None:
    """The id as the driver wants it."""
    return None if value is None else UUID(value.hex)


def found(answer: T | None, what: str) -> T:
    """The answer. Raises Problem 404 when there is none."""
    if answer is None:
        raise Problem(404, f"{what}-not-found", f"The company has no such {what}.")
    return answer
