"""Orders that wait for credit: seen, and let pass by who may; how a customer stands."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from chassis.http import Router
from chassis.ids import UUID
from contracts.base import Remark
from services.ledger import handlers
from services.ledger.api.inputs import Body, Limit, Read, found, to_uuid
from services.ledger.api.money import Approve
from services.ledger.commands import ReleaseCredit
from services.ledger.queries import companies, credit, customers

router = Router(prefix="/v1/companies/{company}", tags=["ledger"])

CUSTOMER_CHARS_MAX = 64


class ReleaseBody(Body):
    """Why the order may pass, if there is anything to say."""

    reason: Remark | None = None


@router.post("/orders/{order}/credit-release")
async def release_credit(company: str, order: uuid.UUID, body: ReleaseBody, call: Approve) -> Response:
    """Let an order pass that is over its customer's limit."""
    command = ReleaseCredit(company, UUID(order.hex), body.reason, call.cause(company))
    return await call.run(handlers.release_credit, command)


@router.get("/credit-holds")
async def list_holds(
    company: str,
    reading: Read,
    customer: Annotated[str | None, Query(max_length=CUSTOMER_CHARS_MAX)] = None,
    after: Annotated[uuid.UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> credit.HoldsAnswer:
    """Orders that wait for credit, the oldest first."""
    async with reading.connection(company) as connection:
        return await credit.holds(connection, company, customer, to_uuid(after), limit)


@router.get("/customers/{customer}/credit")
async def show_credit(company: str, customer: str, reading: Read) -> credit.CreditAnswer:
    """What a registered customer owes and has ordered, against today's limit."""
    async with reading.connection(company) as connection:
        found(await customers.one(connection, company, customer, None), "customer")
        today = await companies.today(connection, company)
        unasked = await handlers.ordered_of(connection, company, customer)
        return await credit.standing(connection, company, customer, today, unasked)
