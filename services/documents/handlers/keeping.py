"""How long papers are kept: from which day it is counted."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.database import UnitOfWork
from chassis.errors import Outcomes
from services.documents.commands import StartRetention
from services.documents.store import documents as store


async def start_retention(commands: Sequence[StartRetention], unit: UnitOfWork) -> Outcomes:
    """Note the day, or that none runs any more, for all papers of these people, those included that are filed later."""
    if commands:
        await store.add_retentions(unit.raw, commands, unit.now)
    for command in commands:
        action = "retention-started" if command.since is not None else "retention-withdrawn"
        unit.audit(command.cause, action, str(command.employee), {"since": command.since})
    return None
