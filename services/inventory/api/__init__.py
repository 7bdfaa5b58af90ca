"""The HTTP door of inventory, one module per noun. Behind the gateway its addresses begin with `/inventory`."""

from __future__ import annotations

from chassis.http import Router
from services.inventory.api import bins, importing, movements, shipping, stock, valuation

ROUTERS: tuple[Router, ...] = (
    stock.router, shipping.router, movements.router, bins.router, valuation.router, importing.router,
)  # fmt: skip
"""Every module's own router; `main` mounts them all."""
