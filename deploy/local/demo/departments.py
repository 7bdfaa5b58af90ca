"""The second half of the day: what the departments do for themselves, at companies of their own."""

from __future__ import annotations

import asyncio
import json

from deploy.local.demo.day import Say
from deploy.local.demo.findings import Findings
from deploy.local.demo.front_office import FrontOffice
from deploy.local.demo.month import GREECE, ISRAEL, Payroll
from deploy.local.demo.running import offices
from deploy.local.demo.trade import Trader
from deploy.local.stack import LocalStack

DECIDER = "second-person"
"""Who agrees with what the administrator has asked for, and may see papers that `*` does not open."""


async def work_of_departments(stack: LocalStack, say: Say) -> Findings:
    """Goods with a cost at one company, months of pay at two. Raises DayFailed or Unanswered."""
    findings = Findings()
    async with offices(stack) as (admin, _):
        decider = FrontOffice(stack.address("gateway"), await _decider_key(stack))
        try:
            await asyncio.gather(
                Trader(admin, decider, say, findings).trade(),
                *(Payroll(office, admin, decider, say, findings).pay() for office in (GREECE, ISRAEL)),
            )
        finally:
            await decider.close()
    return findings


async def _decider_key(stack: LocalStack) -> str:
    keys = stack.file.section("keys")
    if DECIDER not in keys:
        told = await stack.run_command(
            "gateway", "keys", "create", "--client", DECIDER, "--companies", "*", "--scopes",
            "inventory:*,ledger:*,payroll:approve,payroll:officer,documents:read,documents:confidential", "--json",
        )  # fmt: skip
        keys[DECIDER] = json.loads(told)["key"]
        stack.file.write()
    return str(keys[DECIDER])
