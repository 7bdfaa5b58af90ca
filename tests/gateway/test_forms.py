"""What front offices send, beyond what its contract says: rules that answer a repeat as they answered the first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson

from contracts import published
from contracts.gateway import OrderPlaced
from services.gateway.translate.forms import ORDER

PLACED = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def order(reserve_until: datetime) -> OrderPlaced:
    data = published.sample("OrderPlaced.v1").data | {"placed_at": "2026-11-22T08:30:00.000000Z"}
    told = data | {"reserve_until": f"{reserve_until:%Y-%m-%dT%H:%M:%S.%fZ}"}
    return OrderPlaced.model_validate_json(orjson.dumps(told))


def test_an_order_that_is_repeated_after_its_goods_were_let_go_is_still_the_same_order() -> None:
    # Given an order that waits for an hour, accepted when it was placed
    waiting = order(PLACED + timedelta(hours=1))
    assert ORDER.rules(waiting, PLACED) == []
    # When it is sent again a day later, then nothing is wrong with it: its key answers as before
    assert ORDER.rules(waiting, PLACED + timedelta(days=1)) == []


def test_an_order_does_not_run_out_before_it_is_placed() -> None:
    (fault,) = ORDER.rules(order(PLACED), PLACED + timedelta(minutes=1))
    assert (fault.pointer, fault.code) == ("/reserve_until", "not-after-placed-at")
