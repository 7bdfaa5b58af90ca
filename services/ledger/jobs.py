"""The clock's door of the ledger: every morning the companies that have a policy are dunned, and what is held for
credit is looked at on days from which something else holds.
"""

from __future__ import annotations

from collections.abc import Sequence

from chassis.cause import Cause
from chassis.ids import derive
from chassis.jobs import Job, JobContext, Jobs
from services.ledger import handlers
from services.ledger.commands import RunDunning
from services.ledger.handlers.bookkeeping import open_books
from services.ledger.handlers.credit import QUEUE as CREDIT_DAYS
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


@jobs.queue(CREDIT_DAYS, lease_s=120, batch=1)
async def look_at_credit(batch: Sequence[Job], context: JobContext) -> None:
    """A day of a company has begun from which another limit, policy or rate holds."""
    for job in batch:
        async with context.finishing([job]) as unit:
            cause = Cause.unasked(derive("credit-day", job.company, job.key), job.company, "clock", unit.now)
            await handlers.review_all({job.company: cause}, unit)
