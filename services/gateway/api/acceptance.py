"""From what a front office said to a command with its identity, and from the door's result to what it is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from chassis.cause import Cause
from chassis.database import COMPANY
from chassis.errors import Fault, Problem, Refused, problem_of
from chassis.ids import UUID, derive
from chassis.requests import Answer, RequestIdentity, Result
from services.gateway import handlers
from services.gateway.admission import Bucket
from services.gateway.api.cloudevents import Said, said
from services.gateway.api.entry import Gateway
from services.gateway.commands import Accept
from services.gateway.keys import Key, missing_scope
from services.gateway.translate.forms import Form
from services.gateway.translate.intake import check, instant

SCOPE = "accept"
"""All accepted requests share one scope of keys, because a request's id already says who asked what."""

Prepared = tuple[Accept, RequestIdentity]


class Acceptance(NamedTuple):
    """One call by a key: prepares its events and passes them through the door."""

    gateway: Gateway
    key: Key
    now: datetime
    traceparent: str | None
    bucket: Bucket

    def of_event(self, event: object) -> Prepared:
        """A CloudEvent as a command. Raises Problem 403 or 422; pointers start at the event."""
        told = said(event, self.key.only_company(), self.now)
        self._allow(told.form, told.company)
        if not self.key.speaks_for(told.source):
            detail = f"This key sends events of the source {self.key.source}."
            raise Problem(403, "source-not-allowed", detail, [Fault("/source", "source-not-allowed", detail)])
        request = derive("request", told.company, told.source, told.id)
        known_by = (instant(told.time), told.subject)
        return self._command(told, request, known_by, "/data")

    def of_form(self, form: Form, data: dict[str, Any], route: str, key: str, source: str | None = None) -> Prepared:
        """A typed body with its `company` as a command. Raises Problem 403 or 422; pointers start at the body."""
        company = self._company(data.pop("company", None))
        self._allow(form, company)
        source = source or self.key.own_source
        client = self.key.caller.client
        request = derive("request", company, client, route, key)
        told = Said(form, key, source, company, None, None, None, None, data)
        return self._command(told, request, (route, client), "")

    async def settle(self, prepared: Sequence[Prepared]) -> list[Result | Problem]:
        """Commit what can be committed; results stand in the order of the commands. Raises Problem 429."""
        with self.gateway.admission.waiting(self.bucket, len(prepared)):
            results = await self.gateway.commands.submit_all(handlers.accept, prepared)
        for (command, identity), result in zip(prepared, results, strict=True):
            self.gateway.tally.note(identity.company, _door(command.type), result)
        return results

    def _company(self, named: object) -> str:
        if named is None:
            named = self.key.only_company()
        if named is None:
            fault = Fault("/company", "missing", "Name the company: this key is for several.")
        elif not isinstance(named, str) or not COMPANY.fullmatch(named):
            fault = Fault("/company", "pattern", "A company code is 1 to 32 of a-z, 0-9, _ and -.")
        else:
            return named
        raise Problem(422, "invalid-event", fault.detail, [fault])

    def _allow(self, form: Form, company: str) -> None:
        caller = self.key.caller
        if not caller.may_somewhere(form.scope):
            raise missing_scope(form.scope)
        if not caller.sees(company):
            detail = "This key is not for this company."
            raise Problem(403, "company-not-allowed", detail, [Fault("/company", "company-not-allowed", detail)])
        if not caller.may(form.scope, company):
            raise missing_scope(f"{form.scope} for {company}")

    def _behalf(self, told: str | None) -> str | None:
        """The person for whom the client acts. A system may say it; one that a provider vouches for is nobody else.

        Raises Problem 422 when both are there and differ.
        """
        caller = self.key.caller
        proven = self.key.person
        if proven is not None and told not in (None, proven):
            detail = "The token was made for another person; leave `onbehalfof` out."
            raise Problem(422, "invalid-event", detail, [Fault("/onbehalfof", "not-proven", detail)])
        return caller.on_behalf_of if proven is not None else told

    def _command(self, told: Said, request: UUID, known_by: tuple[object, ...], at: str) -> Prepared:
        """Raises Problem 422, which is counted: the sender may speak for the company, what it says is wrong."""
        try:
            return self._checked(told, request, known_by, at)
        except Problem as problem:
            self.gateway.tally.note(told.company, _door(told.form.event.event_type), problem)
            raise

    def _checked(self, told: Said, request: UUID, known_by: tuple[object, ...], at: str) -> Prepared:
        form, company, source = told.form, told.company, told.source
        limit = self.gateway.settings.event_bytes_max
        checked = check(form, told.data, company, source, self.now, at=at, said=known_by, event_bytes_max=limit)
        client = self.key.caller.client
        identity = str(request)
        trace = told.traceparent or self.traceparent
        caller = self.key.caller
        behalf = self._behalf(told.on_behalf_of)
        cause = Cause(request, company, identity, caller.actor, behalf, trace, self.now)
        command = Accept(
            cause,
            form.event.event_type,
            checked.subject,
            checked.body,
            source,
            checked.reference,
            client,
            told.id,
            told.time,
            checked.revision,
        )
        return command, RequestIdentity(company, SCOPE, identity, checked.hash, introduces_company=True)


def _door(event_type: str) -> str:
    return f"accept {event_type}"


def accepted(result: Result | Problem, at: str, reused: Problem) -> Answer:
    """The answer, if it is one. Raises the Problem that it is otherwise; its pointers start where the sender's do.

    `reused` is what a reused id or key is called on this surface.
    """
    if isinstance(result, Answer):
        return result
    if isinstance(result, Refused):
        raise _placed(result, at)
    raise reused if result.code == "idempotency-key-reused" else result


def _placed(refused: Refused, at: str) -> Problem:
    pointer = refused.pointer
    if pointer is not None and pointer != "/company":
        pointer = at + pointer
    return problem_of(Refused(refused.code, refused.detail, pointer, refused.status, refused.extra))


def event_id_reused() -> Problem:
    """409: the id stands for another event already."""
    detail = "An event with this source and id was accepted before with other content."
    return Problem(409, "event-id-reused", detail, [Fault("/id", "event-id-reused", detail)])


def key_reused() -> Problem:
    """422: the key stands for another request already."""
    return Problem(422, "idempotency-key-reused", "This Idempotency-Key was used before with other input.")


def location_of(body: Mapping[str, object]) -> dict[str, str]:
    """Where the request's progress is."""
    return {"Location": str(body["location"])}
