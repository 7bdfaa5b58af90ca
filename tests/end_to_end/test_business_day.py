"""A business day through the running house: every order, coin and paper ends where plain arithmetic says."""

from __future__ import annotations

import pytest

from deploy.local.demo.outcome import differences
from deploy.local.demo.plan import make_plan
from deploy.local.demo.running import day_on
from deploy.local.stack import LocalStack


@pytest.mark.timeout(300)
async def test_a_day_of_orders_payments_and_cancellations_adds_up(house: LocalStack) -> None:
    # Given a day with refusals, cancellations, part payments, duplicates and wrong input
    plan = make_plan(seed=7, ordinary_per_house=40)
    lines: list[str] = []
    # When it is sent through the gateway
    outcome = await day_on(house, plan, lines.append)
    # Then books, stock, receivables, papers and the census are what the plan says
    assert differences(outcome, plan) == [], "\n".join(lines)
