"""Pay: groups, terms, runs and payslips. What is personal stands in `sealed`."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field

from services.payroll.tables.base import Row, moment, sealed, text

OF_EMPLOYEE = ("company", "employee"), ("employee.company", "employee.employee")
OF_RUN = ("company", "run"), ("pay_run.company", "pay_run.run")
OF_GROUP = ("company", "pay_group"), ("pay_group.company", "pay_group.pay_group")


class PayGroup(Row, table=True):
    """People who are paid together, by one country's rules, from one account of the company. Facts."""

    __tablename__ = "pay_group"
    __table_args__ = (CheckConstraint("extract(day from since) = 1"),)
    company: str = Field(sa_column=text(key=True))
    pay_group: str = Field(sa_column=text(key=True))
    country: str = Field(sa_column=text())
    currency: str = Field(sa_column=text())
    since: date
    figures: str = Field(sa_column=text())
    debtor_name: str = Field(sa_column=text())
    debtor_iban: str = Field(sa_column=text())
    debtor_bic: str | None = Field(sa_column=text(nullable=True))
    debtor_address: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())


class PayGroupFigure(Row, table=True):
    """A figure that rules leave open, by pack and place, as a group has it; the latest revision holds. Facts."""

    __tablename__ = "pay_group_figure"
    __table_args__ = (CheckConstraint("revision > 0"), ForeignKeyConstraint(*OF_GROUP))
    company: str = Field(sa_column=text(key=True))
    pay_group: str = Field(sa_column=text(key=True))
    place: str = Field(sa_column=text(key=True))
    revision: int = Field(primary_key=True)
    value: str = Field(sa_column=text())
    recorded_by: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())


class PayMember(Row, table=True):
    """Who is paid in which group. Facts."""

    __tablename__ = "pay_member"
    __table_args__ = (
        ForeignKeyConstraint(*OF_EMPLOYEE),
        ForeignKeyConstraint(*OF_GROUP),
        Index("pay_member_of_group", "company", "pay_group", "employee"),
    )
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    pay_group: str = Field(sa_column=text())


class PayTerm(Row, table=True):
    """What is agreed from a day on; the latest revision of a day holds, an empty one takes the day back. Facts."""

    __tablename__ = "pay_term"
    __table_args__ = (
        CheckConstraint("revision > 0"),
        CheckConstraint("sealed is not null or cost_centre is null"),
        ForeignKeyConstraint(["company", "employee"], ["pay_member.company", "pay_member.employee"]),
        ForeignKeyConstraint(["company", "cost_centre"], ["cost_centre.company", "cost_centre.cost_centre"]),
        ForeignKeyConstraint(["company", "contract"], ["contract.company", "contract.contract"]),
    )
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    effective_on: date = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    cost_centre: str | None = Field(sa_column=text(nullable=True))
    sealed: bytes | None = Field(sa_column=sealed(nullable=True))
    recorded_by: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())
    contract: UUID | None


class BankAccount(Row, table=True):
    """Where pay goes from a day on. Facts."""

    __tablename__ = "bank_account"
    __table_args__ = (
        CheckConstraint("revision > 0"),
        UniqueConstraint("company", "employee", "effective_on", "revision", "entered_by"),
        ForeignKeyConstraint(*OF_EMPLOYEE),
    )
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    effective_on: date = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    sealed: bytes = Field(sa_column=sealed())
    recorded_by: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())
    entered_by: str | None = Field(sa_column=text(nullable=True))
    """The person. Empty where an older process wrote the row: it can then not be confirmed."""


class AccountConfirmation(Row, table=True):
    """Somebody has confirmed an account that another person had entered. Facts."""

    __tablename__ = "account_confirmation"
    __table_args__ = (
        CheckConstraint("confirmed_by <> entered_by"),
        ForeignKeyConstraint(
            ["company", "employee", "effective_on", "revision", "entered_by"],
            [
                "bank_account.company", "bank_account.employee", "bank_account.effective_on", "bank_account.revision",
                "bank_account.entered_by",
            ],
        ),
    )  # fmt: skip
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    effective_on: date = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    entered_by: str = Field(sa_column=text())
    confirmed_by: str = Field(sa_column=text())
    confirmed_at: datetime = Field(sa_column=moment())


class TaxProfile(Row, table=True):
    """What a person's tax depends on from a day on; the digest finds an equal tax id without opening any. Facts."""

    __tablename__ = "tax_profile"
    __table_args__ = (
        CheckConstraint("revision > 0"),
        ForeignKeyConstraint(*OF_EMPLOYEE),
        Index("tax_profile_by_id", "company", "tax_id_digest"),
    )
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    effective_on: date = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    tax_id_digest: bytes = Field(sa_column=sealed())
    sealed: bytes = Field(sa_column=sealed())
    recorded_by: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())


class PayRun(Row, table=True):
    """A run of a group for a month: there is one."""

    __tablename__ = "pay_run"
    __table_args__ = (
        UniqueConstraint("company", "pay_group", "period", "kind"),
        ForeignKeyConstraint(*OF_GROUP),
        CheckConstraint("kind = 'regular'"),
        CheckConstraint("state in ('calculating', 'calculated', 'approved', 'paid', 'posted')"),
        CheckConstraint("attempt > 0"),
        CheckConstraint("people >= 0"),
        CheckConstraint("problems >= 0"),
        CheckConstraint("approved_by is null or approved_by <> started_by"),
        CheckConstraint("(state in ('approved', 'paid', 'posted')) = (approved_by is not null)"),
        CheckConstraint(
            "state = 'calculating' or (digest is not null and totals is not null and calculated_at is not null)"
        ),
        CheckConstraint("approved_by is null or problems = 0"),
    )
    company: str = Field(sa_column=text(key=True))
    run: UUID = Field(primary_key=True)
    pay_group: str = Field(sa_column=text())
    period: date
    kind: str = Field(sa_column=text())
    state: str = Field(sa_column=text())
    attempt: int
    started_by: str = Field(sa_column=text())
    started_at: datetime = Field(sa_column=moment())
    calculated_at: datetime | None = Field(sa_column=moment(nullable=True))
    people: int
    problems: int
    digest: bytes | None = Field(sa_column=sealed(nullable=True))
    totals: bytes | None = Field(sa_column=sealed(nullable=True))
    approved_by: str | None = Field(sa_column=text(nullable=True))
    approved_at: datetime | None = Field(sa_column=moment(nullable=True))
    paid_on: date | None
    posted_at: datetime | None = Field(sa_column=moment(nullable=True))


class PayFilePayment(Row, table=True):
    """Which of a person's bank accounts a file pays to. Facts."""

    __tablename__ = "pay_file_payment"
    __table_args__ = (
        ForeignKeyConstraint(["company", "run"], ["pay_file.company", "pay_file.run"]),
        ForeignKeyConstraint(
            ["company", "employee", "account_from", "account_revision"],
            ["bank_account.company", "bank_account.employee", "bank_account.effective_on", "bank_account.revision"],
        ),
        ForeignKeyConstraint(
            ["company", "employee", "account_from", "account_revision"],
            [
                "account_confirmation.company", "account_confirmation.employee", "account_confirmation.effective_on",
                "account_confirmation.revision",
            ],
        ),
    )  # fmt: skip
    company: str = Field(sa_column=text(key=True))
    run: UUID = Field(primary_key=True)
    employee: UUID = Field(primary_key=True)
    account_from: date
    account_revision: int


class PayRunStep(Row, table=True):
    """Who did what with a run: `actor` is the person, also where a system acted for them. Facts."""

    __tablename__ = "pay_run_step"
    __table_args__ = (
        ForeignKeyConstraint(*OF_RUN),
        CheckConstraint("step > 0"),
        CheckConstraint("action in ('started', 'recalculated', 'approved', 'exported', 'paid', 'posted')"),
    )
    company: str = Field(sa_column=text(key=True))
    run: UUID = Field(primary_key=True)
    step: int = Field(primary_key=True)
    action: str = Field(sa_column=text())
    actor: str = Field(sa_column=text())
    at: datetime = Field(sa_column=moment())


class PayRunPart(Row, table=True):
    """A part of a run's people, calculated in one commit."""

    __tablename__ = "pay_run_part"
    __table_args__ = (
        ForeignKeyConstraint(*OF_RUN),
        CheckConstraint("(done_at is null) = (digest is null)"),
        CheckConstraint("(done_at is null) = (totals is null)"),
    )
    company: str = Field(sa_column=text(key=True))
    run: UUID = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    part: int = Field(primary_key=True)
    first_employee: UUID
    last_employee: UUID
    done_at: datetime | None = Field(sa_column=moment(nullable=True))
    people: int
    problems: int
    digest: bytes | None = Field(sa_column=sealed(nullable=True))
    totals: bytes | None = Field(sa_column=sealed(nullable=True))


class PayRunProblem(Row, table=True):
    """Why somebody could not be paid in an attempt. Facts."""

    __tablename__ = "pay_run_problem"
    __table_args__ = (ForeignKeyConstraint(*OF_RUN),)
    company: str = Field(sa_column=text(key=True))
    run: UUID = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    employee: UUID = Field(primary_key=True)
    code: str = Field(sa_column=text())
    detail: str | None = Field(sa_column=text(nullable=True))


class Payslip(Row, table=True):
    """A person's pay for a period, as long as its run is calculated; then a fact."""

    __tablename__ = "payslip"
    __table_args__ = (
        ForeignKeyConstraint(*OF_EMPLOYEE),
        ForeignKeyConstraint(*OF_RUN),
        CheckConstraint("kind = 'regular'"),
        Index("payslip_of_run", "company", "run", "employee"),
    )
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    period: date = Field(primary_key=True)
    kind: str = Field(sa_column=text(key=True))
    run: UUID
    attempt: int
    version: str = Field(sa_column=text())
    rules_digest: str = Field(sa_column=text())
    pays: bool
    corrects: bool
    sealed: bytes = Field(sa_column=sealed())
    calculated_at: datetime = Field(sa_column=moment())


class PayFile(Row, table=True):
    """A pay file was made of a run: one at most. Facts."""

    __tablename__ = "pay_file"
    __table_args__ = (
        UniqueConstraint("company", "message"),
        ForeignKeyConstraint(*OF_RUN),
        CheckConstraint("payments >= 0"),
        CheckConstraint("(account_from is null) = (account_revision is null)"),
        CheckConstraint("(details_from is null) = (details_revision is null)"),
    )
    company: str = Field(sa_column=text(key=True))
    run: UUID = Field(primary_key=True)
    message: str = Field(sa_column=text())
    execution_on: date
    payments: int
    exported_by: str = Field(sa_column=text())
    exported_at: datetime = Field(sa_column=moment())
    account_from: date | None
    account_revision: int | None
    """Which of the company's accounts pays; empty as long as it is the one that the group was defined with."""
    details_from: date | None
    details_revision: int | None


class PayslipPaper(Row, table=True):
    """Where the paper of a payslip is filed. Facts."""

    __tablename__ = "payslip_paper"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company", "employee", "period", "kind"],
            ["payslip.company", "payslip.employee", "payslip.period", "payslip.kind"],
        ),
    )
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    period: date = Field(primary_key=True)
    kind: str = Field(sa_column=text(key=True))
    document: UUID
    filed_at: datetime = Field(sa_column=moment())


class PayReading(Row, table=True):
    """Somebody read pay or where it goes. Facts."""

    __tablename__ = "pay_reading"
    __table_args__ = (Index("pay_reading_of_employee", "company", "employee"),)
    company: str = Field(sa_column=text(key=True))
    reading: UUID = Field(primary_key=True)
    employee: UUID | None
    run: UUID | None
    what: str = Field(sa_column=text())
    actor: str = Field(sa_column=text())
    on_behalf_of: str | None = Field(sa_column=text(nullable=True))
    at: datetime = Field(sa_column=moment())
