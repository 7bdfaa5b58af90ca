"""What is ordered and not invoiced yet, and what it is worth: found in what orders agreed, whether credit is asked for
or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from chassis.errors import Refused
from chassis.ids import UUID
from services.ledger import translate
from services.ledger.domain.books import Books
from services.ledger.domain.customers import DEFAULT_TERMS
from services.ledger.domain.documents import invoice_id
from services.ledger.domain.exchange import Quote, too_much, value
from services.ledger.domain.invoicing import Draft, Reserved, Terms, draft_invoice
from services.ledger.store import companies, orders, rates
from services.ledger.store.orders import OrderRevision


@dataclass(frozen=True, slots=True)
class Ordered:
    """A revision of an order of which something is to be invoiced still, in its company's own currency."""

    company: str
    order: UUID
    revision: int
    customer: str
    terms: bytes
    undecided: bool
    """Whether nothing has been said about its stock."""
    amount: int
    billed: int

    @property
    def key(self) -> OrderRevision:
        """Which revision of which order it is."""
        return self.company, self.order, self.revision


async def open_orders(
    connection: asyncpg.Connection,
    books: Mapping[str, Books],
    at: Mapping[str, datetime],
    customer: str | None = None,
) -> list[Ordered]:
    """All that is open in these companies, by order and revision, as it would be invoiced at a moment of each."""
    rows = [(*row,) for row in await orders.read_open(connection, at, customer)]
    invoices = [
        (company, order, revision, invoice_id(company, order, revision, part))
        for company, order, revision, parts, undecided, _ in rows
        if not undecided
        for part in range(1, parts + 1)
    ]
    billed = await orders.read_billed(connection, invoices) if invoices else {}
    terms = [translate.to_terms(order, body) for _, order, _, _, _, body in rows]
    asked = [(company, agreed, at[company]) for (company, *_), agreed in zip(rows, terms, strict=True)]
    worth = await worth_of(asked, books, connection)
    found: list[Ordered] = []
    for (company, order, revision, _, undecided, body), agreed, amount in zip(rows, terms, worth, strict=True):
        so_far = billed.get((company, order, revision), 0)
        customer_id = str(agreed.customer["id"])
        found.append(Ordered(company, order, revision, customer_id, body, undecided, amount, so_far))
    return found


async def ordered_of(connection: asyncpg.Connection, company: str, customer: str) -> tuple[int, int]:
    """What a customer has ordered from a company that never asked for credit, and what came for it in advance.

    Of each order the latest revision counts. Where the company did ask, orders are counted as they pass.
    """
    (row,) = await companies.read(connection, [company])
    books = translate.to_books(row)
    if books.answers_orders:
        return 0, 0
    found = await open_orders(connection, {company: books}, {company: books.opened_at}, customer)
    latest = {one.order: one for one in found}
    early = await orders.read_early(connection, company, latest)
    return sum(max(0, one.amount - one.billed) for one in latest.values()), early


async def worth_of(
    asked: Sequence[tuple[str, Terms, datetime]], books: Mapping[str, Books], connection: asyncpg.Connection
) -> list[int]:
    """What each order would be invoiced for, in its company's own currency; nothing where it cannot be invoiced."""
    drafts: list[Draft | Refused] = []
    for company, ordered, at in asked:
        everything = {line.line: Reserved(line.item, line.quantity) for line in ordered.lines}
        drafts.append(draft_invoice(ordered, everything, at, DEFAULT_TERMS, books[company]))
    quotes = {_quote(draft) for draft in drafts if isinstance(draft, Draft) and draft.currency != draft.own}
    known = await rates.read_valid(connection, quotes) if quotes else {}
    worth: list[int] = []
    for draft in drafts:
        if isinstance(draft, Refused):
            worth.append(0)  # it will be refused by the same rule when it is billed, and its stock goes back
            continue
        amount = draft.total
        if draft.currency != draft.own:
            rate = known.get(_quote(draft))
            # Without a rate the order itself waits for one, before anybody asks about it.
            amount = 0 if rate is None else value(amount, draft.currency, rate, draft.own)
        worth.append(0 if too_much(amount, draft.own) else amount)
    return worth


def _quote(draft: Draft) -> Quote:
    return Quote(draft.company, draft.currency, draft.issued_on)
