"""How a document is filed: its class, what it is about, its title, and the id that follows from these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

DocumentClass = Literal["invoice", "credit_note", "employee_file"]
AboutKind = Literal["invoice", "credit_note", "employee"]
Language = Literal["en", "el", "he"]

CLASS_OF: Mapping[AboutKind, DocumentClass] = {
    "invoice": "invoice",
    "credit_note": "credit_note",
    "employee": "employee_file",
}
"""One document for each thing: so its id can be told from the thing alone, and a repeat files nothing new."""

TITLES: Mapping[DocumentClass, Mapping[Language, str]] = {
    "invoice": {"en": "Invoice", "el": "Τιμολόγιο", "he": "חשבונית מס"},
    "credit_note": {"en": "Credit note", "el": "Πιστωτικό τιμολόγιο", "he": "חשבונית מס זיכוי"},
    "employee_file": {"en": "Employee file", "el": "Φάκελος εργαζομένου", "he": "תיק עובד"},
}


def title_of(document_class: DocumentClass, language: Language, number: str) -> str:
    """What the document is called in lists. An employee's file is called by its number, never by the person's name."""
    return f"{TITLES[document_class][language]} {number}"
