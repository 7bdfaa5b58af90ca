"""What stock is worth, over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator

from chassis.http import Router
from services.inventory.api.inputs import PREFIX, After, Limit, Read, WrittenDate
from services.inventory.queries import valuation as queries
from services.inventory.queries.stock import ROWS_DEFAULT


def _place(after: str) -> tuple[date, UUID]:
    day, _, document = after.partition(".")
    return date.fromisoformat(day), UUID(document)


def _is_place(after: str) -> str:
    """Raises ValueError for what no page has answered."""
    _place(after)
    return after


Place = Annotated[str, AfterValidator(_is_place)]

router = Router(prefix=PREFIX, tags=["valuation"])


@router.get("/valuation")
async def show_valuation(
    company: str,
    reading: Read,
    on: Annotated[WrittenDate, Query(description="At the end of this day.")],
    after: After = None,
    limit: Limit = ROWS_DEFAULT,
) -> queries.Valuation:
    """Quantity and value of every valued item at the end of a day, and their sum: what the ledger's account says."""
    async with reading.connection(company) as connection:
        return await queries.valuation(connection, company, on, after, limit)


@router.get("/valuation/documents")
async def list_documents(
    company: str,
    reading: Read,
    since: Annotated[WrittenDate, Query(alias="from")],
    until: Annotated[WrittenDate, Query(alias="to")],
    after: Annotated[Place | None, Query(max_length=64, description="The `next` of the page before.")] = None,
    limit: Limit = ROWS_DEFAULT,
) -> queries.ValuedDocuments:
    """What changed the value of stock, by document: the ledger's entries name the same documents."""
    place = None if after is None else _place(after)
    async with reading.connection(company) as connection:
        return await queries.documents(connection, company, since, until, place, limit)


@router.get("/valuation/layers/{sku:path}")
async def show_layers(company: str, sku: str, reading: Read) -> queries.Layers:
    """Of what prices an item's stock is made."""
    async with reading.connection(company) as connection:
        return await queries.layers(connection, company, sku)
