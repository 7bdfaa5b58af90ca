"""Companies, charts of accounts and tax codes: set up over HTTP, told to everybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from chassis import companies as known_companies
from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Answer, Result
from services.ledger import translate
from services.ledger.commands import (
    AnnounceTaxRate,
    ChangeCompany,
    DefineTaxCodes,
    NewAccount,
    NewTaxCode,
    OpenAccounts,
    RegisterCompany,
)
from services.ledger.domain.books import KIND_OF_ROLE, RESULT_KINDS, sellers_told, with_change
from services.ledger.handlers.bookkeeping import open_books
from services.ledger.store import companies


@dataclass(slots=True)
class Standing:
    """What a company has set up already; grows while a group of commands is decided."""

    registered: bool = False
    accounts: dict[str, str] = field(default_factory=dict)
    """The kind of each account, by code."""
    roles: dict[str, str] = field(default_factory=dict)
    tax_codes: set[str] = field(default_factory=set)


async def register_companies(commands: Sequence[RegisterCompany], unit: UnitOfWork) -> Sequence[Result]:
    """Keep the books of legal entities from now on. A code is given once and for ever."""
    standing = await read_standing(unit)
    accepted: list[RegisterCompany] = []
    results: list[Result] = []
    for command in commands:
        if standing[command.company].registered:
            results.append(Refused("company-exists", f"There is a company {command.company}.", "/company", status=409))
            continue
        standing[command.company].registered = True
        accepted.append(command)
        results.append(Answer(201, {"company": command.company}))
    if accepted:
        await known_companies.learn(unit.raw, [command.company for command in accepted])
        await companies.insert_companies(unit.raw, accepted)
    for command in accepted:
        unit.emit(*translate.company_registered(command), command.cause)
        unit.audit(command.cause, "company.registered", command.company)
    return results


async def change_companies(commands: Sequence[ChangeCompany], unit: UnitOfWork) -> Sequence[Result]:
    """Note how companies are printed from a day on, and tell it. What was issued stays as it is."""
    await companies.lock(unit.raw, unit.companies)  # apart: what is told is whole, with the changes of who had the lock
    books = {row["company"]: translate.to_books(row) for row in await companies.read(unit.raw, unit.companies)}
    said = {company: each.seller_changes for company, each in books.items()}
    places = Counter[str]()
    rows: list[tuple[str, int, date, bytes, str]] = []
    for command in commands:
        places[command.company] += 1
        changed = translate.pack(command.changed)
        rows.append((command.company, places[command.company], command.valid_from, changed, command.cause.actor))
        detail = {"valid_from": command.valid_from.isoformat(), "changed": sorted(command.changed)}
        unit.audit(command.cause, "company.changed", command.company, detail)
        before = said[command.company]
        after = with_change(before, command.valid_from, command.changed)
        told = sellers_told(command.valid_from, books[command.company].seller, before, after)
        for ordinal, (day, seller) in enumerate(told):
            unit.emit(*translate.company_changed(command.company, day, seller), command.cause, ordinal=ordinal)
        said[command.company] = after
    await companies.insert_changes(unit.raw, rows)
    return [Answer(201, {"company": c.company, "valid_from": c.valid_from.isoformat()}) for c in commands]


async def open_accounts(commands: Sequence[OpenAccounts], unit: UnitOfWork) -> Sequence[Result]:
    """Add accounts to charts; a command adds all of its accounts or none."""
    standing = await read_standing(unit)
    accepted: list[OpenAccounts] = []
    results: list[Result] = []
    for command in commands:
        decision = _add_accounts(command.accounts, standing[command.company])
        if isinstance(decision, Refused):
            results.append(decision)
            continue
        standing[command.company] = decision
        accepted.append(command)
        results.append(Answer(201, {"accounts": [account.code for account in command.accounts]}))
    await keep_accounts([(command.cause, command.accounts) for command in accepted], unit)
    return results


async def keep_accounts(accepted: Sequence[tuple[Cause, Sequence[NewAccount]]], unit: UnitOfWork) -> None:
    """Write and tell of accounts that may be opened."""
    rows = [(cause.company, account) for cause, accounts in accepted for account in accounts]
    if rows:
        await companies.insert_accounts(unit.raw, rows)
    for cause, accounts in accepted:
        for ordinal, account in enumerate(accounts):
            unit.emit(*translate.account_opened(cause.company, account), cause, ordinal=ordinal)
            unit.audit(cause, "account.opened", account.code)


async def define_tax_codes(commands: Sequence[DefineTaxCodes], unit: UnitOfWork) -> Sequence[Result]:
    """Add tax codes to companies; a command adds all of its codes or none."""
    standing = await read_standing(unit)
    accepted: list[DefineTaxCodes] = []
    results: list[Result] = []
    for command in commands:
        decision = _add_tax_codes(command.tax_codes, standing[command.company])
        if isinstance(decision, Refused):
            results.append(decision)
            continue
        standing[command.company] = decision
        accepted.append(command)
        results.append(Answer(201, {"tax_codes": [tax_code.code for tax_code in command.tax_codes]}))
    if accepted:
        await companies.insert_tax_codes(unit.raw, [(c.company, code) for c in accepted for code in c.tax_codes])
    for command in accepted:
        for ordinal, tax_code in enumerate(command.tax_codes):
            unit.emit(*translate.tax_code_defined(command.company, tax_code), command.cause, ordinal=ordinal)
            unit.audit(command.cause, "tax-code.defined", tax_code.code)
    return results


async def announce_tax_rates(commands: Sequence[AnnounceTaxRate], unit: UnitOfWork) -> Sequence[Result]:
    """Say what rate tax codes have from a day on. What was invoiced stays as it is; a rate of a day is said once."""
    books = await open_books(unit)
    known = [c for c in commands if c.code in books[c.company].taxes]
    new = await companies.insert_tax_rates(unit.raw, known) if known else {}
    results: list[Result] = []
    for command in commands:
        rule = books[command.company].taxes.get(command.code)
        key = command.company, command.code, command.valid_from
        if rule is None:
            results.append(Refused("tax-code-not-found", f"The company has no tax code {command.code}.", None, 404))
        elif (name := new.pop(key, None)) is None:  # said before, or by another request of this moment
            detail = f"{command.code} has a rate from {command.valid_from} on; what was said stays."
            results.append(Refused("tax-rate-exists", detail, "/valid_from", 409))
        else:
            unit.emit(*translate.tax_rate_announced(command, name, rule.account), command.cause)
            unit.audit(command.cause, "tax-rate.announced", command.code, {"valid_from": str(command.valid_from)})
            body = {"code": command.code, "valid_from": command.valid_from.isoformat(), "rate": command.rate}
            results.append(Answer(201, body))
    return results


async def read_standing(unit: UnitOfWork) -> dict[str, Standing]:
    """What these companies have set up, from here on under the lock that orders all who set up or book."""
    await companies.lock(unit.raw, unit.companies)
    found = {company: Standing() for company in unit.companies}
    for what, company, code, role, kind in await companies.read_standing(unit.raw, unit.companies):
        one = found[company]
        if what == "company":
            one.registered = True
        elif what == "tax-code":
            one.tax_codes.add(code)
        else:
            one.accounts[code] = kind
            if role is not None:
                one.roles[role] = code
    return found


def _add_accounts(accounts: Sequence[NewAccount], standing: Standing) -> Standing | Refused:
    """The chart with all of these accounts, or why one of them cannot be added."""
    grown = Standing(standing.registered, dict(standing.accounts), dict(standing.roles), standing.tax_codes)
    for account in accounts:
        wrong = add_account(account, grown)
        if wrong is not None:
            return wrong
    return grown


def add_account(account: NewAccount, standing: Standing) -> Refused | None:
    """Add an account to what stands, or say why it cannot be."""
    if account.code in standing.accounts:
        return Refused("account-exists", f"There is an account {account.code}.", f"{account.pointer}/code", 409)
    if account.role is not None:
        wrong = _role_fault(account, account.role, standing.roles)
        if wrong is not None:
            return wrong
        standing.roles[account.role] = account.code
    standing.accounts[account.code] = account.kind
    return None


def _role_fault(account: NewAccount, role: str, roles: Mapping[str, str]) -> Refused | None:
    if role in roles:
        detail = f"Account {roles[role]} has the role {role}; a role is played by one account."
        return Refused("role-taken", detail, f"{account.pointer}/role", 409)
    if account.kind != KIND_OF_ROLE[role]:
        detail = f"The role {role} needs an account of kind {KIND_OF_ROLE[role]}."
        return Refused("role-of-another-kind", detail, f"{account.pointer}/kind")
    return None


def _add_tax_codes(tax_codes: Sequence[NewTaxCode], standing: Standing) -> Standing | Refused:
    """The tax codes with all of these, or why one of them cannot be added."""
    codes, playing = set(standing.tax_codes), set(standing.roles.values())
    for one in tax_codes:
        if one.code in codes:
            return Refused("tax-code-exists", f"There is a tax code {one.code}.", f"{one.pointer}/code", 409)
        if one.account not in standing.accounts:
            return Refused("account-unknown", f"There is no account {one.account}.", f"{one.pointer}/account")
        if one.account in playing:  # its balance must stay the sum of what it stands for
            detail = f"Account {one.account} has a role; tax is owed on an account of its own."
            return Refused("account-has-role", detail, f"{one.pointer}/account")
        if standing.accounts[one.account] in RESULT_KINDS:
            detail = f"Account {one.account} is of {standing.accounts[one.account]}; tax is owed, and no result."
            return Refused("account-of-another-kind", detail, f"{one.pointer}/account")
        codes.add(one.code)
    return Standing(standing.registered, standing.accounts, standing.roles, codes)
