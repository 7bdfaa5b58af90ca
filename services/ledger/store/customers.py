"""Customers and what changed about them: facts. The state of a day is made of the newest change of each kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import asyncpg
import orjson

from services.ledger.domain.customers import CustomerChange, LimitSince, PaymentTerms

EXISTING = """
select c.company, c.code, c.changes from unnest($1::text[], $2::text[]) as x(company, code)
cross join lateral (select * from customer m where m.company = x.company and m.code = x.code offset 0) c
"""

INSERT_CUSTOMERS = """
insert into customer (company, code, changes) select * from unnest($1::text[], $2::text[], $3::int[])
"""

COUNT_CHANGES = """
update customer c set changes = x.changes from unnest($1::text[], $2::text[], $3::int[]) as x(company, code, changes)
where c.company = x.company and c.code = x.code
"""

INSERT_CHANGES = """
insert into customer_change (company, customer, number, valid_from, name, language, address, vat_number, net_days,
    discount, discount_days, price_list)
select * from unnest($1::text[], $2::text[], $3::int[], $4::date[], $5::text[], $6::text[], $7::bytea[], $8::text[],
    $9::int[], $10::text[], $11::int[], $12::text[])
"""

INSERT_LIMITS = """
insert into credit_limit (company, customer, currency, number, valid_from, amount)
select * from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::date[], $6::bigint[])
"""

LIMITS = """
select c.company, c.customer, c.currency, c.valid_from, c.amount
from unnest($1::text[], $2::text[]) as x(company, customer)
cross join lateral (select * from credit_limit l where l.company = x.company and l.customer = x.customer offset 0) c
order by c.valid_from, c.number
"""

# Of each customer the newest change of terms with effect on the day: the latest day, and of one day the last recorded.
TERMS = """
select x.place, t.net_days, t.discount, t.discount_days
from unnest($1::text[], $2::text[], $3::date[]) with ordinality as x(company, customer, day, place)
cross join lateral (select net_days, discount, discount_days from customer_change c
    where c.company = x.company and c.customer = x.customer and c.valid_from <= x.day and c.net_days is not null
    order by c.valid_from desc, c.number desc limit 1) t
"""

# As it is printed on a day; who was registered for later only is nobody yet.
PRINTED = """
select x.company, x.code, x.day, s.* from unnest($1::text[], $2::text[], $3::date[]) as x(company, code, day)
cross join lateral (
    select (array_agg(name order by valid_from desc, number desc) filter (where name is not null))[1] as name,
        (array_agg(language order by valid_from desc, number desc) filter (where language is not null))[1] as language,
        (array_agg(address order by valid_from desc, number desc) filter (where address is not null))[1] as address,
        (array_agg(vat_number order by valid_from desc, number desc)
            filter (where vat_number is not null))[1] as vat_number
    from customer_change h where h.company = x.company and h.customer = x.code and h.valid_from <= x.day offset 0) s
where s.name is not null
"""

NONE = (None, None, None)
ChangeRow = tuple[str, str, int, CustomerChange]
"""Company, customer, the number of the change with this customer, the change."""


async def read_existing(
    connection: asyncpg.Connection, customers: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Those of these customers that are registered, with the number of their last change."""
    rows = await connection.fetch(EXISTING, *zip(*customers, strict=True))
    return {(company, code): changes for company, code, changes in rows}


async def insert_customers(connection: asyncpg.Connection, customers: Iterable[tuple[str, str]]) -> None:
    """Add customers, each with one change to come."""
    await connection.execute(INSERT_CUSTOMERS, *zip(*((c, code, 1) for c, code in customers), strict=True))


async def count_changes(connection: asyncpg.Connection, counts: Iterable[tuple[str, str, int]]) -> None:
    """Say how many changes these customers have had."""
    await connection.execute(COUNT_CHANGES, *zip(*sorted(counts), strict=True))


async def insert_changes(connection: asyncpg.Connection, changes: Sequence[ChangeRow]) -> None:
    """Add what changed, limits included."""
    rows = [
        (
            company,
            code,
            number,
            c.valid_from,
            c.name,
            c.language,
            _packed(c.address),
            c.vat_number,
            *(c.terms or NONE),
            c.price_list,
        )
        for company, code, number, c in changes
    ]
    await connection.execute(INSERT_CHANGES, *zip(*rows, strict=True))
    limits = [
        (company, code, currency, number, c.valid_from, amount)
        for company, code, number, c in changes
        for currency, amount in c.credit_limits.items()
    ]
    if limits:
        await connection.execute(INSERT_LIMITS, *zip(*limits, strict=True))


async def read_limits(
    connection: asyncpg.Connection, customers: Iterable[tuple[str, str]]
) -> dict[tuple[str, str, str], list[LimitSince]]:
    """All limits of these customers, by company, customer and currency; each since a day, in their order."""
    found: dict[tuple[str, str, str], list[LimitSince]] = {}
    for company, code, currency, *since in await connection.fetch(LIMITS, *zip(*customers, strict=True)):
        found.setdefault((company, code, currency), []).append(LimitSince(*since))
    return found


async def read_terms(
    connection: asyncpg.Connection, wanted: Sequence[tuple[str, str, date]]
) -> list[PaymentTerms | None]:
    """The terms agreed with each customer on a day, aligned with what is wanted; None where nothing was agreed."""
    found: list[PaymentTerms | None] = [None] * len(wanted)
    for place, *terms in await connection.fetch(TERMS, *zip(*wanted, strict=True)):
        found[place - 1] = PaymentTerms(*terms)
    return found


async def read_printed(
    connection: asyncpg.Connection, wanted: Iterable[tuple[str, str, date]]
) -> dict[tuple[str, str, date], dict[str, object]]:
    """Those of these customers that are known on their day, as they are printed then."""
    found: dict[tuple[str, str, date], dict[str, object]] = {}
    for company, code, day, name, language, address, vat_number in await connection.fetch(
        PRINTED, *zip(*wanted, strict=True)
    ):
        told = {"id": code, "name": name, "language": language, "address": orjson.loads(address)}
        found[company, code, day] = told | ({"vat_number": vat_number} if vat_number else {})
    return found


def _packed(address: Mapping[str, object] | None) -> bytes | None:
    return None if address is None else orjson.dumps(address)
