"""Settings of payroll: those of every service, under the prefix `PAYROLL_`."""

from __future__ import annotations

from typing import ClassVar

from chassis.settings import ServiceSettings


class PayrollSettings(ServiceSettings):
    """Payroll adds none of its own."""

    service: ClassVar[str] = "payroll"
