"""Which business objects documents belong to. Facts; an end is a fact of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg

from chassis.ids import UUID
from services.documents.commands import LinkDocument, UnlinkDocument

LinkKey = tuple[str, UUID, str, UUID]

# A link that ended and is made again counts on.
ADD_LINKS = """
insert into document_link (company, document, kind, object_id, nth, made_by, reason, actor, on_behalf_of, cause, at)
select x.company, x.document, x.kind, x.object_id, coalesce(l.nth, 0) + 1, 'person', x.reason, x.actor,
    x.on_behalf_of, x.cause, $9
from unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::uuid[])
    as x(company, document, kind, object_id, reason, actor, on_behalf_of, cause)
left join lateral (select max(nth) as nth from document_link where company = x.company and document = x.document
    and kind = x.kind and object_id = x.object_id) l on true
where l.nth is null or exists (select from document_unlink u where u.company = x.company and u.document = x.document
    and u.kind = x.kind and u.object_id = x.object_id and u.nth = l.nth)
order by x.company, x.document, x.kind, x.object_id
on conflict (company, document, kind, object_id, nth) do nothing returning company, document, kind, object_id
"""
END_LINKS = """
insert into document_unlink (company, document, kind, object_id, nth, made_by, reason, actor, on_behalf_of, cause, at)
select x.company, x.document, x.kind, x.object_id, l.nth, l.made_by, x.reason, x.actor, x.on_behalf_of, x.cause, $9
from unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::uuid[])
    as x(company, document, kind, object_id, reason, actor, on_behalf_of, cause)
cross join lateral (select * from document_link where company = x.company and document = x.document
    and kind = x.kind and object_id = x.object_id order by nth desc limit 1) l
where l.made_by = 'person'
order by 1, 2, 3, 4 on conflict (company, document, kind, object_id, nth) do nothing
returning company, document, kind, object_id
"""
BY_EVENTS = """
select x.company, x.document, x.kind, x.object_id
from unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[]) as x(company, document, kind, object_id)
where exists (select from document_link l where l.company = x.company and l.document = x.document and l.kind = x.kind
    and l.object_id = x.object_id and l.made_by = 'event')
    or exists (select from document d where d.company = x.company and d.document = x.document
    and d.about_kind = x.kind and d.about_id = x.object_id)
"""


def key_of(command: LinkDocument | UnlinkDocument) -> LinkKey:
    """What a link is known by."""
    return command.cause.company, command.document, command.kind, command.object_id


async def add_links(connection: asyncpg.Connection, commands: Sequence[LinkDocument], now: datetime) -> set[LinkKey]:
    """Make links; returns those that were not there."""
    if not commands:
        return set()
    return _keys(await connection.fetch(ADD_LINKS, *zip(*map(_row, commands), strict=True), now))


async def end_links(connection: asyncpg.Connection, commands: Sequence[UnlinkDocument], now: datetime) -> set[LinkKey]:
    """End links that people made; returns those that had not ended."""
    return _keys(await connection.fetch(END_LINKS, *zip(*map(_row, commands), strict=True), now))


async def by_events(connection: asyncpg.Connection, commands: Sequence[UnlinkDocument]) -> set[LinkKey]:
    """Which of these an event made, or are what the document is about."""
    return _keys(await connection.fetch(BY_EVENTS, *zip(*map(key_of, commands), strict=True)))


def _row(command: LinkDocument | UnlinkDocument) -> tuple[object, ...]:
    cause = command.cause
    return *key_of(command), command.reason, cause.actor, cause.on_behalf_of, cause.id


def _keys(rows: Sequence[asyncpg.Record]) -> set[LinkKey]:
    return {(row["company"], row["document"], row["kind"], row["object_id"]) for row in rows}
