"""What the ledger tells of who bears costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chassis.consumers import Received
from contracts.base import EventView, Name
from contracts.ledger import DimensionDefined
from contracts.ledger_parts import DimensionCode
from services.payroll.commands.organisation import LearnCostCentre


class BookedDimension(EventView, of=DimensionDefined):
    """A department or cost centre as payroll sees it."""

    dimension: Literal["department", "cost_centre"]
    code: DimensionCode
    name: Name


def to_learn_cost_centres(events: Sequence[Received[BookedDimension]]) -> list[LearnCostCentre]:
    """The cost centres among them; departments of the books are none of the organisation's."""
    return [
        LearnCostCentre(event.cause.company, event.data.code, event.data.name)
        for event in events
        if event.data.dimension == "cost_centre"
    ]
