"""Stock against its control account: what every document of inventory says, and what the books say of it."""

from __future__ import annotations

from datetime import date

import asyncpg

from services.ledger.queries.own_currency import own_currency
from services.ledger.queries.reconciliation import DocumentDifference, ReconciliationAnswer, document_of, reconciled

INVENTORY = "inventory"

SAID = """
select currency, sum(value) as amount, sum(value) as base from stock_document
where company = $1 and posted_on <= $2 group by 1
"""
# An entry of people is about a document of its own, which inventory knows nothing of.
DOCUMENTS = """
with sub as (
    select document, currency, value as amount, kind from stock_document where company = $1 and posted_on <= $2),
books as (
    select e.document, l.currency, sum(l.debit - l.credit) as amount, min(e.id::text) as entry
    from journal_line l join account a on a.company = l.company and a.code = l.account and a.role = $3
    join journal_entry e on e.company = l.company and e.id = l.entry
    where l.company = $1 and e.posted_on <= $2 group by 1, 2)
select coalesce(s.document, b.document) as document, coalesce(s.currency, b.currency) as currency, s.kind,
    coalesce(s.amount, 0) as sub, coalesce(b.amount, 0) as booked, b.entry, null as series,
    coalesce(s.amount, 0) as base_sub, coalesce(b.amount, 0) as base_booked
from sub s full join books b on b.document = s.document and b.currency = s.currency
where coalesce(s.amount, 0) <> coalesce(b.amount, 0) order by 1, 2 limit 200
"""


async def reconcile(
    connection: asyncpg.Connection, company: str, as_of: date, *, thorough: bool
) -> ReconciliationAnswer:
    """Compare the totals; look at every document where they differ, or when asked.

    Goods are valued in the company's own currency, in which the account is kept as well.
    """

    own = await own_currency(connection, company)

    async def documents() -> list[DocumentDifference]:
        return [document_of({**row}, own) for row in await connection.fetch(DOCUMENTS, company, as_of, INVENTORY)]

    return await reconciled(connection, company, as_of, INVENTORY, SAID, documents, thorough=thorough)
