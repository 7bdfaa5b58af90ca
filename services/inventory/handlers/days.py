"""Which day it is for a company: one statement for a batch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from chassis.database import UnitOfWork
from services.inventory.domain.days import NO_ZONE, day_of
from services.inventory.store.valuing import read_terms


async def days_of(unit: UnitOfWork, companies: Collection[str]) -> Mapping[str, date]:
    """The calendar day of each company at the time of this transaction."""
    terms = await read_terms(unit.raw, companies)
    return {
        company: day_of(unit.now, terms[company].time_zone if company in terms else NO_ZONE) for company in companies
    }
