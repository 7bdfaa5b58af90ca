"""Files that come in, their versions, and what they belong to."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.documents import translate
from services.documents.commands import ChangeFile, LinkDocument, TakeFile, UnlinkDocument
from services.documents.store import files, links


async def take_files(commands: Sequence[TakeFile], unit: UnitOfWork) -> Sequence[Answer]:
    """Put files on file with their first version; bytes that are on file in their class already get one more source."""
    standing = await files.standing(unit.raw, commands)
    ids = [standing.get(files.key_of(c)) or translate.file_id(*files.key_of(c)) for c in commands]
    new = await files.add_documents(unit.raw, list(zip(ids, commands, strict=True)), unit.now)
    first: list[tuple[UUID, TakeFile]] = []
    answers: list[Answer] = []
    for document, command in zip(ids, commands, strict=True):
        key = command.cause.company, document
        known = key not in new
        if not known:
            new.discard(key)
            first.append((document, command))
            unit.emit(*translate.file_registered(document, command), command.cause)
            unit.emit(*translate.file_stored(document, 1, command), command.cause, ordinal=1)
        unit.audit(command.cause, "file-known" if known else "file-taken", str(document))
        answers.append(
            Answer(
                200 if known else 201,
                {"document": str(document), "known": known, "sha256": command.content.sha256.hex()},
            )
        )
    await files.add_first_versions(unit.raw, first, unit.now)
    await files.add_values(unit.raw, [(c.cause.company, d, 1, c.metadata) for d, c in first])
    taken = list(zip(ids, commands, strict=True))
    asked = [LinkDocument(c.cause, d, kind, thing, "") for d, c in taken for kind, thing in c.links]
    await links.add_links(unit.raw, asked, unit.now)
    await files.add_sources(unit.raw, taken, unit.now)
    return answers


async def change_files(commands: Sequence[ChangeFile], unit: UnitOfWork) -> Sequence[Result]:
    """Write next versions; of two that follow the same one, one is written and the other is told."""
    added = await files.add_versions(unit.raw, commands, unit.now)
    results: list[Result] = []
    values: list[files.Values] = []
    for command in commands:
        version = added.get((command.cause.company, command.document, command.cause.id))
        if version is None:
            detail = "There is a newer version than the one that this change follows."
            results.append(Refused("version-changed", detail, "/after", 409))
            continue
        values.append((command.cause.company, command.document, version, command.metadata))
        if command.content is not None:
            unit.emit(*translate.file_stored(command.document, version, command), command.cause)
        unit.audit(command.cause, "file-changed", str(command.document), {"version": version})
        results.append(Answer(201, {"document": str(command.document), "version": version}))
    await files.add_values(unit.raw, values)
    return results


async def link_documents(commands: Sequence[LinkDocument], unit: UnitOfWork) -> Sequence[Answer]:
    """Link documents to business objects; what is linked already stays as it is."""
    added = await links.add_links(unit.raw, commands, unit.now)
    answers: list[Answer] = []
    for command in commands:
        key = links.key_of(command)
        new = key in added
        added.discard(key)
        if new:
            unit.audit(command.cause, "document-linked", str(command.document), {"kind": command.kind})
        answers.append(Answer(201 if new else 200, {"document": str(command.document), "linked": new}))
    return answers


async def unlink_documents(commands: Sequence[UnlinkDocument], unit: UnitOfWork) -> Sequence[Result]:
    """End links that people made; what an event linked stays linked."""
    ended = await links.end_links(unit.raw, commands, unit.now)
    by_events = await links.by_events(unit.raw, commands)
    results: list[Result] = []
    for command in commands:
        key = links.key_of(command)
        if key in ended:
            ended.discard(key)
            unit.audit(command.cause, "document-unlinked", str(command.document), {"kind": command.kind})
            results.append(Answer(200, {"document": str(command.document), "linked": False}))
        elif key in by_events:
            detail = "An event says that the document belongs to it; such a link does not end."
            results.append(Refused("link-by-event", detail, status=409))
        else:
            results.append(Refused("link-not-found", "The document is not linked to it.", status=404))
    return results
