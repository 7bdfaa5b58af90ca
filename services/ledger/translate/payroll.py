"""From payroll's journal to the ledger's own words."""

from __future__ import annotations

from chassis.consumers import Received
from chassis.ids import UUID
from contracts.money import AmountError, to_minor
from services.ledger.commands.payroll import PostPayroll, PostTraining
from services.ledger.views import PayrollJournal, TrainingCost


def to_post_payroll(event: Received[PayrollJournal]) -> PostPayroll:
    """A pay run is to be booked. Raises AmountError for an amount finer than its currency: then it is poison."""
    journal = event.data
    return PostPayroll(
        event.cause.company,
        UUID(journal.run),
        journal.posted_on,
        journal.currency,
        tuple(
            (line.role, line.cost_centre, to_minor(line.amount, journal.currency) * (1 if line.side == "debit" else -1))
            for line in journal.lines
        ),
        event.cause,
    )


def to_post_training(event: Received[TrainingCost]) -> PostTraining:
    """A session is to be booked. Raises AmountError for an amount that no currency has, or for two currencies."""
    told = event.data
    currencies = {share.cost.currency for share in told.shares}
    if len(currencies) > 1:
        raise AmountError(f"a session in {len(currencies)} currencies")
    (currency,) = currencies
    shares = tuple((share.cost_centre, to_minor(share.cost.amount, currency)) for share in told.shares)
    return PostTraining(event.cause.company, UUID(told.session), told.held_on, currency, shares, event.cause)
