"""`GET /v1/dead-letters`: what any department holds for a company, in one list, with the door where each is settled."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, Field

from chassis.database import COMPANY
from chassis.errors import Fault, Problem
from chassis.http import Router
from chassis.operating import held_page
from services.gateway.api.audit import Absent
from services.gateway.api.departments import DEPARTMENTS
from services.gateway.api.entry import Asked, ask

router = Router(prefix="/v1", tags=["operations"])

HERE = "gateway"


class DeadLetter(BaseModel):
    """One event that one department has not applied."""

    department: str = Field(description="Who holds it.")
    id: int
    topic: str
    key: str
    sequence: int
    event_id: str
    reason: str = Field(description="`gap`, `poison`, `behind`, `waiting` or `conflict`.")
    detail: str
    attempts: int
    needs_person: bool = Field(description="It is not tried again until somebody decides.")
    at: datetime
    age_s: int = Field(description="For how many seconds it has been held.")
    address: str = Field(
        description="Its data is in the list here; `/{id}/edit`, `/{id}/retry` and `/{id}/skip` settle."
    )


class DeadLetters(BaseModel):
    """Up to a hundred of each department, the oldest first."""

    letters: list[DeadLetter]
    absent: list[Absent] = Field(description="Whoever could not be asked; ask again with the same cursor.")
    next: str | None = Field(description="The `cursor` for what follows; null on the last page.")


@router.get("/dead-letters")
async def get_dead_letters(
    asked: Annotated[Asked, Depends(ask("operations:read"))],
    company: Annotated[str, Query(min_length=1, max_length=32)],
    reason: Annotated[str | None, Query(pattern="^(gap|poison|behind|waiting|conflict)$")] = None,
    cursor: Annotated[str | None, Query(max_length=1_000)] = None,
) -> DeadLetters:
    """What is held anywhere for this company: why, since when, and where it is settled."""
    if not COMPANY.fullmatch(company):
        fault = Fault("?company", "pattern", "A company code is 1 to 32 of a-z, 0-9, _ and -.")
        raise Problem(422, "invalid-query", fault.detail, [fault])
    await asked.companies(company)
    places = _places(cursor)
    names = [name for name in (HERE, *DEPARTMENTS) if name in places]
    pages = await asyncio.gather(*(_held(asked, name, company, places[name], reason) for name in names))
    now = asked.gateway.clock.now()
    letters: list[DeadLetter] = []
    absent: list[Absent] = []
    further: dict[str, int] = {}
    for name, page in zip(names, pages, strict=True):
        if isinstance(page, Problem):
            absent.append(Absent.of(name, page))
            further[name] = places[name]
            continue
        letters += (_letter(name, company, row, now) for row in page["held"])
        if page["next"] is not None:
            further[name] = page["next"]
    letters.sort(key=lambda letter: (letter.at, letter.department, letter.id))
    more = any(name not in {one.department for one in absent} for name in further)
    return DeadLetters(letters=letters, absent=absent, next=_cursor(further) if more else None)


async def _held(asked: Asked, name: str, company: str, after: int, reason: str | None) -> Mapping[str, Any] | Problem:
    if name == HERE:
        async with asked.gateway.database.read([company]) as unit:
            return await held_page(unit.raw, company, after, reason)
    query = urlencode({"after": after} | ({} if reason is None else {"reason": reason}))
    path = f"/v1/companies/{company}/held?{query}"
    try:
        return await asked.gateway.departments.ask(name, "GET", path, asked.key.caller)
    except Problem as problem:
        return problem


def _letter(name: str, company: str, row: Mapping[str, Any], now: datetime) -> DeadLetter:
    at = datetime.fromisoformat(row["at"])
    prefix = "" if name == HERE else f"/{name}"
    told = {
        field: row[field] for field in ("id", "topic", "key", "sequence", "event_id", "reason", "detail", "attempts")
    }
    return DeadLetter(
        department=name, needs_person=bool(row["needs_person"]), at=at, age_s=max(0, int((now - at).total_seconds())),
        address=f"{prefix}/v1/companies/{company}/held", **told,
    )  # fmt: skip


def _places(cursor: str | None) -> dict[str, int]:
    """Behind which of its own each department goes on. Raises Problem 422 for what is no cursor of this route."""
    if cursor is None:
        return dict.fromkeys((HERE, *DEPARTMENTS), 0)
    try:
        packed = base64.b64decode((cursor + "=" * (-len(cursor) % 4)).encode("ascii"), b"-_", validate=True)
        places: dict[str, int] = orjson.loads(packed)
        if not all(type(place) is int and 0 <= place < 2**62 for place in places.values()):
            raise ValueError
    except (ValueError, TypeError, AttributeError, binascii.Error):
        fault = Fault("?cursor", "not-a-cursor", "Take the `next` of an answer of this route.")
        raise Problem(422, "invalid-query", fault.detail, [fault]) from None
    return places


def _cursor(places: Mapping[str, int]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(places)).decode().rstrip("=")
