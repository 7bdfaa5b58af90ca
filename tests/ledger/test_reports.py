"""What customers owe as of any day: ageing, statements, and whether receivables equal their control account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest_asyncio

from tests.ledger.desk import NOON, Desk, Order, payment_id

ACME = "/v1/companies/acme"


@pytest_asyncio.fixture
async def caller(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with desk.ask() as client:
        yield client


async def get(client: httpx.AsyncClient, path: str, **parameters: Any) -> Any:
    answer = await client.get(f"{ACME}{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def year_of_trade(desk: Desk) -> list[Order]:
    """Five orders of 37.20 over months, of two customers; some are paid, one is credited, one is in dollars."""
    days = (date(2026, 6, 1), date(2026, 7, 20), date(2026, 8, 25), date(2026, 10, 1), date(2026, 11, 22))
    orders = [
        Order(
            f"A-{n}",
            customer="C-1" if n % 2 else "C-2",
            currency="USD" if n == 4 else "EUR",
            at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
        )
        for n, day in enumerate(days)
    ]
    await desk.bill(*orders)
    await desk.hear(orders[0].payment("P-0", "30.00", received_on=date(2026, 7, 10)))
    await desk.hear(orders[1].payment("P-1", "40.00", received_on=date(2026, 9, 1)))
    await desk.hear(orders[2].released(at=NOON + timedelta(days=1)))
    return orders


async def test_ageing_is_right_on_any_day_past_or_not(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L6: 0/30/60/90 from dated movements: what was open on the day, by how long it was overdue then."""
    await year_of_trade(desk)

    def row(answer: Any, currency: str = "EUR") -> list[str]:
        (found,) = [total for total in answer["totals"] if total["currency"] == currency]
        return [found[name] for name in ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90", "total")]

    assert row(await get(caller, "/ageing", as_of="2026-07-01")) == ["37.20", "0.00", "0.00", "0.00", "0.00", "37.20"]
    assert row(await get(caller, "/ageing", as_of="2026-07-09")) == ["0.00", "37.20", "0.00", "0.00", "0.00", "37.20"]
    assert row(await get(caller, "/ageing", as_of="2026-08-20")) == ["0.00", "37.20", "7.20", "0.00", "0.00", "44.40"]
    assert row(await get(caller, "/ageing", as_of="2026-11-22")) == ["0.00", "37.20", "37.20", "0.00", "7.20", "81.60"]
    today = await get(caller, "/ageing", as_of="2026-11-23")
    assert row(today) == ["0.00", "37.20", "0.00", "0.00", "7.20", "44.40"]
    assert row(today, "USD")[0] == "37.20"
    assert today["base_total"] == "74.16"  # 44.40 and 37.20 dollars at 0.80

    pages = await get(caller, "/ageing/customers", as_of="2026-11-22", limit=1)
    rest = await get(caller, "/ageing/customers", as_of="2026-11-22", after=pages["next"])
    assert [c["customer"] for c in pages["customers"] + rest["customers"]] == ["C-1", "C-2"]
    assert [i["open"] for i in pages["customers"][0]["items"]] == ["37.20"]
    assert rest["next"] is None


async def test_a_statement_shows_what_was_owed_before_what_happened_and_what_is_owed(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L6: the customer's statement as of any day; it agrees with the ageing of that day."""
    await year_of_trade(desk)

    answer = await get(caller, "/customers/C-2/statement", since="2026-07-01", as_of="2026-11-23")

    euros, dollars = answer["currencies"]
    assert (euros["opening"], euros["closing"], dollars["closing"]) == ("37.20", "7.20", "37.20")
    assert [(line["day"], line["kind"], line["amount"], line["balance"]) for line in euros["lines"]] == [
        ("2026-07-10", "payment", "-30.00", "7.20"),
        ("2026-08-25", "invoice", "37.20", "44.40"),
        ("2026-11-23", "credit-note", "-37.20", "7.20"),
    ]
    assert [line["document"] for line in euros["lines"]] == ["P-0", "INV-2026-000003", "CN-2026-000001"]
    assert [bucket["total"] for bucket in answer["ageing"]] == ["7.20", "37.20"]
    before = await get(caller, "/customers/C-1/statement", as_of="2026-09-02")
    assert (before["currencies"][0]["closing"], before["currencies"][0]["unapplied"]) == ("0.00", "2.80")
    assert (await caller.get(f"{ACME}/customers/nobody/statement")).status_code == 404


async def test_receivables_equal_their_control_account_on_every_day(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L16: on each of these days, by totals and by every document."""
    await year_of_trade(desk)

    for day in ("2026-05-01", "2026-07-15", "2026-09-01", "2026-11-22", "2026-11-30"):
        answer = await get(caller, "/reconciliation/receivables", as_of=day, thorough=True)
        assert (answer["holds"], answer["documents"], answer["days"]) == (True, [], [])


async def test_the_report_names_the_exact_documents_of_a_planted_difference(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L16: a changed allocation, a line without a document, a balance nobody posted: each is found and named."""
    orders = await year_of_trade(desk)
    plant = "set session_replication_role = replica;"

    await desk.rows("select 1")  # the database is there
    await _plant(desk, f"{plant} update allocation set amount = amount - 100 where payment = '{payment_id('P-0')}'")
    answer = await get(caller, "/reconciliation/receivables", as_of="2026-11-30", thorough=True)
    assert not answer["holds"]
    found = {(d["kind"], d["document"]): d["difference"] for d in answer["documents"]}
    assert found["payment", str(payment_id("P-0"))] == "-1.00"
    assert found["open-item", str(orders[0].invoice)] == "1.00"
    await _plant(desk, f"{plant} update allocation set amount = amount + 100 where payment = '{payment_id('P-0')}'")

    await _plant(desk, f"{plant} update account_day set debit = debit + 5 where account = '1100' and "
                       "effective_on = '2026-08-25'")  # fmt: skip
    answer = await get(caller, "/reconciliation/receivables", as_of="2026-11-30")
    assert (answer["holds"], answer["sides"][0]["difference"]) == (False, "0.05")
    assert [(d["day"], d["lines"], d["balance"]) for d in answer["days"]] == [("2026-08-25", "37.20", "37.25")]
    assert answer["documents"] == []


async def _plant(desk: Desk, script: str) -> None:
    """Change what nobody may change, as the superuser, past all triggers."""
    import asyncpg

    connection = await asyncpg.connect(desk.server.superuser_url_of(desk.urls))
    try:
        await connection.execute(script)
    finally:
        await connection.close()
