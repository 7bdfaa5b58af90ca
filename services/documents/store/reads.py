"""The log of who read which document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from services.documents.commands import NoteReads

ADD_READS = """
insert into read_log (company, document, class, what, version, client, actor, on_behalf_of, request, at)
select x.*, $10 from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::text[], $7::text[],
    $8::text[], $9::uuid[]) as x
"""


async def add_reads(connection: asyncpg.Connection, commands: Sequence[NoteReads], now: datetime) -> None:
    """Write down every read of the batch."""
    reads = [(command.company, read) for command in commands for read in command.reads]
    await connection.execute(
        ADD_READS,
        [company for company, _ in reads],
        [read.document for _, read in reads],
        [read.document_class for _, read in reads],
        [read.what for _, read in reads],
        [read.version for _, read in reads],
        [read.client for _, read in reads],
        [read.actor for _, read in reads],
        [read.on_behalf_of for _, read in reads],
        [read.request for _, read in reads],
        now,
    )
