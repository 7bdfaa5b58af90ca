"""The part of the story that is about the books: the customer as master data, fiscal years, dimensions."""

from collections.abc import Mapping
from typing import Any

_OCTOBER = {"fiscal_year": 2026, "number": 1, "starts_on": "2026-10-01", "ends_on": "2026-10-31"}


def books(
    customer_id: str, price_list: str, customer: Mapping[str, Any], address: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """One event of each type, about the story's customer and its company's year."""
    return {
        "CustomerRegistered.v1": {
            "customer": customer_id,
            "id": customer["id"],
            "valid_from": "2026-11-01",
            "name": customer["name"],
            "language": "el",
            "address": address,
            "vat_number": "EL094259216",
            "terms": {"net_days": 30, "discount": {"rate": "0.02", "days": 10}},
            "credit_limits": [{"currency": "EUR", "amount": "5000.00"}],
        },
        "CustomerChanged.v1": {
            "customer": customer_id,
            "id": customer["id"],
            "valid_from": "2027-01-01",
            "change": 2,
            "terms": {"net_days": 45},
            "credit_limits": [{"currency": "EUR", "amount": "8000.00"}],
        },
        "FiscalYearOpened.v1": {
            "year": 2026,
            "starts_on": "2026-10-01",
            "ends_on": "2026-12-31",
            "periods": [
                {"number": 1, "starts_on": "2026-10-01", "ends_on": "2026-10-31"},
                {"number": 2, "starts_on": "2026-11-01", "ends_on": "2026-11-30"},
                {"number": 3, "starts_on": "2026-12-01", "ends_on": "2026-12-31"},
            ],
        },
        "PeriodClosed.v1": {**_OCTOBER, "subledgers": ["ar", "gl"], "reason": "October is reported."},
        "PeriodReopened.v1": {**_OCTOBER, "subledgers": ["gl"], "reason": "The rent was forgotten."},
        "DimensionDefined.v1": {"dimension": "cost_centre", "code": "CC-10", "name": "Αποθήκη"},
        "PriceListDefined.v1": {
            "list_id": price_list,
            "code": "CAFES",
            "name": "Καφέ",
            "currency": "EUR",
            "usual": False,
        },
        "PricesAnnounced.v1": {
            "list_id": price_list,
            "code": "CAFES",
            "change": 1,
            "prices": [
                {"item": "FILTER-250", "from_quantity": None, "valid_from": "2026-11-01", "unit_price": "4.20"},
                {"item": "FILTER-250", "from_quantity": "100", "valid_from": "2026-11-01", "unit_price": "3.95"},
            ],
        },
    }
