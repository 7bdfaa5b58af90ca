"""What a service listens to: everything on its topics is handled, or ignored for a reason that a person can judge."""

from __future__ import annotations

from importlib import import_module

import pytest

from chassis.consumers import Consumers
from contracts.base import EventView, Uuid
from contracts.gateway import OrderCancelled, OrderPlaced
from tests.architecture.house import ROOT

SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/consumers.py"))
REASON_WORDS_MIN = 4


def faults(consumers: Consumers) -> list[str]:
    """Types that would be held, and reasons that are none."""
    held = [f"{name} on {topic} would be held" for name, topic in consumers.unlisted().items()]
    unsaid = [name for name, reason in consumers.ignored.items() if len(reason.split()) < REASON_WORDS_MIN]
    return sorted(held + [f"{name} is ignored without a reason" for name in unsaid])


@pytest.mark.parametrize("service", SERVICES)
def test_every_event_on_a_topic_that_is_read_is_handled_or_ignored_for_a_reason(service: str) -> None:
    door = import_module(f"services.{service}.consumers")
    doors = [each for each in vars(door).values() if isinstance(each, Consumers)]

    assert doors, f"{service} has a Kafka door without consumers"
    assert {consumers.name: faults(consumers) for consumers in doors if faults(consumers)} == {}
    assert service in {consumers.name for consumers in doors}


def test_a_planted_omission_is_found() -> None:
    class OrderId(EventView, of=OrderPlaced):
        order: Uuid

    async def on_order_placed(*_: object) -> None: ...

    consumers = Consumers("planted")
    consumers.on(OrderId)(on_order_placed)

    assert faults(consumers) == [
        "OrderCancelled.v1 on sales.orders would be held",
        "OrderChanged.v1 on sales.orders would be held",
    ]


def test_a_planted_reason_that_says_nothing_is_found() -> None:
    consumers = Consumers("planted")
    consumers.ignore(OrderCancelled, because="not needed")

    assert faults(consumers) == ["OrderCancelled.v1 is ignored without a reason"]
