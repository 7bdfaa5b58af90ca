"""Classes of documents as a company defines them."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Answer, Result
from services.documents.commands import DefineClass
from services.documents.store import classes as store


async def define_classes(commands: Sequence[DefineClass], unit: UnitOfWork) -> Sequence[Result]:
    """Write the next version of each class. What is on file keeps the version that it was checked by."""
    versions = await store.add_classes(unit.raw, commands, unit.now)
    results: list[Result] = []
    for command in commands:
        version = versions.get((command.cause.company, command.code, command.cause.id))
        if version is None:
            detail = "Somebody else changed the class at the same moment."
            results.append(Refused("class-changed", detail, status=409))
            continue
        unit.audit(command.cause, "class-defined", command.code, {"version": version})
        results.append(Answer(200, {"class": command.code, "version": version}))
    return results
