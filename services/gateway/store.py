"""The SQL of the gateway's write side. Every statement takes a whole batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg
import orjson

from chassis.ids import UUID
from services.gateway.commands import (
    Accept,
    Acknowledge,
    Bill,
    Departure,
    Fact,
    Fold,
    Invoicing,
    OpenSubscription,
    OrderKey,
    Placement,
    RegisterCompany,
    SetBack,
    SubscriptionName,
)
from services.gateway.domain.money import TOLD_BY, Said, billed, not_so
from services.gateway.domain.timeline import BOUNCED, HOLD_FOR_ALL, IN_PARTS

NOTE_ACCEPTED = """
insert into accepted (company, subject, type, request, client, source, reference, at, revision, actor,
    on_behalf_of)
select x.company, x.subject, x.type, x.request, x.client, x.source, x.reference, $11, x.revision, x.actor, x.behalf
from unnest($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::int[],
            $9::text[], $10::text[])
     with ordinality x(company, subject, type, request, client, source, reference, revision, actor, behalf, n)
join company_directory d on d.company = x.company
order by x.n
on conflict do nothing
returning request
"""
"""A join keeps no order by itself, and the order decides which of two that say the same is taken."""

KNOWN = "select company from company_directory where company = any($1::text[])"

FORMER = """
select a.company, a.subject, a.type, a.request from unnest($1::text[], $2::uuid[], $3::text[]) x(company, subject, type)
join accepted a on a.company = x.company and a.subject = x.subject and a.type = x.type
"""

REVISIONS = """
select x.company, x.subject, max(a.revision), bool_or(a.type = 'OrderCancelled.v1'),
    array_agg(a.revision) filter (where a.type = 'OrderChanged.v1'),
    array_agg(a.request) filter (where a.type = 'OrderChanged.v1')
from unnest($1::text[], $2::uuid[]) x(company, subject)
join accepted a on a.company = x.company and a.subject = x.subject
group by 1, 2 having bool_or(a.type = 'OrderPlaced.v1')
"""

LIST_COMPANIES = """
insert into company_directory as d (company, name) select * from unnest($1::text[], $2::text[])
on conflict (company) do update set name = excluded.name where d.name <> excluded.name
"""

ADD_FACTS = """
insert into timeline_fact (company, subject, event_id, type, sequence, at, summary)
select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::timestamptz[], $7::bytea[])
on conflict do nothing
"""

ADD_TO_ORDERS = f"""
insert into order_summary as o (company, order_id, revision, facts, source, reference, customer_id, customer_name,
                                currency, placed_at, accepted_at, invoice_number, total, invoice_revision)
select x.company, x.order_id, x.revision, x.of_order | x.of_revision, x.source, x.reference, x.customer_id,
       x.customer_name, x.currency, x.placed_at, x.accepted_at, x.invoice_number, x.total, x.invoice_revision
from unnest($1::text[], $2::uuid[], $3::int[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::text[], $15::int[])
     x(company, order_id, revision, of_order, of_revision, source, reference, customer_id, customer_name, currency,
       placed_at, accepted_at, invoice_number, total, invoice_revision)
on conflict (company, order_id) do update set
    facts = case when excluded.revision > o.revision then (o.facts & {HOLD_FOR_ALL}) | excluded.facts
        when excluded.revision < o.revision then o.facts | (excluded.facts & {HOLD_FOR_ALL})
        else o.facts | excluded.facts end,
    revision = greatest(o.revision, excluded.revision),
    source = coalesce(o.source, excluded.source),
    reference = coalesce(o.reference, excluded.reference),
    customer_id = coalesce(o.customer_id, excluded.customer_id),
    customer_name = coalesce(o.customer_name, excluded.customer_name),
    currency = coalesce(o.currency, excluded.currency),
    placed_at = coalesce(o.placed_at, excluded.placed_at),
    accepted_at = coalesce(o.accepted_at, excluded.accepted_at),
    invoice_number = case when excluded.invoice_revision > coalesce(o.invoice_revision, 0)
        then excluded.invoice_number else o.invoice_number end,
    total = case when excluded.invoice_revision > coalesce(o.invoice_revision, 0) then excluded.total else o.total end,
    invoice_revision = greatest(o.invoice_revision, excluded.invoice_revision)
where o.facts | excluded.facts <> o.facts or excluded.revision > o.revision
    or excluded.invoice_revision > coalesce(o.invoice_revision, 0)
"""
SAID_OF_MONEY = f"""
select o.company, o.order_id, o.revision, f.type, f.at, f.summary
from unnest($1::text[], $2::uuid[]) x(company, order_id)
join order_summary o on o.company = x.company and o.order_id = x.order_id and o.facts & {BOUNCED | IN_PARTS} <> 0
join timeline_fact f on f.company = x.company and f.subject = x.order_id and f.type = any($3::text[])
"""
"""Of orders in parts or with a bounced payment only. Their rows are locked since their bits were added, so no other
process folds what is said of the same money meanwhile."""
TAKE_BACK = """
update order_summary o set taken_back = x.bits, invoice_number = coalesce(x.number, o.invoice_number),
    total = coalesce(x.total, o.total)
from unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::text[]) x(company, id, bits, number, total)
where o.company = x.company and o.order_id = x.id
    and (o.taken_back <> x.bits or o.invoice_number <> x.number or o.total <> x.total)
"""
ADD_BILLS = """
insert into order_invoice (company, number, order_id, currency, amount)
select * from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::bigint[]) on conflict do nothing
"""
REVOKE_KEYS_OF = """
with revoked as (update api_key k set revoked_at = $3
    from unnest($1::text[], $2::uuid[], $4::timestamptz[]) as x(company, employee, at)
    where k.employee = x.employee and k.revoked_at is null and k.created_at < x.at
        and (x.company = any(k.companies) or '*' = any(k.companies))
    returning k.id)
update api_key_version set version = version + 1 where exists (select from revoked)
"""


# One that was readmitted since is not taken away again by a replay of the topic.
SHUT_ACCOUNTS = """
with shut as (insert into gone_account as g (account, company, employee, at)
    select x.account, x.company, x.employee, max(x.at)
    from unnest($1::text[], $2::text[], $3::uuid[], $4::timestamptz[]) as x(account, company, employee, at)
    group by x.account, x.company, x.employee order by 1, 2
    on conflict (account, company) do update set at = excluded.at, employee = excluded.employee, readmitted_at = null
        where g.at < excluded.at
    returning account)
update api_key_version set version = version + 1 where exists (select from shut)
"""


class OrderSoFar(NamedTuple):
    """An order's last accepted revision, whether it was cancelled, and by which requests it was changed."""

    revision: int
    cancelled: bool
    requests: Mapping[int, UUID]

    def with_change(self, revision: int, request: UUID) -> OrderSoFar:
        """The order after one more change."""
        return self._replace(revision=revision, requests={**self.requests, revision: request})


NO_PLACEMENT = (None,) * len(Placement._fields)
NO_INVOICING = (None,) * len(Invoicing._fields)


async def note_accepted(connection: asyncpg.Connection, commands: Sequence[Accept], at: datetime) -> frozenset[str]:
    """Note what is accepted; returns the requests that were new, of companies that are known.

    Rows are written in a fixed order, so that two processes that accept the same things do not lock each other out.
    Those that say the same of one thing keep the callers' order (the sort is stable): the first one is taken.
    """
    ordered = sorted(commands, key=lambda c: (c.cause.company, c.subject.bytes, c.type))
    rows = await connection.fetch(
        NOTE_ACCEPTED,
        [c.cause.company for c in ordered],
        [c.subject for c in ordered],
        [c.type for c in ordered],
        [c.cause.id for c in ordered],
        [c.client for c in ordered],
        [c.source for c in ordered],
        [c.reference for c in ordered],
        [c.revision for c in ordered],
        [c.cause.actor for c in ordered],
        [c.cause.on_behalf_of for c in ordered],
        at,
    )
    return frozenset(str(row[0]) for row in rows)


async def known_companies(connection: asyncpg.Connection, companies: Collection[str]) -> frozenset[str]:
    """Those of these companies that are registered."""
    return frozenset(row[0] for row in await connection.fetch(KNOWN, sorted(companies)))


async def former_requests(
    connection: asyncpg.Connection, commands: Sequence[Accept]
) -> Mapping[tuple[str, str, str], UUID]:
    """The requests by which the same was said of the same things before, by company, subject and type."""
    rows = await connection.fetch(
        FORMER, [c.cause.company for c in commands], [c.subject for c in commands], [c.type for c in commands]
    )
    return {(row[0], str(row[1]), row[2]): row[3] for row in rows}


async def revisions_of(connection: asyncpg.Connection, orders: Collection[OrderKey]) -> Mapping[OrderKey, OrderSoFar]:
    """How far these orders were changed; those that were not placed here are missing."""
    rows = await connection.fetch(REVISIONS, *zip(*orders, strict=True))
    return {
        (company, order): OrderSoFar(last, cancelled, dict(zip(revisions or (), requests or (), strict=True)))
        for company, order, last, cancelled, revisions, requests in rows
    }


async def list_companies(connection: asyncpg.Connection, companies: Sequence[RegisterCompany]) -> None:
    """Add companies to the directory."""
    names = dict(sorted(companies))
    await connection.execute(LIST_COMPANIES, list(names), list(names.values()))


async def add_facts(connection: asyncpg.Connection, facts: Sequence[Fact]) -> None:
    """Keep facts that are not known yet."""
    await connection.execute(ADD_FACTS, *zip(*facts, strict=True))


async def add_to_orders(connection: asyncpg.Connection, fold: Fold) -> None:
    """Merge what was said into the orders' summaries, in a fixed order of rows. What says nothing new changes nothing.

    An attribute is carried by one kind of event only and is the same in each copy, so the first one stays; the
    invoice is that of the latest revision.
    """
    orders, placements, invoicings = fold.orders, fold.placements, fold.invoicings
    rows = [
        (*key, *orders[key], *placements.get(key, NO_PLACEMENT), *invoicings.get(key, NO_INVOICING))
        for key in sorted(orders, key=lambda key: (key[0], key[1].bytes))
    ]
    await connection.execute(ADD_TO_ORDERS, *zip(*rows, strict=True))


async def said_of_money(
    connection: asyncpg.Connection, orders: Iterable[OrderKey]
) -> Mapping[OrderKey, tuple[int, Sequence[Said]]]:
    """The latest revision and all that money depends on, of those of these orders whose bits may say too much."""
    keys = sorted(orders, key=lambda key: (key[0], key[1].bytes))
    rows = await connection.fetch(SAID_OF_MONEY, [key[0] for key in keys], [key[1] for key in keys], list(TOLD_BY))
    found: dict[OrderKey, tuple[int, list[Said]]] = {}
    for company, order, revision, kind, at, summary in rows:
        told = {} if summary is None else orjson.loads(summary)
        found.setdefault((company, order), (revision, []))[1].append(Said(kind, at, told))
    return found


async def take_back(connection: asyncpg.Connection, orders: Mapping[OrderKey, tuple[int, Sequence[Said]]]) -> None:
    """Which facts of these orders do not hold, or not yet; and what their invoices come to."""
    rows = [
        (*key, not_so(facts, last), *(billed(facts, last) or (None, None))) for key, (last, facts) in orders.items()
    ]
    await connection.execute(TAKE_BACK, *map(list, zip(*rows, strict=True)))


async def add_bills(connection: asyncpg.Connection, bills: Sequence[Bill]) -> None:
    """By which invoices orders are found."""
    await connection.execute(ADD_BILLS, *zip(*sorted(bills), strict=True))


async def revoke_keys_of(connection: asyncpg.Connection, gone: Sequence[Departure], now: datetime) -> None:
    """Take away the keys of people who have left; every process's ring sees it within a second or two.

    Only keys that were made before: who comes back gets a new one, which a replay of the topic must not take away.
    """
    companies, employees, times = ([one[i] for one in gone] for i in range(3))
    await connection.execute(REVOKE_KEYS_OF, companies, employees, now, times)


async def shut_accounts_of(connection: asyncpg.Connection, gone: Sequence[Departure]) -> None:
    """What these people signed in as opens nothing of their company any more; every process knows within seconds."""
    rows = [(account, one.company, one.employee, one.at) for one in gone for account in one.accounts]
    if rows:
        await connection.execute(SHUT_ACCOUNTS, *map(list, zip(*rows, strict=True)))


OPEN_SUBSCRIPTION = """
insert into subscription as s (company, client, name, topic, type, subject, place, opened_at, moved_at)
values ($1, $2, $3, $4, $5, $6, $7, now(), now())
on conflict (company, client, name) do update set topic = excluded.topic, type = excluded.type,
    subject = excluded.subject, place = excluded.place, turn = s.turn + 1, opened_at = now(), moved_at = now(),
    closed_at = null
where s.closed_at is not null
returning name
"""
ONE = "where company = $1 and client = $2 and name = $3 and closed_at is null"
SET_BACK = f"update subscription set place = $4, turn = turn + 1, moved_at = now() {ONE} returning name"
ACKNOWLEDGE = f"update subscription set place = $4, moved_at = now() {ONE} and turn = $5 and place = $6 returning name"
CLOSE_SUBSCRIPTION = f"update subscription set closed_at = now() {ONE} returning name"


async def open_subscription(connection: asyncpg.Connection, asked: OpenSubscription) -> bool:
    """Keep a cursor; whether there was none of its name."""
    row = (*asked.of, asked.topic, asked.type, asked.subject, asked.place)
    return await connection.fetchval(OPEN_SUBSCRIPTION, *row) is not None


async def set_back(connection: asyncpg.Connection, asked: SetBack) -> bool:
    """Move a cursor; whether there is one."""
    return await connection.fetchval(SET_BACK, *asked.of, asked.place) is not None


async def acknowledge(connection: asyncpg.Connection, asked: Acknowledge) -> bool:
    """Move a cursor that still stands where it stood; whether it did."""
    return await connection.fetchval(ACKNOWLEDGE, *asked.of, asked.place, asked.turn, asked.before) is not None


async def close_subscription(connection: asyncpg.Connection, of: SubscriptionName) -> bool:
    """Keep a cursor no more; whether there was one."""
    return await connection.fetchval(CLOSE_SUBSCRIPTION, *of) is not None
