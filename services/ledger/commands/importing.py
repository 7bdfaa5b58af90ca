"""What a company begins with, as files: each row with its number, and what is wrong with those that cannot be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chassis.cause import Cause
from chassis.tables import RowProblem
from services.ledger.commands.customers import NewCustomer
from services.ledger.commands.setup import NewAccount
from services.ledger.domain.manual import WantedLine
from services.ledger.domain.opening import StatedItem


@dataclass(frozen=True, slots=True)
class _Import:
    cause: Cause
    problems: Sequence[RowProblem]
    skip: bool
    """Whether wrong rows are left out; else one of them keeps all of the file out."""

    @property
    def company(self) -> str:
        """Whose books."""
        return self.cause.company


@dataclass(frozen=True, slots=True)
class ImportAccounts(_Import):
    """Open the accounts of a file."""

    rows: Sequence[tuple[int, NewAccount]]


@dataclass(frozen=True, slots=True)
class ImportCustomers(_Import):
    """Register the customers of a file."""

    rows: Sequence[tuple[int, NewCustomer]]


@dataclass(frozen=True, slots=True)
class ImportBalances(_Import):
    """Post what stood on the accounts of an earlier system, as one entry; a line without a currency is in our own."""

    rows: Sequence[tuple[int, WantedLine]]
    reference: str
    posted_on: date


@dataclass(frozen=True, slots=True)
class ImportOpenItems(_Import):
    """Take over what was open with customers in an earlier system."""

    rows: Sequence[tuple[int, StatedItem]]
    taken_over_on: date
