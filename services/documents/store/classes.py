"""Classes of documents, version by version. Facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from chassis.ids import UUID
from services.documents.commands import DefineClass

ADD_CLASSES = """
insert into document_class (company, class, version, definition, reason, actor, on_behalf_of, cause, at)
select x.company, x.class, coalesce((select max(version) from document_class d
    where d.company = x.company and d.class = x.class), 0) + row_number() over (partition by x.company, x.class
    order by x.n), x.definition, x.reason, x.actor, x.on_behalf_of, x.cause, $8
from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::uuid[]) with ordinality
    as x(company, class, definition, reason, actor, on_behalf_of, cause, n)
order by x.company, x.class, x.n
on conflict (company, class, version) do nothing returning company, class, cause, version
"""


async def add_classes(
    connection: asyncpg.Connection, commands: Sequence[DefineClass], now: datetime
) -> dict[tuple[str, str, UUID], int]:
    """Write definitions; returns the version of each that was not overtaken."""
    rows = [
        (c.cause.company, c.code, c.definition, c.reason, c.cause.actor, c.cause.on_behalf_of, c.cause.id)
        for c in commands
    ]
    added = await connection.fetch(ADD_CLASSES, *zip(*rows, strict=True), now)
    return {(row["company"], row["class"], row["cause"]): row["version"] for row in added}
