"""What is personal, how a value is written before it is sealed, and to which place a sealed value is bound."""

from __future__ import annotations

import re
from typing import NamedTuple
from uuid import UUID

PersonKey = tuple[str, UUID]
"""Company and employee."""

SEPARATOR = "\x1f"


class Place(NamedTuple):
    """Where a sealed value stands. It is authenticated with the value: moved elsewhere, it cannot be opened."""

    company: str
    employee: UUID
    field: str
    """Table and column, as `sealed_field.tax_id`."""
    row: str = ""
    """What tells rows of one person apart, as an effective day."""

    @property
    def person(self) -> PersonKey:
        """Whose key seals it."""
        return self.company, self.employee

    def bound(self) -> bytes:
        """The place as bytes, the same for the same place alone."""
        return SEPARATOR.join((self.company, str(self.employee), self.field, self.row)).encode()


def comparable(value: str) -> str:
    """How a number is compared: people write blanks, dots and dashes into tax ids and IBANs as they like."""
    return re.sub(r"[\s.\-/]", "", value).upper()
