"""The day on a running stack, from the set-up to what became of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from deploy.local.demo.census import census_of
from deploy.local.demo.day import run_day, set_up
from deploy.local.demo.front_office import FrontOffice
from deploy.local.demo.outcome import Outcome, gather_outcome, until_quiet
from deploy.local.demo.plan import HOUSES, Plan
from deploy.local.stack import LocalStack

WEBSHOP_SCOPES = "orders:write,orders:read,payments:write,employees:write"


async def day_on(stack: LocalStack, plan: Plan, say: Callable[[str], None]) -> Outcome:
    """Send the day to a running stack and gather what became of it. Raises DayFailed, NotRefused or Unanswered."""
    await send_day(stack, plan, say)
    return await gather_day(stack, say)


async def send_day(stack: LocalStack, plan: Plan, say: Callable[[str], None]) -> None:
    """Set up and send the day, up to its last request."""
    async with offices(stack) as (admin, webshop):
        await set_up(admin, say)
        await run_day(webshop, plan, say)
        answers = dict(sorted(webshop.tally.statuses.items()))
        say(f"the gateway's answers by status: {answers}; repeated: {webshop.tally.repeated}")


async def gather_day(stack: LocalStack, say: Callable[[str], None]) -> Outcome:
    """Wait until nothing is on the way, and ask every department."""
    waited_for = await until_quiet({name: stack.urls[name].relay_url for name in stack.services})
    say("nothing is on the way any more")
    async with offices(stack) as (admin, webshop):
        return await gather_outcome(admin, webshop, census_of(await admin.get("/v1/census"), waited_for))


@asynccontextmanager
async def offices(stack: LocalStack) -> AsyncIterator[tuple[FrontOffice, FrontOffice]]:
    """The administrator and the web shop, each with a key."""
    address = stack.address("gateway")
    admin = FrontOffice(address, await stack.admin_key())
    webshop = FrontOffice(address, await webshop_key(stack))
    try:
        yield admin, webshop
    finally:
        await admin.close()
        await webshop.close()


async def webshop_key(stack: LocalStack) -> str:
    """A key as a front office would get it, kept in stack.json."""
    keys = stack.file.section("keys")
    if "webshop" not in keys:
        told = await stack.run_command(
            "gateway", "keys", "create", "--client", "webshop", "--source", "/sales/webshop",
            "--companies", ",".join(house.code for house in HOUSES), "--scopes", WEBSHOP_SCOPES, "--json",
        )  # fmt: skip
        keys["webshop"] = json.loads(told)["key"]
        stack.file.write()
    return str(keys["webshop"])
