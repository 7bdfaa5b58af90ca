"""Builds payroll. Importing this has no effect; only `build` constructs."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.service import Service
from services.payroll.api import ROUTERS
from services.payroll.consumers import consumers
from services.payroll.jobs import jobs
from services.payroll.settings import PayrollSettings


def build(settings: PayrollSettings, parts: Sequence[str]) -> Service:
    """The service with the parts that this process runs."""
    return Service(settings, consumers=consumers, routers=ROUTERS, jobs=jobs, parts=parts)
