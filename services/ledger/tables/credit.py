"""Orders whose credit was asked for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from services.ledger.tables.base import Row, minor, moment, text


class OrderCredit(Row, table=True):
    """A revision of an order, in minor units of the company's own currency; it counts while it is approved."""

    __tablename__ = "order_credit"
    __table_args__ = (
        CheckConstraint("state in ('held', 'approved', 'ended')"),
        CheckConstraint("amount >= 0"),
        CheckConstraint("billed >= 0"),
        CheckConstraint("state <> 'held' or credit_limit is not null", name="order_credit_held_by_limit"),
    )
    company: str = Field(sa_column=text(key=True))
    order_id: UUID = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    customer_id: str = Field(sa_column=text())
    state: str = Field(sa_column=text())
    amount: int = Field(sa_column=minor())
    billed: int = Field(sa_column=minor())
    exposure: int = Field(sa_column=minor())
    credit_limit: int | None = Field(sa_column=minor(null=True))
    asked_at: datetime = Field(sa_column=moment())
    decided_by: str | None = Field(sa_column=text(null=True))
    remark: str | None = Field(sa_column=text(null=True))
    at: datetime = Field(sa_column=moment())
