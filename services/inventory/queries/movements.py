"""Warehouses, transfers and counts, as they are asked for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import asyncpg
from pydantic import BaseModel, Field

from contracts.money import from_micro

WAREHOUSES = """
select code as warehouse, name, defined_at from warehouse
where company = $1 and ($2::text is null or code > $2) order by company, code limit $3
"""
TRANSFER = (
    'select transfer, reference, source as "from", target as "to", sent_on, state, recorded_at, actor, closing_by, '
    "case when closed_by <> 'tolerance' then closed_by end as closed_by from transfer "
)
ONE_TRANSFER = TRANSFER + "where company = $1 and transfer = $2"
TRANSFERS = (
    TRANSFER
    + """
where company = $1 and ($2::text is null or state = $2) and ($3::text is null or reference > $3)
order by company, reference limit $4
"""
)
TRANSFER_LINES = """
select sku, sent, arrived, lost from transfer_line where company = $1 and transfer = $2 order by line
"""
COUNT = """
select count, reference, warehouse, bin, counted_on, reason, state, counted_by,
    case when decided_by <> 'tolerance' then decided_by end as decided_by, recorded_at, decided_at from stock_count
"""
ONE_COUNT = COUNT + "where company = $1 and count = $2"
COUNTS = (
    COUNT
    + """
where company = $1 and ($2::text is null or state = $2) and ($3::text is null or reference > $3)
order by company, reference limit $4
"""
)
COUNT_LINES = "select sku, expected, counted from count_line where company = $1 and count = $2 order by line"
POLICY = "select count_tolerance from stock_policy where company = $1"


class WarehouseShown(BaseModel):
    """A place for goods."""

    warehouse: str
    name: str
    defined_at: datetime


class WarehousePage(BaseModel):
    """Warehouses by code; `next` is the `after` of the next page, null on the last one."""

    warehouses: list[WarehouseShown]
    next: str | None


class TransferHead(BaseModel):
    """Goods between two warehouses."""

    transfer: UUID
    reference: str
    source: Annotated[str, Field(alias="from")]
    target: Annotated[str, Field(alias="to")]
    sent_on: date
    state: Literal["sent", "closing", "closed"]
    recorded_at: datetime
    actor: str
    closing_by: Annotated[str | None, Field(description="Who gives up what has not arrived.")]
    closed_by: Annotated[str | None, Field(description="Who agreed that it is lost; null within the tolerance.")]


class TransferLine(BaseModel):
    """What was sent of an item, and what became of it."""

    item: str
    sent: str
    arrived: str
    lost: str
    on_the_way: str


class Transfer(TransferHead):
    """A transfer with its lines."""

    lines: list[TransferLine]


class TransferPage(BaseModel):
    """Transfers by reference; `next` is the `after` of the next page, null on the last one."""

    transfers: list[TransferHead]
    next: str | None


class CountHead(BaseModel):
    """A count, and how it stands."""

    count: UUID
    reference: str
    warehouse: str
    bin: Annotated[str | None, Field(description="Of which alone was counted what lies in it.")]
    counted_on: date
    reason: str
    state: Literal["pending", "adjusted", "rejected"]
    counted_by: str
    decided_by: Annotated[str | None, Field(description="Who agreed or rejected; null within the tolerance.")]
    recorded_at: datetime
    decided_at: datetime | None


class CountLine(BaseModel):
    """What was expected of an item at the end of the day of the count, and what was found."""

    item: str
    expected: str
    counted: str
    difference: str


class Count(CountHead):
    """A count with its lines."""

    lines: list[CountLine]


class CountPage(BaseModel):
    """Counts by reference; `next` is the `after` of the next page, null on the last one."""

    counts: list[CountHead]
    next: str | None


class StockPolicy(BaseModel):
    """What a company allows."""

    count_tolerance: str


async def warehouses(connection: asyncpg.Connection, company: str, after: str | None, limit: int) -> WarehousePage:
    """A page of warehouses."""
    rows = await connection.fetch(WAREHOUSES, company, after, limit)
    found = [WarehouseShown.model_validate(dict(row)) for row in rows]
    return WarehousePage(warehouses=found, next=found[-1].warehouse if len(found) == limit else None)


async def transfer(connection: asyncpg.Connection, company: str, transfer_id: UUID) -> Transfer | None:
    """One transfer with its lines."""
    row = await connection.fetchrow(ONE_TRANSFER, company, transfer_id)
    if row is None:
        return None
    lines = [
        TransferLine(
            item=sku,
            sent=from_micro(sent),
            arrived=from_micro(arrived),
            lost=from_micro(lost),
            on_the_way=from_micro(sent - arrived - lost),
        )
        for sku, sent, arrived, lost in await connection.fetch(TRANSFER_LINES, company, transfer_id)
    ]
    return Transfer.model_validate(dict(row) | {"lines": lines})


async def transfers(
    connection: asyncpg.Connection, company: str, state: str | None, after: str | None, limit: int
) -> TransferPage:
    """A page of transfers."""
    rows = await connection.fetch(TRANSFERS, company, state, after, limit)
    found = [TransferHead.model_validate(dict(row)) for row in rows]
    return TransferPage(transfers=found, next=found[-1].reference if len(found) == limit else None)


async def count(connection: asyncpg.Connection, company: str, count_id: UUID) -> Count | None:
    """One count with its lines."""
    row = await connection.fetchrow(ONE_COUNT, company, count_id)
    if row is None:
        return None
    lines = [
        CountLine(
            item=sku,
            expected=from_micro(expected),
            counted=from_micro(counted),
            difference=from_micro(counted - expected),
        )
        for sku, expected, counted in await connection.fetch(COUNT_LINES, company, count_id)
    ]
    return Count.model_validate(dict(row) | {"lines": lines})


async def counts(
    connection: asyncpg.Connection, company: str, state: str | None, after: str | None, limit: int
) -> CountPage:
    """A page of counts."""
    rows = await connection.fetch(COUNTS, company, state, after, limit)
    found = [CountHead.model_validate(dict(row)) for row in rows]
    return CountPage(counts=found, next=found[-1].reference if len(found) == limit else None)


async def policy(connection: asyncpg.Connection, company: str) -> StockPolicy:
    """What a company allows; without its word, no difference."""
    return StockPolicy(count_tolerance=from_micro(await connection.fetchval(POLICY, company) or 0))
