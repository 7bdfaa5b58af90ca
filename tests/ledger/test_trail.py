"""The audit trail of the ledger: one record per change of state, each by its cause."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from services.ledger import handlers
from services.ledger.commands import OpenAccounts
from tests.ledger.desk import Desk, Order, cause, payment, payment_id
from tests.ledger.test_credit import asks, limit
from tests.ledger.test_dunning import INCOME, dun, policy

ACME = "/v1/companies/acme"
WRITTEN = {
    "account.opened": "select count(*) from account",
    "invoice.issued": "select count(*) from invoice where series = 'INV'",
    "dunning.charged": "select count(*) from invoice where series = 'LPC'",
    "invoice.credited": "select count(*) from credit_note where printed is null",
    "invoice.credited-in-part": "select count(*) from credit_note where printed is not null",
    "payment.recorded": "select count(*) from payment",
    "payment.bounced": "select count(*) from unapplied_cash where bounced",
    "refund.requested": "select count(*) from refund",
    "refund.approved": "select count(*) from refund where state = 'approved'",
    "invoice.overdue": "select count(*) from dunning_step where level = 0",
    "credit.held": "select count(*) from outbox where convert_from(headers, 'UTF8') like '%CreditHeld.v1%'",
    "credit.ended": "select count(*) from order_credit where state = 'ended' and billed = 0",
    "dunning.level-reached": "select count(*) from outbox where topic = 'ledger.dunning'",
}
"""What is counted beside the records of an action."""


async def test_every_change_of_state_has_its_one_record_and_every_event_a_record_of_its_cause(desk: Desk) -> None:
    """X10: months of sales, money, disputes and reminders; records are counted against what is written."""
    # Given a company that asks for credit, and duns
    await desk.do(handlers.open_accounts, OpenAccounts("acme", [INCOME], cause()))
    await policy(desk)
    await limit(desk, "C-1042", 200_00)
    await asks(desk)
    late = Order("A-1", at=datetime(2026, 6, 1, 12, tzinfo=UTC))
    held = Order("A-9", (("9", "100.00", "VAT24"),))
    orders = [late, Order("A-2"), Order("A-3"), held]

    # When it sells, is paid, is not paid, gives money back and takes goods back
    await desk.bill(*orders[:3])
    await desk.hear(held.placed())
    await desk.hear(held.not_reserved())
    await desk.hear(orders[1].payment("P-1", "37.20"), payment("P-2", "5.00"), orders[2].payment("P-3", "1.00"))
    for day in (date(2026, 7, 10), date(2026, 7, 25)):
        await dun(desk, day)
    async with desk.ask() as client:
        bounce = {"bounced_on": "2026-11-22", "reason": "closed"}
        assert await _done(client, f"/payments/{payment_id('P-1')}/bounce", bounce)
        credit = {"lines": [{"line": 1, "quantity": "1"}], "reason": "broken"}
        assert await _done(client, f"/invoices/{orders[1].invoice}/credit-notes", credit)
        refund = {"refund_on": "2026-11-22", "reason": "by mistake"}
        assert await _done(client, f"/payments/{payment_id('P-2')}/refunds", refund)
    await desk.hear(orders[2].released())

    # Then
    records = dict(await desk.rows("select action, count(*) from audit group by action"))
    written = {action: (await desk.rows(count))[0][0] for action, count in WRITTEN.items()}
    assert {action: records.get(action, 0) for action in WRITTEN} == written
    nothing = {action for action, count in written.items() if not count}
    assert nothing == {"refund.approved"}, "the story has each of them but the second person's word"
    assert await desk.told_without_record() == []
    assert await desk.rows("select count(*) from audit where actor = '' or cause is null") == [(0,)]


async def _done(client: Any, path: str, body: object) -> bool:
    answer = await client.post(f"{ACME}{path}", json=body, headers={"idempotency-key": path})
    return bool(answer.is_success)
