"""The SQL of parcels. Their shipment is safe, since its order is locked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import asyncpg

from chassis.errors import Transient
from services.inventory.domain.parcels import Parcel
from services.inventory.store.shipping import ShipmentKey
from services.inventory.store.stock import columns

ADD = """
insert into parcel (company, shipment, parcel, sscc, weight)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::text[]) order by 1, 4
on conflict on constraint sscc_once do nothing
"""
ADD_LINES = """
insert into parcel_line (company, shipment, parcel, line, quantity)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::int[], $5::bigint[])
"""
READ = """
select p.company, p.shipment, p.parcel, p.sscc, p.weight, l.line, l.quantity
from unnest($1::text[], $2::uuid[]) as x(company, shipment)
cross join lateral (select * from parcel v where v.company = x.company and v.shipment = x.shipment offset 0) p
cross join lateral (select * from parcel_line v where v.company = p.company and v.shipment = p.shipment
    and v.parcel = p.parcel offset 0) l
order by p.company, p.shipment, p.parcel, l.line
"""
TAKEN = """
select p.company, p.sscc from unnest($1::text[], $2::text[]) as x(company, sscc)
cross join lateral (select * from parcel v where v.company = x.company and v.sscc = x.sscc offset 0) p
"""
CHOOSE = """
insert into sscc_series as s (company, prefix, active) select x.company, x.prefix, true
from unnest($1::text[], $2::text[]) as x(company, prefix)
on conflict (company, prefix) do update set active = true
"""
RETIRE = """
update sscc_series s set active = false from unnest($1::text[], $2::text[]) as x(company, prefix)
where s.company = x.company and s.prefix <> x.prefix and s.active
"""
TAKE = """
update sscc_series s set last = s.last + x.wanted from unnest($1::text[], $2::bigint[]) as x(company, wanted)
where s.company = x.company and s.active returning s.company, s.prefix, s.last
"""


async def add_parcels(connection: asyncpg.Connection, packed: Mapping[ShipmentKey, Sequence[Parcel]]) -> None:
    """Write the parcels of shipments. Raises Transient when another transaction took one of their numbers meanwhile."""
    rows = [(*key, n, p.sscc, p.weight) for key, some in packed.items() for n, p in enumerate(some, 1)]
    lines = [(*key, n, *line) for key, some in packed.items() for n, p in enumerate(some, 1) for line in p.lines]
    tag = await connection.execute(ADD, *columns(rows, 5))
    if int(tag.rpartition(" ")[2]) != len(rows):
        raise Transient("another transaction has put a number on a parcel")
    await connection.execute(ADD_LINES, *columns(lines, 5))


async def read_parcels(
    connection: asyncpg.Connection, shipments: Collection[ShipmentKey]
) -> dict[ShipmentKey, list[Parcel]]:
    """The parcels of shipments, with what lies in them; those of which nobody said it are missing."""
    found: dict[ShipmentKey, dict[int, Parcel]] = {}
    rows = await connection.fetch(READ, *columns(sorted(shipments), 2))
    for company, shipment, number, sscc, weight, line, quantity in rows:
        parcels = found.setdefault((company, shipment), {})
        parcel = parcels.get(number, Parcel(sscc, weight, ()))
        parcels[number] = parcel._replace(lines=(*parcel.lines, (line, quantity)))
    return {key: [parcels[number] for number in sorted(parcels)] for key, parcels in found.items()}


async def taken_numbers(connection: asyncpg.Connection, asked: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these (company, sscc) that stand on a parcel already."""
    return {(company, sscc) for company, sscc in await connection.fetch(TAKEN, *columns(sorted(asked), 2))}


async def choose_prefix(connection: asyncpg.Connection, prefixes: Mapping[str, str]) -> None:
    """From now on parcels of these companies are numbered under these prefixes, from where they ended."""
    rows = columns(sorted(prefixes.items()), 2)
    await connection.execute(RETIRE, *rows)
    await connection.execute(CHOOSE, *rows)


async def take_numbers(connection: asyncpg.Connection, wanted: Mapping[str, int]) -> dict[str, tuple[str, int]]:
    """Take so many numbers per company: its prefix, and the last one taken; companies without a prefix are missing."""
    rows = await connection.fetch(TAKE, *columns(sorted(wanted.items()), 2))
    return {company: (prefix, last) for company, prefix, last in rows}
