"""The trace of what belongs to no order and no payment, with a real ledger behind the gateway."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

from chassis.ids import derive
from chassis.migrating import migrate
from services.ledger import handlers
from services.ledger.commands import PostEntry, ReverseEntry
from services.ledger.domain.manual import WantedEntry, WantedLine
from services.ledger.main import build
from services.ledger.settings import LedgerSettings
from tests.gateway.conftest import MakeGateway
from tests.gateway.front import FrontOffice
from tests.gateway.serving import serving
from tests.ledger.desk import Desk, cause
from tests.support.stack import TestPostgres


async def test_an_entry_that_belongs_to_no_order_is_traced_to_itself_its_cause_and_who_made_it(
    make_gateway: MakeGateway, postgres_server: TestPostgres
) -> None:
    """G13: manual, opening and payroll entries have no order: what the ledger says of them is all there is."""
    urls = postgres_server.create_database("ledger")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(migrate, "ledger", urls.migration_url).result()
    secret = make_gateway().settings.stack.backbone_internal_secret_file
    assert secret is not None
    desk = Desk.on(urls, postgres_server, secret)
    await desk.set_up()
    made, day = cause(), date(2026, 11, 22)
    entry = derive("acme", "manual", made.id)
    lines = [
        WantedLine("1000", "EUR", "10.00", "0", None, None, None, None),
        WantedLine("4000", "EUR", "0", "10.00", None, None, None, None),
    ]
    await desk.do(handlers.post_entries, PostEntry(WantedEntry("acme", entry, day, "Found", lines, False), made))
    await desk.do(handlers.reverse_entries, ReverseEntry("acme", entry, day, "Lost", cause()))

    service = build(LedgerSettings.model_validate(desk.settings), ("api",))
    async with serving(service.app) as address:
        gateway = make_gateway(ledger_address=address)
        await gateway.opens_for("acme")
        key = await gateway.make_key()
        async with gateway.open() as client:
            office = FrontOffice(client, key["key"])
            told = await office.get("/v1/trace", entry=str(entry))
            unknown = await office.get("/v1/trace", entry=str(derive("nobody")))
    await service.database.close()
    await desk.close()

    assert told.status_code == 200, told.text
    trace = told.json()
    assert (trace["company"], trace["requests"], trace["events"]) == ("acme", [], [])
    first, reversal = trace["entries"]
    assert (first["entry"], first["text"], first["cause"]) == (str(entry), "Found", str(made.id))
    assert first["actor"] == made.actor
    assert reversal["reverses"] == str(entry)
    assert unknown.status_code == 404
