"""What a training session cost is booked once, on the cost centres that bear it."""

from __future__ import annotations

from datetime import date
from typing import Any

from chassis.ids import derive
from contracts import published
from contracts.payroll import TrainingCostIncurred
from services.ledger import handlers
from services.ledger.commands import ChangePolicy, DefineDimensionValues, NewAccount, NewDimensionValue, OpenAccounts
from services.ledger.domain.policy import PolicyChange
from tests.ledger.desk import Desk, cause
from tests.support.department import Event, event

CHART = (
    NewAccount("6500", "Training", "expense", "training", ""),
    NewAccount("2500", "Training to pay", "liability", "training_payable", ""),
)
SHARES = (("Logistics", "CC-400", 3, "270.00"), ("Sales", "CC-100", 1, "90.01"), ("Board", None, 1, "0.00"))


def held(name: str = "forklift", sequence: int = 1, currency: str = "EUR", **changes: Any) -> Event:
    """A session is over, and three departments had people there."""
    shares = [
        {"department": d, "cost_centre": c, "participants": n, "cost": {"amount": cost, "currency": currency}}
        for d, c, n, cost in SHARES
    ]
    data = published.sample("TrainingCostIncurred.v1").data | {"session": str(derive("session", name))}
    return event(TrainingCostIncurred, "acme", data | {"shares": shares} | changes, sequence=sequence)


async def open_accounts(desk: Desk, *accounts: NewAccount) -> None:
    await desk.do(handlers.open_accounts, OpenAccounts("acme", accounts or CHART, cause("acme")))


async def test_a_session_is_booked_on_its_cost_centres_once(desk: Desk) -> None:
    """P22: the cost is booked to the department's cost centre, to the cent, whatever comes again, and names nobody."""
    await open_accounts(desk)
    for again in (held(), held(), held(sequence=2)):
        await desk.hear(again)
    assert await desk.balances() == {("6500", "EUR"): 36_001, ("2500", "EUR"): -36_001}
    lines = "select account, cost_centre, debit, credit from journal_line order by line"
    assert await desk.rows(lines) == [
        ("6500", "CC-400", 27_000, 0), ("6500", "CC-100", 9_001, 0), ("2500", None, 0, 36_001),
    ]  # fmt: skip
    (told,) = await desk.told("EntryPosted")
    assert (told.data["journal"], told.data["posted_on"]) == ("payroll", "2026-12-10")
    assert await desk.rows("select cost_centre, debit from dimension_day order by debit") == [
        ("CC-100", 9_001), ("CC-400", 27_000),
    ]  # fmt: skip
    assert await desk.faults() == []


async def test_a_session_waits_for_its_accounts_and_its_rate(desk: Desk) -> None:
    """P22: nothing is booked elsewhere, and nothing is lost."""
    await open_accounts(desk, CHART[0])
    await desk.hear(held())
    assert await desk.held() == [("waiting", "company acme has no account with the role training_payable")]
    await open_accounts(desk, CHART[1])
    await desk.try_held()
    assert len(await desk.told("EntryPosted")) == 1
    await desk.hear(held("abroad", currency="CHF"))
    assert await desk.held() == [("waiting", "company acme has no rate of CHF for 2026-12-10")]
    assert await desk.faults() == []


async def test_a_session_of_another_currency_is_valued_to_the_cent(desk: Desk) -> None:
    """P22: the company's own currency balances too."""
    await open_accounts(desk)
    await desk.hear(held(currency="USD", held_on="2026-11-22"))
    rows = await desk.rows("select debit, credit, base from journal_line order by line")
    assert rows == [(27_000, 0, 21_600), (9_001, 0, 7_201), (0, 36_001, -28_801)]
    assert await desk.faults() == []


async def test_a_session_that_cost_nothing_is_no_entry(desk: Desk) -> None:
    """P22: nor does it wait for an account."""
    free = [{"department": "A", "cost_centre": None, "participants": 1, "cost": {"amount": "0.00", "currency": "EUR"}}]
    await desk.hear(held(shares=free))
    assert await desk.held() == []
    assert await desk.told("EntryPosted") == []


async def test_a_cost_centre_that_was_told_is_kept_where_a_company_asks_for_one(desk: Desk) -> None:
    """P22: the company's usual places are for what names none."""
    await open_accounts(desk)
    values = [
        NewDimensionValue("department", "GEN", "General", ""),
        NewDimensionValue("cost_centre", "GEN", "General", ""),
        NewDimensionValue("cost_centre", "CC-100", "Sales", ""),
    ]
    await desk.do(handlers.define_dimension_values, DefineDimensionValues("acme", values, cause("acme")))
    change = PolicyChange(
        date(2026, 1, 1), dimensions_required=True, default_department="GEN", default_cost_centre="GEN"
    )
    await desk.do(handlers.change_policies, ChangePolicy("acme", change, None, cause("acme")))
    board = {"department": "B", "cost_centre": None, "participants": 1, "cost": {"amount": "5.00", "currency": "EUR"}}
    sales = board | {"cost_centre": "CC-100"}
    await desk.hear(held(shares=[board, sales]))
    lines = "select department, cost_centre from journal_line where account = '6500' order by line"
    assert await desk.rows(lines) == [("GEN", "GEN"), ("GEN", "CC-100")]
