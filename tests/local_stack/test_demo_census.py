"""The day's table of events is the gateway's census, and says so when something is missing from it."""

from __future__ import annotations

from typing import Any

from deploy.local.demo.census import Census, Row, census_of
from deploy.local.demo.report import census_table

ROW = Row("sales.orders", "ledger", 120, 119, 1, 0, 0, 0, 4)
SHOWN = {
    "topic": "sales.orders", "producer": "gateway", "consumer": "ledger", "sent": 120, "applied": 119, "refused": 1,
    "ignored": 0, "skipped": 0, "held": 0, "on_the_way": 0, "duplicates": 4,
}  # fmt: skip


def told(**changes: Any) -> dict[str, Any]:
    ledger = {"name": "ledger", "answers": True, "detail": None, "unsent": 0}
    return {"departments": [ledger], "totals": [SHOWN], "findings": []} | changes


def test_what_adds_up_is_shown_without_a_finding() -> None:
    census = census_of(told(), Census((ROW,), 0, 0))
    assert census.rows == (ROW,)
    assert census.findings == ()
    assert list(census_table(census))[-1].endswith("nothing is missing: yes")


def test_a_department_that_gives_no_answer_and_an_event_that_is_missing_are_named() -> None:
    silent = {"name": "payroll", "answers": False, "detail": "down", "unsent": None}
    missing = {"kind": "missing", "topic": "sales.orders", "consumer": "ledger", "key": "k"}
    census = census_of(told(departments=[silent], findings=[missing]), Census((ROW,), 0, 0))
    assert census.findings == ("payroll does not answer", "missing: sales.orders → ledger, k")


def test_a_topic_with_events_that_the_gateway_does_not_show_is_a_finding_and_an_empty_one_stays() -> None:
    counted = Row("sales.hires", "payroll", 3, 3, 0, 0, 0, 0, 0)
    empty = Row("ledger.refusals", "inventory", 0, 0, 0, 0, 0, 0, 0)
    census = census_of(told(), Census((ROW, counted, empty), 0, 0))
    assert census.findings == ("sales.hires → payroll is not shown",)
    assert empty in census.rows
