"""What inventory asks the books to hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chassis.cause import Cause
from chassis.ids import UUID


@dataclass(frozen=True, slots=True)
class PostStock:
    """Book by how much the value of stock changed, in minor units; below zero when it went down."""

    company: str
    document: UUID
    kind: str
    order: UUID | None
    posted_on: date
    currency: str
    value: int
    cause: Cause
    written_off: int = 0
    """Of a revaluation: what of it is about goods that were not sold, but found missing."""
