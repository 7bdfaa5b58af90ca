"""What all tables of payroll share."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, LargeBinary, MetaData, Text
from sqlmodel import SQLModel

EXEMPT: dict[str, str] = {}
"""Payroll has no table without company data."""

METADATA = MetaData()
"""Names of tables are payroll's own; another department's `employee` would be another table."""


class Row(SQLModel):
    """A table of payroll."""

    metadata = METADATA


def text(*, key: bool = False, nullable: bool = False) -> Column[str]:
    """A column of text."""
    return Column(Text, primary_key=key, nullable=nullable)


def moment(*, key: bool = False, nullable: bool = False) -> Column[datetime]:
    """A column for a point in time."""
    return Column(DateTime(timezone=True), primary_key=key, nullable=nullable)


def count(*, key: bool = False, nullable: bool = False) -> Column[int]:
    """A column for a whole number."""
    return Column(BigInteger, primary_key=key, nullable=nullable, autoincrement=False)


def texts() -> Column[list[str]]:
    """A column for a list of words."""
    return Column(ARRAY(Text), nullable=False)


def sealed(*, nullable: bool = False) -> Column[bytes]:
    """A column of bytes."""
    return Column(LargeBinary, nullable=nullable)
