"""Mail that is asked for, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.ids import UUID
from chassis.requests import Answer
from services.documents.commands import AskMail, NoteMailStep
from services.documents.store import mails as store

MAIL = "mail"
"""The queue of mail that is to go out; a job's key is the mail."""
ACTOR = "system:mail"


async def ask_mails(commands: Sequence[AskMail], unit: UnitOfWork) -> Sequence[Answer]:
    """Send documents, each to each recipient once. What was refused is tried anew; all else stays as it is."""
    keys = [(command.cause.company, command.mail) for command in commands]
    added = await store.add_mails(unit.raw, commands, unit.now)
    last = await store.last_steps(unit.raw, set(keys) - added)
    steps: list[NoteMailStep] = []
    answers: list[Answer] = []
    for command, key in zip(commands, keys, strict=True):
        nth, step = last.get(key, (0, "refused"))
        asks = step == "refused"
        if asks:
            nth, step = nth + 1, "asked"
            last[key] = (nth, step)
            steps.append(NoteMailStep(*key, nth, step, "", command.cause.actor))
            unit.audit(command.cause, "mail-asked", str(command.document), {"mail": str(command.mail)})
            unit.enqueue(MAIL, command.cause.company, {}, key=str(command.mail))
        answers.append(Answer(202 if asks else 200, {"mail": str(command.mail), "state": step, "asked": asks}))
    if steps:
        await store.add_steps(unit.raw, steps, unit.now)
    return answers


async def note_mail_steps(commands: Sequence[NoteMailStep], unit: UnitOfWork) -> set[tuple[str, UUID, int]]:
    """Write down what became of mails; returns the steps that were ours to take."""
    taken = await store.add_steps(unit.raw, commands, unit.now)
    for command in commands:
        if command.step in ("sent", "refused") and (command.company, command.mail, command.nth) in taken:
            cause = Cause.unasked(command.mail, command.company, command.actor, unit.now)
            unit.audit(cause, f"mail-{command.step}", str(command.mail))
    return taken
