"""Numbers, invoices and credit notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import asyncpg

from chassis.ids import UUID
from services.ledger.domain.documents import CreditNote
from services.ledger.domain.numbering import Series, read_number, spelt

TAKE_NUMBERS = """
insert into number_counter as n (company, series, fiscal_year, last)
select * from unnest($1::text[], $2::text[], $3::int[], $4::bigint[])
on conflict (company, series, fiscal_year) do update set last = n.last + excluded.last
returning company, series, fiscal_year, last
"""

INSERT_INVOICES = """
with added as (
    insert into invoice (company, id, series, fiscal_year, serial, order_id, order_reference, customer_id,
        customer_name, issued_on, due_on, currency, net, tax, total, printed, revision, posted_on)
    select company, id, series, year, serial, order_id, reference, customer_id, customer_name, issued_on, due_on,
        currency, net, tax, net + tax, printed, revision, posted_on
    from unnest($1::text[], $2::uuid[], $3::text[], $4::int[], $5::bigint[], $6::uuid[], $7::text[], $8::text[],
        $9::text[], $10::date[], $11::date[], $12::text[], $13::bigint[], $14::bigint[], $15::bytea[],
        $16::int[], $20::date[])
        as x(company, id, series, year, serial, order_id, reference, customer_id, customer_name, issued_on, due_on,
            currency, net, tax, printed, revision, posted_on))
insert into open_item (company, invoice, due_on, currency, total, open, customer_id, base_total, discount,
    discount_until)
select company, id, due_on, currency, net + tax, net + tax, customer_id, base_total, discount, discount_until
from unnest($1::text[], $2::uuid[], $11::date[], $12::text[], $13::bigint[], $14::bigint[], $8::text[], $17::bigint[],
    $18::bigint[], $19::date[])
    as x(company, id, due_on, currency, net, tax, customer_id, base_total, discount, discount_until)
"""

CHANGE_OPEN_ITEMS = """
update open_item o set open = o.open - x.paid - x.deducted, deducted = o.deducted + x.deducted,
    settled_on = x.settled_on
from unnest($1::text[], $2::uuid[], $3::bigint[], $4::bigint[], $5::date[])
    as x(company, invoice, paid, deducted, settled_on)
where o.company = x.company and o.invoice = x.invoice
"""

CREDIT_OPEN_ITEMS = """
update open_item o set open = 0, credited = true, deducted = o.deducted + x.deducted
from unnest($1::text[], $2::uuid[], $3::bigint[]) as x(company, invoice, deducted)
where o.company = x.company and o.invoice = x.invoice
"""

# Of an invoice with a discount: when the last of the money was received that pays it at present. Who allocates it later
# takes no discount from who paid in time.
_RECEIVED_ON = """(select max(y.received_on) from (select l.company, l.payment
        from (select * from allocation m where m.invoice = i.id offset 0) l
        where l.company = i.company group by 1, 2 having sum(l.amount) > 0) s
    cross join lateral (select received_on from payment p
        where p.company = s.company and p.id = s.payment offset 0) y)"""

# What was taken over from an earlier system is in these books from the day on which it was.
_RECEIVABLE = f"""i.company, i.id, i.series, i.fiscal_year, i.serial, i.stated_number, i.order_id, i.revision,
    i.currency, case when i.stated_number is null then i.issued_on else coalesce(i.posted_on, i.issued_on) end
    as issued_on, i.due_on, i.customer_id, i.total, o.open, o.deducted, o.base_total, o.discount, o.discount_until,
    o.settled_on, case when o.discount is not null then {_RECEIVED_ON} end as received_on"""

RECEIVABLES = f"""
with named as (
    select i.company, i.id from unnest($1::text[], $2::uuid[]) as x(company, id)
        cross join lateral (select company, id from invoice v where v.company = x.company and v.id = x.id offset 0) i
    union
    select i.company, i.id
        from unnest($3::text[], $4::text[], $5::int[], $6::bigint[]) as x(company, series, year, serial)
        cross join lateral (select company, id from invoice v where v.company = x.company and v.series = x.series
            and v.fiscal_year = x.year and v.serial = x.serial offset 0) i
    union
    select i.company, i.id from unnest($7::text[], $8::text[]) as x(company, number)
        cross join lateral (select company, id from invoice v where v.stated_number = x.number offset 0) i
        where i.company = x.company)
select {_RECEIVABLE} from named n
cross join lateral (select * from invoice v where v.company = n.company and v.id = n.id offset 0) i
cross join lateral (select * from open_item p where p.company = n.company and p.invoice = n.id offset 0) o
"""

CREDITABLE = f"""
select {_RECEIVABLE}, i.order_reference, i.customer_id, i.net, i.tax, i.printed
from unnest($1::text[], $2::uuid[]) as x(company, id)
cross join lateral (select * from invoice v where v.company = x.company and v.id = x.id offset 0) i
cross join lateral (select * from open_item p where p.company = x.company and p.invoice = x.id offset 0) o
where not o.credited
"""

PRINTED = """
select i.company, i.id, i.printed from unnest($1::text[], $2::uuid[]) as x(company, id)
cross join lateral (select * from invoice v where v.company = x.company and v.id = x.id offset 0) i
"""

INSERT_CREDIT_NOTES = """
insert into credit_note (company, id, series, fiscal_year, serial, invoice, order_id, issued_on, reason, currency, net,
    tax, total, posted_on, printed)
select * from unnest($1::text[], $2::uuid[], $3::text[], $4::int[], $5::bigint[], $6::uuid[], $7::uuid[], $8::date[],
    $9::text[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::date[], $15::bytea[])
"""

# The company stands outside, as for every look-up by another key than the primary one.
NOTES_IN_PART = """
select n.company, n.invoice, n.printed from unnest($1::text[], $2::uuid[]) as x(company, invoice)
cross join lateral (select * from credit_note c where c.invoice = x.invoice and c.printed is not null offset 0) n
where n.company = x.company order by n.at, n.id
"""

InvoiceRow = tuple[
    *tuple[str, UUID, str, int, int, UUID, str, str, str, date, date, str, int, int, bytes, int],
    int | None,
    int | None,
    date | None,
    date | None,
]
CreditNoteRow = tuple[str, UUID, str, int, int, UUID, UUID, date, str, str, int, int, int, date | None, bytes | None]


async def read_printed(
    connection: asyncpg.Connection, invoices: Iterable[tuple[str, UUID]]
) -> dict[tuple[str, UUID], bytes]:
    """What was printed on these invoices."""
    rows = await connection.fetch(PRINTED, *zip(*invoices, strict=True))
    return {(company, invoice): printed for company, invoice, printed in rows}


async def take_numbers(connection: asyncpg.Connection, counts: Mapping[Series, int]) -> dict[Series, int]:
    """Move each counter on by its count, in a fixed order, and say where it stands now.

    Called after all decisions: a number taken is a number used, or the whole transaction is undone.
    """
    ordered = sorted(counts)
    rows = await connection.fetch(TAKE_NUMBERS, *zip(*ordered, strict=True), [counts[series] for series in ordered])
    return {Series(company, name, year): last for company, name, year, last in rows}


async def insert_invoices(connection: asyncpg.Connection, invoices: Iterable[InvoiceRow]) -> None:
    """Add invoices, in the columns' order; all of each is open."""
    await connection.execute(INSERT_INVOICES, *zip(*invoices, strict=True))


class Change(NamedTuple):
    """What a batch does to an open item: below zero it is open again by so much."""

    paid: int = 0
    deducted: int = 0
    settled_on: date | None = None


async def change_open_items(connection: asyncpg.Connection, changes: Mapping[tuple[str, UUID], Change]) -> None:
    """Take payments and deductions off what is open. The database refuses more than is open."""
    keys = sorted(changes)
    columns = zip(*[changes[key] for key in keys], strict=True)
    await connection.execute(CHANGE_OPEN_ITEMS, *zip(*keys, strict=True), *columns)


async def credit_open_items(connection: asyncpg.Connection, changes: Mapping[tuple[str, UUID], Change]) -> None:
    """Nothing is open of an invoice that was credited; deductions change by what was taken back of them before."""
    keys = sorted(changes)
    await connection.execute(CREDIT_OPEN_ITEMS, *zip(*keys, strict=True), [changes[key].deducted for key in keys])


async def read_receivables(
    connection: asyncpg.Connection,
    invoices: Sequence[tuple[str, UUID]],
    numbers: Sequence[tuple[str, str]],
) -> list[asyncpg.Record]:
    """Invoices by id or by number, ours or an earlier system's, with what is open of each; each once."""
    ours = [(company, read) for company, number in numbers if (read := read_number(number)) is not None]
    return await connection.fetch(
        RECEIVABLES,
        [company for company, _ in invoices],
        [invoice for _, invoice in invoices],
        [company for company, _ in ours],
        [number.series for _, number in ours],
        [number.fiscal_year for _, number in ours],
        [number.serial for _, number in ours],
        [company for company, _ in numbers],
        [spelt(number) for _, number in numbers],
    )


async def read_creditable(connection: asyncpg.Connection, invoices: Iterable[tuple[str, UUID]]) -> list[asyncpg.Record]:
    """Those of these invoices that exist and are not credited, with all that a credit note repeats."""
    return await connection.fetch(CREDITABLE, *zip(*invoices, strict=True))


async def insert_credit_notes(connection: asyncpg.Connection, notes: Iterable[CreditNoteRow]) -> None:
    """Add credit notes, in the columns' order. The database refuses a second one for an invoice."""
    await connection.execute(INSERT_CREDIT_NOTES, *zip(*notes, strict=True))


async def read_notes_in_part(
    connection: asyncpg.Connection, invoices: Iterable[tuple[str, UUID]]
) -> dict[tuple[str, UUID], list[bytes]]:
    """What was printed on the credit notes in part over these invoices, in their order."""
    found: dict[tuple[str, UUID], list[bytes]] = {}
    for company, invoice, printed in await connection.fetch(NOTES_IN_PART, *zip(*sorted(invoices), strict=True)):
        found.setdefault((company, invoice), []).append(printed)
    return found


def note_row(note: CreditNote, posted_on: date | None) -> CreditNoteRow:
    """A credit note as a row; its words are kept where they are not the invoice's own."""
    credited, number = note.credited, note.number
    return (
        credited.company,
        note.id,
        number.series,
        number.fiscal_year,
        number.serial,
        credited.invoice,
        credited.order,
        note.issued_on,
        note.reason,
        credited.currency,
        note.net,
        note.tax,
        note.net + note.tax,
        posted_on,
        note.printed if note.own_words else None,
    )
