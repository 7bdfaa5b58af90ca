"""What became of the day, asked through the gateway, and whether it is what the plan says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import asyncpg

from deploy.local.demo.census import Census, take_census
from deploy.local.demo.day import DayFailed, shown_orders
from deploy.local.demo.expected import RECEIVABLE, expected_balances, expected_counts, expected_states, expected_stock
from deploy.local.demo.front_office import FrontOffice
from deploy.local.demo.plan import HIRES, HOUSES, Plan

QUIET_S = 180.0
TOPICS_OF_THE_DAY = frozenset({
    "sales.orders", "sales.payments", "sales.hires", "inventory.reservations", "ledger.companies", "ledger.invoices",
    "ledger.payments", "ledger.refusals", "payroll.employees", "documents.documents",
})  # fmt: skip
"""Silence on one of these means that a department did not do its part."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The day's totals in one form, comparable between runs; and the census at the end."""

    states: Mapping[str, str]
    stock: Mapping[str, Mapping[str, int]]
    balances: Mapping[str, Decimal]
    receivables: Mapping[str, Decimal]
    counts: Mapping[str, int]
    trial_balances: Mapping[str, Any]
    invoice_numbers: Mapping[str, list[int]]
    census: Census

    @property
    def totals(self) -> dict[str, object]:
        """What must be the same however often something was killed on the way."""
        return {
            "states": dict(Counter(self.states.values())), "stock": self.stock, "balances": self.balances,
            "receivables": self.receivables, "counts": self.counts, "invoice_numbers": self.invoice_numbers,
        }  # fmt: skip


def consumer_topics(services: list[str]) -> dict[str, tuple[str, ...]]:
    """Which topics each service listens to, from its own register."""
    found: dict[str, tuple[str, ...]] = {}
    for name in services:
        module = __import__(f"services.{name}.consumers", fromlist=["consumers"])
        found[name] = module.consumers.topics
    return found


async def until_quiet(operator_urls: Mapping[str, str], tell: Callable[[Census], None] = lambda _: None) -> Census:
    """Wait until nothing is on the way and no job is left. Raises DayFailed after QUIET_S."""
    consumers = consumer_topics(list(operator_urls))
    deadline = asyncio.get_running_loop().time() + QUIET_S
    while True:
        census = await _counted(lambda: take_census(operator_urls, consumers))
        if census is not None and census.quiet:
            return census
        if asyncio.get_running_loop().time() > deadline:
            raise DayFailed(f"after {QUIET_S:.0f} s something is still on the way: {census}")
        if census is not None:
            tell(census)
        await asyncio.sleep(0.3)


async def _counted(count: Callable[[], Awaitable[Census]]) -> Census | None:
    try:
        return await count()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # a database server is away just now
        return None


async def gather_outcome(admin: FrontOffice, webshop: FrontOffice, census: Census) -> Outcome:
    """Ask every department, through the gateway."""
    orders = await shown_orders(webshop)
    stock: dict[str, dict[str, int]] = {}
    balances: dict[str, Decimal] = {}
    receivables: dict[str, Decimal] = {}
    trial_balances: dict[str, Any] = {}
    numbers: dict[str, list[int]] = {}
    counts: Counter[str] = Counter(orders=len(orders))
    for house in HOUSES:
        code = house.code
        for row in (await admin.get(f"/inventory/v1/companies/{code}/stock", limit=200))["stock"]:
            stock[f"{code}/{row['sku']}"] = {
                "on_hand": int(Decimal(row["on_hand"])), "reserved": int(Decimal(row["reserved"])),
            }  # fmt: skip
        trial_balances[code] = await admin.get(f"/ledger/v1/companies/{code}/trial-balance")
        for currency, account, balance in _accounts(trial_balances[code]):
            if balance:
                balances[f"{code}/{currency}/{account}"] = balance
        await _receivables(admin, code, receivables)
        await _papers(admin, code, counts, numbers)
        await _booked(admin, code, counts)
    for series in numbers.values():
        series.sort()
    states = {reference: row["state"] for reference, row in orders.items()}
    return Outcome(states, stock, balances, receivables, dict(counts), trial_balances, numbers, census)


def differences(outcome: Outcome, plan: Plan) -> list[str]:
    """Everything that is not as the plan and the rules of bookkeeping say; empty when all adds up."""
    found: list[str] = []
    _compare("state of orders", outcome.states, expected_states(plan), found)
    _compare("stock", outcome.stock, expected_stock(plan), found)
    _compare("balances", outcome.balances, expected_balances(plan), found)
    _compare("counts", outcome.counts, expected_counts(plan, len(HIRES)), found)
    for code, trial in outcome.trial_balances.items():
        for currency, total in _totals(trial).items():
            if total:
                found.append(f"trial balance of {code} in {currency} is out by {total}")
    open_receivables = {k.rpartition("/")[0]: v for k, v in outcome.balances.items() if k.endswith(f"/{RECEIVABLE}")}
    _compare("open items against the control account", outcome.receivables, open_receivables, found)
    for series, numbers in outcome.invoice_numbers.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            found.append(f"numbers of {series} have gaps or doubles")
    census = outcome.census
    found += [f"{row.topic} → {row.consumer}: {row.held} held" for row in census.rows if row.held]
    found += [f"{row.topic} → {row.consumer}: {row.on_the_way} on the way" for row in census.rows if row.on_the_way]
    found += [f"the census does not add up: {finding}" for finding in census.findings]
    silent = {row.topic for row in census.rows if not row.sent} & TOPICS_OF_THE_DAY
    found += [f"nothing was ever sent on {topic}" for topic in sorted(silent)]
    return found


def _compare(what: str, seen: Mapping[str, Any], wanted: Mapping[str, Any], found: list[str]) -> None:
    wrong = {key for key in {*seen, *wanted} if seen.get(key) != wanted.get(key)}
    found += [f"{what}: {key} is {seen.get(key)}, must be {wanted.get(key)}" for key in sorted(wrong)[:5]]
    if len(wrong) > 5:
        found.append(f"{what}: and {len(wrong) - 5} more")


def _accounts(trial: Mapping[str, Any]) -> list[tuple[str, str, Decimal]]:
    return [(row["currency"], row["account"], Decimal(row["balance"])) for row in trial["accounts"]]


def _totals(trial: Mapping[str, Any]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for row in trial["accounts"]:
        totals[row["currency"]] = (
            totals.get(row["currency"], Decimal(0)) + Decimal(row["debit"]) - Decimal(row["credit"])
        )
    return totals


async def _receivables(admin: FrontOffice, code: str, receivables: dict[str, Decimal]) -> None:
    for item in await admin.pages(f"/ledger/v1/companies/{code}/receivables", "items", "after", limit=200):
        key = f"{code}/{item['currency']}"
        receivables[key] = receivables.get(key, Decimal(0)) + Decimal(item["open"])


async def _papers(admin: FrontOffice, code: str, counts: Counter[str], numbers: dict[str, list[int]]) -> None:
    """Documents by class, those that are rendered, and the numbers that they bear."""
    for paper in await admin.pages(f"/documents/v1/companies/{code}/documents", "documents", "after", limit=200):
        counts[f"{paper['class']}s"] += 1
        if paper["content"] is not None:
            counts["stored"] += 1
        if paper["class"] != "employee_file":
            series, _, number = paper["number"].rpartition("-")
            numbers.setdefault(f"{code}/{series}", []).append(int(number))


async def _booked(admin: FrontOffice, code: str, counts: Counter[str]) -> None:
    """What the ledger has, and whether it finds its own books in order."""
    at = f"/ledger/v1/companies/{code}"
    counts["billed"] += len(await admin.pages(f"{at}/invoices", "invoices", "after", limit=200))
    counts["payments"] += len(await admin.pages(f"{at}/payments", "payments", "after", limit=200))
    integrity = await admin.get(f"{at}/integrity")
    counts["broken_rules"] += sum(not check["holds"] for check in integrity["checks"])
