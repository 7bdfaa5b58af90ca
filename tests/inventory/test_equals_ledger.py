"""Stock is worth what the ledger's inventory account says, on any day, and document by document."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import orjson
import pytest
import pytest_asyncio

from chassis.migrating import migrate
from chassis.requests import Answer
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


async def compared(room: StockRoom, desk: Desk, days: int) -> list[tuple[str, str, str]]:
    """The days from the first of November on which stock is worth something else than the books say."""
    differing = []
    async with room.client(build) as clerk, at_the_door(desk, "anna") as (anna,):
        for n in range(days):
            day = (date(2026, 11, 1) + timedelta(days=n)).isoformat()
            stock = (await clerk.get("/v1/companies/acme/valuation", params={"on": day})).json()["total"]
            books = await anna.balance(CODES["inventory"], as_of=day)
            if stock != books:
                differing.append((day, stock, books))
            answer = await anna.get("/reconciliation/stock", as_of=day, thorough="true")
            assert answer["holds"], answer
    return differing


def moved(told: Told) -> tuple[str, str, str]:
    """A document that the ledger books late: which, and from when to when."""
    return told.key, told.data["original_on"], told.data["posted_on"]


async def test_goods_of_a_closed_month_are_worth_something_from_the_day_on_which_the_books_have_them(
    room: StockRoom, desk: Desk
) -> None:
    """I24, L16: October is closed; its receipt, and what it changes, stand where the ledger says, however late."""
    await room.values(BEANS="fifo", MUG="fifo")
    await room.receive([("BEANS", "10"), ("MUG", "1")], cost="3.00", received_on=date(2026, 11, 2))
    await ship(room, "A", "BEANS", "4", date(2026, 11, 3))
    async with at_the_door(desk, "anna") as (anna,):
        await anna.done("/fiscal-years", {"year": 2026, "starts_on": "2026-01-01"})
        closing = {"subledgers": ["stock"], "reason": "Reported."}
        await anna.done("/fiscal-years/2026/periods/10/close", closing, 200)
    late = await room.receive([("BEANS", "10"), ("MUG", "2")], cost="2.00", received_on=date(2026, 10, 5))
    assert isinstance(late, Answer)
    await desk.hear(placed("A", [("BEANS", "4")]))
    await desk.hear(*[sent(one) for one in await room.told("StockValued", "ShipmentDispatched", "StockIssued")])
    (posted,) = await desk.told("StockPostedLate")
    assert moved(posted) == (str(late.body["receipt"]), "2026-10-05", "2026-11-01")
    assert len(await compared(room, desk, 31)) == 0, "from the first open day both have it, and before it is heard"
    async with room.client(build) as clerk, at_the_door(desk, "anna") as (anna,):
        worth = {"on": "2026-10-31"}
        assert (await clerk.get("/v1/companies/acme/valuation", params=worth)).json()["total"] == "24.00"
        assert await anna.balance(CODES["inventory"], as_of="2026-10-31") == "0.00"

        for _ in range(2):
            await room.hear(sent(posted))

        assert (await clerk.get("/v1/companies/acme/valuation", params=worth)).json()["total"] == "0.00"
        span = {"from": "2026-10-01", "to": "2026-11-30", "limit": "2"}
        first = (await clerk.get("/v1/companies/acme/valuation/documents", params=span)).json()
        span |= {"after": first["next"], "limit": "9"}
        rest = (await clerk.get("/v1/companies/acme/valuation/documents", params=span)).json()
        listed = [(d["posted_on"], d["kind"], d["value"]) for d in first["documents"] + rest["documents"]]
        shown = (await clerk.get("/v1/companies/acme/valuation/layers/BEANS")).json()
    assert ("2026-11-01", "receipt", "24.00") in listed
    assert len(listed) == 4
    assert shown["explained"]
    assert await compared(room, desk, 31) == []


async def test_a_planted_difference_is_named_by_its_document(room: StockRoom, desk: Desk) -> None:
    """L16: a line that nobody posted for it, and an entry that a person made on the account of stock."""
    await room.values(BEANS="fifo")
    await room.receive([("BEANS", "10")], cost="3.00", received_on=date(2026, 11, 2))
    other = await room.receive([("BEANS", "10")], cost="2.00", received_on=date(2026, 11, 3))
    assert isinstance(other, Answer)
    await desk.hear(*[sent(one) for one in await room.told("StockValued")])
    async with at_the_door(desk, "anna") as (anna,):
        assert (await anna.get("/reconciliation/stock", as_of="2026-11-30"))["holds"]
        rent = {"lines": [
            {"account": CODES["inventory"], "currency": "EUR", "debit": "7.00"},
            {"account": CODES["stock_difference"], "currency": "EUR", "credit": "7.00"},
        ]}  # fmt: skip
        made = await anna.post("/entries", {
            "posted_on": "2026-11-04", "text": "by hand", "onto_control_accounts": True, **rent,
        })  # fmt: skip
        if made.status_code != 201:
            raise AssertionError(made.text)
        owner = await asyncpg.connect(desk.urls.migration_url)
        await owner.execute(
            "set app.companies = 'acme'; alter table stock_document disable trigger all; "
            f"update stock_document set value = value - 500 where document = '{other.body['receipt']}'"
        )
        await owner.close()
        before = await anna.get("/reconciliation/stock", as_of="2026-11-01")
        answer = await anna.get("/reconciliation/stock", as_of="2026-11-30")
    assert before["holds"]
    assert not answer["holds"]
    assert answer["sides"][0]["difference"] == "12.00"
    found = {(d["kind"], d["difference"]): d["document"] for d in answer["documents"]}
    assert found["receipt", "5.00"] == str(other.body["receipt"])
    assert set(found) == {("receipt", "5.00"), ("entry-without-document", "7.00")}


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
    await desk.hear(
        *[sent(one) for one in await room.told("StockValued", "StockAdjusted", "StockIssued", "ShipmentDispatched")]
    )

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
