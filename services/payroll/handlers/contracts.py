"""Contracts and accounts of people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.payroll.commands.people import AmendContract, LinkAccount, SignContract
from services.payroll.domain import contracts as rules
from services.payroll.domain.contracts import Contract
from services.payroll.domain.effective import Effective
from services.payroll.domain.employment import Forbidden, Staff
from services.payroll.handlers.days import todays
from services.payroll.handlers.people import file_agreement
from services.payroll.store import accounts
from services.payroll.store import contracts as store
from services.payroll.store import effective as facts
from services.payroll.store import staff as staff_store
from services.payroll.translate import no_such_employee, refused


async def sign_contracts(commands: Sequence[SignContract], unit: UnitOfWork) -> Sequence[Result]:
    """People work under these contracts; one post is never held by two at once."""
    await staff_store.lock(unit.raw, unit.companies)
    staff = await staff_store.read(unit.raw, unit.companies, [command.employee for command in commands])
    posts = await store.posts(unit.raw, unit.companies)
    contracts = await store.contracts(unit.raw, unit.companies)
    results: list[Result] = []
    signed: list[tuple[str, UUID, UUID, str, str | None, date]] = []
    added: list[tuple[facts.Thing, Effective]] = []
    for command in commands:
        company = command.cause.company
        of = staff[company]
        if command.employee not in of.employments:
            results.append(no_such_employee())
            continue
        new = Contract(command.contract, command.employee, command.reference, command.post, command.starts_on)
        made = rules.sign(of, posts[company], contracts[company], new, command.says, unit.now)
        if isinstance(made, Forbidden):
            results.append(refused(made))
            continue
        contracts[company].append(made)
        signed.append((company, command.contract, command.employee, made.reference, made.post, made.starts_on))
        added.append(((company, made.contract), made.terms[0]))
        unit.audit(command.cause, "contract-signed", str(command.employee), {"reference": made.reference})
        file_agreement(unit, company, command.employee, command.contract)
        results.append(Answer(201, {"contract": made.contract, "reference": made.reference, "revision": 1}))
    await store.add_contracts(unit.raw, signed, unit.now)
    await facts.add(unit.raw, facts.CONTRACTS, added, unit.now)
    return results


async def amend_contracts(commands: Sequence[AmendContract], unit: UnitOfWork) -> Sequence[Result]:
    """Contracts have other terms from a day on, or end."""
    await staff_store.lock(unit.raw, unit.companies)
    staff = await staff_store.read(unit.raw, unit.companies, [])
    posts = await store.posts(unit.raw, unit.companies)
    contracts = await store.contracts(unit.raw, unit.companies)
    results: list[Result] = []
    added: list[tuple[facts.Thing, Effective]] = []
    for command in commands:
        company = command.cause.company
        found = next((c for c in contracts[company] if c.contract == command.contract), None)
        if found is None:
            results.append(Refused("contract-not-found", "There is no such contract.", status=404))
            continue
        made = rules.amend(staff[company], posts[company], contracts[company], found, command.said, unit.now)
        if isinstance(made, Forbidden):
            results.append(refused(made))
            continue
        found.terms.append(made)
        added.append(((company, found.contract), made))
        unit.audit(command.cause, "contract-amended", str(found.employee), {"revision": made.revision})
        file_agreement(unit, company, UUID(found.employee.hex), UUID(found.contract.hex), made.revision)
        results.append(Answer(201, {"contract": found.contract, "revision": made.revision}))
    await facts.add(unit.raw, facts.CONTRACTS, added, unit.now)
    return results


async def link_accounts(commands: Sequence[LinkAccount], unit: UnitOfWork) -> Sequence[Result]:
    """Whose accounts are whose. Nobody links their own; who has left gets none: it would not end with them."""
    await staff_store.lock(unit.raw, unit.companies)
    people = [command.employee for command in commands if command.employee is not None]
    known = await staff_store.numbers(unit.raw, unit.companies, people)
    staff, today = await staff_store.read(unit.raw, unit.companies, people), await todays(unit)
    links = await accounts.links(unit.raw, unit.companies, [command.actor for command in commands])
    results: list[Result] = []
    added: list[tuple[str, str, int, UUID | None]] = []
    for command in commands:
        company, actor = command.cause.company, command.actor
        revision, before = links.get((company, actor), (0, None))
        if command.employee is not None and (company, command.employee) not in known:
            results.append(no_such_employee())
        elif command.employee is not None and _has_left(staff[company], command.employee, today[company]):
            results.append(Refused("already-left", "This person has left.", None, 409))
        elif actor in (command.cause.actor, command.cause.person):
            results.append(Refused("own-account", "Somebody else links your account.", "/actor", 409))
        elif before is not None and command.employee is not None and before != command.employee:
            results.append(Refused("account-taken", "The account is another person's.", "/actor", 409))
        else:
            links[company, actor] = (revision + 1, command.employee)
            added.append((company, actor, revision + 1, command.employee))
            subject = command.employee if command.employee is not None else before
            action = "account-linked" if command.employee is not None else "account-unlinked"
            unit.audit(command.cause, action, str(subject), {"actor": actor})
            results.append(Answer(201, {"actor": actor, "employee": command.employee}))
    await accounts.add_links(unit.raw, added, unit.now)
    return results


def _has_left(staff: Staff, employee: UUID, today: date) -> bool:
    left_on = staff.left_on(employee)
    return left_on is not None and left_on < today
