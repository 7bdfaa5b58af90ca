"""The Kafka door of payroll."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.consumers import Consumers, Received
from chassis.database import UnitOfWork
from chassis.errors import Outcomes
from contracts.ledger import AccountOpened, CompanyChanged, CreditCheckRequired, ExchangeRateRecorded, TaxCodeDefined
from services.payroll.handlers import organisation
from services.payroll.handlers import people as handlers
from services.payroll.translate.organisation import BookedDimension, to_learn_cost_centres
from services.payroll.translate.people import HireToRegister, NewCompany, to_learn_company, to_register_employee

consumers = Consumers("payroll")


@consumers.on(NewCompany, introduces_company=True)
async def on_company_registered(events: Sequence[Received[NewCompany]], unit: UnitOfWork) -> Outcomes:
    """People are registered per company, so its hires wait until we know it."""
    return await handlers.learn_companies([to_learn_company(event) for event in events], unit)


@consumers.on(HireToRegister)
async def on_employee_hired(events: Sequence[Received[HireToRegister]], unit: UnitOfWork) -> Outcomes:
    """Who is hired will be paid, so they get a personnel number and a first assignment."""
    return await handlers.register_employees([to_register_employee(event) for event in events], unit)


@consumers.on(BookedDimension)
async def on_dimension_defined(events: Sequence[Received[BookedDimension]], unit: UnitOfWork) -> Outcomes:
    """Who bears costs is decided in the books: where they have cost centres, people are borne by those alone."""
    return await organisation.learn_cost_centres(to_learn_cost_centres(events), unit)


consumers.ignore(
    ExchangeRateRecorded, because="people are paid in the company's own currency, whatever others are worth"
)
consumers.ignore(CreditCheckRequired, because="customers' credit is no matter of people's pay")
consumers.ignore(
    CompanyChanged,
    because="documents knows how papers are headed; who pays is said of a pay group, with days of its own",
)
consumers.ignore(
    AccountOpened, TaxCodeDefined, because="PayrollPosted names roles: which account each is, the ledger knows"
)
