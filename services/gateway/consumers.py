"""The Kafka door: what is said of orders, payments and hires ends in a timeline, through one function, a whole batch at
a time. Topics that say nothing of these are not read (decision 0022)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.consumers import Consumers, Received
from chassis.database import UnitOfWork
from contracts.documents import DocumentRegisteredV2, DocumentStoredV2
from contracts.ledger import (
    AccountOpened,
    CompanyChanged,
    CompanyRegistered,
    CreditCheckRequired,
    ExchangeRateRecorded,
    TaxCodeDefined,
)
from services.gateway import handlers
from services.gateway.translate.timelines import VIEWS, to_fold

consumers = Consumers("gateway")


async def on_anything(events: Sequence[Received[Any]], unit: UnitOfWork) -> None:
    """A front office asks the gateway what became of its order, payment or hire; this is how the gateway knows.

    The timelines are sets of facts, so all types go through one call, in whole runs: order does not matter here.
    """
    await handlers.fold(to_fold(events), unit)


for _view in VIEWS:
    consumers.on(_view, whole_runs=True, introduces_company=_view.event_type == CompanyRegistered.event_type)(
        on_anything
    )

consumers.ignore(ExchangeRateRecorded, because="rates of exchange belong to no order; ask the ledger")
consumers.ignore(AccountOpened, TaxCodeDefined, because="the chart belongs to no order; ask the ledger")
consumers.ignore(CompanyChanged, because="a company is named by its code, which never changes; ask the ledger")
consumers.ignore(CreditCheckRequired, because="what is answered about an order is told by the answer")
consumers.ignore(DocumentRegisteredV2, DocumentStoredV2, because="no request waits for these papers; ask documents")
