"""The Kafka door: which events the ledger listens to, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chassis.consumers import Consumers, Received
from chassis.database import UnitOfWork
from chassis.errors import Outcomes
from contracts.gateway import OrderCancelled
from contracts.inventory import CancellationRefused, OrderBackOrdered
from contracts.inventory_counts import StockAdjusted
from services.ledger import handlers, translate
from services.ledger.views import (
    ChangedTerms,
    ChangeTooLate,
    GoodsArrived,
    GoodsIssued,
    GoodsLeft,
    GoodsValued,
    MoneyReceived,
    OrderNotReserved,
    OrderReduced,
    OrderReleased,
    OrderReserved,
    OrderTerms,
    PayrollJournal,
    TrainingCost,
)

consumers = Consumers("ledger")

consumers.ignore(
    OrderCancelled,
    because="inventory decides what a cancellation undoes; the ledger follows ReservationReleased, so that one key "
    "orders the reservation and its release",
)
consumers.ignore(
    CancellationRefused,
    because="the order stands as it was: nothing is released, so there is nothing to credit",
)


@consumers.on(OrderTerms)
async def on_order_placed(events: Sequence[Received[OrderTerms]], unit: UnitOfWork) -> Outcomes:
    """The agreed prices are what will be invoiced."""
    return await handlers.record_terms([translate.to_record_terms(event) for event in events], unit)


@consumers.on(ChangedTerms)
async def on_order_changed(events: Sequence[Received[ChangedTerms]], unit: UnitOfWork) -> Outcomes:
    """A revision is invoiced with its own lines once it is reserved; the one before is credited on its release."""
    return await handlers.record_changes([translate.to_record_change(event) for event in events], unit)


@consumers.on(OrderReserved)
async def on_stock_reserved(events: Sequence[Received[OrderReserved]], unit: UnitOfWork) -> None:
    """What is reserved can be delivered, so it is invoiced."""
    await handlers.record_reservations([translate.to_record_reservation(event) for event in events], unit)


@consumers.on(OrderNotReserved)
async def on_reservation_refused(events: Sequence[Received[OrderNotReserved]], unit: UnitOfWork) -> None:
    """What cannot be delivered is never invoiced."""
    await handlers.close_orders([translate.to_close_order(event) for event in events], unit)


@consumers.on(ChangeTooLate)
async def on_order_change_refused(events: Sequence[Received[ChangeTooLate]], unit: UnitOfWork) -> None:
    """The order stands as it was, so the revision takes nothing of its customer's credit."""
    await handlers.close_changes([translate.to_close_change(event) for event in events], unit)


@consumers.on(OrderReleased)
async def on_reservation_released(events: Sequence[Received[OrderReleased]], unit: UnitOfWork) -> None:
    """What is not delivered any more must not stay invoiced."""
    await handlers.release_orders([translate.to_release_order(event) for event in events], unit)


@consumers.on(GoodsArrived)
async def on_back_order_reserved(events: Sequence[Received[GoodsArrived]], unit: UnitOfWork) -> Outcomes:
    """What an order had to wait for is invoiced when it has come."""
    return await handlers.record_parts([translate.to_record_part(event) for event in events], unit)


@consumers.on(GoodsLeft)
async def on_shipment_dispatched(events: Sequence[Received[GoodsLeft]], unit: UnitOfWork) -> Outcomes:
    """What has left of an order that is invoiced on dispatch is invoiced; what the goods cost comes beside it."""
    return await handlers.record_shipments([translate.to_record_shipment(event) for event in events], unit)


@consumers.on(OrderReduced)
async def on_reservation_reduced(events: Sequence[Received[OrderReduced]], unit: UnitOfWork) -> Outcomes:
    """Only what was let go is credited; what has left stays invoiced."""
    return await handlers.reduce_orders([translate.to_reduce_order(event) for event in events], unit)


@consumers.on(MoneyReceived)
async def on_payment_received(events: Sequence[Received[MoneyReceived]], unit: UnitOfWork) -> Outcomes:
    """Money settles what customers owe; what fits nothing is kept for them."""
    return await handlers.record_payments([translate.to_record_payment(event) for event in events], unit)


@consumers.on(PayrollJournal)
async def on_payroll_posted(events: Sequence[Received[PayrollJournal]], unit: UnitOfWork) -> Outcomes:
    """Salaries are a cost of the month they are for, and owed until the bank has paid them."""
    return await handlers.post_payroll([translate.to_post_payroll(event) for event in events], unit)


@consumers.on(TrainingCost)
async def on_training_cost_incurred(events: Sequence[Received[TrainingCost]], unit: UnitOfWork) -> Outcomes:
    """Training is a cost of the departments whose people were there."""
    return await handlers.post_training([translate.to_post_training(event) for event in events], unit)


@consumers.on(GoodsIssued)
@consumers.on(GoodsValued)
async def on_stock_value_changed(events: Sequence[Received[Any]], unit: UnitOfWork) -> Outcomes:
    """What goods are worth stands in the books: bought, sold at their cost, counted, lost, and found out late."""
    return await handlers.post_stock([translate.to_post_stock(event) for event in events], unit)


consumers.ignore(StockAdjusted, because="what goods are worth that are missing or found is told by StockValued")
consumers.ignore(OrderBackOrdered, because="what waits is invoiced when its goods are set aside")
