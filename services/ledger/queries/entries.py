"""Entries that wait for a second person, and the audit trail."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import asyncpg
import orjson
from pydantic import BaseModel

from contracts.money import from_minor

PROPOSALS = """
select p.* from entry_proposal p
left join lateral (select true as decided from entry_decision d where d.company = p.company and d.id = p.id offset 0) d
    on true
where p.company = $1 and d.decided is null order by p.at, p.id
"""

AUDIT = """
select id, at, actor, on_behalf_of, action, subject, cause, correlation, detail from audit
where company = $1 and subject = $2 and id > $3 order by id limit $4
"""


class ProposedLine(BaseModel):
    """One side of a proposed entry."""

    account: str
    currency: str
    debit: str
    credit: str
    department: str | None
    cost_centre: str | None


class ProposalAnswer(BaseModel):
    """An entry that waits for a second person."""

    entry: str
    posted_on: date
    text: str | None
    reverses: str | None
    proposed_by: str
    on_behalf_of: str | None
    proposed_at: datetime
    lines: list[ProposedLine]


class ProposalsAnswer(BaseModel):
    """All of them, the oldest first."""

    proposals: list[ProposalAnswer]


class AuditRecordAnswer(BaseModel):
    """One change of state."""

    at: datetime
    actor: str
    on_behalf_of: str | None
    action: str
    subject: str
    cause: str
    correlation: str
    detail: dict[str, Any] | None


class AuditAnswer(BaseModel):
    """A page of the audit trail of one thing, in the order of what happened."""

    records: list[AuditRecordAnswer]
    next: int | None


async def proposals(connection: asyncpg.Connection, company: str) -> ProposalsAnswer:
    """What nobody has decided on yet."""
    return ProposalsAnswer(proposals=[_proposal(row) for row in await connection.fetch(PROPOSALS, company)])


def _proposal(row: asyncpg.Record) -> ProposalAnswer:
    kept = orjson.loads(row["body"])
    return ProposalAnswer(
        entry=str(row["id"]),
        posted_on=row["posted_on"],
        text=kept["text"],
        reverses=kept["reverses"],
        proposed_by=row["proposed_by"],
        on_behalf_of=row["on_behalf_of"],
        proposed_at=row["at"],
        lines=[
            ProposedLine(
                account=account,
                currency=currency,
                debit=from_minor(debit, currency),
                credit=from_minor(credit, currency),
                department=department,
                cost_centre=cost_centre,
            )
            for account, currency, debit, credit, _, department, cost_centre in kept["lines"]
        ],
    )


async def audit(connection: asyncpg.Connection, company: str, subject: str, after: int, limit: int) -> AuditAnswer:
    """Everything that was done to one thing."""
    rows = await connection.fetch(AUDIT, company, subject, after, limit + 1)
    records = [
        AuditRecordAnswer(
            at=row["at"],
            actor=row["actor"],
            on_behalf_of=row["on_behalf_of"],
            action=row["action"],
            subject=row["subject"],
            cause=str(row["cause"]),
            correlation=row["correlation"],
            detail=None if row["detail"] is None else orjson.loads(row["detail"]),
        )
        for row in rows[:limit]
    ]
    return AuditAnswer(records=records, next=rows[limit - 1]["id"] if len(rows) > limit else None)
