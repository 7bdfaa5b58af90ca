"""Customers: registered and changed over HTTP, told to everybody."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Answer, Result
from services.ledger import translate
from services.ledger.commands import ChangeCustomer, NewCustomer, RegisterCustomers
from services.ledger.domain.customers import CustomerChange, LimitSince, raises
from services.ledger.handlers.bookkeeping import open_books
from services.ledger.handlers.credit import look_again_on, review
from services.ledger.store import companies, prices
from services.ledger.store import customers as store


async def register_customers(commands: Sequence[RegisterCustomers], unit: UnitOfWork) -> Sequence[Result]:
    """Add customers to companies; a command adds all of its customers or none."""
    await companies.lock(unit.raw, unit.companies)
    taken = set(await store.read_existing(unit.raw, {(c.company, new.code) for c in commands for new in c.customers}))
    lists = await known_lists([new.first for c in commands for new in c.customers], unit)
    accepted: list[RegisterCustomers] = []
    results: list[Result] = []
    for command in commands:
        refused = _find_twice(command, taken) or next(filter(None, (
            list_fault(command.company, new.first, lists, new.pointer) for new in command.customers
        )), None)  # fmt: skip
        if refused is not None:
            results.append(refused)
            continue
        taken |= {(command.company, new.code) for new in command.customers}
        accepted.append(command)
        results.append(Answer(201, {"customers": [new.code for new in command.customers]}))
    await keep_customers([(command.cause, command.customers) for command in accepted], unit)
    return results


async def keep_customers(accepted: Sequence[tuple[Cause, Sequence[NewCustomer]]], unit: UnitOfWork) -> None:
    """Write and tell of customers that may be registered."""
    rows = [(cause.company, new.code, 1, new.first) for cause, customers in accepted for new in customers]
    if rows:
        await store.insert_customers(unit.raw, [row[:2] for row in rows])
        await store.insert_changes(unit.raw, rows)
    for cause, customers in accepted:
        for ordinal, new in enumerate(customers):
            unit.emit(*translate.customer_registered(cause.company, new.code, new.first), cause, ordinal=ordinal)
            unit.audit(cause, "customer.registered", new.code)


def _find_twice(command: RegisterCustomers, taken: set[tuple[str, str]]) -> Refused | None:
    seen = set(taken)
    for new in command.customers:
        if (command.company, new.code) in seen:
            return Refused("customer-exists", f"There is a customer {new.code}.", f"{new.pointer}/customer", 409)
        seen.add((command.company, new.code))
    return None


async def known_lists(changes: Sequence[CustomerChange], unit: UnitOfWork) -> Collection[tuple[str, str]]:
    """Company and code of all price lists; where nobody is given one, nobody looks."""
    if not any(change.price_list for change in changes):
        return ()
    return set(await prices.read_lists(unit.raw, unit.companies))


def list_fault(
    company: str, change: CustomerChange, lists: Collection[tuple[str, str]], pointer: str
) -> Refused | None:
    """Why a customer cannot have this price list, if so."""
    if not change.price_list or (company, change.price_list) in lists:
        return None
    return Refused("price-list-unknown", f"There is no price list {change.price_list}.", f"{pointer}/price_list")


async def change_customers(commands: Sequence[ChangeCustomer], unit: UnitOfWork) -> Sequence[Result]:
    """Note what is different about customers from a day on. What was noted before stays: a correction is a change."""
    books = await open_books(unit)
    counts = await store.read_existing(unit.raw, {(c.company, c.code) for c in commands})
    lists = await known_lists([c.change for c in commands], unit)
    limited = {(c.company, c.code) for c in commands if c.change.credit_limits}
    limits = await store.read_limits(unit.raw, limited) if limited else {}
    rows: list[store.ChangeRow] = []
    changed: dict[tuple[str, str], int] = {}
    results: list[Result] = []
    for command in commands:
        key = command.company, command.code
        if key not in counts:
            results.append(Refused("customer-not-found", f"There is no customer {command.code}.", status=404))
            continue
        refused = list_fault(command.company, command.change, lists, "") or _raised(command, limits)
        if refused is not None:
            results.append(refused)
            continue
        for currency, amount in command.change.credit_limits.items():
            limits.setdefault((*key, currency), []).append(LimitSince(command.change.valid_from, amount))
        counts[key] += 1
        changed[key] = counts[key]
        rows.append((*key, counts[key], command.change))
        results.append(Answer(201, {"customer": command.code, "change": counts[key]}))
        told = translate.customer_changed(*key, counts[key], command.change)
        unit.emit(*told, command.cause)
        unit.audit(command.cause, "customer.changed", command.code, {"change": counts[key]})
    if rows:
        await store.insert_changes(unit.raw, rows)
        await store.count_changes(unit.raw, [(*key, count) for key, count in changed.items()])
        eased = [c for c in commands if c.change.credit_limits and (c.company, c.code) in changed]
        await review({(c.company, c.code): c.cause for c in eased}, books, unit)
        look_again_on([(c.company, c.change.valid_from) for c in eased], books, unit)
    return results


def _raised(command: ChangeCustomer, limits: Mapping[tuple[str, str, str], Sequence[LimitSince]]) -> Refused | None:
    """Why who asks may not have it, if so: a higher limit lets held orders pass, as a release of each would."""
    if command.may_approve:
        return None
    for place, (currency, amount) in enumerate(command.change.credit_limits.items()):
        known = limits.get((command.company, command.code, currency), ())
        if raises(known, LimitSince(command.change.valid_from, amount)):
            detail = "Who raises a credit limit lets orders pass, and needs the scope ledger:approve."
            return Refused("limit-raised-without-right", detail, f"/credit_limits/{place}/amount", 403)
    return None
