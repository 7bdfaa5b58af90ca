"""What inventory says of each of its documents, kept beside the books."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import asyncpg

from chassis.ids import UUID

ADD = """
insert into stock_document (company, document, kind, posted_on, currency, value)
select * from unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::text[], $6::bigint[])
"""


async def add_documents(connection: asyncpg.Connection, rows: Sequence[tuple[str, UUID, str, date, str, int]]) -> None:
    """Keep (company, document, kind, day in the books, currency, value in minor units)."""
    await connection.execute(ADD, *[list(column) for column in zip(*rows, strict=True)])
