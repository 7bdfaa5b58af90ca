"""What the outbox writes is what `contracts.envelope` says, header by header and bound by bound."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from chassis.ids import new_id
from chassis.outbox import ContractBroken, OutboxEvent, Producer
from contracts.envelope import SUBJECT_MAX, TEXT_MAX, EnvelopeError, from_headers, sequence_header, to_headers
from contracts.gateway import OrderPlaced
from tests.chassis.toy import cause

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def sealed(key: str = "k", source: str = "/sales/webshop", client_id: str | None = None, **asked: Any) -> OutboxEvent:
    about = cause()._replace(**asked)
    producer = Producer("/gateway", 262_144)
    return producer.sealed(
        OrderPlaced, key, new_id(), b"{}", about, source=source, time="2026-11-22T10:00:00.123456Z",
        client_id=client_id,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "client_id"),
    [({}, None), ({"on_behalf_of": "ada", "traceparent": TRACE}, "W-1"), ({"actor": "Καφές"}, "ο κωδικός")],
)
def test_the_outbox_writes_the_headers_of_the_envelope(more: dict[str, str], client_id: str | None) -> None:
    event = sealed(client_id=client_id, **more)
    written = [(name, value.encode()) for name, value in orjson.loads(event.headers)]
    envelope = from_headers([*written, sequence_header(7)])
    assert sorted(to_headers(envelope)) == sorted([*written, sequence_header(7)])
    assert (envelope.clientid, envelope.onbehalfof) == (client_id, more.get("on_behalf_of"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": ""}, {"key": "k" * (SUBJECT_MAX + 1)}, {"key": "a\nb"}, {"source": "s" * (TEXT_MAX + 1)},
        {"actor": ""}, {"on_behalf_of": "a\x00"}, {"correlation": "c" * (TEXT_MAX + 1)}, {"client_id": ""},
    ],
)  # fmt: skip
def test_what_no_reader_would_take_does_not_enter_the_log(wrong: dict[str, Any]) -> None:
    with pytest.raises(ContractBroken):
        sealed(**wrong)
    envelope = from_headers([*((n, v.encode()) for n, v in orjson.loads(sealed().headers)), sequence_header(1)])
    names = {"key": "subject", "client_id": "clientid", "on_behalf_of": "onbehalfof", "correlation": "correlationid"}
    with pytest.raises(EnvelopeError):
        to_headers(envelope._replace(**{names.get(name, name): value for name, value in wrong.items()}))
