"""The ledger of leave: what a month adds, what a year lets over, what expires; a balance is the sum of entries."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from functools import cache
from typing import Literal, NamedTuple
from uuid import UUID

from services.payroll.domain.employment import Forbidden
from services.payroll.domain.pay.months import days, working_week
from services.payroll.domain.pay.prorating import rounded

Kind = Literal["accrual", "taken", "returned", "forfeited", "adjustment"]
MONTHS = 12
CORRECTED = " corrected "
"""Between a period and the number of an entry that sets right what a closed month wrote for it."""
AHEAD = timedelta(3 * 366)
"""How far ahead leave is asked for."""


class Rule(NamedTuple):
    """What a kind of leave gives from a day on. Days are in hundredths."""

    leave_type: str
    effective_on: date
    yearly: int
    carried_over_max: int
    """How much of a year's rest goes over into the next."""
    carried_over_until: int
    """The month of the next year with whose end the rest of that expires; 12 is the whole year."""


class LeaveType(NamedTuple):
    """A kind of leave. What is not limited has no balance; what is not paid lessens the pay."""

    code: str
    paid: bool
    limited: bool
    confidential: bool = False
    """That somebody has it says something about their health or family: what kind it is, is sealed for each person."""


SEALED = ""
"""Instead of a kind that could not be opened: by who has no key, or because the person's key was erased."""


class Entry(NamedTuple):
    """One line of somebody's ledger."""

    leave_type: str
    kind: Kind
    effective_on: date
    hundredths: int
    period: str
    """What makes it unique: the month, the year or the request that it belongs to."""


class Employment(NamedTuple):
    """From when to when somebody is employed."""

    first: date
    last: date | None


def balance(entries: Iterable[Entry], leave_type: str, on: date = date.max) -> int:
    """What is left of a kind of leave on a day."""
    return sum(e.hundredths for e in entries if e.leave_type == leave_type and e.effective_on <= on)


def month_of(text: str) -> tuple[date, date]:
    """First and last day of `2026-03`. Raises ValueError for anything else."""
    year, month = int(text[:4]), int(text[5:])
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def months_between(after: date, until: date) -> Iterator[str]:
    """Every whole month that lies after one day and is over on another, as `2026-03`, in their order."""
    at = after + timedelta(1)
    at = at if at.day == 1 else month_of(at.isoformat()[:7])[1] + timedelta(1)
    while (last := month_of(at.isoformat()[:7])[1]) <= until:
        yield at.isoformat()[:7]
        at = last + timedelta(1)


def open_months(closed: str | None, rules: Collection[Rule], until: date) -> list[str]:
    """The months that are over on a day and not closed: after the last one that is, or from the first rule on."""
    if closed is not None:
        return list(months_between(month_of(closed)[1], until))
    if not rules:
        return []
    first = min(rule.effective_on for rule in rules).replace(day=1)
    return list(months_between(first - timedelta(1), until))


def rule_on(rules: Iterable[Rule], leave_type: str, day: date) -> Rule | None:
    """The rule of a kind of leave on a day."""
    begun = [rule for rule in rules if rule.leave_type == leave_type and rule.effective_on <= day]
    return max(begun, key=lambda rule: rule.effective_on, default=None)


def close_month(month: str, employment: Employment, rules: Collection[Rule], entries: Collection[Entry]) -> list[Entry]:
    """What the end of a month writes into somebody's ledger that does not stand there yet."""
    written = {(entry.leave_type, entry.kind, entry.period) for entry in entries}
    made: list[Entry] = []
    for leave_type in sorted({rule.leave_type for rule in rules}):
        first, last = month_of(month)
        rule = rule_on(rules, leave_type, last)
        if rule is None:
            continue
        accrual = accrued(rule, first, last, employment)
        if accrual and (leave_type, "accrual", month) not in written:
            made.append(Entry(leave_type, "accrual", last, accrual, month))
        lapsed = _lapsed(rule, last, [*entries, *made])
        if lapsed is not None and lapsed[1] and (leave_type, "forfeited", lapsed[0]) not in written:
            made.append(Entry(leave_type, "forfeited", last + timedelta(1), -lapsed[1], lapsed[0]))
    return made


def accrued(rule: Rule, first: date, last: date, employment: Employment) -> int:
    """The month's part of the year: twelve whole months come to the year exactly, a part of one by its days."""
    begin = max(first, employment.first)
    end = last if employment.last is None else min(last, employment.last)
    if begin > end:
        return 0
    whole = _whole(rule.yearly, last.month)
    if (begin, end) == (first, last):
        return whole
    return rounded(Fraction(whole * ((end - begin).days + 1), (last - first).days + 1))


@cache
def _whole(yearly: int, month: int) -> int:
    return rounded(Fraction(yearly * month, MONTHS)) - rounded(Fraction(yearly * (month - 1), MONTHS))


def _lapsed(rule: Rule, last: date, entries: Collection[Entry]) -> tuple[str, int] | None:
    """What expires with a month's end, and how much of it; None for a month with which nothing does."""
    if last.month == MONTHS:  # what is more than may go over into the next year
        return f"{last.year}", max(balance(entries, rule.leave_type, last) - rule.carried_over_max, 0)
    if last.month == rule.carried_over_until:
        return f"{last.year - 1} carried over", _carried_over(rule, last, entries)
    return None


def _carried_over(rule: Rule, last: date, entries: Collection[Entry]) -> int:
    """What went over and was neither taken nor taken away in time, which happens to it first in the new year.

    What was entered on 1 January was brought along as well. No more expires than is there.
    """
    begin = date(last.year, 1, 1)
    own = [entry for entry in entries if entry.leave_type == rule.leave_type]
    brought = balance(own, rule.leave_type, begin - timedelta(1)) + sum(
        entry.hundredths
        for entry in own
        if (entry.kind == "forfeited" and base(entry.period) == f"{last.year - 1}") or _opening(entry, begin)
    )
    used = -sum(
        entry.hundredths
        for entry in own
        if begin <= entry.effective_on <= last and not _opening(entry, begin)
        and (entry.kind in ("taken", "returned") or (entry.kind == "adjustment" and entry.hundredths < 0))
    )  # fmt: skip
    return max(min(brought - max(used, 0), balance(own, rule.leave_type, last)), 0)


def _opening(entry: Entry, begin: date) -> bool:
    return entry.kind == "adjustment" and entry.effective_on == begin


def base(period: str) -> str:
    """The period that an entry is for, which it corrects if it is not the first one."""
    return period.partition(CORRECTED)[0]


def apart(entry: Entry, entries: Iterable[Entry]) -> Entry:
    """An entry for a period that has one, under a period of its own: it corrects the other and replaces nothing."""
    written = {other.period for other in entries if other[:2] == entry[:2]}
    if entry.period not in written and (entry.hundredths < 0) == (entry.kind == "forfeited"):
        return entry
    number = 1 + sum(base(period) == entry.period and period != entry.period for period in written)
    return entry._replace(period=f"{entry.period}{CORRECTED}{number}")


def followed(
    made: Collection[Entry], before: Collection[Entry], rules: Collection[Rule], closed: str | None
) -> list[Entry]:
    """What months that are closed would have let expire, more or less of it, had these entries stood there by then.

    Only the difference that they make: what else was entered into a closed month stays as it was.
    """
    if closed is None or not made:
        return []
    held, more = [*before, *made], list[Entry]()
    since = min(entry.effective_on for entry in made).replace(day=1)
    for month in months_between(since - timedelta(1), month_of(closed)[1]):
        last = month_of(month)[1]
        for leave_type in sorted({entry.leave_type for entry in made}):
            rule = rule_on(rules, leave_type, last)
            was, now = (None, None) if rule is None else (_lapsed(rule, last, before), _lapsed(rule, last, held))
            if was is None or now is None or was == now:
                continue
            lapsed = Entry(leave_type, "forfeited", last + timedelta(1), was[1] - now[1], now[0])
            held.append(apart(lapsed, held))
            more.append(held[-1])
    return more


def working_days(first: date, last: date, country: str, holidays: Collection[date]) -> int:
    """The days between two, both included, on which somebody would have worked."""
    week = working_week(country)
    return sum(1 for day in days(first, last) if day.weekday() in week and day not in holidays)


class Request(NamedTuple):
    """Somebody asks to be away, both days included."""

    request: UUID
    employee: UUID
    leave_type: str
    first: date
    last: date
    hundredths: int
    asked_by: str
    """The person who asked."""
    state: str
    """`asked`, `approved`, `rejected` or `cancelled`."""


class Outlook(NamedTuple):
    """What the coming months do to somebody's leave: by which rules they are closed, and which one was the last."""

    employment: Employment
    rules: Collection[Rule]
    closed: str | None
    today: date

    @property
    def end(self) -> date:
        """As far as anybody asks and looks: months are gone through one by one."""
        return self.today + AHEAD


def least_left(leave_type: str, since: date, entries: Collection[Entry], ahead: Outlook) -> int:
    """The least that is left of a kind of leave from a day to its last entry, when the open months until then have been
    closed as they will be: with what they add, let not go over and let expire.
    """
    last = min(ahead.end, max([since, *(e.effective_on for e in entries if e.leave_type == leave_type)]))
    held = list(entries)
    for month in open_months(ahead.closed, ahead.rules, last):
        held += close_month(month, ahead.employment, ahead.rules, held)
    begin = since if ahead.closed is None else max(since, month_of(ahead.closed)[1] + timedelta(1))
    days = {begin, *(e.effective_on for e in held if e.leave_type == leave_type and begin <= e.effective_on <= last)}
    return min(balance(held, leave_type, day) for day in days)


def ask(
    wanted: Request, known: LeaveType | None, requests: Collection[Request], entries: Collection[Entry],
    ahead: Outlook,
) -> Forbidden | None:  # fmt: skip
    """Why this cannot be asked for; None when it can."""
    if known is None:
        return Forbidden("leave-type-unknown", f"There is no leave {wanted.leave_type}.", "leave_type")
    if wanted.last < wanted.first:
        return Forbidden("leave-ends-before-start", f"It begins on {wanted.first}.", "last")
    if wanted.last > ahead.end:
        return Forbidden("leave-too-far-ahead", f"Leave is asked for until {ahead.end}.", "last")
    if _outside(wanted, ahead.employment):
        return Forbidden("leave-outside-employment", "They are not employed on all of these days.", "first")
    if wanted.hundredths == 0:
        return Forbidden("leave-without-working-day", "Nobody works on these days.", "first")
    for other in requests:
        open_ = other.state in ("asked", "approved") and other.employee == wanted.employee
        if open_ and other.first <= wanted.last and wanted.first <= other.last:
            detail = f"There is leave from {other.first} to {other.last}."
            return Forbidden("leave-overlaps", detail, "first", conflict=True)
    if not known.limited:
        return None
    waiting = [
        _taken(other) for other in requests
        if other.state == "asked" and (other.employee, other.leave_type) == (wanted.employee, wanted.leave_type)
    ]  # fmt: skip
    short = _short(wanted, [*entries, *waiting], ahead)
    return None if short is None else Forbidden("leave-balance-short", short, "leave_type", conflict=True)


def _outside(request: Request, employment: Employment) -> bool:
    return request.first < employment.first or (employment.last is not None and request.last > employment.last)


def _taken(request: Request) -> Entry:
    return Entry(request.leave_type, "taken", request.first, -request.hundredths, str(request.request))


def _short(wanted: Request, entries: Collection[Entry], ahead: Outlook) -> str | None:
    """What is lacking for a request beside these entries: there must be enough today, and still be on its days, when
    what is not carried over or expires is gone.
    """
    left = balance(entries, wanted.leave_type)
    takes = f"It takes {days_written(wanted.hundredths)} days"
    if wanted.hundredths > left:
        return f"{takes}, and {days_written(left)} are left."
    then = least_left(wanted.leave_type, wanted.first, [*entries, _taken(wanted)], ahead)
    if then < 0:
        return f"{takes}, and {days_written(-then)} of what is left today will have expired by then."
    return None


NEXT = {"approved": ("asked",), "rejected": ("asked",), "cancelled": ("asked", "approved")}
"""From which states a decision may be taken."""


class Decider(NamedTuple):
    """Who decides about a request, seen from the request: a person, whichever of their accounts they use."""

    may: bool
    """They decide for this person."""
    own: bool
    """It is their own leave."""
    asked: bool
    """They asked for it, under this account or another of theirs."""
    was_own: bool = False
    """Their account was at some time that of the person whose leave it is: taking the link away opens nothing."""


def decide(
    request: Request, decision: str, by: Decider, known: LeaveType, entries: Collection[Entry], ahead: Outlook,
) -> list[Entry] | Forbidden:  # fmt: skip
    """What a decision writes into the ledger, if anything; or why it cannot be taken."""
    if request.state not in NEXT[decision]:
        return Forbidden("leave-decided", f"The request is {request.state}.", "decision", conflict=True)
    begun = request.state == "approved" and _begun(request, ahead)
    if decision == "cancelled" and not begun:
        if not (by.may or by.own or by.asked):
            return Forbidden("not-their-manager", "Only they themselves or who decides for them.", None)
    elif by.own or by.asked or by.was_own:
        if begun:
            detail = f"It began on {request.first}: somebody else who decides for them takes it back."
            return Forbidden("leave-begun", detail, None, conflict=True)
        return Forbidden("self-approval", "Somebody else decides about it.", None, conflict=True)
    elif not by.may:
        return Forbidden("not-their-manager", "Their manager decides about it.", None)
    if decision == "approved" and _outside(request, ahead.employment):  # known only after it was asked for
        detail = "They are not employed on all of these days."
        return Forbidden("leave-outside-employment", detail, None, conflict=True)
    if not known.limited:
        return []
    if decision == "approved":
        if (short := _short(request, entries, ahead)) is not None:
            return Forbidden("leave-balance-short", short, None, conflict=True)
        return [_taken(request)]
    if decision == "cancelled" and request.state == "approved":
        back = Entry(request.leave_type, "returned", request.first, request.hundredths, str(request.request))
        return [back, *followed([back], entries, ahead.rules, ahead.closed)]
    return []


def _begun(request: Request, ahead: Outlook) -> bool:
    """Whether its first day has come, or its month is closed: it was taken, and pay may have been lessened by it."""
    closed = ahead.closed is not None and request.first <= month_of(ahead.closed)[1]
    return closed or request.first <= ahead.today


def days_written(hundredths: int) -> str:
    """183 is 1.83."""
    sign, size = "-" if hundredths < 0 else "", abs(hundredths)
    return f"{sign}{size // 100}.{size % 100:02}"


def days_read(days: str) -> int:
    """1.83 is 183; the form has been checked."""
    negative, size = days.startswith("-"), days.lstrip("-")
    whole, _, part = size.partition(".")
    found = int(whole) * 100 + int(part.ljust(2, "0") or "0")
    return -found if negative else found
