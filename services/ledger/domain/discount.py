"""An early-payment discount: what may be left out by who pays in time, and what that takes off net and tax."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from contracts.money import MICRO, divide_half_up, to_micro
from services.ledger.domain.books import DISCOUNT_ALLOWED, RECEIVABLE, Books
from services.ledger.domain.exchange import difference, moved, share
from services.ledger.domain.posting import Line
from services.ledger.domain.settlement import Money, Receivable


class Taxed(NamedTuple):
    """What an invoice states for one tax code, in minor units."""

    account: str
    rate: str
    base: int
    tax: int
    worth: int | None = None
    """What the tax was booked at in the company's own currency; None in that one, or where it is not known."""


class Part(NamedTuple):
    """What a discount takes off the tax of one code."""

    account: str
    tax: int
    worth: int | None
    """Its share of what the tax was booked at; None where that is not known."""


def earned(receivable: Receivable) -> int:
    """The part of the discount that is earned by now: what is still open, if all of the rest was paid in time.

    In time is what was received in time, whenever it was allocated.
    """
    if receivable.received_on is None or not 0 < receivable.open <= _most(receivable, receivable.received_on):
        return 0
    return receivable.open


def _most(receivable: Receivable, received_on: date) -> int:
    """What may be left out by who pays on a day: of what was not credited."""
    discount, total = receivable.discount, receivable.total
    if discount is None or not total or received_on > discount.until:
        return 0
    return discount.amount * (total - receivable.deducted) // total


def shared_out(money: Money, wishes: Sequence[tuple[Receivable, int | None]], books: Books) -> list[int]:
    """How much at most new money pays of each of these invoices; a wish may have a bound.

    Each is paid whole, as far as the money goes. But who pays in time what they come to less the discount of each
    means just that: what is short is taken off each as far as its discount goes, from the last one.
    """
    wanted, spare = [], []
    for receivable, at_most in wishes:
        same = receivable.currency == money.currency
        wanted.append(max(0, min(receivable.open, receivable.open if at_most is None else at_most)) if same else 0)
        day = max(money.received_on, receivable.received_on or money.received_on)
        most = _most(receivable, day) if same and at_most is None and DISCOUNT_ALLOWED in books.accounts else 0
        spare.append(most if most < receivable.open else 0)
    short = sum(wanted) - money.unapplied
    if not 0 < short <= sum(spare):
        return wanted
    for place in reversed(range(len(wanted))):
        less = min(short, spare[place])
        wanted[place], short = wanted[place] - less, short - less
    return wanted


def tax_parts(amount: int, taxes: Sequence[Taxed]) -> list[Part]:
    """How much of a discount is tax, by code: it is spread over the codes as the total is, and tax is in each part.

    The parts of the codes add up to the amount; the tax in each is rounded half up once.
    """
    total = sum(one.base + one.tax for one in taxes)
    parts: list[Part] = []
    gross_before = spread = 0
    for one in taxes:
        gross_before += one.base + one.tax
        part = (divide_half_up(amount * gross_before, total) if total else 0) - spread
        spread += part
        rate = to_micro(one.rate)
        tax = divide_half_up(part * rate, MICRO + rate)
        parts.append(Part(one.account, tax, share(one.worth, one.tax, tax)))
    return parts


def discount_lines(receivable: Receivable, before: int, after: int, taxes: Sequence[Taxed], books: Books) -> list[Line]:
    """What takes an invoice's open amount from one level to a lower one: the customer owes less, income and tax are
    less. Each tax is worth its share of what it was booked at; the net is what is left, as it is of a sale.
    """
    amount = before - after
    parts = tax_parts(amount, taxes)
    net = amount - sum(part.tax for part in parts)
    debits = [(books.accounts[DISCOUNT_ALLOWED], net), *((part.account, part.tax) for part in parts)]
    worth = moved(receivable.base_total, receivable.total, before, after)
    known = [part.worth for part in parts if part.worth is not None]
    if worth is None or len(known) < len(parts):
        return less_lines(receivable, before, after, debits, books)
    return less_lines(receivable, before, after, debits, books, [worth - sum(known), *known])


def less_lines(
    receivable: Receivable,
    before: int,
    after: int,
    debits: Sequence[tuple[str, int]],
    books: Books,
    worths: Sequence[int] | None = None,
) -> list[Line]:
    """What takes an invoice's open amount down by these debits, which add up to it: without money.

    Its own worth is a function of what is open. The debits are worth what is said, and the cent between is a
    difference; where nothing is said, that of the invoice is shared out among them.
    """
    currency, amount = receivable.currency, before - after
    worth = moved(receivable.base_total, receivable.total, before, after)
    if worth is None:
        lines = [Line(account, currency, minor, 0) for account, minor in debits if minor]
        return [*lines, Line(books.accounts[RECEIVABLE], currency, 0, amount, None, receivable.due_on)]
    if worths is None:
        worths = _shared(worth, [minor for _, minor in debits])
    valued = zip(debits, worths, strict=True)
    lines = [Line(account, currency, minor, 0, of_it) for (account, minor), of_it in valued if minor]
    lines.append(Line(books.accounts[RECEIVABLE], currency, 0, amount, -worth, receivable.due_on))
    return difference(lines, currency, books)


def _shared(worth: int, parts: Sequence[int]) -> list[int]:
    """A worth in proportion; the shares add up to it."""
    amount, shares, so_far, taken = sum(parts), [], 0, 0
    for part in parts:
        so_far += part
        upto = divide_half_up(worth * so_far, amount) if amount else 0
        shares.append(upto - taken)
        taken = upto
    return shares
