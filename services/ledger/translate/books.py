"""Fiscal years, periods and dimensions, told to everybody."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.ledger import DimensionDefined, FiscalYearOpened, PeriodClosed, PeriodReopened
from services.ledger.commands import NewDimensionValue
from services.ledger.domain.calendar import Period
from services.ledger.translate.emission import Emission


def fiscal_year_opened(company: str, year: int, periods: Sequence[Period]) -> Emission:
    """A fiscal year has begun to exist."""
    data: dict[str, object] = {
        "year": year,
        "starts_on": periods[0].starts_on,
        "ends_on": periods[-1].ends_on,
        "periods": [{"number": p.number, "starts_on": p.starts_on, "ends_on": p.ends_on} for p in periods],
    }
    return FiscalYearOpened, company, data


def period_locked(company: str, period: Period, subledgers: Sequence[str], *, closed: bool, reason: str) -> Emission:
    """A period was closed for sub-ledgers, or opened again."""
    data: dict[str, object] = {
        "fiscal_year": period.fiscal_year,
        "number": period.number,
        "starts_on": period.starts_on,
        "ends_on": period.ends_on,
        "subledgers": list(subledgers),
        "reason": reason,
    }
    return PeriodClosed if closed else PeriodReopened, company, data


def dimension_defined(company: str, value: NewDimensionValue) -> Emission:
    """A department or cost centre can be named on lines."""
    data: dict[str, object] = {"dimension": value.dimension, "code": value.code, "name": value.name}
    return DimensionDefined, company, data
