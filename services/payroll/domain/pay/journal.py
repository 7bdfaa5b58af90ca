"""What of a run is posted in the books: sums by role and cost centre, debits equal to credits, and nobody's pay."""

from __future__ import annotations

from typing import Literal, NamedTuple

from services.payroll.domain.pay.totals import POOLED, Totals

Role = Literal["salaries", "employer_contributions", "wages_payable", "tax_payable", "contributions_payable"]


class Posting(NamedTuple):
    """A sum to be posted; above zero a debit, below zero a credit. A debt names who it is owed to, in words."""

    role: Role
    cost_centre: str | None
    owed_to: str | None
    amount: int


def postings(totals: Totals) -> list[Posting]:
    """The journal of a run, in a fixed order; they add up to nothing. Cost centres of few people are put together.

    Of a run of one or two people only what it costs is posted, and the same as one debt: neither what they earned nor
    what was withheld stands in the books.
    """
    found = _by_role(totals) if totals.many else _cost_alone(totals)
    return [posting for posting in found if posting.amount]


def _by_role(totals: Totals) -> list[Posting]:
    names = totals.names()
    found: list[Posting] = []
    expenses: tuple[tuple[Role, dict[str, int]], ...] = (
        ("salaries", totals.salaries),
        ("employer_contributions", totals.employer),
    )
    for role, sums in expenses:
        by_name: dict[str, int] = {}
        for centre, amount in sums.items():
            by_name[names[centre]] = by_name.get(names[centre], 0) + amount
        found += [Posting(role, name, None, by_name[name]) for name in sorted(by_name)]
    found += [Posting("contributions_payable", None, to, -totals.owed[to]) for to in sorted(totals.owed)]
    found += [Posting("tax_payable", None, to, -totals.tax[to]) for to in sorted(totals.tax)]
    return [*found, Posting("wages_payable", None, None, -totals.net)]


def _cost_alone(totals: Totals) -> list[Posting]:
    cost = sum(totals.salaries.values()) + sum(totals.employer.values())
    return [Posting("salaries", POOLED, None, cost), Posting("wages_payable", None, None, -cost)]
