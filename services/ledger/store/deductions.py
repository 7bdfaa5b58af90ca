"""What invoices are less than they were, by other things than money: discounts and credit notes in part."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import asyncpg

from chassis.ids import UUID

INSERT = """
insert into deduction (company, id, invoice, kind, document, amount, effective_on, entry)
select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::bigint[], $7::date[], $8::uuid[])
"""

OF_INVOICES = """
select d.company, d.id, d.invoice, d.kind, d.document, d.amount, e.day, d.entry
from unnest($1::text[], $2::uuid[]) as x(company, invoice)
cross join lateral (select * from deduction v where v.invoice = x.invoice offset 0) d
cross join lateral (select coalesce(original_on, posted_on) as day from journal_entry j
    where j.company = d.company and j.id = d.entry offset 0) e
where d.company = x.company order by d.at, d.id
"""

DeductionRow = tuple[str, UUID, UUID, str, UUID, int, date, UUID]
"""Company, id, invoice, kind, document, amount (below zero when it is taken back), day, entry."""


async def insert(connection: asyncpg.Connection, rows: Iterable[DeductionRow]) -> None:
    """Add deductions, in the columns' order."""
    await connection.execute(INSERT, *zip(*rows, strict=True))


async def of_invoices(connection: asyncpg.Connection, invoices: Iterable[tuple[str, UUID]]) -> list[asyncpg.Record]:
    """All deductions of these invoices and what was taken back, in their order; the day is their own, closed or not."""
    return await connection.fetch(OF_INVOICES, *zip(*invoices, strict=True))
