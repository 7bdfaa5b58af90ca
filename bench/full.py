"""Drives full orders through the real system: a front office, a warehouse, and whoever pays. Prints one JSON object.

Orders in batches; what is reserved is picked, packed and sent off, up to a hundred in a call; what is invoiced is paid,
in batches. An order is through when its invoice is paid and on file and the cost of its goods is booked, as a reader of
the topics sees it.

python -m bench.full full RUN COUNT     environment as for `bench.load`
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer

from bench.orders import COMPANY, batches, cloud_events, payment
from bench.wire import Connection, Sent, patiently, request_bytes

TOPICS = ("inventory.reservations", "inventory.shipments", "ledger.invoices", "ledger.entries", "documents.documents")
BATCH, SHIPMENTS = 50, 100
CLERKS, PAYERS, SENDERS = 3, 2, 2
GATHER_S = 0.05
"""How long a clerk waits for more to do together, as one who fetches a list of orders now and then."""
STALLED_S = 90.0
WANTED = ("OrderReserved", "GoodsCosted", "Invoiced", "OnFile", "Paid")
INVENTORY = f"/inventory/v1/companies/{COMPANY}"
Event = Mapping[str, Any]


@dataclass
class House:
    """What the topics have told of this run's orders, and what is to be done for them."""

    run: str
    count: int
    to_ship: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    to_pay: asyncio.Queue[Event] = field(default_factory=asyncio.Queue)
    seen: Counter[str] = field(default_factory=Counter)
    mine: set[str] = field(default_factory=set)
    sent: Sent = field(default_factory=Sent)

    def hear(self, kind: str, data: Event) -> None:
        """One event."""
        if kind == "StockReserved.v1":
            self.mine.add(data["order"])
            self.seen["OrderReserved"] += 1
            self.to_ship.put_nowait(data["order"])
        elif data.get("order") not in self.mine and kind != "EntryPosted.v1":
            return
        elif kind == "InvoiceIssued.v1":
            self.seen["Invoiced"] += 1
            self.to_pay.put_nowait(data)
        elif kind == "InvoicePaid.v1":
            self.seen["Paid"] += 1
        elif kind == "DocumentRegistered.v1":
            self.seen["OnFile"] += 1
        elif kind == "EntryPosted.v1" and data["journal"] == "stock":
            self.seen["GoodsCosted"] += 1

    def is_done(self) -> bool:
        """Every order is all the way through."""
        return all(self.seen[what] >= self.count for what in WANTED)


async def listen(consumer: AIOKafkaConsumer, house: House) -> None:
    """Until it is cancelled."""
    async for record in consumer:
        house.hear(dict(record.headers)["ce_type"].decode(), json.loads(record.value))


async def several(queue: asyncio.Queue[Any], most: int) -> list[Any]:
    """What there is to do: at least one thing, and what has come meanwhile."""
    found = [await queue.get()]
    await asyncio.sleep(GATHER_S)
    while len(found) < most and not queue.empty():
        found.append(queue.get_nowait())
    return found


class Caller:
    """One connection to the gateway."""

    def __init__(self, house: House) -> None:
        self._host, _, port = os.environ["LOAD_GATEWAY"].removeprefix("http://").partition(":")
        self._port = int(port)
        self._connection = Connection(self._host, self._port)
        self._house = house

    async def post(self, path: str, body: bytes, key: str | None) -> Any:
        """Ask for something. Raises SystemExit when it is refused: a bench of refusals means nothing."""
        headers = {"Authorization": f"Bearer {os.environ['LOAD_KEY']}"}
        if key is None:
            headers["Content-Type"] = "application/cloudevents-batch+json"
        else:
            headers |= {"Content-Type": "application/json", "Idempotency-Key": key}
        request = request_bytes(f"{self._host}:{self._port}", path, body, headers)
        status, answer = await patiently(self._connection, request, self._house.sent)
        if status not in (200, 201, 202):
            raise SystemExit(f"{path}: {status} {answer[:500].decode()}")
        return json.loads(answer)


async def send(house: House, work: asyncio.Queue[bytes]) -> None:
    """A front office with its batches of orders."""
    caller = Caller(house)
    while not work.empty():
        await caller.post("/v1/events", work.get_nowait(), None)


async def ship(house: House) -> None:
    """A clerk: pick, pack, send off."""
    caller = Caller(house)
    while True:
        orders = await several(house.to_ship, SHIPMENTS)
        key = f"{house.run}-{orders[0]}"

        async def ask(what: str, body: object, key: str = key) -> Any:
            return await caller.post(f"{INVENTORY}/{what}", json.dumps(body).encode(), f"{what}-{key}")

        picked = await ask("picks", {"picks": [{"order": order} for order in orders]})
        shipments = [one["shipment"] for one in picked["shipments"]]
        await ask("packs", {"packs": [{"shipment": one, "packages": 1} for one in shipments]})
        await ask("dispatches", {"shipments": [{"shipment": one} for one in shipments]})


async def pay(house: House) -> None:
    """A bank that pays what was invoiced."""
    caller = Caller(house)
    while True:
        invoices = await several(house.to_pay, BATCH)
        told = [(f"{house.run}-{one['invoice']}", payment(f"P-{one['invoice']}", one)) for one in invoices]
        await caller.post("/v1/events", cloud_events("PaymentReceived.v1", told), None)


async def _watch(house: House) -> None:
    """Until all is through. Raises SystemExit when nothing moves any more."""
    moved, seen = time.monotonic(), 0
    while not house.is_done():
        await asyncio.sleep(0.05)
        if (now := house.seen.total()) != seen:
            moved, seen = time.monotonic(), now
        if time.monotonic() - moved > STALLED_S:
            raise SystemExit(f"full orders stand still: {dict(house.seen)} of {house.count}")


async def drive(run: str, count: int) -> dict[str, object]:
    """All of it, as fast as it goes."""
    work: asyncio.Queue[bytes] = asyncio.Queue()
    for batch in batches(run, count, BATCH, invoice_on="dispatch"):
        work.put_nowait(batch)
    house = House(run, count)
    consumer = AIOKafkaConsumer(*TOPICS, bootstrap_servers=os.environ["LOAD_KAFKA"], fetch_max_wait_ms=50)
    await consumer.start()
    await consumer.seek_to_end()
    cpu, began_at, began = _cpu(), time.time(), time.perf_counter()
    roles: list[tuple[int, Callable[[], Any]]] = [
        (SENDERS, lambda: send(house, work)), (CLERKS, lambda: ship(house)), (PAYERS, lambda: pay(house)),
        (1, lambda: listen(consumer, house)),
    ]  # fmt: skip
    tasks = [asyncio.create_task(start()) for number, start in roles for _ in range(number)]
    watching = asyncio.create_task(_watch(house))
    pending: set[asyncio.Task[Any]] = {*tasks, watching}
    while not watching.done():
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    seconds = time.perf_counter() - began
    for task in tasks:
        task.cancel()
    await consumer.stop()
    return {
        "count": count, "seconds": seconds, "per_s": count / seconds, "began_at": began_at, "cpu_s": _cpu() - cpu,
        "statuses": house.sent.statuses, "asked_to_wait": house.sent.asked_to_wait, "seen": dict(house.seen),
    }  # fmt: skip


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    print(json.dumps(uvloop.run(drive(sys.argv[2], int(sys.argv[3])))))
