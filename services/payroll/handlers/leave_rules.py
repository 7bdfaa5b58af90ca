"""Kinds of leave, their rules, and the days on which nobody works."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Answer, Result
from services.payroll.commands.leave import AddHoliday, DefineLeave, SetLeaveRule
from services.payroll.domain import leave as rules
from services.payroll.domain.leave import LeaveType, Rule
from services.payroll.store import leave as store
from services.payroll.store import staff as staff_store


async def define_leave(commands: Sequence[DefineLeave], unit: UnitOfWork) -> Sequence[Result]:
    """Kinds of leave. A code is given once."""
    await staff_store.lock(unit.raw, unit.companies)
    ledgers = await store.read(unit.raw, unit.companies, [])
    results: list[Result] = []
    added: list[tuple[str, str, LeaveType]] = []
    for command in commands:
        company, code = command.cause.company, command.leave_type
        if code in ledgers[company].types:
            results.append(Refused("leave-type-exists", f"There is a leave {code}.", "/leave_type", 409))
            continue
        kind = LeaveType(code, command.paid, command.limited, command.confidential)
        ledgers[company].types[code] = kind
        added.append((company, command.name, kind))
        unit.audit(command.cause, "leave-type-defined", code)
        results.append(Answer(201, {"leave_type": code}))
    await store.add_types(unit.raw, added, unit.now)
    return results


async def set_leave_rules(commands: Sequence[SetLeaveRule], unit: UnitOfWork) -> Sequence[Result]:
    """What kinds of leave give from a day on. A month that is closed keeps the rule by which it was."""
    await staff_store.lock(unit.raw, unit.companies)
    ledgers = await store.read(unit.raw, unit.companies, [])
    results: list[Result] = []
    added: list[tuple[str, Rule]] = []
    for command in commands:
        company, rule = command.cause.company, command.rule
        of = ledgers[company]
        known = of.types.get(rule.leave_type)
        if known is None:
            results.append(Refused("leave-type-unknown", f"There is no leave {rule.leave_type}.", "/leave_type"))
        elif not known.limited:
            detail = "A kind of leave without a limit has no balance to add to."
            results.append(Refused("leave-not-limited", detail, "/leave_type"))
        elif any(r[:2] == rule[:2] for r in of.rules):
            results.append(Refused("leave-rule-exists", "There is a rule from that day on.", "/effective_on", 409))
        elif of.closed is not None and rule.effective_on <= rules.month_of(of.closed)[1]:
            detail = f"The month {of.closed} is closed; a rule begins after it."
            results.append(Refused("leave-month-closed", detail, "/effective_on", 409))
        else:
            of.rules.append(rule)
            added.append((company, rule))
            unit.audit(command.cause, "leave-rule-set", rule.leave_type)
            results.append(Answer(201, {"leave_type": rule.leave_type, "effective_on": rule.effective_on}))
    await store.add_rules(unit.raw, added, unit.now)
    return results


async def add_holidays(commands: Sequence[AddHoliday], unit: UnitOfWork) -> Sequence[Result]:
    """Days on which nobody works, so that no leave is taken for them."""
    await staff_store.lock(unit.raw, unit.companies)
    ledgers = await store.read(unit.raw, unit.companies, [])
    results: list[Result] = []
    added: list[tuple[str, date, str]] = []
    for command in commands:
        of = ledgers[command.cause.company]
        if command.day in of.holidays:
            results.append(Refused("holiday-exists", f"{command.day} is a holiday.", "/day", 409))
            continue
        of.holidays.add(command.day)
        added.append((command.cause.company, command.day, command.name))
        unit.audit(command.cause, "holiday-added", command.day.isoformat())
        results.append(Answer(201, {"day": command.day}))
    await store.add_holidays(unit.raw, added, unit.now)
    return results
