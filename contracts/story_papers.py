"""The part of the story that is put on paper: the invoice, and a contract for whoever was hired."""

from collections.abc import Callable
from typing import Any


def papers(story_id: Callable[[str], str], employee: str) -> dict[str, dict[str, Any]]:
    """The data of these events, in their order."""
    paper = story_id("contract paper")
    return {
        "DocumentRegistered.v2": {
            "document": paper,
            "class": "employment_contract",
            "title": "חוזה עבודה HIRE-2026-031",
            "number": "HIRE-2026-031",
            "about": {"kind": "employee", "id": employee},
            "order": None,
            "employee": employee,
            "template": "employment_contract@2",
            "language": "he",
        },
        "DocumentStored.v2": {
            "document": paper,
            "class": "employment_contract",
            "version": 1,
            "order": None,
            "employee": employee,
            "sha256": "1c8f0a2b4d6e8f0a1b3c5d7e9f1a2b4c6d8e0f1a3b5c7d9e1f2a4b6c8d0e2f4a",
            "size": 23977,
            "media_type": "application/pdf",
        },
    }


def invoice_on_paper(document: str, invoice: str, order: str) -> dict[str, dict[str, Any]]:
    """The data of the events that the invoice's paper makes."""
    return {
        "DocumentRegistered.v1": {
            "document": document,
            "class": "invoice",
            "title": "Τιμολόγιο INV-2026-000042",
            "number": "INV-2026-000042",
            "about": {"kind": "invoice", "id": invoice},
            "order": order,
            "employee": None,
            "template": "invoice@1",
            "language": "el",
        },
        "DocumentStored.v1": {
            "document": document,
            "class": "invoice",
            "order": order,
            "sha256": "7b9d1f3a5c8e204f6a8b0d2e4c6f81a3b5d7e9f1032547698badcfe1023547ab",
            "size": 48213,
            "media_type": "application/pdf",
        },
    }
