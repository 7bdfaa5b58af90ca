"""`GET /v1/requests/{id}`: how far a request is, department by department, and why it takes long if it does."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import urlencode

import asyncpg

from chassis.auth import Caller
from chassis.errors import Problem
from chassis.http import Router
from chassis.operating import held_page
from contracts.gateway import OrderCancelled
from contracts.registry import EVENTS
from services.gateway.api.entry import Asked, AskRequests, a_uuid
from services.gateway.domain import progress
from services.gateway.domain.progress import Seen, Step
from services.gateway.queries import orders, requests
from services.gateway.queries.answers import Current, Delay, FactAnswer, RequestAnswer, StepAnswer
from services.gateway.queries.requests import AcceptedRequest
from services.gateway.translate.forms import FORMS

router = Router(prefix="/v1", tags=["requests"])

HERE = "gateway"
KEYED = ("invoice", "shipment")
KEYS_MAX = 40
MEASURED_FOR_S = 10.0
"""How long measured times of a company are used before they are measured again."""


@router.get("/requests/{request}")
async def get_request(asked: AskRequests, request: str) -> RequestAnswer:
    """What each department has done of a request, by when the rest is expected, and what holds it up."""
    request_id = a_uuid(request)
    companies = await asked.companies()
    if not companies:
        raise request_not_found()
    async with asked.gateway.database.read(companies) as unit:
        found = await requests.accepted_request(unit.raw, companies, request_id)
        if found is None or not _may_ask(asked, found):
            raise request_not_found()
        facts = await orders.facts_of(unit.raw, found.company, found.subject)
        current = await asked.current(unit.raw)
        measured = await _measured(asked, unit.raw, found.company)
        unsent = await requests.is_unsent(unit.raw, found.company, EVENTS[found.type].topic, found.subject)
    steps = progress.steps_of(found.type, _seen(facts, found))
    keys = _keys(found, facts)
    told = [await _told(asked, step, found, measured, current, keys, unsent=unsent) for step in steps]
    return RequestAnswer(
        request_id=str(request_id), type=found.type, company=found.company, subject=str(found.subject),
        reference=found.reference, revision=found.revision, client=found.client, accepted_at=found.at,
        state=progress.state_of(steps),
        departments=told, current=current,
    )  # fmt: skip


def _may_ask(asked: Asked, found: AcceptedRequest) -> bool:
    """Whoever sent it, and whoever may read such things."""
    caller = asked.key.caller
    return found.client == caller.client or caller.may(
        FORMS[found.type].scope.replace(":write", ":read"), found.company
    )


def _seen(facts: list[FactAnswer], found: AcceptedRequest) -> dict[str, Seen]:
    """The facts that answer this request: those of its own revision of the order; of the last one, if it is undone."""
    seen: dict[str, Seen] = {}
    revisions = [progress.revision_of(fact.type, fact.summary or {}) for fact in facts]
    wanted = found.revision if found.type != OrderCancelled.event_type else max(filter(None, revisions), default=1)
    for fact, revision in zip(facts, revisions, strict=True):
        summary = fact.summary or {}
        if revision not in (None, wanted):
            continue
        seen.setdefault(progress.kind_of(fact.type, summary), Seen(fact.type, fact.at, summary))
    return seen


async def _measured(asked: Asked, connection: asyncpg.Connection, company: str) -> Mapping[str, tuple[int, int]]:
    kept = asked.gateway.measured
    known = kept.get(company)
    if known is None or time.monotonic() - known[0] > MEASURED_FOR_S:
        known = kept[company] = time.monotonic(), await requests.measured_ms(connection, company)
    return known[1]


HELD_CODES: Mapping[str, Literal["credit-held", "back-ordered"]] = {
    "CreditHeld.v1": "credit-held",
    progress.WAITS: "back-ordered",
}
"""Why a department waits on purpose, by what it said."""


async def _told(
    asked: Asked,
    step: Step,
    found: AcceptedRequest,
    measured: Mapping[str, tuple[int, int]],
    current: Current,
    keys: Sequence[str],
    *,
    unsent: bool,
) -> StepAnswer:
    expected = delay = None
    if step.state == progress.WAITING:
        expected = progress.expected_at(found.at, step.awaits, measured)
        if step.held is not None:
            code = HELD_CODES[step.held.type]
            expected, delay = None, Delay(code=code, detail=str(step.held.summary.get("detail", "")))
        elif asked.gateway.clock.now() > expected:
            delay = await _delay(asked, step.department, found.company, current, keys, unsent=unsent)
    fact = step.fact
    return StepAnswer(
        department=step.department, state=step.state, event=(fact.type if fact else step.awaits.partition(":")[0]),
        at=fact.at if fact else None, summary=dict(fact.summary) if fact and fact.summary else None,
        expected_at=expected, delay=delay,
    )  # fmt: skip


def _keys(found: AcceptedRequest, facts: Sequence[FactAnswer]) -> list[str]:
    """Under which keys events of this request go: its subject's, and those of the invoices and shipments it led to."""
    named = [str(told[name]) for fact in facts for name in KEYED if name in (told := fact.summary or {})]
    return list(dict.fromkeys([str(found.subject), *named]))[:KEYS_MAX]


async def _delay(
    asked: Asked, department: str, company: str, current: Current, keys: Sequence[str], *, unsent: bool
) -> Delay:
    """The first thing on the way that does not work: our outbox, the department, an event that it or we hold, our own
    reading; else it is busy.
    """
    if unsent:
        return Delay(code="not-sent", detail="The event is safe here and waits until the topics can be written.")
    if not await asked.gateway.departments.is_ready(department):
        return Delay(code="department-unavailable", detail=f"{department} does not answer; the event waits for it.")
    for holder in (department, HERE):
        detail = await _held(asked, holder, company, keys)
        if detail is not None:
            return Delay(code="held", detail=detail)
    if current.lag_events:
        detail = f"{current.lag_events} events are not in this timeline yet; the answer may be among them."
        return Delay(code="timeline-behind", detail=detail)
    return Delay(code="department-busy", detail=f"{department} has not come to it yet.")


async def _held(asked: Asked, holder: str, company: str, keys: Sequence[str]) -> str | None:
    """What is held of these keys, and why; None where nothing is, or nobody says."""
    if holder == HERE:
        async with asked.gateway.database.read([company]) as unit:
            page = await held_page(unit.raw, company, 0, None, keys)
    else:
        query = urlencode({"keys": ",".join(keys)})
        ours = Caller(HERE, HERE, None, frozenset({company}), frozenset({"operations:read"}))
        try:
            page = await asked.gateway.departments.ask(holder, "GET", f"/v1/companies/{company}/held?{query}", ours)
        except Problem:
            return None
    if not page["held"]:
        return None
    first = min(page["held"], key=lambda row: (row["reason"] == "behind", row["id"]))
    person = "; somebody has to decide about it" if first["needs_person"] else ""
    return f"{holder} holds an event of {first['topic']} since {first['at']} ({first['reason']}){_why(first)}{person}."


def _why(held: Mapping[str, Any]) -> str:
    """The detail, unless it may repeat what stands in the event: then operators alone see it."""
    return f": {held['detail']}" if held["reason"] == "waiting" and held["detail"] else ""


def request_not_found() -> Problem:
    """404: no such request for this caller."""
    return Problem(404, "request-not-found", "There is no such request here.")
