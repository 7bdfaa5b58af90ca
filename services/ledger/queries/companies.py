"""Companies and their set-up."""

from __future__ import annotations

from datetime import date
from typing import Any

import asyncpg
import orjson
from pydantic import BaseModel

from services.ledger.domain.books import seller_on

CHANGES = "select valid_from, changed from company_change where company = $1 order by valid_from, number"
COMPANY = "select * from legal_entity where company = $1"
ACCOUNTS = "select code, name, kind, role from account where company = $1 order by code"
TODAY = "select (now() at time zone time_zone)::date from legal_entity where company = $1"
TAX_CODES = """
select t.code, t.name, t.rate, t.account, r.days, r.rates from tax_code t
cross join lateral (select array_agg(valid_from order by valid_from) as days,
    array_agg(rate order by valid_from) as rates
    from tax_rate x where x.company = t.company and x.code = t.code) r
where t.company = $1 order by t.code
"""


class AddressAnswer(BaseModel):
    """A postal address."""

    line1: str
    line2: str | None = None
    city: str
    postcode: str
    country: str


class CompanyAnswer(BaseModel):
    """A company whose books are kept here."""

    company: str
    name: str
    currency: str
    country: str
    time_zone: str
    address: AddressAnswer
    vat_number: str | None
    iban: str | None


class AccountAnswer(BaseModel):
    """An account of the chart."""

    code: str
    name: str
    kind: str
    role: str | None


class AccountsAnswer(BaseModel):
    """A company's chart of accounts."""

    accounts: list[AccountAnswer]


class LaterRate(BaseModel):
    """What the rate is from a day on."""

    valid_from: date
    rate: str


class TaxCodeAnswer(BaseModel):
    """A tax code with the rate it had at first, a fraction, and what it is from each of these days on."""

    code: str
    name: str
    rate: str
    account: str
    later_rates: list[LaterRate]


class TaxCodesAnswer(BaseModel):
    """A company's tax codes."""

    tax_codes: list[TaxCodeAnswer]


async def company(connection: asyncpg.Connection, code: str, on: date) -> CompanyAnswer:
    """The company as it is on a day. It exists: the door has looked."""
    (row,) = await connection.fetch(COMPANY, code)
    address = AddressAnswer(
        line1=row["line1"],
        line2=row["line2"],
        city=row["city"],
        postcode=row["postcode"],
        country=row["address_country"],
    )
    own = {name: row[name] for name in ("name", "vat_number", "iban")} | {"address": address}
    changes = [(since, orjson.loads(changed)) for since, changed in await connection.fetch(CHANGES, code)]
    return CompanyAnswer(
        company=row["company"],
        currency=row["currency"],
        country=row["country"],
        time_zone=row["time_zone"],
        **dict[str, Any](seller_on(on, own, changes)),
    )


async def accounts(connection: asyncpg.Connection, code: str) -> AccountsAnswer:
    """All accounts, by code."""
    rows = await connection.fetch(ACCOUNTS, code)
    return AccountsAnswer(accounts=[AccountAnswer(**row) for row in rows])


async def tax_codes(connection: asyncpg.Connection, code: str) -> TaxCodesAnswer:
    """All tax codes, by code."""
    rows = await connection.fetch(TAX_CODES, code)
    return TaxCodesAnswer(tax_codes=[_tax_code(row) for row in rows])


def _tax_code(row: asyncpg.Record) -> TaxCodeAnswer:
    later = zip(row["days"] or (), row["rates"] or (), strict=True)
    return TaxCodeAnswer(
        code=row["code"],
        name=row["name"],
        rate=row["rate"],
        account=row["account"],
        later_rates=[LaterRate(valid_from=day, rate=rate) for day, rate in later],
    )


async def today(connection: asyncpg.Connection, code: str) -> date:
    """The company's calendar day."""
    day: date = await connection.fetchval(TODAY, code)
    return day
