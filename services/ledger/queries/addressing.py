"""Who writes a paper of the ledger, and to whom, as both are printed."""

from __future__ import annotations

from datetime import date
from typing import Any

import asyncpg
import orjson

from services.ledger.queries import companies, customers

# What a customer was called on its newest invoice: of one that nobody has entered by itself.
ON_INVOICE = """
select printed from invoice where customer_id = $1 and company = $2 order by issued_on desc, at desc limit 1
"""


async def seller(connection: asyncpg.Connection, company: str, day: date) -> dict[str, Any]:
    """The company, with what is known of it on a day."""
    own = await companies.company(connection, company, day)
    return own.model_dump(include={"name", "address", "vat_number", "iban"}, exclude_none=True)


async def addressee(connection: asyncpg.Connection, company: str, customer: str, day: date) -> dict[str, Any] | None:
    """The customer as it is on a day, or as its newest invoice says; None where neither knows its address."""
    known = await customers.one(connection, company, customer, day)
    if known is not None and known.address is not None:
        details = known.model_dump(include={"name", "language", "address", "vat_number"}, exclude_none=True)
        return {"id": customer, **details}
    printed = await connection.fetchval(ON_INVOICE, customer, company)
    return None if printed is None else dict(orjson.loads(printed)["customer"])
