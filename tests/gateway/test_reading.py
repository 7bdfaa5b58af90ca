"""What front offices read: orders, requests, and how current the answer is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.freshness import Freshness
from contracts import published
from contracts.documents import DocumentRegistered
from contracts.gateway import OrderCancelled, OrderPlaced
from contracts.inventory import ReservationRefused, StockReserved
from contracts.ledger import InvoiceIssued, PaymentAllocated
from services.gateway.domain.progress import expected_at
from services.gateway.queries.requests import measured_ms
from tests.gateway.conftest import MakeGateway
from tests.gateway.front import EMPLOYEE, ORDER, PAYMENT, FrontOffice, Gateway, NoonClock, cloud_event, pointers
from tests.support.department import NOON, Event, event

SAMPLE = published.sample("OrderPlaced.v1").data


def order_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def placed(number: int, *, company: str = "acme", customer: str = "C-1", minutes: int = 0) -> Event:
    at = (NOON - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
    changes = {"order": order_id(number), "reference": f"W-{number}", "placed_at": at}
    return event(OrderPlaced, company, SAMPLE | changes | {"customer": SAMPLE["customer"] | {"id": customer}})


def about(kind: Any, number: int | str, **changes: Any) -> Event:
    order = order_id(number) if isinstance(number, int) else number
    return event(kind, "acme", published.sample(kind.event_type).data | {"order": order} | changes)


async def found(office: FrontOffice, **parameters: str) -> list[str]:
    """References of all pages."""
    references: list[str] = []
    while True:
        answer = await office.get("/v1/orders", **parameters)
        assert answer.status_code == 200, answer.text
        references += [order["reference"] for order in answer.json()["orders"]]
        if answer.json()["next"] is None:
            return references
        parameters["cursor"] = answer.json()["next"]


async def test_an_accepted_order_can_be_asked_for_before_any_event_came_back(office: FrontOffice) -> None:
    accepted = (await office.send(cloud_event())).json()
    order = (await office.get(f"/v1/orders/{accepted['subject']}")).json()
    assert (order["state"], order["reference"], order["timeline"]) == ("accepted", "WEB-1", [])
    assert order["request_id"] == accepted["request_id"]
    assert order["current"] == {"as_of": None, "lag_events": None}, "Kafka has not been seen"


async def test_an_order_was_accepted_when_it_came_whatever_time_its_sender_gives(
    office: FrontOffice, gateway: Gateway
) -> None:
    accepted = (await office.send(cloud_event(time="2020-01-01T00:00:00Z"))).json()
    before = (await office.get(f"/v1/orders/{accepted['subject']}")).json()["accepted_at"]
    (told,) = await gateway.told()
    await gateway.hear(event(OrderPlaced, "acme", told.data, at=datetime(2020, 1, 1, tzinfo=UTC)))

    assert (await office.get(f"/v1/orders/{accepted['subject']}")).json()["accepted_at"] == before
    (listed,) = (await office.get("/v1/orders")).json()["orders"]
    assert listed["accepted_at"] == before
    async with gateway.database.read(["acme"]) as unit:
        assert await measured_ms(unit.raw, "acme") == {"OrderPlaced.v1": (0, 1)}


async def test_an_order_shows_its_timeline_and_its_state(office: FrontOffice, gateway: Gateway) -> None:
    accepted = (await office.send(cloud_event())).json()
    (told,) = await gateway.told()
    await gateway.hear(event(OrderPlaced, "acme", told.data))
    await gateway.hear(about(StockReserved, accepted["subject"]), about(InvoiceIssued, accepted["subject"]))

    order = (await office.get(f"/v1/orders/{accepted['subject']}")).json()

    invoice = published.sample("InvoiceIssued.v1").data
    assert (order["state"], order["invoice_number"], order["total"]) == (
        "invoiced",
        invoice["number"],
        invoice["total"],
    )
    assert (order["customer"], order["customer_name"]) == ("C-7", ORDER["customer"]["name"])
    assert sorted(fact["type"] for fact in order["timeline"]) == [
        "InvoiceIssued.v1",
        "OrderPlaced.v1",
        "StockReserved.v1",
    ]
    assert [f["summary"]["number"] for f in order["timeline"] if f["type"] == "InvoiceIssued.v1"] == [invoice["number"]]


async def test_orders_are_searched_by_customer_reference_state_and_time(office: FrontOffice, gateway: Gateway) -> None:
    """G18: orders are searched by what a screen shows."""
    await gateway.hear(*(placed(n, customer=f"C-{n % 2}", minutes=n) for n in range(6)))
    await gateway.hear(about(ReservationRefused, 3))

    assert await found(office) == [f"W-{n}" for n in range(6)]
    assert await found(office, customer="C-1") == ["W-1", "W-3", "W-5"]
    assert await found(office, reference="W-2") == ["W-2"]
    assert await found(office, state="refused") == ["W-3"]
    assert await found(office, state="accepted", customer="C-1") == ["W-1", "W-5"]
    between = {"from": "2026-11-22T11:56:00Z", "to": "2026-11-22T13:59:00+02:00"}
    assert await found(office, **between) == ["W-2", "W-3", "W-4"]


async def test_pages_hold_each_order_once_while_new_ones_come(office: FrontOffice, gateway: Gateway) -> None:
    """G18: pages are stable while the list grows."""
    await gateway.hear(*(placed(n, minutes=n // 3) for n in range(20)))
    first = (await office.get("/v1/orders", limit="7")).json()
    await gateway.hear(*(placed(n, minutes=0) for n in range(100, 105)))
    second = (await office.get("/v1/orders", limit="7", cursor=first["next"])).json()
    third = (await office.get("/v1/orders", limit="7", cursor=second["next"])).json()

    seen = [order["reference"] for page in (first, second, third) for order in page["orders"]]
    assert sorted(seen) == sorted(f"W-{n}" for n in range(20))
    assert third["next"] is None


async def test_pages_go_through_all_companies_of_the_caller(office: FrontOffice, gateway: Gateway) -> None:
    await gateway.hear(*(placed(n, minutes=n // 4, company=("acme", "umbrella")[n % 2]) for n in range(12)))
    everything = FrontOffice(office.client, (await gateway.make_key("admin", "*"))["key"])
    assert sorted(await found(everything, limit="5")) == sorted(f"W-{n}" for n in range(12))
    assert sorted(await found(everything, company="umbrella", limit="5")) == sorted(f"W-{n}" for n in range(1, 12, 2))
    assert sorted(await found(office, limit="5")) == sorted(f"W-{n}" for n in range(0, 12, 2))


async def test_what_belongs_to_others_does_not_exist(office: FrontOffice, gateway: Gateway) -> None:
    """X7: another company's orders and requests look like none (C52)."""
    await gateway.hear(placed(1, company="umbrella"))
    for path in (f"/v1/orders/{order_id(1)}", f"/v1/orders/{order_id(2)}", "/v1/orders/7", "/v1/orders/'; drop table x",
                 f"/v1/requests/{order_id(1)}", "/v1/requests/x"):  # fmt: skip
        assert (await office.get(path)).status_code == 404, path
    assert (await office.get("/v1/orders", company="umbrella")).status_code == 404
    assert (await office.get("/v1/orders", company="nobody")).status_code == 404
    everything = FrontOffice(office.client, (await gateway.make_key("admin", "*"))["key"])
    assert (await everything.get("/v1/orders", company="nobody")).status_code == 404
    assert await found(office) == []


@pytest.mark.parametrize(
    ("query", "status", "pointer"),
    [
        ("limit=0", 422, "?limit"),
        ("limit=-1", 422, "?limit"),
        ("limit=1000000000", 422, "?limit"),
        ("limit=x", 422, "?limit"),
        ("cursor=x", 422, "?cursor"),
        ("cursor=WzEsMiwiYWNtZSIsIngiXQ", 422, "?cursor"),
        ("cursor=" + "A" * 5_000, 422, "?cursor"),
        ("cursor=%CE%BA", 422, "?cursor"),
        ("state=lost", 422, "?state"),
        ("from=yesterday", 422, "?from"),
        ("from=2026-11-22T12:00:00", 422, "?from"),
        ("to=0000-01-01T00:00:00Z", 422, "?to"),
        ("from=0001-01-01T00:00:00%2B14:00", 422, "?from"),
        ("to=9999-12-31T23:59:59-14:00", 422, "?to"),
        ("customer=", 422, "?customer"),
        ("customer=%00", 422, None),
        ("colour=red", 422, "?colour"),
        ("limit=1&limit=2", 400, "?limit"),
    ],
)
async def test_a_search_that_cannot_be_meant_is_refused(
    office: FrontOffice, query: str, status: int, pointer: str | None
) -> None:
    """B34, B35."""
    answer = await office.client.get(f"/v1/orders?{query}", headers=office.headers)
    assert answer.status_code == status, answer.text
    if pointer is not None:
        assert pointers(answer.json())[0][0] == pointer


async def test_a_cursor_is_good_for_its_own_filters_only(office: FrontOffice, gateway: Gateway) -> None:
    await gateway.hear(*(placed(n) for n in range(3)))
    cursor = (await office.get("/v1/orders", limit="1")).json()["next"]
    assert (await office.get("/v1/orders", limit="1", cursor=cursor)).status_code == 200
    assert (await office.get("/v1/orders", limit="1", cursor=cursor, customer="C-1")).status_code == 422


async def test_wildcards_in_a_search_are_letters(office: FrontOffice, gateway: Gateway) -> None:
    """B36."""
    await gateway.hear(placed(1))
    for text in ("%", "_-1", ".*", "' or '1'='1"):
        assert await found(office, customer=text) == []
        assert await found(office, reference=text) == []


# -- requests ----------------------------------------------------------------------------------------------------------


async def departments(office: FrontOffice, request: str) -> tuple[str, dict[str, str]]:
    answer = (await office.get(f"/v1/requests/{request}")).json()
    return answer["state"], {step["department"]: step["state"] for step in answer["departments"]}


async def test_a_request_tells_how_far_each_department_is(office: FrontOffice, gateway: Gateway) -> None:
    """G14: each department's state and what it waits for."""
    accepted = (await office.send(cloud_event())).json()
    request, order = accepted["request_id"], accepted["subject"]

    waiting = {"inventory": "waiting", "ledger": "waiting", "documents": "waiting"}
    assert await departments(office, request) == ("in_progress", waiting)
    await gateway.hear(about(StockReserved, order))
    assert await departments(office, request) == ("in_progress", waiting | {"inventory": "done"})
    await gateway.hear(about(InvoiceIssued, order))
    filed = published.sample("DocumentRegistered.v1").data | {"order": order}
    await gateway.hear(event(DocumentRegistered, "acme", filed))
    assert await departments(office, request) == ("done", dict.fromkeys(waiting, "done"))


async def test_a_refused_order_asks_nothing_of_the_others(office: FrontOffice, gateway: Gateway) -> None:
    accepted = (await office.send(cloud_event())).json()
    await gateway.hear(about(ReservationRefused, accepted["subject"]))
    state, steps = await departments(office, accepted["request_id"])
    assert (state, steps) == ("refused", {"inventory": "refused", "ledger": "not_needed", "documents": "not_needed"})
    answer = (await office.get(f"/v1/requests/{accepted['request_id']}")).json()
    assert answer["departments"][0]["summary"]["code"] == "insufficient-stock"


async def test_cancellations_payments_and_hires_have_their_own_steps(office: FrontOffice, gateway: Gateway) -> None:
    order = (await office.send(cloud_event())).json()
    cancelled = (await office.send(cloud_event({"reference": "WEB-1"}, "OrderCancelled.v1"))).json()
    payment = (await office.send(cloud_event(PAYMENT, "PaymentReceived.v1"))).json()
    hire = (await office.send(cloud_event(EMPLOYEE, "EmployeeHired.v1"))).json()
    await gateway.hear(about(ReservationRefused, order["subject"]), about(OrderCancelled, order["subject"]))
    allocated = published.sample("PaymentAllocated.v1").data | {"payment": payment["subject"], "allocations": []}
    await gateway.hear(event(PaymentAllocated, "acme", allocated))

    assert await departments(office, cancelled["request_id"]) == (
        "done",
        {"inventory": "not_needed", "ledger": "not_needed", "documents": "not_needed"},
    )
    assert await departments(office, payment["request_id"]) == ("done", {"ledger": "done"})
    assert await departments(office, hire["request_id"]) == (
        "in_progress",
        {"payroll": "waiting", "documents": "waiting"},
    )


async def test_what_takes_long_is_explained(office: FrontOffice, gateway: Gateway) -> None:
    """G14: a reason when it takes longer than it should."""
    accepted = (await office.send(cloud_event())).json()
    path = f"/v1/requests/{accepted['request_id']}"
    step = (await office.get(path)).json()["departments"][0]
    assert step["delay"]["code"] == "not-sent", "noon of the tests is weeks after the row"
    accepted_at = datetime.fromisoformat((await office.get(path)).json()["accepted_at"])
    assert datetime.fromisoformat(step["expected_at"]) == accepted_at + timedelta(seconds=2)
    await gateway.rows("delete from outbox_unsent returning id")
    step = (await office.get(path)).json()["departments"][0]
    assert step["delay"]["code"] == "department-unavailable", "no department has an address here"


def test_a_step_is_expected_after_twice_what_recent_ones_took() -> None:
    accepted_at = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def waits_ms(measured: dict[str, tuple[int, int]], awaits: str = "InvoiceIssued.v1") -> int:
        return round((expected_at(accepted_at, awaits, measured) - accepted_at).total_seconds() * 1_000)

    assert waits_ms({}) == 3_000
    assert waits_ms({"InvoiceIssued.v1": (10, 19)}) == 3_000, "too few to go by"
    assert waits_ms({"InvoiceIssued.v1": (4_000, 20)}) == 8_000
    assert waits_ms({"InvoiceIssued.v1": (40, 20)}) == 1_000
    assert waits_ms({"DocumentRegistered.v1": (900, 20)}, "DocumentRegistered.v1:invoice") == 1_800


async def test_recent_times_are_measured_from_the_timelines(office: FrontOffice, gateway: Gateway) -> None:
    """G14: the expected time is measured from recent requests."""
    await gateway.hear(*(placed(n) for n in range(25)))
    await gateway.hear(*(about(StockReserved, n) for n in range(25)))
    async with gateway.database.read(["acme"]) as unit:
        assert await measured_ms(unit.raw, "acme") == {"OrderPlaced.v1": (0, 25), "StockReserved.v1": (0, 25)}


async def test_whoever_sent_it_may_ask_and_others_need_the_right_to_read(office: FrontOffice, gateway: Gateway) -> None:
    sender = FrontOffice(office.client, (await gateway.make_key("till", scopes="orders:write", source="/sales"))["key"])
    reader = FrontOffice(office.client, (await gateway.make_key("desk", scopes="orders:read"))["key"])
    other = FrontOffice(office.client, (await gateway.make_key("hr", scopes="employees:read"))["key"])
    path = (await sender.send(cloud_event())).json()["location"]
    assert [(await who.get(path)).status_code for who in (sender, reader, other)] == [200, 200, 404]
    assert (await sender.get("/v1/orders")).status_code == 403


# -- how current -----------------------------------------------------------------------------------------------------


def test_as_of_is_the_latest_moment_of_which_everything_is_folded() -> None:
    now = [datetime(2026, 11, 22, 12, tzinfo=UTC)]
    freshness = Freshness("nowhere", {"a": 2}, "gateway", lambda: now[0], 2.0)
    assert freshness.judge({}) == (None, None)
    noted = [(now[0], 10, 5), (now[0] + timedelta(seconds=2), 14, 5), (now[0] + timedelta(seconds=4), 20, 9)]
    for at, first, second in noted:
        freshness.note(at, {("a", 0): first, ("a", 1): second})
    now[0] += timedelta(seconds=5)
    assert freshness.judge({("a", 0): 9, ("a", 1): 5}) == (None, 15)
    assert freshness.judge({("a", 0): 15, ("a", 1): 7}) == (noted[1][0], 7)
    assert freshness.judge({("a", 0): 20, ("a", 1): 9}) == (noted[2][0], 0)
    now[0] += timedelta(minutes=5)
    assert freshness.judge({("a", 0): 20, ("a", 1): 9}) == (noted[2][0], None), "the ends are not known any more"


async def test_an_answer_says_as_of_when_it_is_current(make_gateway: MakeGateway) -> None:
    """G18: every answer says as of when it is, and how far behind."""
    gateway = make_gateway()
    await gateway.opens_for("acme")
    key = await gateway.make_key()
    async with gateway.open() as client:
        office = FrontOffice(client, key["key"])
        now = NoonClock(gateway.database).now()
        gateway.service.app.state.gateway.freshness.note(now, {("ledger.companies", 0): 1, ("sales.orders", 0): 0})
        current = (await office.get("/v1/orders")).json()["current"]
    assert (datetime.fromisoformat(current["as_of"]), current["lag_events"]) == (now, 0)
