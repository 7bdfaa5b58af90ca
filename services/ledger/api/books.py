"""Questions about entries and balances."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime

from chassis.errors import Fault, Problem
from chassis.http import Router
from chassis.ids import UUID
from services.ledger.api.inputs import Read, found
from services.ledger.queries import books

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)

_ID = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
DOCUMENTS = f"^{_ID}(?:,{_ID}){{0,49}}$"

router = Router(prefix="/v1/companies/{company}", tags=["ledger"])


@router.get("/entries")
async def list_entries(
    company: str,
    reading: Read,
    document: uuid.UUID | None = None,
    documents: Annotated[
        str | None, Query(pattern=DOCUMENTS, description="Several at once, up to 50: their ids with commas between.")
    ] = None,
) -> books.EntriesAnswer:
    """All entries that an invoice, credit note, payment or shipment has led to, and what dunning charged for it."""
    asked = [] if document is None else [UUID(document.hex)]
    asked += [] if documents is None else map(UUID, documents.split(","))
    if not asked:
        detail = "Name a document, or several."
        raise Problem(422, "query-invalid", detail, [Fault("?document", "required", detail)])
    async with reading.connection(company) as connection:
        return await books.entries_of(connection, company, asked)


@router.get("/entries/{entry}")
async def show_entry(company: str, entry: uuid.UUID, reading: Read) -> books.EntryAnswer:
    """One entry with its lines."""
    async with reading.connection(company) as connection:
        return found(await books.entry(connection, company, UUID(entry.hex)), "entry")


@router.get("/trial-balance")
async def show_trial_balance(
    company: str,
    reading: Read,
    as_of: Annotated[date | None, Query(description="With effect up to this day.")] = None,
    known_on: Annotated[date | None, Query(description="As far as recorded up to this day (UTC).")] = None,
    known_at: Annotated[
        AwareDatetime | None, Query(description="As far as recorded up to this instant, instead of a day.")
    ] = None,
) -> books.TrialBalanceAnswer:
    """Every account with both its sides, per currency."""
    if known_on is not None and known_at is not None:
        fault = Fault("?known_at", "not-both", "Give a day or an instant.")
        raise Problem(422, "invalid-request", "A parameter is not valid.", [fault])
    if known_at is not None and not EARLIEST <= known_at <= LATEST:
        fault = Fault("?known_at", "out-of-range", "The books know no such instant.")
        raise Problem(422, "invalid-request", "A parameter is not valid.", [fault])
    async with reading.connection(company) as connection:
        return await books.trial_balance(connection, company, as_of=as_of, known_on=known_on, known_at=known_at)


@router.get("/integrity")
async def check_integrity(company: str, reading: Read) -> books.IntegrityAnswer:
    """Whether the books add up: as dear as the company's history is long."""
    async with reading.connection(company) as connection:
        return await books.integrity(connection, company)
