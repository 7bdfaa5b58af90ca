"""What translation gives to `unit.emit`."""

from __future__ import annotations

from chassis.ids import UUID
from contracts.base import EventData

Emission = tuple[type[EventData], UUID | str, dict[str, object]]
"""What `unit.emit` wants: the event, its key, its data."""


def of_revision(revision: int) -> dict[str, object]:
    """Events of an order's first revision do not name it: nobody had to know of revisions then."""
    return {} if revision == 1 else {"revision": revision}


def present(**values: object) -> dict[str, object]:
    """What is known; what is absent stays absent."""
    return {name: value for name, value in values.items() if value is not None}
