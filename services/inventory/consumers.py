"""The Kafka door of inventory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.consumers import Consumers, Received
from chassis.database import UnitOfWork
from chassis.errors import Outcomes
from contracts.ledger import AccountOpened, CompanyChanged, CreditHeld, ExchangeRateRecorded, TaxCodeDefined
from services.inventory import handlers
from services.inventory.translate.adjusting import PostedLate, to_post_late
from services.inventory.translate.stock import (
    CreditAsked,
    CreditGiven,
    InvoiceNotIssued,
    NewCompany,
    OrderGone,
    OrderToChange,
    OrderToReserve,
    to_await_credit,
    to_learn_company,
    to_settle_order,
)

consumers = Consumers("inventory")


@consumers.on(NewCompany, introduces_company=True)
async def on_company_registered(events: Sequence[Received[NewCompany]], unit: UnitOfWork) -> Outcomes:
    """Stock is kept per company, so its orders wait until we know it."""
    return await handlers.learn_companies([to_learn_company(event) for event in events], unit)


@consumers.on(CreditAsked)
async def on_credit_check_required(events: Sequence[Received[CreditAsked]], unit: UnitOfWork) -> Outcomes:
    """Who might not pay gets no goods, and takes none from others: orders of the company wait from now on."""
    return await handlers.await_credit([to_await_credit(event) for event in events], unit)


@consumers.on(OrderToReserve, whole_runs=True)
@consumers.on(OrderToChange, whole_runs=True)
@consumers.on(OrderGone, whole_runs=True)
@consumers.on(InvoiceNotIssued, whole_runs=True)
@consumers.on(CreditGiven, whole_runs=True)
async def on_order_news(events: Sequence[Received[Any]], unit: UnitOfWork) -> Outcomes:
    """An order wants stock, a changed one other stock; one that is cancelled or cannot be invoiced must keep none.

    Where its company asks for credit, it gets none before the ledger has said so. One function for the five, because
    all of them lock stock: see `handlers.settle_orders`.
    """
    return await handlers.settle_orders([to_settle_order(event) for event in events], unit)


@consumers.on(PostedLate)
async def on_stock_posted_late(events: Sequence[Received[PostedLate]], unit: UnitOfWork) -> None:
    """Stock is worth what the books say on every day, also where a document came after its month was closed."""
    await handlers.post_late([to_post_late(event) for event in events], unit)


consumers.ignore(ExchangeRateRecorded, because="goods are valued in the company's own currency")
consumers.ignore(
    CompanyChanged,
    because="stock uses a company's currency and time zone, and those never change",
)
consumers.ignore(AccountOpened, TaxCodeDefined, because="the chart of accounts and taxes say nothing about stock")
consumers.ignore(CreditHeld, because="an order waits until it is approved or cancelled, whether that is said or not")
