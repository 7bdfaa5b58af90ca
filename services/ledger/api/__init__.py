"""The HTTP door of the ledger, one module per topic. Behind the gateway its addresses begin with `/ledger`."""

from __future__ import annotations

from chassis.http import Router
from services.ledger.api import (
    books,
    calendar,
    credit,
    customers,
    dimensions,
    documents,
    drawing,
    dunning,
    entries,
    importing,
    money,
    prices,
    rates,
    reports,
    setup,
)

ROUTERS: tuple[Router, ...] = (
    setup.registry,
    setup.router,
    calendar.router,
    dimensions.router,
    customers.router,
    prices.router,
    importing.router,
    entries.router,
    documents.router,
    books.router,
    rates.router,
    money.router,
    reports.router,
    drawing.router,
    dunning.router,
    credit.router,
)
"""Every module's own routers; `main` mounts them all."""
