"""`GET /v1/audit`: one question to the audit trails of all departments: who, for whom, what, when, from which event."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from fastapi import Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from chassis.database import COMPANY
from chassis.errors import Fault, Problem
from chassis.http import Router
from chassis.ids import UUID as OUR_UUID
from services.gateway.api.departments import DEPARTMENTS
from services.gateway.api.entry import Asked, ask
from services.gateway.queries.requests import accepted_request
from services.gateway.queries.trail import LATEST, accepted_trail

router = Router(prefix="/v1", tags=["operations"])

HERE = "gateway"
Word = Annotated[str | None, Query(min_length=1, max_length=300)]


class AuditRecord(BaseModel):
    """One change of state, in one department."""

    department: str
    id: str
    at: datetime
    actor: str = Field(description="The system or person that asked for it.")
    on_behalf_of: str | None = Field(description="The person for whom a system asked.")
    action: str
    subject: str
    cause: str = Field(description="The event or request that led to it.")
    correlation: str = Field(description="The front office's request from which all of it follows.")
    detail: dict[str, Any] | None


class Absent(BaseModel):
    """A department whose records are not in the answer."""

    department: str
    code: str = Field(description="`department-unavailable`: ask again; `scope-missing`: the key may not read it.")
    why: str

    @classmethod
    def of(cls, department: str, problem: Problem) -> Absent:
        """A department that did not answer, and why."""
        return cls(department=department, code=problem.code, why=problem.detail)


class AuditPage(BaseModel):
    """Changes in all departments, the newest first."""

    records: list[AuditRecord]
    absent: list[Absent] = Field(description="Whoever could not be asked; ask again with the same cursor.")
    next: str | None = Field(description="The `cursor` for what follows; null on the last page.")


@router.get("/audit")
async def get_audit(
    asked: Annotated[Asked, Depends(ask("audit:read"))],
    company: Annotated[str, Query(min_length=1, max_length=32)],
    subject: Word = None,
    actor: Word = None,
    on_behalf_of: Word = None,
    action: Word = None,
    cause: UUID | None = None,
    request: UUID | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    cursor: Annotated[str | None, Query(max_length=2_000)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditPage:
    """Who did what, for whom, when and from which event, over all departments; by thing, person, action or request."""
    if not COMPANY.fullmatch(company):
        fault = Fault("?company", "pattern", "A company code is 1 to 32 of a-z, 0-9, _ and -.")
        raise Problem(422, "invalid-query", fault.detail, [fault])
    await asked.companies(company)
    if request is not None and since is None:
        since = await _since(asked, company, request)
    wanted = {
        "subject": subject, "actor": actor, "on_behalf_of": on_behalf_of, "action": action, "cause": cause,
        "correlation": None if request is None else str(request), "since": since, "until": until,
    }  # fmt: skip
    places = _places(cursor)
    pages = await asyncio.gather(
        _here(asked, company, wanted, places.get(HERE), limit + 1),
        *(_there(asked, name, company, wanted, places.get(name), limit) for name in DEPARTMENTS),
    )
    return _merged(dict(zip((HERE, *DEPARTMENTS), pages, strict=True)), places, limit)


Page = list[dict[str, Any]] | Problem


async def _since(asked: Asked, company: str, request: UUID) -> datetime | None:
    """Nothing follows from a request before it was accepted, and a period is what the trails find quickly."""
    async with asked.gateway.database.read([company]) as unit:
        found = await accepted_request(unit.raw, [company], OUR_UUID(str(request)))
    return None if found is None else found.at - timedelta(minutes=1)


async def _here(asked: Asked, company: str, wanted: Mapping[str, object], place: Any, limit: int) -> Page:
    before = None if place is None else (datetime.fromisoformat(place[0]), str(place[1]))
    async with asked.gateway.database.read([company]) as unit:
        return await accepted_trail(unit.raw, company, wanted, before, limit)


async def _there(asked: Asked, name: str, company: str, wanted: Mapping[str, object], place: Any, limit: int) -> Page:
    query = {key: _text(value) for key, value in wanted.items() if value is not None}
    if place is not None:
        query["before"] = str(place)
    path = f"/v1/companies/{company}/audit?{urlencode({**query, 'limit': limit})}"
    try:
        told = await asked.gateway.departments.ask(name, "GET", path, asked.key.caller)
    except Problem as problem:
        return problem
    records: list[dict[str, Any]] = told["records"]
    return records if told["next"] is None else [*records, {}]  # a mark that there are more


def _merged(pages: Mapping[str, Page], places: Mapping[str, Any], limit: int) -> AuditPage:
    """The newest of all, in one order; each department goes on behind the last of its own that was shown."""
    waiting = {name: page for name, page in pages.items() if not isinstance(page, Problem)}
    heads = dict.fromkeys(waiting, 0)
    after = {name: _above(name, page[0]) for name, page in waiting.items() if page} | dict(places)
    shown: list[tuple[str, dict[str, Any]]] = []
    while len(shown) < limit:  # always the newest of those that are next in their own order, which is kept
        ready = [(_at(waiting[n][i]), n) for n, i in heads.items() if i < len(waiting[n]) and waiting[n][i]]
        if not ready:
            break
        at, name = max(ready)
        record = waiting[name][heads[name]]
        heads[name] += 1
        after[name] = [at.isoformat(), record["id"]] if name == HERE else record["id"]
        shown.append((name, record))
    counted = sum(len(page) for page in waiting.values())
    absent = [Absent.of(name, page) for name, page in pages.items() if isinstance(page, Problem)]
    records = [AuditRecord(**{**record, "id": str(record["id"]), "department": name}) for name, record in shown]
    return AuditPage(records=records, absent=absent, next=_cursor(after) if counted > len(shown) else None)


def _places(cursor: str | None) -> dict[str, Any]:
    """Where each department goes on. Raises Problem 422 for what is no cursor of this route."""
    if cursor is None:
        return {}
    try:
        packed = base64.b64decode((cursor + "=" * (-len(cursor) % 4)).encode("ascii"), b"-_", validate=True)
        places: dict[str, Any] = orjson.loads(packed)
        here = places.get(HERE)
        if here is not None:
            datetime.fromisoformat(here[0])
            UUID(here[1])
        if not all(type(place) is int for name, place in places.items() if name != HERE):
            raise ValueError
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, binascii.Error):
        fault = Fault("?cursor", "not-a-cursor", "Take the `next` of an answer of this route.")
        raise Problem(422, "invalid-query", fault.detail, [fault]) from None
    return places


def _above(name: str, record: Mapping[str, Any]) -> Any:
    """The place just above the newest record: what is written later is on no page that follows."""
    return [_at(record).isoformat(), LATEST[1]] if name == HERE else record["id"] + 1


def _cursor(places: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(places)).decode().rstrip("=")


def _at(record: Mapping[str, Any]) -> datetime:
    at = record["at"]
    return at if isinstance(at, datetime) else datetime.fromisoformat(at)


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
