"""May this be entered? Pay terms, bank accounts and tax profiles, against what is known of the person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from chassis.errors import Refused
from services.payroll.domain.pay.people import Term, paid_twice


@dataclass(frozen=True, slots=True)
class Group:
    """A pay group: people who are paid together by one country's rules."""

    country: str
    currency: str
    since: date


@dataclass(frozen=True, slots=True)
class OnRegister:
    """What is known of a person before pay is entered. No amount is among it."""

    hired_on: date
    group: str | None = None
    revisions: Mapping[tuple[str, date], int] = field(default_factory=dict)
    """The last revision, by what was entered and from which day on it holds."""
    in_force: frozenset[tuple[str | None, date]] = frozenset()
    """Days on which terms of a contract (or of none) begin that were not taken back."""
    tax_countries: frozenset[str] = frozenset()
    """Of which countries their tax profiles are."""

    def next_revision(self, what: str, day: date) -> int:
        """The revision of what is entered next."""
        return self.revisions.get((what, day), 0) + 1


NOT_FOUND = Refused("employee-not-found", "There is no such employee.", status=404)
BUSY = Refused("erasure-busy", "Somebody of another group is being erased at this moment; ask again.", status=409)
ERASED = Refused("person-erased", "This person's data was erased; nothing can be kept about them.", status=409)


def refusal_of_currency(currency: str, own: str | None) -> Refused | None:
    """Why a group cannot be paid in a currency; `own` is what the company counts in."""
    if own is None or currency == own:
        return None
    return Refused("currency-not-the-companys", f"The company counts in {own}; its people are paid in it.", "/currency")


class Terms(NamedTuple):
    """What is to be agreed, as far as rules look at it. Without a currency the terms of the day are taken back."""

    group: str
    day: date
    currency: str | None
    known_centre: bool
    contract: str | None
    contract_starts_on: date | None
    """None when the person has no such contract."""


def refusal_of_terms(person: OnRegister | None, group: Group | None, terms: Terms) -> Refused | None:
    """Why these terms cannot be entered; None when they can."""
    day, currency = terms.day, terms.currency
    if person is None:
        return NOT_FOUND
    if group is None:
        return Refused("pay-group-unknown", "There is no such pay group.", "/pay_group")
    if person.group not in (None, terms.group):
        return Refused(
            "pay-group-fixed", "This person is paid in another group; moving is not possible.", "/pay_group", 409
        )
    if currency is None:
        missing = Refused("pay-terms-not-found", "No terms begin on this day.", "/effective_on", 409)
        return None if (terms.contract, day) in person.in_force else missing
    if day < person.hired_on:
        return Refused("pay-before-hire", "Pay cannot begin before the first day of work.", "/effective_on")
    if terms.contract is not None and terms.contract_starts_on is None:
        return Refused("contract-unknown", f"They have no contract {terms.contract}.", "/contract")
    if terms.contract_starts_on is not None and day < terms.contract_starts_on:
        sentence = f"The contract starts on {terms.contract_starts_on}."
        return Refused("pay-before-contract", sentence, "/effective_on")
    if person.tax_countries - {group.country}:
        return Refused("tax-country-differs", _of_country(group), "/pay_group")
    if currency != group.currency:
        return Refused("currency-differs", "The group is paid in another currency.", "/monthly/currency")
    if not terms.known_centre:
        return Refused("unknown-cost-centre", "There is no such cost centre.", "/cost_centre")
    return None


def refusal_of_both(
    before: Collection[Term], after: Collection[Term], contract: str | None, *, pays: bool
) -> Refused | None:
    """Why these terms cannot be entered beside the others: a day would be paid for the employment and for a contract.

    What puts an old case right, by ending or taking back, is never refused.
    """
    twice = paid_twice(after)
    if twice is None or (not pays and paid_twice(before) is not None):
        return None
    first, last = twice
    days = f"from {first} on" if last is None else f"from {first} to {last}"
    sentence = (
        f"Pay for the employment as a whole and pay of a contract would both run {days}. "
        "End one with terms of 0.00 from that day on, or take it back."
    )
    return Refused("pay-agreed-twice", sentence, "/effective_on" if contract is None else "/contract", 409)


def refusal_of_erasure(left_on: date | None, today: date, *, unpaid: bool, owed: bool) -> Refused | None:
    """Why somebody's data cannot be erased; `unpaid` when a run that is not paid yet has a payslip of theirs, `owed`
    when the next run would pay them their last month or correct one before.
    """
    if left_on is None or left_on >= today:
        return Refused("still-employed", "Only the data of somebody who has left is erased.", status=409)
    if unpaid:
        return Refused("pay-outstanding", "A run that pays this person is not paid yet.", status=409)
    if owed:
        return Refused("pay-outstanding", "The next run pays their last month, or corrects one before.", status=409)
    return None


def refusal_of_account(person: OnRegister | None, day: date) -> Refused | None:
    """Why a bank account cannot be entered."""
    if person is None:
        return NOT_FOUND
    if day < person.hired_on:
        return Refused("account-before-hire", "It cannot hold before the first day of work.", "/effective_on")
    return None


@dataclass(frozen=True, slots=True)
class Entered:
    """An account that was entered, as far as its confirmation needs it."""

    entered_by: str | None
    """The person; None when an older version wrote it down, which did not keep who stood behind a system."""
    newest: bool
    """Whether nothing was entered for the same day since."""
    confirmed: bool


ACCOUNT_NOT_FOUND = Refused("bank-account-not-found", "No such account was entered.", status=404)


def refusal_of_confirmation(account: Entered | None, *, own: bool, same: bool) -> Refused | None:
    """Why an account cannot be confirmed: `own` by who entered it, under whichever account of theirs; `same` when they
    gave the number that was entered.
    """
    if account is None:
        return ACCOUNT_NOT_FOUND
    if account.confirmed:
        return Refused("bank-account-confirmed", "The account is confirmed already.", status=409)
    if not account.newest:
        return Refused("bank-account-replaced", "Another account was entered for this day since.", "/revision", 409)
    if account.entered_by is None:
        return Refused("bank-account-author-unknown", "Who entered it is not known: enter it again.", "/revision", 409)
    if own:
        return Refused("self-confirmation", "Who entered an account does not confirm it.", status=409)
    if not same:
        return Refused("iban-differs", "This is not the number that was entered.", "/iban")
    return None


def refusal_of_profile(
    person: OnRegister | None, day: date, country: str, group: Group | None, holder: UUID | None, employee: UUID
) -> Refused | None:
    """Why a tax profile cannot be entered; `group` pays the person, `holder` has this tax id already."""
    if person is None:
        return NOT_FOUND
    if day < person.hired_on:
        return Refused("profile-before-hire", "It cannot hold before the first day of work.", "/effective_on")
    if group is not None and country != group.country:
        return Refused("tax-country-differs", _of_country(group), "/country")
    if holder not in (None, employee):
        return Refused("tax-id-in-use", "Another employee has this tax id.", "/tax_id", 409)
    return None


def _of_country(group: Group) -> str:
    return f"They are paid by the rules of {group.country}, whose authority wants its own tax id."
