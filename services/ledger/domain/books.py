"""What the ledger knows about a company before it decides anything: who it is, its accounts by role, its taxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

RECEIVABLE = "receivable"
SALES = "sales"
BANK = "bank"
UNAPPLIED_CASH = "unapplied_cash"

KIND_OF_ROLE: Mapping[str, str] = {
    RECEIVABLE: "asset",
    SALES: "income",
    BANK: "asset",
    UNAPPLIED_CASH: "liability",
    "salaries": "expense",
    "employer_contributions": "expense",
    "wages_payable": "liability",
    "tax_payable": "liability",
    "contributions_payable": "liability",
    "inventory": "asset",
    "goods_received": "liability",
    "cost_of_goods": "expense",
    "stock_difference": "expense",
    "opening_balance": "equity",
}
"""Which kind of account can play a role: customers owe us, money that fits no invoice is owed back."""


class TaxRule(NamedTuple):
    """A tax code: the fraction of the base that is owed, and the account it is owed on."""

    code: str
    rate: str
    """As a decimal string of at most six decimals: 0.24 is 24 %."""
    account: str


@dataclass(frozen=True, slots=True)
class Books:
    """One company's facts, read once per batch. Facts are only ever added, so what is found here stays true."""

    company: str
    zone: ZoneInfo
    seller: Mapping[str, object]
    """As printed on invoices."""
    accounts: Mapping[str, str]
    """Account code by role."""
    taxes: Mapping[str, TaxRule]
    has_customers: bool = False
    """Whether anything can have been agreed with a customer; where not, nobody looks."""

    def day_of(self, moment: datetime) -> date:
        """The company's calendar day: its days and years begin in its own time zone."""
        return moment.astimezone(self.zone).date()
