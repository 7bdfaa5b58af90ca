"""Figures that pay groups give where a country's rules leave them open: facts, the latest of a place holds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from chassis.ids import UUID

ADD_FIGURES = """
insert into pay_group_figure (company, pay_group, place, revision, value, recorded_by, recorded_at)
select x.company, x.pay_group, x.place, coalesce((select max(f.revision) from pay_group_figure f
        where f.company = x.company and f.pay_group = x.pay_group and f.place = x.place), 0)
    + row_number() over (partition by x.company, x.pay_group, x.place order by x.at), x.value, x.person, $6
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
    with ordinality as x(company, pay_group, place, value, person, at)
"""

SINCE_CALCULATED = """
select distinct r.company, r.run, split_part(f.place, ':', 1) as pack
from unnest($1::text[], $2::uuid[]) as x(company, run) join pay_run r on r.company = x.company and r.run = x.run
join pay_group_figure f on f.company = r.company and f.pay_group = r.pay_group and f.recorded_at > r.started_at
"""


class FigureRow(NamedTuple):
    """A figure of a pack, by pack and place."""

    company: str
    pay_group: str
    place: str
    value: str
    recorded_by: str


def given(group: str, by: str = "'infinity'") -> str:
    """The figures that a group has been given by a moment since it was defined, as a subquery for rows `group`."""
    return f"""(select jsonb_object_agg(f.place, f.value)::text from (select distinct on (o.place) o.place, o.value
    from pay_group_figure o where o.company = {group}.company and o.pay_group = {group}.pay_group
        and o.recorded_at <= {by} order by o.place, o.revision desc) f)"""


async def packs_since_calculated(
    connection: asyncpg.Connection, runs: Collection[tuple[str, UUID]]
) -> set[tuple[str, UUID, str]]:
    """For which packs figures were given after the calculation of these runs began: company, run, pack. It goes by none
    of them; asked once the runs are locked, it finds all.
    """
    columns = [company for company, _ in runs], [run for _, run in runs]
    return {tuple(row) for row in await connection.fetch(SINCE_CALCULATED, *columns)}


async def add_figures(connection: asyncpg.Connection, rows: Sequence[FigureRow], now: datetime) -> None:
    """Write figures; one that is there already stays, and the new one holds."""
    await connection.execute(ADD_FIGURES, *zip(*rows, strict=True), now)
