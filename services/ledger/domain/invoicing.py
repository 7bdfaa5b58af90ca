"""What an order is invoiced for: line totals, taxes, dates; or the rule that refuses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from chassis.errors import Refused
from chassis.ids import UUID
from contracts.money import (
    MINOR_UNITS,
    WHOLE_DIGITS_MAX,
    AmountError,
    from_micro,
    line_total_minor,
    tax_minor,
    to_micro,
)
from services.ledger.domain.books import RECEIVABLE, SALES, Books, TaxRule
from services.ledger.domain.customers import PaymentTerms
from services.ledger.domain.exchange import Rate, value
from services.ledger.domain.settlement import Discount

TAX_CODES_MAX = 100
"""On one invoice; the published invoice has no room for more."""
PRINTED_BYTES_MAX = 250_000
"""Of what is printed; with number, dates and envelope it must stay below 256 KiB, the most that an event may have."""


class OrderLine(NamedTuple):
    """A line as agreed with the customer; quantity and price are decimal strings of at most six decimals."""

    line: int
    item: str
    description: str
    quantity: str
    unit_price: str
    tax_code: str


class Terms(NamedTuple):
    """What billing needs of an order."""

    order: UUID
    reference: str
    currency: str
    customer: Mapping[str, object]
    """As printed on the invoice."""
    lines: Sequence[OrderLine]
    revision: int = 1
    on_dispatch: bool = False
    """Whether it is invoiced when its goods leave, not when they are set aside."""


class Reserved(NamedTuple):
    """What the warehouse set aside for a line."""

    item: str
    quantity: str
    before: int = 0
    """Millionths that were set aside for the line before, and invoiced then."""


class InvoiceLine(NamedTuple):
    """A line of an invoice; `net` in minor units of the invoice's currency."""

    line: int
    item: str
    description: str
    quantity: str
    unit_price: str
    net: int
    tax_code: str
    tax_rate: str


class TaxTotal(NamedTuple):
    """The tax of all lines with one code, in minor units: rounded once, on their sum."""

    rule: TaxRule
    base: int
    tax: int


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice without its number; amounts in minor units of `currency`."""

    company: str
    order: UUID
    reference: str
    customer: Mapping[str, object]
    seller: Mapping[str, object]
    currency: str
    issued_on: date
    lines: Sequence[InvoiceLine]
    taxes: Sequence[TaxTotal]
    net: int
    tax: int
    terms: PaymentTerms
    own: str
    """The company's own currency."""
    rate: Rate | None = None
    """What the invoice's currency is worth in it; None when it is the same."""

    revision: int = 1
    """Of the order."""

    @property
    def base_total(self) -> int | None:
        """What the total is worth in the company's own currency; None when it is in that one."""
        return None if self.rate is None else value(self.total, self.currency, self.rate, self.own)

    @property
    def discount(self) -> Discount | None:
        """What may be left out by who pays early, if anything."""
        rate, until = self.terms.discount, self.terms.discount_until(self.issued_on)
        amount = 0 if rate is None else tax_minor(self.total, rate)
        return Discount(amount, until) if amount and until is not None else None

    @property
    def total(self) -> int:
        """What the customer owes."""
        return self.net + self.tax

    @property
    def due_on(self) -> date:
        """Last day for payment."""
        return self.terms.due_on(self.issued_on)


def draft_invoice(
    terms: Terms, reserved: Mapping[int, Reserved], reserved_at: datetime, payment: PaymentTerms, books: Books
) -> Draft | Refused:
    """What the order is invoiced for: the agreed prices for the quantities that were set aside.

    The invoice is dated when stock was reserved, on the company's calendar, whenever it is made: both facts come from
    events, so a replay decides the same. A refusal names the rule and, where one field is to blame, its JSON pointer.
    """
    decimals = MINOR_UNITS.get(terms.currency)
    if decimals is None:
        return Refused("currency-unknown", f"Nothing can be invoiced in {terms.currency}.", "/currency")
    for role in (RECEIVABLE, SALES):
        if role not in books.accounts:
            return Refused("account-missing", f"The company has no account with the role {role}.")
    issued_on = books.day_of(reserved_at)
    rules = books.tax_on(issued_on)
    lines: list[InvoiceLine] = []
    bases: dict[str, int] = {}
    net = 0
    for index, (number, item, description, _, unit_price, tax_code) in enumerate(terms.lines):
        served = reserved.get(number)
        if served is None:
            continue
        if served.item != item:
            return Refused("reservation-mismatch", f"Line {number} orders {item}, {served.item} was reserved.")
        rule = rules.get(tax_code)
        if rule is None:
            return Refused("tax-code-unknown", f"The company has no tax code {tax_code}.", f"/lines/{index}/tax_code")
        try:
            line_net = line_total_minor(served.quantity, unit_price, terms.currency)
            if served.before:
                line_net = _more(served, unit_price, terms.currency)
        except AmountError as wrong:
            return Refused("amount-too-large", f"Line {number}: {wrong}.", f"/lines/{index}")
        lines.append(InvoiceLine(number, item, description, served.quantity, unit_price, line_net, tax_code, rule.rate))
        bases[tax_code] = bases.get(tax_code, 0) + line_net
        net += line_net
    if len(lines) < len(reserved):
        strange = min(reserved.keys() - {line.line for line in lines})
        return Refused("reservation-mismatch", f"Line {strange} was reserved; the order has no such line.")
    if not lines:
        return Refused("nothing-to-invoice", "None of the order's lines was reserved.")
    if len(bases) > TAX_CODES_MAX:
        return Refused("too-many-tax-codes", f"The order has {len(bases)} tax codes; {TAX_CODES_MAX} can be printed.")
    taxes = [tax_of(rules[code], base) for code, base in bases.items()]
    tax = sum([total.tax for total in taxes])
    if net + tax >= 10 ** (WHOLE_DIGITS_MAX + decimals):
        return Refused("amount-too-large", "The order is worth more than an invoice can state.")
    return Draft(
        books.company,
        terms.order,
        terms.reference,
        terms.customer,
        books.seller_on(issued_on),
        terms.currency,
        issued_on,
        lines,
        taxes,
        net,
        tax,
        payment,
        books.currency,
        None,
        terms.revision,
    )


def _more(served: Reserved, unit_price: str, currency: str) -> int:
    """What a later part of a line comes to: so that its parts add up to the line, to the cent."""
    upto = line_total_minor(from_micro(served.before + to_micro(served.quantity)), unit_price, currency)
    return upto - line_total_minor(from_micro(served.before), unit_price, currency)


def tax_of(rule: TaxRule, base: int) -> TaxTotal:
    """Tax on the sum of all lines with one code, rounded half up once."""
    return TaxTotal(rule, base, tax_minor(base, rule.rate))
