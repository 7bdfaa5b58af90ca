"""What front offices send, and what a 202 means."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import orjson
import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from contracts import published
from tests.gateway.front import (
    BATCHED,
    EMPLOYEE,
    ORDER,
    PAYMENT,
    SOURCE,
    FrontOffice,
    Gateway,
    cloud_event,
    pointers,
)


async def test_an_order_is_accepted_and_stands_in_the_outbox(office: FrontOffice, gateway: Gateway) -> None:
    """G2: a 202 means that request and event are committed together."""
    answer = await office.send(cloud_event(time="2026-11-20T10:00:00.123456Z", onbehalfof="maria"))

    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert answer.headers["location"] == f"/v1/requests/{body['request_id']}" == body["location"]
    (told,) = await gateway.told()
    assert (told.type, told.company, told.key, told.sequence) == ("OrderPlaced", "acme", body["subject"], 1)
    assert told.data["order"] == body["subject"]
    assert told.data["source"] == told.envelope.source == SOURCE
    assert told.data["invoicing"] == "on_order"
    assert told.envelope.clientid == "OrderPlaced.v1-WEB-1"
    assert told.envelope.time.isoformat() == "2026-11-20T10:00:00.123456+00:00"
    assert (told.envelope.actor, told.envelope.onbehalfof) == ("webshop", "maria")
    assert told.envelope.causationid == told.envelope.correlationid == body["request_id"]


async def test_what_a_sender_leaves_out_is_filled_and_times_come_in_utc(office: FrontOffice, gateway: Gateway) -> None:
    data = {**ORDER, "placed_at": "2026-11-20T12:30:00.5+02:00", "customer": {**ORDER["customer"]}}
    del data["customer"]["language"]
    data["lines"] = [{name: line[name] for name in line if name != "line"} for line in ORDER["lines"]]

    assert (await office.send(cloud_event(data))).status_code == 202

    (told,) = await gateway.told()
    assert told.data["customer"]["language"] == "en"
    assert [line["line"] for line in told.data["lines"]] == [1, 2]
    assert told.data["placed_at"] == "2026-11-20T10:30:00.500000Z"


@pytest.mark.parametrize("choice", [None, "order", "dispatch"])
async def test_when_an_order_is_invoiced_is_its_own_choice_and_unset_stays_unset(
    office: FrontOffice, gateway: Gateway, choice: str | None
) -> None:
    """What it does not say, its company decides: that can only be told if nothing is written for it."""
    own = {} if choice is None else {"invoice_on": choice}

    assert (await office.send(cloud_event({**ORDER, **own}))).status_code == 202

    (told,) = await gateway.told()
    assert told.data.get("invoice_on") == choice
    assert ("invoice_on" in told.data) == (choice is not None)


@pytest.mark.parametrize("kind", ["OrderPlaced.v1", "OrderCancelled.v1", "PaymentReceived.v1", "EmployeeHired.v1"])
async def test_what_is_sent_becomes_the_golden_sample(office: FrontOffice, gateway: Gateway, kind: str) -> None:
    sample = published.sample(kind).data
    ours = {"order", "source", "payment", "employee"}
    sent = {name: value for name, value in sample.items() if name not in ours and value is not None}

    answer = await office.send(cloud_event(sent, kind))

    assert answer.status_code == 202, answer.text
    (told,) = await gateway.told()
    assert told.data.keys() == sample.keys()
    assert {n: v for n, v in told.data.items() if n not in ours} == {n: v for n, v in sample.items() if n not in ours}


async def test_the_same_event_again_gets_the_same_answer_and_happens_once(
    office: FrontOffice, gateway: Gateway
) -> None:
    """G3: the same id has one effect and one answer."""
    first = await office.send(cloud_event())
    before = await gateway.counts()
    again = await office.send(cloud_event())

    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert await gateway.counts() == before == (1, 1, 1)


async def test_twins_sent_at_the_same_moment_happen_once(office: FrontOffice, gateway: Gateway) -> None:
    answers = await asyncio.gather(*(office.send(cloud_event()) for _ in range(20)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert await gateway.counts() == (1, 1, 1)


async def test_twins_at_two_processes_happen_once(office: FrontOffice, gateway: Gateway) -> None:
    """G3: also when two processes get the same event at the same moment."""
    async with gateway.open() as second_client:
        second = FrontOffice(second_client, office.key)
        calls = [
            each.send(cloud_event({**ORDER, "reference": f"T-{n}"}, id=str(n)))
            for n in range(20)
            for each in (office, second)
        ]
        others = [
            each.send(cloud_event({**ORDER, "reference": f"R-{n}"}, id=f"{n}-{k}"))
            for n in range(10)
            for k, each in enumerate((office, second))
        ]
        answers = await asyncio.gather(*calls, *others)

    assert {answer.status_code for answer in answers[:40]} == {202}
    assert all(a.json() == b.json() for a, b in zip(answers[:40:2], answers[1:40:2], strict=True))
    pairs = zip(answers[40::2], answers[41::2], strict=True)
    assert all(sorted((a.status_code, b.status_code)) == [202, 409] for a, b in pairs), "of one reference, one"
    assert await gateway.counts() == (30, 30, 30)


async def test_the_same_id_with_other_content_is_refused(office: FrontOffice, gateway: Gateway) -> None:
    """X21: a code says which of the two mistakes it is."""
    await office.send(cloud_event())
    before = await gateway.counts()
    other = await office.send(cloud_event({**ORDER, "currency": "USD"}))

    assert other.status_code == 409
    assert other.json()["type"] == "/problems/event-id-reused"
    assert pointers(other.json()) == [("/id", "event-id-reused")]
    assert await gateway.counts() == before


async def test_an_order_that_was_placed_under_another_id_is_refused_naming_its_request(
    office: FrontOffice, gateway: Gateway
) -> None:
    first = await office.send(cloud_event(id="a"))
    second = await office.send(cloud_event(id="b"))

    assert second.status_code == 409
    assert second.json()["type"] == "/problems/reference-reused"
    assert second.json()["request_id"] == first.json()["request_id"]
    assert pointers(second.json()) == [("/data/reference", "reference-reused")]
    assert await gateway.counts() == (1, 1, 1)
    assert (await office.send(cloud_event({**ORDER, "reference": "WEB-2"}, id="b"))).status_code == 202


async def test_ids_of_one_company_or_source_do_not_burn_those_of_another(office: FrontOffice, gateway: Gateway) -> None:
    office = FrontOffice(office.client, (await gateway.make_key("admin", "*"))["key"])
    sent = [
        await office.send(cloud_event(id="1")),
        await office.send(cloud_event(id="1", company="umbrella")),
        await office.send(cloud_event(id="1", source="/sales/phone")),
    ]
    assert [answer.status_code for answer in sent] == [202, 202, 202]
    assert len({answer.json()["subject"] for answer in sent}) == 3


async def test_the_company_may_be_left_out_by_a_key_for_one(office: FrontOffice, gateway: Gateway) -> None:
    assert (await office.send(cloud_event(company=None))).json()["company"] == "acme"
    both = FrontOffice(office.client, (await gateway.make_key("both", "acme,umbrella"))["key"])
    refused = await both.send(cloud_event(company=None))
    assert (refused.status_code, pointers(refused.json())) == (422, [("/company", "missing")])


# -- forms of an event ----------------------------------------------------------------------------------------------


def sdk_event(**attributes: Any) -> CloudEvent:
    made = {
        "id": "sdk-1",
        "source": SOURCE,
        "type": "OrderPlaced.v1",
        "specversion": "1.0",
        "company": "acme",
        "subject": "Παραγγελία 50%",
        "datacontenttype": "application/json",
    } | attributes
    return CloudEvent(made, dict(ORDER))


async def posted(office: FrontOffice, message: HTTPMessage) -> httpx.Response:
    return await office.client.post("/v1/events", content=message.body, headers={**message.headers, **office.headers})


async def test_the_official_sdk_is_understood_in_both_modes_and_its_event_is_one_request(
    office: FrontOffice, gateway: Gateway
) -> None:
    event = sdk_event()
    structured = await posted(office, to_structured(event, JSONFormat()))
    binary = await posted(office, to_binary(event, JSONFormat()))

    assert structured.status_code == 202, structured.text
    assert (binary.status_code, binary.json()) == (202, structured.json())
    assert binary.headers["idempotency-replayed"] == "true"
    assert await gateway.counts() == (1, 1, 1)


async def test_raw_utf8_in_headers_is_the_same_as_percent_encoded(office: FrontOffice, gateway: Gateway) -> None:
    message = to_binary(sdk_event(), JSONFormat())
    await posted(office, message)
    raw = [(name.encode(), value.encode()) for name, value in message.headers.items() if name.lower() != "ce-subject"]
    raw += [(b"ce-subject", "Παραγγελία 50%".encode()), (b"authorization", office.headers["authorization"].encode())]

    again = await office.client.post("/v1/events", content=message.body, headers=raw)

    assert again.status_code == 202, again.text
    assert again.headers["idempotency-replayed"] == "true"


async def test_what_libraries_rewrite_is_still_the_same_event(office: FrontOffice, gateway: Gateway) -> None:
    first = cloud_event(time="2026-11-20T10:00:00.123456Z")
    rewritten = cloud_event(dict(reversed(ORDER.items())), time="2026-11-20T12:00:00.123+02:00")
    await office.send(first)
    again = await office.send(orjson.dumps(rewritten, option=orjson.OPT_INDENT_2))
    assert (again.status_code, again.headers.get("idempotency-replayed")) == (202, "true")
    another = await office.send(cloud_event(time="2026-11-20T10:00:00.124Z"))
    assert another.status_code == 409


async def test_a_batch_gives_each_event_its_own_result_in_order(office: FrontOffice, gateway: Gateway) -> None:
    """G4: one event's fault is no other's."""
    good = cloud_event({**ORDER, "reference": "B-1"}, id="1")
    batch = [
        good,
        cloud_event({**ORDER, "reference": "B-2", "currency": "XXX"}, id="2"),
        "no event",
        cloud_event({**ORDER, "reference": "B-3"}, id="3", company="umbrella"),
        good,
        cloud_event({**ORDER, "reference": "B-1", "currency": "USD"}, id="1"),
        cloud_event({**PAYMENT}, "PaymentReceived.v1", id="4"),
    ]
    answer = await office.send(batch, BATCHED)

    assert answer.status_code == 200
    results = answer.json()
    assert [(r["id"], r["status"]) for r in results] == [
        ("1", 202), ("2", 422), (None, 422), ("3", 403), ("1", 202), ("1", 409), ("4", 202),
    ]  # fmt: skip
    assert results[4] | {"id": ""} == results[0] | {"id": ""}
    assert pointers(results[1]["problem"]) == [("/data/currency", "currency-unknown")]
    assert results[5]["problem"]["type"] == "/problems/event-id-reused"
    assert [told.type for told in await gateway.told()] == ["OrderPlaced", "PaymentReceived"]


async def test_a_batch_of_500_is_accepted_whole_and_again_without_effect(office: FrontOffice, gateway: Gateway) -> None:
    batch = [cloud_event({**ORDER, "reference": f"B-{n}"}, id=str(n)) for n in range(500)]
    first, again = await office.send(batch, BATCHED), await office.send(batch, BATCHED)
    assert [r["status"] for r in first.json()] == [202] * 500
    assert again.json() == first.json()
    assert await gateway.counts() == (500, 500, 500)


# -- typed doors ----------------------------------------------------------------------------------------------------


async def test_typed_doors_take_plain_bodies(office: FrontOffice, gateway: Gateway) -> None:
    """G1: plain bodies are held to the same contracts."""
    order = await office.post("/v1/orders", ORDER)
    payment = await office.post("/v1/payments", PAYMENT)
    hire = await office.post("/v1/employees", {**EMPLOYEE, "company": "acme"})
    cancellation = await office.post("/v1/orders/WEB-1/cancellation", {"reason": "changed their mind"})

    assert [a.status_code for a in (order, payment, hire, cancellation)] == [202] * 4, cancellation.text
    told = {t.type: t.data for t in await gateway.told()}
    assert told["PaymentReceived"]["order"] == told["OrderPlaced"]["order"] == told["OrderCancelled"]["order"]
    assert told["OrderPlaced"]["source"] == "/front-office/webshop"
    assert told["OrderCancelled"] | {"order": ""} == {
        "order": "", "reference": "WEB-1", "source": "/front-office/webshop", "reason": "changed their mind",
    }  # fmt: skip
    assert told["PaymentReceived"]["invoice_number"] is None
    assert told["EmployeeHired"]["employee"] == hire.json()["subject"]


async def test_an_idempotency_key_belongs_to_its_client_and_route(office: FrontOffice, gateway: Gateway) -> None:
    """G3: a key belongs to its client and route."""
    phone = FrontOffice(office.client, (await gateway.make_key("phone"))["key"])
    first = await office.post("/v1/orders", ORDER, key="k")
    again = await office.post("/v1/orders", {**ORDER, "company": "acme"}, key="k")
    other = await office.post("/v1/orders", {**ORDER, "reference": "WEB-2"}, key="k")
    payment = await office.post("/v1/payments", PAYMENT, key="k")
    others = await phone.post("/v1/orders", ORDER, key="k")

    assert (again.status_code, again.json()) == (202, first.json())
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert (payment.status_code, others.status_code) == (202, 202)
    assert others.json()["subject"] != first.json()["subject"], "its source is another one"


async def test_a_refusal_leaves_the_key_free(office: FrontOffice) -> None:
    assert (await office.post("/v1/orders", {**ORDER, "currency": "XXX"}, key="k")).status_code == 422
    assert (await office.post("/v1/orders", ORDER, key="k")).status_code == 202


async def test_an_order_is_cancelled_by_its_id_or_before_it_comes(office: FrontOffice, gateway: Gateway) -> None:
    placed = (await office.send(cloud_event())).json()
    by_id = await office.post(f"/v1/orders/{placed['subject']}/cancellation", {})
    early = await office.post("/v1/orders/NOT-HERE%2FYET/cancellation", {"reason": ""})

    assert by_id.json()["subject"] == placed["subject"]
    assert early.status_code == 202
    assert (await office.client.post("/v1/orders/X/cancellation", headers=office.headers)).status_code == 428
    later = {**ORDER, "reference": "NOT-HERE/YET"}
    assert (await office.post("/v1/orders", later)).json()["subject"] == early.json()["subject"]
    assert [t.data["reference"] for t in await gateway.told("OrderCancelled")] == ["WEB-1", "NOT-HERE/YET"]


async def test_a_cancellation_needs_no_body(office: FrontOffice) -> None:
    headers = {**office.headers, "idempotency-key": "c"}
    assert (await office.client.post("/v1/orders/WEB-9/cancellation", headers=headers)).status_code == 202


async def test_a_key_bound_to_a_source_does_not_speak_for_another(office: FrontOffice, gateway: Gateway) -> None:
    scopes = "orders:write,orders:read"
    phone = FrontOffice(office.client, (await gateway.make_key("phone", scopes=scopes, source="/sales/phone"))["key"])
    placed = (await office.send(cloud_event())).json()

    refused = await phone.send(cloud_event(id="x"))
    assert (refused.status_code, pointers(refused.json())) == (403, [("/source", "source-not-allowed")])
    theirs = await phone.post(f"/v1/orders/{placed['subject']}/cancellation", {})
    assert theirs.status_code == 403
    own = [await phone.send(cloud_event(source=s, id=s)) for s in ("/sales/phone", "/sales/phone/2")]
    assert [answer.status_code for answer in own] == [202, 202]
    assert (await phone.send(cloud_event(source="/sales/phoney", id="x"))).status_code == 403
    assert (await phone.post("/v1/orders", {**ORDER, "reference": "P-1"})).status_code == 202
    assert {t.envelope.source for t in await gateway.told()} == {SOURCE, "/sales/phone", "/sales/phone/2"}


async def test_a_company_that_was_registered_a_moment_ago_is_accepted(office: FrontOffice, gateway: Gateway) -> None:
    admin = FrontOffice(office.client, (await gateway.make_key("admin", "*"))["key"])
    unknown = await admin.send(cloud_event(company="initech"))
    assert (unknown.status_code, unknown.json()["type"]) == (422, "/problems/company-unknown")
    assert pointers(unknown.json()) == [("/company", "company-unknown")]
    assert await gateway.counts() == (0, 0, 0)
    await gateway.opens_for("initech")
    assert (await admin.send(cloud_event(company="initech"))).status_code == 202


async def test_a_group_of_accepted_events_costs_a_constant_number_of_statements(
    office: FrontOffice, gateway: Gateway
) -> None:
    def batch(start: int, count: int) -> list[dict[str, Any]]:
        return [cloud_event({**ORDER, "reference": f"S-{n}"}, id=f"{n}") for n in range(start, start + count)]

    await office.send(batch(0, 1), BATCHED)
    few = await statements_of(gateway, office, batch(1_000, 10))
    many = await statements_of(gateway, office, batch(2_000, 190))
    assert few == many
    assert len(few) == 6, few


async def statements_of(gateway: Gateway, office: FrontOffice, batch: list[dict[str, Any]]) -> list[str]:
    """The statements of one group, by their first words."""
    database = gateway.service.database
    held = database._idle[-1]
    said: list[str] = []

    def note(query: Any) -> None:
        said.append(" ".join(query.query.split())[:40])

    held.add_query_logger(note)
    try:
        assert (await office.send(batch, BATCHED, **{"content-type": BATCHED})).status_code == 200
    finally:
        held.remove_query_logger(note)
    return said
