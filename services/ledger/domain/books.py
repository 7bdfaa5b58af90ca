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
EXCHANGE_GAIN = "exchange_gain"
EXCHANGE_LOSS = "exchange_loss"
CURRENCY_EXCHANGE = "currency_exchange"
DISCOUNT_ALLOWED = "discount_allowed"
BANK_CHARGES = "bank_charges"
DUNNING_INCOME = "dunning_income"

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
    EXCHANGE_GAIN: "income",
    EXCHANGE_LOSS: "expense",
    CURRENCY_EXCHANGE: "asset",
    DISCOUNT_ALLOWED: "expense",
    BANK_CHARGES: "expense",
    DUNNING_INCOME: "income",
}
"""Which kind of account can play a role: customers owe us, money that fits no invoice is owed back. The account of
exchange takes one currency and gives another: in the company's own it is always nought."""


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
    currency: str
    """The company's own: what every amount is worth in the end."""
    has_customers: bool = False
    """Whether anything can have been agreed with a customer; where not, nobody looks."""

    def day_of(self, moment: datetime) -> date:
        """The company's calendar day: its days and years begin in its own time zone."""
        return moment.astimezone(self.zone).date()
