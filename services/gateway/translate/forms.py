"""The forms of the front offices: what they send for each event (no ids of ours), and how it becomes the event's data.

A form is the event's own contract without the fields that the gateway adds; the contract then validates the very bytes
that will be sent, and what it finds is told by JSON pointer into what the sender wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chassis.errors import Fault
from chassis.ids import UUID, derive
from contracts.base import EventData
from contracts.gateway import EmployeeHired, OrderCancelled, OrderChanged, OrderLine, OrderPlaced, PaymentReceived
from contracts.money import AmountError, UnknownCurrency, check_amount_scale, line_total_minor, minor_units, to_minor
from services.gateway.translate.moments import PLANNED_MAX, misplaced, misplaced_day, moment, wire

SAFE_DIGITS = 11
"""Whole digits of quantity and price together that can never reach 10^15 over 500 lines: no need to multiply."""
WIRE_CHARS_MAX = len("2026-01-01T00:00:00.000000Z")


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of event that front offices send."""

    event: type[EventData]
    scope: str
    """The right to send it."""
    subject: str
    """The field with the id of the thing, derived from company, source and reference; so a cancellation that comes
    before its order names the same one."""
    added: frozenset[str]
    """Fields that the gateway fills, the subject's among them; a sender who fills them is refused."""
    defaults: Mapping[str, object]
    """What a field holds that the sender left out."""
    complete: Callable[[dict[str, Any], str, str], dict[str, object]]
    """The other added fields, from the data, company and source."""
    tidy: Callable[[dict[str, Any]], dict[str, Any]]
    """The same data with defaults inside its parts and times in UTC; the same object when there is nothing to do."""
    rules: Callable[[Any, datetime], list[Fault]]
    """What is wrong although the contract accepts it; pointers start at the data."""

    def subject_id(self, company: str, source: str, reference: object) -> UUID:
        """The id of the thing that the data is about."""
        return derive(self.subject, company, source, reference)


def _as_it_is(data: dict[str, Any]) -> dict[str, Any]:
    return data


# -- orders ----------------------------------------------------------------------------------------------------------


def _order_fields(_data: dict[str, Any], _company: str, source: str) -> dict[str, object]:
    return {"source": source}


def _tidy_order(data: dict[str, Any]) -> dict[str, Any]:
    customer = data.get("customer")
    data = _tidy_lines(_tidy_time(_tidy_time(data, "placed_at"), "reserve_until"))
    if isinstance(customer, dict) and "language" not in customer:
        data = {**data, "customer": {**customer, "language": "en"}}
    return data


def _tidy_change(data: dict[str, Any]) -> dict[str, Any]:
    return _tidy_lines(_tidy_time(data, "changed_at"))


def _tidy_time(data: dict[str, Any], name: str) -> dict[str, Any]:
    told = data.get(name)
    if isinstance(told, str) and (len(told) > WIRE_CHARS_MAX or not told.endswith("Z")):
        at = moment(told)
        if at is not None:
            return {**data, name: wire(at)}
    return data


def _tidy_lines(data: dict[str, Any]) -> dict[str, Any]:
    lines = data.get("lines")
    if isinstance(lines, list) and any(isinstance(line, dict) and "line" not in line for line in lines):
        numbered = [
            {**line, "line": number} if isinstance(line, dict) and "line" not in line else line
            for number, line in enumerate(lines, 1)
        ]
        data = {**data, "lines": numbered}
    return data


def _order_rules(order: OrderPlaced, now: datetime) -> list[Fault]:
    faults = misplaced(order.placed_at, now, "/placed_at")
    # By its own time and not by ours: what is accepted once is accepted again, however late it is repeated.
    if order.reserve_until is not None and order.reserve_until <= order.placed_at:
        faults.append(Fault("/reserve_until", "not-after-placed-at", "An order cannot run out before it is placed."))
    try:
        minor_units(order.currency)
    except UnknownCurrency as unknown:
        return [*faults, *_numbered_twice(order.lines), Fault("/currency", "currency-unknown", f"{unknown}.")]
    return [*faults, *_line_rules(order.lines, order.currency)]


def _change_rules(change: OrderChanged, now: datetime) -> list[Fault]:
    """The order's own currency is not named again; the bound is the same in each."""
    return [*misplaced(change.changed_at, now, "/changed_at"), *_line_rules(change.lines, "EUR")]


def _numbered_twice(lines: Sequence[OrderLine]) -> list[Fault]:
    numbers = [line.line for line in lines]
    if len(set(numbers)) == len(numbers):
        return []
    return [
        Fault(f"/lines/{index}/line", "not-unique", f"Line {number} stands twice.")
        for index, number in enumerate(numbers)
        if number in numbers[:index]
    ]


def _line_rules(lines: Sequence[OrderLine], currency: str) -> list[Fault]:
    faults = _numbered_twice(lines)
    if all(len(x.quantity.partition(".")[0]) + len(x.unit_price.partition(".")[0]) <= SAFE_DIGITS for x in lines):
        return faults
    total = 0
    for index, line in enumerate(lines):
        try:
            total += line_total_minor(line.quantity, line.unit_price, currency)
        except AmountError:
            faults.append(Fault(f"/lines/{index}", "too-large", "Quantity times price is 10^15 or more."))
    if total >= 10 ** (15 + minor_units(currency)) and not faults:
        faults.append(Fault("/lines", "too-large", "The lines add up to 10^15 or more."))
    return faults


def _no_rules(_event: OrderCancelled, _now: datetime) -> list[Fault]:
    return []


# -- payments --------------------------------------------------------------------------------------------------------


def _payment_fields(data: dict[str, Any], company: str, source: str) -> dict[str, object]:
    order = data.get("order_reference")
    return {"order": str(ORDER.subject_id(company, source, order)) if isinstance(order, str) else None}


def _payment_rules(payment: PaymentReceived, now: datetime) -> list[Fault]:
    faults = misplaced_day(payment.received_on, now, "/received_on")
    amount, currency = payment.amount.amount, payment.amount.currency
    try:
        check_amount_scale(amount, currency)
        if to_minor(amount, currency) <= 0:
            faults.append(Fault("/amount/amount", "too-small", "A payment is more than zero."))
    except UnknownCurrency as unknown:
        faults.append(Fault("/amount/currency", "currency-unknown", f"{unknown}."))
    except AmountError as wrong:
        faults.append(Fault("/amount/amount", "scale", f"{wrong}."))
    return faults


# -- employees -------------------------------------------------------------------------------------------------------


def _nothing_more(_data: dict[str, Any], _company: str, _source: str) -> dict[str, object]:
    return {}


def _employee_rules(hire: EmployeeHired, now: datetime) -> list[Fault]:
    return misplaced_day(hire.starts_on, now, "/starts_on", ahead=PLANNED_MAX)


ORDER = Form(
    OrderPlaced,
    "orders:write",
    "order",
    frozenset({"order", "source"}),
    {"invoicing": "on_order", "allocation": "all_or_nothing"},
    _order_fields,
    _tidy_order,
    _order_rules,
)
CANCELLATION = Form(
    OrderCancelled,
    "orders:write",
    "order",
    frozenset({"order", "source"}),
    {"reason": ""},
    _order_fields,
    _as_it_is,
    _no_rules,
)
CHANGE = Form(
    OrderChanged,
    "orders:write",
    "order",
    frozenset({"order", "source"}),
    {"reason": ""},
    _order_fields,
    _tidy_change,
    _change_rules,
)
PAYMENT = Form(
    PaymentReceived,
    "payments:write",
    "payment",
    frozenset({"payment", "order"}),
    {"order_reference": None, "invoice_number": None},
    _payment_fields,
    _as_it_is,
    _payment_rules,
)
EMPLOYEE = Form(
    EmployeeHired,
    "employees:write",
    "employee",
    frozenset({"employee"}),
    {"language": "en"},
    _nothing_more,
    _as_it_is,
    _employee_rules,
)

FORMS: Mapping[str, Form] = {form.event.event_type: form for form in (ORDER, CHANGE, CANCELLATION, PAYMENT, EMPLOYEE)}
"""What may be sent to the gateway, by event type. Events of departments are not among them."""
