"""Customers, told to everybody."""

from __future__ import annotations

from contracts.ledger import CustomerChanged, CustomerRegistered
from contracts.money import from_minor
from services.ledger.domain.customers import CustomerChange, PaymentTerms, customer_id
from services.ledger.translate.emission import Emission, present


def customer_registered(company: str, code: str, first: CustomerChange) -> Emission:
    """A customer is known from now on."""
    return CustomerRegistered, customer_id(company, code), _identified(company, code, first) | _details(first)


def customer_changed(company: str, code: str, number: int, change: CustomerChange) -> Emission:
    """Something about a customer is different from a day on."""
    data = _identified(company, code, change) | {"change": number} | _details(change)
    if change.vat_number == "":
        data["vat_number_ended"] = True
    if change.price_list == "":
        data["price_list_ended"] = True
    return CustomerChanged, customer_id(company, code), data


def _identified(company: str, code: str, change: CustomerChange) -> dict[str, object]:
    return {"customer": customer_id(company, code), "id": code, "valid_from": change.valid_from}


def _details(change: CustomerChange) -> dict[str, object]:
    limits = [
        {"currency": currency, "amount": None if amount is None else from_minor(amount, currency)}
        for currency, amount in change.credit_limits.items()
    ]
    return present(
        name=change.name,
        language=change.language,
        address=change.address,
        vat_number=change.vat_number or None,
        terms=None if change.terms is None else _terms(change.terms),
        credit_limits=limits or None,
        price_list=change.price_list or None,
    )


def _terms(terms: PaymentTerms) -> dict[str, object]:
    discount = None if terms.discount is None else {"rate": terms.discount, "days": terms.discount_days}
    return {"net_days": terms.net_days} | present(discount=discount)
