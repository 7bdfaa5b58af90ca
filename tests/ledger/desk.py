"""A ledger of one test: set up through its handlers, fed through its real corridor, asked through its real app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.ids import UUID, derive, new_id
from chassis.requests import Answer, Result
from chassis.settings import StackSettings
from contracts.gateway import OrderChanged, OrderPlaced, PaymentReceived
from contracts.inventory import (
    OrderChangeRefused,
    ReservationRefused,
    ReservationReleased,
    ShipmentDispatched,
    StockReserved,
)
from deploy.local.postgres import DatabaseUrls
from services.ledger import handlers
from services.ledger.commands import (
    DefineTaxCodes,
    NewAccount,
    NewRate,
    NewTaxCode,
    OpenAccounts,
    PostalAddress,
    RecordRates,
    RegisterCompany,
)
from services.ledger.consumers import consumers
from services.ledger.main import build
from services.ledger.settings import LedgerSettings
from tests.ledger.coherence import COHERENCE
from tests.support.department import Department, Event, event
from tests.support.stack import TestPostgres

T = TypeVar("T")

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
BANK = NewAccount("1000", "Bank", "asset", "bank", "")
CUSTOMERS = NewAccount("1100", "Customers", "asset", "receivable", "")
UNAPPLIED = NewAccount("2100", "Customers' money", "liability", "unapplied_cash", "")
VAT = NewAccount("2200", "VAT owed", "liability", None, "")
REDUCED_VAT = NewAccount("2201", "Reduced VAT owed", "liability", None, "")
SALES = NewAccount("4000", "Sales", "income", "sales", "")
EXCHANGE = (
    NewAccount("1900", "Exchange of currencies", "asset", "currency_exchange", ""),
    NewAccount("4900", "Exchange gains", "income", "exchange_gain", ""),
    NewAccount("6900", "Exchange losses", "expense", "exchange_loss", ""),
)
DISCOUNT = NewAccount("6100", "Discounts allowed", "expense", "discount_allowed", "")
CHART = (BANK, CUSTOMERS, UNAPPLIED, VAT, REDUCED_VAT, SALES, *EXCHANGE, DISCOUNT)
RATE_DAY = date(2026, 11, 20)
RATES = {"USD": "0.8", "JPY": "0.006"}
TAX_CODES = (
    NewTaxCode("VAT24", "VAT 24 %", "0.24", "2200", ""),
    NewTaxCode("VAT13", "VAT 13 %", "0.13", "2201", ""),
    NewTaxCode("VAT0", "Exempt", "0", "2200", ""),
)


@dataclass
class Desk(Department):
    """The ledger with a few words of its own for tests."""

    @classmethod
    def on(cls, urls: DatabaseUrls, server: TestPostgres, secret: Path) -> Desk:
        """A ledger on a migrated database."""
        settings = LedgerSettings(
            database_url=urls.database_url,
            relay_url=urls.relay_url,
            database_connections=24,
            stack=StackSettings(kafka_bootstrap_servers="127.0.0.1:1", backbone_internal_secret_file=secret),
        )
        return cls(urls, server, settings, consumers)

    # -- acting -------------------------------------------------------------------------------------------------------

    async def do(
        self, handler: Callable[[Sequence[Any], UnitOfWork], Awaitable[T]], *commands: Any, now: datetime = NOON
    ) -> T:
        """Run one handler in one transaction."""
        async with self.database.unit({command.company for command in commands}) as unit:
            unit.now = now
            return await handler(commands, unit)

    async def set_up(
        self,
        company: str = "acme",
        *,
        currency: str = "EUR",
        time_zone: str = "Europe/Athens",
        accounts: Sequence[NewAccount] = CHART,
        tax_codes: Sequence[NewTaxCode] = TAX_CODES,
    ) -> None:
        """A company with a small chart of accounts."""
        command = register(company, currency=currency, time_zone=time_zone)
        results: list[Result] = [*await self.do(handlers.register_companies, command)]
        if accounts:
            results += await self.do(handlers.open_accounts, OpenAccounts(company, accounts, cause(company)))
        if tax_codes:
            results += await self.do(handlers.define_tax_codes, DefineTaxCodes(company, tax_codes, cause(company)))
        if accounts and currency == "EUR":
            rates = [NewRate(currency, RATE_DAY, rate, "ECB", "") for currency, rate in RATES.items()]
            results += await self.do(handlers.record_rates, RecordRates(company, rates, cause(company)))
        assert all(isinstance(result, Answer) for result in results), results

    async def bill(self, *orders: Order) -> None:
        """Place orders and reserve their stock."""
        await self.hear(*[order.placed() for order in orders])
        await self.hear(*[order.reserved() for order in orders])

    def ask(
        self,
        *,
        companies: Iterable[str] = ("acme",),
        scopes: Iterable[str] = ("ledger:read", "ledger:write", "ledger:admin"),
    ) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        """A caller of the ledger's HTTP app."""
        return self.client(build, companies=list(companies), scopes=list(scopes))

    async def forget(self) -> None:
        """Be as new: no rows, no offsets, no company."""
        await self.rows(FORGET)
        self._offsets.clear()
        self.corridor.known_companies = frozenset()

    # -- looking ------------------------------------------------------------------------------------------------------

    async def balances(self, company: str = "acme") -> dict[tuple[str, str], int]:
        """Debits less credits in minor units by account and currency; zeros left out."""
        rows = await self.rows(
            "select account, currency, sum(debit - credit)::bigint from account_day where company = $1 "
            "group by 1, 2 having sum(debit - credit) <> 0",
            company,
        )
        return {(account, currency): balance for account, currency, balance in rows}

    async def open_items(self, company: str = "acme") -> dict[UUID, int]:
        """What is open by invoice."""
        rows = await self.rows("select invoice, open from open_item where company = $1 and open > 0", company)
        return dict(rows)

    async def faults(self) -> list[str]:
        """What does not add up in the whole database, in words."""
        found: list[str] = []
        for name, query in COHERENCE.items():
            found += [f"{name}: {row}" for row in await self.rows(query)]
        return found


FORGET = """
do $$ declare name text; begin
    set local session_replication_role = replica;
    for name in select tablename from pg_tables where schemaname = 'public'
        and tablename not in ('alembic_version', 'code_floor') loop execute format('delete from %I', name); end loop;
end $$
"""


# -- builders ---------------------------------------------------------------------------------------------------------


def cause(company: str = "acme") -> Cause:
    """A request of an administrator."""
    request = new_id()
    return Cause(request, company, str(request), "admin", None, None, NOON)


def register(company: str, *, currency: str = "EUR", time_zone: str = "Europe/Athens") -> RegisterCompany:
    """The registration of a company."""
    address = PostalAddress("Ακτή Μιαούλη 85", None, "Πειραιάς", "18538", "GR")
    return RegisterCompany(
        company, "Αιγαίο Εμπορική Α.Ε.", currency, "GR", time_zone, address, "EL800000003", None, cause(company)
    )


@dataclass(frozen=True, slots=True)
class Order:
    """An order, and the events that can come of it."""

    name: str
    lines: tuple[tuple[str, str, str], ...] = (("3", "10.00", "VAT24"),)
    """Quantity, unit price and tax code of each line."""
    company: str = "acme"
    currency: str = "EUR"
    customer: str = "C-1042"
    at: datetime = NOON
    revision: int = 1
    invoice_on: str | None = None
    """What the order says itself."""

    def changed(self, *lines: tuple[str, str, str]) -> Order:
        """The order in its next revision, with these lines."""
        return replace(self, lines=lines, revision=self.revision + 1, at=self.at + timedelta(hours=2))

    @property
    def id(self) -> UUID:
        """The order's id."""
        return derive(self.company, "order", self.name)

    @property
    def invoice(self) -> UUID:
        """The id of its invoice, if it gets one."""
        return derive(self.company, "invoice", self.id, *(() if self.revision == 1 else (self.revision,)))

    def placed(self) -> Event:
        """OrderPlaced."""
        data = {
            "order": str(self.id),
            "reference": self.name,
            "source": "/sales/webshop",
            "placed_at": f"{self.at:%Y-%m-%dT%H:%M:%SZ}",
            "currency": self.currency,
            "customer": {
                "id": self.customer,
                "name": "Καφέ Ακρόπολη Ο.Ε.",
                "language": "el",
                "address": {"line1": "Οδός Αδριανού 24", "city": "Αθήνα", "postcode": "10556", "country": "GR"},
                "email": "orders@cafe-acropolis.example",
            },
            "invoicing": "on_order",
            "allocation": "all_or_nothing",
            "lines": self._ordered_lines(),
        }
        own = {} if self.invoice_on is None else {"invoice_on": self.invoice_on}
        return event(OrderPlaced, self.company, data | own, at=self.at)

    def change(self) -> Event:
        """OrderChanged: how the order came to its revision."""
        data = {
            "order": str(self.id),
            "reference": self.name,
            "source": "/sales/webshop",
            "revision": self.revision,
            "changed_at": f"{self.at:%Y-%m-%dT%H:%M:%SZ}",
            "reason": "",
            "lines": self._ordered_lines(),
        }
        return event(OrderChanged, self.company, data, at=self.at, sequence=self.revision)

    def _ordered_lines(self) -> list[dict[str, object]]:
        return [
            {
                "line": number,
                "item": f"SKU-{number}",
                "description": f"Item {number}",
                "quantity": quantity,
                "unit_price": price,
                "tax_code": tax_code,
            }
            for number, (quantity, price, tax_code) in enumerate(self.lines, 1)
        ]

    @property
    def _of_revision(self) -> dict[str, object]:
        return {} if self.revision == 1 else {"revision": self.revision}

    def _place(self, answer: int) -> int:
        """Where inventory's answers about this revision stand on the order's key: two for each revision before."""
        return 2 * (self.revision - 1) + answer

    def _reserved_lines(self) -> list[dict[str, object]]:
        return [{"line": n, "item": f"SKU-{n}", "quantity": line[0]} for n, line in enumerate(self.lines, 1)]

    def reserved(self, at: datetime | None = None) -> Event:
        """StockReserved."""
        data = {"order": str(self.id), "reservation": str(self._reservation), "lines": self._reserved_lines()}
        return event(StockReserved, self.company, data | self._of_revision, at=at or self.at, sequence=self._place(1))

    def left(self, number: int, lines: dict[int, str], *, on: date = TODAY, complete: bool = False) -> Event:
        """ShipmentDispatched: so much of these lines, in the how-manieth shipment."""
        data = {
            "shipment": str(derive(self.company, "shipment", self.name, self.revision, number)),
            "number": f"DN-2026-{number:06d}",
            "order": str(self.id),
            "order_reference": self.name,
            "warehouse": "MAIN",
            "dispatched_on": on.isoformat(),
            "complete": complete,
            "ship_to": {
                "id": self.customer,
                "language": "el",
                "name": "Καφέ Ακρόπολη Ο.Ε.",
                "address": {"line1": "Οδός Αδριανού 24", "city": "Αθήνα", "postcode": "10556", "country": "GR"},
            },
            "lines": [
                {"line": n, "item": f"SKU-{n}", "description": f"Item {n}", "quantity": quantity, "unit": "pcs"}
                for n, quantity in lines.items()
            ],
        }
        return event(ShipmentDispatched, self.company, data | self._of_revision, at=self.at)

    def not_reserved(self) -> Event:
        """ReservationRefused."""
        data = {"order": str(self.id), "code": "insufficient-stock", "detail": "nothing left", "shortages": []}
        return event(ReservationRefused, self.company, data | self._of_revision, at=self.at, sequence=self._place(1))

    def refused_change(self) -> Event:
        """OrderChangeRefused: this revision came too late."""
        data = {"order": str(self.id), "revision": self.revision, "code": "already-picked", "stage": "picked",
                "detail": "picked"}  # fmt: skip
        return event(OrderChangeRefused, self.company, data, at=self.at, sequence=self._place(1))

    def released(self, at: datetime | None = None, reason: str = "order-cancelled") -> Event:
        """ReservationReleased."""
        data = {
            "order": str(self.id),
            "reservation": str(self._reservation),
            "reason": reason,
            "lines": self._reserved_lines(),
        }
        later = at or self.at + timedelta(hours=1)
        return event(ReservationReleased, self.company, data | self._of_revision, at=later, sequence=self._place(2))

    def replaced(self) -> Event:
        """ReservationReleased, because the next revision takes its place."""
        data = {
            "order": str(self.id),
            "reservation": str(self._reservation),
            "reason": "order-cancelled",
            "replaced_by": self.revision + 1,
            "lines": self._reserved_lines(),
        }
        at = self.at + timedelta(hours=2)
        return event(ReservationReleased, self.company, data | self._of_revision, at=at, sequence=self._place(2))

    def payment(self, name: str, amount: str, **more: Any) -> Event:
        """Money that names this order."""
        return payment(name, amount, order=str(self.id), company=self.company, **{"currency": self.currency, **more})

    @property
    def _reservation(self) -> UUID:
        return derive(self.company, "reservation", self.name, self.revision)


def payment(
    name: str,
    amount: str,
    *,
    company: str = "acme",
    currency: str = "EUR",
    received_on: date = TODAY,
    order: str | None = None,
    invoice_number: str | None = None,
    **more: Any,
) -> Event:
    """PaymentReceived."""
    data = {
        "payment": str(payment_id(name, company)),
        "reference": name,
        "received_on": received_on.isoformat(),
        "amount": {"amount": amount, "currency": currency},
        "payer": {"name": "Καφέ Ακρόπολη Ο.Ε."},
        "order": order,
        "order_reference": None,
        "invoice_number": invoice_number,
        **more,
    }
    return event(PaymentReceived, company, data)


def payment_id(name: str, company: str = "acme") -> UUID:
    """The id of a payment."""
    return derive(company, "payment", name)


def again(event: Event, sequence: int = 2) -> Event:
    """The event as a later one on its key, with an id of its own."""
    new = {"ce_id": str(new_id()).encode(), "ce_sequence": str(sequence).encode()}
    return replace(event, sequence=sequence, headers=tuple((n, new.get(n, value)) for n, value in event.headers))
