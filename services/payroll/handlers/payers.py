"""The company's own account, name and address change for a pay group from a day on; the account by two people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Literal, Protocol, TypeVar

import orjson

from chassis.cause import Cause
from chassis.database import UnitOfWork
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
    entered, results = await _enter(commands, "account", unit)
    if entered:
        rows = [AccountRow(*key, revision, c.iban, c.bic, c.cause.person) for c, key, revision in entered]
        await store.add_accounts(unit.raw, rows, unit.now)
    return results


async def name_payers(commands: Sequence[NamePayer], unit: UnitOfWork) -> Sequence[Result]:
    """Under which name and address a group is paid from a day on, and with which words."""
    entered, results = await _enter(commands, "details", unit)
    if entered:
        rows = [
            DetailsRow(*key, revision, c.name, orjson.dumps(c.address).decode(), c.words, c.cause.person)
            for c, key, revision in entered
        ]
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


async def _enter(
    commands: Sequence[C], what: Literal["account", "details"], unit: UnitOfWork
) -> tuple[list[tuple[C, DayKey, int]], list[Result]]:
    """The commands that may be entered, each with where it stands and which revision of its day it is; and all answers.
    The company's counter is the lock: what is entered is entered one after the other, and no file is made meanwhile.
    """
    await people.lock_counters(unit.raw, set(unit.companies))
    groups = await pay_terms.groups(unit.raw, unit.companies)
    keys = [(c.cause.company, c.pay_group, c.effective_on) for c in commands]
    last = await store.revisions(unit.raw, what, keys)
    entered: list[tuple[C, DayKey, int]] = []
    results: list[Result] = []
    for command, key in zip(commands, keys, strict=True):
        group = groups.get(key[:2])
        refusal = refusal_of_change(None if group is None else group.since, command.effective_on)
        if refusal is None:
            last[key] += 1
            entered.append((command, key, last[key]))
        results.append(refusal or _answer(unit, command, f"payer-{what}-entered", last[key]))
    return entered, results


def _answer(unit: UnitOfWork, command: _OfGroup, action: str, revision: int) -> Answer:
    detail = {"effective_on": str(command.effective_on), "revision": revision}
    unit.audit(command.cause, action, command.pay_group, detail)
    return Answer(201, {"pay_group": command.pay_group, **detail})
