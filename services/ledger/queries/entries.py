"""Entries that need a second person, and the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

import asyncpg
import orjson
from pydantic import BaseModel

from chassis.ids import UUID
from contracts.money import from_minor

ProposalState = Literal["waiting", "approved", "refused"]

# A page goes on behind a proposal that it names: of one moment there may be several.
PROPOSALS = """
select p.*, d.approved, d.reason, d.decided_by, d.decided_for, d.decided_at from entry_proposal p
left join lateral (select approved, reason, decided_by, on_behalf_of as decided_for, f.at as decided_at
    from entry_decision f where f.company = p.company and f.id = p.id offset 0) d on true
where p.company = $1
    and case $2 when 'waiting' then d.approved is null when 'approved' then d.approved
        when 'refused' then not d.approved else true end
    and ($3::uuid is null
        or (p.at, p.id) > (select b.at, b.id from entry_proposal b where b.company = $1 and b.id = $3))
order by p.at, p.id limit $4
"""
STATES: Mapping[bool | None, ProposalState] = {None: "waiting", True: "approved", False: "refused"}
"""By whether somebody agreed."""

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
    """An entry that needs a second person: what was asked for, by whom, and what became of it."""

    entry: str
    state: ProposalState
    posted_on: date
    text: str | None
    reverses: str | None
    proposed_by: str
    on_behalf_of: str | None
    proposed_at: datetime
    decided_by: str | None
    decided_on_behalf_of: str | None
    decided_at: datetime | None
    reason: str | None
    lines: list[ProposedLine]


class ProposalsAnswer(BaseModel):
    """A page of them, the oldest first. `next` goes into `after` for the page that follows."""

    proposals: list[ProposalAnswer]
    next: str | None


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


async def proposals(
    connection: asyncpg.Connection, company: str, state: str, *, after: UUID | None, limit: int
) -> ProposalsAnswer:
    """What needs a second person, in one state, or in any."""
    rows = await connection.fetch(PROPOSALS, company, state, after, limit + 1)
    return ProposalsAnswer(
        proposals=[_proposal(row) for row in rows[:limit]],
        next=str(rows[limit - 1]["id"]) if len(rows) > limit else None,
    )


def _proposal(row: asyncpg.Record) -> ProposalAnswer:
    kept = orjson.loads(row["body"])
    return ProposalAnswer(
        entry=str(row["id"]),
        state=STATES[row["approved"]],
        posted_on=row["posted_on"],
        text=kept["text"],
        reverses=kept["reverses"],
        proposed_by=row["proposed_by"],
        on_behalf_of=row["on_behalf_of"],
        proposed_at=row["at"],
        decided_by=row["decided_by"],
        decided_on_behalf_of=row["decided_for"],
        decided_at=row["decided_at"],
        reason=row["reason"],
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
