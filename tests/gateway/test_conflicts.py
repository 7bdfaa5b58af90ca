"""What is said at the same moment as something that contradicts it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import pytest

from chassis.ids import derive
from services.gateway import store
from services.gateway.commands import Accept
from tests.gateway.front import BATCHED, ORDER, FrontOffice, Gateway, cloud_event


async def test_an_order_of_a_company_that_is_registered_meanwhile_is_written_before_it_is_answered(
    office: FrontOffice, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = FrontOffice(office.client, (await gateway.make_key("admin", "*"))["key"])
    note = store.note_accepted

    async def then_register(connection: asyncpg.Connection, commands: Sequence[Accept], at: datetime) -> frozenset[str]:
        taken = await note(connection, commands, at)
        monkeypatch.setattr(store, "note_accepted", note)
        await gateway.opens_for("initech")
        return taken

    monkeypatch.setattr(store, "note_accepted", then_register)
    answer = await admin.send(cloud_event(company="initech"))

    assert answer.status_code == 202, answer.text
    assert await gateway.counts() == (1, 1, 1)
    assert (await admin.get(answer.headers["location"])).status_code == 200


async def test_of_two_that_place_the_same_order_in_one_batch_the_first_one_wins(
    office: FrontOffice, gateway: Gateway
) -> None:
    """X21: a duplicate under another id is found, also within one batch."""
    numbers = range(20)
    batch = [
        cloud_event({**ORDER, "reference": f"P-{n}"}, id=f"{n}-{turn}") for n in numbers for turn in ("first", "later")
    ]
    results = (await office.send(batch, BATCHED)).json()
    assert [result["status"] for result in results] == [202, 409] * len(numbers)
    assert await gateway.counts() == (20, 20, 20)


async def test_a_cancellation_by_our_id_of_an_order_that_is_not_here_is_refused_and_not_taken_for_a_reference(
    office: FrontOffice, gateway: Gateway
) -> None:
    order = derive("order", "acme", "/front-office/webshop", "WEB-1")
    early = await office.post(f"/v1/orders/{order}/cancellation", {}, key="c")
    assert (early.status_code, early.json()["type"]) == (404, "/problems/order-not-found")
    assert await gateway.counts() == (0, 0, 0)

    placed = (await office.post("/v1/orders", ORDER)).json()
    assert placed["subject"] == str(order)
    again = await office.post(f"/v1/orders/{order}/cancellation", {}, key="c")
    assert (again.status_code, again.json()["subject"]) == (202, str(order))
