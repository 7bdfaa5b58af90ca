"""An early-payment discount: what may be left out by who pays in time, and what that takes off net and tax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from contracts.money import MICRO, divide_half_up, to_micro
from services.ledger.domain.books import DISCOUNT_ALLOWED, RECEIVABLE, Books
from services.ledger.domain.exchange import difference, moved
from services.ledger.domain.posting import Line
from services.ledger.domain.settlement import Receivable


class Taxed(NamedTuple):
    """What an invoice states for one tax code, in minor units."""

    account: str
    rate: str
    base: int
    tax: int


class Part(NamedTuple):
    """What a discount takes off the tax of one code."""

    account: str
    tax: int


def earned(receivable: Receivable) -> int:
    """The part of the discount that is earned by now: what is still open, if all of the rest was paid in time."""
    discount = receivable.discount
    if discount is None or not receivable.total:
        return 0
    most = discount.amount * (receivable.total - receivable.deducted) // receivable.total  # of what was not credited
    if not 0 < receivable.open <= most:
        return 0
    return receivable.open if receivable.settled_on is not None and receivable.settled_on <= discount.until else 0


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
        parts.append(Part(one.account, divide_half_up(part * rate, MICRO + rate)))
    return parts


def discount_lines(receivable: Receivable, before: int, after: int, taxes: Sequence[Taxed], books: Books) -> list[Line]:
    """What takes an invoice's open amount from one level to a lower one: the customer owes less, income and tax are
    less.
    """
    amount = before - after
    parts = tax_parts(amount, taxes)
    net = amount - sum(part.tax for part in parts)
    debits = [(books.accounts[DISCOUNT_ALLOWED], net), *((part.account, part.tax) for part in parts)]
    return less_lines(receivable, before, after, debits, books)


def less_lines(
    receivable: Receivable, before: int, after: int, debits: Sequence[tuple[str, int]], books: Books
) -> list[Line]:
    """What takes an invoice's open amount down by these debits, which add up to it: without money, and worth what the
    invoice is.
    """
    currency, amount = receivable.currency, before - after
    worth = moved(receivable.base_total, receivable.total, before, after)
    debits = [(account, minor) for account, minor in debits if minor]
    if worth is None:
        lines = [Line(account, currency, minor, 0) for account, minor in debits]
        return [*lines, Line(books.accounts[RECEIVABLE], currency, 0, amount, None, receivable.due_on)]
    lines, taken, so_far = [], 0, 0
    for account, minor in debits:
        so_far += minor
        upto = divide_half_up(worth * so_far, amount)
        lines.append(Line(account, currency, minor, 0, upto - taken))
        taken = upto
    lines.append(Line(books.accounts[RECEIVABLE], currency, 0, amount, -worth, receivable.due_on))
    return difference(lines, currency, books)
