"""Payments, what is left of them, and which invoices they pay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import asyncpg

from chassis.ids import UUID
from services.ledger.commands import RecordPayment
from services.ledger.domain.settlement import Money

INSERT_PAYMENTS = """
insert into payment (company, id, reference, received_on, currency, amount, payer_name, order_id, order_reference,
    invoice_number)
select * from unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::text[], $6::bigint[], $7::text[], $8::uuid[],
    $9::text[], $10::text[])
on conflict do nothing returning company, id
"""

INSERT_UNAPPLIED = """
insert into unapplied_cash (company, payment, order_id, currency, amount, unapplied)
select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[])
"""

MOVE_UNAPPLIED = """
update unapplied_cash u set unapplied = u.unapplied + x.change
from unnest($1::text[], $2::uuid[], $3::bigint[]) as x(company, payment, change)
where u.company = x.company and u.payment = x.payment
"""

INSERT_ALLOCATIONS = """
insert into allocation (company, payment, invoice, entry, amount, effective_on)
select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::date[])
"""

# Look-ups by another key than the primary one state the company outside: inside, beside row-level security's own, it
# would make the primary key look as good to the planner as the right index, on a table without statistics.
WAITING_FOR_INVOICE = """
select u.company, u.payment, u.order_id, u.currency, u.amount, u.unapplied, p.received_on
from unnest($1::text[], $2::uuid[]) as x(company, order_id)
cross join lateral (select * from unapplied_cash w where w.order_id = x.order_id and w.unapplied > 0 offset 0) u
cross join lateral (select received_on from payment y where y.company = u.company and y.id = u.payment offset 0) p
where u.company = x.company
order by p.received_on, u.payment
"""

PAYING = """
select a.company, a.invoice, a.payment, u.currency, u.amount, u.unapplied, p.received_on
from (select x.company, x.invoice, l.payment from unnest($1::text[], $2::uuid[]) as x(company, invoice)
    cross join lateral (select company, payment, amount from allocation m where m.invoice = x.invoice offset 0) l
    where l.company = x.company group by 1, 2, 3 having sum(l.amount) > 0) a
cross join lateral (select * from unapplied_cash w where w.company = a.company and w.payment = a.payment offset 0) u
cross join lateral (select received_on from payment y where y.company = a.company and y.id = a.payment offset 0) p
order by p.received_on, a.payment
"""

MOVES = """
select a.company, a.payment, a.invoice, a.amount, i.order_id, i.revision, i.series, i.fiscal_year, i.serial
from unnest($1::text[], $2::uuid[]) as x(company, payment)
cross join lateral (select * from allocation l where l.company = x.company and l.payment = x.payment offset 0) a
cross join lateral (select * from invoice v where v.company = a.company and v.id = a.invoice offset 0) i
order by a.at, i.fiscal_year, i.serial
"""

UnappliedRow = tuple[str, UUID, UUID | None, str, int, int]
AllocationRow = tuple[str, UUID, UUID, UUID, int, date]


async def insert_payments(
    connection: asyncpg.Connection, payments: Iterable[tuple[RecordPayment, Money]]
) -> set[tuple[str, UUID]]:
    """Keep what came in; says which of them are new. The first one of an id counts."""
    rows = [
        (p.company, p.payment, p.reference, p.received_on, p.currency, money.amount, p.payer_name, p.order,
         p.order_reference, p.invoice_number)
        for p, money in payments
    ]  # fmt: skip
    return {
        (company, payment) for company, payment in await connection.fetch(INSERT_PAYMENTS, *zip(*rows, strict=True))
    }


async def insert_unapplied(connection: asyncpg.Connection, rows: Iterable[UnappliedRow]) -> None:
    """Add what is left of new payments: company, payment, the order it waits for, currency, amount, unapplied."""
    await connection.execute(INSERT_UNAPPLIED, *zip(*rows, strict=True))


async def move_unapplied(connection: asyncpg.Connection, changes: Mapping[tuple[str, UUID], int]) -> None:
    """Change what is left of payments. The database refuses less than nothing and more than came in."""
    keys = sorted(changes)
    await connection.execute(MOVE_UNAPPLIED, *zip(*keys, strict=True), [changes[key] for key in keys])


async def insert_allocations(connection: asyncpg.Connection, rows: Iterable[AllocationRow]) -> None:
    """Add allocations: company, payment, invoice, entry, amount (negative when taken back), day."""
    await connection.execute(INSERT_ALLOCATIONS, *zip(*rows, strict=True))


async def read_waiting(connection: asyncpg.Connection, orders: Iterable[tuple[str, UUID]]) -> list[asyncpg.Record]:
    """Money that names one of these orders and is not spent, the oldest first."""
    return await connection.fetch(WAITING_FOR_INVOICE, *zip(*orders, strict=True))


async def read_paying(connection: asyncpg.Connection, invoices: Iterable[tuple[str, UUID]]) -> list[asyncpg.Record]:
    """Which money pays which of these invoices at present, the oldest first."""
    return await connection.fetch(PAYING, *zip(*invoices, strict=True))


async def read_moves(connection: asyncpg.Connection, payments: Iterable[tuple[str, UUID]]) -> list[asyncpg.Record]:
    """All allocations of these payments and what was taken back, in their order."""
    return await connection.fetch(MOVES, *zip(*payments, strict=True))
