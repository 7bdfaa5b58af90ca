"""Who was given a right to documents by name, and who read which: both are facts, and both can be asked for."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import Field, model_validator
from starlette.responses import Response

from chassis.errors import Fault, Problem
from chassis.http import Call, Reading, Router, read, write
from chassis.ids import UUID, derive
from services.documents import handlers
from services.documents.api.callers import GRANTED, WRITE, not_found, readable
from services.documents.api.facts import Body, Id
from services.documents.commands import EndAccess, GrantAccess
from services.documents.domain.access import may_give, names_of
from services.documents.domain.classes import CLASS_CODE
from services.documents.queries import access
from services.documents.queries import documents as queries
from services.documents.queries.access import ADMINISTER, CONFIDENTIAL
from services.documents.queries.documents import POSITION_MAX, ROWS_DEFAULT, ROWS_MAX

router = Router(prefix="/v1/companies/{company}", tags=["rights"])
Givers = Annotated[Call, Depends(write(ADMINISTER, CONFIDENTIAL, GRANTED))]
Lookers = Annotated[Reading, Depends(read(ADMINISTER, CONFIDENTIAL, GRANTED))]
LogReaders = Annotated[Reading, Depends(read(ADMINISTER, WRITE, CONFIDENTIAL))]
Reason = Annotated[str, Field(min_length=3, max_length=500, pattern=r"^[^\u0000-\u001F\u007F]+$")]
Principal = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\u0000-\u0020\u007F]+$")]


class GrantBody(Body):
    """A right to one class or to one document, of one caller, by the name of its key or of a provider's person
    (`auditors:maria`), or of all whom a provider vouches for (`auditors:*`).
    """

    principal: Principal
    may: Annotated[
        Literal["read", "write", "grant"],
        Field(description="grant: to give and end rights to a class, for others; it opens nothing by itself."),
    ] = "read"
    document_class: Annotated[str | None, Field(alias="class", pattern=CLASS_CODE)] = None
    document: Id | None = None
    reason: Reason

    @model_validator(mode="after")
    def one_thing(self) -> GrantBody:
        """Either a class or a document."""
        if (self.document_class is None) == (self.document is None):
            raise ValueError("name a class or a document, and not both")
        if self.may == "grant" and self.document_class is None:
            raise ValueError("the right to give rights is one to a class")
        return self


class EndBody(Body):
    """Why a right ends."""

    reason: Reason


@router.post("/grants", status_code=201)
async def grant_access(company: str, body: GrantBody, call: Givers) -> Response:
    """Give somebody else a right: as an administrator of documents, or as the one whom a right to a class was given to
    give. What is confidential is opened by who may read it by that scope's own name alone.
    """
    reading = Reading(call.caller, call.request.app.state.doors)
    async with reading.connection(company) as connection:
        giver = await access.giver(connection, company, call.caller)
        found = None if body.document is None else await queries.one(connection, company, body.document)
    if body.document is not None and found is None:
        raise not_found()
    code = found.document_class if found is not None else str(body.document_class)
    if code not in giver.classes:
        fault = Fault("/class", "class-unknown", "There is no such class.")
        raise Problem(422, "class-unknown", "There is no such class.", [fault])
    _check_gives(giver, code, body.may)
    cause = call.cause(company)
    grant = derive("grant", cause.id)
    document = None if body.document is None else UUID(body.document.bytes)
    command = GrantAccess(cause, grant, body.principal, body.document_class, document, body.may, body.reason)
    if body.principal in names_of(call.caller.client, cause.actor, cause.person):
        raise Problem(409, "own-right", "Nobody gives themselves a right.")
    return await call.run(handlers.grant_access, command)


def _check_gives(giver: access.Giver, code: str, may: str) -> None:
    """Raises Problem 403 unless the caller may give, or end, this right to this class."""
    if not may_give(giver, access.class_of(giver.classes, code), may):
        raise Problem(403, "class-not-allowed", f"The caller may not say who may {may} documents of {code}.")


@router.post("/grants/{grant}/end")
async def end_access(company: str, grant: uuid.UUID, body: EndBody, call: Givers) -> Response:
    """A right ends, for a reason, by whoever might give it; that it was given stays to be seen."""
    async with Reading(call.caller, call.request.app.state.doors).connection(company) as connection:
        giver = await access.giver(connection, company, call.caller)
        about = await access.grant_about(connection, company, grant)
    if about is not None:
        _check_gives(giver, *about)
    return await call.run(handlers.end_access, EndAccess(call.cause(company), UUID(grant.bytes), body.reason))


@router.get("/grants")
async def list_grants(
    company: str,
    reading: Lookers,
    principal: Annotated[str | None, Query(max_length=200, description="Of this caller only.")] = None,
    limit: Annotated[int, Query(ge=1, le=ROWS_MAX)] = ROWS_DEFAULT,
) -> access.GrantPage:
    """Rights to classes that the caller gives rights to, the newest first, with those that have ended."""
    async with reading.connection(company) as connection:
        giver = await access.giver(connection, company, reading.caller)
        codes = [code for code, of in giver.classes.items() if may_give(giver, of, "read")]
        return await access.grants(connection, company, codes, principal, limit)


@router.get("/documents/{document}/readings")
async def list_readings(
    company: str,
    document: uuid.UUID,
    reading: LogReaders,
    after: Annotated[int | None, Query(ge=0, le=POSITION_MAX, description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=ROWS_MAX)] = ROWS_DEFAULT,
) -> access.ReadingPage:
    """Who read a document, when and how, the newest first; for whoever may read it themselves."""
    async with reading.connection(company) as connection:
        await readable(connection, company, document, reading.caller)
        return await access.readings(connection, company, document, after, limit)
