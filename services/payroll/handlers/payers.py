"""The company's own account, name and address change for a pay group from a day on; the account by two people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Literal, Protocol, TypeVar

import orjson

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Answer, Result
from services.payroll.commands.pay import ConfirmPayerAccount, NamePayer, NamePayerAccount
from services.payroll.domain.agreeing import ACCOUNT_NOT_FOUND, refusal_of_confirmation
from services.payroll.domain.payers import refusal_of_change
from services.payroll.store import accounts, pay_terms, people
from services.payroll.store import payers as store
from services.payroll.store.payers import AccountRow, DayKey, DetailsRow


class _OfGroup(Protocol):
    @property
    def cause(self) -> Cause: ...
    @property
    def pay_group(self) -> str: ...
    @property
    def effective_on(self) -> date: ...


C = TypeVar("C", bound=_OfGroup)


async def name_accounts(commands: Sequence[NamePayerAccount], unit: UnitOfWork) -> Sequence[Result]:
    """From which account a group is paid from a day on, once somebody else has confirmed it."""
    rows: list[AccountRow] = []
    results: list[Result] = []
    for command, entered in await _revised(commands, "account", unit):
        if isinstance(entered, Refused):
            results.append(entered)
            continue
        key, revision = entered
        rows.append(AccountRow(*key, revision, command.iban, command.bic, command.cause.person))
        results.append(_answer(unit, command, "payer-account-entered", revision))
    if rows:
        await store.add_accounts(unit.raw, rows, unit.now)
    return results


async def name_payers(commands: Sequence[NamePayer], unit: UnitOfWork) -> Sequence[Result]:
    """Under which name and address a group is paid from a day on, and with which words."""
    rows: list[DetailsRow] = []
    results: list[Result] = []
    for command, entered in await _revised(commands, "details", unit):
        if isinstance(entered, Refused):
            results.append(entered)
            continue
        key, revision = entered
        address = orjson.dumps(command.address).decode()
        rows.append(DetailsRow(*key, revision, command.name, address, command.words, command.cause.person))
        results.append(_answer(unit, command, "payer-details-entered", revision))
    if rows:
        await store.add_details(unit.raw, rows, unit.now)
    return results


async def confirm_accounts(commands: Sequence[ConfirmPayerAccount], unit: UnitOfWork) -> Sequence[Result]:
    """Another person gives the number once more, from the bank's own paper; then the group is paid from it."""
    await people.lock_counters(unit.raw, set(unit.companies))
    keys = [(c.cause.company, c.pay_group, c.effective_on, c.revision) for c in commands]
    found = await store.entered(unit.raw, keys)
    authors = {key: account.entered_by or "" for key, (account, _) in found.items()}
    pairs = {(key[0], authors[key], c.cause.person) for c, key in zip(commands, keys, strict=True) if key in found}
    own = await accounts.same_people(unit.raw, pairs)
    rows: list[tuple[str, str, date, int, str, str]] = []
    results: list[Result] = []
    for command, key in zip(commands, keys, strict=True):
        if key not in found:
            results.append(ACCOUNT_NOT_FOUND)
            continue
        (account, iban), pair = found[key], (key[0], authors[key], command.cause.person)
        refusal = refusal_of_confirmation(account, own=pair in own, same=iban == command.iban)
        if refusal is None:
            found[key] = replace(account, confirmed=True), iban
            rows.append((*key, authors[key], command.cause.person))
        results.append(refusal or _answer(unit, command, "payer-account-confirmed", command.revision))
    if rows:
        await store.add_confirmations(unit.raw, rows, unit.now)
    return results


async def _revised(
    commands: Sequence[C], what: Literal["account", "details"], unit: UnitOfWork
) -> list[tuple[C, tuple[DayKey, int] | Refused]]:
    """Each command with where its entry stands and which revision of its day it is, or why there is none. The
    company's counter is the lock: what is entered is entered one after the other, and no file is made meanwhile.
    """
    await people.lock_counters(unit.raw, set(unit.companies))
    groups = await pay_terms.groups(unit.raw, unit.companies)
    keys = [(c.cause.company, c.pay_group, c.effective_on) for c in commands]
    last = await store.revisions(unit.raw, what, keys)
    found: list[tuple[C, tuple[DayKey, int] | Refused]] = []
    for command, key in zip(commands, keys, strict=True):
        group = groups.get(key[:2])
        refusal = refusal_of_change(None if group is None else group.since, command.effective_on)
        if refusal is None:
            last[key] += 1
        found.append((command, refusal or (key, last[key])))
    return found


def _answer(unit: UnitOfWork, command: _OfGroup, action: str, revision: int) -> Answer:
    detail = {"effective_on": str(command.effective_on), "revision": revision}
    unit.audit(command.cause, action, command.pay_group, detail)
    return Answer(201, {"pay_group": command.pay_group, **detail})
