"""What a front office is told of an order that waits for goods, or of which a part was let go."""

from __future__ import annotations

import pytest

from services.gateway.domain.progress import DONE, NOT_NEEDED, WAITING, Seen, state_of, steps_of
from tests.support.department import NOON


def seen(*kinds: str, lines: int = 1) -> dict[str, Seen]:
    """Facts of these kinds."""
    summary = {"detail": "Waits for goods: BEANS lacks 3.", "lines": lines}
    return {kind: Seen(kind, NOON, summary) for kind in kinds}


def test_an_order_that_waits_says_what_for() -> None:
    """I3: back-ordered is in progress, with the reason; not done, and not refused"""
    facts = seen("OrderBackOrdered.v1")
    inventory, ledger, _ = steps_of("OrderPlaced.v1", facts)
    assert (inventory.state, inventory.held, ledger.state) == (WAITING, facts["OrderBackOrdered.v1"], WAITING)
    assert inventory.awaits == "StockReserved.v1"

    inventory, _, _ = steps_of("OrderPlaced.v1", seen("OrderBackOrdered.v1", "StockReserved.v1"))
    assert inventory.state == DONE


@pytest.mark.parametrize(
    ("kinds", "lines", "ledger"),
    [
        (("ReservationReduced.v1", "InvoiceIssued.v1"), 2, WAITING),
        (("ReservationReduced.v1", "InvoiceIssued.v1"), 0, NOT_NEEDED),
        (("ReservationReduced.v1", "InvoiceIssued.v1", "CreditNoteIssued.v1"), 2, DONE),
        (("ReservationReduced.v1",), 2, NOT_NEEDED),
    ],
)
def test_a_cancellation_that_ends_what_is_left_is_done_when_that_is_credited(
    kinds: tuple[str, ...], lines: int, ledger: str
) -> None:
    """I3: a partly shipped order that is ended"""
    steps = steps_of("OrderCancelled.v1", seen(*kinds, lines=lines))
    assert [step.state for step in steps[:2]] == [DONE, ledger]
    assert state_of(steps) != "refused"
