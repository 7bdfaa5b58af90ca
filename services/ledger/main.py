"""Composition: everything the ledger is made of is put together here, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.service import Service
from services.ledger.api import ROUTERS
from services.ledger.consumers import consumers
from services.ledger.jobs import jobs
from services.ledger.settings import LedgerSettings


def build(settings: LedgerSettings, parts: Sequence[str]) -> Service:
    """The ledger, ready to run."""
    return Service(settings, consumers=consumers, routers=ROUTERS, jobs=jobs, parts=parts)
