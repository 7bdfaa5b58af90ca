"""Leave of closed months, set right for whom they were closed before their employment was known as it is now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

from services.payroll.domain.leave import (
    Employment,
    Entry,
    Rule,
    accrued,
    apart,
    base,
    followed,
    month_of,
    open_months,
    rule_on,
)


class Term(NamedTuple):
    """A month that is closed, and the rule of a kind of leave by which it was."""

    month: str
    first: date
    last: date
    rule: Rule


def closed_terms(rules: Collection[Rule], closed: str | None) -> list[Term]:
    """Every month that is closed with the rules that it had: new ones begin after the last closed month."""
    if closed is None:
        return []
    kinds = sorted({rule.leave_type for rule in rules})
    return [
        Term(month, *month_of(month), rule)
        for month in open_months(None, rules, month_of(closed)[1])
        for kind in kinds
        if (rule := rule_on(rules, kind, month_of(month)[1])) is not None
    ]


def settled(
    employment: Employment, terms: Sequence[Term], rules: Collection[Rule], entries: Collection[Entry]
) -> list[Entry]:
    """What closed months owe somebody who was registered after them, or take back from whom they gave too much.

    An entry for each month, which says the month that it is for; and what would have expired, or would not have.
    """
    given: dict[tuple[str, str], int] = defaultdict(int)
    for entry in entries:
        if entry.kind == "accrual":
            given[entry.leave_type, base(entry.period)] += entry.hundredths
    made: list[Entry] = []
    for month, first, last, rule in terms:
        due = accrued(rule, first, last, employment) - given[rule.leave_type, month]
        if due:
            made.append(apart(Entry(rule.leave_type, "accrual", last, due, month), entries))
    return [*made, *followed(made, entries, rules, terms[-1].month)] if made else []
