"""Bins, as they are asked for: what there are, what lies in them now or on a day, and how it came there."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

import asyncpg
from pydantic import BaseModel, Field

from contracts.money import from_micro

BINS = """
select bin, name, defined_at from bin
where company = $1 and warehouse = $2 and ($3::text is null or bin > $3) order by company, warehouse, bin limit $4
"""
# Back from what there is now, by what has moved since.
CONTENTS = """
select bin, sku, sum(there)::bigint as there from (
    select bin, sku, on_hand as there from bin_level where company = $1 and warehouse = $2
        and ($3::text is null or bin = $3) and ($4::text is null or sku = $4)
    union all
    select bin, sku, -quantity from bin_move where company = $1 and warehouse = $2 and effective_on > $5
        and ($3::text is null or bin = $3) and ($4::text is null or sku = $4)) b
where $6::text is null or (bin, sku) > ($6, $7)
group by bin, sku having sum(there) <> 0 order by bin, sku limit $8
"""
MOVES = """
select move, bin, quantity, kind, document, line, effective_on, recorded_at from bin_move
where company = $1 and warehouse = $2 and sku = $3 and move > $4 order by move limit $5
"""
DIFFERENCES = """
select s.warehouse, s.sku, null as bin, s.binned as on_hand, coalesce(b.there, 0)::bigint as moved from stock_level s
left join (select warehouse, sku, sum(on_hand) as there from bin_level where company = $1 group by 1, 2) b
    on b.warehouse = s.warehouse and b.sku = s.sku
where s.company = $1 and s.binned <> coalesce(b.there, 0)
union all
select l.warehouse, l.sku, l.bin, l.on_hand, coalesce(m.moved, 0)::bigint from bin_level l
left join (select warehouse, sku, bin, sum(quantity) as moved from bin_move where company = $1 group by 1, 2, 3) m
    on m.warehouse = l.warehouse and m.sku = l.sku and m.bin = l.bin
where l.company = $1 and l.on_hand <> coalesce(m.moved, 0) order by 1, 2, 3
"""
POLICY = "select pick_from from bin_policy where company = $1"


class BinShown(BaseModel):
    """A place within a warehouse."""

    bin: str
    name: str
    defined_at: datetime


class BinPage(BaseModel):
    """Bins by code; `next` is the `after` of the next page, null on the last one."""

    warehouse: str
    bins: list[BinShown]
    next: str | None


class Contents(BaseModel):
    """What lies in a bin of an item."""

    bin: str
    sku: str
    quantity: str


class ContentsPage(BaseModel):
    """What lies in bins, by bin and sku; `next` is the `after` of the next page, null on the last one."""

    warehouse: str
    on: date
    contents: list[Contents]
    next: str | None


class BinMoveShown(BaseModel):
    """One change of what lies in a bin."""

    move: int
    bin: str
    quantity: str
    kind: Literal["receipt", "opening", "move", "pick", "withdrawal", "count", "transfer-out", "transfer-in"]
    document: Annotated[UUID, Field(description="The receipt, move, shipment, count or transfer that moved it.")]
    line: int
    effective_on: date
    recorded_at: datetime


class BinMovePage(BaseModel):
    """Moves of an item, the oldest first; `next` is the `after` of the next page, null on the last one."""

    moves: list[BinMoveShown]
    next: int | None


class BinDifference(BaseModel):
    """A bin, or (null) the sum of all bins of an item, that is not what it should be. There must be none."""

    warehouse: str
    sku: str
    bin: str | None
    on_hand: str
    moved: Annotated[str, Field(description="Sum of the moves, or of the bins.")]


class BinCheck(BaseModel):
    """What the check of all bins against their history found."""

    balanced: bool
    differences: list[BinDifference]


class PickingPolicy(BaseModel):
    """In which order bins are picked from."""

    pick_from: str


async def bins(connection: asyncpg.Connection, company: str, warehouse: str, after: str | None, limit: int) -> BinPage:
    """A page of the bins of a warehouse."""
    found = [
        BinShown.model_validate(dict(row)) for row in await connection.fetch(BINS, company, warehouse, after, limit)
    ]
    return BinPage(warehouse=warehouse, bins=found, next=found[-1].bin if len(found) == limit else None)


async def contents(
    connection: asyncpg.Connection,
    company: str,
    warehouse: str,
    of: tuple[str | None, str | None],
    on: date,
    after: tuple[str, str] | None,
    limit: int,
) -> ContentsPage:
    """What lies in bins at the end of a day; `of` names a bin or an item, or both."""
    rows = await connection.fetch(CONTENTS, company, warehouse, *of, on, *(after or (None, None)), limit)
    found = [Contents(bin=row["bin"], sku=row["sku"], quantity=from_micro(row["there"])) for row in rows]
    following = f"{found[-1].bin}/{found[-1].sku}" if len(found) == limit else None
    return ContentsPage(warehouse=warehouse, on=on, contents=found, next=following)


async def moves(
    connection: asyncpg.Connection, company: str, warehouse: str, sku: str, after: int, limit: int
) -> BinMovePage:
    """How an item came into the bins in which it lies."""
    rows = await connection.fetch(MOVES, company, warehouse, sku, after, limit)
    found = [BinMoveShown.model_validate(dict(row) | {"quantity": from_micro(row["quantity"])}) for row in rows]
    return BinMovePage(moves=found, next=found[-1].move if len(found) == limit else None)


async def check(connection: asyncpg.Connection, company: str) -> BinCheck:
    """Compare every bin with its moves, and what is said to lie in bins with the bins."""
    rows = await connection.fetch(DIFFERENCES, company)
    amounts = ("on_hand", "moved")
    found = [BinDifference.model_validate(dict(row) | {at: from_micro(row[at]) for at in amounts}) for row in rows]
    return BinCheck(balanced=not found, differences=found)


async def policy(connection: asyncpg.Connection, company: str, default: str) -> PickingPolicy:
    """In which order a company picks from its bins."""
    return PickingPolicy(pick_from=await connection.fetchval(POLICY, company) or default)
