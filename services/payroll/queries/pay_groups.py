"""Questions about pay groups: which figures a month's rules ask for, and which of them are still missing."""

from __future__ import annotations

from datetime import date

import asyncpg
import orjson
from pydantic import BaseModel

from services.payroll.domain.pay.months import Month
from services.payroll.store import pay_runs
from services.payroll.store.packs import Packs


class FigureLine(BaseModel):
    """A figure that the rules leave open, by its place in them; without a value it is missing."""

    place: str
    value: str | None


class FiguresAnswer(BaseModel):
    """What the rules of a month ask of a group. Without rules there is none for that month yet."""

    pay_group: str
    month: str
    rules: str | None
    figures: list[FigureLine]
    missing: list[str]


async def figures(
    connection: asyncpg.Connection, packs: Packs, company: str, pay_group: str, month: date
) -> FiguresAnswer | None:
    """As a run of that month would find them; None without such a group."""
    group = (await pay_runs.groups(connection, [(company, pay_group)])).get((company, pay_group))
    if group is None:
        return None
    wanted, country = Month(month.year, month.month), group["country"]
    since = Month(group["since"].year, group["since"].month)
    known = packs.placed(country, orjson.loads(group["figures"]), since) | orjson.loads(group["given"] or "{}")
    asked = packs.asked(country, known, wanted)
    return FiguresAnswer(
        pay_group=pay_group,
        month=str(wanted),
        rules=packs.name(country, wanted),
        figures=[FigureLine(place=place, value=value) for place, value in sorted(asked.items())],
        missing=sorted(place for place, value in asked.items() if value is None),
    )
