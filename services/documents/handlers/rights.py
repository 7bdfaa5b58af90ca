"""Rights that are given and ended, and the log of readers."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Answer, Result
from services.documents.commands import EndAccess, GrantAccess, NoteReads
from services.documents.store import grants, reads


async def grant_access(commands: Sequence[GrantAccess], unit: UnitOfWork) -> Sequence[Answer]:
    """Write down who may what from now on, by whom and why."""
    await grants.add_grants(unit.raw, commands, unit.now)
    for command in commands:
        unit.audit(command.cause, "access-granted", str(command.grant), {"may": command.may})
    return [Answer(201, {"grant": str(command.grant)}) for command in commands]


async def end_access(commands: Sequence[EndAccess], unit: UnitOfWork) -> Sequence[Result]:
    """End rights; each ends once, whoever asks at the same moment."""
    keys = [(command.cause.company, command.grant) for command in commands]
    known = await grants.known(unit.raw, keys)
    ended = await grants.end(unit.raw, [c for c, k in zip(commands, keys, strict=True) if k in known], unit.now)
    results: list[Result] = []
    for command, key in zip(commands, keys, strict=True):
        if key in ended:
            ended.discard(key)
            unit.audit(command.cause, "access-ended", str(command.grant))
            results.append(Answer(200, {"grant": str(command.grant)}))
        elif key in known:
            results.append(Refused("grant-ended", "The right has ended already.", status=409))
        else:
            results.append(Refused("grant-not-found", "There is no such right.", status=404))
    return results


async def note_reads(commands: Sequence[NoteReads], unit: UnitOfWork) -> Sequence[Answer]:
    """Write down who reads what; only then do they read it."""
    await reads.add_reads(unit.raw, commands, unit.now)
    return [Answer(200, {}) for _ in commands]
