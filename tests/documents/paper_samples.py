"""One example of every paper, in each language: what the tests print and what `docs/papers/` shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts import published

Facts = dict[str, Any]

LANGUAGES = ("en", "el", "he")
SSCC = "352012345000000014"

SELLER: Facts = {
    "name": "Αιγαίο Εμπορική Α.Ε.",
    "address": {"line1": "Ακτή Μιαούλη 12", "city": "Πειραιάς", "postcode": "18538", "country": "GR"},
    "vat_number": "EL800000003",
    "iban": "GR1601101250000000012300695",
}
NAMES: Mapping[str, str] = {"en": "Northwind Traders Ltd.", "el": "Καφέ Ακρόπολη Ο.Ε.", "he": 'קפה תל אביב בע"מ'}
ADDRESSES: Mapping[str, Facts] = {
    "en": {"line1": "12 Harbour Road", "city": "Limassol", "postcode": "3036", "country": "CY"},
    "el": {"line1": "Διονυσίου Αρεοπαγίτου 5", "city": "Αθήνα", "postcode": "11742", "country": "GR"},
    "he": {"line1": "דיזנגוף 99", "city": "תל אביב", "postcode": "6439604", "country": "IL"},
}
PEOPLE: Mapping[str, str] = {"en": "Alex Smith", "el": "Γιώργος Παπαδόπουλος", "he": "נועה לוי"}
GOODS: Mapping[str, tuple[str, str]] = {
    "en": ("Coffee filter, paper", "Espresso beans, 1 kg"),
    "el": ("Φίλτρο καφέ, χάρτινο", "Κόκκοι εσπρέσο, 1 kg"),
    "he": ("מסנן קפה, נייר", "פולי אספרסו, ק״ג"),
}
PIECES: Mapping[str, str] = {"en": "pcs", "el": "τεμ.", "he": "יח׳"}


def facts_of(document_class: str, language: str = "en") -> Facts:
    """The facts of an example."""
    if document_class in ("invoice", "credit_note"):
        event = {"invoice": "InvoiceIssued.v1", "credit_note": "CreditNoteIssued.v1"}[document_class]
        data = published.sample(event).data
        return data | {"customer": data["customer"] | {"name": NAMES[language], "language": language}}
    return _head(document_class, language) | MAKERS[document_class](language)


def _head(document_class: str, language: str) -> Facts:
    number = f"{''.join(part[0] for part in document_class.split('_')).upper()}-2026-000017"
    return {"language": language, "issued_on": "2026-11-28", "number": number, "seller": SELLER}


def _customer(language: str) -> Facts:
    return {"id": "C-1042", "name": NAMES[language], "address": ADDRESSES[language], "vat_number": "CY10259033P"}


def _statement(language: str) -> Facts:
    kinds = {"en": ("Invoice", "Payment"), "el": ("Τιμολόγιο", "Πληρωμή"), "he": ("חשבונית מס", "תשלום")}[language]
    return {
        "customer": _customer(language),
        "from": "2026-09-01",
        "as_of": "2026-11-28",
        "currency": "EUR",
        "lines": [
            {
                "date": "2026-09-14",
                "document": f"{kinds[0]} INV-2026-000031",
                "due_on": "2026-10-14",
                "amount": "1240.00",
                "open": "240.00",
            },
            {"date": "2026-10-02", "document": f"{kinds[1]} BANK-8812", "amount": "-1000.00"},
            {
                "date": "2026-11-20",
                "document": f"{kinds[0]} INV-2026-000058",
                "due_on": "2026-12-20",
                "amount": "297.36",
                "open": "297.36",
            },
        ],
        "ageing": [
            {"days_overdue": "0", "open": "297.36"},
            {"days_overdue": "1–30", "open": "0.00"},
            {"days_overdue": "31–60", "open": "240.00"},
        ],
        "total": "537.36",
    }


def _dunning_letter(language: str) -> Facts:
    return {
        "customer": _customer(language),
        "level": 2,
        "currency": "EUR",
        "lines": [
            {
                "invoice_number": "INV-2026-000031",
                "issued_on": "2026-09-14",
                "due_on": "2026-10-14",
                "days": 45,
                "amount": "1240.00",
                "open": "240.00",
            }
        ],
        "overdue": "240.00",
        "fee": "10.00",
        "interest": "2.37",
        "total": "252.37",
        "pay_until": "2026-12-12",
    }


def _goods(language: str) -> list[Facts]:
    filters, beans = GOODS[language]
    return [
        {"line": 1, "item": "FILTER-250", "description": filters, "quantity": "12", "unit": PIECES[language]},
        {
            "line": 2,
            "item": "BEANS-1",
            "description": beans,
            "quantity": "2.5",
            "unit": "kg",
            "to_follow": "1.5",
        },
    ]


def _delivery_note(language: str) -> Facts:
    return {
        "ship_to": {"name": NAMES[language], "address": ADDRESSES[language]},
        "dispatched_on": "2026-11-28",
        "order_reference": "WEB-2026-000117",
        "carrier": "ACS Courier",
        "tracking": "7731002241",
        "lines": _goods(language),
    }


def _packing_list(language: str) -> Facts:
    one, two = _goods(language)
    return {
        "ship_to": {"name": NAMES[language], "address": ADDRESSES[language]},
        "dispatched_on": "2026-11-28",
        "order_reference": "WEB-2026-000117",
        "weight": "7.4 kg",
        "packages": [
            {"package": "1/2", "sscc": SSCC, "weight": "4.1 kg", "lines": [one]},
            {"package": "2/2", "weight": "3.3 kg", "lines": [two]},
        ],
    }


def _label(language: str) -> Facts:
    filters, _ = GOODS[language]
    address = ADDRESSES[language]
    town = f"{address['postcode']} {address['city']}"
    return {
        "labels": [
            {
                "title": NAMES[language],
                "lines": [address["line1"], town, "1/2"],
                "barcode": {"form": "sscc", "value": SSCC},
            },
            {"title": filters, "lines": ["FILTER-250"], "barcode": {"form": "ean13", "value": "5201234567894"}},
            {"title": "A-03-12", "lines": [], "barcode": {"form": "qr", "value": "LOC:A-03-12"}},
            {"title": filters, "lines": ["LOT 7"], "barcode": {"form": "datamatrix", "value": "FILTER-250/7"}},
            {"title": filters, "lines": [], "barcode": {"form": "code128", "value": "FILTER-250"}},
        ]
    }


def _purchase_order(language: str) -> Facts:
    filters, beans = GOODS[language]
    terms = {"en": "30 days net, delivered", "el": "30 ημέρες, παραδοτέο", "he": "שוטף + 30, כולל הובלה"}[language]
    return {
        "supplier": _customer(language) | {"id": "S-207"},
        "offer_reference": "Q-2026-88",
        "deliver_to": {"name": SELLER["name"], "address": SELLER["address"]},
        "deliver_by": "2026-12-10",
        "terms": terms,
        "currency": "EUR",
        "lines": [
            {
                "line": 1,
                "item": "FILTER-250",
                "description": filters,
                "quantity": "400",
                "unit": PIECES[language],
                "unit_price": "1.125",
                "net": "450.00",
            },
            {
                "line": 2,
                "item": "BEANS-1",
                "description": beans,
                "quantity": "62.5",
                "unit": "kg",
                "unit_price": "14.40",
                "net": "900.00",
            },
        ],
        "net": "1350.00",
        "tax": "324.00",
        "total": "1674.00",
    }


def _payslip(language: str) -> Facts:
    words = {
        "en": ("Salary", "Overtime", "Income tax", "Social security", "Gross"),
        "el": ("Μισθός", "Υπερωρίες", "Φόρος εισοδήματος", "ΕΦΚΑ", "Μικτές αποδοχές"),
        "he": ("משכורת", "שעות נוספות", "מס הכנסה", "ביטוח לאומי", "ברוטו"),
    }[language]
    return {
        "employee": {"name": PEOPLE[language], "number": "E-00017", "address": ADDRESSES[language]},
        "period": "2026-11",
        "paid_on": "2026-11-30",
        "position": {"en": "Warehouse clerk", "el": "Αποθηκάριος", "he": "מחסנאית"}[language],
        "department": {"en": "Logistics", "el": "Εφοδιαστική", "he": "לוגיסטיקה"}[language],
        "currency": "EUR",
        "earnings": [
            {"description": words[0], "amount": "1850.00"},
            {"description": words[1], "quantity": "6", "rate": "15.42", "amount": "92.52"},
        ],
        "deductions": [
            {"description": words[2], "amount": "188.14"},
            {"description": words[3], "rate": "13.37", "amount": "259.71"},
        ],
        "employer": [{"description": words[3], "amount": "423.09"}],
        "to_date": [{"description": words[4], "amount": "20442.52"}, {"description": words[2], "amount": "2051.20"}],
        "gross": "1942.52",
        "deducted": "447.85",
        "net": "1494.67",
        "paid_to": "GR** **** **** 0695",
        "rules": "gr-2026 v1",
    }


def _employment_contract(language: str) -> Facts:
    clauses = {
        "en": ("The employee keeps to the safety rules of the warehouse.", "Overtime is paid as the law says."),
        "el": ("Ο εργαζόμενος τηρεί τους κανόνες ασφαλείας της αποθήκης.", "Οι υπερωρίες αμείβονται κατά τον νόμο."),
        "he": ("העובד ישמור על כללי הבטיחות של המחסן.", "שעות נוספות ישולמו על פי חוק."),
    }[language]
    return {
        "employee": {"name": PEOPLE[language], "number": "E-00017", "address": ADDRESSES[language]},
        "position": {"en": "Warehouse clerk", "el": "Αποθηκάριος", "he": "מחסנאית"}[language],
        "starts_on": "2026-12-01",
        "hours_per_week": "40",
        "leave_days": "22",
        "pay": "1,850.00 EUR / 1M",
        "work_place": ADDRESSES[language]["city"],
        "clauses": list(clauses),
    }


MAKERS = {
    "statement": _statement,
    "dunning_letter": _dunning_letter,
    "delivery_note": _delivery_note,
    "packing_list": _packing_list,
    "label": _label,
    "purchase_order": _purchase_order,
    "payslip": _payslip,
    "employment_contract": _employment_contract,
}
CLASSES = ("invoice", "credit_note", *MAKERS)
"""Every class that is printed."""
