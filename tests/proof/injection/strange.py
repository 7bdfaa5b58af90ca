"""Records that no producer of ours would send, put on a topic past every relay; each is noted in the history."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer

from contracts.topics import partition_of
from tests.proof.house import House
from tests.proof.load.intents import PLACED_AT

CLIENT = "strange"
SOURCE = "/proof/strange"
TOPIC = "sales.orders"


@dataclass(frozen=True, slots=True)
class Strange:
    """A record as it stands on its topic."""

    key: str
    id: str
    company: str
    partition: int
    offset: int
    headers: Mapping[str, str]


class Stranger:
    """Puts records on the topic of orders."""

    def __init__(self, house: House, producer: AIOKafkaProducer) -> None:
        self._house = house
        self._producer = producer

    async def put(
        self, company: str, data: Mapping[str, Any] | bytes, *, key: str | None = None, sequence: int = 1,
        kind: str = "OrderPlaced.v1", chain: str | None = None, bare: bool = False,
    ) -> Strange:  # fmt: skip
        """Send one. `bare`: without any header, so that nobody can know what it is."""
        key, identity = key or str(uuid.uuid4()), str(uuid.uuid4())
        headers = {
            "ce_specversion": "1.0", "ce_id": identity, "ce_type": kind, "ce_source": SOURCE, "ce_subject": key,
            "ce_time": PLACED_AT, "ce_dataschema": f"urn:strange:{kind}", "ce_company": company,
            "ce_causationid": chain or identity, "ce_correlationid": chain or identity, "ce_actor": "strange",
            "content-type": "application/json", "ce_sequence": str(sequence),
        }  # fmt: skip
        op = self._house.history.invoke(
            CLIENT, "inject", company=company, key=identity, reference=key, body={}, path=TOPIC
        )
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        sent = await self._producer.send_and_wait(
            TOPIC, body, key=key.encode(), partition=partition_of(key, TOPIC),
            headers=[] if bare else [(name, value.encode()) for name, value in headers.items()],
        )  # fmt: skip
        self._house.history.complete(CLIENT, op, "ok", status=None)
        if not bare:  # what has no envelope is no event, until somebody repairs it
            self._house.strange[TOPIC] += 1
        return Strange(key, identity, company, sent.partition, sent.offset, headers)


@asynccontextmanager
async def stranger(house: House) -> AsyncIterator[Stranger]:
    """A producer that belongs to nobody."""
    producer = AIOKafkaProducer(bootstrap_servers=house.stack.kafka_bootstrap)
    await producer.start()
    try:
        yield Stranger(house, producer)
    finally:
        await producer.stop()


def order_data(reference: str, key: str, items: tuple[str, ...], currency: str, tax_code: str) -> dict[str, Any]:
    """The data of a good order, as the gateway would have written it."""
    address = {"line1": "1 Harbour Street", "city": "Port", "postcode": "10431", "country": "GR"}
    return {
        "order": key, "reference": reference, "source": SOURCE, "placed_at": PLACED_AT, "currency": currency,
        "invoicing": "on_order", "allocation": "all_or_nothing",
        "customer": {"id": "C-1", "name": "Customer 1", "language": "en", "address": address},
        "lines": [
            {
                "line": 1, "item": items[0], "description": "Item", "quantity": "1", "unit_price": "5.00",
                "tax_code": tax_code,
            }
        ],
    }  # fmt: skip
