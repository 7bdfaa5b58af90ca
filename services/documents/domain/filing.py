"""How a document is filed: its class, what it is about, its title, and the id that follows from these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Language = Literal["en", "el", "he"]

CLASS_OF: Mapping[str, str] = {
    "invoice": "invoice",
    "credit_note": "credit_note",
    "employee": "employee_file",
}
"""One document for each thing: so its id can be told from the thing alone, and a repeat files nothing new."""

MADE_BY_EVENTS: Mapping[str, str] = {
    "delivery_note": "shipment",
    "packing_list": "shipment",
    "label": "shipment",
    "dunning_letter": "letter",
    "statement": "statement",
}
"""The thing about which events alone make papers of a class. Nobody else may take their places, not even before they
come: what is on file is never replaced, so the true paper would have none.
"""

TITLES: Mapping[str, Mapping[Language, str]] = {
    "invoice": {"en": "Invoice", "el": "Τιμολόγιο", "he": "חשבונית מס"},
    "credit_note": {"en": "Credit note", "el": "Πιστωτικό τιμολόγιο", "he": "חשבונית מס זיכוי"},
    "employee_file": {"en": "Employee file", "el": "Φάκελος εργαζομένου", "he": "תיק עובד"},
    "statement": {"en": "Statement of account", "el": "Καρτέλα πελάτη", "he": "כרטסת לקוח"},
    "dunning_letter": {"en": "Payment reminder", "el": "Υπενθύμιση πληρωμής", "he": "תזכורת לתשלום"},
    "delivery_note": {"en": "Delivery note", "el": "Δελτίο αποστολής", "he": "תעודת משלוח"},
    "packing_list": {"en": "Packing list", "el": "Λίστα συσκευασίας", "he": "רשימת אריזה"},
    "purchase_order": {"en": "Purchase order", "el": "Παραγγελία αγοράς", "he": "הזמנת רכש"},
    "label": {"en": "Labels", "el": "Ετικέτες", "he": "תוויות"},
    "payslip": {"en": "Payslip", "el": "Απόδειξη αποδοχών", "he": "תלוש שכר"},
    "employment_contract": {"en": "Employment contract", "el": "Σύμβαση εργασίας", "he": "חוזה עבודה"},
}

FIRST_VERSION: frozenset[str] = frozenset(CLASS_OF.values())
"""Classes that the first version of our events can name; all others are told of in the second."""


def title_of(document_class: str, language: Language, number: str) -> str:
    """What the document is called in lists. An employee's file is called by its number, never by the person's name."""
    return f"{TITLES[document_class][language]} {number}"
