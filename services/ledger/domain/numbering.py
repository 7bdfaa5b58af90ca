"""Document numbers: gap-free per company, series and fiscal year (EU VAT Directive 2006/112/EC, art. 226 (2))."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

INVOICES = "INV"
CREDIT_NOTES = "CN"
OPENING = "OPN"
"""What was open when the books were taken over: our count of it; it bears the number of the earlier system."""

_PRINTED = re.compile(r"([A-Z0-9][A-Z0-9/_-]{0,15})-([0-9]{4})-([0-9]{6,18})")


class Series(NamedTuple):
    """What one counter counts."""

    company: str
    name: str
    fiscal_year: int


class DocumentNumber(NamedTuple):
    """A place in a series: the first document has serial 1, and no serial is left out."""

    series: str
    fiscal_year: int
    serial: int

    @property
    def printed(self) -> str:
        """As people read it: INV-2026-000042."""
        return f"{self.series}-{self.fiscal_year}-{self.serial:06d}"


def told_number(series: str, fiscal_year: int, serial: int, stated: str | None) -> str:
    """What people call an invoice: by the number that an earlier system gave it, else by ours."""
    return stated or DocumentNumber(series, fiscal_year, serial).printed


def spelt(written: str) -> str:
    """A number as it is compared with others, however somebody wrote it."""
    return written.strip().upper()


def read_number(printed: str) -> DocumentNumber | None:
    """The number that a payer wrote, or None when no document of ours can have it."""
    match = _PRINTED.fullmatch(spelt(printed))
    if match is None:
        return None
    number = DocumentNumber(match[1], int(match[2]), int(match[3]))
    return number if number.serial > 0 and number.printed == match[0] else None


def how_many(wanted: Iterable[Series]) -> dict[Series, int]:
    """How many numbers each series must give."""
    counts: dict[Series, int] = {}
    for series in wanted:
        counts[series] = counts.get(series, 0) + 1
    return counts


def hand_out(wanted: Iterable[Series], last: Mapping[Series, int]) -> Iterator[DocumentNumber]:
    """The numbers in the order of the wishes, out of ranges that end at `last`."""
    wanted = list(wanted)
    following = {series: last[series] - count for series, count in how_many(wanted).items()}
    for series in wanted:
        following[series] += 1
        yield DocumentNumber(series.name, series.fiscal_year, following[series])
