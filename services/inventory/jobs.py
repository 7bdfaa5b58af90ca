"""The clock's door of inventory: an order's time is over, or somebody still waits for goods."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.cause import Cause
from chassis.ids import UUID, derive
from chassis.jobs import Job, JobContext, Jobs
from services.inventory import handlers
from services.inventory.commands import ExpireReservation, ShareOut
from services.inventory.handlers.waiting import EXPIRY, SHARING

jobs = Jobs("inventory")


@jobs.queue(EXPIRY, lease_s=60, batch=50)
async def expire(batch: Sequence[Job], context: JobContext) -> None:
    """Free what orders hold whose time is over."""
    async with context.finishing(batch) as unit:
        commands = []
        for job in batch:
            identity = derive("reservation-expiry", job.company, job.key, str(job.id))
            cause = Cause.unasked(identity, job.company, "clock", unit.now)
            commands.append(ExpireReservation(cause, UUID(job.key)))
        await handlers.expire_reservations(commands, unit)


@jobs.queue(SHARING, lease_s=60, batch=20)
async def share_out(batch: Sequence[Job], context: JobContext) -> None:
    """Look whether anybody waits for what is free."""
    async with context.finishing(batch) as unit:
        commands = []
        for job in batch:
            identity = derive("share-out", job.company, unit.now)
            cause = Cause.unasked(identity, job.company, "clock", unit.now)
            commands.append(ShareOut(cause))
        await handlers.share_what_is_free(commands, unit)
