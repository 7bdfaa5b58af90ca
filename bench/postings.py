"""`make bench-ledger`: balanced entries through the ledger's own HTTP door on one hot control account, and bare rows.

python -m bench.postings [--entries N] [--rounds N] [--clients N]     writes .run/bench-ledger.json

The yardstick writes the same rows without HTTP, keys, rules, audit and events: one transaction per entry, as many
connections as there are clients. Figures of a machine that does other work at the time are no figures: the load is
printed beside them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from statistics import median
from typing import Any
from uuid import uuid4

import asyncpg
import orjson

from bench.measure import cpu_seconds, difference
from bench.wire import Sent, closed_loop, percentile, request_bytes
from chassis.auth import Caller, InternalSecrets, TokenSigner
from deploy.local.paths import STATE
from deploy.local.stack import LocalStack

COMPANY = "bench"
HOT, OTHERS = "1100", tuple(f"6{n:03}" for n in range(50))
DAY = "2026-11-22"
ENTRY = """
with entry as (insert into journal_entry (company, id, journal, posted_on, document, cause, subledger)
    values ($1, $2, 'general', $3, $2, $2, 'gl'))
insert into journal_line (company, entry, line, account, currency, debit, credit)
values ($1, $2, 1, $4, 'EUR', 100, 0), ($1, $2, 2, $5, 'EUR', 0, 100)
"""
BALANCES = """
insert into account_day as d (company, account, currency, effective_on, recorded_on, debit, credit, base_debit,
    base_credit)
values ($1, $3, 'EUR', $2, $2, 0, 100, 0, 100), ($1, $4, 'EUR', $2, $2, 100, 0, 100, 0)
on conflict (company, account, currency, effective_on, recorded_on) do update set debit = d.debit + excluded.debit,
    credit = d.credit + excluded.credit, base_debit = d.base_debit + excluded.base_debit,
    base_credit = d.base_credit + excluded.base_credit
"""


def say(line: str) -> None:
    """Progress, at once."""
    print(line, file=sys.stderr, flush=True)


class Poster:
    """Who posts: makes requests beforehand, each with a key of its own and a token that is good for a minute."""

    def __init__(self, stack: LocalStack) -> None:
        address = stack.address("ledger")
        self.host, _, port = address.rpartition("//")[2].partition(":")
        self.port = int(port)
        self._signer = TokenSigner(InternalSecrets(stack.folder.internal_secret), time.time)

    def request(self, path: str, body: object) -> bytes:
        """A POST at the company's books."""
        caller = Caller("bench", "bench", None, frozenset({"*"}), frozenset({"ledger:*"}))
        headers = {
            "authorization": f"Bearer {self._signer.sign(caller, 'ledger')}",
            "content-type": "application/json",
            "idempotency-key": str(uuid4()),
        }
        return request_bytes(self.host, path, orjson.dumps(body), headers)

    def entries(self, count: int) -> Iterator[bytes]:
        """Entries that all credit the hot account."""
        for number in range(count):
            sides = {"account": OTHERS[number % len(OTHERS)], "debit": "1.00"}, {"account": HOT, "credit": "1.00"}
            lines = [{"currency": "EUR", **side} for side in sides]
            entry = {"posted_on": DAY, "text": "Bench", "onto_control_accounts": True, "lines": lines}
            yield self.request(f"/v1/companies/{COMPANY}/entries", entry)

    async def post(self, requests: list[bytes], clients: int) -> Sent:
        """Send them."""
        return await closed_loop(self.host, self.port, requests, clients)


async def set_up(caller: Poster) -> None:
    """A company with the accounts."""
    address = {"line1": "1 Port Road", "city": "Athens", "postcode": "10557", "country": "GR"}
    company = {"company": COMPANY, "name": "Bench Ltd", "currency": "EUR", "country": "GR"}
    accounts = [{"code": HOT, "name": "Customers", "kind": "asset", "role": "receivable"}]
    accounts += [{"code": code, "name": "Cost", "kind": "expense"} for code in OTHERS]
    for request in (
        caller.request("/v1/companies", company | {"time_zone": "Europe/Athens", "address": address}),
        caller.request(f"/v1/companies/{COMPANY}/accounts/batch", {"accounts": accounts}),
    ):
        sent = await caller.post([request], 1)
        if set(sent.statuses) != {201}:
            raise SystemExit(f"the company was not set up: {sent.statuses}")


async def through_the_door(stack: LocalStack, caller: Poster, count: int, clients: int) -> dict[str, Any]:
    """Entries per second, latencies, and CPU by process."""
    requests = list(caller.entries(count))
    cpu = cpu_seconds(stack.pids())
    began = time.perf_counter()
    sent = await caller.post(requests, clients)
    took = time.perf_counter() - began
    return {
        "per_s": count / took,
        "p50_ms": percentile(sent.seconds, 0.5) * 1e3,
        "p99_ms": percentile(sent.seconds, 0.99) * 1e3,
        "statuses": {str(status): answers for status, answers in sent.statuses.items()},
        "asked_to_wait": sent.asked_to_wait,
        "cpu_ms_per_entry": {k: v / count * 1e3 for k, v in difference(cpu, cpu_seconds(stack.pids())).items()},
    }


async def bare(url: str, count: int, clients: int) -> float:
    """The same rows by the driver alone: entries per second."""
    numbers = iter(range(count))

    async def client(connection: asyncpg.Connection) -> None:
        day = await connection.fetchval(f"select date '{DAY}'")
        for number in numbers:
            account = OTHERS[number % len(OTHERS)]
            async with connection.transaction():
                await connection.execute("select set_config('app.companies', $1, true)", COMPANY)
                await connection.execute(ENTRY, COMPANY, uuid4(), day, account, HOT)
                await connection.execute(BALANCES, COMPANY, day, HOT, account)

    connections = [await asyncpg.connect(url) for _ in range(clients)]
    began = time.perf_counter()
    await asyncio.gather(*(client(connection) for connection in connections))
    took = time.perf_counter() - began
    for connection in connections:
        await connection.close()
    return count / took


async def bench(count: int, rounds: int, clients: int) -> dict[str, Any]:
    """Both, round by round, and their ratio."""
    async with LocalStack(STATE / "bench-ledger", services=["ledger"], fresh=True, progress=say) as stack:
        caller = Poster(stack)
        await set_up(caller)
        url = stack.urls["ledger"].database_url
        await through_the_door(stack, caller, count // 4, clients)
        door: list[dict[str, Any]] = []
        rows: list[float] = []
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}: bare rows, then the ledger's door")
            rows.append(await bare(url, count, clients))
            door.append(await through_the_door(stack, caller, count, clients))
        return {
            "entries": count,
            "clients": clients,
            "processors": os.cpu_count(),
            "load_average": os.getloadavg()[0],
            "bare_per_s": rows,
            "door": door,
            "ratio": median(d["per_s"] / b for d, b in zip(door, rows, strict=True)),
        }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.postings")
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=32)
    arguments = parser.parse_args()
    figures = asyncio.run(bench(arguments.entries, arguments.rounds, arguments.clients))
    STATE.mkdir(exist_ok=True)
    (STATE / "bench-ledger.json").write_text(json.dumps(figures, indent=2) + "\n")
    middle = sorted(figures["door"], key=lambda one: one["per_s"])[len(figures["door"]) // 2]
    print(f"load average {figures['load_average']:.1f} on {figures['processors']} processors")
    print(f"bare rows        {median(figures['bare_per_s']):8.0f} entries/s")
    latency = f"p50 {middle['p50_ms']:.1f} ms, p99 {middle['p99_ms']:.1f} ms"
    print(f"the ledger's API {middle['per_s']:8.0f} entries/s, {latency}")
    print(f"ratio            {figures['ratio']:8.2f}    answers {middle['statuses']}")


if __name__ == "__main__":
    main()
