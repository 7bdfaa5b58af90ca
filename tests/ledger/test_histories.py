"""Receivables, tax and exchange differences over random histories, against an accountant with a notebook."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from chassis.ids import new_id
from services.ledger import handlers
from services.ledger.commands import NewAccount, NewRate, RecordRates, SetDunningPolicy
from services.ledger.main import build
from tests.ledger.chaser import LEVELS, Chaser
from tests.ledger.desk import CHART, RATE_DAY, RATES, Desk, cause
from tests.ledger.histories import AT_ONCE, Facts, History, Recorder
from tests.ledger.pages import DECIMALS, DIFFERENCE, Move, minor
from tests.ledger.retelling import Retelling
from tests.ledger.test_crowd import Replica
from tests.support.pinned_clock import TODAY

HISTORIES = int(os.environ.get("MONEY_HISTORIES", "50"))
"""`make money-histories` runs a thousand."""
ROUND = 50
"""Histories on one database."""
AT_A_TIME = 16
"""Of which each does up to three things at once: more would wait for a connection."""
STEPS = 12
SEED = int(os.environ.get("MONEY_SEED", "11"))
"""Of the first round; a round that went wrong names its own."""
COMPANIES = {
    "euro": ("EUR", "Europe/Athens"),
    "shekel": ("ILS", "Asia/Jerusalem"),
    "yen": ("JPY", "Asia/Tokyo"),
    "dinar": ("KWD", "Asia/Kuwait"),
}
WORTH = {"EUR": 1.0, "USD": 0.92, "ILS": 0.25, "JPY": 0.0061, "KWD": 3.0}
"""About what they are worth in euros."""
CHARGES = (
    NewAccount("6200", "Bank charges", "expense", "bank_charges", ""),
    NewAccount("4800", "Late payment", "income", "dunning_income", ""),
)
CUSTOMER = {"name": "Café", "language": "en",
            "address": {"line1": "1 High St", "city": "Haifa", "postcode": "1", "country": "IL"}}  # fmt: skip


@pytest.mark.timeout(7_200 if HISTORIES > ROUND else 300)
async def test_random_histories_agree_with_the_notebook_to_the_cent(blank: Desk) -> None:
    """L5, L6, L8, L16: every account on every day, ageing, letters, statements of any day; many at once, and late."""
    for seed in range(0, HISTORIES, ROUND):
        await blank.forget()
        await Round(blank, SEED + seed, min(ROUND, HISTORIES - seed)).run()


@dataclass
class Round:
    """Some histories of four companies, all at once on one database."""

    desk: Desk
    seed: int
    histories: int

    async def run(self) -> None:
        """Let them happen, then write them down a second time and compare."""
        rng = random.Random(self.seed)
        today = TODAY
        recorder = Recorder()
        async with AsyncExitStack() as stack:
            scopes = ("ledger:read", "ledger:write", "ledger:admin", "ledger:approve")
            clerks = [
                await stack.enter_async_context(
                    self.desk.client(build, companies=list(COMPANIES), scopes=scopes, actor=f"person:{name}", name=name)
                )
                for name in ("ada", "bert")
            ]
            books = {name: await set_up(self.desk, name, today, rng, clerks[0]) for name in COMPANIES}
            runs = [await self._history(n, rng, today, clerks, recorder, books) for n in range(self.histories)]
            turns = asyncio.Semaphore(AT_A_TIME)

            async def in_turn(run: History) -> None:
                async with turns:
                    await run.run(STEPS)

            await asyncio.gather(*map(in_turn, runs))
            assert await self.desk.held() == []
            assert await self.desk.faults() == []
            await Retelling(self.desk, books, recorder).tell()
            wrong: list[str] = []
            for name, notebook in books.items():
                wrong += [f"{name}: {purse.id} used twice" for purse in notebook.purses.values() if purse.overdrawn()]
                wrong += await wrong_pages(self.desk, name, notebook)
                days = [today - timedelta(days=rng.randint(-15, 110)) for _ in range(4)]
                wrong += await wrong_reports(clerks[0], name, notebook, days)
            assert wrong == [], "\n".join([f"seed {self.seed}: {len(wrong)} differences", *wrong[:40]])

    async def _history(
        self, n: int, rng: random.Random, today: date, clerks: Sequence[httpx.AsyncClient], recorder: Recorder,
        books: dict[str, Chaser],
    ) -> History:  # fmt: skip
        company, customer = list(COMPANIES)[n % len(COMPANIES)], f"C-{n}"
        own, currencies = COMPANIES[company][0], sorted(DECIMALS)
        if n % 3:
            books[company].terms[customer] = await agree(clerks[0], company, customer, today, rng)
        replicas = [Replica(self.desk, n * AT_ONCE + slot) for slot in range(AT_ONCE)]
        rolled = random.Random(f"{self.seed}.{n}")
        return History(
            self.desk,
            company,
            customer,
            [own, own, rolled.choice(currencies)],
            rolled,
            today,
            clerks,
            replicas,
            recorder,
        )


async def set_up(desk: Desk, name: str, today: date, rng: random.Random, clerk: httpx.AsyncClient) -> Chaser:
    """A company with rates that move, and for every second one two months that are closed."""
    own, zone = COMPANIES[name]
    await desk.set_up(name, currency=own, time_zone=zone, accounts=(*CHART, *CHARGES))
    rates: dict[str, list[tuple[date, Fraction]]] = {}
    for currency in sorted(DECIMALS.keys() - {own}):
        days = [today - timedelta(days=150 - n) for n in range(0, 170, 4)]
        if own == "EUR":
            days = [day for day in days if day != RATE_DAY]  # of which the desk has spoken already
        values = [f"{WORTH[currency] / WORTH[own] * rng.uniform(0.85, 1.15):.6f}" for _ in days]
        new = [NewRate(currency, day, value, "ECB", "") for day, value in zip(days, values, strict=True)]
        known = [(day, Fraction(value)) for day, value in zip(days, values, strict=True)]
        if own == "EUR" and currency in RATES:
            known.append((RATE_DAY, Fraction(RATES[currency])))
        rates[currency] = sorted(known)
        await desk.do(handlers.record_rates, RecordRates(name, new[::-1], cause(name)))
    await desk.do(handlers.set_policies, SetDunningPolicy(name, LEVELS, True, cause(name)))
    closed: list[tuple[date, date]] = []
    if list(COMPANIES).index(name) % 2:
        for year in (today.year - 1, today.year, today.year + 1):
            await post(clerk, name, "/fiscal-years", {"year": year, "starts_on": f"{year}-01-01"})
        for back in (2, 3):
            month = today.month - back
            year, month = (today.year, month) if month > 0 else (today.year - 1, month + 12)
            first = date(year, month, 1)
            closed.append((first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)))
            await post(
                clerk, name, f"/fiscal-years/{year}/periods/{month}/close", {"subledgers": ["ar"], "reason": "done"}
            )
    return Chaser(own, ZoneInfo(zone), rates, closed)


async def agree(
    clerk: httpx.AsyncClient, company: str, customer: str, today: date, rng: random.Random
) -> list[tuple[date, Facts]]:
    """Terms, and other ones from some day on."""
    first, second = ({"net_days": rng.choice([0, 14, 30, 60])} for _ in range(2))
    first["discount"] = {"rate": rng.choice(["0.02", "0.05"]), "days": 0 if not first["net_days"] else 14}  # type: ignore[assignment]
    await post(clerk, company, "/customers", {"customer": customer, "terms": first, **CUSTOMER})
    day = today - timedelta(days=rng.randint(0, 100))
    await post(clerk, company, f"/customers/{customer}/changes", {"valid_from": day.isoformat(), "terms": second})
    return [(date.min, first), (day, second)]


async def post(clerk: httpx.AsyncClient, company: str, path: str, body: Facts) -> None:
    headers = {"idempotency-key": str(new_id())}
    answer = await clerk.post(f"/v1/companies/{company}{path}", json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text


async def wrong_pages(desk: Desk, company: str, book: Chaser) -> list[str]:
    """Every account on every day, in its currency and in the company's own; gains and losses together."""
    rows = await desk.rows(
        "select case when a.role in ('exchange_gain', 'exchange_loss') then $2 else d.account end, d.currency, "
        "d.effective_on, sum(d.debit - d.credit)::bigint, sum(d.base_debit - d.base_credit)::bigint from account_day d "
        "join account a on a.company = d.company and a.code = d.account where d.company = $1 group by 1, 2, 3",
        company, DIFFERENCE,
    )  # fmt: skip
    ledger = {(account, currency, day): (amount, worth) for account, currency, day, amount, worth in rows}
    pages = {key: (amount, worth) for key, (amount, worth) in book.pages.items()}
    nothing = (0, 0)
    return [
        f"{company} {account} {currency} {day}: {ledger.get(key, nothing)} there, {pages.get(key, nothing)} here"
        for key in sorted(ledger.keys() | pages.keys(), key=str)
        if ledger.get(key, nothing) != pages.get(key, nothing)
        for account, currency, day in [key]
    ]


async def wrong_reports(clerk: httpx.AsyncClient, company: str, book: Chaser, days: Sequence[date]) -> list[str]:
    """Ageing and statements of these days, as people read them."""
    wrong: list[str] = []
    for day in days:
        query = {"as_of": day.isoformat()}
        totals = await get(clerk, company, "/ageing", **query)
        shown = {total["currency"]: aged(total) for total in totals["totals"] if any(aged(total))}
        if shown != book.aged(None, day):
            wrong.append(f"{company} ageing of {day}: {shown}, here {book.aged(None, day)}")
        reconciled = await get(clerk, company, "/reconciliation/receivables", thorough="true", **query)
        if not reconciled["holds"]:
            wrong.append(f"{company} reconciliation of {day}: {reconciled}")
        for customer in sorted({paper.customer for paper in book.papers.values()}):
            since = day - timedelta(days=40)
            path = f"/v1/companies/{company}/customers/{customer}/statement"
            answer = await clerk.get(path, params={"since": since.isoformat(), **query})
            stated: Facts = answer.json() if answer.status_code == 200 else {"currencies": [], "ageing": []}
            wrong += [
                f"{company} {customer} {day}: {line}" for line in wrong_statement(stated, book, customer, since, day)
            ]
    return wrong


async def get(clerk: httpx.AsyncClient, company: str, path: str, **query: str) -> Any:
    answer = await clerk.get(f"/v1/companies/{company}{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def aged(bucket: Facts) -> list[int]:
    """The amounts of an ageing, the least overdue first."""
    names = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90")
    return [minor(bucket[name], bucket["currency"]) for name in names]


def wrong_statement(stated: Facts, book: Chaser, customer: str, since: date, day: date) -> list[str]:
    """Movements, what was owed before and after them, money that lies there, and its ageing."""
    moves, unapplied = book.statement(customer, day), book.unapplied(customer, day)
    here = {c: here_of(moves.get(c, []), unapplied.get(c, 0), since) for c in moves.keys() | unapplied.keys()}
    there = {
        part["currency"]: (
            minor(part["opening"], part["currency"]),
            sorted((line["day"], line["kind"], minor(line["amount"], part["currency"])) for line in part["lines"]),
            minor(part["closing"], part["currency"]),
            minor(part["unapplied"], part["currency"]),
        )
        for part in stated["currencies"]
    }
    nothing: tuple[int, list[Any], int, int] = (0, [], 0, 0)
    wrong = [
        f"{currency} {there.get(currency, nothing)} there, {here.get(currency, nothing)} here"
        for currency in sorted(there.keys() | here.keys())
        if there.get(currency, nothing) != here.get(currency, nothing)
    ]
    ages = {one["currency"]: aged(one) for one in stated["ageing"] if any(aged(one))}
    return wrong if ages == book.aged(customer, day) else [*wrong, f"ageing {ages}, {book.aged(customer, day)} here"]


def here_of(moves: Sequence[Move], unapplied: int, since: date) -> tuple[int, list[tuple[str, str, int]], int, int]:
    """What the notebook says of one currency: what was owed, what happened, what is owed, what money lies there."""
    return (
        sum(amount for day, _, amount in moves if day < since),
        sorted((day.isoformat(), kind, amount) for day, kind, amount in moves if day >= since),
        sum(amount for _, _, amount in moves),
        unapplied,
    )
