"""What is put on paper because somebody asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from chassis.cause import Cause


@dataclass(frozen=True, slots=True)
class DrawStatements:
    """Put a customer's statement on paper, one for each currency: (currency, what was read for it)."""

    company: str
    customer: str
    as_of: date
    statements: Sequence[tuple[str, Mapping[str, object]]]
    cause: Cause
