"""All entries behind some documents, in one question."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from services.ledger import handlers
from services.ledger.commands import OpenAccounts
from tests.ledger.desk import Desk, cause
from tests.ledger.test_dunning import INCOME, dun, order, policy

ACME = "/v1/companies/acme"


async def test_the_entries_of_several_documents_come_with_those_of_what_paying_late_cost(desk: Desk) -> None:
    """G13: sale, and the charge that a dunning letter made for the invoice; nothing of other documents."""
    await desk.do(handlers.open_accounts, OpenAccounts("acme", [INCOME], cause()))
    await policy(desk)
    late, other = order("A-1", date(2026, 6, 1)), order("A-2", date(2026, 6, 1), customer="C-2")
    await desk.bill(late, other)
    for day in (date(2026, 7, 10), date(2026, 7, 21)):
        await dun(desk, day)

    async with desk.ask() as client:
        both = (await client.get(f"{ACME}/entries", params={"documents": f"{late.invoice},{other.invoice}"})).json()
        one = (await client.get(f"{ACME}/entries", params={"document": str(late.invoice)})).json()
        nothing = await client.get(f"{ACME}/entries")
        many = await client.get(f"{ACME}/entries", params={"documents": ",".join([str(uuid4())] * 51)})

    (first, second) = [
        told.data["charge"] for told in await desk.told("DunningLevelReached") if told.data["level"] == 2
    ]
    assert {entry["document"] for entry in both["entries"]} == {str(late.invoice), str(other.invoice), first, second}
    assert {entry["document"] for entry in one["entries"]} <= {str(late.invoice), first, second}
    assert len(one["entries"]) == 2
    assert (nothing.status_code, many.status_code) == (422, 422)
