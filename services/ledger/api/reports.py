"""What customers owe: ageing and statements; and whether receivables and stock equal their control accounts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import asyncpg
from fastapi import Query

from chassis.errors import Fault, Problem
from chassis.http import Router
from services.ledger.api.inputs import YEAR_MAX, YEAR_MIN, Limit, Read, found
from services.ledger.queries import ageing, companies, reconciliation, statements, stock

router = Router(prefix="/v1/companies/{company}", tags=["ledger"])

DayAsked = Annotated[date, Query(ge=date(YEAR_MIN, 1, 1), le=date(YEAR_MAX, 12, 31))]
AsOf = Annotated[
    DayAsked | None, Query(description="With effect up to this day, past or not; today where it is left out.")
]
STATEMENT_DAYS = 90


@router.get("/ageing")
async def show_ageing(company: str, reading: Read, as_of: AsOf = None) -> ageing.AgeingAnswer:
    """What all customers owe or owed, by days overdue."""
    async with reading.connection(company) as connection:
        return await ageing.totals(connection, company, as_of or await companies.today(connection, company))


@router.get("/ageing/customers")
async def show_customers_ageing(
    company: str,
    reading: Read,
    as_of: AsOf = None,
    after: Annotated[str, Query(max_length=64, description="`next` of the page before.")] = "",
    limit: Limit = 50,
) -> ageing.CustomersAgeingAnswer:
    """What each customer owes or owed, with the invoices."""
    async with reading.connection(company) as connection:
        day = as_of or await companies.today(connection, company)
        return await ageing.customers(connection, day, after=after, limit=limit)


@router.get("/customers/{customer}/statement")
async def show_statement(
    company: str,
    customer: str,
    reading: Read,
    as_of: AsOf = None,
    since: Annotated[DayAsked | None, Query(description="First day shown; if absent, 90 days before.")] = None,
) -> statements.StatementAnswer:
    """What a customer owed before, what happened, what it owes."""
    async with reading.connection(company) as connection:
        day = as_of or await companies.today(connection, company)
        first = since or day - timedelta(days=STATEMENT_DAYS)
        return await read_statement(connection, company, customer, first, day, at="?since")


async def read_statement(
    connection: asyncpg.Connection, company: str, customer: str, since: date, as_of: date, *, at: str
) -> statements.StatementAnswer:
    """A customer's statement. Raises Problem: 404 where nothing ever happened, 422 at `at` for too many lines."""
    try:
        answer = await statements.of_customer(connection, company, customer, since=since, as_of=as_of)
    except OverflowError:
        fault = Fault(at, "too-many-lines", f"More than {statements.LINES_MAX} lines; ask for fewer days.")
        raise Problem(422, "invalid-request", "The statement is too long.", [fault]) from None
    return found(answer, "statement")


Thorough = Annotated[bool, Query(description="Look at every document, not at totals alone: as dear as history.")]


@router.get("/reconciliation/stock")
async def reconcile_stock(
    company: str, reading: Read, as_of: AsOf = None, thorough: Thorough = False
) -> reconciliation.ReconciliationAnswer:
    """Whether what inventory says of its documents equals the inventory account on the day; where not, which differ."""
    async with reading.connection(company) as connection:
        day = as_of or await companies.today(connection, company)
        return await stock.reconcile(connection, company, day, thorough=thorough)


@router.get("/reconciliation/receivables")
async def reconcile_receivables(
    company: str, reading: Read, as_of: AsOf = None, thorough: Thorough = False
) -> reconciliation.ReconciliationAnswer:
    """Whether receivables equal their control account on the day; where not, the exact documents."""
    async with reading.connection(company) as connection:
        day = as_of or await companies.today(connection, company)
        return await reconciliation.receivables(connection, company, day, thorough=thorough)
