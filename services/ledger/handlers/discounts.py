"""Early-payment discounts: granted when the last payment in time leaves no more open than the discount."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.ids import UUID, derive
from services.ledger import translate
from services.ledger.domain.books import DISCOUNT_ALLOWED
from services.ledger.domain.discount import discount_lines, earned
from services.ledger.domain.posting import CASH_JOURNAL, Entry, mirrored
from services.ledger.domain.settlement import Receivable
from services.ledger.store import deductions, documents

if TYPE_CHECKING:
    from services.ledger.handlers.settling import Settling


class Discounts:
    """The invoices of a batch on which a discount was earned."""

    def __init__(self, settling: Settling) -> None:
        self._settling = settling
        self._earned: list[tuple[Receivable, Cause]] = []

    def consider(self, receivable: Receivable, cause: Cause) -> None:
        """Look at an invoice that was just paid in part. Invoices without a discount cost nothing here."""
        if receivable.discount is not None and earned(receivable):
            self._earned.append((receivable, cause))

    async def decide(self, unit: UnitOfWork) -> None:
        """Grant what is still earned at the end of the batch; the entries are posted with the others."""
        books = self._settling.books
        granted = [
            (r, cause)
            for r, cause in {r.invoice: (r, cause) for r, cause in self._earned}.values()
            if earned(r) and DISCOUNT_ALLOWED in books[r.company].accounts
        ]
        if not granted:
            return
        printed = await documents.read_printed(unit.raw, [(r.company, r.invoice) for r, _ in granted])
        rows: list[deductions.DeductionRow] = []
        for receivable, cause in granted:
            company, invoice = receivable.company, receivable.invoice
            taxes = translate.to_taxed(printed[company, invoice], receivable.currency, books[company])
            amount = receivable.open
            entry_id = derive(company, "discount", invoice, cause.id)
            on = receivable.settled_on
            assert on is not None, "a discount is earned by a payment"
            lines = discount_lines(receivable, amount, taxes, books[company])
            entry = Entry(company, entry_id, CASH_JOURNAL, on, invoice, receivable.order, lines)
            self._settling.entries.append((entry, cause))
            self._settling.change(receivable, 0, amount)
            self._settling.settled.append((receivable, on, cause))
            rows.append((company, entry_id, invoice, "discount", invoice, amount, on, entry_id))
            unit.audit(cause, "discount.granted", str(invoice), {"amount": str(amount)})
        await deductions.insert(unit.raw, rows)

    async def take_back(self, withdrawn: Sequence[tuple[Receivable, date, Cause]], unit: UnitOfWork) -> None:
        """Take back the discounts on invoices of which a payment was withdrawn: they were earned by it."""
        discounted = {(r.company, r.invoice): (r, on, cause) for r, on, cause in withdrawn if r.discount is not None}
        standing: dict[tuple[str, UUID], int] = {}
        if discounted:
            for row in await deductions.of_invoices(unit.raw, discounted):
                if row["kind"] == "discount":
                    key = row["company"], row["invoice"]
                    standing[key] = standing.get(key, 0) + row["amount"]
        due = {key: amount for key, amount in standing.items() if amount}
        if not due:
            return
        books = self._settling.books
        printed = await documents.read_printed(unit.raw, due)
        rows: list[deductions.DeductionRow] = []
        for (company, invoice), amount in due.items():
            receivable, on, cause = discounted[company, invoice]
            taxes = translate.to_taxed(printed[company, invoice], receivable.currency, books[company])
            receivable.open += amount
            lines = mirrored(discount_lines(receivable, amount, taxes, books[company]))
            receivable.open += amount
            entry_id = derive(company, "discount-back", invoice, cause.id)
            entry = Entry(company, entry_id, CASH_JOURNAL, on, invoice, receivable.order, lines)
            self._settling.entries.append((entry, cause))
            self._settling.change(receivable, 0, -amount)
            rows.append((company, entry_id, invoice, "discount", invoice, -amount, on, entry_id))
            unit.audit(cause, "discount.taken-back", str(invoice), {"amount": str(amount)})
        await deductions.insert(unit.raw, rows)
