"""By which levels a company duns, what stops it, and what its last runs did."""

from __future__ import annotations

from datetime import date, datetime

import asyncpg
from pydantic import BaseModel

from contracts.money import from_minor

LEVELS = """
select l.level, l.days_overdue, l.fee, l.interest_rate, l.books_charges, e.currency from dunning_level l
join legal_entity e on e.company = l.company
where l.company = $1 and l.version = (select max(version) from dunning_level m where m.company = $1) order by l.level
"""
STOPS = """
select invoice, kind, until, reason, set_by, at from dunning_stop
where company = $1 and (until is null or until >= $2) order by at desc, invoice limit $3
"""
RUNS = "select day, letters from dunning_run where company = $1 order by day desc limit $2"


class LevelAnswer(BaseModel):
    """A level of the policy."""

    level: int
    days_overdue: int
    fee: str
    interest_rate: str


class StopAnswer(BaseModel):
    """An invoice that is not dunned for now, why, and who said so."""

    invoice: str
    kind: str
    until: date | None
    reason: str
    set_by: str
    at: datetime


class RunAnswer(BaseModel):
    """What a day's run did."""

    day: date
    letters: int


class DunningAnswer(BaseModel):
    """The policy that holds, with no level where there is none; what stops it today; the last runs."""

    levels: list[LevelAnswer]
    books_charges: bool
    stops: list[StopAnswer]
    runs: list[RunAnswer]


async def shown(connection: asyncpg.Connection, company: str, today: date, limit: int) -> DunningAnswer:
    """How a company duns."""
    levels = await connection.fetch(LEVELS, company)
    stops = await connection.fetch(STOPS, company, today, limit)
    runs = await connection.fetch(RUNS, company, limit)
    return DunningAnswer(
        levels=[
            LevelAnswer(
                level=row["level"],
                days_overdue=row["days_overdue"],
                fee=from_minor(row["fee"], row["currency"]),
                interest_rate=row["interest_rate"],
            )
            for row in levels
        ],
        books_charges=any(row["books_charges"] for row in levels),
        stops=[StopAnswer(**{**row, "invoice": str(row["invoice"])}) for row in stops],
        runs=[RunAnswer(**row) for row in runs],
    )
