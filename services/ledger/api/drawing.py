"""Statements on paper, for whom they are asked for."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request
from starlette.responses import Response

from chassis.errors import Fault, Problem
from chassis.http import Reading, Router
from services.ledger import handlers, translate
from services.ledger.api.inputs import Body, Day, Write
from services.ledger.api.reports import STATEMENT_DAYS, read_statement
from services.ledger.commands import DrawStatements
from services.ledger.queries import addressing, companies

router = Router(prefix="/v1/companies/{company}", tags=["ledger"])


class StatementBody(Body):
    """Which days the statement is over: up to today where no last one is given, from 90 days before it on."""

    as_of: Day | None = None
    since: Day | None = None


@router.post("/customers/{customer}/statements", status_code=201)
async def draw_statement(company: str, customer: str, body: StatementBody, call: Write, request: Request) -> Response:
    """Put a customer's statement on paper, one for each currency. Documents files it and names it by its id."""
    async with Reading(call.caller, request.app.state.doors).connection(company) as connection:
        today = await companies.today(connection, company)
        day = body.as_of or today
        since = body.since or day - timedelta(days=STATEMENT_DAYS)
        _check(since <= day <= today, "/since" if day <= today else "/as_of")
        answer = await read_statement(connection, company, customer, since, day, at="/since")
        to = await addressing.addressee(connection, company, customer, day)
        if to is None:
            raise Problem(409, "customer-without-address", "Nobody has said where this customer is.")
        own = await addressing.seller(connection, company, today)
        read = translate.to_statements(answer, own, to, today)
    return await call.run(handlers.draw_statements, DrawStatements(company, customer, day, read, call.cause(company)))


def _check(holds: bool, at: str) -> None:
    if not holds:
        fault = Fault(at, "date-impossible", "A statement is up to today at most, and begins before it ends.")
        raise Problem(422, "invalid-request", "There is no statement over these days.", [fault])
