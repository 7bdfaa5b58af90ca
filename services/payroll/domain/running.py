"""The states of a pay run: calculating → calculated → approved → paid → posted, and what is refused in each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

from chassis.errors import Refused
from services.payroll.domain.pay.months import Month

State = Literal["calculating", "calculated", "approved", "paid", "posted"]
RELEASED: frozenset[str] = frozenset({"approved", "paid", "posted"})
"""What a run pays is decided in these states, and stays so."""

DAY = timedelta(1)
NOT_FOUND = Refused("run-not-found", "There is no such run.", status=404)
FIGURE_IN_USE = Refused("figure-in-use", "A run of these rules was approved, or is being calculated.", "/figures", 409)


@dataclass(frozen=True, slots=True)
class Run:
    """A run as far as decisions need it."""

    state: str
    problems: int
    digest: str
    makers: Collection[str]
    """The people who started or repeated the calculation; a system that did it for somebody is that person."""
    file_payments: int | None
    """How many payments its file has; None as long as there is no file."""
    period: date
    """The first day of its month."""
    pays: bool = True
    """Whether it pays anybody: in a month of leave without pay for all of a group it does not."""


def refusal_to_start(since: date, period: date, runs: Mapping[date, str]) -> Refused | None:
    """Why no run of this month can be started. Months are run one after the other, from the group's first on."""
    if period < since:
        return Refused("period-before-group", "The group is paid here from a later month on.", "/period")
    if state := runs.get(period):
        if state in RELEASED:
            return Refused("period-already-paid", "There is an approved run of this month.", "/period", 409)
        return Refused("run-exists", "There is a run of this month.", "/period", 409)
    previous = date(period.year - (period.month == 1), (period.month - 2) % 12 + 1, 1)
    if period > since and runs.get(previous) not in RELEASED:
        month = Month(previous.year, previous.month)
        return Refused("previous-period-open", f"The run of {month} is not approved yet.", "/period", 409)
    return None


def refusal_to_repeat(run: Run) -> Refused | None:
    """Why a run cannot be calculated again."""
    if run.state in RELEASED:
        return Refused("run-approved", "What was approved is not calculated again.", status=409)
    return None


def refusal_of_approval(run: Run, digest: str, *, own: bool, outdated: bool) -> Refused | None:
    """Why this run cannot be approved by who saw it with this digest; `own` when they calculated an attempt of it,
    under whichever account, `outdated` when a figure of its rules was given after the calculation began.
    """
    if run.state in RELEASED:
        return Refused("run-approved", "The run is approved already.", status=409)
    if run.state != "calculated":
        return Refused("run-not-calculated", "The run is still being calculated.", status=409)
    if own:
        return Refused("self-approval", "Who calculated a run does not approve it.", status=409)
    if outdated:
        sentence = "A figure of these rules was given after the calculation began: calculate the run again."
        return Refused("figures-changed", sentence, status=409)
    if run.problems:
        return Refused("run-has-problems", "Somebody in this run cannot be paid; see its problems.", status=409)
    if digest != run.digest:
        return Refused("run-changed", "The run is another one than the one that was seen.", "/digest", 409)
    return None


def refusal_of_export(run: Run) -> Refused | None:
    """Why no pay file can be made of a run, on whichever day."""
    if run.state not in RELEASED:
        return Refused("run-not-approved", "Only an approved run is paid.", status=409)
    if run.file_payments is not None:
        return Refused("pay-file-exported", "There is a pay file of this run; a second would pay twice.", status=409)
    if not run.pays:
        return Refused("nobody-to-pay", "Nobody is paid in this run: confirm it as paid without a file.", status=409)
    return None


class Lacking(NamedTuple):
    """People of a run whom nobody can pay, and the numbers of some."""

    people: int = 0
    numbers: Sequence[str] = ()


def refusal_of_accounts(without: Lacking, unconfirmed: Lacking) -> Refused | None:
    """Why nobody is paid on a day: people have no account then, or none that a second person has confirmed."""
    if without.people:
        sentence = f"{without.people} people have no bank account."
        return Refused("bank-account-missing", sentence, None, 409, {"numbers": list(without.numbers)})
    if unconfirmed.people:
        sentence = f"{unconfirmed.people} people have a bank account that nobody has confirmed."
        return Refused("bank-account-unconfirmed", sentence, None, 409, {"numbers": list(unconfirmed.numbers)})
    return None


def refusal_of_payment(run: Run) -> Refused | None:
    """Why a run cannot be confirmed as paid."""
    if run.state in ("paid", "posted"):
        return Refused("run-paid", "The run is paid already.", status=409)
    if run.state != "approved":
        return Refused("run-not-approved", "Only an approved run is paid.", status=409)
    if run.file_payments is None and run.pays:
        return Refused("pay-file-missing", "No pay file was made of this run.", status=409)
    return None


def earliest_payment(period: date) -> date:
    """The first day on which a month is paid: the month before it begins."""
    return (Month(period.year, period.month).first - DAY).replace(day=1)


def refusal_of_day(period: date, day: date, today: date, field: str) -> Refused | None:
    """Why nobody is paid for this month on this day: more than a month before it began, or more than a year after it
    ended, unless the month is caught up with today.
    """
    month = Month(period.year, period.month)
    before = earliest_payment(period)
    latest = max(Month(period.year + 1, period.month).last, today)
    if before <= day <= latest:
        return None
    sentence = f"{month} is paid on a day from {before} to {latest}."
    return Refused("payment-day-implausible", sentence, f"/{field}")


def refusal_of_posting(run: Run) -> Refused | None:
    """Why a run cannot be posted."""
    if run.state == "posted":
        return Refused("run-posted", "The run is posted already.", status=409)
    if run.state != "paid":
        return Refused("run-not-paid", "A run is posted when it is paid.", status=409)
    return None
