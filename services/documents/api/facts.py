"""The facts of papers that are asked for instead of heard: what a caller must state so that each can be printed."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from contracts.base import (
    DATE_PATTERN,
    Amount,
    CalendarDate,
    CountryCode,
    CurrencyCode,
    DocumentNumber,
    Iban,
    Language,
    Name,
    Quantity,
    Reference,
    Sku,
    Text,
    UnsignedAmount,
    VatNumber,
)

LINES_MAX = 500


def _day(value: object) -> object:
    """A date in the one spelling that the published schema shows."""
    return date.fromisoformat(value) if isinstance(value, str) and re.fullmatch(DATE_PATTERN, value) else value


Day = Annotated[CalendarDate, BeforeValidator(_day)]
Id = Annotated[UUID, Field(strict=False)]
Decimals = Annotated[str, Field(pattern=r"^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,6})?$", description="A plain decimal.")]


class Body(BaseModel):
    """What a caller sends: every field known, no value guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)


class PostalAddress(Body):
    """A postal address."""

    line1: Text
    line2: Text | None = None
    city: Text
    postcode: Annotated[str, Field(max_length=16, pattern=r"^[^\u0000-\u001F\u007F]*$")] = ""
    country: CountryCode


class Sender(Body):
    """Whose paper it is."""

    name: Name
    address: PostalAddress
    vat_number: VatNumber | None = None
    iban: Iban | None = None


class Customer(Body):
    """To whom it is addressed."""

    id: Reference
    name: Name
    address: PostalAddress
    vat_number: VatNumber | None = None


class Supplier(Customer):
    """From whom something is ordered."""


class Employee(Body):
    """Whom it concerns."""

    name: Name
    number: Reference
    address: PostalAddress | None = None


class Recipient(Body):
    """Where goods go."""

    name: Name
    address: PostalAddress


class Facts(Body):
    """What every paper says."""

    language: Language
    issued_on: Day
    number: DocumentNumber
    seller: Annotated[Sender | None, Field(description="Left out: the company, as told for its day.")] = None
    remark: Text | None = None


class StatementLine(Body):
    """Something that happened on a customer's account."""

    date: Day
    document: Text
    due_on: Day | None = None
    amount: Amount
    open: Amount | None = None


class AgeingLine(Body):
    """What is open of one age, such as `31–60` days."""

    days_overdue: Text
    open: Amount


class StatementFacts(Facts):
    """What a customer owes on a day."""

    customer: Customer
    from_: Annotated[Day | None, Field(alias="from")] = None
    as_of: Day
    currency: CurrencyCode
    lines: Annotated[list[StatementLine], Field(max_length=5_000)]
    ageing: Annotated[list[AgeingLine], Field(max_length=20)] = []
    total: Amount


class OverdueLine(Body):
    """An invoice that is overdue."""

    invoice_number: DocumentNumber
    issued_on: Day
    due_on: Day
    days: Annotated[int, Field(ge=0, le=100_000)]
    amount: Amount
    open: Amount


class DunningFacts(Facts):
    """What is overdue, and until when it is to be paid."""

    customer: Customer
    level: Annotated[int, Field(ge=1, le=9)]
    currency: CurrencyCode
    lines: Annotated[list[OverdueLine], Field(min_length=1, max_length=LINES_MAX)]
    overdue: UnsignedAmount
    fee: UnsignedAmount | None = None
    interest: UnsignedAmount | None = None
    total: UnsignedAmount
    pay_until: Day | None = None


class GoodsLine(Body):
    """Goods of one kind."""

    line: Annotated[int, Field(ge=1, le=LINES_MAX)] | None = None
    item: Sku
    description: Text
    quantity: Quantity
    unit: Annotated[str, Field(min_length=1, max_length=20)] | None = None
    to_follow: Decimals | None = None


class ShippedFacts(Facts):
    """What left the house, and for whom."""

    ship_to: Recipient
    dispatched_on: Day
    order_reference: Reference | None = None
    carrier: Text | None = None
    tracking: Reference | None = None
    weight: Text | None = None


class DeliveryFacts(ShippedFacts):
    """A delivery note."""

    lines: Annotated[list[GoodsLine], Field(min_length=1, max_length=LINES_MAX)]


class Package(Body):
    """One package with what is in it."""

    package: Annotated[str, Field(min_length=1, max_length=20)]
    sscc: Annotated[str, Field(pattern=r"^[0-9]{18}$", description="GS1 serial shipping container code.")] | None = None
    weight: Text | None = None
    lines: Annotated[list[GoodsLine], Field(min_length=1, max_length=LINES_MAX)]


class PackingFacts(ShippedFacts):
    """A packing list."""

    packages: Annotated[list[Package], Field(min_length=1, max_length=100)]


class BarcodeBody(Body):
    """A barcode in one of the forms that scanners read."""

    form: Literal["qr", "datamatrix", "code128", "ean13", "sscc"]
    value: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[\u0020-\u007E]+$")]


class Label(Body):
    """One label."""

    title: Text
    lines: Annotated[list[Text], Field(max_length=6)] = []
    barcode: BarcodeBody


class LabelFacts(Facts):
    """Labels, one a page."""

    labels: Annotated[list[Label], Field(min_length=1, max_length=500)]


class OrderedLine(Body):
    """Goods of one kind that are ordered, and what was agreed to be paid for them."""

    line: Annotated[int, Field(ge=1, le=LINES_MAX)]
    item: Sku
    description: Text
    quantity: Quantity
    unit: Annotated[str, Field(min_length=1, max_length=20)] | None = None
    unit_price: Decimals
    net: UnsignedAmount


class PurchaseOrderFacts(Facts):
    """What is ordered of a supplier."""

    supplier: Supplier
    offer_reference: Annotated[Reference | None, Field(description="The supplier's own offer.")] = None
    deliver_to: Annotated[Recipient | None, Field(description="Left out: where the order comes from.")] = None
    deliver_by: Day | None = None
    terms: Annotated[Text | None, Field(description="Of delivery and payment, as they were agreed on.")] = None
    currency: CurrencyCode
    lines: Annotated[list[OrderedLine], Field(min_length=1, max_length=LINES_MAX)]
    net: UnsignedAmount
    tax: UnsignedAmount | None = None
    total: UnsignedAmount


class PayLine(Body):
    """An amount with what it is for."""

    description: Text
    quantity: Decimals | None = None
    rate: Decimals | None = None
    amount: Amount


PayLines = Annotated[list[PayLine], Field(max_length=60)]


class PayslipFacts(Facts):
    """What somebody earned in a period."""

    employee: Employee
    period: Text
    paid_on: Day | None = None
    position: Text | None = None
    department: Text | None = None
    currency: CurrencyCode
    earnings: PayLines
    deductions: PayLines = []
    employer: PayLines = []
    to_date: PayLines = []
    gross: Amount
    deducted: Amount
    net: Amount
    paid_to: Text | None = None
    rules: Text | None = None


class ContractFacts(Facts):
    """What employer and employee agree on."""

    employee: Employee
    position: Text
    department: Text | None = None
    starts_on: Day
    ends_on: Day | None = None
    hours_per_week: Decimals | None = None
    leave_days: Decimals | None = None
    pay: Text | None = None
    work_place: Text | None = None
    notice: Text | None = None
    probation: Text | None = None
    clauses: Annotated[list[Annotated[str, Field(min_length=1, max_length=2_000)]], Field(max_length=60)] = []
