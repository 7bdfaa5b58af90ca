"""What goods are worth is booked once, by role, and stock in the books is what inventory says."""

from __future__ import annotations

from typing import Any

import orjson

from chassis.ids import derive
from contracts import published
from contracts.inventory import StockIssued, StockValued
from services.ledger import handlers
from services.ledger.commands import NewAccount, OpenAccounts
from services.ledger.domain.books import KIND_OF_ROLE
from tests.ledger.desk import Desk, cause
from tests.support.department import Event, event

ROLES = ("inventory", "goods_received", "cost_of_goods", "stock_difference", "opening_balance")
CODES = {role: f"5{n:03}" for n, role in enumerate(ROLES)}


async def open_accounts(desk: Desk, *roles: str) -> None:
    accounts = [NewAccount(CODES[role], role.replace("_", " "), KIND_OF_ROLE[role], role, "") for role in roles]
    await desk.do(handlers.open_accounts, OpenAccounts("acme", accounts, cause("acme")))


def valued(kind: str, value: str) -> Event:
    data: dict[str, Any] = dict(published.sample("StockValued.v1").data)
    lines = [data["lines"][0] | {"value": value}]
    document = str(derive("test", kind, value))
    return event(StockValued, "acme", data | {"document": document, "kind": kind, "value": value, "lines": lines})


async def test_each_kind_of_document_stands_against_its_own_account(desk: Desk) -> None:
    """L16: the inventory account is the sum of inventory's documents."""
    await open_accounts(desk, *ROLES)
    await desk.hear(
        valued("opening", "500.00"), valued("receipt", "100.00"), valued("revaluation", "-3.00"),
        valued("count", "-7.00"), valued("transit-loss", "-10.00"),
        event(StockIssued, "acme", published.sample("StockIssued.v1").data),
    )  # fmt: skip
    assert await desk.balances() == {
        (CODES["inventory"], "EUR"): 50_000 + 10_000 - 300 - 700 - 1_000 - 13_125,
        (CODES["goods_received"], "EUR"): -10_000,
        (CODES["opening_balance"], "EUR"): -50_000,
        (CODES["cost_of_goods"], "EUR"): 13_125 + 300,
        (CODES["stock_difference"], "EUR"): 1_700,
    }
    assert {t.data["journal"] for t in await desk.told("EntryPosted")} == {"stock"}
    assert await desk.faults() == []


async def test_what_was_written_off_is_no_cost_of_goods_when_its_cost_is_found_out_late(desk: Desk) -> None:
    """I15, L16: of ten that stock is worth more, four are about goods that were missing; or less, and in both ways."""
    await open_accounts(desk, *ROLES)
    for value, written_off in (("10.00", "4.00"), ("-3.00", "-3.00"), ("1.00", "-2.00")):
        late = valued("revaluation", value)
        data = orjson.loads(late.body) | {"written_off": written_off}
        await desk.hear(event(StockValued, "acme", data))
    assert await desk.balances() == {
        (CODES["inventory"], "EUR"): 800,
        (CODES["cost_of_goods"], "EUR"): -600 - 300,
        (CODES["stock_difference"], "EUR"): -400 + 300 + 200,
    }
    assert await desk.faults() == []


async def test_a_document_is_booked_once_and_waits_for_its_accounts(desk: Desk) -> None:
    """L16: nothing is doubled, and nothing is booked elsewhere."""
    await open_accounts(desk, "inventory")
    once = valued("receipt", "100.00")
    await desk.hear(once)
    assert await desk.held() == [("waiting", "company acme has no account with the role goods_received")]
    await open_accounts(desk, "goods_received")
    await desk.try_held()
    await desk.hear(once)
    assert await desk.balances() == {(CODES["inventory"], "EUR"): 10_000, (CODES["goods_received"], "EUR"): -10_000}
