"""Builds payroll. Importing this has no effect; only `build` constructs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chassis.database import Database
from chassis.service import Service
from services.payroll.api import ROUTERS
from services.payroll.consumers import consumers
from services.payroll.filing import FilingCabinet
from services.payroll.handlers.leave import LeaveLedger
from services.payroll.jobs import jobs_of
from services.payroll.pay_desk import PayDesk
from services.payroll.settings import PayrollSettings


def build(settings: PayrollSettings, parts: Sequence[str]) -> Service:
    """The service with the parts that this process runs."""
    desk = PayDesk.of(settings.vault_key_file)
    jobs = jobs_of(desk, _cabinet(settings))
    service = Service(settings, consumers=consumers, routers=ROUTERS, jobs=jobs, parts=parts)
    service.app.state.pay_desk = desk
    service.app.state.leave = LeaveLedger(None) if desk is None else desk.leave
    cabinet = _cabinet(settings)
    service.app.state.filing = None if cabinet is None else cabinet(service.database)
    return service


def _cabinet(settings: PayrollSettings) -> Callable[[Database], FilingCabinet] | None:
    address, secret = settings.documents_url, settings.stack.backbone_internal_secret_file
    if address is None or secret is None:
        return None
    return lambda database: FilingCabinet(address, secret, database)
