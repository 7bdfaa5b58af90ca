"""Builds inventory. Importing this has no effect; only `build` constructs."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.service import Service
from services.inventory.api import ROUTERS
from services.inventory.consumers import consumers
from services.inventory.jobs import jobs
from services.inventory.settings import InventorySettings


def build(settings: InventorySettings, parts: Sequence[str]) -> Service:
    """The service with the parts that this process runs."""
    return Service(settings, consumers=consumers, routers=ROUTERS, jobs=jobs, parts=parts)
