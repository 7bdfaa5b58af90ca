"""Commands for tests of the HTTP door: a toy handler that notes what it is asked, and fails on request."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import new_id
from chassis.requests import Answer, RequestIdentity


@dataclass(frozen=True, slots=True)
class Note:
    """Write a reference down."""

    company: str
    reference: str


@dataclass
class NoteTaker:
    """The handler; it can be held in the middle of its transaction."""

    calls: list[int] = field(default_factory=list)
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    held: bool = False
    once: bool = False
    """Refuse what is noted already, as a department does that gives a code once."""
    sentence: str = "noted"

    async def take(self, commands: Sequence[Note], unit: UnitOfWork) -> Sequence[Answer | Refused]:
        """`refuse…` is refused, `poison` breaks a constraint, `bug` raises, `null` cannot be stored."""
        self.calls.append(len(commands))
        if any(command.reference == "bug" for command in commands):
            raise KeyError("a bug")
        there = {row[0] for row in await unit.raw.fetch("select reference from noted")} if self.once else set()
        accepted = [c for c in commands if not (c.reference.startswith("refuse") or c.reference in there)]
        await unit.raw.execute(
            "insert into noted (company, topic, key, sequence, event_id, reference) "
            "select c, 'http', 'k', 1, e, r from unnest($1::text[], $2::uuid[], $3::text[]) x(c, e, r)",
            [command.company for command in accepted],
            [new_id() for _ in accepted],
            ["a\x00b" if command.reference == "null" else command.reference for command in accepted],
        )
        self.entered.set()
        if self.held:
            await self.go_on.wait()
        return [
            Refused("no", "It was refused.", "/reference") if command not in accepted
            else Answer(201, {"reference": command.reference, "says": self.sentence}, {"Location": "/notes/1"})
            for command in commands
        ]  # fmt: skip


def identity(
    key: str, reference: str = "R", company: str = "acme", *, client: str = "webshop", introduces: bool = False
) -> RequestIdentity:
    """What the door of a route `POST /notes` would make of a request."""
    return RequestIdentity(company, f"POST /notes#{client}", key, sha256(reference.encode()).digest(), introduces)
