"""Accounts that wait for a second person: those of people, and those of the company that groups are paid from."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from services.payroll.queries.days import today

UNCONFIRMED = """
select * from (
    select 'company' as kind, a.pay_group as name, a.pay_group, null::text as number, null::uuid as employee,
        a.effective_on, a.revision, a.entered_by as recorded_by, a.recorded_at, false as enter_again
    from payer_account a
    where a.company = $1
        and not exists (select from payer_confirmation c where c.company = a.company and c.pay_group = a.pay_group
            and c.effective_on = a.effective_on and c.revision = a.revision)
        and not exists (select from payer_account l where l.company = a.company and l.pay_group = a.pay_group
            and l.effective_on = a.effective_on and l.revision > a.revision)
        and not exists (select from payer_confirmation c where c.company = a.company and c.pay_group = a.pay_group
            and c.effective_on > a.effective_on and c.effective_on <= $6)
    union all
    select 'employee', e.number, null, e.number, b.employee, b.effective_on, b.revision, b.recorded_by, b.recorded_at,
        b.entered_by is null
    from bank_account b join employee e on e.company = b.company and e.employee = b.employee
    where b.company = $1
        and not exists (select from account_confirmation c where c.company = b.company and c.employee = b.employee
            and c.effective_on = b.effective_on and c.revision = b.revision)
        and not exists (select from bank_account l where l.company = b.company and l.employee = b.employee
            and l.effective_on = b.effective_on and l.revision > b.revision)
        and not exists (select from account_confirmation c where c.company = b.company and c.employee = b.employee
            and c.effective_on > b.effective_on and c.effective_on <= $6)
        and not exists (select from person_key k where k.company = b.company and k.employee = b.employee
            and k.erased_at is not null)
) u where (u.kind, u.name, u.effective_on) > ($2, $3, $4) order by u.kind, u.name, u.effective_on limit $5
"""


class Unconfirmed(BaseModel):
    """An account that waits for a second person: one of the company's own, by pay group, or an employee's."""

    kind: Literal["company", "employee"]
    pay_group: str | None
    number: str | None
    employee: UUID | None
    effective_on: date
    revision: int
    recorded_by: str
    recorded_at: datetime
    enter_again: bool
    """Which person entered it is not known, as an older version wrote it down: it is entered again, then confirmed."""


class UnconfirmedPage(BaseModel):
    """The company's own first, by pay group and day, then people's by personnel number and day; `next` goes on behind
    the last one.
    """

    accounts: list[Unconfirmed]
    next: str | None


async def unconfirmed(
    connection: asyncpg.Connection, company: str, after: tuple[str, str, date], limit: int
) -> UnconfirmedPage:
    """Accounts that nobody has confirmed yet and somebody may, beyond a kind, a group or number, and a day."""
    rows = await connection.fetch(UNCONFIRMED, company, *after, limit, await today(connection, company))
    accounts = [Unconfirmed.model_validate(dict(row)) for row in rows]
    last = rows[-1] if len(rows) == limit else None
    beyond = None if last is None else f"{last['kind']}/{last['name']}/{last['effective_on']}"
    return UnconfirmedPage(accounts=accounts, next=beyond)


def place_of(after: str) -> tuple[str, str, date]:
    """Where `next` of a page says to go on; also as an older version said it, of people alone. Raises ValueError."""
    if not after:
        return "", "", date.min
    place, _, day = after.rpartition("/")
    kind, slash, name = place.partition("/")
    return (kind, name, date.fromisoformat(day)) if slash else ("employee", place, date.fromisoformat(day))
