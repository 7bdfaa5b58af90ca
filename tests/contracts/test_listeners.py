"""Who listens: what we publish about it is what the services register, and they understand what is published."""

import json
from collections.abc import Mapping
from importlib import import_module

import pytest

from chassis.consumers import Consumers
from contracts import published
from contracts.base import EventView, Uuid
from contracts.gateway import OrderCancelled, OrderPlaced
from contracts.registry import EVENTS, OWNERS

SERVICES = sorted(OWNERS)
EVERY_SERVICE = pytest.mark.parametrize("service", SERVICES)


def registered(service: str) -> list[Consumers]:
    """Everything that listens in a service's Kafka door."""
    door = import_module(f"services.{service}.consumers")
    return [each for each in vars(door).values() if isinstance(each, Consumers)]


def listeners_of(doors: Mapping[str, list[Consumers]]) -> dict[str, list[str]]:
    """The services that handle each event type, in the form of the published file."""
    return {
        event_type: sorted(service for service, doors_ in doors.items() if any(event_type in d.handled for d in doors_))
        for event_type in EVENTS
    }


def test_the_published_table_of_listeners_is_what_the_services_register() -> None:
    found = listeners_of({service: registered(service) for service in SERVICES})

    assert published.listeners() == found, (
        f"write this to contracts/consumers.json, then `make contracts`: {json.dumps(found)}"
    )


def test_a_service_that_listens_in_secret_would_be_found() -> None:
    class OrderId(EventView, of=OrderPlaced):
        order: Uuid

    async def on_order_placed(*_: object) -> None: ...

    secret = Consumers("training")
    secret.on(OrderId)(on_order_placed)
    secret.ignore(OrderCancelled, because="nothing to train")

    found = listeners_of({"training": [secret], "ledger": []})

    assert found["OrderPlaced.v1"] == ["training"]
    assert found["OrderCancelled.v1"] == []


@EVERY_SERVICE
def test_a_service_handles_or_ignores_every_event_on_its_topics(service: str) -> None:
    doors = registered(service)

    assert doors
    assert {door.name: dict(door.unlisted()) for door in doors if door.unlisted()} == {}
    assert all(reason.strip() for door in doors for reason in door.ignored.values())


@EVERY_SERVICE
def test_a_service_gives_no_reason_for_what_it_never_meets(service: str) -> None:
    """What is ignored stands on a topic that is read; otherwise the list says more than the service does."""
    idle = [name for door in registered(service) for name in door.ignored if EVENTS[name].topic not in door.topics]

    assert idle == []


@EVERY_SERVICE
def test_a_service_reads_the_golden_sample_of_every_event_that_it_handles(service: str) -> None:
    for door in registered(service):
        for event_type, registration in door.handled.items():
            registration.view.model_validate_json(published.sample(event_type).body)


@EVERY_SERVICE
def test_a_service_passes_over_fields_that_an_owner_may_add_anywhere(service: str) -> None:
    for door in registered(service):
        for event_type, registration in door.handled.items():
            grown = json.dumps(_grown(published.sample(event_type).data))
            registration.view.model_validate_json(grown)


def _grown(value: object) -> object:
    """The same data with one field more in every object."""
    if isinstance(value, list):
        return [_grown(item) for item in value]
    if isinstance(value, dict):
        return {**{name: _grown(item) for name, item in value.items()}, "added_next_year": "x"}
    return value
