"""What translation gives to `unit.emit`."""

from __future__ import annotations

from chassis.ids import UUID
from contracts.base import EventData

Emission = tuple[type[EventData], UUID | str, dict[str, object]]
"""What `unit.emit` wants: the event, its key, its data."""


def present(**values: object) -> dict[str, object]:
    """What is known; what is absent stays absent."""
    return {name: value for name, value in values.items() if value is not None}
