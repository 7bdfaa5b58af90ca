"""Entries that people make: posted, proposed, decided, taken back; each can be previewed."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from chassis.http import Call, Router
from chassis.ids import UUID, derive
from contracts.base import AccountCode, CurrencyCode, Remark, Text, UnsignedAmount
from services.ledger import handlers
from services.ledger.api.dimensions import DimensionCode
from services.ledger.api.inputs import Body, Day, DryRun, Limit, Read, Write, to_uuid
from services.ledger.commands import DecideEntry, PostEntry, ReverseEntry
from services.ledger.domain.manual import LINES_MAX, WantedEntry, WantedLine
from services.ledger.queries import entries

router = Router(prefix="/v1/companies/{company}", tags=["ledger"])

SUBJECT_CHARS_MAX = 200
AFTER_MAX = 2**63 - 1


class EntryLineBody(Body):
    """One side of an entry; in a currency other than the company's own, `base` says what it is worth in that one."""

    account: AccountCode
    currency: CurrencyCode
    debit: UnsignedAmount = "0"
    credit: UnsignedAmount = "0"
    base: UnsignedAmount | None = None
    department: DimensionCode | None = None
    cost_centre: DimensionCode | None = None
    allocation: Annotated[DimensionCode | None, Field(description="The rule that splits this line.")] = None


class EntryBody(Body):
    """An entry: per currency, debits equal credits."""

    posted_on: Day
    text: Text
    lines: Annotated[list[EntryLineBody], Field(min_length=2, max_length=LINES_MAX)]
    onto_control_accounts: bool = False


class ReversalBody(Body):
    """On which day an entry is taken back, and why."""

    posted_on: Day
    text: Text


class DecisionBody(Body):
    """Why."""

    reason: Remark = ""


@router.post("/entries", status_code=201)
async def post_entry(company: str, body: EntryBody, call: Write, dry_run: DryRun = False) -> Response:
    """Post an entry; one above the company's limit waits for a second person (202)."""
    cause = call.cause(company)
    lines = [
        WantedLine(x.account, x.currency, x.debit, x.credit, x.base, x.department, x.cost_centre, x.allocation)
        for x in body.lines
    ]
    entry = derive(company, "manual", cause.id)
    wanted = WantedEntry(company, entry, body.posted_on, body.text, lines, body.onto_control_accounts)
    return await call.run(handlers.post_entries, PostEntry(wanted, cause), dry_run=dry_run)


@router.post("/entries/{entry}/reversal", status_code=201)
async def reverse_entry(
    company: str, entry: uuid.UUID, body: ReversalBody, call: Write, dry_run: DryRun = False
) -> Response:
    """Take a manual entry back by its mirror, dated in an open period."""
    command = ReverseEntry(company, UUID(entry.hex), body.posted_on, body.text, call.cause(company))
    return await call.run(handlers.reverse_entries, command, dry_run=dry_run)


@router.post("/entries/{entry}/approve")
async def approve_entry(
    company: str, entry: uuid.UUID, body: DecisionBody, call: Write, dry_run: DryRun = False
) -> Response:
    """Agree with an entry above the limit that somebody else proposed; it is posted."""
    return await call.run(
        handlers.decide_entries, _decision(company, entry, body, call, approved=True), dry_run=dry_run
    )


@router.post("/entries/{entry}/refuse")
async def refuse_entry(company: str, entry: uuid.UUID, body: DecisionBody, call: Write) -> Response:
    """Turn down an entry above the limit that somebody else proposed."""
    return await call.run(handlers.decide_entries, _decision(company, entry, body, call, approved=False))


def _decision(company: str, entry: uuid.UUID, body: DecisionBody, call: Call, *, approved: bool) -> DecideEntry:
    return DecideEntry(company, UUID(entry.hex), approved, body.reason, call.cause(company))


@router.get("/entry-proposals")
async def list_proposals(
    company: str,
    reading: Read,
    state: Annotated[
        entries.ProposalState | Literal["any"], Query(description="Those that wait, if not said.")
    ] = "waiting",
    after: Annotated[uuid.UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> entries.ProposalsAnswer:
    """Entries that need a second person, the oldest first: by whom they were asked for and decided on."""
    async with reading.connection(company) as connection:
        return await entries.proposals(connection, company, state, after=to_uuid(after), limit=limit)


@router.get("/history")
async def read_history(
    company: str,
    reading: Read,
    subject: Annotated[str, Query(max_length=SUBJECT_CHARS_MAX, description="What it is about, such as an entry.")],
    after: Annotated[int, Query(ge=0, le=AFTER_MAX, description="`next` of the page before.")] = 0,
    limit: Limit = 50,
) -> entries.AuditAnswer:
    """Who did what to one thing, for whom, when, and because of which event or request."""
    async with reading.connection(company) as connection:
        return await entries.audit(connection, company, subject, after, limit)
