"""`GET /v1/orders` and `GET /v1/orders/{id}`: what became of orders."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, AwareDatetime

from chassis.errors import Problem
from chassis.http import Router
from contracts.base import CurrencyCode, UnsignedAmount
from services.gateway.api.cursor import after_cursor, cursor_after
from services.gateway.api.entry import AskOrders, a_uuid
from services.gateway.domain.money import thousandths
from services.gateway.queries import orders as queries
from services.gateway.queries.answers import Current, OrderPage, OrderTimeline, State


def _in_utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError at either end of the calendar, where it has no date in UTC."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is outside of the years 1 to 9999 in UTC") from None


router = Router(prefix="/v1", tags=["orders"])

Text = Annotated[str | None, Query(min_length=1, max_length=200, pattern=r"^[^\u0000-\u001f]*$")]
MOST = 10**18
"""Thousandths that no amount comes to."""
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


@router.get("/orders")
async def search_orders(
    asked: AskOrders,
    company: Annotated[str | None, Query(description="One company; all that the key sees when not given.")] = None,
    customer: Text = None,
    reference: Text = None,
    state: State | None = None,
    placed_from: Annotated[Moment | None, Query(alias="from", description="Placed at or after.")] = None,
    placed_before: Annotated[Moment | None, Query(alias="to", description="Placed before.")] = None,
    invoice_number: Text = None,
    amount_from: Annotated[
        UnsignedAmount | None, Query(description="At least so much, by one of its invoices.")
    ] = None,
    amount_to: Annotated[UnsignedAmount | None, Query(description="At most so much, by the same one.")] = None,
    currency: Annotated[CurrencyCode | None, Query(description="Of the order.")] = None,
    cursor: Annotated[str | None, Query(description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> OrderPage:
    """Orders, newest first, by customer, reference, state, time of placement, and number and amount of an invoice."""
    amounts = None
    if amount_from is not None or amount_to is not None:
        amounts = thousandths(amount_from or "0"), MOST if amount_to is None else thousandths(amount_to)
    wanted = queries.OrderFilter(
        customer, reference, state, placed_from, placed_before, currency, invoice_number, amounts
    )
    after = None if cursor is None else after_cursor(cursor, wanted, company)
    companies = await asked.companies(company)
    if not companies:
        return OrderPage(orders=[], next=None, current=Current(as_of=None, lag_events=None))
    async with asked.gateway.database.read(companies) as unit:
        found = await queries.search_orders(unit.raw, companies, wanted, after, limit + 1)
        current = await asked.current(unit.raw)
    page = found[:limit]
    more = cursor_after(page[-1], wanted, company) if len(found) > limit else None
    return OrderPage(orders=page, next=more, current=current)


@router.get("/orders/{order}")
async def get_order(asked: AskOrders, order: str) -> OrderTimeline:
    """One order with its timeline; one that was accepted a moment ago has nothing in it yet."""
    order_id = a_uuid(order)
    companies = await asked.companies()
    if not companies:
        raise order_not_found()
    async with asked.gateway.database.read(companies) as unit:
        accepted = await queries.accepted_order(unit.raw, companies, order_id)
        found = await queries.order_by_id(unit.raw, companies, order_id)
        if found is None and accepted is not None:
            found = accepted[0]
        if found is None:
            raise order_not_found()
        facts = await queries.facts_of(unit.raw, found.company, order_id)
        current = await asked.current(unit.raw)
    request = None if accepted is None else accepted[1]
    return OrderTimeline(**found.model_dump(), request_id=request, timeline=facts, current=current)


def order_not_found() -> Problem:
    """404: no such order for this caller."""
    return Problem(404, "order-not-found", "There is no such order here.")
