"""What the columns of the ledger's tables are made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, MetaData, Numeric, Text
from sqlmodel import SQLModel

EXEMPT: dict[str, str] = {}
"""The ledger has no table without company data."""


def text(*, key: bool = False, null: bool = False) -> Column[str]:
    """A column of text."""
    return Column(Text, primary_key=key, nullable=null)


def octets(*, null: bool = False) -> Column[bytes]:
    """A column of bytes."""
    return Column(LargeBinary, nullable=null)


def moment(*, key: bool = False, null: bool = False) -> Column[datetime]:
    """A column with a point in time."""
    return Column(DateTime(timezone=True), primary_key=key, nullable=null)


def minor(*, null: bool = False) -> Column[int]:
    """An amount in minor units of the currency beside it."""
    return Column(BigInteger, nullable=null)


def total() -> Column[Any]:
    """A sum of amounts, which may be longer than 64 bits."""
    return Column(Numeric(38, 0), nullable=False)


class Row(SQLModel):
    """Names of tables are the ledger's own; another department's `payment` would be another table."""

    metadata = MetaData()


METADATA = Row.metadata
"""All of the ledger's own tables."""
