"""Everything the ledger can be asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chassis.cause import Cause
from chassis.ids import UUID
from services.ledger.domain.invoicing import Reserved

# -- asked over HTTP --------------------------------------------------------------------------------------------------


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


# -- asked by events --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordTerms:
    """Keep what an order agreed, and bill it if its stock is reserved already."""

    company: str
    order: UUID
    body: bytes
    cause: Cause


@dataclass(frozen=True, slots=True)
class RecordReservation:
    """Keep what was reserved for an order, and bill it if its terms are known already."""

    company: str
    order: UUID
    reserved_at: datetime
    reserved: Mapping[int, Reserved]
    """By line of the order."""
    body: bytes
    cause: Cause


@dataclass(frozen=True, slots=True)
class CloseOrder:
    """Nothing was reserved for an order: never bill it."""

    company: str
    order: UUID
    cause: Cause


@dataclass(frozen=True, slots=True)
class ReleaseOrder:
    """The reserved stock is free again: credit what was invoiced, or never bill."""

    company: str
    order: UUID
    reason: str
    released_at: datetime
    cause: Cause


@dataclass(frozen=True, slots=True)
class RecordPayment:
    """Book money that came in, and let it pay what it names; `amount` is a decimal string."""

    company: str
    payment: UUID
    reference: str
    received_on: date
    amount: str
    currency: str
    payer_name: str
    order: UUID | None
    order_reference: str | None
    invoice_number: str | None
    cause: Cause
