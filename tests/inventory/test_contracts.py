"""Inventory speaks and understands the published language as the committed files have it."""

from __future__ import annotations

import orjson

from contracts import published
from contracts.gateway import OrderPlaced
from contracts.ledger import CompanyRegistered, CreditCheckRequired
from services.inventory import handlers
from services.inventory.commands import DefineItems
from services.inventory.consumers import consumers
from services.inventory.domain.items import ItemTerms
from tests.inventory.conftest import MakeRoom
from tests.inventory.room import StockRoom, cause
from tests.support.department import Event, Told, event, sample_event


def test_every_type_on_a_subscribed_topic_is_handled_or_ignored_for_a_reason() -> None:
    assert consumers.unlisted() == {}
    assert consumers.topics == ("ledger.companies", "ledger.credits", "ledger.refusals", "ledger.stock", "sales.orders")


async def test_the_golden_samples_are_understood(make_room: MakeRoom) -> None:
    room = make_room()
    await room.hear(sample_event("CompanyRegistered.v1"))
    for kind in consumers.handled:
        if kind not in ("CompanyRegistered.v1", "CreditCheckRequired.v1"):
            sample = sample_event(kind)
            first = [_without_its_first(sample)] if sample.sequence == 2 else []
            await room.hear(*first, sample)
    await room.hear(event(CreditCheckRequired, "aegean", published.sample("CreditCheckRequired.v1").data, sequence=2))
    assert [reason for reason, _ in await room.held()] == ["waiting"], "only the refused invoice, for its order"
    assert set((await room.states()).values()) == {"refused"}


async def test_inventory_emits_the_golden_samples(make_room: MakeRoom) -> None:
    room = make_room()
    await room.hear(sample_event("CompanyRegistered.v1"))
    defined = published.sample("ItemDefined.v1").data
    terms = [
        ItemTerms(defined["sku"], defined["name"], defined["unit"]),
        ItemTerms("BEANS-KG", "Καφές σε κόκκους, χύμα (kg)", "pcs"),
    ]
    await room.ask(handlers.define_items, DefineItems(cause("aegean"), terms))
    await receive(room, "40", "MAIN")
    received = published.sample("StockReceived.v1").data
    await room.places(received["warehouse"], company="aegean")
    await receive(room, "40", received["warehouse"])
    await receive(room, received["quantity"], received["warehouse"])
    await room.receive([("BEANS-KG", "99")], company="aegean")
    await room.hear(sample_event("OrderPlaced.v1"))
    released = published.sample("ReservationReleased.v1").data
    ordered = [line | {"unit_price": "1", "tax_code": "VAT24", "description": "-"} for line in released["lines"]]
    placed = published.sample("OrderPlaced.v1").data | {"order": released["order"], "lines": ordered}
    await room.hear(event(OrderPlaced, "aegean", placed))
    await room.hear(sample_event("OrderCancelled.v1"))
    too_many = [ordered[0] | {"quantity": "1000"}]
    refused = placed | {"order": published.sample("ReservationRefused.v1").data["order"], "lines": too_many}
    await room.hear(event(OrderPlaced, "aegean", refused))
    told = await room.told()
    for kind in ("ItemDefined", "StockReceived", "StockReserved", "ReservationReleased", "ReservationRefused"):
        assert_like_the_sample(kind, [t for t in told if t.type == kind])


def assert_like_the_sample(kind: str, told: list[Told]) -> None:
    """One of them says what the sample says, ids and the sentence for people apart."""
    sample = published.sample(f"{kind}.v1").data
    own = {"item", "receipt", "reservation", "detail", "shortages"} if kind != "StockReserved" else {"reservation"}
    assert told
    assert all(t.data.keys() == sample.keys() for t in told)
    expected = {name: value for name, value in sample.items() if name not in own}
    assert expected in [{name: value for name, value in t.data.items() if name not in own} for t in told]


async def receive(room: StockRoom, quantity: str, warehouse: str) -> None:
    await room.receive([("FILTER-250", quantity)], company="aegean", warehouse=warehouse)


async def test_fields_that_the_owners_add_later_do_no_harm(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    data = published.sample("OrderPlaced.v1").data
    line = data["lines"][0] | {"item": "BEANS", "quantity": "1", "colour": "green"}
    added = orjson.dumps({"order": data["order"], "priority": 1, "lines": [line]})
    sample = sample_event("OrderPlaced.v1")
    headers = tuple((n, b"acme" if n == "ce_company" else v) for n, v in sample.headers)
    await room.hear(Event("acme", sample.topic, sample.key, 1, headers, added))
    assert await room.stock("BEANS") == ("10", "1")


async def test_orders_of_a_company_that_is_not_known_yet_wait_for_it(make_room: MakeRoom) -> None:
    room = make_room()
    await room.hear(sample_event("OrderPlaced.v1"))
    assert await room.held() == [("waiting", "company aegean is not known here")]
    company = published.sample("CompanyRegistered.v1").data
    await room.hear(event(CompanyRegistered, "aegean", company))
    await room.try_held()
    assert [t.data["code"] for t in await room.told("ReservationRefused")] == ["item-unknown"]


def _without_its_first(sample: Event) -> Event:
    """The event that came before a sample on its key: the order that it cancels."""
    data = published.sample("OrderPlaced.v1").data | {"order": sample.key}
    return event(OrderPlaced, sample.company, data, sequence=1)
