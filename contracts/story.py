"""One story, told by one event of every type: the source of the golden samples.

A company in Piraeus sells to a café, is paid, credits another order; a person is hired. The amounts belong together, so
the samples also show how they are calculated. Everything here is invented.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from contracts.base import data_schema
from contracts.envelope import Envelope
from contracts.registry import key_of, owner_of
from contracts.story_books import books
from contracts.story_papers import invoice_on_paper, papers
from contracts.story_payroll import payroll
from contracts.story_receivables import credit, receivables, reminders
from contracts.story_stock import set_right, waiting

COMPANY = "aegean"
WEBSHOP = "/sales/webshop"
BEGIN = datetime(2026, 11, 22, 8, 30, 0, 125000, tzinfo=UTC)

_NAMESPACE = UUID("7c0d5f0e-55a4-5f1c-8a57-1f6f2b0c9d3e")  # random, fixed for ever


def story_id(name: str) -> str:
    """The id of a thing in the story, always the same."""
    return str(uuid5(_NAMESPACE, name))


ORDER, SECOND_ORDER, CHANGED_ORDER = story_id("order"), story_id("second order"), story_id("changed order")
INVOICE, SECOND_INVOICE = story_id("invoice"), story_id("second invoice")
RESERVATION, PAYMENT, EMPLOYEE = story_id("reservation"), story_id("payment"), story_id("employee")
DOCUMENT, CUSTOMER, SHIPMENT = story_id("document"), story_id("customer"), story_id("shipment")

_SELLER_ADDRESS = {"line1": "Ακτή Μιαούλη 85", "city": "Πειραιάς", "postcode": "18538", "country": "GR"}
_CUSTOMER_ADDRESS = {
    "line1": "Οδός Αδριανού 24", "line2": "Πλάκα", "city": "Αθήνα", "postcode": "10556", "country": "GR",
}  # fmt: skip
_SELLER = {
    "name": "Αιγαίο Εμπορική Α.Ε.",
    "address": _SELLER_ADDRESS,
    "vat_number": "EL800000003",
    "iban": "GR1601101250000000012300695",
}
_CUSTOMER = {
    "id": "C-1042",
    "name": "Καφέ Ακρόπολη Ο.Ε.",
    "language": "el",
    "address": _CUSTOMER_ADDRESS,
    "vat_number": "EL900000009",
}
_FILTERS = {"line": 1, "item": "FILTER-250", "description": "Φίλτρα καφέ, συσκευασία 250 τεμ."}
_BEANS = {"line": 2, "item": "BEANS-KG", "description": "Καφές σε κόκκους, χύμα (kg)"}
_RESERVED = [
    {"line": 1, "item": "FILTER-250", "quantity": "12"},
    {"line": 2, "item": "BEANS-KG", "quantity": "2.5"},
]
# 12 × 18.50 = 222.00; 2.5 × 7.125 = 17.8125, rounded half up to 17.81; 24 % of 239.81 is 57.5544, so 57.55.
_INVOICE_LINES = [
    {**_FILTERS, "quantity": "12", "unit_price": "18.50", "net": "222.00", "tax_code": "VAT24", "tax_rate": "0.24"},
    {**_BEANS, "quantity": "2.5", "unit_price": "7.125", "net": "17.81", "tax_code": "VAT24", "tax_rate": "0.24"},
]
_INVOICE_TOTALS = {
    "taxes": [{"tax_code": "VAT24", "rate": "0.24", "base": "239.81", "tax": "57.55"}],
    "net": "239.81",
    "tax": "57.55",
    "total": "297.36",
}
_CREDITED_LINES = [
    {**_FILTERS, "quantity": "1", "unit_price": "18.50", "net": "18.50", "tax_code": "VAT24", "tax_rate": "0.24"}
]
_CREDITED_TOTALS = {
    "taxes": [{"tax_code": "VAT24", "rate": "0.24", "base": "18.50", "tax": "4.44"}],
    "net": "18.50",
    "tax": "4.44",
    "total": "22.94",
}


_ISSUED = {
    "shipment": SHIPMENT, "order": ORDER, "number": "DN-2026-000007", "issued_on": "2026-11-22", "currency": "EUR",
    "cost": "131.25", "lines": [_RESERVED[0] | {"cost": "120.00"}, _RESERVED[1] | {"cost": "11.25"}],
}  # fmt: skip
_VALUED = {
    "document": story_id("receipt"), "kind": "receipt", "reference": "IN-2026-0009", "effective_on": "2026-11-20",
    "posted_on": "2026-11-20", "currency": "EUR", "value": "1000.00",
    "lines": [{"item": "FILTER-250", "quantity": "100", "value": "1000.00"}],
}  # fmt: skip

DATA: Mapping[str, dict[str, Any]] = {
    "CompanyRegistered.v1": {
        "company": COMPANY,
        "name": _SELLER["name"],
        "currency": "EUR",
        "country": "GR",
        "time_zone": "Europe/Athens",
        "address": _SELLER_ADDRESS,
        "vat_number": _SELLER["vat_number"],
        "iban": _SELLER["iban"],
    },
    "AccountOpened.v1": {"account": "1100", "name": "Πελάτες", "kind": "asset", "role": "receivable"},
    "TaxCodeDefined.v1": {"code": "VAT24", "name": "ΦΠΑ 24 %", "rate": "0.24", "account": "2200"},
    "ItemDefined.v1": {
        "item": story_id("item FILTER-250"),
        "sku": "FILTER-250",
        "name": "Φίλτρα καφέ, συσκευασία 250 τεμ.",
        "unit": "pcs",
    },
    "StockReceived.v1": {
        "item": story_id("item FILTER-250"),
        "sku": "FILTER-250",
        "receipt": story_id("receipt"),
        "warehouse": "PIRAEUS",
        "quantity": "100",
        "on_hand": "140",
    },
    "OrderPlaced.v1": {
        "order": ORDER,
        "reference": "WEB-2026-000117",
        "source": WEBSHOP,
        "placed_at": "2026-11-22T08:29:58.500000Z",
        "currency": "EUR",
        "customer": {**_CUSTOMER, "email": "orders@cafe-acropolis.example"},
        "invoicing": "on_order",
        "allocation": "all_or_nothing",
        "lines": [
            {**_FILTERS, "quantity": "12", "unit_price": "18.50", "tax_code": "VAT24"},
            {**_BEANS, "quantity": "2.5", "unit_price": "7.125", "tax_code": "VAT24"},
        ],
    },
    "StockReserved.v1": {"order": ORDER, "reservation": RESERVATION, "lines": _RESERVED},
    "InvoiceIssued.v1": {
        "invoice": INVOICE,
        "number": "INV-2026-000042",
        "series": "INV",
        "fiscal_year": 2026,
        "issued_on": "2026-11-22",
        "due_on": "2026-12-22",
        "order": ORDER,
        "order_reference": "WEB-2026-000117",
        "seller": _SELLER,
        "customer": _CUSTOMER,
        "currency": "EUR",
        "lines": _INVOICE_LINES,
        **_INVOICE_TOTALS,
        "entry": story_id("entry"),
    },
    "EntryPosted.v1": {
        "entry": story_id("entry"),
        "journal": "sales",
        "posted_on": "2026-11-22",
        "document": INVOICE,
        "order": ORDER,
        "lines": [
            {"account": "1100", "debit": "297.36", "credit": "0.00", "currency": "EUR"},
            {"account": "4000", "debit": "0.00", "credit": "239.81", "currency": "EUR"},
            {"account": "2200", "debit": "0.00", "credit": "57.55", "currency": "EUR"},
        ],
    },
    **invoice_on_paper(DOCUMENT, INVOICE, ORDER),
    "PaymentReceived.v1": {
        "payment": PAYMENT,
        "reference": "BANK-77812",
        "received_on": "2026-11-25",
        "amount": {"amount": "320.00", "currency": "EUR"},
        "payer": {"name": "Καφέ Ακρόπολη Ο.Ε."},
        "order": None,
        "order_reference": None,
        "invoice_number": "INV-2026-000042",
    },
    "PaymentAllocated.v1": {
        "payment": PAYMENT,
        "amount": {"amount": "320.00", "currency": "EUR"},
        "allocations": [{"invoice": INVOICE, "number": "INV-2026-000042", "order": ORDER, "amount": "297.36"}],
        "unapplied": "22.64",
        "cause": "received",
    },
    "InvoicePaid.v1": {
        "invoice": INVOICE,
        "number": "INV-2026-000042",
        "order": ORDER,
        "paid_on": "2026-11-25",
        "total": {"amount": "297.36", "currency": "EUR"},
    },
    "OrderCancelled.v1": {
        "order": SECOND_ORDER,
        "reference": "WEB-2026-000118",
        "source": WEBSHOP,
        "reason": "ordered by mistake",
    },
    "ReservationReleased.v1": {
        "order": SECOND_ORDER,
        "reservation": story_id("second reservation"),
        "reason": "order-cancelled",
        "lines": [{"line": 1, "item": "FILTER-250", "quantity": "1"}],
    },
    "CreditNoteIssued.v1": {
        "credit_note": story_id("credit note"),
        "number": "CN-2026-000003",
        "series": "CN",
        "fiscal_year": 2026,
        "issued_on": "2026-11-23",
        "invoice": SECOND_INVOICE,
        "invoice_number": "INV-2026-000043",
        "reason": "ordered by mistake",
        "order": SECOND_ORDER,
        "order_reference": "WEB-2026-000118",
        "seller": _SELLER,
        "customer": _CUSTOMER,
        "currency": "EUR",
        "lines": _CREDITED_LINES,
        **_CREDITED_TOTALS,
        "entry": story_id("credit entry"),
    },
    "OrderChanged.v1": {
        "order": CHANGED_ORDER,
        "reference": "WEB-2026-000119",
        "source": WEBSHOP,
        "revision": 2,
        "changed_at": "2026-11-26T09:12:04.250000Z",
        "reason": "one more box",
        "lines": [{**_FILTERS, "quantity": "13", "unit_price": "18.50", "tax_code": "VAT24"}],
    },
    "OrderChangeRefused.v1": {
        "order": CHANGED_ORDER,
        "revision": 2,
        "code": "already-shipped",
        "stage": "shipped",
        "detail": "The goods have left the warehouse.",
    },
    "ReservationRefused.v1": {
        "order": story_id("third order"),
        "code": "insufficient-stock",
        "detail": "1 of 1 lines cannot be served: FILTER-250 lacks 872.",
        "shortages": [{"item": "FILTER-250", "requested": "1000", "available": "128"}],
    },
    "InvoiceRefused.v1": {
        "order": story_id("fourth order"),
        "code": "tax-code-unknown",
        "detail": "The company has no tax code VAT25.",
        "pointer": "/lines/0/tax_code",
    },
    "EmployeeHired.v1": {
        "employee": EMPLOYEE,
        "reference": "HIRE-2026-031",
        "name": "נועה לוי",
        "job_title": "מנהלת מחסן",
        "department": "Logistics",
        "starts_on": "2026-12-01",
        "language": "he",
    },
    "EmployeeRegistered.v1": {
        "employee": EMPLOYEE,
        "number": "E-00031",
        "name": "נועה לוי",
        "job_title": "מנהלת מחסן",
        "department": "Logistics",
        "starts_on": "2026-12-01",
        "language": "he",
    },
    **payroll(story_id, EMPLOYEE),
    **receivables(story_id, SECOND_INVOICE, SECOND_ORDER),
    **reminders(story_id, SECOND_INVOICE, SECOND_ORDER, _SELLER, _CUSTOMER),
    "ItemDefined.v2": {
        "item": story_id("item TEA-KG"),
        "sku": "TEA-KG",
        "name": "Τσάι βουνού, χύμα (kg)",
        "unit": "kg",
        "packagings": [{"unit": "bag", "holds": "12.5"}],
        "valuation": "moving-average",
    },
    "StockIssued.v1": _ISSUED,
    "StockValued.v1": _VALUED,
    **waiting(story_id),
    "ShipmentDispatched.v1": {
        "shipment": SHIPMENT,
        "number": "DN-2026-000007",
        "order": ORDER,
        "order_reference": "WEB-2026-000117",
        "warehouse": "MAIN",
        "dispatched_on": "2026-11-22",
        "complete": True,
        "ship_to": _CUSTOMER,
        "lines": [{**_FILTERS, "quantity": "12", "unit": "pcs"}, {**_BEANS, "quantity": "2.5", "unit": "pcs"}],
        "packages": 2,
        "carrier": "ΕΛΤΑ Courier",
        "tracking": "EL123456789GR",
    },
    **papers(story_id, EMPLOYEE),
    **books(CUSTOMER, story_id("price list"), _CUSTOMER, _CUSTOMER_ADDRESS),
    "StockReceived.v2": {
        "item": story_id("item TEA-KG"),
        "sku": "TEA-KG",
        "receipt": story_id("receipt below zero"),
        "warehouse": "MAIN",
        "quantity": "3",
        "on_hand": "-7",
    },
    **credit(ORDER, SECOND_ORDER),
    **set_right(story_id),
    "CompanyChanged.v1": {
        "company": COMPANY,
        "valid_from": "2027-07-01",
        **_SELLER,
        "address": {"line1": "Εγνατία 12", "city": "Θεσσαλονίκη", "postcode": "54626", "country": "GR"},
    },
}

# What caused what. Everything else was asked for directly, over an API.
_CAUSES = {
    "StockReserved.v1": "OrderPlaced.v1",
    "CreditApproved.v1": "OrderPlaced.v1",
    "CreditHeld.v1": "OrderPlaced.v1",
    "InvoiceIssued.v1": "StockReserved.v1",
    "EntryPosted.v1": "StockReserved.v1",
    "DocumentRegistered.v1": "InvoiceIssued.v1",
    "DocumentStored.v1": "InvoiceIssued.v1",
    "PaymentAllocated.v1": "PaymentReceived.v1",
    "InvoicePaid.v1": "PaymentReceived.v1",
    "ReservationReleased.v1": "OrderCancelled.v1",
    "CreditNoteIssued.v1": "ReservationReleased.v1",
    "OrderChangeRefused.v1": "OrderChanged.v1",
    "EmployeeRegistered.v1": "EmployeeHired.v1",
}
_SEQUENCES = {  # on its key; whatever is not named is the first
    "AccountOpened.v1": 2,
    "TaxCodeDefined.v1": 3,
    "CreditCheckRequired.v1": 4,
    "CompanyChanged.v1": 5,
    "CustomerChanged.v1": 2,
    "PricesAnnounced.v1": 2,
    "PeriodClosed.v1": 2,
    "PeriodReopened.v1": 3,
    "StockReceived.v1": 2,
    "StockReceived.v2": 2,
    "StockIssued.v1": 2,
    "BackOrderReserved.v1": 3,
    "OrderBackOrdered.v1": 2,
    "ReservationReduced.v1": 2,
    "OrderCancelled.v1": 2,
    "OrderChanged.v1": 2,
    "OrderChangeRefused.v1": 2,
    "ReservationReleased.v1": 2,
    "InvoicePaid.v1": 2,
    "CreditNoteIssued.v1": 2,
    "DocumentStored.v1": 2,
    "EmploymentChanged.v1": 2,
    "EmployeeLeft.v1": 3,
    "DocumentRetentionStarted.v1": 4,
    "CertificateExpiring.v1": 2,
    "CertificateExpired.v1": 3,
    "DocumentStored.v2": 2,
}


def envelope_of(event_type: str) -> Envelope:
    """The envelope of the story's event of this type."""
    owner = owner_of(event_type)
    cause = _CAUSES.get(event_type)
    first = cause
    while first in _CAUSES:
        first = _CAUSES[first]
    from_front_office = owner == "gateway"
    return Envelope(
        id=story_id(f"event {event_type}"),
        type=event_type,
        source=WEBSHOP if from_front_office else f"/{owner}",
        subject=key_of(event_type, COMPANY, DATA[event_type]),
        time=BEGIN + timedelta(seconds=list(DATA).index(event_type)),
        company=COMPANY,
        sequence=_SEQUENCES.get(event_type, 1),
        causationid=story_id(f"event {cause}" if cause else f"request {event_type}"),
        correlationid=story_id(f"request {first or event_type}"),
        actor="webshop" if from_front_office or cause else "admin",
        dataschema=data_schema(event_type),
        onbehalfof=None,
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" if from_front_office else None,
        clientid=f"shop-{event_type.partition('.')[0].lower()}-1" if from_front_office else None,
    )
