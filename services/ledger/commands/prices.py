"""Price lists, asked over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chassis.cause import Cause
from chassis.tables import RowProblem
from services.ledger.domain.prices import ListedPrice


@dataclass(frozen=True, slots=True)
class DefinePriceList:
    """Keep a list of prices in a currency; the usual one holds for customers who have none of their own."""

    company: str
    code: str
    name: str
    currency: str
    usual: bool
    cause: Cause


@dataclass(frozen=True, slots=True)
class AnnouncePrices:
    """Say what items cost by a list from days on; of a file with each price's row, and what is wrong with others."""

    company: str
    code: str
    rows: Sequence[tuple[int, ListedPrice]]
    cause: Cause
    problems: Sequence[RowProblem] = ()
    skip: bool = False
    is_file: bool = False
