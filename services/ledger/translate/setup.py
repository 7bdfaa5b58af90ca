"""A company's particulars: from its row, and told to everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import asyncpg
import orjson

from contracts.ledger import (
    AccountOpened,
    CompanyChanged,
    CompanyRegistered,
    TaxCodeDefined,
)
from services.ledger.commands import (
    AnnounceTaxRate,
    NewAccount,
    NewTaxCode,
    RegisterCompany,
)
from services.ledger.domain.books import Books, TaxRule
from services.ledger.domain.calendar import DAY, Calendar, ClosedDays, FiscalYear, calendar_of
from services.ledger.domain.policy import PolicyChange
from services.ledger.translate.emission import Emission, present


def to_books(row: asyncpg.Record) -> Books:
    """A company's facts from their row."""
    taxes = zip(row["tax_codes"] or (), row["tax_rates"] or (), row["tax_accounts"] or (), strict=True)
    return Books(
        row["company"],
        ZoneInfo(row["time_zone"]),
        _seller(row),
        dict(zip(row["roles"] or (), row["codes"] or (), strict=True)),
        {code: TaxRule(code, rate, account) for code, rate, account in taxes},
        row["currency"],
        row["has_customers"],
        _calendar(row),
        [_policy_change(change) for change in row["policies"] or ()],
        [(date.fromisoformat(since), orjson.loads(changed)) for since, changed in row["seller_changes"] or ()],
        [(code, date.fromisoformat(since), rate) for code, since, rate in row["later_rates"] or ()],
        row["opened_at"],
    )


def _seller(row: asyncpg.Record) -> dict[str, object]:
    address = {
        "line1": row["line1"],
        "city": row["city"],
        "postcode": row["postcode"],
        "country": row["address_country"],
    }
    if row["line2"] is not None:
        address["line2"] = row["line2"]
    seller: dict[str, object] = {"name": row["name"], "address": address}
    return seller | {name: row[name] for name in ("vat_number", "iban") if row[name] is not None}


def _calendar(row: asyncpg.Record) -> Calendar:
    years = zip(row["years"] or (), row["year_starts"] or (), row["year_ends"] or (), strict=True)
    closed = zip(row["closed_for"] or (), row["closed_from"] or (), row["closed_to"] or (), strict=True)
    return calendar_of(
        [FiscalYear(*year) for year in years],
        [ClosedDays(subledger, first, behind - DAY) for subledger, first, behind in closed],
    )


def _policy_change(row: Sequence[str | None]) -> PolicyChange:
    _, valid_from, invoicing, net_days, limit, required, department, cost_centre, credit = row
    return PolicyChange(
        date.fromisoformat(str(valid_from)),
        invoicing,
        None if net_days is None else int(net_days),
        None if limit is None else int(limit),
        None if required is None else required == "true",
        department,
        cost_centre,
        None if credit is None else credit == "true",
    )


def company_registered(command: RegisterCompany) -> Emission:
    """A company's books are kept from now on."""
    address = command.address
    data: dict[str, object] = {
        "company": command.company,
        "name": command.name,
        "currency": command.currency,
        "country": command.country,
        "time_zone": command.time_zone,
        "address": present(
            line1=address.line1,
            line2=address.line2,
            city=address.city,
            postcode=address.postcode,
            country=address.country,
        ),
    }
    return CompanyRegistered, command.company, data | present(vat_number=command.vat_number, iban=command.iban)


def company_changed(company: str, valid_from: date, seller: Mapping[str, object]) -> Emission:
    """A company is printed like this from a day on."""
    data: dict[str, object] = {"company": company, "valid_from": valid_from.isoformat()}
    return CompanyChanged, company, {**data, **seller}


def account_opened(company: str, account: NewAccount) -> Emission:
    """An account can be posted to."""
    data: dict[str, object] = {
        "account": account.code,
        "name": account.name,
        "kind": account.kind,
        "role": account.role,
    }
    return AccountOpened, company, data


def tax_code_defined(company: str, tax_code: NewTaxCode) -> Emission:
    """A tax code can be used."""
    data: dict[str, object] = {
        "code": tax_code.code,
        "name": tax_code.name,
        "rate": tax_code.rate,
        "account": tax_code.account,
    }
    return TaxCodeDefined, company, data


def tax_rate_announced(new: AnnounceTaxRate, name: str, account: str) -> Emission:
    """A tax code has another rate from a day on."""
    data: dict[str, object] = {
        "code": new.code,
        "name": name,
        "rate": new.rate,
        "account": account,
        "valid_from": new.valid_from.isoformat(),
    }
    return TaxCodeDefined, new.company, data
