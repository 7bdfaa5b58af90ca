"""What pay came to, for the director: sums of approved runs, by cost centre, and nobody's pay."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from contracts.money import from_minor
from services.payroll.domain.pay.journal import postings
from services.payroll.domain.pay.records import read_totals
from services.payroll.domain.pay.totals import Totals
from services.payroll.store.pay_runs import sums_place
from services.payroll.store.vault import Vault

APPROVED = """
select r.run, r.attempt, r.pay_group, r.period, r.state, r.people, r.totals, g.currency from pay_run r
join pay_group g on g.company = r.company and g.pay_group = r.pay_group
where r.company = $1 and r.state in ('approved', 'paid', 'posted') and r.period between $2 and $3
order by r.period, r.pay_group limit $4
"""


class CentreCost(BaseModel):
    """What a cost centre bears, salaries and contributions together; `various` stands for those with few people."""

    cost_centre: str
    cost: str


class Sums(BaseModel):
    """Amounts in the run's currency."""

    gross: str
    employer_contributions: str
    net: str
    cost_centres: list[CentreCost]


class RunSums(BaseModel):
    """A month of a pay group. `sums` is null where fewer than three people earn: they would be somebody's pay."""

    run: UUID
    pay_group: str
    period: str
    currency: str
    state: str
    people: int
    sums: Sums | None


class TotalsPage(BaseModel):
    """Approved runs, by month and group."""

    runs: list[RunSums]


async def totals(
    connection: asyncpg.Connection, vault: Vault, company: str, since: date, until: date, limit: int
) -> TotalsPage:
    """What the approved runs of these months come to, both included."""
    rows = await connection.fetch(APPROVED, company, since, until, limit)
    return TotalsPage(runs=[_told(row, vault, company) for row in rows])


def _told(row: asyncpg.Record, vault: Vault, company: str) -> RunSums:
    found = read_totals(vault.unseal_sums(company, sums_place(row["run"], row["attempt"]), row["totals"]))
    sums = _sums(found, row["currency"]) if found.many else None
    return RunSums.model_validate({**dict(row), "period": f"{row['period']:%Y-%m}", "sums": sums})


def _sums(found: Totals, currency: str) -> Sums:
    cost: dict[str, int] = {}
    for each in postings(found):  # cost centres of few people are put together there, as they leave for the books
        if each.cost_centre is not None:
            cost[each.cost_centre] = cost.get(each.cost_centre, 0) + each.amount
    return Sums(
        gross=from_minor(sum(found.salaries.values()), currency),
        employer_contributions=from_minor(sum(found.employer.values()), currency),
        net=from_minor(found.net, currency),
        cost_centres=[
            CentreCost(cost_centre=centre, cost=from_minor(amount, currency)) for centre, amount in sorted(cost.items())
        ],
    )
