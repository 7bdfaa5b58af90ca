"""Customers: registered, changed from a day on, searched."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from fastapi import Query
from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from starlette.responses import Response

from chassis.http import Router
from contracts.base import CurrencyCode, Language, Name, Reference, UnsignedAmount, VatNumber
from contracts.ledger_parts import PriceListCode
from contracts.money import AmountError, from_micro, to_micro, to_minor
from services.ledger import handlers
from services.ledger.api.inputs import Body, Day, Limit, Read, Write, changing, found
from services.ledger.api.setup import AddressBody
from services.ledger.api.vat import checked
from services.ledger.commands import ChangeCustomer, NewCustomer, RegisterCustomers
from services.ledger.domain.customers import CustomerChange, PaymentTerms
from services.ledger.queries import customers

router = Router(prefix="/v1/companies/{company}", tags=["ledger"])

ALWAYS = date(1900, 1, 1)
"""From when a customer is as it was registered, if nothing is said."""
DAYS_MAX = 366
CODE_CHARS_MAX = 64
NAME_CHARS_MAX = 200
VAT_CHARS_MAX = 20


# -- what is asked ----------------------------------------------------------------------------------------------------


class DiscountBody(Body):
    """What may be deducted by who pays early: a fraction (0.02 is 2 %), and in how many days."""

    rate: Annotated[str, Field(pattern=r"^0\.[0-9]{1,6}$")]
    days: Annotated[int, Field(ge=0, le=DAYS_MAX)]


class TermsBody(Body):
    """Days from the invoice to the day it is due, and what early payment earns."""

    net_days: Annotated[int, Field(ge=0, le=DAYS_MAX)]
    discount: DiscountBody | None = None

    @model_validator(mode="after")
    def discount_ends_in_time(self) -> Self:
        """A deduction for who pays late would be none for paying early."""
        if self.discount is not None and self.discount.days > self.net_days:
            raise ValueError("The discount ends after the invoice is due.")
        return self


class CreditLimitBody(Body):
    """How much a customer may owe in a currency; null is no limit."""

    currency: CurrencyCode
    amount: UnsignedAmount | None

    @model_validator(mode="after")
    def amount_is_one_of_its_currency(self) -> Self:
        """As many decimals as the currency has."""
        try:
            to_minor(self.amount or "0", self.currency)
        except AmountError as wrong:
            raise ValueError(f"{wrong}.") from None
        return self


def _each_currency_once(limits: list[CreditLimitBody]) -> list[CreditLimitBody]:
    if len({limit.currency for limit in limits}) < len(limits):
        raise ValueError("A currency is named twice.")
    return limits


CreditLimits = Annotated[list[CreditLimitBody], Field(max_length=50), AfterValidator(_each_currency_once)]


def _fits(number: str | None, told: ValidationInfo) -> str | None:
    """By the rules of its country; the address is told before it."""
    address: AddressBody | None = told.data.get("address")
    return checked(number, None if address is None else address.country) if number else number


class CustomerBody(Body):
    """A customer to register, by the front office's own code. It is so from `valid_from`, or from ever."""

    customer: Reference
    name: Name
    language: Language
    address: AddressBody
    vat_number: VatNumber | None = None
    terms: TermsBody | None = None
    credit_limits: CreditLimits = Field(default_factory=list)
    price_list: PriceListCode | None = None
    valid_from: Day | None = None

    _vat_number_is_sound = field_validator("vat_number")(_fits)


class CustomersBody(Body):
    """Customers to register together: all of them or none."""

    customers: Annotated[list[CustomerBody], Field(min_length=1, max_length=500)]


class CustomerChangeBody(Body):
    """What is different from a day on; what is absent stays. An empty VAT number, or price list, is none any more."""

    valid_from: Day
    name: Name | None = None
    language: Language | None = None
    address: AddressBody | None = None
    vat_number: VatNumber | Annotated[str, Field(max_length=0)] | None = None
    terms: TermsBody | None = None
    credit_limits: CreditLimits = Field(default_factory=list)
    price_list: PriceListCode | Annotated[str, Field(max_length=0)] | None = None

    _vat_number_is_sound = field_validator("vat_number")(_fits)

    @model_validator(mode="after")
    def something_changes(self) -> Self:
        """A change changes something."""
        return changing(self)


# -- set-up -----------------------------------------------------------------------------------------------------------


@router.post("/customers", status_code=201)
async def register_customer(company: str, body: CustomerBody, call: Write) -> Response:
    """Register one customer."""
    command = RegisterCustomers(company, [_new(body, "")], call.cause(company))
    return await call.run(handlers.register_customers, command)


@router.post("/customers/batch", status_code=201)
async def register_customers(company: str, body: CustomersBody, call: Write) -> Response:
    """Register several customers: all of them or none."""
    new = [_new(customer, f"/customers/{index}") for index, customer in enumerate(body.customers)]
    return await call.run(handlers.register_customers, RegisterCustomers(company, new, call.cause(company)))


@router.post("/customers/{customer}/changes", status_code=201)
async def change_customer(company: str, customer: str, body: CustomerChangeBody, call: Write) -> Response:
    """Say what is different about a customer from a day on, in the past or to come.

    A higher limit lets held orders pass, so it needs `ledger:approve`, as letting them pass one by one does.
    """
    may_approve = call.caller.may("ledger:approve", company)
    change = _change(body, body.valid_from)
    command = ChangeCustomer(company, customer, change, call.cause(company), may_approve)
    return await call.run(handlers.change_customers, command)


def _new(body: CustomerBody, pointer: str) -> NewCustomer:
    return NewCustomer(body.customer, _change(body, body.valid_from or ALWAYS), pointer)


def _change(body: CustomerBody | CustomerChangeBody, valid_from: date) -> CustomerChange:
    return CustomerChange(
        valid_from,
        body.name,
        body.language,
        None if body.address is None else body.address.model_dump(exclude_none=True),
        body.vat_number,
        None if body.terms is None else _terms(body.terms),
        {x.currency: None if x.amount is None else to_minor(x.amount, x.currency) for x in body.credit_limits},
        body.price_list,
    )


def _terms(body: TermsBody) -> PaymentTerms:
    if body.discount is None:
        return PaymentTerms(body.net_days)
    return PaymentTerms(body.net_days, from_micro(to_micro(body.discount.rate)), body.discount.days)


# -- questions --------------------------------------------------------------------------------------------------------


@router.get("/customers")
async def search_customers(
    company: str,
    reading: Read,
    name: Annotated[str | None, Query(max_length=NAME_CHARS_MAX, description="A part of the name.")] = None,
    vat_number: Annotated[str | None, Query(max_length=VAT_CHARS_MAX)] = None,
    as_of: Annotated[date | None, Query(description="As they are on this day; without it, today.")] = None,
    after: Annotated[str | None, Query(max_length=CODE_CHARS_MAX, description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> customers.CustomersAnswer:
    """Customers that fit everything that is named, by code."""
    async with reading.connection(company) as connection:
        return await customers.search(
            connection, company, name=name, vat_number=vat_number, as_of=as_of, after=after, limit=limit
        )


@router.get("/customers/{customer}")
async def show_customer(
    company: str,
    customer: str,
    reading: Read,
    as_of: Annotated[date | None, Query(description="As it is on this day; without it, today.")] = None,
) -> customers.CustomerAnswer:
    """One customer as it is on a day, with everything that ever changed."""
    async with reading.connection(company) as connection:
        return found(await customers.one(connection, company, customer, as_of), "customer")
