"""Papers whose facts are given instead of heard: statements and labels on request, payslips without an event.

This is how confidential papers come: their facts travel in one signed call, are sealed before they are stored, and
stand in no event, log or error.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Annotated, Literal

import orjson
from fastapi import Depends, Request
from pydantic import Field
from starlette.responses import Response

from chassis.cause import Cause
from chassis.errors import Fault, Problem
from chassis.http import Call, Reading, Router, write
from chassis.ids import UUID
from chassis.requests import RequestIdentity, unavailable
from services.documents import handlers
from services.documents.api import facts
from services.documents.api.callers import WRITE
from services.documents.api.facts import Body, Facts, Id, Sender
from services.documents.commands import ErasePerson, MakePersonKeys, RegisterDocument, RegisterPapers
from services.documents.domain.access import reads_class
from services.documents.domain.classes import is_sealed
from services.documents.domain.filing import MADE_BY_EVENTS
from services.documents.keeping.intake import own
from services.documents.queries import access
from services.documents.queries.access import CONFIDENTIAL, Rights
from services.documents.rendering.barcodes import NoBarcode, barcode
from services.documents.rendering.desk import Desk
from services.documents.store import documents as store
from services.documents.translate import paper_id, party_id

PAPERS_MAX = 200
PERSON_KEYS = "person-keys"

Json = Mapping[str, object]

router = Router(prefix="/v1/companies/{company}", tags=["papers"])

Writers = Annotated[Call, Depends(write(WRITE, CONFIDENTIAL))]
Erasers = Annotated[Call, Depends(write(CONFIDENTIAL))]
ObjectKind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="customer, order, payslip …")]


class AboutBody(Body):
    """The business object that a paper is about: there is one paper of a class and number for each.

    Papers of goods about a `shipment` and dunning letters about a `letter` are made by events alone.
    """

    kind: ObjectKind
    id: Id


class LinkBody(Body):
    """A further business object that it belongs to."""

    kind: ObjectKind
    id: Id


class PaperBody(Body):
    """What every paper is filed by."""

    about: AboutBody
    order: Id | None = None
    links: Annotated[tuple[LinkBody, ...], Field(max_length=100, strict=False)] = ()


class Statement(PaperBody):
    """A customer's statement of account."""

    document_class: Annotated[Literal["statement"], Field(alias="class")]
    facts: facts.StatementFacts


class DunningLetter(PaperBody):
    """A letter about what is overdue."""

    document_class: Annotated[Literal["dunning_letter"], Field(alias="class")]
    facts: facts.DunningFacts


class DeliveryNote(PaperBody):
    """A delivery note."""

    document_class: Annotated[Literal["delivery_note"], Field(alias="class")]
    facts: facts.DeliveryFacts


class PackingList(PaperBody):
    """A packing list."""

    document_class: Annotated[Literal["packing_list"], Field(alias="class")]
    facts: facts.PackingFacts


class Labels(PaperBody):
    """Labels with barcodes."""

    document_class: Annotated[Literal["label"], Field(alias="class")]
    facts: facts.LabelFacts


class PurchaseOrder(PaperBody):
    """An order to a supplier; restricted, as suppliers' invoices are."""

    document_class: Annotated[Literal["purchase_order"], Field(alias="class")]
    facts: facts.PurchaseOrderFacts


class Payslip(PaperBody):
    """A payslip; confidential."""

    document_class: Annotated[Literal["payslip"], Field(alias="class")]
    employee: Id
    facts: facts.PayslipFacts


class Contract(PaperBody):
    """An employment contract; confidential."""

    document_class: Annotated[Literal["employment_contract"], Field(alias="class")]
    employee: Id
    facts: facts.ContractFacts


AnyPaper = Annotated[
    Statement | DunningLetter | DeliveryNote | PackingList | Labels | PurchaseOrder | Payslip | Contract,
    Field(discriminator="document_class"),
]


class PapersBody(Body):
    """Papers to be put on file and rendered; all of them or none."""

    papers: Annotated[list[AnyPaper], Field(min_length=1, max_length=PAPERS_MAX)]


@router.post("/papers", status_code=201)
async def register_papers(company: str, body: PapersBody, call: Writers, request: Request) -> Response:
    """Put papers on file. They are rendered when there is time, or at once when somebody asks for their content."""
    reading = Reading(call.caller, request.app.state.doors)
    async with reading.connection(company) as connection:
        rights = await access.rights(connection, company, call.caller, "write")
        letterheads = await store.letterheads(connection, {(company, paper.facts.issued_on) for paper in body.papers})
    _check(body.papers, rights)
    senders = _senders(body.papers, {day: head for (_, day), head in letterheads.items()})
    keys = await _person_keys(request, reading, company, body.papers)
    desk: Desk = request.app.state.desk
    cause = call.cause(company)
    papers = zip(body.papers, senders, strict=True)
    commands = tuple(_command(cause, paper, sender, desk, keys) for paper, sender in papers)
    # The hash that is kept of the request is a keyed one: nobody finds pay by trying amounts out on it.
    conceal = desk.seals.fingerprint if keys and desk.seals is not None else None
    return await call.run(handlers.register_papers, RegisterPapers(commands), conceal=conceal)


@router.post("/people/{employee}/erasure")
async def erase_person(company: str, employee: uuid.UUID, call: Erasers) -> Response:
    """Nobody reads any more what was sealed about this person, and nothing new is: the key goes, for ever."""
    if not call.caller.may_by_name(CONFIDENTIAL, company):  # by its own name, as for reading
        raise Problem(403, "scope-missing", f"This needs the scope {CONFIDENTIAL} by its own name.")
    return await call.run(handlers.erase_people, ErasePerson(call.cause(company), own(employee)))


def _check(papers: Sequence[AnyPaper], rights: Rights) -> None:
    """Raises Problem 403 for a class that the caller may not file, 422 for a place that is kept for events and for a
    barcode that cannot be written.
    """
    _check_places(papers)
    faults: list[Fault] = []
    for n, paper in enumerate(papers):
        if not reads_class(rights.reader, rights.of(paper.document_class)):
            raise Problem(403, "class-not-allowed", f"The caller may not file papers of {paper.document_class}.")
        for pointer, form, value in _barcodes(paper):
            try:
                barcode(form, value)
            except NoBarcode as wrong:
                faults.append(Fault(f"/papers/{n}/facts{pointer}", "barcode-impossible", f"{wrong}.".capitalize()))
    if faults:
        raise Problem(422, "barcode-impossible", "A barcode cannot be written.", faults[:10])


def _check_places(papers: Sequence[AnyPaper]) -> None:
    faults = [
        Fault(
            f"/papers/{n}/about/kind",
            "made-by-event",
            f"The {paper.document_class} of a {paper.about.kind} is made by its event; name another thing.",
        )
        for n, paper in enumerate(papers)
        if MADE_BY_EVENTS.get(paper.document_class) == paper.about.kind
    ]
    if faults:
        raise Problem(422, "made-by-event", "A paper is made by its event and by nobody else.", faults[:10])


def _senders(papers: Sequence[AnyPaper], heads: Mapping[date, Json]) -> list[Json]:
    """Whose each paper is: who is named, or the company as of its day. Raises Problem 409 while that is unknown."""
    unnamed = [n for n, paper in enumerate(papers) if paper.facts.seller is None and paper.facts.issued_on not in heads]
    if unnamed:
        detail = "The company's own name and address are not known here yet."
        faults = [Fault(f"/papers/{n}/facts/seller", "letterhead-unknown", detail) for n in unnamed[:10]]
        raise Problem(409, "letterhead-unknown", detail, faults)
    return [_sender(paper.facts.seller, heads.get(paper.facts.issued_on)) for paper in papers]


def _sender(named: Sender | None, letterhead: Json | None) -> Json:
    return dict(letterhead or {}) if named is None else named.model_dump(mode="json", exclude_none=True)


def _barcodes(paper: AnyPaper) -> list[tuple[str, str, str]]:
    """Where a barcode is asked for, in which form, with which value."""
    if isinstance(paper, Labels):
        labels = enumerate(paper.facts.labels)
        return [(f"/labels/{n}/barcode/value", one.barcode.form, one.barcode.value) for n, one in labels]
    if isinstance(paper, PackingList):
        packages = enumerate(paper.facts.packages)
        return [(f"/packages/{n}/sscc", "sscc", one.sscc) for n, one in packages if one.sscc is not None]
    return []


async def _person_keys(
    request: Request, reading: Reading, company: str, papers: Sequence[AnyPaper]
) -> dict[UUID, bytes]:
    """The keys of those whom sealed papers concern, made where there was none. Raises Problem 422 for the erased."""
    people = sorted(
        {
            own(paper.employee)
            for paper in papers
            if isinstance(paper, Payslip | Contract) and is_sealed(paper.document_class)
        }
    )
    if not people:
        return {}
    desk: Desk = request.app.state.desk
    if desk.seals is None:
        raise unavailable("sealing-not-set-up", "Confidential papers need a sealing key, and there is none here.")
    seals = desk.seals
    async with reading.connection(company) as connection:
        known = await store.person_keys(connection, company, people)
    missing = [person for person in people if person not in known]
    if not missing:
        return _unerased(papers, known)
    made = MakePersonKeys(company, tuple((person, seals.new_person_key(company, person)) for person in missing))
    key = str(request.state.request_id)
    identity = RequestIdentity(company, PERSON_KEYS, key, sha256(key.encode()).digest())
    await reading.doors.commands.submit(handlers.make_person_keys, made, identity)
    async with reading.connection(company) as connection:
        return _unerased(papers, await store.person_keys(connection, company, people))


def _unerased(papers: Sequence[AnyPaper], keys: Mapping[UUID, bytes | None]) -> dict[UUID, bytes]:
    faults = [
        Fault(f"/papers/{n}/employee", "person-erased", "This person's data was erased; nothing is filed about them.")
        for n, paper in enumerate(papers)
        if isinstance(paper, Payslip | Contract) and keys.get(own(paper.employee), b"") is None
    ]
    if faults:
        raise Problem(422, "person-erased", "Somebody's data was erased.", faults[:PAPERS_MAX])
    return {person: key for person, key in keys.items() if key is not None}


def _command(cause: Cause, paper: AnyPaper, sender: Json, desk: Desk, keys: dict[UUID, bytes]) -> RegisterDocument:
    stated = paper.facts
    company = cause.company
    document = paper_id(company, paper.document_class, paper.about.kind, own(paper.about.id), stated.number)
    employee = own(paper.employee) if isinstance(paper, Payslip | Contract) else None
    content = orjson.dumps(stated.model_dump(mode="json", by_alias=True, exclude_none=True) | {"seller": sender})
    sealed = employee is not None and is_sealed(paper.document_class)
    if sealed and employee is not None:
        assert desk.seals is not None
        content = desk.seals.seal(keys[employee], company, employee, document, content)
    name = _party(stated, sender)
    return RegisterDocument(
        cause,
        document,
        paper.document_class,
        stated.number,
        paper.about.kind,
        own(paper.about.id),
        None if paper.order is None else own(paper.order),
        employee,
        party_id(company, name),
        name,
        stated.language,
        stated.issued_on,
        content,
        sealed=sealed,
        links=tuple((link.kind, own(link.id)) for link in paper.links),
    )


def _party(stated: Facts, sender: Json) -> str:
    """Whom the paper is found by."""
    for who in ("customer", "employee", "supplier", "ship_to"):
        found = getattr(stated, who, None)
        if found is not None:
            return str(found.name)
    return str(sender["name"])
