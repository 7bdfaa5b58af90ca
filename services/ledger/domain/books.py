"""What the ledger knows about a company before it decides anything: who it is, its accounts by role, its taxes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.ledger.domain.calendar import GENERAL, Calendar
from services.ledger.domain.customers import DEFAULT_TERMS, PaymentTerms
from services.ledger.domain.policy import Policy, PolicyChange, policy_on
from services.ledger.domain.posting import Entry

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
OPENING_BALANCE = "opening_balance"

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
    "training": "expense",
    "training_payable": "liability",
    "inventory": "asset",
    "goods_received": "liability",
    "cost_of_goods": "expense",
    "stock_difference": "expense",
    OPENING_BALANCE: "equity",
    EXCHANGE_GAIN: "income",
    EXCHANGE_LOSS: "expense",
    CURRENCY_EXCHANGE: "asset",
    DISCOUNT_ALLOWED: "expense",
    BANK_CHARGES: "expense",
    DUNNING_INCOME: "income",
}
"""Which kind of account can play a role: customers owe us, money that fits no invoice is owed back. The account of
exchange takes one currency and gives another: in the company's own it is always nought."""


SUBLEDGER_OF_ROLE: Mapping[str, str] = {
    RECEIVABLE: "ar",
    UNAPPLIED_CASH: "ar",
    "inventory": "stock",
    "goods_received": "stock",
    "wages_payable": "payroll",
    "tax_payable": "payroll",
    "contributions_payable": "payroll",
    "training_payable": "payroll",
}
"""Which sub-ledger is told by the balance of an account: its lock holds whoever posts there, also by hand. The trigger
on lines says the same, and a test holds them together."""

CONTROL_ROLES = frozenset({RECEIVABLE, UNAPPLIED_CASH})
"""Whose accounts must equal what documents say: nobody posts there by hand without saying so."""
RESULT_KINDS = frozenset({"income", "expense"})
"""What a year's result is made of; where a company asks for dimensions, it asks there."""


UNDECIDED = Policy()
"""What holds where a company has decided nothing."""
NEVER = datetime.min.replace(tzinfo=UTC)


class TaxRule(NamedTuple):
    """A tax code: the fraction of the base that is owed, and the account it is owed on."""

    code: str
    rate: str
    """As a decimal string of at most six decimals: 0.24 is 24 %."""
    account: str


SellerChange = tuple[date, Mapping[str, object]]
"""Day, and what of the seller is different from it on."""


def seller_on(day: date, registered: Mapping[str, object], changes: Iterable[SellerChange]) -> Mapping[str, object]:
    """What a company is called, where it is and under which numbers on a day; of two changes the later day counts."""
    found = dict(registered)
    for since, changed in changes:
        if since <= day:
            found |= changed
    return found


def with_change(changes: Sequence[SellerChange], day: date, changed: Mapping[str, object]) -> list[SellerChange]:
    """The changes with one more: by day, and of one day as they were said."""
    return sorted([*changes, (day, changed)], key=lambda change: change[0])


def sellers_told(
    day: date, registered: Mapping[str, object], before: Sequence[SellerChange], after: Sequence[SellerChange]
) -> list[SellerChange]:
    """What is to be told when something is different from a day on: the seller of that day, whole.

    And that of every later day of which something was said already, if it is not as it was told then.
    """
    told = [(day, seller_on(day, registered, after))]
    for later in sorted({since for since, _ in before if since > day}):
        seller = seller_on(later, registered, after)
        if seller != seller_on(later, registered, before):
            told.append((later, seller))
    return told


@dataclass(frozen=True, slots=True)
class Books:
    """One company's facts, read once per batch. Facts are only ever added, so what is found here stays true."""

    company: str
    zone: ZoneInfo
    seller: Mapping[str, object]
    """As it was registered, in the form that is printed."""
    accounts: Mapping[str, str]
    """Account code by role."""
    taxes: Mapping[str, TaxRule]
    currency: str
    """The company's own: what every amount is worth in the end."""
    has_customers: bool = False
    """Whether anything can have been agreed with a customer; where not, nobody looks."""
    calendar: Calendar = field(default_factory=Calendar)
    policies: Sequence[PolicyChange] = ()
    seller_changes: Sequence[SellerChange] = ()
    """By day, and of one day as they were said."""
    later_rates: Sequence[tuple[str, date, str]] = ()
    """Tax code, day and rate: what is different from the day on; by day."""
    opened_at: datetime = NEVER
    """When this batch had its turn at them: what it books is known since then."""

    def tax_on(self, day: date) -> Mapping[str, TaxRule]:
        """The tax codes with the rates of a day; a later one may be announced ahead."""
        if not self.later_rates:
            return self.taxes
        changed = {code: self.taxes[code]._replace(rate=rate) for code, since, rate in self.later_rates if since <= day}
        return {**self.taxes, **changed}

    def seller_on(self, day: date) -> Mapping[str, object]:
        """The seller as it is printed on a document of a day."""
        return seller_on(day, self.seller, self.seller_changes)

    def day_of(self, moment: datetime) -> date:
        """The company's calendar day: its days and years begin in its own time zone."""
        return moment.astimezone(self.zone).date()

    def policy(self, day: date) -> Policy:
        """What the company has decided, as it holds on a day."""
        return policy_on(day, self.policies) if self.policies else UNDECIDED

    @property
    def answers_orders(self) -> bool:
        """Whether every order waits for our answer: since the company has asked for credit once, whatever holds now."""
        return any(change.credit_check for change in self.policies)

    def usual_terms(self, day: date) -> PaymentTerms:
        """When an invoice of the day is due where nothing was agreed with its customer."""
        return PaymentTerms(self.policy(day).net_days) if self.policies else DEFAULT_TERMS

    def subledgers_of(self, entry: Entry) -> Sequence[str]:
        """Whose locks the entry obeys: its own sub-ledger's, and those of the accounts that it touches."""
        if entry.subledger != GENERAL:
            return (entry.subledger,)
        told = {self.accounts[role]: name for role, name in SUBLEDGER_OF_ROLE.items() if role in self.accounts}
        return (GENERAL, *sorted({told[line.account] for line in entry.lines if line.account in told}))

    @property
    def result_accounts(self) -> frozenset[str]:
        """The accounts of income and expense that the ledger itself books on."""
        return frozenset(code for role, code in self.accounts.items() if KIND_OF_ROLE[role] in RESULT_KINDS)
