"""The load generator, a process of its own so that its CPU is named apart. Prints one JSON object.

python -m bench.load batches|singles|paced|calm|accept RUN COUNT   environment: LOAD_GATEWAY, LOAD_KEY, LOAD_KAFKA
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from dataclasses import dataclass, field

import uvloop
from aiokafka import AIOKafkaConsumer

from bench.orders import batches, singles
from bench.wire import Connection, Sent, closed_loop, percentile, request_bytes

BATCH = 50
BATCH_CLIENTS = 4
SINGLE_CLIENTS = 64
PACES_PER_S = {"paced": 50.0, "calm": 10.0}
PAPERS_PATIENCE_S = 120.0


def _place() -> tuple[str, int]:
    host, _, port = os.environ["LOAD_GATEWAY"].removeprefix("http://").partition(":")
    return host, int(port)


def _requests(kind: str, run: str, count: int) -> list[bytes]:
    host, port = _place()
    who = {"Authorization": f"Bearer {os.environ['LOAD_KEY']}"}
    if kind == "batches":
        headers = who | {"Content-Type": "application/cloudevents-batch+json"}
        return [request_bytes(f"{host}:{port}", "/v1/events", body, headers) for body in batches(run, count, BATCH)]
    return [
        request_bytes(
            f"{host}:{port}", "/v1/orders", body, who | {"Content-Type": "application/json", "Idempotency-Key": key}
        )
        for key, body in singles(run, count)
    ]


async def flood(kind: str, run: str, count: int) -> dict[str, object]:
    """As fast as the gateway takes it."""
    requests = _requests(kind, run, count)
    cpu = _cpu()
    began_at, began = time.time(), time.perf_counter()
    sent = await closed_loop(*_place(), requests, BATCH_CLIENTS if kind == "batches" else SINGLE_CLIENTS)
    return _told(sent, count, time.perf_counter() - began) | {"began_at": began_at, "cpu_s": _cpu() - cpu}


async def paced(run: str, count: int, pace_per_s: float) -> dict[str, object]:
    """At a fixed rate: from the 202 to the journal entry, as a reader of the topic of entries sees it, and from a paper
    that is on file to one that is stored and linked, as a reader of documents' topic does.
    """
    requests = _requests("singles", run, count)
    posted: dict[str, float] = {}
    accepted: dict[str, float] = {}
    papers = Papers()
    topics = ("ledger.entries", "documents.documents")
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=os.environ["LOAD_KAFKA"], fetch_max_wait_ms=50)
    await consumer.start()
    await consumer.seek_to_end()
    watching = asyncio.create_task(_watch(consumer, posted, papers))
    sent = Sent()
    idle: list[Connection] = []

    async def one(request: bytes) -> None:
        connection = idle.pop() if idle else Connection(*_place())
        began = time.perf_counter()
        status, body = await connection.send(request)
        sent.count(status, time.perf_counter() - began)
        idle.append(connection)
        accepted[json.loads(body)["subject"]] = time.perf_counter()

    start = time.perf_counter()
    tasks = []
    for n, request in enumerate(requests):
        await asyncio.sleep(max(0.0, start + n / pace_per_s - time.perf_counter()))
        tasks.append(asyncio.create_task(one(request)))
    await asyncio.gather(*tasks)
    seconds = time.perf_counter() - start
    complete = asyncio.create_task(_until_complete(accepted, posted))
    await asyncio.wait([complete, watching], timeout=30, return_when=asyncio.FIRST_COMPLETED)
    complete.cancel()
    stored = asyncio.create_task(_until_stored(papers, count))
    await asyncio.wait([stored, watching], timeout=PAPERS_PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    stored.cancel()
    watching.cancel()
    await consumer.stop()
    late = [posted[order] - at for order, at in accepted.items() if order in posted]
    return _told(sent, count, seconds) | {
        "entries": len(late), "to_entry_p50_ms": percentile(late, 0.5) * 1_000,
        "to_entry_p99_ms": percentile(late, 0.99) * 1_000, **papers.told(),
    }  # fmt: skip


@dataclass
class Papers:
    """When invoices were seen to be on file, and when their bytes were."""

    registered: dict[str, float] = field(default_factory=dict)
    stored: dict[str, float] = field(default_factory=dict)

    def see(self, kind: bytes, document: str) -> None:
        """One event of documents."""
        seen = self.registered if kind.startswith(b"DocumentRegistered") else self.stored
        seen.setdefault(document, time.perf_counter())

    def told(self) -> dict[str, object]:
        """How long papers took; those that were on file before are nobody's here."""
        took = [self.stored[one] - at for one, at in self.registered.items() if one in self.stored]
        shares = {f"stored_p{n}_ms": percentile(took, n / 100) * 1_000 if took else None for n in (50, 99)}
        return {"registered": len(self.registered), "stored": len(took), **shares}


async def _until_stored(papers: Papers, count: int) -> None:
    while len(papers.registered) < count or not papers.registered.keys() <= papers.stored.keys():  # noqa: ASYNC110
        await asyncio.sleep(0.05)


async def _until_complete(accepted: dict[str, float], posted: dict[str, float]) -> None:
    while not accepted.keys() <= posted.keys():  # noqa: ASYNC110 - a load generator may look twenty times a second
        await asyncio.sleep(0.05)


async def _watch(consumer: AIOKafkaConsumer, posted: dict[str, float], papers: Papers) -> None:
    async for record in consumer:
        told = json.loads(record.value)
        if record.topic == "documents.documents":
            papers.see(dict(record.headers)["ce_type"], told["document"])
            continue
        order = told["order"]
        if order is not None:
            posted.setdefault(order, time.perf_counter())


def _told(sent: Sent, count: int, seconds: float) -> dict[str, object]:
    return {
        "count": count, "seconds": seconds, "per_s": count / seconds, "statuses": sent.statuses,
        "asked_to_wait": sent.asked_to_wait,
        "p50_ms": percentile(sent.seconds, 0.5) * 1_000, "p99_ms": percentile(sent.seconds, 0.99) * 1_000,
    }  # fmt: skip


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def _main() -> None:
    kind, run, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    pace = PACES_PER_S.get(kind)
    told = await flood(kind, run, count) if pace is None else await paced(run, count, pace)
    print(json.dumps(told))


if __name__ == "__main__":
    uvloop.run(_main())
