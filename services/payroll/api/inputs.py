"""What several routes of payroll take: doors, dates, bodies."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, BeforeValidator, ConfigDict

from chassis.http import Call, Reading, read, write
from contracts.base import DATE_PATTERN

Read = Annotated[Reading, Depends(read("payroll:read"))]
Write = Annotated[Call, Depends(write("payroll:write"))]


def written_date(value: object) -> object:
    """Only YYYY-MM-DD; left alone, pydantic would take numbers and times as well. Raises ValueError."""
    if value is not None and (not isinstance(value, str) or not re.fullmatch(DATE_PATTERN, value, re.ASCII)):
        raise ValueError("write the date as YYYY-MM-DD")
    return value


Day = Annotated[date, BeforeValidator(written_date)]
MaybeDay = Annotated[date | None, BeforeValidator(written_date)]


class Body(BaseModel):
    """What a caller sends: every field known, no value guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid")
