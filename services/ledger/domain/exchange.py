"""What an amount in one currency is worth in the company's own.

Rounding, stated once: an amount is multiplied by its rate and rounded half up to the minor unit of the company's
currency; what is left of a valued amount keeps its share of that value, rounded half up. So the value of what is open
is a function of what is open, whatever was paid in which order, and the shares of all parts add up to the whole.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from contracts.money import WHOLE_DIGITS_MAX, AmountError, divide_half_up, minor_units
from services.ledger.domain.books import CURRENCY_EXCHANGE, EXCHANGE_GAIN, EXCHANGE_LOSS, Books
from services.ledger.domain.posting import Line

RATE_DECIMALS = 10
"""Decimals of a rate: enough for a currency of which a million are one of ours."""
RATE_WHOLE_DIGITS = 9
RATE_AGE_DAYS = 10
"""A rate holds until the next one. What comes when it is older waits for a new one; what is under way does not."""


class Rate(NamedTuple):
    """One unit of `currency` in units of the company's own, on a day; as an integer of 10^-10."""

    currency: str
    valid_on: date
    scaled: int


class Quote(NamedTuple):
    """What must be known to value an amount."""

    company: str
    currency: str
    on: date


def to_scaled(rate: str) -> int:
    """The rate as an integer of 10^-10. Raises AmountError on what is no rate: nothing, or too many digits."""
    whole, _, fraction = rate.partition(".")
    if not whole.isdigit() or (fraction and not fraction.isdigit()) or len(fraction) > RATE_DECIMALS:
        raise AmountError(f"{rate!r} is no rate of at most {RATE_DECIMALS} decimals")
    scaled = int(whole + fraction.ljust(RATE_DECIMALS, "0"))
    if not 0 < scaled < 10 ** (RATE_WHOLE_DIGITS + RATE_DECIMALS):
        raise AmountError(f"{rate!r} is no rate")
    return scaled


def from_scaled(scaled: int) -> str:
    """The shortest decimal."""
    whole, rest = divmod(scaled, 10**RATE_DECIMALS)
    return f"{whole}.{rest:0{RATE_DECIMALS}d}".rstrip("0").rstrip(".")


def value(minor: int, currency: str, rate: Rate, own: str) -> int:
    """An amount of `currency` in minor units of the company's own currency, rounded half up."""
    return divide_half_up(minor * rate.scaled * 10 ** minor_units(own), 10 ** (RATE_DECIMALS + minor_units(currency)))


def too_much(worth: int, own: str) -> bool:
    """Whether something is worth more than an amount can say in the company's own currency."""
    limit: int = 10 ** (WHOLE_DIGITS_MAX + minor_units(own))
    return worth >= limit


def converted(minor: int, value_of_it: Rate | None, into: Rate | None, currency: str, other: str, own: str) -> int:
    """An amount of `currency` in `other`, both by their rates to the company's own (None: it is that one)."""
    up = 10**RATE_DECIMALS if value_of_it is None else value_of_it.scaled
    down = 10**RATE_DECIMALS if into is None else into.scaled
    return divide_half_up(minor * up * 10 ** minor_units(other), down * 10 ** minor_units(currency))


def share(base_total: int | None, total: int, left: int) -> int | None:
    """What the rest of a valued amount is worth; None when it is in the company's own currency."""
    if base_total is None:
        return None
    return divide_half_up(base_total * left, total) if total else 0


def moved(base_total: int | None, total: int, before: int, after: int) -> int | None:
    """What is worth that which was taken between two levels; None when it is in the company's own currency."""
    if base_total is None:
        return None
    return (share(base_total, total, before) or 0) - (share(base_total, total, after) or 0)


def difference(lines: list[Line], currency: str, books: Books) -> list[Line]:
    """The lines with what makes them balance in the company's own currency: a gain or a loss by exchange."""
    worth = sum(line.value for line in lines)
    if not worth:
        return lines
    account = books.accounts[EXCHANGE_LOSS if worth < 0 else EXCHANGE_GAIN]
    return [*lines, Line(account, currency, 0, 0, -worth)]


def exchanged(given: Line, taken: Line, worth: int, books: Books) -> list[Line]:
    """The two lines that let an entry go from one currency to another: each currency balances, and so does the value.

    `given` and `taken` are the sides that want a counterpart, the first one a debit; `worth` is what the exchange is
    worth in the company's own currency.
    """
    account = books.accounts[CURRENCY_EXCHANGE]
    own = books.currency
    return [
        Line(account, given.currency, 0, given.debit, None if given.currency == own else -worth),
        Line(account, taken.currency, taken.credit, 0, None if taken.currency == own else worth),
    ]


def holds(rate: Rate, on: date) -> bool:
    """Whether the rate says what something of the day is worth: it is neither of a later day, nor too old."""
    return 0 <= (on - rate.valid_on).days <= RATE_AGE_DAYS


def missing(currency: str, rate: Rate | None, on: date, books: Books) -> str | None:
    """What an amount of another currency waits for, in words, if for anything."""
    if rate is None or not holds(rate, on):
        return f"company {books.company} has no rate of {currency} for {on}"
    for role in (EXCHANGE_GAIN, EXCHANGE_LOSS):
        if role not in books.accounts:
            return f"company {books.company} has no account with the role {role}"
    return None
