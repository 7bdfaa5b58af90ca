"""What was open when the books were taken over from an earlier system: invoices, and credit notes nobody has used.

It was sold and taxed there. Here it is owed, and stands against the account of opening balances, nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from chassis.ids import UUID, derive
from contracts.money import MINOR_UNITS, AmountError, to_minor
from services.ledger.domain.books import OPENING_BALANCE, RECEIVABLE, UNAPPLIED_CASH, Books
from services.ledger.domain.dunning import CHARGES
from services.ledger.domain.exchange import Quote, Rate, missing, too_much, value
from services.ledger.domain.numbering import CREDIT_NOTES, INVOICES, OPENING, read_number
from services.ledger.domain.posting import OPENING_JOURNAL, Entry, Line

Kind = Literal["invoice", "credit-note"]
OURS = frozenset({INVOICES, CREDIT_NOTES, CHARGES, OPENING})
"""Series in which we number ourselves: a number of theirs would be somebody else's one day."""


class StatedItem(NamedTuple):
    """An open item as a row states it; amounts are decimal strings, numbers in capital letters."""

    kind: Kind
    number: str
    customer: str
    issued_on: date
    due_on: date | None
    currency: str
    total: str
    open: str
    base: str | None
    """What is open, in the company's own currency, as the earlier books had it; by the rate of the day without it."""
    dunning_level: int | None
    dunned_on: date | None


class Wrong(NamedTuple):
    """What is wrong with a row."""

    column: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class OpeningItem:
    """An open item to take over; amounts in minor units."""

    company: str
    stated: StatedItem
    due_on: date
    total: int
    open: int
    base: int | None
    """What is open is worth so much; None in the company's own currency."""
    taken_over_on: date

    @property
    def id(self) -> UUID:
        """Of the invoice, or of the money that a credit note is."""
        return item_id(self.company, self.stated.kind, self.stated.number)

    @property
    def posted_on(self) -> date | None:
        """In the books, where that is another day than its own."""
        return None if self.taken_over_on == self.stated.issued_on else self.taken_over_on


def item_id(company: str, kind: Kind, number: str) -> UUID:
    """A number of an earlier system is taken over once."""
    return derive(company, f"opening-{kind}", number)


def opening_item(
    company: str, stated: StatedItem, on: date, rates: Mapping[Quote, Rate], books: Books
) -> OpeningItem | Wrong:
    """The item to take over on a day, or what is wrong with it."""
    wrong = _wrong_words(stated, on, books)
    if wrong is not None:
        return wrong
    try:
        total, left = to_minor(stated.total, stated.currency), to_minor(stated.open, stated.currency)
    except AmountError as no_amount:
        return Wrong("total", "amount-invalid", f"{no_amount}.")
    if left <= 0:
        return Wrong("open", "nothing-open", "Nothing of it is open; leave this row out.")
    if left > total:
        return Wrong("open", "more-than-total", f"More than {stated.total} {stated.currency} cannot be open of it.")
    base = _worth(stated, left, on, rates, books)
    if isinstance(base, Wrong):
        return base
    return OpeningItem(company, stated, stated.due_on or stated.issued_on, total, left, base, on)


def _wrong_words(stated: StatedItem, on: date, books: Books) -> Wrong | None:
    number = read_number(stated.number)
    if number is not None and number.series in OURS:
        return Wrong("number", "number-of-ours", f"{stated.number} is a number that these books give themselves.")
    if stated.currency not in MINOR_UNITS:
        return Wrong("currency", "currency-unknown", f"{stated.currency} is no currency in use.")
    if stated.issued_on > on:
        return Wrong("issued_on", "after-taking-over", f"It is of {stated.issued_on}, after {on}.")
    if stated.due_on is None and stated.kind == "invoice":
        return Wrong("due_on", "required", "An invoice says when it is due.")
    if stated.due_on is not None and stated.due_on < stated.issued_on:
        return Wrong("due_on", "due-before-issue", f"It is of {stated.issued_on}, and cannot be due before.")
    return _wrong_dunning(stated, on)


def _wrong_dunning(stated: StatedItem, on: date) -> Wrong | None:
    if (stated.dunning_level is None) != (stated.dunned_on is None):
        return Wrong("dunned_on", "level-and-day", "The level that was reached and its day come together.")
    if stated.dunned_on is None:
        return None
    if stated.kind != "invoice" or stated.due_on is None:
        return Wrong("dunning_level", "not-dunned", "Nobody is reminded of a credit note.")
    if not stated.due_on < stated.dunned_on <= on:
        return Wrong("dunned_on", "dunned-when", f"Who owes since {stated.due_on} was reminded after that, by {on}.")
    return None


def _worth(stated: StatedItem, left: int, on: date, rates: Mapping[Quote, Rate], books: Books) -> int | Wrong | None:
    own = books.currency
    if stated.currency == own:
        return None if stated.base is None else Wrong("base", "base-not-needed", f"It is in {own} already.")
    if stated.base is None:
        rate = rates.get(Quote(books.company, stated.currency, on))
        if rate is None or missing(stated.currency, rate, on, books) is not None:
            return Wrong("base", "base-or-rate", f"There is no rate of {stated.currency} for {on}: say the worth.")
        worth = value(left, stated.currency, rate, own)
    else:
        try:
            worth = to_minor(stated.base, own)
        except AmountError as no_amount:
            return Wrong("base", "amount-invalid", f"{no_amount}.")
    if too_much(worth, own):
        return Wrong("base", "amount-too-large", f"It is worth more than the books can state in {own}.")
    return worth


def opening_entry(item: OpeningItem, books: Books) -> Entry:
    """A customer owes us, or we owe a customer, since before these books: no income, no tax."""
    currency, left, worth = item.stated.currency, item.open, item.base
    less = None if worth is None else -worth
    against = books.accounts[OPENING_BALANCE]
    if item.stated.kind == "invoice":
        lines = [
            Line(books.accounts[RECEIVABLE], currency, left, 0, worth, item.due_on),
            Line(against, currency, 0, left, less),
        ]
    else:
        lines = [
            Line(against, currency, left, 0, worth),
            Line(books.accounts[UNAPPLIED_CASH], currency, 0, left, less),
        ]
    entry = derive(item.company, "opening-entry", item.id)
    return Entry(item.company, entry, OPENING_JOURNAL, item.taken_over_on, item.id, None, lines)


def balancing(lines: list[Line], account: str, own: str) -> list[Line]:
    """What makes opening balances of some accounts an entry: the rest of each currency, on one account."""
    sums: dict[str, tuple[int, int]] = {}
    for line in lines:
        amount, worth = sums.get(line.currency, (0, 0))
        sums[line.currency] = amount + line.debit - line.credit, worth + line.value
    return [
        Line(account, currency, max(-amount, 0), max(amount, 0), None if currency == own else -worth)
        for currency, (amount, worth) in sorted(sums.items())
        if amount or (worth and currency != own)
    ]
