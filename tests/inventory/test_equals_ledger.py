"""Stock is worth what the ledger's inventory account says, on any day, and document by document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import orjson
import pytest
import pytest_asyncio

from chassis.migrating import migrate
from contracts.envelope import to_headers
from contracts.registry import EVENTS
from services.inventory import handlers
from services.inventory.commands import AllowNegative
from services.inventory.main import build
from tests.inventory.clerks import TODAY, histories
from tests.inventory.room import StockRoom, cause, placed
from tests.inventory.test_values import ship
from tests.ledger.accountant import at_the_door
from tests.ledger.desk import Desk
from tests.ledger.test_stock import CODES, ROLES, open_accounts
from tests.support.department import SECRET, Event, Told
from tests.support.stack import TestPostgres

FIRST = TODAY - timedelta(days=31)


@pytest_asyncio.fixture
async def desk(postgres_server: TestPostgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    """The books of acme, with the accounts that stock stands on."""
    secret: Path = tmp_path_factory.mktemp("books") / "secret"
    secret.write_text(SECRET)
    urls = postgres_server.create_database("ledger")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(migrate, "ledger", urls.migration_url).result()
    made = Desk.on(urls, postgres_server, secret)
    await made.set_up()
    await open_accounts(made, *ROLES)
    yield made
    await made.close()


def sent(told: Told) -> Event:
    """What inventory told, as Kafka hands it to the ledger."""
    topic = EVENTS[told.envelope.type].topic
    headers = tuple(to_headers(told.envelope))
    return Event(told.company, topic, told.key, told.sequence, headers, orjson.dumps(told.data))


async def test_stock_is_worth_what_the_books_say_on_every_day_and_by_document(room: StockRoom, desk: Desk) -> None:
    """I24: random goods in and out, late ones too, and some that left before they came; forty days are compared."""
    await room.values(BEANS="fifo", MUG="moving-average", TEA="moving-average")
    items = await histories(room, ["BEANS", "MUG"], seed=3, steps=12)
    await room.ask(handlers.allow_negative, AllowNegative(cause(), "MAIN", "TEA", allowed=True))
    await room.receive([("TEA", "1")], cost="3.10", received_on=date(2026, 11, 2))
    await ship(room, "A", "TEA", "4", date(2026, 11, 10))
    await room.receive([("TEA", "9")], cost="4.25", received_on=date(2026, 11, 12), kind="opening")
    await ship(room, "B", "BEANS", "2", date(2026, 11, 26))

    told = await room.told("StockValued", "StockIssued")
    await desk.hear(placed("A", [("TEA", "4")]), placed("B", [("BEANS", "2")]))
    await desk.hear(*[order for item in items.values() for order in item.orders])
    await desk.hear(*[sent(one) for one in await room.told("StockValued", "StockIssued", "ShipmentDispatched")])

    assert await desk.held() == []
    differing = []
    async with room.client(build) as clerk, at_the_door(desk, "anna") as (anna,):
        for n in range(40):
            day = (FIRST + timedelta(days=n)).isoformat()
            stock = (await clerk.get("/v1/companies/acme/valuation", params={"on": day})).json()["total"]
            books = await anna.balance(CODES["inventory"], as_of=day)
            if stock != books:
                differing.append((day, stock, books))
        span = {"from": FIRST.isoformat(), "to": (FIRST + timedelta(days=40)).isoformat(), "limit": "500"}
        listed = (await clerk.get("/v1/companies/acme/valuation/documents", params=span)).json()["documents"]
    assert differing == []
    assert any(t.data.get("kind") == "revaluation" for t in told), "nothing came late: the comparison says little"
    worth = {(t.key, t.data.get("value") or f"-{t.data['cost']}") for t in told}
    assert {(one["document"], one["value"]) for one in listed} == worth
    assert await desk.faults() == []
