"""What several routes of payroll take: doors, dates, bodies."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from chassis.errors import Fault, Problem
from chassis.http import Call, Reading, read, write
from contracts.base import DATE_PATTERN
from services.payroll.commands.people import Asker
from services.payroll.domain.employment import Said
from services.payroll.domain.rights import BY_NAME, CHANGES_PEOPLE, READS_PEOPLE
from services.payroll.queries.viewing import rights_of

Read = Annotated[Reading, Depends(read(*READS_PEOPLE, by_name=BY_NAME))]
Write = Annotated[Call, Depends(write(*CHANGES_PEOPLE, by_name=BY_NAME))]


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


class Correctable(Body):
    """A change from a day on; with `replaces` it takes the place of a fact that was wrong, and keeps what it omits."""

    effective_on: MaybeDay = None
    """May be left out of a correction, which then keeps the day."""
    replaces: Annotated[int | None, Field(ge=1, le=2**31)] = None
    withdraw: bool = False
    """Only take the replaced fact back."""

    def said(self, *apart: str) -> Said:
        """What was sent, without the fields that say what it is about.

        Raises Problem 422 for a withdrawal that says something or replaces nothing.
        """
        own = set(Correctable.model_fields) | set(apart)
        says = {name: getattr(self, name) for name in sorted(self.model_fields_set - own)}
        if self.withdraw and (says or self.replaces is None):
            detail = "A withdrawal names the fact that it takes back, and says nothing else."
            raise Problem(422, "withdrawal-says-more", detail, [Fault("/withdraw", "withdrawal-says-more", detail)])
        return Said(self.effective_on, says, self.replaces, self.withdraw)


def unsound(pointer: str, code: str, detail: str) -> Problem:
    """A field that says something impossible, by its pointer; a parameter of the address as `?name`."""
    return Problem(422, code, detail, [Fault(pointer, code, detail)])


def asker(call: Call, company: str) -> Asker:
    """Who asks, where it matters who they are."""
    return Asker(company, call.caller.actor, rights_of(call.caller, company), call.cause(company).person)
