"""What the modules of this door share: who may call, and how values are written."""

from __future__ import annotations

import re
import uuid
from datetime import date
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from chassis.http import Call, Reading, read, write
from chassis.ids import UUID
from contracts.base import DATE_PATTERN
from services.inventory.queries.stock import ROWS_MAX

WAREHOUSE_PATTERN = r"^[A-Z0-9][A-Z0-9_-]{0,31}$"
BIN_PATTERN = r"^[A-Z0-9][A-Z0-9._-]{0,31}$"
UNIT_PATTERN = r"^[a-z][a-z0-9-]{0,15}$"
PREFIX = "/v1/companies/{company}"

Write = Annotated[Call, Depends(write("inventory:write"))]
Admin = Annotated[Call, Depends(write("inventory:admin"))]
"""May set the rules by which the others are bound."""
Read = Annotated[Reading, Depends(read("inventory:read"))]
Limit = Annotated[int, Query(ge=1, le=ROWS_MAX, description="Rows on a page.")]
After = Annotated[str | None, Query(min_length=1, max_length=64, description="The `next` of the page before.")]
Warehouse = Annotated[str, Field(pattern=WAREHOUSE_PATTERN, description="Code of a warehouse: A-Z, 0-9, _ and -.")]

Unit = Annotated[
    str | None, Field(pattern=UNIT_PATTERN, description="A packaging of the item; its base unit when not given.")
]

Bin = Annotated[str, Field(pattern=BIN_PATTERN, description="Code of a bin: A-Z, 0-9, ., _ and -.")]


def _written_date(value: object) -> object:
    """Only YYYY-MM-DD; left alone, pydantic would take numbers and times as well."""
    if not isinstance(value, str) or not re.fullmatch(DATE_PATTERN, value, re.ASCII):
        raise ValueError("write the date as YYYY-MM-DD")
    return value


WrittenDate = Annotated[date, BeforeValidator(_written_date)]


class Body(BaseModel):
    """A request's body: every field known, none guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def as_uuid(value: uuid.UUID) -> UUID:
    """The same id in the driver's own type, which all keys in here are made of."""
    return UUID(value.hex)
