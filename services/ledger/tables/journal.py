"""Entries, their lines, and the sums per account and day."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import SMALLINT, CheckConstraint, Column, ForeignKeyConstraint, Index
from sqlmodel import Field

from services.ledger.tables.base import Row, minor, moment, octets, text, total


class JournalEntry(Row, table=True):
    """An entry; `reverses` names the one that it takes back. Facts."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        CheckConstraint("journal ~ '^[a-z]([a-z-]*[a-z])?$'"),
        CheckConstraint("subledger in ('ar', 'ap', 'stock', 'payroll', 'gl')"),
        CheckConstraint("original_on < posted_on"),
        Index("journal_entry_reverses", "reverses", "company", unique=True),
    )
    company: str = Field(sa_column=text(key=True))
    id: UUID = Field(primary_key=True)
    journal: str = Field(sa_column=text())
    posted_on: date
    document: UUID
    order_id: UUID | None
    reverses: UUID | None
    cause: UUID
    subledger: str = Field(sa_column=text())
    original_on: date | None
    actor: str | None = Field(sa_column=text(null=True))
    narration: str | None = Field(sa_column=text(null=True))
    at: datetime = Field(sa_column=moment())


class JournalLine(Row, table=True):
    """One side of an entry. A trigger refuses lines that do not balance per entry and currency. Facts."""

    __tablename__ = "journal_line"
    __table_args__ = (
        CheckConstraint("debit >= 0"),
        CheckConstraint("credit >= 0"),
        CheckConstraint("(debit = 0) <> (credit = 0) or debit = 0 and credit = 0 and base <> 0 and base is not null"),
    )
    company: str = Field(sa_column=text(key=True))
    entry: UUID = Field(primary_key=True)
    line: int = Field(sa_column=Column(SMALLINT, primary_key=True, autoincrement=False))
    account: str = Field(sa_column=text())
    currency: str = Field(sa_column=text())
    debit: int = Field(sa_column=minor())
    credit: int = Field(sa_column=minor())
    base: int | None = Field(sa_column=minor(null=True))
    department: str | None = Field(sa_column=text(null=True))
    cost_centre: str | None = Field(sa_column=text(null=True))


class StockDocument(Row, table=True):
    """What a document about goods says that it is worth, on the day on which it stands in the books. Facts."""

    __tablename__ = "stock_document"
    __table_args__ = (Index("stock_document_of_day", "company", "posted_on", postgresql_include=["currency", "value"]),)
    company: str = Field(sa_column=text(key=True))
    document: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=text())
    posted_on: date
    currency: str = Field(sa_column=text())
    value: int = Field(sa_column=minor())


class EntryProposal(Row, table=True):
    """An entry above the limit, as it was asked for. Facts."""

    __tablename__ = "entry_proposal"
    company: str = Field(sa_column=text(key=True))
    id: UUID = Field(primary_key=True)
    posted_on: date
    body: bytes = Field(sa_column=octets())
    proposed_by: str = Field(sa_column=text())
    on_behalf_of: str | None = Field(sa_column=text(null=True))
    at: datetime = Field(sa_column=moment())


class EntryDecision(Row, table=True):
    """What a second person decided on it, once. Facts."""

    __tablename__ = "entry_decision"
    __table_args__ = (ForeignKeyConstraint(["company", "id"], ["entry_proposal.company", "entry_proposal.id"]),)
    company: str = Field(sa_column=text(key=True))
    id: UUID = Field(primary_key=True)
    approved: bool
    reason: str = Field(sa_column=text())
    decided_by: str = Field(sa_column=text())
    on_behalf_of: str | None = Field(sa_column=text(null=True))
    at: datetime = Field(sa_column=moment())


class AccountDay(Row, table=True):
    """Sums of an account in a currency with effect on a day, as far as recorded on a day (UTC)."""

    __tablename__ = "account_day"
    __table_args__ = (
        ForeignKeyConstraint(["company", "account"], ["account.company", "account.code"]),
        CheckConstraint("debit >= 0"),
        CheckConstraint("credit >= 0"),
    )
    company: str = Field(sa_column=text(key=True))
    account: str = Field(sa_column=text(key=True))
    currency: str = Field(sa_column=text(key=True))
    effective_on: date = Field(primary_key=True)
    recorded_on: date = Field(primary_key=True)
    debit: int = Field(sa_column=total())
    credit: int = Field(sa_column=total())
    base_debit: int = Field(sa_column=total())
    base_credit: int = Field(sa_column=total())
