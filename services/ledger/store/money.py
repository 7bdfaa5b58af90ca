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
insert into unapplied_cash (company, payment, order_id, currency, amount, unapplied, customer_id, base_amount)
select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::text[],
    $8::bigint[])
"""

MOVE_UNAPPLIED = """
update unapplied_cash u set unapplied = u.unapplied + x.change, customer_id = coalesce(u.customer_id, x.customer)
from unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[]) as x(company, payment, change, customer)
where u.company = x.company and u.payment = x.payment
"""

INSERT_ALLOCATIONS = """
insert into allocation (company, payment, invoice, entry, amount, effective_on, invoice_amount)
select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::date[], $7::bigint[])
"""

# Look-ups by another key than the primary one state the company outside: inside, beside row-level security's own, it
# would make the primary key look as good to the planner as the right index, on a table without statistics.
WAITING_FOR_INVOICE = """
select u.company, u.payment, u.order_id, u.currency, u.amount, u.unapplied, p.received_on, u.base_amount, u.customer_id
from unnest($1::text[], $2::uuid[]) as x(company, order_id)
cross join lateral (select * from unapplied_cash w where w.order_id = x.order_id and w.unapplied > 0 offset 0) u
cross join lateral (select received_on from payment y where y.company = u.company and y.id = u.payment offset 0) p
where u.company = x.company
order by p.received_on, u.payment
"""

PAYING = """
select a.company, a.invoice, a.payment, u.currency, u.amount, u.unapplied, p.received_on, u.base_amount, u.customer_id
from (select x.company, x.invoice, l.payment from unnest($1::text[], $2::uuid[]) as x(company, invoice)
    cross join lateral (select company, payment, amount from allocation m where m.invoice = x.invoice offset 0) l
    where l.company = x.company group by 1, 2, 3 having sum(l.amount) > 0) a
cross join lateral (select * from unapplied_cash w where w.company = a.company and w.payment = a.payment offset 0) u
cross join lateral (select received_on from payment y where y.company = a.company and y.id = a.payment offset 0) p
order by p.received_on, a.payment
"""

MOVES = """
select a.company, a.payment, a.invoice, a.amount, coalesce(a.invoice_amount, a.amount) as paid, e.day, e.posted_on,
    i.order_id, i.revision,
    i.series, i.fiscal_year, i.serial, i.stated_number
from unnest($1::text[], $2::uuid[]) as x(company, payment)
cross join lateral (select * from allocation l where l.company = x.company and l.payment = x.payment offset 0) a
cross join lateral (select * from invoice v where v.company = a.company and v.id = a.invoice offset 0) i
cross join lateral (select coalesce(original_on, posted_on) as day, posted_on, at from journal_entry j
    where j.company = a.company and j.id = a.entry offset 0) e
order by e.at, a.at, i.fiscal_year, i.serial
"""

PURSES = """
select u.company, u.payment, u.order_id, u.currency, u.amount, u.unapplied, u.base_amount, u.customer_id, u.returned,
    u.bounced, p.received_on, p.reference, p.stated_on
from unnest($1::text[], $2::uuid[]) as x(company, payment)
cross join lateral (select * from unapplied_cash w where w.company = x.company and w.payment = x.payment offset 0) u
cross join lateral (select * from payment y where y.company = u.company and y.id = u.payment offset 0) p
"""

# An allocation that one entry of its own made can be reversed by name. What came with the receipt cannot: its entry
# booked the receipt too.
APPLICATIONS = """
select x.company, x.payment, x.invoice, min(a.entry::text)::uuid as entry
from unnest($1::text[], $2::uuid[], $3::uuid[]) as x(company, payment, invoice)
cross join lateral (select * from allocation l
    where l.company = x.company and l.payment = x.payment and l.invoice = x.invoice offset 0) a
cross join lateral (select not exists (select from journal_line j join account c on c.company = j.company
    and c.code = j.account where j.company = a.company and j.entry = a.entry and c.role = 'bank') as alone,
    exists (select from journal_entry e where e.reverses = a.entry) as reversed offset 0) k
group by 1, 2, 3
having count(*) filter (where a.amount > 0 and not k.reversed) = 1 and bool_and(k.alone)
    and count(*) filter (where a.amount > 0) = 1
"""

# The day on which each payment that still stands took effect by its own account, closed period or not.
DAYS_PAID = """
select x.company, x.invoice, p.payment, p.day from unnest($1::text[], $2::uuid[]) as x(company, invoice)
cross join lateral (select a.payment, max(e.day) filter (where a.amount > 0) as day
    from (select * from allocation l where l.invoice = x.invoice offset 0) a
    cross join lateral (select coalesce(original_on, posted_on) as day from journal_entry j
        where j.company = a.company and j.id = a.entry offset 0) e
    where a.company = x.company group by a.payment having sum(a.amount) > 0) p
"""

BOUNCE = """
with kept as (
    insert into bounce (company, payment, bounced_on, reason, fee, entry)
    select * from unnest($1::text[], $2::uuid[], $3::date[], $4::text[], $5::bigint[], $6::uuid[])
    returning company, payment)
update unapplied_cash u set unapplied = 0, returned = u.amount, bounced = true, order_id = null
from kept k where u.company = k.company and u.payment = k.payment
"""

UnappliedRow = tuple[str, UUID, UUID | None, str, int, int, str | None, int | None]
AllocationRow = tuple[str, UUID, UUID, UUID, int, date, int | None]


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
    """Add what is left of new payments: company, payment, the order it waits for, currency, amount, unapplied, whose it
    is, and what the amount is worth.
    """
    await connection.execute(INSERT_UNAPPLIED, *zip(*rows, strict=True))


async def move_unapplied(
    connection: asyncpg.Connection, changes: Mapping[tuple[str, UUID], tuple[int, str | None]]
) -> None:
    """Change what is left of payments, and say whose they are where that was not known.

    The database refuses less than nothing and more than came in.
    """
    keys = sorted(changes)
    columns = zip(*[changes[key] for key in keys], strict=True)
    await connection.execute(MOVE_UNAPPLIED, *zip(*keys, strict=True), *columns)


async def insert_allocations(connection: asyncpg.Connection, rows: Iterable[AllocationRow]) -> None:
    """Add allocations: company, payment, invoice, entry, amount (negative when taken back), day, and
    the amount in the invoice's currency where that is another one."""
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


async def read_purses(connection: asyncpg.Connection, payments: Iterable[tuple[str, UUID]]) -> list[asyncpg.Record]:
    """These payments with what is left of them."""
    return await connection.fetch(PURSES, *_columns(payments, 2))


async def read_single_applications(
    connection: asyncpg.Connection, pairs: Iterable[tuple[str, UUID, UUID]]
) -> dict[tuple[str, UUID, UUID], UUID]:
    """The entries that alone made these allocations (of a payment to an invoice) and were not reversed."""
    rows = await connection.fetch(APPLICATIONS, *_columns(pairs, 3))
    return {(company, payment, invoice): entry for company, payment, invoice, entry in rows}


async def read_days_paid(connection: asyncpg.Connection, invoices: Iterable[tuple[str, UUID]]) -> list[asyncpg.Record]:
    """Company, invoice, payment and day of all that pays these invoices at present."""
    return await connection.fetch(DAYS_PAID, *_columns(sorted(invoices), 2))


async def bounce(connection: asyncpg.Connection, rows: Iterable[tuple[str, UUID, date, str, int, UUID]]) -> None:
    """Remember what the bank took back: nothing is left of it. The database refuses a second time."""
    await connection.execute(BOUNCE, *zip(*rows, strict=True))


def _columns(rows: Iterable[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows as the columns that `unnest` takes, also when there are none."""
    made = [list(column) for column in zip(*rows, strict=True)]
    return made or [[] for _ in range(width)]
