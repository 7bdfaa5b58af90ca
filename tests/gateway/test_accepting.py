"""What front offices send and what a 202 means."""

from __future__ import annotations

from tests.gateway.front import SOURCE, FrontOffice, Gateway, cloud_event


async def test_an_order_is_accepted_and_stands_in_the_outbox(office: FrontOffice, gateway: Gateway) -> None:
    answer = await office.send(cloud_event(time="2026-11-20T10:00:00.123456Z", onbehalfof="maria"))

    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert answer.headers["location"] == f"/v1/requests/{body['request_id']}" == body["location"]
    (told,) = await gateway.told("OrderPlaced")
    assert (told.company, told.key, told.sequence) == ("acme", body["subject"], 1)
    assert told.data["order"] == body["subject"]
    assert told.data["source"] == told.envelope.source == SOURCE
    assert told.data["invoicing"] == "on_order"
    assert told.envelope.clientid == "OrderPlaced.v1-WEB-1"
    assert (told.envelope.actor, told.envelope.onbehalfof) == ("webshop", "maria")
    assert told.envelope.causationid == told.envelope.correlationid == body["request_id"]
