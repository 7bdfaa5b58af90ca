"""Settings of payroll: those of every service, under the prefix `PAYROLL_`; its master key, and where papers go."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from chassis.settings import ServiceSettings


class PayrollSettings(ServiceSettings):
    """Read from the environment under `PAYROLL_`."""

    service: ClassVar[str] = "payroll"

    documents_url: str | None = None
    """Where documents answers; without it payslips are not put on file."""
    vault_key_file: Path | None = None
    """File with the master key, at least 32 bytes of chance; without it personal data can be neither kept nor read.
    It must be backed up apart from the database: whoever loses it loses all sealed data."""
