"""Price lists."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index
from sqlalchemy import text as sql_text
from sqlmodel import Field

from services.ledger.tables.base import Row, moment, text


class PriceList(Row, table=True):
    """Prices in one currency; `changes` numbers what is said about them. The usual one holds for who has none."""

    __tablename__ = "price_list"
    __table_args__ = (
        ForeignKeyConstraint(["company"], ["legal_entity.company"]),
        CheckConstraint("currency ~ '^[A-Z]{3}$'"),
        CheckConstraint("changes >= 0"),
        Index("price_list_usual", "currency", "company", unique=True, postgresql_where=sql_text("usual")),
    )
    company: str = Field(sa_column=text(key=True))
    code: str = Field(sa_column=text(key=True))
    name: str = Field(sa_column=text())
    currency: str = Field(sa_column=text())
    usual: bool
    changes: int = Field(default=0)
    at: datetime = Field(sa_column=moment())


class ListPrice(Row, table=True):
    """What an item costs from a quantity (millionths) and a day on; null is no price any more. Facts."""

    __tablename__ = "list_price"
    __table_args__ = (
        ForeignKeyConstraint(["company", "list"], ["price_list.company", "price_list.code"]),
        CheckConstraint("from_quantity >= 0"),
        CheckConstraint("change > 0"),
    )
    company: str = Field(sa_column=text(key=True))
    list: str = Field(sa_column=text(key=True))
    item: str = Field(sa_column=text(key=True))
    from_quantity: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    valid_from: date = Field(primary_key=True)
    change: int = Field(primary_key=True)
    unit_price: str | None = Field(sa_column=text(null=True))
    at: datetime = Field(sa_column=moment())
