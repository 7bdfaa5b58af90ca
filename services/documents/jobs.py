"""The clock's door of documents: rendering in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from chassis.ids import UUID
from chassis.jobs import Job, JobContext, Jobs, TurnContext
from services.documents import handlers
from services.documents.commands import KeepContent
from services.documents.keeping.folder import Folder
from services.documents.keeping.maildir import Maildirs
from services.documents.keeping.receiving import take_from_mail
from services.documents.keeping.sweeping import NAME as SWEEP_FILES
from services.documents.keeping.sweeping import Sweep
from services.documents.keeping.watching import take_from_folder
from services.documents.mailing.post import Post
from services.documents.mailing.rounds import send_mails
from services.documents.rendering.desk import Desk
from services.documents.store import documents as store

LEASE_S = 180
"""On a machine that is busy with orders the renderer gets almost nothing, and that is meant; a batch may take long."""
BATCH = 40
FOLDER_LEASE_S = 300
MAIL_LEASE_S = 300
MAIL_BATCH = 10
SWEEP_EVERY_S = 3_600
SWEEP_LEASE_S = 900
HALF_WRITTEN_MAX_S = 3_600
"""Writing a file takes milliseconds; what is half written for so long was left by a crash."""


def jobs_of(desk: Desk) -> Jobs:
    """What documents does when nobody waits for it."""
    jobs = Jobs("documents")

    @jobs.queue(handlers.RENDER, lease_s=LEASE_S, batch=BATCH)
    async def render(batch: Sequence[Job], context: JobContext) -> None:
        """Typeset outside any transaction, keep the files, then write down which they are."""
        keys = {job.id: (job.company, UUID(job.key)) for job in batch}
        async with context.unit({job.company for job in batch}) as unit:
            papers = await store.papers_to_render(unit.raw, list(keys.values()))
        results = dict(zip(papers, await desk.render(list(papers.values())), strict=True))
        done: list[Job] = []
        for job in batch:
            result = results.get(keys[job.id])
            if result is None or isinstance(result, KeepContent):  # None: somebody asked for it meanwhile
                done.append(job)
            else:
                context.fail(job, result.error)
        if done:
            async with context.finishing(done) as unit:
                await handlers.keep_contents([r for r in results.values() if isinstance(r, KeepContent)], unit)

    @jobs.every(SWEEP_EVERY_S, "sweep-store")
    async def sweep_store(_context: TurnContext) -> None:
        """A process that was killed while it wrote leaves a file that nobody will ever ask for."""
        await asyncio.to_thread(desk.contents.sweep, HALF_WRITTEN_MAX_S)

    @jobs.every(SWEEP_EVERY_S, SWEEP_FILES, lease_s=SWEEP_LEASE_S)
    async def sweep_files(context: TurnContext) -> None:
        """An upload that was refused at last, or broke off, leaves a file that no row ever speaks of."""
        await Sweep(desk.contents, desk.settings.sweep_age_s, context).run()

    if desk.settings.smtp_url is not None:
        post = Post(desk.settings)

        @jobs.queue(handlers.MAIL, lease_s=MAIL_LEASE_S, batch=MAIL_BATCH)
        async def mail(batch: Sequence[Job], context: JobContext) -> None:
            """Hand mail over to the mail server, outside any transaction."""
            await send_mails(batch, post, desk.contents, desk.settings.mail_give_up_s, context)

    if desk.settings.intake_dir is not None:
        folder = Folder(desk.settings.intake_dir, desk.settings.intake_quiet_s)

        @jobs.every(desk.settings.intake_every_s, "folder-intake", lease_s=FOLDER_LEASE_S)
        async def watch_folder(context: TurnContext) -> None:
            """Put what other programs left in the folder on file."""
            await take_from_folder(folder, desk.contents, desk.settings.upload_bytes_max, context)

    if desk.settings.mail_intake_dir is not None:
        boxes = Maildirs(desk.settings.mail_intake_dir)

        @jobs.every(desk.settings.intake_every_s, "mail-intake", lease_s=FOLDER_LEASE_S)
        async def watch_mail(context: TurnContext) -> None:
            """Put mail that was delivered on file, with what is attached to it."""
            await take_from_mail(boxes, desk.contents, desk.settings.upload_bytes_max, context)

    return jobs
