"""Refunds and who decided about them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import asyncpg

from chassis.ids import UUID

INSERT = """
insert into refund (company, id, payment, currency, amount, reason, refund_on, state, requested_by)
select company, id, payment, currency, amount, reason, refund_on, 'requested', asked
from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::text[], $7::date[], $8::text[])
    as x(company, id, payment, currency, amount, reason, refund_on, asked)
"""

READ = """
select r.* from unnest($1::text[], $2::uuid[]) as x(company, id)
cross join lateral (select * from refund v where v.company = x.company and v.id = x.id offset 0) r
"""

# What is approved leaves the payment in the same statement, so that neither can be without the other.
DECIDE = """
with decided as (
    update refund r set state = x.state, decided_by = x.who, entry = x.entry, decided_at = now()
    from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::uuid[]) as x(company, id, state, who, entry)
    where r.company = x.company and r.id = x.id
    returning r.company, r.payment, r.amount, r.state)
update unapplied_cash u set unapplied = u.unapplied - d.amount, returned = u.returned + d.amount
from (select company, payment, sum(amount)::bigint as amount from decided where state = 'approved' group by 1, 2) d
where u.company = d.company and u.payment = d.payment
"""

RefundRow = tuple[str, UUID, UUID, str, int, str, date, str]
DecisionRow = tuple[str, UUID, str, str, UUID | None]


async def insert(connection: asyncpg.Connection, rows: Iterable[RefundRow]) -> None:
    """Add what was asked for, in the columns' order."""
    await connection.execute(INSERT, *zip(*rows, strict=True))


async def read(
    connection: asyncpg.Connection, refunds: Iterable[tuple[str, UUID]]
) -> dict[tuple[str, UUID], asyncpg.Record]:
    """These refunds."""
    rows = await connection.fetch(READ, *zip(*refunds, strict=True))
    return {(row["company"], row["id"]): row for row in rows}


async def decide(connection: asyncpg.Connection, rows: Iterable[DecisionRow]) -> None:
    """Write decisions, and take what is approved out of unapplied cash. The database refuses more than there is."""
    await connection.execute(DECIDE, *zip(*rows, strict=True))
