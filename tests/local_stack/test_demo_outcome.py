"""The demo notices what does not add up, and its exit code says so: discrepancies planted in a day that is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Self

import pytest

import deploy.local.demo.__main__ as command
from deploy.local.demo.census import Census, Row
from deploy.local.demo.day import DayFailed
from deploy.local.demo.expected import (
    RECEIVABLE,
    expected_balances,
    expected_counts,
    expected_states,
    expected_stock,
)
from deploy.local.demo.findings import Findings
from deploy.local.demo.outcome import TOPICS_OF_THE_DAY, Outcome, differences
from deploy.local.demo.plan import HIRES, Plan, make_plan

PLAN = make_plan(ordinary_per_house=15)
Spoil = Callable[[Outcome], Outcome]


def right_day(plan: Plan = PLAN) -> Outcome:
    """What a house shows where everything went as planned."""
    balances = expected_balances(plan)
    trials: dict[str, Any] = {}
    for name, balance in balances.items():
        code, currency, account = name.split("/")
        debit, credit = max(balance, Decimal(0)), max(-balance, Decimal(0))
        rows = trials.setdefault(code, {"accounts": [], "base_total": {"currency": currency}})["accounts"]
        row = {"currency": currency, "account": account, "name": account, "balance": balance, "base_balance": balance}
        rows.append(row | {"debit": str(debit), "credit": str(credit)})
    return Outcome(
        states=expected_states(plan),
        stock=expected_stock(plan),
        balances=balances,
        receivables={k.rpartition("/")[0]: v for k, v in balances.items() if k.endswith(f"/{RECEIVABLE}")},
        counts=expected_counts(plan, len(HIRES)),
        trial_balances=trials,
        invoice_numbers={"hellas/INV-2026": [1, 2, 3]},
        census=Census(tuple(Row(topic, "gateway", 5, 5, 0, 0, 0, 0, 0) for topic in sorted(TOPICS_OF_THE_DAY)), 0, 0),
    )


def _more(figures: Any, name: str | None = None) -> tuple[str, dict[str, Any]]:
    """The figures with one that is a cent, or one, more; and which."""
    name = name or min(figures)
    return name, {**figures, name: figures[name] + (Decimal("0.01") if isinstance(figures[name], Decimal) else 1)}


def _state(day: Outcome) -> Outcome:
    return replace(day, states={**day.states, PLAN.ordinary[0].reference: "accepted"})


def _lost_order(day: Outcome) -> Outcome:
    return replace(day, states={k: v for k, v in day.states.items() if k != PLAN.ordinary[0].reference})


def _stock(day: Outcome) -> Outcome:
    name = min(day.stock)
    return replace(day, stock={**day.stock, name: {**day.stock[name], "reserved": 10**6}})


def _balance(day: Outcome) -> Outcome:
    return replace(day, balances=_more(day.balances, next(k for k in day.balances if not k.endswith(RECEIVABLE)))[1])


def _receivable(day: Outcome) -> Outcome:
    return replace(day, receivables=_more(day.receivables)[1])


def _count(day: Outcome) -> Outcome:
    return replace(day, counts=_more(day.counts, "invoices")[1])


def _trial(day: Outcome) -> Outcome:
    code = min(day.trial_balances)
    first, *others = day.trial_balances[code]["accounts"]
    spoilt = {**first, "debit": str(Decimal(first["debit"]) + Decimal("0.01"))}
    return replace(
        day, trial_balances={**day.trial_balances, code: {**day.trial_balances[code], "accounts": [spoilt, *others]}}
    )


def _numbers(numbers: list[int]) -> Spoil:
    return lambda day: replace(day, invoice_numbers={"hellas/INV-2026": numbers})


def _row(row: Row) -> Spoil:
    return lambda day: replace(day, census=replace(day.census, rows=(*day.census.rows, row)))


def _finding(day: Outcome) -> Outcome:
    return replace(day, census=replace(day.census, findings=("payroll does not answer",)))


def _silent(day: Outcome) -> Outcome:
    rows = tuple(replace(r, sent=0, applied=0) if r.topic == "sales.hires" else r for r in day.census.rows)
    return replace(day, census=replace(day.census, rows=rows))


PLANTED: dict[str, tuple[Spoil, str]] = {
    "an order in another state": (_state, "state of orders: "),
    "an order that is gone": (_lost_order, "state of orders: "),
    "stock that is held by nobody": (_stock, "stock: "),
    "a cent on an account": (_balance, "balances: "),
    "a cent on an open item": (_receivable, "open items against the control account: "),
    "an invoice too many": (_count, "counts: invoices is "),
    "a trial balance that does not balance": (_trial, "trial balance of "),
    "a gap in the numbers": (_numbers([1, 2, 4]), "numbers of hellas/INV-2026 have gaps or doubles"),
    "a number twice": (_numbers([1, 2, 2, 3]), "numbers of hellas/INV-2026 have gaps or doubles"),
    "a held event": (_row(Row("ledger.entries", "ledger", 5, 4, 0, 0, 0, 1, 0)), "ledger.entries → ledger: 1 held"),
    "an event on the way": (
        _row(Row("ledger.entries", "ledger", 5, 4, 0, 0, 0, 0, 0)), "ledger.entries → ledger: 1 on the way",
    ),
    "a finding of the census": (_finding, "the census does not add up: payroll does not answer"),
    "a department that did nothing": (_silent, "nothing was ever sent on sales.hires"),
}  # fmt: skip


def test_a_day_that_is_right_has_no_differences() -> None:
    assert differences(right_day(), PLAN) == []


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_discrepancy_is_named(case: str) -> None:
    spoil, line = PLANTED[case]

    found = differences(spoil(right_day()), PLAN)

    assert len(found) == 1, found
    assert found[0].startswith(line)


class NoStack:
    """A stack of which nothing is asked."""

    def __init__(self, **_: object) -> None: ...

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def supervise(self) -> None: ...


@pytest.mark.parametrize(
    ("spoil", "departments", "code"),
    [
        (lambda day: day, Findings(), 0),
        (_balance, Findings(), 1),
        (lambda day: day, Findings(wrong=["stock is 4, must be 5"]), 1),
    ],
    ids=["all adds up", "a cent on an account", "a department's own figure"],
)
def test_the_exit_code_of_the_demo_is_1_when_something_does_not_add_up(
    spoil: Spoil, departments: Findings, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def sent(*_: object) -> None: ...

    async def worked(*_: object) -> Findings:
        return departments

    async def gathered(*_: object) -> Outcome:
        return spoil(right_day(make_plan()))

    _demo(monkeypatch, send_day=sent, work_of_departments=worked, gather_day=gathered, LocalStack=NoStack)

    assert command.main() == code
    assert ("DOES NOT ADD UP: " in capsys.readouterr().out) == bool(code)


def test_a_day_that_fails_on_the_way_is_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def failing(*_: object) -> None:
        raise DayFailed("something is still on the way")

    _demo(monkeypatch, send_day=failing, LocalStack=NoStack)

    assert command.main() == 1
    assert capsys.readouterr().err == "FAILED: something is still on the way\n"


def _demo(monkeypatch: pytest.MonkeyPatch, **instead: object) -> None:
    monkeypatch.setattr("sys.argv", ["demo", "--once"])
    for name, what in instead.items():
        monkeypatch.setattr(command, name, what)
