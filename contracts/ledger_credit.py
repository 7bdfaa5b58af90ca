"""Events about the credit that customers are given; `ledger.py` publishes them with its others."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.base import (
    Amount,
    CalendarDate,
    CompanyCode,
    CurrencyCode,
    CustomerId,
    Detail,
    EventData,
    Remark,
    Revision,
    UnsignedAmount,
    Uuid,
)

OrderAmount = Annotated[
    UnsignedAmount, Field(description="What the order is worth with tax, in the company's own currency.")
]
Exposure = Annotated[
    Amount,
    Field(description="What the customer owes and has ordered, less money that lies unapplied; without this order."),
]
Limit = Annotated[UnsignedAmount | None, Field(description="The customer's limit of the day; null is no limit.")]


class CreditCheckRequired(EventData, topic="ledger.companies", key="company"):
    """The company asks for its customers' credit: from now on an order waits for CreditApproved before it gets stock.

    The ledger answers every order of the company from now on, also where its policy lets all pass from some day on. So
    whoever waits needs to know no days.
    """

    company: CompanyCode
    valid_from: CalendarDate


class CreditApproved(EventData, topic="ledger.credits", key="order"):
    """The order, or this revision of it, may get stock."""

    order: Uuid
    customer: CustomerId
    because: Annotated[
        Literal["within-limit", "no-limit", "not-asked", "room-again", "released"],
        Field(description="`room-again`: it was held until the exposure fell; `released`: a person let it pass."),
    ]
    currency: CurrencyCode
    amount: OrderAmount
    exposure: Exposure
    limit: Limit = None
    remark: Remark | None = None
    revision: Revision = None


class CreditHeld(EventData, topic="ledger.credits", key="order"):
    """The order would take the customer over its limit. It waits: for room, for a person, or to be cancelled."""

    order: Uuid
    customer: CustomerId
    currency: CurrencyCode
    amount: OrderAmount
    exposure: Exposure
    limit: UnsignedAmount
    detail: Detail
    revision: Revision = None
