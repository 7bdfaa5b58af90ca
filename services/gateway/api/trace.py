"""`GET /v1/trace`: from a request to everything that followed, down to journal entries; and back from any of them.

The events are those that the timelines fold; the entries are asked of the ledger, which alone has them. An entry names
the event that caused it, so the chain can be read from either end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from chassis.errors import Fault, Problem
from chassis.http import Router
from chassis.ids import UUID
from contracts.registry import owner_of
from services.gateway.api.audit import Absent
from services.gateway.api.entry import Asked, a_uuid, ask
from services.gateway.queries import orders, requests
from services.gateway.queries.answers import Current, FactAnswer

router = Router(prefix="/v1", tags=["requests"])

POSTED = ("invoice", "credit_note", "payment", "shipment")
"""What a fact may name that has journal entries."""
WAYS_BACK = {
    "entry": ("ledger", "entries"),
    "invoice": ("ledger", "invoices"),
    "document": ("documents", "documents"),
}
"""From whom it is known which order a thing belongs to."""
IN_THE_BOOKS = ("entry", "invoice")
"""What has entries of its own, also where nobody placed an order or paid: manual, opening, payroll, late charges."""
AT_ONE_TIME = 50
"""Documents that the ledger is asked about in one question."""
NAMED_MAX = 500
AT_ONCE = 8
"""Companies that a department is asked about at the same time."""

Named = Annotated[str | None, Query(min_length=36, max_length=36)]


class TracedEvent(FactAnswer):
    """One event, and who told it."""

    department: str


class Trace(BaseModel):
    """A request with all that followed from it, as far as every department could be asked."""

    company: str
    subject: str = Field(description="The order, payment or employee that it is about.")
    requests: list[str] = Field(description="The requests about it that were accepted, the first one first.")
    events: list[TracedEvent]
    entries: list[dict[str, Any]] = Field(description="Journal entries, each with the event that caused it.")
    cut: bool = Field(description="Whether there are documents whose entries are not among them: too many for a page.")
    absent: list[Absent] = Field(description="Whoever could not be asked.")
    current: Current


@router.get("/trace")
async def get_trace(
    asked: Annotated[Asked, Depends(ask("orders:read"))],
    company: Annotated[str | None, Query(max_length=32)] = None,
    request: Named = None,
    subject: Named = None,
    invoice: Named = None,
    entry: Named = None,
    document: Named = None,
) -> Trace:
    """The whole way of one request, found by the request or by anything on the way: order, invoice, entry, document."""
    companies = await asked.companies(company)
    named = {"request": request, "subject": subject, "invoice": invoice, "entry": entry, "document": document}
    given = [(kind, a_uuid(value)) for kind, value in named.items() if value is not None]
    if len(given) != 1:
        detail = "Name one thing to begin at: request, subject, invoice, entry or document."
        raise Problem(422, "query-invalid", detail, [Fault("?request", "one-of", detail)])
    ((kind, thing),) = given
    of, about, told = await _place(asked, companies, kind, thing)
    async with asked.gateway.database.read([of]) as unit:
        facts = await orders.facts_of(unit.raw, of, about)
        accepted = await requests.requests_about(unit.raw, of, about)
        current = await asked.current(unit.raw)
    documents = _posted(facts, about)
    if not facts and not accepted:
        # It belongs to no order: what the ledger itself says of it (its cause, and who) is the whole way.
        if kind not in IN_THE_BOOKS:
            raise nothing_to_trace()
        documents = [str(told.get("document", thing))]
    entries, absent = await _entries(asked, of, documents[:NAMED_MAX])
    if kind == "entry" and not any(entry["entry"] == str(thing) for entry in entries):
        entries = [told, *entries]
    events = [TracedEvent(**fact.model_dump(), department=owner_of(fact.type)) for fact in facts]
    return Trace(
        company=of, subject=str(about), requests=accepted, events=events, entries=entries,
        cut=len(documents) > NAMED_MAX, absent=absent, current=current,
    )  # fmt: skip


async def _place(asked: Asked, companies: list[str], kind: str, thing: UUID) -> tuple[str, UUID, dict[str, Any]]:
    """The company and the order, payment or employee that a thing belongs to, and what the department that was asked
    says of it. Raises Problem 404, or 503 of whom only knows.
    """
    if kind == "request" and companies:
        async with asked.gateway.database.read(companies) as unit:
            found = await requests.accepted_request(unit.raw, companies, thing)
        if found is not None:
            return found.company, found.subject, {}
    elif kind == "subject" and companies:
        async with asked.gateway.database.read(companies) as unit:
            of = await requests.company_of(unit.raw, companies, thing)
        if of is not None:
            return of, thing, {}
    elif kind in WAYS_BACK:
        department, path = WAYS_BACK[kind]
        some = asyncio.Semaphore(AT_ONCE)

        async def told_by(of: str) -> dict[str, Any] | Problem | None:
            async with some:
                try:
                    return await _asked_of(asked, department, f"/v1/companies/{of}/{path}/{thing}")
                except Problem as problem:
                    return problem

        answers = await asyncio.gather(*map(told_by, companies))
        for of, told in zip(companies, answers, strict=True):
            if told is None or isinstance(told, Problem):
                continue
            about = told.get("order") or told.get("employee") or told.get("document")
            if about:
                return of, UUID(str(about)), told
        for problem in answers:  # it may be there, where nobody answered
            if isinstance(problem, Problem):
                raise problem
    raise nothing_to_trace()


async def _asked_of(asked: Asked, department: str, path: str) -> dict[str, Any] | None:
    """A department's answer, None when it has no such thing. Raises Problem 503."""
    try:
        return await asked.gateway.departments.ask(department, "GET", path, asked.key.caller)
    except Problem as problem:
        if problem.status == 404:
            return None
        raise


def _posted(facts: Iterable[FactAnswer], about: UUID) -> list[str]:
    """The documents of the facts that entries may stand for, each once, in their order."""
    found = [str((fact.summary or {})[name]) for fact in facts for name in POSTED if name in (fact.summary or {})]
    payment = [str(about)] if any(fact.type == "PaymentAllocated.v1" for fact in facts) else []
    return list(dict.fromkeys([*payment, *found]))


async def _entries(asked: Asked, company: str, documents: list[str]) -> tuple[list[dict[str, Any]], list[Absent]]:
    pages = [documents[start : start + AT_ONE_TIME] for start in range(0, len(documents), AT_ONE_TIME)]
    paths = [f"/v1/companies/{company}/entries?documents={','.join(page)}" for page in pages]
    try:
        told = await asyncio.gather(*(_asked_of(asked, "ledger", path) for path in paths))
    except Problem as problem:
        return [], [Absent.of("ledger", problem)]
    entries = {entry["entry"]: entry for page in told if page is not None for entry in page["entries"]}
    return sorted(entries.values(), key=lambda entry: str(entry["recorded_at"])), []


def nothing_to_trace() -> Problem:
    """404: nothing of this is known to this caller."""
    return Problem(404, "nothing-to-trace", "There is nothing here that this belongs to.")
