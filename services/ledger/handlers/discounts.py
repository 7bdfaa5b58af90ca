"""Early-payment discounts: granted to the payment in time that leaves no more open than the discount."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.ids import UUID, derive
from services.ledger import translate
from services.ledger.domain.books import DISCOUNT_ALLOWED
from services.ledger.domain.discount import discount_lines, earned
from services.ledger.domain.posting import CASH_JOURNAL, Entry, mirrored
from services.ledger.domain.settlement import Receivable
from services.ledger.handlers.bookkeeping import sales_of
from services.ledger.store import deductions, documents

if TYPE_CHECKING:
    from services.ledger.handlers.settling import Settling


class Granted(NamedTuple):
    """A discount that a payment has earned: all that it left open."""

    receivable: Receivable
    amount: int
    on: date
    cause: Cause


class Discounts:
    """The invoices of a batch on which a discount was earned."""

    def __init__(self, settling: Settling) -> None:
        self._settling = settling
        self._granted: list[Granted] = []

    def consider(self, receivable: Receivable, cause: Cause, not_before: date | None = None) -> None:
        """Look at an invoice that was just paid in part, and grant what is earned; of one that is less since a day, not
        before that day.

        Payment by payment, so that it makes no difference which of them come in one batch. Invoices without a discount
        cost nothing here.
        """
        if receivable.discount is None:
            return
        amount, on = earned(receivable), receivable.settled_on
        if on is not None and not_before is not None:
            on = max(on, not_before)
        if not amount or on is None or DISCOUNT_ALLOWED not in self._settling.books[receivable.company].accounts:
            return
        receivable.open -= amount
        receivable.deducted += amount
        self._granted.append(Granted(receivable, amount, on, cause))
        self._settling.change(receivable, 0, amount)
        self._settling.settled.append((receivable, on, cause))

    async def decide(self, unit: UnitOfWork) -> None:
        """Book what was granted; the entries are posted with the others."""
        if not self._granted:
            return
        books = self._settling.books
        invoices = [(one.receivable.company, one.receivable.invoice) for one in self._granted]
        printed = await documents.read_printed(unit.raw, invoices)
        sales = await sales_of([one.receivable for one in self._granted], unit)
        rows: list[deductions.DeductionRow] = []
        for receivable, amount, on, cause in self._granted:
            company, invoice = receivable.company, receivable.invoice
            taxes = translate.to_taxed(
                printed[company, invoice], receivable.currency, books[company], sales.get((company, invoice), ())
            )
            lines = discount_lines(receivable, amount, 0, taxes, books[company])
            entry_id = derive(company, "discount", invoice, cause.id)
            entry = Entry(company, entry_id, CASH_JOURNAL, on, invoice, receivable.order, lines)
            entry = self._settling.book(entry, cause)
            rows.append((company, entry_id, invoice, "discount", invoice, amount, entry.posted_on, entry_id))
            unit.audit(cause, "discount.granted", str(invoice), {"amount": str(amount)})
        await deductions.insert(unit.raw, rows)

    async def take_back(self, withdrawn: Sequence[tuple[Receivable, date, Cause]], unit: UnitOfWork) -> None:
        """Take back the discounts on invoices of which a payment will be withdrawn: they were earned by it.

        Before the money itself: a discount was the last thing to be granted, and as the first thing to go it is worth
        what it was to the cent, also in another currency. But not before the day on which it was granted.
        """
        discounted = {(r.company, r.invoice): (r, on, cause) for r, on, cause in withdrawn if r.discount is not None}
        standing: dict[tuple[str, UUID], int] = {}
        since: dict[tuple[str, UUID], date] = {}
        if discounted:
            for row in await deductions.of_invoices(unit.raw, discounted):
                if row["kind"] == "discount":
                    key = row["company"], row["invoice"]
                    standing[key] = standing.get(key, 0) + row["amount"]
                    since[key] = max(row["day"], since.get(key, row["day"]))
        due = {key: amount for key, amount in standing.items() if amount}
        if not due:
            return
        books = self._settling.books
        printed = await documents.read_printed(unit.raw, due)
        sales = await sales_of([discounted[key][0] for key in due], unit)
        rows: list[deductions.DeductionRow] = []
        for (company, invoice), amount in due.items():
            receivable, on, cause = discounted[company, invoice]
            on = max(on, since[company, invoice])
            taxes = translate.to_taxed(
                printed[company, invoice], receivable.currency, books[company], sales.get((company, invoice), ())
            )
            after = receivable.open
            receivable.open += amount
            receivable.deducted -= amount
            lines = mirrored(discount_lines(receivable, receivable.open, after, taxes, books[company]))
            entry_id = derive(company, "discount-back", invoice, cause.id)
            entry = Entry(company, entry_id, CASH_JOURNAL, on, invoice, receivable.order, lines)
            entry = self._settling.book(entry, cause)
            self._settling.change(receivable, 0, -amount)
            rows.append((company, entry_id, invoice, "discount", invoice, -amount, entry.posted_on, entry_id))
            unit.audit(cause, "discount.taken-back", str(invoice), {"amount": str(amount)})
        await deductions.insert(unit.raw, rows)
