"""By whom a group is paid on a day, and how that came about."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import asyncpg
import orjson
from pydantic import BaseModel

GROUP = """
select pay_group, debtor_name, debtor_address, right(debtor_iban, 4) as iban_ends from pay_group
where company = $1 and pay_group = $2
"""
ACCOUNTS = """
select a.effective_on, a.revision, right(a.debtor_iban, 4) as iban_ends, a.entered_by, a.recorded_at as entered_at,
    c.confirmed_by, c.confirmed_at
from payer_account a left join payer_confirmation c on c.company = a.company and c.pay_group = a.pay_group
    and c.effective_on = a.effective_on and c.revision = a.revision
where a.company = $1 and a.pay_group = $2 order by a.effective_on, a.revision
"""
DETAILS = """
select effective_on, revision, debtor_name, debtor_address, words as payment_text, entered_by,
    recorded_at as entered_at
from payer_details where company = $1 and pay_group = $2 order by effective_on, revision
"""


class AccountEntry(BaseModel):
    """An account from a day on; of entries for the same day the last one counts."""

    effective_on: date
    revision: int
    iban_ends: str
    entered_by: str
    entered_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None


class DetailsEntry(BaseModel):
    """Name, address and words from a day on; of entries for the same day the last one counts."""

    effective_on: date
    revision: int
    debtor_name: str
    debtor_address: dict[str, Any]
    payment_text: str | None
    entered_by: str
    entered_at: datetime


class PayerAnswer(BaseModel):
    """By whom a group is paid on a day. Without entries by that day it is as the group was defined."""

    pay_group: str
    on: date
    iban_ends: str
    confirmed: bool
    """Whether a file can be made: a second person has confirmed the account, or it is the group's first."""
    debtor_name: str
    debtor_address: dict[str, Any]
    payment_text: str | None
    accounts: list[AccountEntry]
    details: list[DetailsEntry]


async def payer(connection: asyncpg.Connection, company: str, pay_group: str, on: date) -> PayerAnswer | None:
    """As a pay file of that day would have it; None without such a group."""
    group = await connection.fetchrow(GROUP, company, pay_group)
    if group is None:
        return None
    accounts = [AccountEntry.model_validate(dict(row)) for row in await connection.fetch(ACCOUNTS, company, pay_group)]
    details = [
        DetailsEntry.model_validate(dict(row) | {"debtor_address": orjson.loads(row["debtor_address"])})
        for row in await connection.fetch(DETAILS, company, pay_group)
    ]
    account = next((each for each in reversed(accounts) if each.effective_on <= on), None)
    held = next((each for each in reversed(details) if each.effective_on <= on), None)
    return PayerAnswer(
        pay_group=pay_group,
        on=on,
        iban_ends=group["iban_ends"] if account is None else account.iban_ends,
        confirmed=account is None or account.confirmed_by is not None,
        debtor_name=group["debtor_name"] if held is None else held.debtor_name,
        debtor_address=orjson.loads(group["debtor_address"]) if held is None else held.debtor_address,
        payment_text=None if held is None else held.payment_text,
        accounts=accounts,
        details=details,
    )
