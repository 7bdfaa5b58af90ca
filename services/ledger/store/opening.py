"""What was open when the books were taken over: invoices and money of customers under an earlier system's numbers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import asyncpg

from chassis.ids import UUID

INSERT_INVOICES = """
with added as (
    insert into invoice (company, id, series, fiscal_year, serial, order_id, order_reference, customer_id,
        customer_name, issued_on, due_on, currency, net, tax, total, printed, posted_on, stated_number, stated_total)
    select company, id, series, year, serial, id, number, customer_id, name, issued_on, due_on, currency, open, 0,
        open, printed, posted_on, number, total
    from unnest($1::text[], $2::uuid[], $3::text[], $4::int[], $5::bigint[], $6::text[], $7::text[], $8::text[],
        $9::date[], $10::date[], $11::text[], $12::bigint[], $13::bigint[], $14::bytea[], $15::date[], $16::bigint[])
        as x(company, id, series, year, serial, number, customer_id, name, issued_on, due_on, currency, open, total,
            printed, posted_on, base))
insert into open_item (company, invoice, due_on, currency, total, open, customer_id, base_total)
select company, id, due_on, currency, open, open, customer_id, base
from unnest($1::text[], $2::uuid[], $7::text[], $10::date[], $11::text[], $12::bigint[], $16::bigint[])
    as x(company, id, customer_id, due_on, currency, open, base)
"""

INSERT_CREDITS = """
with added as (
    insert into payment (company, id, reference, received_on, currency, amount, payer_name, stated_on)
    select company, id, number, received_on, currency, open, name, stated_on
    from unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::text[], $6::bigint[], $7::text[], $8::date[])
        as x(company, id, number, received_on, currency, open, name, stated_on))
insert into unapplied_cash (company, payment, currency, amount, unapplied, customer_id, base_amount)
select company, id, currency, open, open, customer_id, base
from unnest($1::text[], $2::uuid[], $5::text[], $6::bigint[], $9::text[], $10::bigint[])
    as x(company, id, currency, open, customer_id, base)
"""

STANDING = """
select v.company, v.id from unnest($1::text[], $2::uuid[]) as x(company, id)
cross join lateral (select company, id from invoice i where i.company = x.company and i.id = x.id
    union all select company, id from payment p where p.company = x.company and p.id = x.id offset 0) v
"""

InvoiceRow = tuple[
    *tuple[str, UUID, str, int, int, str, str, str, date, date, str, int, int, bytes], date | None, int | None
]
CreditRow = tuple[str, UUID, str, date, str, int, str, date, str, int | None]


async def read_standing(connection: asyncpg.Connection, items: Iterable[tuple[str, UUID]]) -> set[tuple[str, UUID]]:
    """Those of these items that were taken over before."""
    return {(company, item) for company, item in await connection.fetch(STANDING, *zip(*items, strict=True))}


async def insert_invoices(connection: asyncpg.Connection, rows: Iterable[InvoiceRow]) -> None:
    """Add invoices of an earlier system, in the columns' order: an invoice that belongs to no order has its own id as
    its order's.
    """
    await connection.execute(INSERT_INVOICES, *zip(*rows, strict=True))


async def insert_credits(connection: asyncpg.Connection, rows: Iterable[CreditRow]) -> None:
    """Add what an earlier system owed customers: money of theirs that pays nothing yet."""
    await connection.execute(INSERT_CREDITS, *zip(*rows, strict=True))
