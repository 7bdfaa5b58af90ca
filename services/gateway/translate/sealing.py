"""An accepted command as the event that goes to the outbox, and as the answer that its sender gets."""

from __future__ import annotations

import sys
from datetime import datetime

from chassis.errors import Refused
from chassis.ids import UUID, derive
from chassis.outbox import OutboxEvent, Producer
from contracts.registry import EVENTS
from services.gateway.commands import Accept
from services.gateway.translate.moments import wire

PRODUCER = Producer("/gateway", sys.maxsize)
"""Sizes are checked at the door, where the sender can still be told."""


def event_of(command: Accept, accepted_at: datetime) -> OutboxEvent:
    """The event of a front office: its own source and id kept, our id derived from the request."""
    cause = command.cause
    event = EVENTS[command.type]
    key = str(command.subject)
    return PRODUCER.sealed(
        event,
        key,
        derive(cause.id, command.type, key, 0),
        command.body,
        cause,
        source=command.source,
        time=wire(command.occurred_at or accepted_at),
        client_id=command.client_id,
    )


def answer_of(command: Accept) -> dict[str, object]:
    """What the sender is told, and told again for the same event."""
    request = str(command.cause.id)
    answer: dict[str, object] = {
        "request_id": request,
        "type": command.type,
        "company": command.cause.company,
        "subject": str(command.subject),
        "reference": command.reference,
        "location": f"/v1/requests/{request}",
    }
    if command.revision > 1:
        answer["revision"] = command.revision
    return answer


def company_unknown(company: str) -> Refused:
    """No CompanyRegistered has come for this code."""
    return Refused("company-unknown", f"There is no company {company} here.", "/company", 422)


def already_accepted(command: Accept, request: UUID) -> Refused:
    """Another request has said this of the same thing: an order is placed once, a payment received once."""
    detail = f"{command.type} was accepted before for this reference, with another id or key."
    return Refused("reference-reused", detail, "/reference", 409, {"request_id": str(request)})


def not_placed(command: Accept) -> Refused:
    """There is no order to change."""
    detail = f"No order with the reference {command.reference} of this source was placed here; place it first."
    return Refused("order-not-placed", detail, "/reference", 409)


def is_cancelled(command: Accept) -> Refused:
    """The order was cancelled."""
    return Refused("order-cancelled", f"Order {command.reference} was cancelled.", "/reference", 409)


def not_next(command: Accept, last: int, request: UUID | None) -> Refused:
    """The change follows another revision than the last one: somebody else changed the order, or one is missing."""
    detail = f"The order is at revision {last}: the next change has revision {last + 1}, not {command.revision}."
    extra: dict[str, object] = {"revision": last} | ({} if request is None else {"request_id": str(request)})
    return Refused("revision-not-next", detail, "/revision", 409, extra)
