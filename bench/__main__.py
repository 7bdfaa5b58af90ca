"""`make bench`: the bare pipeline and the real system on the same servers, interleaved; prints both and their ratio.

python -m bench [--orders N] [--full-orders N] [--rounds N]     writes .run/bench.json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import asyncpg

from bench.measure import cpu_seconds, difference, memory_mebibytes
from bench.orders import COMPANY, ITEMS
from bench.report import print_report
from deploy.local.demo.day import accepted, until_known
from deploy.local.demo.front_office import FrontOffice, stable_key
from deploy.local.paths import STATE
from deploy.local.ports import Ports
from deploy.local.stack import LocalStack

FLOOR_ROLES = ("gateway", "inventory", "ledger", "documents")
DOCUMENTED = "select count(*) from order_summary where company = $1 and placed_at = $2 and facts & 16 <> 0"
"""Each run's orders bear a time of their own, so that counting them is a look at an index."""
STALLED_S = 60.0
ACCOUNTS = (
    ("1100", "Receivables", "asset", "receivable"), ("1000", "Bank", "asset", "bank"),
    ("2300", "Unapplied cash", "liability", "unapplied_cash"), ("2200", "Tax to pay", "liability", None),
    ("4000", "Sales", "income", "sales"), ("1500", "Goods", "asset", "inventory"),
    ("2400", "Goods received, not invoiced", "liability", "goods_received"),
    ("5000", "Cost of goods sold", "expense", "cost_of_goods"),
)  # fmt: skip


class BenchFailed(Exception):
    """A measurement that means nothing; the text says why."""


def say(line: str) -> None:
    """Progress, at once."""
    print(line, file=sys.stderr, flush=True)


async def bench(orders: int, rounds: int, full_orders: int, *, flow_only: bool = False) -> dict[str, Any]:
    """All measurements, or those of the flow alone."""
    async with LocalStack(STATE / "bench", fresh=True, progress=say) as stack:
        setting = await _set_up(stack)
        figures: dict[str, Any] = {}
        if not flow_only:
            say("from 202 to journal entry, at 50 orders a second, with papers as they come")
            await _load(stack, setting, "paced", f"w{int(time.time())}", 300)
            figures["paced"] = await _load(stack, setting, "paced", f"p{int(time.time())}", 1_000)
            say("the same at 10 orders a second, which a renderer keeps up with")
            figures["calm"] = await _load(stack, setting, "calm", f"c{int(time.time())}", 300)
        full: dict[str, list[dict[str, Any]]] = {"floor": [], "real": []}
        floors: list[dict[str, Any]] = []
        batched: list[dict[str, Any]] = []
        single: list[dict[str, Any]] = []
        await stack.stop_service("documents")
        papers_apart = await stack.start_service("documents", only="api,consumers,relay")
        await _real(stack, setting, "batches", orders // 4, "warm")
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}: bare pipeline, batches, single requests")
            floors.append(await _floor(stack, orders))
            batched.append(await _real(stack, setting, "batches", orders, f"b{number}"))
            single.append(await _real(stack, setting, "singles", orders, f"s{number}"))
        await _full(stack, setting, full_orders // 4, "fw")
        for number in range(rounds):
            say(f"round {number + 1} of {rounds} of full orders: bare pipeline, real")
            full["floor"].append(await _floor(stack, full_orders, "bench.floor_full"))
            full["real"].append(await _full(stack, setting, full_orders, f"f{number}"))
        figures |= {
            "machine": machine(), "orders": orders, "floor": floors, "batches": batched, "singles": single,
            "full": full | {"orders": full_orders},
            "ratios": {
                "full": median(r["per_s"] / f["per_s"] for r, f in zip(full["real"], full["floor"], strict=True)),
                "batches": median(r["per_s"] / f["per_s"] for r, f in zip(batched, floors, strict=True)),
                "singles": median(r["per_s"] / f["per_s"] for r, f in zip(single, floors, strict=True)),
            },
            "memory_mib": memory_mebibytes(stack.pids()),
        }  # fmt: skip
        if not flow_only:
            await stack.stop_service(papers_apart)
            await stack.restart("documents")
            say("batches while papers are rendered too")
            figures["with_papers"] = await _real(stack, setting, "batches", orders, "w")
            say("accepting alone, against a bare handler and insert")
            figures["accept"] = await _accept(stack, setting, orders)
            say("papers alone")
            figures["papers"] = await _papers()
        return figures


def machine() -> dict[str, object]:
    """What it ran on."""
    with open("/proc/cpuinfo") as file:
        model = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "unknown")
    return {"cpu": model, "cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


async def _set_up(stack: LocalStack) -> Mapping[str, str]:
    """A company with a thousand items in plenty, and a key for the load."""
    admin_key = await stack.admin_key()
    admin = FrontOffice(stack.address("gateway"), admin_key)
    address = {"line1": "1 Port Road", "city": "Athens", "postcode": "10557", "country": "GR"}
    company = {"company": COMPANY, "name": "Bench Ltd", "currency": "EUR", "country": "GR"}
    body = company | {"time_zone": "Europe/Athens", "address": address}
    await accepted(admin.post("/ledger/v1/companies", body, key=stable_key("company")))
    at = f"/ledger/v1/companies/{COMPANY}"
    accounts = [{"code": c, "name": n, "kind": k, "role": r} for c, n, k, r in ACCOUNTS]
    await accepted(admin.post(f"{at}/accounts/batch", {"accounts": accounts}, key=stable_key("accounts")))
    codes = [{"code": "S10", "name": "Tax 10 %", "rate": "0.10", "account": "2200"}]
    await accepted(admin.post(f"{at}/tax-codes/batch", {"tax_codes": codes}, key=stable_key("taxes")))
    stock = f"/inventory/v1/companies/{COMPANY}"
    await until_known(admin, f"{stock}/items")
    for start in range(1, ITEMS + 1, 250):
        numbers = range(start, start + 250)
        items = [{"sku": f"P{n}", "name": f"Product {n}", "valuation": "moving-average"} for n in numbers]
        await accepted(admin.post(f"{stock}/items/batch", {"items": items}, key=stable_key("items", start)))
        lines = [{"item": f"P{n}", "quantity": "100000000", "unit_cost": "4.00"} for n in numbers]
        receipt = {"reference": f"opening-{start}", "received_on": "2026-11-19", "lines": lines}
        await accepted(admin.post(f"{stock}/receipts", receipt, key=stable_key("receipt", start)))
    await until_known(admin, f"/documents/v1/companies/{COMPANY}/documents")
    await admin.close()
    told = await stack.run_command(
        "gateway", "keys", "create", "--client", "load", "--source", "/bench/load", "--companies", COMPANY,
        "--scopes", "orders:write,orders:read,payments:write,inventory:write", "--json",
    )  # fmt: skip
    return {"key": json.loads(told)["key"]}


# -- runs --------------------------------------------------------------------------------------------------------------


async def _full(stack: LocalStack, setting: Mapping[str, str], orders: int, run: str) -> dict[str, Any]:
    """The real system: from the first order to the last that is shipped, costed, invoiced, on file and paid."""
    before = cpu_seconds(stack.pids())
    load = await _load(stack, setting, "full", f"{run}-{int(time.time())}", orders, module="bench.full")
    used = difference(before, cpu_seconds(stack.pids()))
    cpu = {name: value / orders * 1e6 for name, value in used.items()} | {"load": load["cpu_s"] / orders * 1e6}
    say(f"  real: {load['per_s']:.0f} full orders/s")
    return {"per_s": load["per_s"], "seconds": load["seconds"], "cpu_us": cpu, "load": load}


async def _floor(stack: LocalStack, orders: int, module: str = "bench.floor") -> dict[str, Any]:
    """The bare pipeline on the stack's own servers, while the services rest."""
    dsns = {f"FLOOR_DSN_{r.upper()}": stack.file.content["postgres"][r]["superuser_url"] for r in FLOOR_ROLES}
    environment = os.environ | dsns | {"KAFKA": stack.kafka_bootstrap, "PIDS": str(stack.pid("kafka"))}
    before = cpu_seconds(stack.pids())
    lines = (await _run(environment, module, str(orders))).splitlines()
    used = difference(before, cpu_seconds(stack.pids()))
    told = [json.loads(line) for line in lines]
    result = next(line for line in told if "orders_s_to_document_status" in line)
    python = {line["role"]: line["cpu_s"] / orders * 1e6 for line in told if "role" in line}
    servers = {name: seconds / orders * 1e6 for name, seconds in used.items() if _is_server(name)}
    say(f"  bare pipeline: {result['orders_s_to_document_status']} orders/s")
    return {"per_s": result["orders_s_to_document_status"], "cpu_us": python | servers, "idle": result["idle_share"]}


async def _real(stack: LocalStack, setting: Mapping[str, str], kind: str, orders: int, run: str) -> dict[str, Any]:
    """The real system: from the first request to the last DocumentRegistered in the timelines."""
    run = f"{run}-{int(time.time())}"
    watch = await asyncpg.connect(superuser_url(stack, "gateway"))
    placed_at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    before = cpu_seconds(stack.pids())
    load, done_at = await asyncio.gather(
        _load(stack, setting, kind, run, orders, placed_at=placed_at), _until_documented(watch, placed_at, orders)
    )
    used = difference(before, cpu_seconds(stack.pids()))
    await watch.close()
    seconds = done_at - load["began_at"]
    cpu = {name: value / orders * 1e6 for name, value in used.items()} | {"load": load["cpu_s"] / orders * 1e6}
    waits = f", asked to wait {load['asked_to_wait']} times" if load["asked_to_wait"] else ""
    say(f"  {kind}: {orders / seconds:.0f} orders/s (accepted at {load['per_s']:.0f}/s{waits})")
    return {"per_s": orders / seconds, "seconds": seconds, "cpu_us": cpu, "load": load}


async def _until_documented(watch: asyncpg.Connection, placed_at: datetime, orders: int) -> float:
    seen, moved = 0, time.time()
    while True:
        now = await watch.fetchval(DOCUMENTED, COMPANY, placed_at)
        if now >= orders:
            return time.time()
        if now > seen:
            seen, moved = now, time.time()
        if time.time() - moved > STALLED_S:
            raise BenchFailed(f"the flow stands still: {seen} of {orders} orders have their document")
        await asyncio.sleep(0.25)


async def _accept(stack: LocalStack, setting: Mapping[str, str], orders: int) -> dict[str, Any]:
    """The gateway's door alone (no relay, no consumers), and a bare handler with one insert, on the same server."""
    for service in stack.services:
        await stack.stop_service(service)
    door = await stack.start_service("gateway", only="api")
    before = cpu_seconds(stack.pids())
    real = await _load(stack, setting, "accept", f"a{int(time.time())}", orders, address=stack.address(door))
    used = difference(before, cpu_seconds(stack.pids()))
    await stack.stop_service(door)
    port = Ports().take()
    environment = os.environ | {"BARE_DSN": superuser_url(stack, "gateway")}
    bare_process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.bare_accept", str(port), env=environment
    )
    try:
        await _until_open(port)
        before = cpu_seconds({"bare": bare_process.pid})
        bare = await _load(stack, setting, "accept", "bare", orders, address=f"http://127.0.0.1:{port}")
        bare["server_us"] = difference(before, cpu_seconds({"bare": bare_process.pid}))["bare"] / orders * 1e6
    finally:
        bare_process.terminate()
        await bare_process.wait()
    real["server_us"] = used[door] / orders * 1e6
    return {"gateway": real, "bare": bare, "ratio": real["per_s"] / bare["per_s"]}


async def _papers() -> dict[str, Any]:
    lines = await _run(dict(os.environ), "services.documents.bench_rendering", "600")
    told: dict[str, Any] = json.loads(lines.splitlines()[-1])
    return told


async def _load(
    stack: LocalStack,
    setting: Mapping[str, str],
    kind: str,
    run: str,
    orders: int,
    *,
    address: str | None = None,
    placed_at: datetime | None = None,
    module: str = "bench.load",
) -> dict[str, Any]:
    environment = os.environ | {
        "LOAD_GATEWAY": address or stack.address("gateway"), "LOAD_KEY": setting["key"],
        "LOAD_KAFKA": stack.kafka_bootstrap, "LOAD_PLACED_AT": (placed_at or datetime.now(UTC)).strftime("%FT%TZ"),
    }  # fmt: skip
    told: dict[str, Any] = json.loads(await _run(environment, module, kind, run, str(orders)))
    refused = {status: count for status, count in told["statuses"].items() if status not in ("200", "201", "202")}
    if refused:
        raise BenchFailed(f"the gateway refused load: {refused}")
    return told


async def _run(environment: Mapping[str, str], module: str, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, env=dict(environment), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode != 0:
        raise BenchFailed(f"{module} ended with {process.returncode}")
    return output.decode()


async def _until_open(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


def superuser_url(stack: LocalStack, service: str) -> str:
    """Past row-level security: a bench looks at all rows."""
    url = str(stack.file.content["postgres"][service]["superuser_url"])
    return f"{url.rpartition('/')[0]}/{service}"


def _is_server(name: str) -> bool:
    return name.startswith(("kafka", "postgres"))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--orders", type=int, default=12_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--full-orders", type=int, default=4_000, help="orders a round that go all the way to the bank")
    parser.add_argument("--flow-only", action="store_true", help="leave out latency, accepting and papers")
    arguments = parser.parse_args()
    figures = asyncio.run(
        bench(arguments.orders, arguments.rounds, arguments.full_orders, flow_only=arguments.flow_only)
    )
    STATE.mkdir(exist_ok=True)
    (STATE / "bench.json").write_text(json.dumps(figures, indent=2) + "\n")
    print_report(figures)


if __name__ == "__main__":
    main()
