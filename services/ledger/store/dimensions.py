"""Departments, cost centres, allocation rules and policies: facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import asyncpg

from services.ledger.commands import ChangePolicy, DefineAllocationRule, NewDimensionValue

CHART = """
select e.company, e.currency, a.codes, a.kinds, a.roles, d.dimensions, d.values,
    r.rules, r.departments, r.cost_centres, r.millionths
from legal_entity e
cross join lateral (select array_agg(code) as codes, array_agg(kind) as kinds, array_agg(role) as roles
    from account where company = e.company) a
cross join lateral (select array_agg(dimension) as dimensions, array_agg(code) as values
    from dimension_value where company = e.company) d
cross join lateral (select array_agg(rule order by rule, place) as rules,
    array_agg(department order by rule, place) as departments,
    array_agg(cost_centre order by rule, place) as cost_centres,
    array_agg(millionths order by rule, place) as millionths
    from allocation_share where company = e.company) r
where e.company = any($1::text[])
"""

STANDING = """
select company, dimension, code from dimension_value where company = any($1::text[])
union all select company, 'rule', code from allocation_rule where company = any($1::text[])
"""

INSERT_VALUES = """
insert into dimension_value (company, dimension, code, name)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[])
"""

INSERT_RULES = (
    "insert into allocation_rule (company, code, name) select * from unnest($1::text[], $2::text[], $3::text[])"
)

INSERT_SHARES = """
insert into allocation_share (company, rule, place, department, cost_centre, millionths)
select * from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::int[])
"""

POLICIES = """
select e.company, e.currency, p.changes, p.asks from legal_entity e
cross join lateral (select count(*)::int as changes, coalesce(bool_or(credit_check), false) as asks
    from company_policy where company = e.company) p
where e.company = any($1::text[])
"""

INSERT_POLICIES = """
insert into company_policy (company, number, valid_from, invoicing, net_days, approval_limit, dimensions_required,
    default_department, default_cost_centre, credit_check, decided_by)
select * from unnest($1::text[], $2::int[], $3::date[], $4::text[], $5::int[], $6::bigint[], $7::boolean[], $8::text[],
    $9::text[], $10::boolean[], $11::text[])
"""


async def read_charts(connection: asyncpg.Connection, companies: Sequence[str]) -> list[asyncpg.Record]:
    """Everything that a manual line can name, per company."""
    return await connection.fetch(CHART, companies)


async def read_standing(connection: asyncpg.Connection, companies: Sequence[str]) -> set[tuple[str, str, str]]:
    """Company, dimension (or `rule`) and code of all that stands."""
    return {(company, kind, code) for company, kind, code in await connection.fetch(STANDING, companies)}


async def insert_values(connection: asyncpg.Connection, values: Iterable[tuple[str, NewDimensionValue]]) -> None:
    """Add departments and cost centres."""
    rows = [(company, v.dimension, v.code, v.name) for company, v in values]
    await connection.execute(INSERT_VALUES, *zip(*rows, strict=True))


async def insert_rules(connection: asyncpg.Connection, rules: Iterable[DefineAllocationRule]) -> None:
    """Add allocation rules with their shares."""
    listed = list(rules)
    await connection.execute(INSERT_RULES, *zip(*((r.company, r.code, r.name) for r in listed), strict=True))
    shares = [
        (r.company, r.code, place, share.department, share.cost_centre, share.millionths)
        for r in listed
        for place, share in enumerate(r.shares, 1)
    ]
    await connection.execute(INSERT_SHARES, *zip(*shares, strict=True))


async def count_policies(connection: asyncpg.Connection, companies: Sequence[str]) -> dict[str, tuple[str, int, bool]]:
    """The currency of each company, how many decisions it has noted, and whether it ever asked for credit."""
    rows = await connection.fetch(POLICIES, companies)
    return {row["company"]: (row["currency"], row["changes"], row["asks"]) for row in rows}


async def insert_policies(connection: asyncpg.Connection, policies: Iterable[tuple[int, ChangePolicy]]) -> None:
    """Add decisions, each under its number."""
    rows = [(p.company, number, *p.change, p.cause.actor) for number, p in policies]
    await connection.execute(INSERT_POLICIES, *zip(*rows, strict=True))
