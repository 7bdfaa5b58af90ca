"""Set-up of companies, asked over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from chassis.cause import Cause


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where a company has its seat."""

    line1: str
    line2: str | None
    city: str
    postcode: str
    country: str


@dataclass(frozen=True, slots=True)
class RegisterCompany:
    """Keep the books of a legal entity from now on."""

    company: str
    name: str
    currency: str
    country: str
    time_zone: str
    address: PostalAddress
    vat_number: str | None
    iban: str | None
    cause: Cause


@dataclass(frozen=True, slots=True)
class ChangeCompany:
    """Say what a company is called, where it has its seat, or under which numbers, from a day on."""

    company: str
    valid_from: date
    changed: Mapping[str, object]
    """As it is printed; only what is different."""
    cause: Cause


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account to open; `pointer` is where it stands in the request."""

    code: str
    name: str
    kind: str
    role: str | None
    pointer: str


@dataclass(frozen=True, slots=True)
class OpenAccounts:
    """Add accounts to a company's chart: all of them or none."""

    company: str
    accounts: Sequence[NewAccount]
    cause: Cause


@dataclass(frozen=True, slots=True)
class NewTaxCode:
    """A tax code to define; `rate` is a fraction, `pointer` is where it stands in the request."""

    code: str
    name: str
    rate: str
    account: str
    pointer: str


@dataclass(frozen=True, slots=True)
class DefineTaxCodes:
    """Add tax codes to a company: all of them or none."""

    company: str
    tax_codes: Sequence[NewTaxCode]
    cause: Cause


@dataclass(frozen=True, slots=True)
class AnnounceTaxRate:
    """A tax code has another rate from a day on; `rate` is a fraction."""

    company: str
    code: str
    valid_from: date
    rate: str
    cause: Cause
