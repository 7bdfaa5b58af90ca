"""What a person is told about their pay: what was agreed, the payslips, and how each amount came about."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol, TypeVar
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from contracts.money import from_minor
from services.payroll.domain.pay.calculating import Line
from services.payroll.domain.pay.explaining import explain_pay
from services.payroll.domain.pay.paying import PersonPay
from services.payroll.domain.pay.records import read, read_profile
from services.payroll.domain.privacy import Place
from services.payroll.store.contracts import spans
from services.payroll.store.payslips import slip_place
from services.payroll.store.vault import Vault

TERMS = """
select t.effective_on, t.revision, t.cost_centre, t.contract, t.sealed, t.recorded_by, t.recorded_at, m.pay_group,
    g.currency
from pay_term t join pay_member m on m.company = t.company and m.employee = t.employee
join pay_group g on g.company = m.company and g.pay_group = m.pay_group
where t.company = $1 and t.employee = $2 order by t.effective_on, t.revision
"""
ACCOUNTS = """
select b.effective_on, b.revision, b.sealed, b.recorded_by, b.recorded_at, c.confirmed_by, c.confirmed_at
from bank_account b left join account_confirmation c on c.company = b.company and c.employee = b.employee
    and c.effective_on = b.effective_on and c.revision = b.revision
where b.company = $1 and b.employee = $2 order by b.effective_on, b.revision
"""
# Of what can still be confirmed and still matters: an account that another one has followed is paid to no more.
PROFILES = """
select effective_on, revision, sealed, recorded_by, recorded_at from tax_profile
where company = $1 and employee = $2 order by effective_on, revision
"""
SLIPS = """
select p.period, p.kind, p.version, p.rules_digest, p.corrects, p.sealed, p.calculated_at, r.run, r.state, g.currency,
    q.document
from payslip p join pay_run r on r.company = p.company and r.run = p.run and r.attempt = p.attempt
join pay_group g on g.company = r.company and g.pay_group = r.pay_group
left join payslip_paper q on q.company = p.company and q.employee = p.employee and q.period = p.period
    and q.kind = p.kind
where p.company = $1 and p.employee = $2 and ($3::date is null or p.period = $3)
    and ($4 or r.state in ('approved', 'paid', 'posted')) order by p.period
"""
PAPER = "select document from payslip_paper where company = $1 and employee = $2 and period = $3 and kind = 'regular'"
READINGS = """
select what, run, actor, on_behalf_of, at from (
    select reading, what, run, actor, on_behalf_of, at from pay_reading where company = $1 and employee = $2
    union all
    select r.reading, r.what, r.run, r.actor, r.on_behalf_of, r.at from pay_file_payment p
    join pay_file f on f.company = p.company and f.run = p.run
    join pay_reading r on r.company = p.company and r.run = p.run and r.employee is null and r.what = 'pay file'
        and r.at >= f.exported_at
    where p.company = $1 and p.employee = $2) x
order by at desc, reading limit 500
"""
"""Of this person, and of the files for the bank in which they stand, which are written down once for all in them."""


class Term(BaseModel):
    """A month's salary from a day on; null where the terms of that day were taken back."""

    effective_on: date
    revision: int
    pay_group: str
    monthly: str | None
    currency: str
    cost_centre: str | None
    """Null where it follows the position; of a day it is the one of that day."""
    contract: str | None
    """The reference of the contract whose pay it is; null for the employment as a whole."""
    contract_ends_on: date | None
    recorded_by: str
    recorded_at: datetime


class BankAccount(BaseModel):
    """Where pay goes from a day on; of the number only its end."""

    effective_on: date
    revision: int
    iban_ends: str
    holder: str
    recorded_by: str
    recorded_at: datetime
    confirmed_by: str | None
    """By which second person; nothing is paid to an account that nobody has confirmed."""
    confirmed_at: datetime | None


class TaxProfile(BaseModel):
    """What tax depends on from a day on; of the tax id only its end."""

    effective_on: date
    revision: int
    tax_id_ends: str
    children: int
    credit_points: str
    recorded_by: str
    recorded_at: datetime


class Agreed(BaseModel):
    """Everything that was agreed with a person about pay."""

    employee: UUID
    terms: list[Term]
    bank_accounts: list[BankAccount] | None
    """Null, as are tax profiles, for who may see what somebody earns and no more of them."""
    tax_profiles: list[TaxProfile] | None

    def pay_alone(self) -> Agreed:
        """What a manager is told: neither where pay goes nor what tax depends on."""
        return Agreed(employee=self.employee, terms=self.terms, bank_accounts=None, tax_profiles=None)

    def on(self, day: date, cost_centre: str | None) -> Agreed:
        """Of each kind what holds on a day: what was last entered of the latest day until then. `cost_centre` is that
        of the position on this day: it bears pay that names none.
        """
        return Agreed(
            employee=self.employee,
            terms=[
                term.model_copy(update={"cost_centre": term.cost_centre or cost_centre})
                for term in _paid_on(self.terms, day)
            ],
            bank_accounts=None if self.bank_accounts is None else _holding(self.bank_accounts, day),
            tax_profiles=None if self.tax_profiles is None else _holding(self.tax_profiles, day),
        )


class _Entered(Protocol):
    @property
    def effective_on(self) -> date: ...
    @property
    def revision(self) -> int: ...


E = TypeVar("E", bound=_Entered)


def _holding(entries: list[E], day: date) -> list[E]:
    begun = [entry for entry in entries if entry.effective_on <= day]
    return [max(begun, key=lambda entry: (entry.effective_on, entry.revision))] if begun else []


def _paid_on(terms: list[Term], day: date) -> list[Term]:
    """Of each contract that runs, and of none, the terms that hold; those that were taken back hold on no day."""
    newest = {(term.contract or "", term.effective_on): term for term in terms}
    standing = [(contract, term) for (contract, _), term in newest.items() if term.monthly is not None]
    return [
        term
        for contract in sorted({contract for contract, _ in standing})
        for term in _holding([each for of, each in standing if of == contract], day)
        if term.contract_ends_on is None or day <= term.contract_ends_on
    ]


class Amount(BaseModel):
    """A line of a payslip."""

    kind: str
    code: str
    amount: str
    cost_centre: str | None
    authority: str | None


class Correction(BaseModel):
    """What was paid too much or too little for an earlier month, by that month's rules."""

    month: str
    version: str
    lines: list[Amount]
    net: str


class PayslipView(BaseModel):
    """A payslip."""

    run: UUID
    state: str
    period: str
    currency: str
    version: str
    rules_digest: str
    calculated_at: datetime
    document: UUID | None
    lines: list[Amount]
    corrections: list[Correction]
    gross: str
    net: str
    carried: str
    """What earlier payslips paid too much, still to be taken back."""
    to_pay: str


class PayslipPage(BaseModel):
    """A person's payslips, the oldest first."""

    employee: UUID
    payslips: list[PayslipView]


class Explanation(BaseModel):
    """How amounts came about, in lines to follow with a pocket calculator; in minor units."""

    employee: UUID
    period: str
    version: str
    lines: list[str]


class Reading(BaseModel):
    """Somebody read a person's pay."""

    what: str
    run: UUID | None
    actor: str
    on_behalf_of: str | None
    at: datetime


class ReadingPage(BaseModel):
    """The newest first."""

    readings: list[Reading]


async def agreed(connection: asyncpg.Connection, vault: Vault, company: str, employee: UUID) -> Agreed:
    """What was agreed. Raises Unreadable for a person whose key was erased."""
    ring = await vault.ring(connection, [(company, employee)])

    def opened(table: str, row: asyncpg.Record) -> dict[str, object]:
        spot = f"{row['effective_on']}/{row['revision']}"
        return read_profile(ring.unseal(Place(company, employee, f"{table}.sealed", spot), row["sealed"]))

    terms: list[Term] = []
    rows = await connection.fetch(TERMS, company, employee)
    contracts = await spans(connection, company, {employee} if any(row["contract"] for row in rows) else ())
    for row in rows:
        value = None if row["sealed"] is None else opened("pay_term", row)["monthly"]
        monthly = None if value is None else from_minor(int(str(value)), row["currency"])
        reference, ends_on = (None, None) if row["contract"] is None else contracts[row["contract"]]
        more: dict[str, object] = {"monthly": monthly, "contract": reference, "contract_ends_on": ends_on}
        terms.append(Term.model_validate(dict(row) | more))
    accounts: list[BankAccount] = []
    for row in await connection.fetch(ACCOUNTS, company, employee):
        account = opened("bank_account", row)
        more = {"iban_ends": str(account["iban"])[-4:], "holder": account["holder"]}
        accounts.append(BankAccount.model_validate(dict(row) | more))
    profiles: list[TaxProfile] = []
    for row in await connection.fetch(PROFILES, company, employee):
        profile = opened("tax_profile", row)
        profiles.append(TaxProfile.model_validate(profile | dict(row) | {"tax_id_ends": str(profile["tax_id"])[-3:]}))
    return Agreed(employee=employee, terms=terms, bank_accounts=accounts, tax_profiles=profiles)


async def payslips(
    connection: asyncpg.Connection, vault: Vault, company: str, employee: UUID, period: date | None, *, drafts: bool
) -> list[PayslipView]:
    """A person's payslips, or the one of a month; those of runs that are not approved only as drafts."""
    return [view for view, _ in await _opened(connection, vault, company, employee, period, drafts=drafts)]


async def explanation(
    connection: asyncpg.Connection, vault: Vault, company: str, employee: UUID, period: date, code: str | None,
    *, drafts: bool,
) -> Explanation | None:  # fmt: skip
    """How the amounts of a month came about; None when there is no payslip of it."""
    found = await _opened(connection, vault, company, employee, period, drafts=drafts)
    if not found:
        return None
    view, pay = found[0]
    return Explanation(employee=employee, period=view.period, version=view.version, lines=explain_pay(pay, code))


async def paper(connection: asyncpg.Connection, company: str, employee: UUID, period: date) -> UUID | None:
    """Which document the paper of a payslip is; None before it is on file."""
    found: UUID | None = await connection.fetchval(PAPER, company, employee, period)
    return found


async def readings(connection: asyncpg.Connection, company: str, employee: UUID) -> ReadingPage:
    """Who read this person's pay."""
    rows = await connection.fetch(READINGS, company, employee)
    return ReadingPage(readings=[Reading.model_validate(dict(row)) for row in rows])


async def _opened(
    connection: asyncpg.Connection, vault: Vault, company: str, employee: UUID, period: date | None, *, drafts: bool
) -> list[tuple[PayslipView, PersonPay]]:
    rows = await connection.fetch(SLIPS, company, employee, period, drafts)
    ring = await vault.ring(connection, [(company, employee)])
    found: list[tuple[PayslipView, PersonPay]] = []
    for row in rows:
        place = slip_place(company, employee, row["period"], row["kind"])
        pay = read(ring.unseal(place, row["sealed"]))
        found.append((_view(row, pay), pay))
    return found


def _view(row: asyncpg.Record, pay: PersonPay) -> PayslipView:
    currency = row["currency"]

    def told(minor: int) -> str:
        return from_minor(minor, currency)

    def lines(of: tuple[Line, ...]) -> list[Amount]:
        return [
            Amount(
                kind=line.kind,
                code=line.code,
                amount=told(line.amount),
                cost_centre=line.cost_centre or None,
                authority=line.authority or None,
            )
            for line in of
        ]

    return PayslipView(
        run=row["run"],
        state=row["state"],
        period=f"{row['period']:%Y-%m}",
        currency=currency,
        version=row["version"],
        rules_digest=row["rules_digest"],
        calculated_at=row["calculated_at"],
        document=row["document"],
        lines=lines(() if pay.slip is None else pay.slip.lines),
        corrections=[
            Correction(month=str(each.month), version=each.version, lines=lines(each.lines), net=told(each.net))
            for each in pay.differences
        ],
        gross=told(0 if pay.slip is None else pay.slip.gross),
        net=told(pay.net),
        carried=told(pay.carried),
        to_pay=told(pay.payable),
    )
