"""The tables of the gateway as SQLModel sees them; a test compares them with what the migrations make."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    ForeignKeyConstraint,
    LargeBinary,
    MetaData,
    Text,
)
from sqlmodel import Field, SQLModel

EXEMPT: dict[str, str] = {
    "api_key": "looked up by its id before the caller, and so the companies, are known; holds keyed hashes only",
    "api_key_version": "one number, by which a copy in memory knows that it is old",
    "gone_account": "asked before a caller's companies are known: which sign-ins are shut, and of which companies",
    "company_directory": "codes and names: which companies exist is known before a caller's companies are",
}
"""Tables without data of a company, and why."""


def _text(*, key: bool = False, null: bool = False) -> Column[str]:
    return Column(Text, primary_key=key, nullable=null)


def _moment(*, null: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=null)


class _Row(SQLModel):
    """Names of tables are the gateway's own."""

    metadata = MetaData()


class ApiKey(_Row, table=True):
    """A key of a front-office system: what it opens, and a keyed hash of its secret."""

    __tablename__ = "api_key"
    __table_args__ = (
        ForeignKeyConstraint(["replaces"], ["api_key.id"]),
        CheckConstraint("cardinality(companies) > 0 and cardinality(scopes) > 0"),
    )
    id: str = Field(sa_column=_text(key=True))
    client: str = Field(sa_column=_text())
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    source: str = Field(sa_column=_text())
    companies: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime = Field(sa_column=_moment())
    expires_at: datetime | None = Field(sa_column=_moment(null=True))
    replaces: str | None = Field(sa_column=_text(null=True))
    revoked_at: datetime | None = Field(sa_column=_moment(null=True))
    events_per_s: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    burst_events: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    in_flight_events: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    employee: UUID | None


class ApiKeyVersion(_Row, table=True):
    """Raised by every change of a key."""

    __tablename__ = "api_key_version"
    __table_args__ = (CheckConstraint("one"),)
    one: bool = Field(primary_key=True)
    version: int = Field(sa_column=Column(BigInteger, nullable=False))


class GoneAccount(_Row, table=True):
    """A name under which somebody signed in who has left this company."""

    __tablename__ = "gone_account"
    account: str = Field(sa_column=_text(key=True))
    company: str = Field(sa_column=_text(key=True))
    employee: UUID
    at: datetime = Field(sa_column=_moment())
    readmitted_at: datetime | None = Field(sa_column=_moment(null=True))


class CompanyDirectory(_Row, table=True):
    """The companies that were registered."""

    __tablename__ = "company_directory"
    company: str = Field(sa_column=_text(key=True))
    name: str = Field(sa_column=_text())
    at: datetime = Field(sa_column=_moment())


class Accepted(_Row, table=True):
    """What was accepted about which thing. Facts: an order is placed once, each revision of it accepted once."""

    __tablename__ = "accepted"
    company: str = Field(sa_column=_text(key=True))
    subject: UUID = Field(primary_key=True)
    type: str = Field(sa_column=_text(key=True))
    revision: int = Field(default=1, primary_key=True)
    request: UUID
    client: str = Field(sa_column=_text())
    source: str = Field(sa_column=_text())
    reference: str = Field(sa_column=_text())
    at: datetime = Field(sa_column=_moment())
    actor: str | None = Field(sa_column=_text(null=True))
    on_behalf_of: str | None = Field(sa_column=_text(null=True))


class TimelineFact(_Row, table=True):
    """One event of the timeline of an order, payment or employee. Facts."""

    __tablename__ = "timeline_fact"
    company: str = Field(sa_column=_text(key=True))
    subject: UUID = Field(primary_key=True)
    event_id: UUID = Field(primary_key=True)
    type: str = Field(sa_column=_text())
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    at: datetime = Field(sa_column=_moment())
    summary: bytes | None = Field(sa_column=Column(LargeBinary, nullable=True))


class Subscription(_Row, table=True):
    """A named cursor of a client in a topic."""

    __tablename__ = "subscription"
    company: str = Field(sa_column=_text(key=True))
    client: str = Field(sa_column=_text(key=True))
    name: str = Field(sa_column=_text(key=True))
    topic: str = Field(sa_column=_text())
    type: str | None = Field(sa_column=_text(null=True))
    subject: str | None = Field(sa_column=_text(null=True))
    place: str = Field(sa_column=_text())
    """Everything before it was acknowledged: a token of the topic's streams."""
    turn: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="1"))
    """Raised when it is set back or opened anew: cursors given out before that acknowledge nothing any more."""
    opened_at: datetime = Field(sa_column=_moment())
    moved_at: datetime = Field(sa_column=_moment())
    closed_at: datetime | None = Field(sa_column=_moment(null=True))


class OrderInvoice(_Row, table=True):
    """An invoice that an order is found by, whatever its revision. Facts, rebuilt with the timelines."""

    __tablename__ = "order_invoice"
    company: str = Field(sa_column=_text(key=True))
    number: str = Field(sa_column=_text(key=True))
    order_id: UUID = Field(primary_key=True)
    currency: str = Field(sa_column=_text())
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))


class OrderSummary(_Row, table=True):
    """What orders are searched by; rebuilt from the topics at any time. `state` follows from `facts` alone."""

    __tablename__ = "order_summary"
    company: str = Field(sa_column=_text(key=True))
    order_id: UUID = Field(primary_key=True)
    revision: int = Field(default=1)
    facts: int = Field(sa_column=Column(BigInteger, nullable=False))
    taken_back: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    """Bits of facts that do not hold: another invoice is open or to come, or a payment has bounced."""
    state: str = Field(sa_column=Column(Text, Computed("…"), nullable=False))
    source: str | None = Field(sa_column=_text(null=True))
    reference: str | None = Field(sa_column=_text(null=True))
    customer_id: str | None = Field(sa_column=_text(null=True))
    customer_name: str | None = Field(sa_column=_text(null=True))
    currency: str | None = Field(sa_column=_text(null=True))
    placed_at: datetime | None = Field(sa_column=_moment(null=True))
    accepted_at: datetime | None = Field(sa_column=_moment(null=True))
    invoice_number: str | None = Field(sa_column=_text(null=True))
    total: str | None = Field(sa_column=_text(null=True))
    invoice_revision: int | None = Field(default=None)
