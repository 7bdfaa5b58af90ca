"""Mails and what became of them. Facts; every statement takes a whole batch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson

from chassis.ids import UUID
from services.documents.commands import AskMail, NoteMailStep
from services.documents.domain.filing import Language

MailKey = tuple[str, UUID]
"""Company and mail."""

ADD_MAILS = """
insert into mail (company, mail, document, version, recipient, language, message_id, sender, actor, on_behalf_of, cause,
    at)
select x.*, $12 from unnest($1::text[], $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::uuid[]) as x
on conflict (company, mail) do nothing returning company, mail
"""
LAST_STEPS = """
select s.company, s.mail, s.nth, s.step from unnest($1::text[], $2::uuid[]) as x(company, mail) cross join lateral
    (select * from mail_step where company = x.company and mail = x.mail order by nth desc limit 1) s
"""
ADD_STEPS = """
insert into mail_step (company, mail, nth, step, detail, actor, at)
select x.*, $7 from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[]) as x
on conflict (company, mail, nth) do nothing returning company, mail, nth
"""
TO_SEND = """
select m.company, m.mail, m.cause, m.recipient, m.language, m.message_id, m.sender, m.at, d.document, d.class, d.number,
    d.title, d.facts, coalesce(v.sha256, c.sha256) as sha256, coalesce(v.media_type, c.media_type) as media_type,
    v.file_name, s.nth, s.step, s.detail, a.at as asked_at
from unnest($1::text[], $2::uuid[]) as x(company, mail)
cross join lateral (select * from mail where company = x.company and mail = x.mail offset 0) m
cross join lateral (select * from document where company = m.company and document = m.document and not sealed
    offset 0) d
left join lateral (select * from document_content where company = m.company and document = m.document offset 0) c
    on m.version is null
left join lateral (select * from document_version where company = m.company and document = m.document
    and version = m.version and not sealed offset 0) v on true
cross join lateral (select * from mail_step where company = m.company and mail = m.mail order by nth desc limit 1) s
cross join lateral (select at from mail_step where company = m.company and mail = m.mail and step = 'asked'
    order by nth desc limit 1) a
"""


@dataclass(frozen=True, slots=True)
class MailToSend:
    """A mail with all that is known of its document, and how far it has come."""

    company: str
    mail: UUID
    cause: UUID
    recipient: str
    language: Language
    message_id: str
    sender: str
    at: datetime
    document: UUID
    document_class: str
    number: str | None
    title: str
    seller: str | None
    sha256: str | None
    media_type: str | None
    file_name: str
    nth: int
    step: str
    detail: str
    asked_at: datetime


async def add_mails(connection: asyncpg.Connection, commands: Sequence[AskMail], now: datetime) -> set[MailKey]:
    """Write mails down; returns those that nobody had asked for. Sorted, so that batches do not wait crosswise."""
    ordered = sorted(commands, key=lambda c: (c.cause.company, c.mail))
    rows = await connection.fetch(
        ADD_MAILS,
        [c.cause.company for c in ordered],
        [c.mail for c in ordered],
        [c.document for c in ordered],
        [c.version for c in ordered],
        [c.recipient for c in ordered],
        [c.language for c in ordered],
        [c.message_id for c in ordered],
        [c.sender for c in ordered],
        [c.cause.actor for c in ordered],
        [c.cause.on_behalf_of for c in ordered],
        [c.cause.id for c in ordered],
        now,
    )
    return {(company, mail) for company, mail in rows}


async def last_steps(connection: asyncpg.Connection, mails: Collection[MailKey]) -> dict[MailKey, tuple[int, str]]:
    """Number and kind of the newest step of these mails."""
    rows = await connection.fetch(LAST_STEPS, [company for company, _ in mails], [mail for _, mail in mails])
    return {(company, mail): (nth, step) for company, mail, nth, step in rows}


async def add_steps(
    connection: asyncpg.Connection, steps: Sequence[NoteMailStep], now: datetime
) -> set[tuple[str, UUID, int]]:
    """Write down what became of mails; returns the steps that nobody else had taken before."""
    ordered = sorted(steps, key=lambda s: (s.company, s.mail, s.nth))
    rows = await connection.fetch(
        ADD_STEPS,
        [s.company for s in ordered],
        [s.mail for s in ordered],
        [s.nth for s in ordered],
        [s.step for s in ordered],
        [s.detail for s in ordered],
        [s.actor for s in ordered],
        now,
    )
    return {(company, mail, nth) for company, mail, nth in rows}


async def mails_to_send(connection: asyncpg.Connection, mails: Collection[MailKey]) -> dict[MailKey, MailToSend]:
    """What is needed to send these mails; what is sealed is none of them."""
    rows = await connection.fetch(TO_SEND, [company for company, _ in mails], [mail for _, mail in mails])
    return {(row["company"], row["mail"]): _to_send(row) for row in rows}


def _to_send(row: asyncpg.Record) -> MailToSend:
    facts = {} if row["facts"] is None else orjson.loads(row["facts"])
    seller = facts.get("seller")
    return MailToSend(
        row["company"],
        row["mail"],
        row["cause"],
        row["recipient"],
        row["language"],
        row["message_id"],
        row["sender"],
        row["at"],
        row["document"],
        row["class"],
        row["number"],
        row["title"],
        seller["name"] if isinstance(seller, dict) else None,
        None if row["sha256"] is None else row["sha256"].hex(),
        row["media_type"],
        row["file_name"] or f"{row['number']}.pdf",
        row["nth"],
        row["step"],
        row["detail"],
        row["asked_at"],
    )
