"""Departments, cost centres, rules, decisions, and balances by dimension."""

from __future__ import annotations

from datetime import date, datetime

import asyncpg
from pydantic import BaseModel

from contracts.money import from_micro, from_minor, sum_text

VALUES = "select dimension, code, name from dimension_value where company = $1 order by dimension, code"

RULES = """
select r.code, r.name, s.department, s.cost_centre, s.millionths from allocation_rule r
join allocation_share s on s.company = r.company and s.rule = r.code where r.company = $1 order by r.code, s.place
"""

POLICIES = """
select p.*, e.currency from company_policy p join legal_entity e on e.company = p.company
where p.company = $1 order by p.number
"""

BALANCES = """
select account, currency, department, cost_centre, sum(debit) as debit, sum(credit) as credit, sum(base_debit),
    sum(base_credit), (select currency from legal_entity where company = $1) as own from dimension_day
where company = $1 and ($2::date is null or effective_on <= $2) and ($3::text is null or department = $3)
    and ($4::text is null or cost_centre = $4)
group by 1, 2, 3, 4 order by 1, 2, 3, 4
"""


class DimensionAnswer(BaseModel):
    """A department or cost centre."""

    dimension: str
    code: str
    name: str


class ShareAnswer(BaseModel):
    """What one department and cost centre get."""

    department: str | None
    cost_centre: str | None
    share: str


class RuleAnswer(BaseModel):
    """An allocation rule."""

    code: str
    name: str
    shares: list[ShareAnswer]


class DimensionsAnswer(BaseModel):
    """What lines can name."""

    values: list[DimensionAnswer]
    rules: list[RuleAnswer]


class PolicyAnswer(BaseModel):
    """What was decided from a day on; null is what stayed."""

    change: int
    valid_from: date
    recorded_at: datetime
    decided_by: str
    invoicing: str | None
    net_days: int | None
    approval_limit: str | None
    dimensions_required: bool | None
    default_department: str | None
    default_cost_centre: str | None
    credit_check: bool | None


class PoliciesAnswer(BaseModel):
    """A company's decisions in the order of recording."""

    policies: list[PolicyAnswer]


class DimensionBalance(BaseModel):
    """An account within a department and cost centre (null is none), also in the company's own currency."""

    account: str
    currency: str
    department: str | None
    cost_centre: str | None
    debit: str
    credit: str
    balance: str
    base_debit: str
    base_credit: str
    base_balance: str


class DimensionBalancesAnswer(BaseModel):
    """Balances by dimension, of lines that name one."""

    as_of: date | None
    balances: list[DimensionBalance]


async def dimensions(connection: asyncpg.Connection, company: str) -> DimensionsAnswer:
    """Everything that lines can name."""
    rules: dict[str, RuleAnswer] = {}
    for code, name, department, cost_centre, millionths in await connection.fetch(RULES, company):
        rule = rules.setdefault(code, RuleAnswer(code=code, name=name, shares=[]))
        rule.shares.append(ShareAnswer(department=department, cost_centre=cost_centre, share=from_micro(millionths)))
    values = [DimensionAnswer(**row) for row in await connection.fetch(VALUES, company)]
    return DimensionsAnswer(values=values, rules=list(rules.values()))


async def policies(connection: asyncpg.Connection, company: str) -> PoliciesAnswer:
    """Everything that was decided."""
    return PoliciesAnswer(
        policies=[
            PolicyAnswer(
                change=row["number"],
                valid_from=row["valid_from"],
                recorded_at=row["at"],
                decided_by=row["decided_by"],
                invoicing=row["invoicing"],
                net_days=row["net_days"],
                approval_limit=_amount(row),
                dimensions_required=row["dimensions_required"],
                default_department=row["default_department"],
                default_cost_centre=row["default_cost_centre"],
                credit_check=row["credit_check"],
            )
            for row in await connection.fetch(POLICIES, company)
        ]
    )


async def balances(
    connection: asyncpg.Connection,
    company: str,
    *,
    as_of: date | None,
    department: str | None,
    cost_centre: str | None,
) -> DimensionBalancesAnswer:
    """Its cost follows accounts, dimensions and days, not the length of history."""
    rows = await connection.fetch(BALANCES, company, as_of, department, cost_centre)
    found = [
        DimensionBalance(
            account=account,
            currency=currency,
            department=place or None,
            cost_centre=centre or None,
            debit=sum_text(int(debit), currency),
            credit=sum_text(int(credit), currency),
            balance=sum_text(int(debit - credit), currency),
            base_debit=sum_text(int(base_debit), own),
            base_credit=sum_text(int(base_credit), own),
            base_balance=sum_text(int(base_debit - base_credit), own),
        )
        for account, currency, place, centre, debit, credit, base_debit, base_credit, own in rows
    ]
    return DimensionBalancesAnswer(as_of=as_of, balances=found)


def _amount(row: asyncpg.Record) -> str | None:
    limit = row["approval_limit"]
    return None if limit is None else from_minor(limit, row["currency"])
