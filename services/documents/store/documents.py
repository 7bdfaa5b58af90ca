"""Documents, their parties and which bytes they are. Every statement takes a whole batch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg
import orjson

from chassis.cause import Cause
from chassis.ids import UUID
from services.documents.commands import ChangeLetterhead, KeepContent, LearnCompany, RegisterDocument, StartRetention
from services.documents.domain.filing import title_of
from services.documents.domain.names import folded
from services.documents.rendering.templates import current

DocumentKey = tuple[str, UUID]
"""Company and document."""

ADD_PARTIES = """
insert into party (company, party, name, folded) select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[])
on conflict (company, party) do nothing
"""

ADD_DOCUMENTS = """
insert into document (company, document, class, title, number, about_kind, about_id, order_id, employee_id, party,
    language, dated, template, template_hash, facts, cause, correlation, actor, on_behalf_of, sealed, registered_at)
select x.company, x.document, x.class, x.title, x.number, x.about_kind, x.about_id, x.order_id, x.employee_id, x.party,
    x.language, x.dated, x.template, x.template_hash, x.facts, x.cause, x.correlation, x.actor, x.on_behalf_of,
    x.sealed, $21
from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::uuid[], $9::uuid[],
    $10::uuid[], $11::text[], $12::date[], $13::text[], $14::bytea[], $15::bytea[], $16::uuid[], $17::text[],
    $18::text[], $19::text[], $20::boolean[]) with ordinality
    as x(company, document, class, title, number, about_kind, about_id, order_id, employee_id, party,
    language, dated, template, template_hash, facts, cause, correlation, actor, on_behalf_of, sealed, n)
order by x.n on conflict (company, document) do nothing returning company, document
"""

TO_RENDER = """
select d.company, d.document, d.class, d.order_id, d.template, d.facts, d.cause, d.correlation, d.actor, d.on_behalf_of,
    d.registered_at, d.employee_id, d.sealed, k.wrapped
from unnest($1::text[], $2::uuid[]) as x(company, document) cross join lateral
    (select * from document where company = x.company and document = x.document offset 0) d
    left join lateral (select wrapped from person_key where d.sealed and company = x.company and person = d.employee_id
    offset 0) k on true
where d.template is not null and not (d.sealed and k.wrapped is null) and not exists
    (select from document_content c where c.company = x.company and c.document = x.document offset 0)
"""

ADD_CONTENTS = """
insert into document_content (company, document, sha256, size, media_type, template, template_hash, renderer, sealed,
    stored_at)
select x.*, $10 from unnest($1::text[], $2::uuid[], $3::bytea[], $4::bigint[], $5::text[], $6::text[], $7::bytea[],
    $8::text[], $9::boolean[]) as x
on conflict (company, document) do nothing returning company, document
"""

STANDING_CONTENTS = """
select c.company, c.document, c.sha256 from unnest($1::text[], $2::uuid[]) as x(company, document) cross join lateral
    (select * from document_content where company = x.company and document = x.document offset 0) c
"""


@dataclass(frozen=True, slots=True)
class PaperToRender:
    """A document whose bytes are not known yet."""

    document: UUID
    document_class: str
    order: UUID | None
    template: str
    facts: bytes
    cause: Cause
    """That of its registration."""
    employee: UUID | None = None
    sealed: bool = False
    person_key: bytes | None = None
    """The employee's own, wrapped; for what is sealed."""


async def add_parties(connection: asyncpg.Connection, commands: Sequence[RegisterDocument]) -> None:
    """Make sure that the parties of these documents are there; sorted, so that two batches do not wait crosswise."""
    parties = sorted({(c.cause.company, c.party, c.party_name) for c in commands})
    await connection.execute(
        ADD_PARTIES,
        [company for company, _, _ in parties],
        [party for _, party, _ in parties],
        [name for _, _, name in parties],
        [folded(name) for _, _, name in parties],
    )


async def add_documents(
    connection: asyncpg.Connection, commands: Sequence[RegisterDocument], now: datetime
) -> set[DocumentKey]:
    """Put documents on file, in their order; returns those that were not there yet."""
    templates = [current(c.document_class) for c in commands]
    rows = await connection.fetch(
        ADD_DOCUMENTS,
        [c.cause.company for c in commands],
        [c.document for c in commands],
        [c.document_class for c in commands],
        [title_of(c.document_class, c.language, c.number) for c in commands],
        [c.number for c in commands],
        [c.about_kind for c in commands],
        [c.about_id for c in commands],
        [c.order for c in commands],
        [c.employee for c in commands],
        [c.party for c in commands],
        [c.language for c in commands],
        [c.dated for c in commands],
        [None if t is None else t.name for t in templates],
        [None if t is None else t.hash for t in templates],
        [c.facts for c in commands],
        [c.cause.id for c in commands],
        [c.cause.correlation for c in commands],
        [c.cause.actor for c in commands],
        [c.cause.on_behalf_of for c in commands],
        [c.sealed for c in commands],
        now,
    )
    return {(company, document) for company, document in rows}


async def papers_to_render(
    connection: asyncpg.Connection, documents: Collection[DocumentKey]
) -> dict[DocumentKey, PaperToRender]:
    """What is needed to render these documents; those that have their bytes already, or never will, are missing."""
    rows = await connection.fetch(TO_RENDER, [company for company, _ in documents], [d for _, d in documents])
    return {(row["company"], row["document"]): paper_of(row) for row in rows}


def paper_of(row: asyncpg.Record) -> PaperToRender:
    """A row of documents as what is to be rendered."""
    cause = Cause(
        row["cause"], row["company"], row["correlation"], row["actor"], row["on_behalf_of"], None, row["registered_at"]
    )
    return PaperToRender(
        row["document"],
        row["class"],
        row["order_id"],
        row["template"],
        row["facts"],
        cause,
        row["employee_id"],
        row["sealed"],
        row["wrapped"],
    )


async def add_contents(
    connection: asyncpg.Connection, commands: Sequence[KeepContent], now: datetime
) -> set[DocumentKey]:
    """Write down bytes by their hash; returns the documents that had none yet."""
    ordered = sorted(commands, key=lambda c: (c.cause.company, c.document))
    rows = await connection.fetch(
        ADD_CONTENTS,
        [c.cause.company for c in ordered],
        [c.document for c in ordered],
        [c.sha256 for c in ordered],
        [c.size for c in ordered],
        [c.media_type for c in ordered],
        [c.template for c in ordered],
        [c.template_hash for c in ordered],
        [c.renderer for c in ordered],
        [c.sealed for c in ordered],
        now,
    )
    return {(company, document) for company, document in rows}


async def standing_contents(
    connection: asyncpg.Connection, documents: Collection[DocumentKey]
) -> dict[DocumentKey, bytes]:
    """The SHA-256 of each of these documents' bytes."""
    rows = await connection.fetch(STANDING_CONTENTS, [company for company, _ in documents], [d for _, d in documents])
    return {(company, document): sha256 for company, document, sha256 in rows}


# -- who sends papers --------------------------------------------------------------------------------------------------

ADD_LETTERHEADS = """
insert into letterhead (company, seller, cause, at) select x.*, $4
from unnest($1::text[], $2::bytea[], $3::uuid[]) as x on conflict (company) do nothing
"""
ADD_LETTERHEAD_CHANGES = """
with known as (select company from letterhead where company = any($1::text[])), added as (
    insert into letterhead_change (company, sequence, valid_from, seller, cause, at) select x.*, $6
    from unnest($1::text[], $2::bigint[], $3::date[], $4::bytea[], $5::uuid[])
        as x(company, sequence, valid_from, seller, cause) join known using (company)
    on conflict (company, sequence) do nothing)
select company from known
"""
LETTERHEADS = """
select x.company, x.day, coalesce(c.seller, l.seller) as seller
from unnest($1::text[], $2::date[]) as x(company, day)
join letterhead l on l.company = x.company
left join lateral (select seller from letterhead_change h where h.company = x.company and h.valid_from <= x.day
    order by h.valid_from desc, h.sequence desc limit 1) c on true
"""


async def add_letterheads(connection: asyncpg.Connection, commands: Sequence[LearnCompany], now: datetime) -> None:
    """Keep what stands at the head of these companies' papers; what came first stays."""
    ordered = sorted(commands, key=lambda c: c.company)
    companies, sellers = [c.company for c in ordered], [c.seller for c in ordered]
    await connection.execute(ADD_LETTERHEADS, companies, sellers, [c.cause.id for c in ordered], now)


async def add_letterhead_changes(
    connection: asyncpg.Connection, commands: Sequence[ChangeLetterhead], now: datetime
) -> set[str]:
    """Keep other heads from a day on, each once; returns which of the companies have a first one that they change."""
    ordered = sorted(commands, key=lambda c: (c.cause.company, c.sequence))
    rows = [(c.cause.company, c.sequence, c.valid_from, c.seller, c.cause.id) for c in ordered]
    found = await connection.fetch(ADD_LETTERHEAD_CHANGES, *map(list, zip(*rows, strict=True)), now)
    return {row["company"] for row in found}


async def letterheads(
    connection: asyncpg.Connection, days: Collection[tuple[str, date]]
) -> dict[tuple[str, date], dict[str, object]]:
    """Name, address, VAT number and IBAN of companies on days, as far as the companies told them."""
    ordered = sorted(days)
    rows = await connection.fetch(LETTERHEADS, [company for company, _ in ordered], [day for _, day in ordered])
    return {(row["company"], row["day"]): orjson.loads(row["seller"]) for row in rows}


# -- how long papers are kept ------------------------------------------------------------------------------------------

ADD_RETENTIONS = """
insert into retention_start (company, employee, since, cause, at) select x.company, x.employee, x.since, x.cause, $5
from unnest($1::text[], $2::uuid[], $3::date[], $4::uuid[]) with ordinality as x(company, employee, since, cause, nth)
order by x.nth
"""


async def add_retentions(connection: asyncpg.Connection, commands: Sequence[StartRetention], now: datetime) -> None:
    """Note from which day on the papers of these people are kept, or that nothing runs, in the order of telling."""
    rows = [(c.cause.company, c.employee, c.since, c.cause.id) for c in commands]
    await connection.execute(ADD_RETENTIONS, *map(list, zip(*rows, strict=True)), now)


# -- what else belongs to a document -----------------------------------------------------------------------------------

ADD_LINKS = """
insert into document_link (company, document, kind, object_id, made_by, reason, actor, on_behalf_of, cause, at)
select x.*, $10 from unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::uuid[]) as x
on conflict (company, document, kind, object_id, nth) do nothing
"""
ADD_PERSON_KEYS = """
insert into person_key (company, person, wrapped, at) select x.*, $4
from unnest($1::text[], $2::uuid[], $3::bytea[]) as x on conflict (company, person) do nothing
"""
ERASE_PERSON_KEYS = """
insert into person_key as k (company, person, wrapped, at, erased_at)
select x.company, x.person, null, $3, $3 from unnest($1::text[], $2::uuid[]) as x(company, person)
on conflict (company, person) do update set wrapped = null, erased_at = excluded.erased_at where k.wrapped is not null
returning k.company, k.person
"""
PERSON_KEYS = """
select k.person, k.wrapped from unnest($2::uuid[]) as x(person) cross join lateral
    (select * from person_key where company = $1 and person = x.person offset 0) k
"""


async def add_event_links(connection: asyncpg.Connection, commands: Sequence[RegisterDocument], now: datetime) -> None:
    """Link documents to the further business objects that their events name; such a link never ends."""
    links = sorted({(c.cause.company, c.document, kind, thing) for c in commands for kind, thing in c.links})
    causes = {(c.cause.company, c.document): c.cause for c in commands}
    of = [causes[company, document] for company, document, _, _ in links]
    if links:
        await connection.execute(
            ADD_LINKS,
            [company for company, _, _, _ in links],
            [document for _, document, _, _ in links],
            [kind for _, _, kind, _ in links],
            [thing for _, _, _, thing in links],
            ["event"] * len(links),
            [""] * len(links),
            [cause.actor for cause in of],
            [cause.on_behalf_of for cause in of],
            [cause.id for cause in of],
            now,
        )


async def add_person_keys(
    connection: asyncpg.Connection, keys: Collection[tuple[str, UUID, bytes]], now: datetime
) -> None:
    """Keep a key for each person who has none yet; sorted, so that two batches do not wait crosswise."""
    ordered = sorted(keys)
    await connection.execute(
        ADD_PERSON_KEYS, [c for c, _, _ in ordered], [p for _, p, _ in ordered], [k for _, _, k in ordered], now
    )


async def erase_person_keys(
    connection: asyncpg.Connection, people: Collection[tuple[str, UUID]], now: datetime
) -> set[tuple[str, UUID]]:
    """Empty keys; returns those that were not empty before."""
    ordered = sorted(people)
    rows = await connection.fetch(ERASE_PERSON_KEYS, [c for c, _ in ordered], [p for _, p in ordered], now)
    return {(row["company"], row["person"]) for row in rows}


async def person_keys(
    connection: asyncpg.Connection, company: str, people: Collection[UUID]
) -> dict[UUID, bytes | None]:
    """The wrapped keys of those people who have or had one; None where it was erased."""
    rows = await connection.fetch(PERSON_KEYS, company, list(people))
    return {row["person"]: row["wrapped"] for row in rows}
