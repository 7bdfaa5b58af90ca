"""What all tables of documents share."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Integer,
    MetaData,
    Text,
)
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

CODE = "~ '^[a-z][a-z0-9_]{0,39}$'"
EXEMPT: dict[str, str] = {"file_step": "what no row speaks of is nobody's", "sweep_place": "how far a sweep has come"}
"""Tables without company data, and why."""


def text(*, key: bool = False, null: bool = False) -> Column[str]:
    """A column of text."""
    return Column(Text, primary_key=key, nullable=null)


def number(*, key: bool = False) -> Column[int]:
    """A column for a large whole number."""
    return Column(BigInteger, primary_key=key, nullable=False)


def counted(*, key: bool = False) -> Column[int]:
    """A column that the database counts."""
    return Column(BigInteger, Identity(always=True), primary_key=key, nullable=False)


def small(*, key: bool = False, null: bool = False) -> Column[int]:
    """A column for a whole number."""
    return Column(Integer, primary_key=key, nullable=null)


def moment(*, key: bool = False) -> Column[datetime]:
    """A column for a point in time."""
    return Column(DateTime(timezone=True), primary_key=key, nullable=False)


class OwnTable(SQLModel, registry=registry()):
    """The tables of documents alone: other departments may have tables of the same name."""

    metadata = MetaData()
