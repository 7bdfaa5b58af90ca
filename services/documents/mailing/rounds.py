"""One round of mail: look at each, say that it is being sent, hand it over, write down what the server said.

That a mail is being sent is committed before the server hears of it, and its answer alone, at once. So whoever takes
over from a worker that died knows which mails may have arrived: at most the one whose answer was not written down yet
is sent twice, with the same Message-ID and the same bytes, and `unclear` stands between its attempts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from chassis.faults import hit
from chassis.ids import UUID
from chassis.jobs import Job, JobContext
from chassis.telemetry import logger
from services.documents import handlers
from services.documents.commands import NoteMailStep
from services.documents.domain.letters import OVER, Letter, Step, is_given_up, steps_before_sending, steps_to, written
from services.documents.handlers.mails import ACTOR
from services.documents.keeping.contents import ContentDamaged, ContentMissing, Contents, StoreAway
from services.documents.mailing.post import MailServerAway, Post, Told
from services.documents.store.mails import MailToSend, mails_to_send

NOT_RENDERED = Told("failed", "The document is not rendered yet.", "not rendered yet")
NO_STORE = Told("failed", "The store of contents does not answer.", "store away")
LINE_LOST = Told("failed", "The line to the mail server was lost before its turn.", "line lost")
TAKEN_OVER = "somebody else is sending it"

Ready = tuple[Job, MailToSend, bytes]


async def send_mails(
    batch: Sequence[Job], post: Post, contents: Contents, give_up_s: float, context: JobContext
) -> None:
    """Send what these jobs are about. Those that are sent or refused for good end; the others come again."""
    keys = {job.id: (job.company, UUID(job.key)) for job in batch}
    async with context.unit({job.company for job in batch}) as unit:
        found = await mails_to_send(unit.raw, list(keys.values()))
        now = unit.now
    ready: list[Ready] = []
    for job in batch:
        mail = found.get(keys[job.id])
        if mail is None or mail.step in OVER:
            continue
        if is_given_up(mail.asked_at, now, timedelta(seconds=give_up_s)):
            why = mail.detail or "It could not be handed over."
            given_up = steps_to("refused", f"Given up, the last thing said was: {why}", mail.step)
            await _note(context, _noted(mail, given_up))
            logger.warning("mail given up", action="mail", company=mail.company, mail=str(mail.mail))
            continue
        message = await _message(mail, contents)
        if isinstance(message, Told):
            await _put_off(job, mail, message, context)
        else:
            ready.append((job, mail, message))
    if not ready:
        return
    try:
        async with post.line() as line:
            trying = await _begin(ready, context)
            for job, mail, message in trying:
                told = await line.hand_over(mail.sender, mail.recipient, message) if line.is_up else LINE_LOST
                hit("job.done")
                begun = len(steps_before_sending(mail.step))
                await _note(context, _noted(mail, [(told.step, told.detail)], after=begun))
                if told.step not in OVER:
                    context.fail(job, told.code, transient=True)
                logger.info("mail", action="mail", company=mail.company, mail=str(mail.mail), step=told.step)
    except MailServerAway as away:
        logger.warning("mail waits", action="retry", error=str(away))
        for job, mail, _ in ready:
            await _put_off(job, mail, Told("failed", _sentence(str(away)), str(away)), context)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


async def _message(mail: MailToSend, contents: Contents) -> bytes | Told:
    """The bytes of a mail, or why there are none now."""
    if mail.sha256 is None or mail.media_type is None:
        return NOT_RENDERED
    try:
        content = await asyncio.to_thread(contents.fetch, mail.sha256)
    except StoreAway:
        return NO_STORE
    except (ContentMissing, ContentDamaged) as wrong:
        code = "content-missing" if isinstance(wrong, ContentMissing) else "content-damaged"
        logger.error("stored content is not what it was", action="alarm", code=code, about=mail.sha256)
        return Told("failed", "What is stored is not what was stored once.", code)
    return written(
        Letter(
            mail.message_id,
            mail.sender,
            mail.recipient,
            mail.language,
            mail.at,
            mail.document_class,
            mail.number,
            mail.title,
            mail.seller,
            mail.file_name,
            mail.media_type,
            content,
        )
    )


async def _begin(ready: Sequence[Ready], context: JobContext) -> list[Ready]:
    """Commit that these are being sent; those that another worker has begun meanwhile are left to it."""
    steps = (_noted(mail, steps_before_sending(mail.step)) for _, mail, _ in ready)
    taken = await _note(context, [step for of_mail in steps for step in of_mail])
    ours: list[Ready] = []
    for job, mail, message in ready:
        first = (mail.company, mail.mail, mail.nth + 1)
        if first in taken:
            ours.append((job, mail, message))
        else:
            context.fail(job, TAKEN_OVER, transient=True)
    return ours


async def _put_off(job: Job, mail: MailToSend, told: Told, context: JobContext) -> None:
    """This one comes again; why is written down once, however often it is the same."""
    if (mail.step, mail.detail) != (told.step, told.detail):
        await _note(context, _noted(mail, steps_to(told.step, told.detail, mail.step)))
    context.fail(job, told.code, transient=True)


async def _note(context: JobContext, steps: Sequence[NoteMailStep]) -> set[tuple[str, UUID, int]]:
    async with context.unit({step.company for step in steps}) as unit:
        return await handlers.note_mail_steps(steps, unit)


def _noted(mail: MailToSend, steps: Sequence[tuple[Step, str]], *, after: int = 0) -> list[NoteMailStep]:
    """Steps of a mail with their numbers: those that follow what was known of it, and `after` that were taken since."""
    first = mail.nth + after + 1
    return [
        NoteMailStep(mail.company, mail.mail, nth, step, detail, ACTOR)
        for nth, (step, detail) in enumerate(steps, first)
    ]
