"""From payroll's journal to the ledger's own words."""

from __future__ import annotations

from chassis.consumers import Received
from chassis.ids import UUID
from contracts.money import to_minor
from services.ledger.commands.payroll import PostPayroll
from services.ledger.views import PayrollJournal


def to_post_payroll(event: Received[PayrollJournal]) -> PostPayroll:
    """A pay run is to be booked. Raises AmountError for an amount finer than its currency: then it is poison."""
    journal = event.data
    return PostPayroll(
        event.cause.company,
        UUID(journal.run),
        journal.posted_on,
        journal.currency,
        tuple(
            (line.role, to_minor(line.amount, journal.currency) * (1 if line.side == "debit" else -1))
            for line in journal.lines
        ),
        event.cause,
    )
