"""Whose orders wait for the ledger's answer about credit, and how far each of them is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from services.inventory.tables.stock import Row, moment_column, text_column


class CreditCompany(Row, table=True):
    """A company that asked for its customers' credit. Facts: from then on the ledger answers every order."""

    __tablename__ = "credit_company"
    company: str = Field(sa_column=text_column(key=True))
    since: datetime = Field(sa_column=moment_column())


class OrderCredit(Row, table=True):
    """The latest revision that may get stock, and the one that waits for that; nought is none."""

    __tablename__ = "order_credit"
    __table_args__ = (CheckConstraint("approved >= 0"), CheckConstraint("asked >= 0"))
    company: str = Field(sa_column=text_column(key=True))
    order_id: UUID = Field(primary_key=True)
    approved: int
    asked: int
