"""Orders are changed: at both doors, in their order, and in the timelines."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import httpx
import pytest

from contracts import published
from contracts.documents import DocumentRegistered
from contracts.gateway import OrderCancelled, OrderChanged, OrderPlaced
from contracts.inventory import CancellationRefused, OrderChangeRefused, ReservationReleased, StockReserved
from contracts.ledger import CreditApproved, CreditHeld, CreditNoteIssued, InvoiceIssued
from tests.gateway.front import BATCHED, ORDER, FrontOffice, Gateway, cloud_event, pointers
from tests.support.department import Event, event

LINES = [ORDER["lines"][0] | {"quantity": "4"}]
CHANGE: dict[str, Any] = {"revision": 2, "changed_at": "2026-11-21T10:00:00Z", "lines": LINES}


def change_event(revision: int, identity: str | None = None) -> dict[str, Any]:
    """A CloudEvent that gives WEB-1 its next revision."""
    data = CHANGE | {"reference": "WEB-1", "revision": revision}
    return cloud_event(data, "OrderChanged.v1", id=identity or f"change-{revision}")


async def sequences(gateway: Gateway) -> list[tuple[str, int]]:
    """What stands in the outbox of orders: type and sequence."""
    return [(told.type, told.sequence) for told in await gateway.told()]


async def test_an_order_is_changed_by_our_id_or_by_its_reference(gateway: Gateway, office: FrontOffice) -> None:
    """G1: the typed route and the CloudEvents door make the same event of the whole new set of lines."""
    order = (await office.post("/v1/orders", ORDER)).json()["subject"]

    by_id = await office.post(f"/v1/orders/{order}/changes", CHANGE)
    by_reference = await office.post("/v1/orders/WEB-1/changes", CHANGE | {"revision": 3, "reason": "one more"})

    assert (by_id.status_code, by_reference.status_code) == (202, 202), by_id.text
    assert {answer.json()["subject"] for answer in (by_id, by_reference)} == {order}
    told = [told.data for told in await gateway.told("OrderChanged")]
    assert [(data["revision"], data["reason"], data["lines"]) for data in told] == [
        (2, "", LINES),
        (3, "one more", LINES),
    ]
    assert [sequence for _, sequence in await sequences(gateway)] == [1, 2, 3]


async def test_events_change_an_order_in_the_order_of_its_revisions(gateway: Gateway, office: FrontOffice) -> None:
    """G5: order and changes keep their order; a revision out of turn is refused, a repeat answered again."""
    await office.send(cloud_event(source="/sales/webshop"))

    answers = (await office.send([change_event(2), change_event(4), change_event(3), change_event(2)], BATCHED)).json()

    assert [answer["status"] for answer in answers] == [202, 409, 202, 202]
    assert answers[1]["problem"]["type"] == "/problems/revision-not-next"
    assert answers[0]["request_id"] == answers[3]["request_id"]
    assert await sequences(gateway) == [("OrderPlaced", 1), ("OrderChanged", 2), ("OrderChanged", 3)]


async def test_two_people_who_change_the_same_revision_are_told_apart(office: FrontOffice) -> None:
    await office.send(cloud_event())
    first = (await office.send(change_event(2, "mine"))).json()

    second = await office.send(change_event(2, "yours"))

    assert second.status_code == 409
    problem = second.json()
    assert (problem["type"], problem["revision"]) == ("/problems/revision-not-next", 2)
    assert problem["request_id"] == first["request_id"]
    assert pointers(problem) == [("/data/revision", "revision-not-next")]


async def test_what_cannot_be_changed_says_why(office: FrontOffice) -> None:
    assert (await office.send(change_event(2))).json()["type"] == "/problems/order-not-placed"
    order = (await office.send(cloud_event())).json()["subject"]
    await office.post(f"/v1/orders/{order}/cancellation", {})

    assert (await office.send(change_event(2))).json()["type"] == "/problems/order-cancelled"
    nowhere = await office.post("/v1/orders/00000000-0000-4000-8000-000000000001/changes", CHANGE)
    assert (nowhere.status_code, nowhere.json()["type"]) == (404, "/problems/order-not-found")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"revision": 1}, ("/revision", "greater_than_equal")),
        ({"revision": "2"}, ("/revision", "int_type")),
        ({"lines": []}, ("/lines", "too_short")),
        ({"lines": [LINES[0], LINES[0]]}, ("/lines/1/line", "not-unique")),
        ({"currency": "USD"}, ("/currency", "unknown-field")),
        ({"changed_at": "yesterday"}, ("/changed_at", "string_pattern_mismatch")),
    ],
)
async def test_a_change_at_fault_is_told_by_pointer(
    gateway: Gateway, office: FrontOffice, change: dict[str, Any], fault: tuple[str, str]
) -> None:
    await office.send(cloud_event())
    before = await gateway.counts()

    answer = await office.post("/v1/orders/WEB-1/changes", CHANGE | change)

    assert answer.status_code == 422
    assert [pointer for pointer, _ in pointers(answer.json())] == [fault[0]], answer.text
    assert await gateway.counts() == before


async def test_a_hundred_changes_at_once_are_accepted_one_after_the_other(
    gateway: Gateway, office: FrontOffice
) -> None:
    """Twenty clients try each revision together: one of them gets it, and the outbox has no gap and no repeat."""
    await office.send(cloud_event())
    for revision in (2, 3):
        answers: list[httpx.Response] = await asyncio.gather(
            *(office.send(change_event(revision, f"{revision}-{n}")) for n in range(20))
        )
        assert sorted(answer.status_code for answer in answers) == [202] + [409] * 19
    assert await sequences(gateway) == [("OrderPlaced", 1), ("OrderChanged", 2), ("OrderChanged", 3)]


# -- what becomes of it ------------------------------------------------------------------------------------------------


def facts_of(order: str, *, refused: bool = False) -> list[Event]:
    """What departments tell of an order that was placed, invoiced and changed, in the order of their topics."""

    def told(kind: Any, sequence: int, **changes: Any) -> Event:
        data = published.sample(kind.event_type).data | {"order": order} | changes
        return event(kind, "acme", data, sequence=sequence)

    reserved = told(StockReserved, 1)
    if refused:
        return [reserved, told(OrderChangeRefused, 2), told(InvoiceIssued, 1)]
    issued = told(InvoiceIssued, 1)
    again = told(InvoiceIssued, 1, invoice="00000000-0000-4000-8000-000000000002", number="INV-2", revision=2)
    return [
        reserved,
        told(ReservationReleased, 2, replaced_by=2),
        told(StockReserved, 3, revision=2),
        issued,
        told(CreditNoteIssued, 2, invoice=issued.key),
        again,
        told(DocumentRegistered, 1),
    ]


async def placed_and_changed(gateway: Gateway, office: FrontOffice) -> tuple[str, str, str]:
    """Order, request of the placement, request of the change; both events heard."""
    order = (await office.send(cloud_event())).json()
    change = (await office.send(change_event(2))).json()
    for kind, sequence in ((OrderPlaced, 1), (OrderChanged, 2)):
        data = next(told.data for told in await gateway.told(kind.__name__))
        await gateway.hear(event(kind, "acme", data, sequence=sequence))
    return order["subject"], order["request_id"], change["request_id"]


async def test_a_changed_order_goes_through_its_states_again(gateway: Gateway, office: FrontOffice) -> None:
    """G14: each request has its own steps; the order's state is that of its latest revision."""
    order, placement, change = await placed_and_changed(gateway, office)

    await gateway.hear(*facts_of(order))

    shown = (await office.get(f"/v1/orders/{order}")).json()
    assert (shown["state"], shown["revision"], shown["invoice_number"]) == ("invoiced", 2, "INV-2")
    first = (await office.get(f"/v1/requests/{placement}")).json()
    assert ([step["state"] for step in first["departments"]], first["revision"]) == (["done"] * 3, 1)
    second = (await office.get(f"/v1/requests/{change}")).json()
    assert [step["state"] for step in second["departments"]] == ["done", "done", "waiting"]
    assert (second["type"], second["revision"], second["state"]) == ("OrderChanged.v1", 2, "in_progress")


async def test_a_change_that_came_too_late_leaves_the_order_as_it_was(gateway: Gateway, office: FrontOffice) -> None:
    order, _, change = await placed_and_changed(gateway, office)

    await gateway.hear(*facts_of(order, refused=True))

    shown = (await office.get(f"/v1/orders/{order}")).json()
    assert (shown["state"], shown["revision"]) == ("invoiced", 1)
    told = (await office.get(f"/v1/requests/{change}")).json()
    assert [step["state"] for step in told["departments"]] == ["refused", "not_needed", "not_needed"]
    assert (told["state"], told["departments"][0]["summary"]["code"]) == ("refused", "already-shipped")


async def test_a_cancellation_that_came_too_late_leaves_a_changed_order_as_it_was(
    gateway: Gateway, office: FrontOffice
) -> None:
    order, _, _ = await placed_and_changed(gateway, office)
    await gateway.hear(*facts_of(order))
    asked = (await office.post(f"/v1/orders/{order}/cancellation", {})).json()["request_id"]
    (cancelled,) = await gateway.told("OrderCancelled")
    await gateway.hear(event(OrderCancelled, "acme", cancelled.data, sequence=3))
    assert (await office.get(f"/v1/orders/{order}")).json()["state"] == "cancelling"

    late = published.sample("CancellationRefused.v1").data | {"order": order}
    await gateway.hear(event(CancellationRefused, "acme", late, sequence=4))

    assert (await office.get(f"/v1/orders/{order}")).json()["state"] == "invoiced"
    told = (await office.get(f"/v1/requests/{asked}")).json()
    assert [step["state"] for step in told["departments"]] == ["refused", "not_needed", "not_needed"]
    assert (told["state"], told["departments"][0]["summary"]["code"]) == ("refused", "already-shipped")


async def test_the_timeline_of_a_changed_order_is_the_same_whatever_topic_comes_first(
    gateway: Gateway, office: FrontOffice
) -> None:
    order, _, _ = await placed_and_changed(gateway, office)
    reservations, invoices, documents = facts_of(order)[:3], facts_of(order)[3:6], facts_of(order)[6:]
    ends = set()
    for way in itertools.permutations([reservations, invoices, documents]):
        await gateway.rows("delete from order_summary")
        await gateway.rows("delete from inbox where topic <> 'sales.orders'")
        for topic in way:
            await gateway.hear(*topic)
        ends.add(str(await gateway.rows("select revision, state, invoice_number, invoice_revision from order_summary")))
    assert ends == {str([(2, "invoiced", "INV-2", 2)])}


@pytest.mark.parametrize("answer", [CreditApproved, CreditHeld])
async def test_an_answer_about_the_credit_of_a_change_leaves_the_order_as_it_was(
    gateway: Gateway, office: FrontOffice, answer: type[CreditApproved | CreditHeld]
) -> None:
    """X1: until inventory has decided the change, the order is reserved and billed as before; too late, it stays so."""
    order, _, _ = await placed_and_changed(gateway, office)
    reserved, refused, issued = facts_of(order, refused=True)
    data = published.sample(answer.event_type).data | {"order": order, "revision": 2}

    await gateway.hear(reserved, issued, event(answer, "acme", data))
    before = (await office.get(f"/v1/orders/{order}")).json()
    await gateway.hear(refused)
    after = (await office.get(f"/v1/orders/{order}")).json()

    assert [(shown["state"], shown["revision"]) for shown in (before, after)] == [("invoiced", 1)] * 2
