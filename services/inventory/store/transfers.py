"""The SQL of transfers. A transfer is locked before any stock."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple

import asyncpg

from chassis.ids import UUID
from services.inventory.commands import SendGoods
from services.inventory.store.stock import all_written, columns

TransferKey = tuple[str, UUID]
"""Company and transfer."""

TAKEN = """
select t.company, t.reference, t.transfer from unnest($1::text[], $2::text[]) as x(company, reference)
cross join lateral (
    select * from transfer v where v.company = x.company and v.reference = x.reference offset 0) t
"""
ADD = """
insert into transfer (company, transfer, reference, source, target, sent_on, state, recorded_at, actor)
select x.company, x.transfer, x.reference, x.source, x.target, x.sent_on, 'sent', $8, x.actor
from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::date[], $7::text[])
    as x(company, transfer, reference, source, target, sent_on, actor)
order by x.company, x.reference collate "C" on conflict on constraint transfer_reference_once do nothing
"""
ADD_LINES = """
insert into transfer_line (company, transfer, line, sku, sent)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::bigint[])
"""
LOCK = """
select t.company, t.transfer, t.reference, t.source, t.target, t.sent_on, t.state, t.closing_by
from unnest($1::text[], $2::uuid[]) as x(company, transfer)
cross join lateral (select * from transfer v where v.company = x.company and v.transfer = x.transfer for update) t
"""
READ_LINES = """
select l.company, l.transfer, l.line, l.sku, l.sent, l.arrived, l.lost
from unnest($1::text[], $2::uuid[]) as x(company, transfer)
cross join lateral (select * from transfer_line v where v.company = x.company and v.transfer = x.transfer
    order by v.line offset 0) l
"""
SAVE_LINES = """
update transfer_line l set arrived = x.arrived, lost = x.lost
from unnest($1::text[], $2::uuid[], $3::int[], $4::bigint[], $5::bigint[]) as x(company, transfer, line, arrived, lost)
where l.company = x.company and l.transfer = x.transfer and l.line = x.line
"""
DECIDE = """
update transfer t set state = x.state, closing_by = x.closing_by, closed_by = x.closed_by
from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[])
    as x(company, transfer, state, closing_by, closed_by)
where t.company = x.company and t.transfer = x.transfer
"""

TransferState = Literal["sent", "closing", "closed"]
"""`closing`: given up by one person, and not agreed with by another one yet."""


class TransferRow(NamedTuple):
    """How a transfer stands."""

    reference: str
    source: str
    target: str
    sent_on: date
    state: TransferState
    closing_by: str | None = None
    """Who gives up what has not arrived."""


class TransferLine(NamedTuple):
    """What was sent of an item, and what became of it; in micro-units."""

    line: int
    sku: str
    sent: int
    arrived: int
    lost: int

    @property
    def on_the_way(self) -> int:
        """Sent, and neither arrived nor given up."""
        return self.sent - self.arrived - self.lost


async def taken_references(
    connection: asyncpg.Connection, references: Collection[tuple[str, str]]
) -> dict[tuple[str, str], UUID]:
    """Which transfers bear these (company, reference) already."""
    rows = await connection.fetch(TAKEN, *columns(sorted(references), 2))
    return {(company, reference): transfer for company, reference, transfer in rows}


async def add_transfers(connection: asyncpg.Connection, commands: Sequence[SendGoods], now: datetime) -> None:
    """Write transfers. Raises Transient when another transaction took one of their references meanwhile."""
    heads = [(c.cause.company, c.transfer, c.reference, c.source, c.target, c.sent_on, c.cause.actor) for c in commands]
    all_written(await connection.execute(ADD, *columns(heads, 7), now), heads, "a transfer")
    lines = [
        (c.cause.company, c.transfer, line, sku, quantity)
        for c in commands
        for line, (sku, quantity) in enumerate(c.lines, 1)
    ]
    await connection.execute(ADD_LINES, *columns(lines, 5))


async def lock_transfers(
    connection: asyncpg.Connection, transfers: Collection[TransferKey]
) -> dict[TransferKey, TransferRow]:
    """Transfers under lock; unknown ones are missing."""
    rows = await connection.fetch(LOCK, *columns(sorted(transfers), 2))
    return {(company, transfer): TransferRow(*rest) for company, transfer, *rest in rows}


async def read_lines(
    connection: asyncpg.Connection, transfers: Collection[TransferKey]
) -> dict[TransferKey, dict[str, TransferLine]]:
    """The lines of transfers by item."""
    found: dict[TransferKey, dict[str, TransferLine]] = {key: {} for key in transfers}
    for company, transfer, *line in await connection.fetch(READ_LINES, *columns(sorted(transfers), 2)):
        found[company, transfer][line[1]] = TransferLine(*line)
    return found


async def save_lines(connection: asyncpg.Connection, lines: Mapping[TransferKey, Collection[TransferLine]]) -> None:
    """Write what became of the lines of transfers."""
    rows = [(*key, line.line, line.arrived, line.lost) for key, some in lines.items() for line in some]
    await connection.execute(SAVE_LINES, *columns(rows, 5))


async def decide(
    connection: asyncpg.Connection, rows: Mapping[TransferKey, tuple[TransferState, str | None, str | None]]
) -> None:
    """Write how transfers stand: the state, who gives up what is missing, and who agreed."""
    await connection.execute(DECIDE, *columns([(*key, *rows[key]) for key in sorted(rows)], 5))
