"""A stock room of one test: goods come in through the door, orders through the corridor."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

from chassis.cause import Cause
from chassis.ids import derive, new_id
from chassis.requests import Answer, CommandDoor, RequestIdentity, Result
from chassis.settings import StackSettings
from contracts import published
from contracts.gateway import OrderCancelled, OrderChanged, OrderPlaced
from contracts.ledger import InvoiceRefused
from contracts.money import from_micro, to_micro
from deploy.local.postgres import DatabaseUrls
from services.inventory import handlers
from services.inventory.commands import DefineItems, DefineWarehouse, ReceiveGoods
from services.inventory.consumers import consumers
from services.inventory.domain.items import ItemTerms
from services.inventory.domain.receiving import StatedLine
from services.inventory.settings import InventorySettings
from services.inventory.store import valuing
from services.inventory.translate.stock import receipt_id
from tests.support.department import NOON, Department, Event, event
from tests.support.stack import TestPostgres

Lines = Sequence[tuple[str, str]]
"""Sku and quantity of each line of an order."""

DIFFERENCES = """
select s.company, s.sku, on_hand, reserved, coalesce(m.n, 0), coalesce(r.n, 0) from stock_level s
left join (select company, warehouse, sku, sum(quantity) n from stock_move group by 1, 2, 3) m
    using (company, warehouse, sku)
left join (select o.company, o.warehouse, l.sku, sum(l.quantity - coalesce(p.waiting + p.dropped + p.shipped, 0)) n
           from reservation o
           join reservation_line l using (company, order_id, revision)
           left join line_progress p using (company, order_id, revision, line)
           where o.state = 'reserved' group by 1, 2, 3) r
    using (company, warehouse, sku)
where on_hand <> coalesce(m.n, 0) or reserved <> coalesce(r.n, 0)
"""


@dataclass
class StockRoom(Department):
    """Inventory with a few words of its own for tests."""

    _receipts: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def on(cls, urls: DatabaseUrls, server: TestPostgres, secret: Path) -> StockRoom:
        """A stock room on a migrated database."""
        settings = InventorySettings(
            database_url=urls.database_url,
            relay_url=urls.relay_url,
            database_connections=24,
            stack=StackSettings(kafka_bootstrap_servers="127.0.0.1:1", backbone_internal_secret_file=secret),
        )
        return cls(urls, server, settings, consumers)

    async def stocked(self, quantities: Mapping[str, str], company: str = "acme") -> None:
        """Define these items and take in a quantity of each; "0" takes in nothing."""
        define = DefineItems(cause(company), [ItemTerms(sku, f"Item {sku}", "pcs") for sku in quantities])
        assert isinstance(await self.ask(handlers.define_items, define), Answer)
        lines = [(sku, quantity) for sku, quantity in quantities.items() if quantity != "0"]
        if lines:
            assert isinstance(await self.receive(lines, company=company), Answer)

    async def values(
        self, company: str = "acme", currency: str = "EUR", zone: str = "Europe/Athens", **methods: str
    ) -> None:
        """Let a company value its goods, and these items (name: method) with it; its days begin in this time zone."""
        async with self.database.unit([company]) as unit:
            await valuing.learn_terms(unit.raw, [(company, currency, zone)])
        items = [ItemTerms(sku, f"Item {sku}", "pcs", method) for sku, method in methods.items()]
        assert isinstance(await self.ask(handlers.define_items, DefineItems(cause(company), items)), Answer)

    async def places(self, *codes: str, company: str = "acme") -> None:
        """Make warehouses known."""
        for code in codes:
            command = DefineWarehouse(cause(company), code, code.title())
            assert isinstance(await self.ask(handlers.define_warehouses, command), Answer)

    async def receive(self, lines: Lines, *, company: str = "acme", **more: Any) -> Result:
        """Take goods in."""
        return await self.ask(handlers.receive_goods, self.receipt(lines, company=company, **more))

    def receipt(
        self,
        lines: Lines,
        *,
        company: str = "acme",
        reference: str | None = None,
        warehouse: str = "MAIN",
        received_on: date = date(2026, 11, 20),
        cost: str | None = None,
        unit: str | None = None,
        kind: Literal["receipt", "opening"] = "receipt",
    ) -> ReceiveGoods:
        """The command for a receipt under a reference of its own."""
        why = cause(company)
        taken = [
            StatedLine(sku, to_micro(quantity), unit, None if cost is None else to_micro(cost))
            for sku, quantity in lines
        ]
        reference = reference or f"IN-{next(self._receipts)}"
        return ReceiveGoods(why, receipt_id(why), reference, warehouse, received_on, taken, kind)

    async def ask(self, handler: Any, command: Any) -> Result:
        """Run one command through the door, in a transaction of its own."""
        why: Cause = command.cause
        identity = RequestIdentity(why.company, handler.__name__, str(why.id), b"")
        return await CommandDoor(self.database, self.metrics).submit(handler, command, identity)

    async def at(self, moment: datetime, handler: Any, *commands: Any) -> list[Result]:
        """Run commands as one group in one commit, at this instant by the clock of the database."""
        async with self.database.unit({command.cause.company for command in commands}) as unit:
            unit.now = moment
            return list(await handler(commands, unit))

    async def stock(self, sku: str, company: str = "acme") -> tuple[str, str]:
        """On hand and reserved of an item in MAIN."""
        query = "select on_hand, reserved from stock_level where company = $1 and warehouse = 'MAIN' and sku = $2"
        ((on_hand, reserved),) = await self.rows(query, company, sku)
        return from_micro(on_hand), from_micro(reserved)

    async def states(self) -> dict[str, str]:
        """How each order stands."""
        return {str(o): s for o, s in await self.rows("select order_id, state from reservation")}

    async def differences(self) -> list[tuple[Any, ...]]:
        """Levels that are not the sum of their moves and open reservations."""
        return await self.rows(DIFFERENCES)


def cause(company: str = "acme") -> Cause:
    """A request of its own."""
    request = new_id()
    return Cause(request, company, str(request), "warehouse", None, None, NOON)


def order_id(name: str) -> str:
    """The id of the order with this name."""
    return str(derive("test-order", name))


def placed(name: str, lines: Lines, *, company: str = "acme", sequence: int = 1, **wish: Any) -> Event:
    """An order with these lines and wishes; everything else as in the golden sample."""
    data = published.sample("OrderPlaced.v1").data
    line = data["lines"][0]
    ordered = [line | {"line": n, "item": sku, "quantity": quantity} for n, (sku, quantity) in enumerate(lines, 1)]
    told = data | {"order": order_id(name), "lines": ordered} | wish
    return event(OrderPlaced, company, told, sequence=sequence)


def changed(name: str, revision: int, lines: Lines, *, company: str = "acme", sequence: int | None = None) -> Event:
    """Another set of lines for an order."""
    data = published.sample("OrderChanged.v1").data
    line = data["lines"][0]
    ordered = [line | {"line": n, "item": sku, "quantity": quantity} for n, (sku, quantity) in enumerate(lines, 1)]
    told = data | {"order": order_id(name), "revision": revision, "lines": ordered}
    return event(OrderChanged, company, told, sequence=sequence or revision)


def cancelled(name: str, *, company: str = "acme", sequence: int = 2) -> Event:
    """The cancellation of an order."""
    data = {"order": order_id(name), "reference": name, "source": "/sales/webshop", "reason": ""}
    return event(OrderCancelled, company, data, sequence=sequence)


def invoice_refused(name: str, *, company: str = "acme", revision: int | None = None, sequence: int = 1) -> Event:
    """The ledger cannot invoice an order."""
    data: dict[str, Any] = {
        "order": order_id(name), "code": "tax-code-unknown", "detail": "No such tax code.", "pointer": None
    }  # fmt: skip
    if revision is not None:
        data["revision"] = revision
    return event(InvoiceRefused, company, data, sequence=sequence)
