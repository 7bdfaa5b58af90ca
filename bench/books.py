"""`make bench-books`: trial balance, ageing and statements over a million orders, and whether they grow with history.

python -m bench.books [--orders N] [--own N] [--customers N]     writes .run/bench-books.json

The first orders are billed and paid by the ledger itself, through its corridor. Its rows are then written again and
again under other ids and for other customers, below the ledger, until there are as many as wanted; afterwards the
ledger's own checks must find nothing. Measured is the HTTP door, each question twenty times, before and after. Figures
of a machine that does other work at the time are no figures: the load is printed beside them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from statistics import median
from typing import Any, TypeAlias

import asyncpg
import httpx
import orjson
from aiokafka.structs import ConsumerRecord

from bench.__main__ import machine, superuser_url
from chassis.auth import Caller, InternalSecrets, TokenSigner
from chassis.corridor import Corridor
from chassis.database import Database
from chassis.ids import derive
from chassis.telemetry import Metrics
from contracts import published
from contracts.envelope import Envelope, to_headers
from contracts.registry import key_of, owner_of
from deploy.local.paths import STATE
from deploy.local.stack import LocalStack
from services.ledger.consumers import consumers
from services.ledger.settings import LedgerSettings

COMPANY = "bench"
FIRST, LAST = date(2026, 1, 1), date(2026, 11, 20)
BATCH = 250
ASKED = 20
GOAL_S = 0.2
UNPAID_EVERY = 10
"""Every tenth order is still open."""

COPIED = (
    "order_terms", "order_to_bill", "invoice", "open_item", "payment", "unapplied_cash", "journal_entry",
    "journal_line", "allocation",
)  # fmt: skip
"""Tables with a row for each order, payment or posting; their parents first."""
SUMS: dict[str, tuple[str, ...]] = {
    "account_day": ("debit", "credit", "base_debit", "base_credit"),
    "receivable_day": ("amount", "base"),
}
"""Tables of sums, which grow with days and not with orders."""
NAMES = {"customer_id": "n % 40", "reference": "n", "order_reference": "n"}
"""Texts that name one order or one customer, and what is put behind them: customers come again, orders do not."""

Row: TypeAlias = "ConsumerRecord[Any, Any]"


def say(line: str) -> None:
    """Progress, at once."""
    print(line, file=sys.stderr, flush=True)


class Bookkeeper:
    """The ledger's corridor, told of orders, reservations and money as Kafka would hand them over."""

    def __init__(self, database: Database) -> None:
        self._corridor = Corridor(database, consumers, Metrics("ledger"))
        self._offsets: dict[str, Iterator[int]] = {}

    async def bill(self, first: int, orders: int, customers: int) -> None:
        """Orders of as many customers spread over the year, each reserved and, but for every tenth, paid."""
        told: list[Row] = []
        for number in range(first, first + orders):
            told += self._order(number, customers)
        for kind in ("OrderPlaced.v1", "StockReserved.v1", "PaymentReceived.v1"):
            batch = [row for row in told if dict(row.headers)["ce_type"] == kind.encode()]
            if batch:
                await self._corridor.take(batch)

    def _order(self, number: int, customers: int) -> Iterator[Row]:
        order, day = derive("bench", "order", number), FIRST + (LAST - FIRST) * (number % 500) // 500
        customer = f"C-{number % customers}"
        placed = published.sample("OrderPlaced.v1").data
        who = placed["customer"] | {"id": customer}
        placed = placed | {"order": str(order), "reference": f"W-{number}", "customer": who}
        yield self._record("OrderPlaced.v1", placed, day)
        lines = [{name: line[name] for name in ("line", "item", "quantity")} for line in placed["lines"]]
        reserved = {"order": str(order), "reservation": str(derive("bench", "reservation", number)), "lines": lines}
        yield self._record("StockReserved.v1", reserved, day)
        if number % UNPAID_EVERY:
            money = published.sample("PaymentReceived.v1").data | {
                "payment": str(derive("bench", "payment", number)), "reference": f"B-{number}",
                "received_on": str(day + timedelta(days=number % 30)), "order": str(order), "invoice_number": None,
                "amount": {"amount": "297.36", "currency": "EUR"},
            }  # fmt: skip
            yield self._record("PaymentReceived.v1", money, day + timedelta(days=number % 30))

    def _record(self, kind: str, data: dict[str, Any], day: date) -> Row:
        topic, at = published.sample(kind).topic, datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        body, key = orjson.dumps(data), key_of(kind, COMPANY, data)
        identity = str(derive("bench", kind, key))
        envelope = Envelope(
            identity, kind, f"/{owner_of(kind)}", key, at, COMPANY, 1, identity, identity, "bench",
            f"urn:backbone:schema:{kind}",
        )  # fmt: skip
        offset = next(self._offsets.setdefault(topic, count()))
        headers = tuple(to_headers(envelope))
        return ConsumerRecord(topic, 0, offset, 0, 0, key.encode(), body, None, len(key), len(body), headers)


class Desk:
    """An accountant at the ledger's HTTP door."""

    def __init__(self, stack: LocalStack, process: str) -> None:
        self._signer = TokenSigner(InternalSecrets(stack.folder.internal_secret), time.time)
        self._client = httpx.AsyncClient(base_url=stack.address(process), timeout=60)

    async def ask(self, method: str, path: str, body: object = None, *names: object) -> Any:
        """An answer that is well. Raises SystemExit for any other."""
        caller = Caller("bench", "bench", None, frozenset({"*"}), frozenset({"ledger:*"}))
        headers = {"authorization": f"Bearer {self._signer.sign(caller, 'ledger')}"}
        if method == "POST":
            headers["idempotency-key"] = str(derive("bench", path, *names))
        answer = await self._client.request(method, path, json=body, headers=headers)
        if not answer.is_success:
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()

    async def found(self) -> None:
        """The company with its accounts and its tax code."""
        at = f"/v1/companies/{COMPANY}"
        address = {"line1": "1 Port Road", "city": "Athens", "postcode": "10557", "country": "GR"}
        company = {"company": COMPANY, "name": "Bench Ltd", "currency": "EUR", "country": "GR"}
        await self.ask("POST", "/v1/companies", company | {"time_zone": "Europe/Athens", "address": address})
        kinds = (
            ("1000", "asset", "bank"), ("1100", "asset", "receivable"), ("2100", "liability", "unapplied_cash"),
            ("2200", "liability", None), ("4000", "income", "sales"), ("4900", "income", "exchange_gain"),
            ("6900", "expense", "exchange_loss"),
        )  # fmt: skip
        accounts = [{"code": code, "name": code, "kind": kind, "role": role} for code, kind, role in kinds]
        await self.ask("POST", f"{at}/accounts/batch", {"accounts": accounts})
        tax = {"code": "VAT24", "name": "VAT 24 %", "rate": "0.24", "account": "2200"}
        await self.ask("POST", f"{at}/tax-codes", tax)

    async def times(self, customer: str) -> dict[str, list[float]]:
        """How long each report takes, in seconds, twenty times each."""
        at, middle = f"/v1/companies/{COMPANY}", date(2026, 6, 15)
        questions = {
            "trial balance, today": f"{at}/trial-balance",
            "trial balance, middle of the year": f"{at}/trial-balance?as_of={middle}",
            "ageing, today": f"{at}/ageing?as_of={LAST}",
            "ageing, middle of the year": f"{at}/ageing?as_of={middle}",
            "ageing of 50 customers with their invoices": f"{at}/ageing/customers?as_of={LAST}&limit=50",
            "statement of a customer": f"{at}/customers/{customer}/statement?since=2026-10-01&as_of={LAST}",
            "open invoices": f"{at}/receivables?limit=100",
        }
        took: dict[str, list[float]] = {}
        for name, path in questions.items():
            await self.ask("GET", path)
            for _ in range(ASKED):
                began = time.perf_counter()
                await self.ask("GET", path)
                took.setdefault(name, []).append(time.perf_counter() - began)
        return took

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()


async def copy(connection: asyncpg.Connection, first: int, last: int, own: int) -> None:
    """Write the ledger's own rows again, once for each number from `first` up to `last`, under other names."""
    for table in COPIED:
        columns = await connection.fetch(
            "select column_name as name, data_type as type from information_schema.columns"
            " where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER' order by ordinal_position",
            table,
        )
        wanted = ", ".join(f'"{column["name"]}"' for column in columns)
        written = ", ".join(_again(column["name"], column["type"], own) for column in columns)
        await connection.execute(
            f"insert into {table} ({wanted}) select {written} from own_{table} t, generate_series({first}, {last}) n"
        )


def _again(name: str, kind: str, own: int) -> str:
    if kind == "uuid":
        return f"case when t.{name} is null then null else md5(t.{name}::text || n)::uuid end"
    if name == "serial":
        return f"t.{name} + {own} * n"
    return f"t.{name} || '~' || {NAMES[name]}" if name in NAMES else f"t.{name}"


async def multiply(url: str, own: int, orders: int) -> float:
    """Until there are so many orders; the seconds it took."""
    began = time.perf_counter()
    connection = await asyncpg.connect(url)
    copies = orders // own - 1
    try:
        await connection.execute("set session_replication_role = replica")  # no trigger and no key is asked: set-up
        for table in COPIED:
            await connection.execute(f"create temporary table own_{table} as table {table}")
        for first in range(1, copies + 1, 20):
            last = min(first + 19, copies)
            async with connection.transaction():
                await copy(connection, first, last, own)
            say(f"{own * (last + 1):,} orders after {time.perf_counter() - began:.0f} s")
        for table, columns in SUMS.items():
            raised = ", ".join(f"{column} = {column} * {copies + 1}" for column in columns)
            await connection.execute(f"update {table} set {raised}")
        await connection.execute("update number_counter set last = last * $1", copies + 1)
        await connection.execute("vacuum analyze")
    finally:
        await connection.close()
    return time.perf_counter() - began


async def measure(own: int, orders: int, customers: int) -> dict[str, Any]:
    """Both sizes."""
    stack = LocalStack(STATE / "bench-books", services=["ledger"], fresh=True, progress=say)
    await stack.start(start_services=False)
    try:
        process = await stack.start_service("ledger", only="api")  # what it hears comes from here
        desk = Desk(stack, process)
        await desk.found()
        urls = stack.urls["ledger"]
        database = Database(LedgerSettings(database_url=urls.database_url, relay_url=urls.relay_url))
        keeper = Bookkeeper(database)
        for first in range(0, own, BATCH):
            await keeper.bill(first, min(BATCH, own - first), customers)
        await database.close()
        small = await desk.times("C-7")
        filled = await multiply(superuser_url(stack, "ledger"), own, orders)
        large = await desk.times("C-7~3")
        checks = await desk.ask("GET", f"/v1/companies/{COMPANY}/reconciliation/receivables")
        await desk.close()
    finally:
        await stack.stop()
    return {
        "machine": machine(), "load": os.getloadavg(), "own": own, "orders": orders, "customers": customers,
        "filled_s": filled, "small_s": small, "large_s": large, "holds": checks["holds"],
    }  # fmt: skip


def print_table(figures: dict[str, Any]) -> None:
    """What was measured, at both sizes."""
    print(f"{figures['machine']}, load {figures['load']}")
    print(f"{'':45} {figures['own']:>12,} orders {figures['orders']:>12,} orders   (goal {GOAL_S} s)")
    for name, small in figures["small_s"].items():
        large: Sequence[float] = figures["large_s"][name]
        print(f"{name:45} {median(small):>17.3f} s {median(large):>17.3f} s, at most {max(large):.3f} s")
    print(f"receivables agree with their account: {figures['holds']}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.books", description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--own", type=int, default=5_000)
    parser.add_argument("--customers", type=int, default=250)
    told = parser.parse_args()
    figures = asyncio.run(measure(told.own, told.orders, told.customers))
    (STATE / "bench-books.json").write_text(json.dumps(figures, indent=2, default=str))
    print_table(figures)


if __name__ == "__main__":
    main()
