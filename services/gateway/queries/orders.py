"""What is known of orders. Conditions of a search are joined from fixed parts, values are bound."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import orjson

from chassis.ids import UUID
from services.gateway.queries.answers import FactAnswer, OrderAnswer, State

PLACED_ORDER = "select source, reference from accepted where company = $1 and subject = $2 and type = 'OrderPlaced.v1'"

ACCEPTED_ORDER = """
select company, subject, request, source, reference, at from accepted
where company = any($1::text[]) and subject = $2 and type = 'OrderPlaced.v1'
"""

COLUMNS = """company, order_id, state, revision, source, reference, customer_id, customer_name, currency, placed_at,
invoice_number, total, coalesce((select a.at from accepted a where a.company = order_summary.company
    and a.subject = order_summary.order_id and a.type = 'OrderPlaced.v1'), order_summary.accepted_at) as accepted_at"""
"""Our own note says when an order was accepted; the event's time is its sender's, and stands in where no note is."""

ORDER = f"select {COLUMNS} from order_summary where company = any($1::text[]) and order_id = $2"

SEARCH = f"""
select o.* from unnest($1::text[]) c cross join lateral (
    select {COLUMNS} from order_summary where company = c and placed_at is not null {{conditions}}
    order by placed_at desc, order_id desc limit $2) o
order by o.placed_at desc, o.company desc, o.order_id desc limit $2
"""
"""Each company's own newest first, from its index, then merged: the cost follows the page, not the history."""

BY_INVOICE = "order_id in (select i.order_id from order_invoice i where i.company = c and {})"
CONDITIONS = (
    "customer_id = {}",
    "reference = {}",
    "state = {}",
    "placed_at >= {}",
    "placed_at < {}",
    "currency = {}",
    BY_INVOICE.format("i.number = {}"),
)
BEHIND = "placed_at <= {0} and (placed_at, company, order_id) < ({0}, {1}, {2})"

FACTS = """
select event_id, type, sequence, at, summary from timeline_fact where company = $1 and subject = $2
order by at, type, sequence, event_id
"""


class OrderFilter(NamedTuple):
    """What orders are searched by; None asks for nothing."""

    customer: str | None = None
    reference: str | None = None
    state: str | None = None
    placed_from: datetime | None = None
    placed_before: datetime | None = None
    currency: str | None = None
    invoice_number: str | None = None
    amounts: tuple[int, int] | None = None
    """Of one of its invoices, both included, in thousandths."""


class After(NamedTuple):
    """The last order of the page before."""

    placed_at: datetime
    company: str
    order: UUID


async def placed_order(connection: asyncpg.Connection, company: str, order: UUID) -> tuple[str, str] | None:
    """Source and reference of an order that was placed here."""
    row = await connection.fetchrow(PLACED_ORDER, company, order)
    return None if row is None else (row[0], row[1])


async def order_by_id(connection: asyncpg.Connection, companies: Sequence[str], order: UUID) -> OrderAnswer | None:
    """The summary of an order that some event has told of."""
    row = await connection.fetchrow(ORDER, companies, order)
    return None if row is None else _order(row)


async def accepted_order(
    connection: asyncpg.Connection, companies: Sequence[str], order: UUID
) -> tuple[OrderAnswer, str] | None:
    """An order as it was accepted, with its request; what there is before any event has come back."""
    row = await connection.fetchrow(ACCEPTED_ORDER, companies, order)
    if row is None:
        return None
    nothing: dict[str, Any] = dict.fromkeys(
        ("customer", "customer_name", "currency", "placed_at", "invoice_number", "total")
    )
    answer = OrderAnswer(
        id=str(row["subject"]), company=row["company"], state="accepted", revision=1, source=row["source"],
        reference=row["reference"], accepted_at=row["at"], **nothing,
    )  # fmt: skip
    return answer, str(row["request"])


async def search_orders(
    connection: asyncpg.Connection, companies: Sequence[str], wanted: OrderFilter, after: After | None, limit: int
) -> list[OrderAnswer]:
    """Orders that fit, newest first, behind a given one."""
    values: list[object] = [list(companies), limit]
    conditions: list[str] = []

    def condition(text: str, *given: object) -> None:
        values.extend(given)
        places = (f"${len(values) - len(given) + n + 1}" for n in range(len(given)))
        conditions.append("and " + text.format(*places))

    for text, value in zip(CONDITIONS, wanted[:-1], strict=True):
        if value is not None:
            condition(text, value)
    if wanted.amounts is not None:
        condition(BY_INVOICE.format("i.amount between {} and {}"), *wanted.amounts)
    if after is not None:
        condition(BEHIND, *after)
    rows = await connection.fetch(SEARCH.format(conditions=" ".join(conditions)), *values)
    return [_order(row) for row in rows]


async def facts_of(connection: asyncpg.Connection, company: str, subject: UUID) -> list[FactAnswer]:
    """All facts of a timeline, oldest first."""
    return [
        FactAnswer(
            event_id=str(row[0]), type=row[1], sequence=row[2], at=row[3],
            summary=None if row[4] is None else orjson.loads(row[4]),
        )
        for row in await connection.fetch(FACTS, company, subject)
    ]  # fmt: skip


def _order(row: asyncpg.Record) -> OrderAnswer:
    state: State = row["state"]
    return OrderAnswer(
        id=str(row["order_id"]),
        company=row["company"],
        state=state,
        revision=row["revision"],
        source=row["source"],
        reference=row["reference"],
        customer=row["customer_id"],
        customer_name=row["customer_name"],
        currency=row["currency"],
        placed_at=row["placed_at"],
        accepted_at=row["accepted_at"],
        invoice_number=row["invoice_number"],
        total=row["total"],
    )
