"""What of a run is posted in the books: sums by role and cost centre, debits equal to credits, and nobody's pay."""

from __future__ import annotations

from typing import Literal, NamedTuple

from services.payroll.domain.pay.totals import Totals, pooled

Role = Literal["salaries", "employer_contributions", "wages_payable", "tax_payable", "contributions_payable"]


class Posting(NamedTuple):
    """A sum to be posted; above zero a debit, below zero a credit. A debt names who it is owed to, in words."""

    role: Role
    cost_centre: str | None
    owed_to: str | None
    amount: int


def postings(totals: Totals) -> list[Posting]:
    """The journal of a run, in a fixed order; they add up to nothing. Cost centres of few people are put together."""
    names = pooled(totals.people)
    found: list[Posting] = []
    for role, sums in (("salaries", totals.salaries), ("employer_contributions", totals.employer)):
        by_name: dict[str, int] = {}
        for centre, amount in sums.items():
            name = names.get(centre, centre)  # nobody stands behind it: it bears nothing
            by_name[name] = by_name.get(name, 0) + amount
        found += [Posting(role, name, None, by_name[name]) for name in sorted(by_name)]  # type: ignore[arg-type]
    found += [Posting("contributions_payable", None, to, -totals.owed[to]) for to in sorted(totals.owed)]
    found += [Posting("tax_payable", None, to, -totals.tax[to]) for to in sorted(totals.tax)]
    found.append(Posting("wages_payable", None, None, -totals.net))
    return [posting for posting in found if posting.amount]
