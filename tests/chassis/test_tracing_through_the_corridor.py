"""A trace that began at a front office goes on through the outbox of each department."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis import telemetry
from chassis.consumers import Received
from chassis.database import UnitOfWork
from chassis.errors import Outcomes
from contracts.gateway import OrderPlaced
from tests.chassis.toy import OrderSeen, Toy, order_data, order_id, record

KEY = order_id("traced")
TRACE = "0af7651916cd43dd8448eb211c80319c"


async def answer(events: Sequence[Received[Any]], unit: UnitOfWork) -> Outcomes:
    """Emit something for each order."""
    for event in events:
        unit.emit(OrderPlaced, event.key, order_data(event.key), event.cause)
    return None


@pytest.mark.parametrize(("flags", "spans"), [("01", 2), ("00", 0)])
async def test_what_follows_from_a_sampled_event_belongs_to_its_trace(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, flags: str, spans: int
) -> None:
    # Given tracing with an exporter, and a toy that answers each order
    exporter = InMemorySpanExporter()
    tracing = telemetry.Tracing("toy", exporter=exporter)
    monkeypatch.setattr(telemetry, "_tracing", tracing)
    toy.consumers.handled.pop("OrderPlaced.v1")
    toy.consumers.on(OrderSeen)(answer)
    incoming = f"00-{TRACE}-b7ad6b7169203331-{flags}"
    arriving = record(KEY, 1, 0)
    headers = [*arriving.headers, ("ce_traceparent", incoming.encode())]
    # When the order goes through the corridor
    await toy.corridor.take([record(KEY, 1, 0, headers=headers)])
    tracing.close()
    # Then the emitted event carries the same trace, under a span of its own when it is sampled
    ((stored,),) = await toy.rows("select headers from outbox")
    emitted = dict(orjson.loads(stored))["ce_traceparent"]
    assert emitted.split("-")[1] == TRACE
    assert (emitted == incoming) is (flags == "00")
    assert len(exporter.get_finished_spans()) == spans
