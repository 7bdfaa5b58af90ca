"""Papers: filed by events or by their facts, and which bytes they are. Batches, a constant number of statements."""

from __future__ import annotations

from collections.abc import Sequence

from chassis import companies
from chassis.database import UnitOfWork
from chassis.errors import Outcomes, Waiting
from chassis.requests import Answer
from services.documents import translate
from services.documents.commands import (
    ChangeLetterhead,
    ErasePerson,
    KeepContent,
    LearnCompany,
    MakePersonKeys,
    RegisterDocument,
    RegisterPapers,
    RegisterShipment,
)
from services.documents.rendering.templates import current
from services.documents.store import documents as store

RENDER = "render"
"""The queue of what is to be rendered; a job's key is the document."""


async def learn_companies(commands: Sequence[LearnCompany], unit: UnitOfWork) -> Outcomes:
    """Know these companies from now on, and what stands at the head of their papers."""
    await companies.learn(unit.raw, [command.company for command in commands])
    await store.add_letterheads(unit.raw, commands, unit.now)
    return None


async def change_letterheads(commands: Sequence[ChangeLetterhead], unit: UnitOfWork) -> Outcomes:
    """Keep what stands at the head of papers from a day on, ahead or late. Papers on file stay as they are."""
    known = await store.add_letterhead_changes(unit.raw, commands, unit.now)
    return [_unknown(c.cause.company) if c.cause.company not in known else None for c in commands]


async def register_documents(commands: Sequence[RegisterDocument], unit: UnitOfWork) -> Outcomes:
    """Put documents on file and ask for their rendering in the same commit. What is on file already is left alone."""
    await _register(commands, unit)
    return None


async def register_shipments(commands: Sequence[RegisterShipment], unit: UnitOfWork) -> Outcomes:
    """Put the papers of shipments on file, under the head of their day. It must have come before."""
    days = [(command.cause.company, command.departure.dispatched_on) for command in commands]
    sellers = await store.letterheads(unit.raw, set(days))
    ready = [(command, sellers[day]) for command, day in zip(commands, days, strict=True) if day in sellers]
    await _register([paper for c, seller in ready for paper in translate.papers_of_shipment(c, seller)], unit)
    return [None if day in sellers else _unknown(day[0]) for day in days]


def _unknown(company: str) -> Waiting:
    return Waiting(f"the address of company {company} is not known here")


async def register_papers(commands: Sequence[RegisterPapers], unit: UnitOfWork) -> Sequence[Answer]:
    """The same for papers whose facts were given. Each caller is told which are on file, and which of them by this."""
    added = await _register([paper for command in commands for paper in command.papers], unit)
    return [
        Answer(
            201,
            {
                "papers": [
                    {
                        "document": str(paper.document),
                        "class": paper.document_class,
                        "number": paper.number,
                        "registered": (paper.cause.company, paper.document) in added,
                    }
                    for paper in command.papers
                ]
            },
        )
        for command in commands
    ]


async def _register(commands: Sequence[RegisterDocument], unit: UnitOfWork) -> frozenset[store.DocumentKey]:
    await store.add_parties(unit.raw, commands)
    added = await store.add_documents(unit.raw, commands, unit.now)
    new = frozenset(added)
    await store.add_event_links(unit.raw, [c for c in commands if (c.cause.company, c.document) in new], unit.now)
    for command in commands:
        key = (command.cause.company, command.document)
        if key not in added:
            continue
        added.discard(key)
        template = current(command.document_class)
        name = None if template is None else template.name
        unit.emit(*translate.document_registered(command, name), command.cause)
        unit.audit(command.cause, "document-registered", str(command.document))
        if template is not None:
            unit.enqueue(RENDER, command.cause.company, {}, key=str(command.document))
    return new


async def keep_contents(commands: Sequence[KeepContent], unit: UnitOfWork) -> None:
    """Write down which bytes these documents are; where that is known already, it stays."""
    added = await store.add_contents(unit.raw, commands, unit.now)
    for command in commands:
        if (command.cause.company, command.document) in added:
            unit.emit(*translate.document_stored(command), command.cause)
            unit.audit(command.cause, "document-stored", str(command.document), {"sha256": command.sha256.hex()})


async def keep_contents_asked_for(commands: Sequence[KeepContent], unit: UnitOfWork) -> Sequence[Answer]:
    """The same for callers who wait: each is told which bytes stand from now on, its own or those that came first."""
    await keep_contents(commands, unit)
    standing = await store.standing_contents(unit.raw, [(c.cause.company, c.document) for c in commands])
    return [Answer(200, {"sha256": standing[c.cause.company, c.document].hex()}) for c in commands]


async def make_person_keys(commands: Sequence[MakePersonKeys], unit: UnitOfWork) -> Sequence[Answer]:
    """Keep keys for people who have none. What stands is read from its table: no answer carries a key."""
    await store.add_person_keys(unit.raw, {(c.company, *key) for c in commands for key in c.keys}, unit.now)
    return [Answer(200, {}) for _ in commands]


async def erase_people(commands: Sequence[ErasePerson], unit: UnitOfWork) -> Sequence[Answer]:
    """Empty these people's keys, also of those who had none: nothing can be sealed about them later either."""
    people = {(command.cause.company, command.person) for command in commands}
    erased = await store.erase_person_keys(unit.raw, people, unit.now)
    for command in commands:
        key = (command.cause.company, command.person)
        if key in erased:
            erased.discard(key)
            unit.audit(command.cause, "person-erased", str(command.person))
    return [Answer(200, {"person": str(command.person), "erased": True}) for command in commands]
