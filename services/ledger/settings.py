"""Settings of the ledger: those of every service, under the prefix `LEDGER_`."""

from __future__ import annotations

from typing import ClassVar

from chassis.settings import ServiceSettings


class LedgerSettings(ServiceSettings):
    """The ledger adds none of its own."""

    service: ClassVar[str] = "ledger"
