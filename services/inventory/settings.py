"""Settings of inventory: those of every service, under the prefix `INVENTORY_`."""

from __future__ import annotations

from typing import ClassVar

from chassis.settings import ServiceSettings


class InventorySettings(ServiceSettings):
    """Inventory adds none of its own."""

    service: ClassVar[str] = "inventory"
