"""What the gateway's queries answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal[
    "credited", "cancelled", "cancelling", "back_ordered", "paid", "partly_paid", "refused", "documented", "invoiced",
    "shipped", "reserved", "accepted", "announced",
]  # fmt: skip


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Current(_Answer):
    """How current an answer is."""

    as_of: datetime | None = Field(
        description="All that stood in the topics at this moment is in the answer, except events that are held here."
    )
    lag_events: int | None = Field(description="Events not folded in yet; null while the topics cannot be read.")


class OrderAnswer(_Answer):
    """One order, as its events tell."""

    id: str
    company: str
    state: State
    revision: int = Field(description="The latest revision that stock was decided for; 1 until the order is changed.")
    source: str | None
    reference: str | None
    customer: str | None = Field(description="The front office's id of the customer.")
    customer_name: str | None
    currency: str | None
    placed_at: datetime | None
    accepted_at: datetime | None
    invoice_number: str | None
    total: str | None = Field(description="Of its invoices, with tax, in the order's currency; null until invoiced.")


class FactAnswer(_Answer):
    """One event of a timeline."""

    event_id: str
    type: str
    sequence: int
    at: datetime
    summary: dict[str, Any] | None


class OrderTimeline(OrderAnswer):
    """An order with all that is known of it, oldest first."""

    request_id: str | None = Field(description="The request by which it was placed.")
    timeline: list[FactAnswer]
    current: Current


class OrderPage(_Answer):
    """Orders, newest first."""

    orders: list[OrderAnswer]
    next: str | None = Field(description="The `cursor` for what follows; null on the last page.")
    current: Current


class Delay(_Answer):
    """Why a department's part takes longer than it should."""

    code: Literal[
        "not-sent", "department-unavailable", "held", "timeline-behind", "department-busy", "credit-held",
        "back-ordered",
    ]  # fmt: skip
    detail: str


class StepAnswer(_Answer):
    """One department's part of a request."""

    department: str
    state: Literal["done", "refused", "waiting", "not_needed"]
    event: str = Field(description="The event that ends it, or ended it.")
    at: datetime | None
    summary: dict[str, Any] | None
    expected_at: datetime | None = Field(description="By when it should be done, while it is waited for.")
    delay: Delay | None


class RequestAnswer(_Answer):
    """What became of an accepted request."""

    request_id: str
    type: str
    company: str
    subject: str
    reference: str
    revision: int = Field(description="Of the order; 1 for all that is no change of one.")
    client: str
    accepted_at: datetime
    state: Literal["done", "refused", "in_progress"]
    departments: list[StepAnswer]
    current: Current
