"""The clock's door of the ledger: every morning the companies that have a policy are dunned."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.cause import Cause
from chassis.ids import derive
from chassis.jobs import Job, JobContext, Jobs
from services.ledger import handlers
from services.ledger.commands import RunDunning
from services.ledger.handlers.bookkeeping import open_books
from services.ledger.handlers.dunning import QUEUE, next_morning

jobs = Jobs("ledger")


@jobs.queue(QUEUE, lease_s=120, batch=1)
async def dun(batch: Sequence[Job], context: JobContext) -> None:
    """Run the day of a company, and ask for the next morning in the same commit."""
    for job in batch:
        async with context.finishing([job]) as unit:
            books = (await open_books(unit))[job.company]
            identity = derive("dunning-run", job.company, books.day_of(unit.now))
            cause = Cause.unasked(identity, job.company, "clock", unit.now)
            await handlers.run_dunning([RunDunning(job.company, None, cause)], unit)
            unit.enqueue(QUEUE, job.company, {}, key=job.key, run_at=next_morning(books, unit.now))
