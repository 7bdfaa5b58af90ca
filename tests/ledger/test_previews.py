"""Every command that posts can be previewed: what it would tell is what it then tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.ledger import handlers
from services.ledger.commands import OpenAccounts
from services.ledger.main import build
from tests.ledger.desk import Desk, Order, cause, payment, payment_id
from tests.ledger.test_dunning import INCOME, policy

ACME = "/v1/companies/acme"
COUNTS = """select (select count(*) from outbox), (select count(*) from audit), (select count(*) from journal_entry),
    (select count(*) from request), (select count(*) from refund), (select sum(last) from number_counter)"""
MONEY, SPARE, BOUNCING = (payment_id(name) for name in ("P-1", "P-2", "P-3"))
LATE = Order("A-1", at=datetime(2026, 6, 1, 12, tzinfo=UTC))
PLAIN = Order("A-2")


@pytest_asyncio.fixture
async def busy(desk: Desk) -> Desk:
    """An overdue invoice and one of today; money that lies there twice, and some that pays an invoice."""
    await desk.do(handlers.open_accounts, OpenAccounts("acme", [INCOME], cause()))
    await policy(desk)
    await desk.bill(LATE, PLAIN)
    await desk.hear(payment("P-1", "10.00"), payment("P-2", "7.00"), PLAIN.payment("P-3", "5.00"))
    return desk


@pytest_asyncio.fixture
async def client(busy: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with busy.ask() as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "body", "tells"),
    [
        (f"/payments/{MONEY}/allocations", {"invoice": str(PLAIN.invoice)}, {"PaymentAllocated", "EntryPosted"}),
        (f"/payments/{BOUNCING}/allocations/undo", {"invoice": str(PLAIN.invoice), "reason": "a slip"},
         {"PaymentAllocated", "EntryPosted"}),
        (f"/payments/{BOUNCING}/bounce", {"bounced_on": "2026-11-22", "reason": "account closed"},
         {"PaymentBounced", "EntryPosted"}),
        (f"/payments/{SPARE}/refunds", {"refund_on": "2026-11-22", "reason": "paid twice"}, set()),
        (f"/invoices/{PLAIN.invoice}/credit-notes", {"lines": [{"line": 1, "quantity": "1"}], "reason": "broken"},
         {"CreditNoteIssued", "EntryPosted"}),
        ("/dunning/runs", {"day": "2026-07-25"}, {"DunningLevelReached", "EntryPosted"}),
    ],
    ids=["allocation", "undo", "bounce", "refund", "credit note", "dunning"],
)  # fmt: skip
async def test_a_dry_run_of_any_posting_command_tells_exactly_what_it_will_tell_and_writes_nothing(
    busy: Desk, client: httpx.AsyncClient, path: str, body: dict[str, Any], tells: set[str]
) -> None:
    """L29: journal lines and events of the preview are those of the command; no key and no number is used."""
    if path == "/dunning/runs":  # the first letter costs nothing
        await _post(client, path, {"day": "2026-07-10"}, "before")
    before = await busy.rows(COUNTS)
    written = {told.envelope.id for told in await busy.told()}

    shown = await _post(client, f"{path}?dry_run=true", body, "k")
    assert await busy.rows(COUNTS) == before
    done = await _post(client, path, body, "k")

    assert (shown.status_code, done.is_success) == (200, True), (shown.text, done.text)
    would = shown.json()["would_tell"]
    told = [one for one in await busy.told() if one.envelope.id not in written]
    assert {event["type"] for event in would} >= {f"{name}.v1" for name in tells}
    assert by_key(would) == by_key([{"type": f"{one.type}.v1", "key": one.key, "data": one.data} for one in told])
    assert shown.json()["dry_run"] is True


async def test_a_decision_about_a_refund_is_previewed_as_well(busy: Desk, client: httpx.AsyncClient) -> None:
    """L29: by the second person, whose word would post it."""
    asked = {"refund_on": "2026-11-22", "reason": "paid twice"}
    refund = (await _post(client, f"/payments/{SPARE}/refunds", asked, "ask")).json()["refund"]
    before = await busy.rows(COUNTS)
    async with busy.client(build, companies=["acme"], scopes=["ledger:approve"], name="ben") as ben:
        shown = await _post(ben, f"/refunds/{refund}/decision?dry_run=true", {"decision": "approve"}, "k")
    assert await busy.rows(COUNTS) == before
    assert {event["type"] for event in shown.json()["would_tell"]} >= {"PaymentRefunded.v1", "EntryPosted.v1"}


def by_key(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(events, key=lambda one: (one["type"].partition(".")[0], str(one["key"])))


async def _post(client: httpx.AsyncClient, path: str, body: object, key: str) -> httpx.Response:
    return await client.post(f"{ACME}{path}", json=body, headers={"idempotency-key": key})
