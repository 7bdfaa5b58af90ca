"""Tax codes whose rate changes: the rate of the invoice's day holds, whenever it was said and whenever it is billed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio

from chassis.requests import Answer
from contracts.inventory import BackOrderReserved, StockReserved
from services.ledger import handlers
from services.ledger.commands import CreditLines
from services.ledger.domain.credit import Wish
from tests.ledger.accountant import faults
from tests.ledger.desk import Desk, Order, cause
from tests.ledger.test_parts import told

ACME = "/v1/companies/acme"
NEW_YEAR = {"valid_from": "2027-01-01", "rate": "0.25"}
keys = (f"tax-rate-{n}" for n in range(10**9))


@pytest_asyncio.fixture
async def caller(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with desk.ask() as client:
        yield client


async def announce(client: httpx.AsyncClient, code: str = "VAT24", **body: Any) -> httpx.Response:
    return await client.post(
        f"{ACME}/tax-codes/{code}/rates", json=NEW_YEAR | body, headers={"idempotency-key": next(keys)}
    )


def at(year: int, month: int, day: int, hour: int = 12) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


async def rates(desk: Desk) -> list[tuple[str, str, str, str]]:
    """Day, rate on the line, rate of the sum, and tax of every invoice."""
    invoices = [one.data for one in await desk.told("InvoiceIssued")]
    return [(i["issued_on"], i["lines"][0]["tax_rate"], i["taxes"][0]["rate"], i["tax"]) for i in invoices]


async def test_the_rate_of_the_invoices_own_day_holds_on_the_companys_calendar(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """Announced ahead, the old rate holds to the last day; in Athens the year begins at 22:00 UTC."""
    assert (await announce(caller)).status_code == 201

    await desk.bill(Order("A-1", at=at(2026, 12, 31, 21)), Order("A-2", at=at(2026, 12, 31, 22)))

    assert await rates(desk) == [("2026-12-31", "0.24", "0.24", "7.20"), ("2027-01-01", "0.25", "0.25", "7.50")]
    assert (await desk.balances())["2200", "EUR"] == -1470
    assert await desk.faults() == []


async def test_a_rate_that_is_said_late_changes_no_invoice_of_before(desk: Desk, caller: httpx.AsyncClient) -> None:
    await desk.bill(Order("A-1"))
    before = await desk.balances()

    assert (await announce(caller, valid_from="2026-11-01")).status_code == 201
    assert await desk.balances() == before

    await desk.bill(Order("A-2"))
    assert [tax for *_, tax in await rates(desk)] == ["7.20", "7.50"]


async def test_a_credit_note_gives_back_the_rate_of_its_invoice(desk: Desk, caller: httpx.AsyncClient) -> None:
    """Credited in part by a person and for the rest by its release, both when another rate holds: nothing remains."""
    order = Order("A-1", at=at(2026, 12, 31))
    await desk.bill(order)
    await announce(caller)
    credited = CreditLines("acme", order.invoice, [Wish(1, "1", "")], date(2027, 1, 5), "broken", cause())
    (noted,) = await desk.do(handlers.credit_lines, credited, now=at(2027, 1, 5))
    await desk.hear(order.released(at=at(2027, 1, 6)))

    assert isinstance(noted, Answer), noted
    notes = [one.data for one in await desk.told("CreditNoteIssued")]
    assert [(n["tax"], n["taxes"][0]["rate"]) for n in notes] == [("2.40", "0.24"), ("4.80", "0.24")]
    assert set((await desk.balances()).values()) <= {0}
    assert await desk.faults() == []


async def test_a_part_of_an_order_that_comes_later_is_taxed_by_its_own_day(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    await announce(caller, valid_from="2026-11-23")
    order = Order("A-1", (("2", "10.00", "VAT24"),))
    await desk.hear(order.placed(), order_part(order, StockReserved, 1, at(2026, 11, 22)))
    more = {"part": 2, "before": {1: "1"}, "complete": True}
    await desk.hear(order_part(order, BackOrderReserved, 2, at(2026, 11, 23), **more))

    assert [(day, tax) for day, _, _, tax in await rates(desk)] == [("2026-11-22", "2.40"), ("2026-11-23", "2.50")]


def order_part(order: Order, kind: Any, sequence: int, moment: datetime, **more: Any) -> Any:
    return told(order, kind, sequence, {1: "1"}, at=moment, **more)


async def test_the_codes_show_what_was_at_first_and_what_is_from_which_day(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    await announce(caller)
    await announce(caller, valid_from="2026-12-01", rate="0.240")

    shown = {one["code"]: one for one in (await caller.get(f"{ACME}/tax-codes")).json()["tax_codes"]}

    assert (shown["VAT24"]["rate"], shown["VAT0"]["later_rates"]) == ("0.24", [])
    assert shown["VAT24"]["later_rates"] == [{"valid_from": "2026-12-01", "rate": "0.24"}, NEW_YEAR]
    said = [one.data for one in await desk.told("TaxCodeDefined") if "valid_from" in one.data]
    assert [(one["code"], one["valid_from"], one["rate"]) for one in said] == [
        ("VAT24", "2027-01-01", "0.25"), ("VAT24", "2026-12-01", "0.24"),
    ]  # fmt: skip
    assert said[0]["name"] == "VAT 24 %"


@pytest.mark.parametrize(
    ("code", "body", "status", "kind", "pointer"),
    [
        ("VAT24", {"rate": "0.26"}, 409, "tax-rate-exists", None),
        ("VAT99", {}, 404, "tax-code-not-found", None),
        ("VAT24", {"rate": "25 %"}, 422, "invalid", "/rate"),
        ("VAT24", {"valid_from": "2027-02-30"}, 422, "invalid", "/valid_from"),
    ],
)
async def test_a_rate_that_cannot_be_is_refused_and_nothing_is_written(
    desk: Desk, caller: httpx.AsyncClient, code: str, body: dict[str, str], status: int, kind: str, pointer: str | None
) -> None:
    await announce(caller)

    answer = await announce(caller, code, **body)

    assert answer.status_code == status, answer.text
    if pointer is None:
        assert answer.json()["type"] == f"/problems/{kind}"
    else:
        assert pointer in [at_ for at_, _ in faults(answer)]
    assert await desk.rows("select rate from tax_rate") == [("0.25",)]
