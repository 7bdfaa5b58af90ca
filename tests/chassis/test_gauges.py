"""What a service says of its outbox and of what it holds, measured from its database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from chassis.service import Service
from contracts.gateway import OrderPlaced
from tests.chassis.conftest import MakeToy
from tests.chassis.toy import Toy, cause, order_data, order_id


@pytest_asyncio.fixture
async def measuring(make_toy: MakeToy) -> AsyncIterator[tuple[Toy, Service]]:
    """A toy, and the service on its database that measures; what is held for ten minutes is too long."""
    toy = make_toy(held_alarm_s=600.0)
    await toy.knows("acme")
    service = Service(toy.settings)
    service._operator = await service.open_operator()
    yield toy, service
    await service._operator.close()
    await service.database.close()


async def shown(service: Service, name: str, **labels: str) -> float | None:
    """A gauge after one look at the database."""
    await service._measure_once()
    about = {"service": "gateway", "replica": "0"}
    return service.metrics.registry.get_sample_value(f"backbone_{name}", {**about, **labels})


async def test_the_outbox_says_how_much_is_unsent_and_how_old_the_oldest_of_it_is(
    measuring: tuple[Toy, Service],
) -> None:
    """G15: the lag of the relay, from what is unsent alone; 0 when all is sent."""
    toy, service = measuring
    assert await shown(service, "outbox_unsent_events") == 0
    async with toy.database.unit(["acme"]) as unit:
        unit.now = cause().at
        for name in ("a", "b", "c"):
            unit.emit(OrderPlaced, order_id(name), order_data(order_id(name)), cause())
    await toy.rows("update outbox set at = now() - interval '90 seconds' where id = (select min(id) from outbox)")

    assert await shown(service, "outbox_unsent_events") == 3
    assert 90 <= (await shown(service, "outbox_oldest_seconds") or 0) < 150
    await toy.rows("delete from outbox_unsent where id = (select min(id) from outbox_unsent)")
    assert await shown(service, "outbox_unsent_events") == 2
    assert (await shown(service, "outbox_oldest_seconds") or 0) < 60, "the oldest was sent"
    await toy.rows("delete from outbox_unsent")
    assert await shown(service, "outbox_oldest_seconds") == 0


async def test_what_is_held_too_long_raises_an_alarm_until_it_is_settled(measuring: tuple[Toy, Service]) -> None:
    """G10: age alarm, whatever it waits for; and one for what a person must decide."""
    toy, service = measuring
    held = """insert into held (company, consumer, topic, key, sequence, partition, event_id, headers, body, reason,
        hash, at, next_at) values ('acme', 'toy', 'sales.orders', 'k', 2, 0, gen_random_uuid(), '[]', '{}', 'gap', '',
        now() - make_interval(secs => $1), now())"""
    await toy.rows(held, 500)
    assert await shown(service, "alarm", kind="held-too-long") == 0
    assert await shown(service, "held_events", reason="gap") == 1

    await toy.rows("update held set at = at - interval '200 seconds'")
    assert await shown(service, "alarm", kind="held-too-long") == 1
    assert await shown(service, "alarm", kind="held-for-a-person") == 0
    await toy.rows("update held set next_at = 'infinity'")
    assert await shown(service, "alarm", kind="held-for-a-person") == 1
    await toy.rows("delete from held")
    assert await shown(service, "alarm", kind="held-too-long") == 0
    assert await shown(service, "held_events", reason="gap") == 0
