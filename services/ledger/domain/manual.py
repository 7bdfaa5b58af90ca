"""Entries that a person makes: what must be true of them before they are posted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from chassis.errors import Refused
from chassis.ids import UUID
from contracts.money import MINOR_UNITS, AmountError, from_minor, to_minor
from services.ledger.domain.books import CONTROL_ROLES, RESULT_KINDS
from services.ledger.domain.calendar import GENERAL
from services.ledger.domain.exchange import Quote, Rate, holds, value
from services.ledger.domain.policy import Policy
from services.ledger.domain.posting import GENERAL_JOURNAL, Entry, Line
from services.ledger.domain.shares import Share, split

LINES_MAX = 1100
DIMENSIONS = ("department", "cost_centre")
AHEAD_MAX = timedelta(days=1)
"""How far ahead of the company's day money moves: as far as the gateway lets a payment be received."""


class WantedLine(NamedTuple):
    """A line as it is asked for; amounts are decimal strings, `base` is its worth in the company's own currency."""

    account: str
    currency: str
    debit: str
    credit: str
    base: str | None
    department: str | None
    cost_centre: str | None
    allocation: str | None
    """The rule that splits the line over departments and cost centres."""


@dataclass(frozen=True, slots=True)
class WantedEntry:
    """An entry as it is asked for."""

    company: str
    id: UUID
    posted_on: date
    text: str
    lines: Sequence[WantedLine]
    onto_control_accounts: bool
    """Whether it may also touch accounts that must equal a sub-ledger; then a reconciliation shows what it did."""


class KnownAccount(NamedTuple):
    """An account of the chart."""

    kind: str
    role: str | None


@dataclass(frozen=True, slots=True)
class Chart:
    """What a company's lines can name."""

    currency: str
    accounts: Mapping[str, KnownAccount]
    dimensions: Collection[tuple[str, str]]
    """Dimension and value."""
    rules: Mapping[str, Sequence[Share]]

    @property
    def result_accounts(self) -> frozenset[str]:
        """All accounts of income and expense."""
        return frozenset(code for code, account in self.accounts.items() if account.kind in RESULT_KINDS)


def prepare(wanted: WantedEntry, chart: Chart, policy: Policy) -> Entry | Refused:
    """The entry to post: amounts counted, lines split, dimensions looked at, sides equal; or the rule it breaks."""
    lines: list[Line] = []
    for index, line in enumerate(wanted.lines):
        made = lines_of(line, f"/lines/{index}", chart, policy, controls=wanted.onto_control_accounts)
        if isinstance(made, Refused):
            return made
        lines += made
    if len(lines) > LINES_MAX:
        return Refused("entry-too-long", f"The entry would have {len(lines)} lines; {LINES_MAX} is the most.", "/lines")
    unbalanced = _difference(lines, chart.currency)
    if unbalanced is not None:
        return unbalanced
    return Entry(wanted.company, wanted.id, GENERAL_JOURNAL, wanted.posted_on, wanted.id, None, lines, text=wanted.text)


def lines_of(
    line: WantedLine, pointer: str, chart: Chart, policy: Policy, *, controls: bool = False
) -> list[Line] | Refused:
    """A line as it is posted, in parts where a rule splits it; `controls` when it may touch control accounts."""
    account = chart.accounts.get(line.account)
    if account is None:
        return Refused("account-unknown", f"There is no account {line.account}.", f"{pointer}/account")
    if account.role in CONTROL_ROLES and not controls:
        detail = f"Account {line.account} must equal what its documents say; a manual line needs onto_control_accounts."
        return Refused("control-account", detail, f"{pointer}/account")
    amounts = _amounts(line, pointer, chart.currency)
    if isinstance(amounts, Refused):
        return amounts
    shares = _shares(line, pointer, chart)
    if isinstance(shares, Refused):
        return shares
    if account.kind in RESULT_KINDS and policy.dimensions_required:
        for name, missing in zip(DIMENSIONS, _missing(shares), strict=True):
            if missing:
                return Refused("dimension-required", f"A line of {account.kind} names its {name}.", f"{pointer}/{name}")
    return _split(line, amounts, shares)


def _amounts(line: WantedLine, pointer: str, own: str) -> tuple[int, int, int | None] | Refused:
    if line.currency not in MINOR_UNITS:
        return Refused("currency-unknown", f"{line.currency} is no currency in use.", f"{pointer}/currency")
    foreign = line.currency != own
    if foreign and line.base is None:
        detail = f"A line in {line.currency} says what it is worth in {own}."
        return Refused("base-required", detail, f"{pointer}/base")
    if not foreign and line.base is not None:
        return Refused("base-not-needed", f"A line in {own} is worth what it says.", f"{pointer}/base")
    try:
        debit, credit = to_minor(line.debit, line.currency), to_minor(line.credit, line.currency)
        base = None if line.base is None else to_minor(line.base, own)
    except AmountError as wrong:
        return Refused("amount-invalid", f"{wrong}.", pointer)
    if (debit == 0) == (credit == 0):
        return Refused("line-has-one-side", "A line has a debit or a credit, and not both.", pointer)
    return debit, credit, base if base is None or debit else -base


def _shares(line: WantedLine, pointer: str, chart: Chart) -> Sequence[Share] | Refused:
    if line.allocation is not None:
        if line.department is not None or line.cost_centre is not None:
            detail = "A line that a rule splits names no department and no cost centre itself."
            return Refused("allocation-and-dimension", detail, f"{pointer}/allocation")
        rule = chart.rules.get(line.allocation)
        if rule is None:
            detail = f"There is no allocation rule {line.allocation}."
            return Refused("allocation-rule-unknown", detail, f"{pointer}/allocation")
        return rule
    for name, code in zip(DIMENSIONS, (line.department, line.cost_centre), strict=True):
        if code is not None and (name, code) not in chart.dimensions:
            return Refused("dimension-unknown", f"There is no {name} {code}.", f"{pointer}/{name}")
    return [Share(line.department, line.cost_centre, 1_000_000)]


def _missing(shares: Sequence[Share]) -> tuple[bool, bool]:
    return any(share.department is None for share in shares), any(share.cost_centre is None for share in shares)


def _split(line: WantedLine, amounts: tuple[int, int, int | None], shares: Sequence[Share]) -> list[Line]:
    debits, credits = split(amounts[0], shares), split(amounts[1], shares)
    base = amounts[2]
    bases = (
        [None] * len(shares) if base is None else [part if base >= 0 else -part for part in split(abs(base), shares)]
    )
    return [
        Line(line.account, line.currency, debit, credit, worth, None, share.department, share.cost_centre)
        for debit, credit, worth, share in zip(debits, credits, bases, shares, strict=True)
        if debit or credit or worth
    ]


def _difference(lines: Sequence[Line], own: str) -> Refused | None:
    """Why the entry is not balanced, naming the difference of each currency; None when it is."""
    sums: dict[str, int] = {}
    worth = 0
    for line in lines:
        sums[line.currency] = sums.get(line.currency, 0) + line.debit - line.credit
        worth += line.base if line.base is not None else line.debit - line.credit
    differences = {currency: from_minor(value, currency) for currency, value in sums.items() if value}
    if differences:
        told = ", ".join(f"{amount} {currency}" for currency, amount in sorted(differences.items()))
        return Refused(
            "entry-unbalanced", f"Debits less credits: {told}.", "/lines", extra={"differences": differences}
        )
    if worth:
        amount = from_minor(worth, own)
        detail = f"The lines' worth differs by {amount} {own}."
        return Refused("entry-unbalanced", detail, "/lines", extra={"differences": {own: amount}})
    return None


def needs_approval(entry: Entry, rates: Mapping[Quote, Rate], own: str, *policies: Policy) -> bool:
    """Whether a second person must agree: what is moved is worth more than the strictest limit of these policies.

    What a line in another currency is worth is what its writer says, or more by the rate of its day: else a million
    dollars stated as a cent would pass. Where no rate holds on the day nobody can tell, and two persons look.
    """
    limit = min((one.approval_limit for one in policies if one.approval_limit is not None), default=None)
    if limit is None:
        return False
    debits = credits_ = 0
    for line in entry.lines:
        worth = abs(line.value)
        if line.currency != own and line.debit != line.credit:
            rate = rates.get(Quote(entry.company, line.currency, entry.posted_on))
            if rate is None or not holds(rate, entry.posted_on):
                return True
            worth = max(worth, value(max(line.debit, line.credit), line.currency, rate, own))
        if line.debit > line.credit or (line.debit == line.credit and line.value > 0):
            debits += worth
        else:
            credits_ += worth
    return max(debits, credits_) > limit


def ahead(day: date, today: date, pointer: str | None) -> Refused | None:
    """Why money cannot move on a day: it has not come yet, and what is owed and paid would be told before its day."""
    if day <= today + AHEAD_MAX:
        return None
    detail = f"{day} is in the future: it is {today} where the company is."
    return Refused("in-the-future", detail, pointer, 409 if pointer is None else 422)


def closed(period: str, subledger: str, day: date, pointer: str | None) -> Refused:
    """A person wants to post into a closed period."""
    closed_by = "for everything" if subledger == GENERAL else f"for {subledger}"
    return Refused(
        "period-closed",
        f"Period {period} is closed {closed_by}: nothing more can be posted on {day}.",
        pointer,
        409,
        {"period": period, "subledger": subledger},
    )
