"""Orders whose credit was asked for, and how their customers stand. Asked for under the company's turn to book."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from chassis.ids import UUID
from services.ledger.domain.exchange import Quote
from services.ledger.domain.exposure import Exposure, Held, Limit, worth_of
from services.ledger.store import rates
from services.ledger.store.orders import OrderRevision

# Of an order the latest revision that passed counts; money that names it is its customer's, whoever sent it.
# Amounts in other currencies are worth what they were booked at.
EXPOSURES = """
select x.company, x.customer, i.owed, u.unapplied + e.early, o.ordered, l.currencies, l.amounts
from unnest($1::text[], $2::text[], $3::date[]) as x(company, customer, day)
cross join lateral (select coalesce(sum(case when base_total is null then open
        else floor(open::numeric * base_total / total) end), 0)::bigint as owed
    from open_item c where c.company = x.company and c.customer_id = x.customer and c.open > 0 offset 0) i
cross join lateral (select coalesce(sum(case when base_amount is null then unapplied
        else floor(unapplied::numeric * base_amount / amount) end), 0)::bigint as unapplied
    from unapplied_cash c where c.company = x.company and c.customer_id = x.customer and c.unapplied > 0 offset 0) u
cross join lateral (select coalesce(sum(case when base_amount is null then w.unapplied
        else floor(w.unapplied::numeric * base_amount / w.amount) end), 0)::bigint as early
    from (select distinct order_id from order_credit c where c.company = x.company and c.customer_id = x.customer
        and c.state in ('held', 'approved')) p
    cross join lateral (select * from unapplied_cash c where c.order_id = p.order_id and c.company = x.company
        and c.unapplied > 0 and c.customer_id is null offset 0) w) e
cross join lateral (select coalesce(sum(greatest(amount - billed, 0)), 0)::bigint as ordered from (
    select distinct on (order_id) amount, billed from order_credit c where c.company = x.company
        and c.customer_id = x.customer and c.state = 'approved' order by order_id, revision desc) p) o
cross join lateral (select array_agg(currency order by currency) as currencies,
        array_agg(amount order by currency) as amounts
    from (select distinct on (currency) currency, amount from credit_limit c where c.company = x.company
        and c.customer = x.customer and c.valid_from <= x.day order by currency, valid_from desc, number desc) n
    where amount is not null) l
"""

# What the order's earlier revisions stand for: what passed of them, and their invoices, which will be credited.
STANDS_FOR = """
select x.company, x.order_id, x.revision, p.ordered + i.invoiced
from unnest($1::text[], $2::uuid[], $3::int[]) as x(company, order_id, revision)
cross join lateral (select coalesce(max(greatest(amount - billed, 0)), 0) as ordered from (
    select amount, billed from order_credit c where c.company = x.company and c.order_id = x.order_id
        and c.revision < x.revision and c.state = 'approved' order by c.revision desc limit 1) r) p
cross join lateral (select coalesce(sum(case when o.credited then 0 when o.base_total is null then o.total - o.deducted
        else floor((o.total - o.deducted)::numeric * o.base_total / o.total) end), 0)::bigint as invoiced
    from unnest($4::text[], $5::uuid[], $6::uuid[]) as y(company, order_id, invoice)
    cross join lateral (select * from open_item v where v.company = y.company and v.invoice = y.invoice
        and v.total > 0 offset 0) o
    where y.company = x.company and y.order_id = x.order_id) i
"""

INSERT = """
insert into order_credit (company, order_id, revision, customer_id, state, amount, exposure, credit_limit, asked_at,
    billed)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
    $8::bigint[], $9::timestamptz[], $10::bigint[])
on conflict do nothing
"""

END = """
update order_credit c set state = 'ended' from unnest($1::text[], $2::uuid[], $3::int[]) as x(company, order_id, last)
where c.company = x.company and c.order_id = x.order_id and c.revision <= x.last and c.state <> 'ended'
    and (not $4 or c.state = 'held')
returning c.company, c.order_id, c.customer_id
"""

DROP = """
insert into order_credit as c (company, order_id, revision, customer_id, state, amount, exposure, asked_at)
select x.company, x.order_id, x.revision, '', 'ended', 0, 0, now()
from unnest($1::text[], $2::uuid[], $3::int[]) as x(company, order_id, revision)
on conflict (company, order_id, revision) do update set state = 'ended'
returning c.company, c.order_id, c.customer_id
"""

BILL = """
update order_credit c set billed = c.billed + x.amount,
    state = case when x.over then 'ended' else c.state end
from unnest($1::text[], $2::uuid[], $3::int[], $4::bigint[], $5::boolean[])
    as x(company, order_id, revision, amount, over)
where c.company = x.company and c.order_id = x.order_id and c.revision = x.revision
"""

HELD = """
select c.company, c.order_id, c.revision, c.customer_id, c.amount from unnest($1::text[]) as x(company)
cross join lateral (select * from order_credit h where h.company = x.company and h.state = 'held'
    and ($2::text[] is null or h.customer_id = any($2::text[])) order by h.asked_at, h.order_id, h.revision) c
"""

LATEST = """
select c.company, c.order_id, c.revision, c.customer_id, c.amount, c.state
from unnest($1::text[], $2::uuid[]) as x(company, order_id)
cross join lateral (select * from order_credit h where h.company = x.company and h.order_id = x.order_id
    order by h.revision desc limit 1) c
"""

APPROVE = """
update order_credit c set state = 'approved', exposure = x.exposure, credit_limit = x.credit_limit,
    decided_by = x.decided_by, remark = x.remark
from unnest($1::text[], $2::uuid[], $3::int[], $4::bigint[], $5::bigint[], $6::text[], $7::text[])
    as x(company, order_id, revision, exposure, credit_limit, decided_by, remark)
where c.company = x.company and c.order_id = x.order_id and c.revision = x.revision
"""

CustomerKey = tuple[str, str]
"""Company and customer."""
LAST = 10_000
"""Beyond any revision of an order."""


class CreditRow(NamedTuple):
    """An order that was answered."""

    company: str
    order: UUID
    revision: int
    customer: str
    state: str
    amount: int
    exposure: int
    limit: int | None
    asked_at: datetime
    billed: int = 0
    """What it was invoiced for by then."""


class ApprovalRow(NamedTuple):
    """An order that was held and passes."""

    company: str
    order: UUID
    revision: int
    exposure: int
    limit: int | None
    decided_by: str | None = None
    remark: str | None = None


async def exposures(
    connection: asyncpg.Connection, customers: Mapping[CustomerKey, tuple[str, date]]
) -> dict[CustomerKey, Exposure]:
    """How these customers stand, each in its company's currency, against the limits of a day.

    Limits in other currencies are told at the rate of the day; where there are none, no statement is spent on that.
    """
    found: dict[CustomerKey, Exposure] = {}
    limits: dict[CustomerKey, Mapping[str, int]] = {}
    rows = [(*key, day) for key, (_, day) in sorted(customers.items())]
    for company, customer, owed, unapplied, ordered, currencies, amounts in await connection.fetch(
        EXPOSURES, *zip(*rows, strict=True)
    ):
        found[company, customer] = Exposure(owed, unapplied, ordered, None)
        limits[company, customer] = dict(zip(currencies or (), amounts or (), strict=True))
    quotes = {
        Quote(key[0], currency, customers[key][1])
        for key, of_customer in limits.items()
        for currency in of_customer
        if currency != customers[key][0]
    }
    known = await rates.read_valid(connection, quotes) if quotes else {}
    for key, exposure in found.items():
        own, day = customers[key]
        exposure.bound(
            {
                currency: Limit(amount, worth_of(amount, currency, own, known.get(Quote(key[0], currency, day))))
                for currency, amount in limits[key].items()
            }
        )
    return found


async def stands_for(
    connection: asyncpg.Connection, later: Collection[OrderRevision], invoices: Sequence[tuple[str, UUID, UUID]]
) -> dict[OrderRevision, int]:
    """What earlier revisions of these orders are worth, which the later one will replace."""
    if not later:
        return {}
    columns = [list(c) for c in zip(*invoices, strict=True)] or [[], [], []]
    rows = await connection.fetch(STANDS_FOR, *zip(*later, strict=True), *columns)
    return {(company, order, revision): int(amount) for company, order, revision, amount in rows}


async def insert(connection: asyncpg.Connection, rows: Sequence[CreditRow]) -> None:
    """Keep what was answered."""
    await connection.execute(INSERT, *zip(*rows, strict=True))


async def end(
    connection: asyncpg.Connection, orders: Collection[OrderRevision], *, held_only: bool = False
) -> list[tuple[str, UUID, str]]:
    """These orders, up to and with the revision named, put nothing at stake any more and wait for nothing.

    Says company, order and customer of those that did until now.
    """
    return [(*row,) for row in await connection.fetch(END, *zip(*sorted(orders), strict=True), held_only)]


async def drop(connection: asyncpg.Connection, orders: Collection[OrderRevision]) -> list[tuple[str, UUID, str]]:
    """These revisions are over, also those that we have not heard of yet; of whom, by company and order."""
    return [(*row,) for row in await connection.fetch(DROP, *zip(*sorted(orders), strict=True))]


async def bill(connection: asyncpg.Connection, billed: Sequence[tuple[str, UUID, int, int, bool]]) -> None:
    """So much of these revisions is owed by now, and no longer only ordered; the last says whether that was all."""
    await connection.execute(BILL, *zip(*billed, strict=True))


async def read_held(
    connection: asyncpg.Connection, companies: Collection[str], customers: Collection[str] | None
) -> list[Held]:
    """Orders that wait for room, the oldest first; of these customers, or of all."""
    wanted = None if customers is None else sorted(customers)
    return [Held(*row) for row in await connection.fetch(HELD, sorted(companies), wanted)]


async def read_latest(connection: asyncpg.Connection, orders: Collection[tuple[str, UUID]]) -> list[Held]:
    """The latest revision of these orders that was answered, however."""
    return [Held(*row) for row in await connection.fetch(LATEST, *zip(*orders, strict=True))]


async def approve(connection: asyncpg.Connection, rows: Sequence[ApprovalRow]) -> None:
    """Let orders pass that were held."""
    await connection.execute(APPROVE, *zip(*rows, strict=True))
