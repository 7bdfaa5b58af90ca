"""Who pays a group: the company's own account, name and address, as they change from a day on."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field

from services.payroll.tables.base import Row, moment, text

OF_GROUP = ("company", "pay_group"), ("pay_group.company", "pay_group.pay_group")


class PayerAccount(Row, table=True):
    """From which account a group is paid from a day on; the latest revision of a day holds. Facts."""

    __tablename__ = "payer_account"
    __table_args__ = (
        CheckConstraint("revision > 0"),
        UniqueConstraint("company", "pay_group", "effective_on", "revision", "entered_by"),
        ForeignKeyConstraint(*OF_GROUP),
    )
    company: str = Field(sa_column=text(key=True))
    pay_group: str = Field(sa_column=text(key=True))
    effective_on: date = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    debtor_iban: str = Field(sa_column=text())
    debtor_bic: str | None = Field(sa_column=text(nullable=True))
    entered_by: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())


class PayerConfirmation(Row, table=True):
    """Somebody has confirmed an account of the company that another person had entered. Facts."""

    __tablename__ = "payer_confirmation"
    __table_args__ = (
        CheckConstraint("confirmed_by <> entered_by"),
        ForeignKeyConstraint(
            ["company", "pay_group", "effective_on", "revision", "entered_by"],
            [
                "payer_account.company", "payer_account.pay_group", "payer_account.effective_on",
                "payer_account.revision", "payer_account.entered_by",
            ],
        ),
    )  # fmt: skip
    company: str = Field(sa_column=text(key=True))
    pay_group: str = Field(sa_column=text(key=True))
    effective_on: date = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    entered_by: str = Field(sa_column=text())
    confirmed_by: str = Field(sa_column=text())
    confirmed_at: datetime = Field(sa_column=moment())


class PayerDetails(Row, table=True):
    """Under which name and address a group is paid, and with which words, from a day on. Facts."""

    __tablename__ = "payer_details"
    __table_args__ = (CheckConstraint("revision > 0"), ForeignKeyConstraint(*OF_GROUP))
    company: str = Field(sa_column=text(key=True))
    pay_group: str = Field(sa_column=text(key=True))
    effective_on: date = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    debtor_name: str = Field(sa_column=text())
    debtor_address: str = Field(sa_column=text())
    words: str | None = Field(sa_column=text(nullable=True))
    entered_by: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())
