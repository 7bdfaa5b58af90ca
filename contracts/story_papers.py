"""The part of the story that is put on paper beside invoices: a contract for whoever was hired."""

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
