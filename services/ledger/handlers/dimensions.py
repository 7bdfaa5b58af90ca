"""Departments, cost centres, allocation rules, policies: set up over HTTP, told to everybody."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Answer, Result
from contracts.money import AmountError, to_minor
from services.ledger import translate
from services.ledger.commands import ChangePolicy, DefineAllocationRule, DefineDimensionValues
from services.ledger.domain.manual import DIMENSIONS
from services.ledger.domain.shares import WHOLE
from services.ledger.handlers.bookkeeping import open_books
from services.ledger.handlers.credit import ask_from_now_on, look_again_on, review_all
from services.ledger.store import companies
from services.ledger.store import dimensions as store

Standing = set[tuple[str, str, str]]
"""Company, dimension and code of what stands already."""


async def define_dimension_values(commands: Sequence[DefineDimensionValues], unit: UnitOfWork) -> Sequence[Result]:
    """Add departments and cost centres; a command adds all of its values or none."""
    standing = await _standing(unit)
    accepted: list[DefineDimensionValues] = []
    results: list[Result] = []
    for command in commands:
        seen = set(standing)
        twice = None
        for value in command.values:
            key = command.company, value.dimension, value.code
            if key in seen:
                detail = f"There is a {value.dimension} {value.code}."
                twice = Refused("dimension-exists", detail, f"{value.pointer}/code", 409)
                break
            seen.add(key)
        if twice is not None:
            results.append(twice)
            continue
        standing |= seen
        accepted.append(command)
        results.append(Answer(201, {"values": [value.code for value in command.values]}))
    if accepted:
        await store.insert_values(unit.raw, [(c.company, value) for c in accepted for value in c.values])
    for command in accepted:
        for ordinal, value in enumerate(command.values):
            unit.emit(*translate.dimension_defined(command.company, value), command.cause, ordinal=ordinal)
            unit.audit(command.cause, "dimension.defined", f"{value.dimension}/{value.code}")
    return results


async def define_allocation_rules(commands: Sequence[DefineAllocationRule], unit: UnitOfWork) -> Sequence[Result]:
    """Fix the shares by which lines are split; they make up the whole."""
    standing = await _standing(unit)
    accepted: list[DefineAllocationRule] = []
    results: list[Result] = []
    for command in commands:
        refused = _rule_fault(command, standing)
        if refused is not None:
            results.append(refused)
            continue
        standing.add((command.company, "rule", command.code))
        accepted.append(command)
        results.append(Answer(201, {"rule": command.code}))
    if accepted:
        await store.insert_rules(unit.raw, accepted)
    for command in accepted:
        unit.audit(command.cause, "allocation-rule.defined", command.code)
    return results


def _rule_fault(command: DefineAllocationRule, standing: Standing) -> Refused | None:
    if (command.company, "rule", command.code) in standing:
        return Refused("allocation-rule-exists", f"There is a rule {command.code}.", "/code", 409)
    for index, share in enumerate(command.shares):
        for dimension, value in zip(DIMENSIONS, (share.department, share.cost_centre), strict=True):
            if value is not None and (command.company, dimension, value) not in standing:
                detail = f"There is no {dimension} {value}."
                return Refused("dimension-unknown", detail, f"/shares/{index}/{dimension}")
    if sum(share.millionths for share in command.shares) != WHOLE:
        return Refused("shares-are-not-the-whole", "The shares do not add up to 1.", "/shares")
    return None


async def change_policies(commands: Sequence[ChangePolicy], unit: UnitOfWork) -> Sequence[Result]:
    """Note what companies decide differently from a day on."""
    standing = await _standing(unit)
    before = await store.count_policies(unit.raw, unit.companies)
    counts = {company: (currency, changes) for company, (currency, changes, _) in before.items()}
    accepted: list[tuple[int, ChangePolicy]] = []
    results: list[Result] = []
    for command in commands:
        currency, number = counts[command.company]
        decided = _decided(command, currency, standing)
        if isinstance(decided, Refused):
            results.append(decided)
            continue
        number += 1
        counts[command.company] = currency, number
        accepted.append((number, decided))
        results.append(Answer(201, {"change": number}))
    if accepted:
        await store.insert_policies(unit.raw, accepted)
    for number, command in accepted:
        unit.audit(command.cause, "policy.changed", command.company, {"change": number})
    asked = {company for company, (_, _, asks) in before.items() if asks}
    await _about_credit([command for _, command in accepted], asked, unit)
    return results


async def _about_credit(commands: Sequence[ChangePolicy], asked: Collection[str], unit: UnitOfWork) -> None:
    """Tell who has to wait from now on, once; where nobody asks any more, let pass what is held."""
    first: dict[str, ChangePolicy] = {}
    for command in commands:
        if command.change.credit_check and command.company not in asked:
            first.setdefault(command.company, command)
    for command in first.values():
        unit.emit(*translate.credit_check_required(command.company, command.change.valid_from), command.cause)
    if first:
        await ask_from_now_on({c.company: c.cause for c in first.values()}, unit)
    off = {c.company: c.cause for c in commands if c.change.credit_check is False}
    if off:
        await review_all(off, unit)
        to_come = [(c.company, c.change.valid_from) for c in commands if c.company in off]
        look_again_on(to_come, await open_books(unit), unit)


def _decided(command: ChangePolicy, currency: str, standing: Standing) -> ChangePolicy | Refused:
    change = command.change
    if command.approval_limit is not None:
        try:
            change = change._replace(approval_limit=to_minor(command.approval_limit, currency))
        except AmountError as wrong:
            return Refused("amount-invalid", f"{wrong}.", "/approval_limit")
    for dimension, value in zip(DIMENSIONS, (change.default_department, change.default_cost_centre), strict=True):
        if value is not None and (command.company, dimension, value) not in standing:
            return Refused("dimension-unknown", f"There is no {dimension} {value}.", f"/default_{dimension}")
    if change.dimensions_required and None in (change.default_department, change.default_cost_centre):
        detail = "What is posted without a person needs a default department and a default cost centre."
        return Refused("defaults-required", detail, "/dimensions_required")
    return replace(command, change=change)


async def _standing(unit: UnitOfWork) -> Standing:
    await companies.lock(unit.raw, unit.companies)
    return await store.read_standing(unit.raw, unit.companies)
