"""A turn of the watched folder: claim, look at each file, keep its bytes, put all on file in one commit, clear up."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import ValidationError

from chassis import strict_json
from chassis.cause import Cause
from chassis.database import COMPANY
from chassis.errors import Problem
from chassis.faults import hit
from chassis.ids import derive
from chassis.telemetry import logger
from services.documents import handlers
from services.documents.commands import Bytes, TakeFile
from services.documents.domain.classes import ClassOfDocuments
from services.documents.keeping.contents import Contents
from services.documents.keeping.folder import Dropped, Folder
from services.documents.keeping.intake import (
    Entry,
    check_said,
    class_that_takes_files,
    file_name_of,
    known_companies,
    take_in,
)
from services.documents.keeping.sniffing import Lying
from services.documents.translate import to_take_file

if TYPE_CHECKING:
    from chassis.jobs import TurnContext

FILES_MAX = 100
"""Of one company in one turn."""
ACTOR = "system:folder"


async def take_from_folder(folder: Folder, contents: Contents, bytes_max: int, context: TurnContext) -> None:
    """Take what lies there, company by company; a company that is not known yet keeps its files where they are."""
    names = await asyncio.to_thread(folder.companies, COMPANY)
    async for company, classes in known_companies(names, context):
        await _take(company, classes, folder, contents, bytes_max, context)


async def _take(
    company: str,
    classes: Mapping[str, ClassOfDocuments],
    folder: Folder,
    contents: Contents,
    bytes_max: int,
    context: TurnContext,
) -> None:
    looked_at: list[tuple[Dropped, Bytes, Entry, ClassOfDocuments, int]] = []
    for dropped in await asyncio.to_thread(folder.claim, company, FILES_MAX):
        try:
            looked_at.append(await asyncio.to_thread(_look, folder, dropped, classes, contents, bytes_max))
        except Lying as lie:
            await asyncio.to_thread(folder.refuse, dropped, lie.code, lie.detail)
            logger.warning("file refused", action="intake", company=company, code=lie.code)
    if not looked_at:
        return
    async with context.unit([company]) as unit:
        commands: list[TakeFile] = []
        for dropped, content, entry, of, written in looked_at:
            # The same drop after a crash is the same cause; the same bytes dropped another day are one more source.
            identity = derive("folder", company, of.code, dropped.name, written, content.sha256.hex())
            cause = Cause.unasked(identity, company, ACTOR, unit.now)
            commands.append(to_take_file(cause, "folder", of, entry, content))
        await handlers.take_files(commands, unit)
    hit("turn.committed")
    for dropped, *_ in looked_at:
        await asyncio.to_thread(folder.done, dropped)
    logger.info("files taken", action="intake", company=company, files=len(looked_at))


def _look(
    folder: Folder, dropped: Dropped, classes: Mapping[str, ClassOfDocuments], contents: Contents, bytes_max: int
) -> tuple[Dropped, Bytes, Entry, ClassOfDocuments, int]:
    of = class_that_takes_files(classes, dropped.document_class)
    entry = _entry(folder, dropped)
    check_said(of, entry.metadata)
    with folder.open(dropped) as file:
        written = os.fstat(file.fileno()).st_mtime_ns
        content = take_in(contents, file, file_name_of(dropped.name), None, of, bytes_max)
    return dropped, content, entry, of, written


def _entry(folder: Folder, dropped: Dropped) -> Entry:
    said = folder.said(dropped)
    if said is None:
        return Entry()
    try:
        return Entry.model_validate(strict_json.parse(said))
    except Problem as problem:
        raise Lying(problem.code, f"What stands beside the file: {problem.detail}") from None
    except ValidationError as error:
        places = "; ".join("/" + "/".join(map(str, e["loc"])) + ": " + e["msg"] for e in error.errors()[:20])
        raise Lying("invalid-request", f"What stands beside the file: {places}") from None
