"""No event carries pay, bank, tax or health data of a person, and no payer's bank account."""

import pytest
from pydantic import BaseModel

from contracts.base import EventData, Part, Uuid, field_names, parts_of
from contracts.gateway import PaymentReceived
from contracts.ledger import CompanyChanged, CompanyRegistered
from contracts.ledger_parts import Seller
from contracts.registry import EVENTS

PERSONAL = frozenset({
    "account", "allowance", "amka", "amount", "bank", "bic", "birth", "birthday", "bonus", "children", "compensation",
    "disability", "gender", "gross", "health", "iban", "illness", "income", "insurance", "marital", "medical", "money",
    "national", "nationality", "net", "passport", "pay", "pension", "religion", "remuneration", "salary", "security",
    "sex", "sick", "ssn", "tax", "teudat", "union", "vat", "wage", "wages",
})  # fmt: skip
ABOUT_PEOPLE = [event for event in EVENTS.values() if event.key_field == "employee" or "employee" in field_names(event)]
BUSINESS_WITH_IBAN = {CompanyRegistered, CompanyChanged, Seller}


def personal_fields(event: type[BaseModel]) -> list[str]:
    """The fields, at any depth, whose name has a word of the list in it."""
    models = [event, *sorted(parts_of(event), key=lambda model: model.__name__)]
    fields = [(model.__name__, name) for model in models for name in sorted(field_names(model))]
    return [f"{model}.{name}" for model, name in fields if set(name.lower().split("_")) & PERSONAL]


def test_the_rule_covers_every_event_about_a_person() -> None:
    assert {event.event_type for event in ABOUT_PEOPLE} >= {"EmployeeHired.v1", "EmployeeRegistered.v1"}


@pytest.mark.parametrize("event", ABOUT_PEOPLE, ids=lambda event: event.event_type)
def test_an_event_about_a_person_has_no_field_for_pay_bank_tax_or_health(event: type[EventData]) -> None:
    assert personal_fields(event) == []


def test_a_planted_salary_and_a_planted_account_in_a_part_are_found() -> None:
    class Papers(Part):
        bank_account: str
        tax_number: str
        colour: str

    class EmployeePromoted(EventData, topic="payroll.employees", key="employee"):
        employee: Uuid
        monthly_salary: str
        papers: Papers | None

    assert personal_fields(EmployeePromoted) == [
        "EmployeePromoted.monthly_salary",
        "Papers.bank_account",
        "Papers.tax_number",
    ]


def test_a_bank_account_is_only_ever_one_of_a_selling_company() -> None:
    models = {model for event in EVENTS.values() for model in (event, *parts_of(event))}

    assert {model for model in models if field_names(model) & {"iban", "bic", "bank_account"}} == BUSINESS_WITH_IBAN
    assert personal_fields(PaymentReceived) == ["PaymentReceived.amount", "InvoiceMeant.amount", "Money.amount"]


@pytest.mark.parametrize("field", ["salary", "iban", "tax_id", "social_security_number", "health_insurance"])
def test_a_hire_with_such_a_field_is_refused_naming_it(field: str) -> None:
    hire = EVENTS["EmployeeHired.v1"]

    with pytest.raises(ValueError, match=field):
        hire.model_validate({field: "1"})
