"""What the papers of hires, contracts and amendments say, read as it is known when they are put on file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import asyncpg

from chassis.ids import UUID
from services.payroll.commands.people import FileAgreement
from services.payroll.domain import effective
from services.payroll.domain.contracts import Contract
from services.payroll.domain.effective import Effective
from services.payroll.domain.employment import Staff
from services.payroll.domain.filing import CONTRACT, HIRE, AgreementToFile, agreement_number, hire_id
from services.payroll.store import contracts as contract_store
from services.payroll.store import staff as staff_store


async def read(
    connection: asyncpg.Connection, company: str, asked: Sequence[FileAgreement]
) -> list[AgreementToFile | None]:
    """The agreements that are asked for, in their order; None for an amendment that took other terms back."""
    people = sorted({each.employee for each in asked})
    staff = (await staff_store.read(connection, [company], people))[company]
    numbers = await staff_store.numbers(connection, [company], people)
    zone = ZoneInfo((await staff_store.time_zones(connection, [company])).get(company, "UTC"))
    with_contract = any(each.contract is not None for each in asked)
    signed = (await contract_store.contracts(connection, [company], people))[company] if with_contract else []
    contracts = {contract.contract: contract for contract in signed}

    def told(each: FileAgreement) -> AgreementToFile | None:
        contract = None if each.contract is None else contracts[each.contract]
        facts = staff.employments[each.employee] if contract is None else contract.terms
        fact = next(fact for fact in facts if fact.revision == each.revision)
        if not fact.says:
            return None
        number, day = numbers[company, each.employee], fact.recorded_at.astimezone(zone).date()
        if contract is None:
            return _hire(staff, company, each.employee, number, day)
        return _contract(staff, contract, fact, number, day)

    return [told(each) for each in asked]


def _hire(staff: Staff, company: str, employee: UUID, number: str, issued_on: date) -> AgreementToFile:
    first = effective.begins(staff.employments[employee])
    assert first is not None
    organisation = staff.organisation(first)
    position = staff.position(employee, first, organisation)
    return AgreementToFile(
        kind=HIRE,
        about=hire_id(company, employee),
        number=number,
        employee=employee,
        employee_number=number,
        name=position.name,
        language=position.language,
        position=position.job_title,
        department=organisation.departments[position.department].name,
        starts_on=first,
        ends_on=None,
        weekly_hours_hundredths=None,
        issued_on=issued_on,
        applies_from=None,
    )


def _contract(staff: Staff, contract: Contract, fact: Effective, number: str, issued_on: date) -> AgreementToFile:
    day = max(contract.starts_on, fact.effective_on)
    terms, organisation = contract.on(day), staff.organisation(day)
    position = staff.position(contract.employee, day, organisation)
    hours, ends = terms.get("weekly_hours_hundredths"), contract.ends_on()
    return AgreementToFile(
        kind=CONTRACT,
        about=UUID(contract.contract.hex),
        number=agreement_number(contract.reference, fact.revision),
        employee=UUID(contract.employee.hex),
        employee_number=number,
        name=position.name,
        language=position.language,
        position=str(terms.get("job_title") or position.job_title),
        department=organisation.departments[position.department].name,
        starts_on=contract.starts_on,
        ends_on=ends,
        weekly_hours_hundredths=None if hours is None else int(str(hours)),
        issued_on=issued_on,
        applies_from=None if fact.revision == 1 else day,
    )
