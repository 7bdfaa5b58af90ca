"""How far a request is: what each department has said about it, read from the set of facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

StepState = Literal["done", "refused", "waiting", "not_needed"]
DONE: Final = "done"
REFUSED: Final = "refused"
WAITING: Final = "waiting"
NOT_NEEDED: Final = "not_needed"


@dataclass(frozen=True, slots=True)
class Seen:
    """One fact of a timeline: its type (with the class of a document), and when it happened."""

    type: str
    at: datetime
    summary: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Step:
    """One department's part of a request."""

    department: str
    state: StepState
    awaits: str
    """The event that ends this step in the ordinary case."""
    fact: Seen | None = None
    """What the department said, when it has."""
    held: Seen | None = None
    """Why it waits on purpose, if it does."""


Facts = Mapping[str, Seen]


def steps_of(event_type: str, facts: Facts) -> list[Step]:
    """The departments' parts of a request of this type, in the order in which they come."""
    return _STEPS[event_type](facts)


def kind_of(event_type: str, summary: Mapping[str, object]) -> str:
    """By which name a fact is known here: documents are told apart by their class."""
    return f"{event_type}:{summary.get('class')}" if event_type.startswith("Document") else event_type


WAITS, REDUCED = "OrderBackOrdered.v1", "ReservationReduced.v1"
OF_THE_ORDER = frozenset({"OrderPlaced.v1", "OrderCancelled.v1", "CancellationRefused.v1", "PaymentReceived.v1"})


def revision_of(event_type: str, summary: Mapping[str, object]) -> int | None:
    """Which revision of its order a fact is about; None for what is about all of them."""
    if event_type in OF_THE_ORDER:
        return None
    revision = summary.get("revision", 1)
    return revision if isinstance(revision, int) else 1


def state_of(steps: Sequence[Step]) -> Literal["done", "refused", "in_progress"]:
    """The request as a whole: refused when somebody said no, done when nobody is waited for."""
    if any(step.state == REFUSED for step in steps):
        return "refused"
    return "in_progress" if any(step.state == WAITING for step in steps) else "done"


USUAL_MS: Mapping[str, int] = {
    "StockReserved.v1": 2_000,
    "ReservationReleased.v1": 2_000,
    "InvoiceIssued.v1": 3_000,
    "CreditNoteIssued.v1": 3_000,
    "PaymentAllocated.v1": 3_000,
    "EmployeeRegistered.v1": 3_000,
    "DocumentRegistered.v1": 4_000,
}
"""Milliseconds from acceptance within which a step is expected while nothing was measured: several times what a quiet
installation takes."""
LEAST_MS = 1_000
UNKNOWN_MS = 5_000
MEASURED_MIN = 20
"""Below this many measured requests the constants hold."""


def expected_at(accepted_at: datetime, awaits: str, measured_ms: Mapping[str, tuple[int, int]]) -> datetime:
    """By when a step should be done: twice the time in which 95 % of recent ones were, never below a second."""
    event_type = awaits.partition(":")[0]
    p95, count = measured_ms.get(event_type, (0, 0))
    usual = max(2 * p95, LEAST_MS) if count >= MEASURED_MIN else USUAL_MS.get(event_type, UNKNOWN_MS)
    return accepted_at + timedelta(milliseconds=usual)


def _step(department: str, facts: Facts, done: str, refused: str | None = None, *, needed: bool = True) -> Step:
    if done in facts:
        return Step(department, DONE, done, facts[done])
    if refused is not None and refused in facts:
        return Step(department, REFUSED, done, facts[refused])
    return Step(department, WAITING if needed else NOT_NEEDED, done)


def _without_credit(facts: Facts) -> Seen | None:
    return None if "CreditApproved.v1" in facts else facts.get("CreditHeld.v1")


def _order(facts: Facts) -> list[Step]:
    inventory = _step("inventory", facts, "StockReserved.v1", "ReservationRefused.v1")
    if inventory.state == WAITING:
        inventory = replace(inventory, held=facts.get(WAITS) or _without_credit(facts))
    ledger = _step(
        "ledger",
        facts,
        "InvoiceIssued.v1",
        "InvoiceRefused.v1",
        needed=inventory.state != REFUSED and not _given_up(facts),
    )
    needed = ledger.state in (DONE, WAITING)
    return [inventory, ledger, _step("documents", facts, "DocumentRegistered.v1:invoice", needed=needed)]


def _change(facts: Facts) -> list[Step]:
    if "OrderChangeRefused.v1" in facts:
        refused = _step("inventory", facts, "StockReserved.v1", "OrderChangeRefused.v1")
        return [
            refused,
            Step("ledger", NOT_NEEDED, "InvoiceIssued.v1"),
            Step("documents", NOT_NEEDED, "DocumentRegistered.v1"),
        ]
    return _order(facts)


def _given_up(facts: Facts) -> bool:
    """Stock was freed before an invoice was made, so there will be none."""
    return "ReservationReleased.v1" in facts and "InvoiceIssued.v1" not in facts


def _cancellation(facts: Facts) -> list[Step]:
    if "CancellationRefused.v1" in facts:
        return [
            _step("inventory", facts, "ReservationReleased.v1", "CancellationRefused.v1"),
            Step("ledger", NOT_NEEDED, "CreditNoteIssued.v1"),
            Step("documents", NOT_NEEDED, "DocumentRegistered.v1:credit_note"),
        ]
    nothing_reserved = "ReservationRefused.v1" in facts
    reduced = facts.get(REDUCED)
    if reduced is None or "ReservationReleased.v1" in facts:
        inventory = _step("inventory", facts, "ReservationReleased.v1", needed=not nothing_reserved)
    else:
        inventory = Step("inventory", DONE, "ReservationReleased.v1", reduced)
    nothing_to_credit = inventory.fact is not None and inventory.fact.summary.get("lines") == 0
    invoiced = "InvoiceIssued.v1" in facts and not nothing_to_credit
    over = inventory.state in (DONE, NOT_NEEDED) and not invoiced
    ledger = _step("ledger", facts, "CreditNoteIssued.v1", needed=not over)
    needed = ledger.state in (DONE, WAITING)
    return [inventory, ledger, _step("documents", facts, "DocumentRegistered.v1:credit_note", needed=needed)]


def _payment(facts: Facts) -> list[Step]:
    return [_step("ledger", facts, "PaymentAllocated.v1")]


def _employee(facts: Facts) -> list[Step]:
    return [
        _step("payroll", facts, "EmployeeRegistered.v1"),
        _step("documents", facts, "DocumentRegistered.v1:employee_file"),
    ]


_STEPS: Mapping[str, Callable[[Facts], list[Step]]] = {
    "OrderPlaced.v1": _order,
    "OrderChanged.v1": _change,
    "OrderCancelled.v1": _cancellation,
    "PaymentReceived.v1": _payment,
    "EmployeeHired.v1": _employee,
}
