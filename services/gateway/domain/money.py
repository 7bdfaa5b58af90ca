"""What bits say about an order's money that does not hold, or not yet: read from the set of all that was said of it.

One bit per kind of fact is enough for an order with one invoice. An order that leaves or is set aside in parts has an
invoice for each: it is paid when every one of them is and none is to come, and credited likewise. A payment that the
bank took back, or that a person took off an invoice, leaves open what it paid. Facts are only ever added, and this is
computed from their set, so any order of arrival ends in the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from services.gateway.domain.timeline import ALLOCATED, CREDITED, PAID


class Said(NamedTuple):
    """One fact of an order's timeline."""

    kind: str
    at: datetime
    summary: Mapping[str, Any]

    @property
    def revision(self) -> int:
        """Of the order; the first one is not named."""
        return int(self.summary.get("revision", 1))

    @property
    def reopened(self) -> Sequence[Mapping[str, str]]:
        """The invoices that are open again by it."""
        return self.summary.get("reopened") or ()


def thousandths(amount: str) -> int:
    """An amount as a number that is compared; no currency is finer."""
    return int(Decimal(amount).scaleb(3))


def billed(facts: Iterable[Said], revision: int) -> tuple[str, str] | None:
    """The first number of a revision's invoices, and what they come to together."""
    invoices = [said.summary for said in facts if said.kind == INVOICE and said.revision == revision]
    if not invoices:
        return None
    return min(one["number"] for one in invoices), str(sum((Decimal(one["total"]) for one in invoices), Decimal(0)))


def not_so(facts: Iterable[Said], revision: int) -> int:
    """The bits that facts about this revision have set and that its invoices and payments do not bear out."""
    kinds: defaultdict[str, list[Said]] = defaultdict(list)
    for said in facts:
        if said.reopened or said.revision == revision:
            kinds[said.kind].append(said)
    waits = not kinds[RELEASED] and _to_come(kinds) > 0
    credited = {said.summary.get("invoice") for said in kinds[CREDIT] if not said.summary.get("partial")}
    invoices = kinds[INVOICE]
    standing = [said for said in invoices if said.summary["invoice"] not in credited]
    open_again = _open_again(kinds)
    paid = {said.summary["number"] for said in kinds[SETTLED]} - open_again
    unpaid = [said for said in standing if said.summary["number"] not in paid and Decimal(said.summary["total"])]
    wrong = 0
    if waits or unpaid or (not invoices and open_again):
        wrong |= PAID
    if waits or standing:
        wrong |= CREDITED
    spread = [*kinds[SPREAD], *kinds[BOUNCED]]
    if any(said.reopened for said in spread) and not _still_pays(spread):
        wrong |= ALLOCATED
    return wrong


BOUNCED, SPREAD, SETTLED = "PaymentBounced.v1", "PaymentAllocated.v1", "InvoicePaid.v1"
INVOICE, CREDIT = "InvoiceIssued.v1", "CreditNoteIssued.v1"
SET_ASIDE, MORE, LESS = "StockReserved.v1", "BackOrderReserved.v1", "ReservationReduced.v1"
RELEASED = "ReservationReleased.v1"
TOLD_BY = (BOUNCED, SPREAD, SETTLED, INVOICE, CREDIT, SET_ASIDE, MORE, LESS, RELEASED)
"""The types of the facts that are asked for."""


def _to_come(kinds: Mapping[str, list[Said]]) -> Decimal:
    """How much of what is set aside, and was not let go, no invoice has been made of."""
    promised = _quantity(kinds[SET_ASIDE]) + _quantity(kinds[MORE]) - _quantity(kinds[LESS])
    return promised - _quantity(kinds[INVOICE])


def _quantity(facts: Iterable[Said]) -> Decimal:
    return sum((Decimal(said.summary.get("quantity", "0")) for said in facts), Decimal(0))


def _open_again(kinds: Mapping[str, list[Said]]) -> set[str]:
    """Numbers of invoices that were opened by money that went after they were last said to be paid."""
    paid_at: dict[str, datetime] = {}
    for said in kinds[SETTLED]:
        number = said.summary["number"]
        paid_at[number] = max(said.at, paid_at.get(number, said.at))
    return {
        part["number"]
        for said in (*kinds[BOUNCED], *kinds[SPREAD])
        for part in said.reopened
        if part["number"] not in paid_at or paid_at[part["number"]] < said.at
    }


def _still_pays(facts: Iterable[Said]) -> bool:
    """Whether the last that was said of any payment is that it pays something, and no bank took it back."""
    last: dict[str, tuple[tuple[bool, datetime, bool], bool]] = {}
    for said in facts:
        if "payment" in said.summary:
            # A payment bounces once and for all; of what is said at one moment, the undoing comes later.
            rank = said.kind == BOUNCED, said.at, bool(said.reopened)
            pays = said.kind == SPREAD and bool(said.summary.get("allocations", not said.reopened))
            last[said.summary["payment"]] = max(last.get(said.summary["payment"], (rank, pays)), (rank, pays))
    return any(pays for _, pays in last.values())
