"""The HTTP door of payroll, one module per topic. Behind the gateway its addresses begin with `/payroll`."""

from __future__ import annotations

from chassis.http import Router
from services.payroll.api import (
    checklists,
    leave,
    organisation,
    pay_runs,
    pay_terms,
    pay_totals,
    payers,
    payslips,
    people,
    training,
)

ROUTERS: tuple[Router, ...] = (
    people.router,
    organisation.router,
    checklists.router,
    leave.router,
    training.router,
    pay_terms.router,
    payers.router,
    pay_runs.router,
    pay_totals.router,
    payslips.router,
)
"""Every module's own router; `main` mounts them all."""
