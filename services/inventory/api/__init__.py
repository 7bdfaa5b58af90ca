"""The HTTP door of inventory, one module per noun. Behind the gateway its addresses begin with `/inventory`."""

from __future__ import annotations

from chassis.http import Router
from services.inventory.api import importing, movements, shipping, stock, valuation

ROUTERS: tuple[Router, ...] = (stock.router, shipping.router, movements.router, valuation.router, importing.router)
"""Every module's own router; `main` mounts them all."""
