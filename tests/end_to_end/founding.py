"""A company that trades, as the walks through all departments found it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.demo.day import accepted, until_known
from deploy.local.demo.expected import ACCOUNTS
from deploy.local.demo.front_office import FrontOffice
from deploy.local.demo.trade import GOODS_ACCOUNTS

ADDRESS = {"line1": "2 Quay", "city": "Piraeus", "postcode": "18538", "country": "GR"}
CUSTOMER = {"name": "Harbour Repairs", "language": "en", "address": ADDRESS}
NOW = datetime.now(UTC)
YESTERDAY, LONG_AGO = ((NOW - timedelta(days=days)).date().isoformat() for days in (1, 30))


class Founder:
    """Sets a company up, each request under a key that says what it is."""

    def __init__(self, office: FrontOffice, company: str) -> None:
        self.office, self.company = office, company

    async def post(self, path: str, body: object, key: str = "") -> Any:
        """What was answered to a request that must be accepted."""
        return await accepted(self.office.post(path, body, key=f"{self.company}-{path}-{key}"))

    async def has_books(self, name: str) -> None:
        """It has accounts and a tax of 24 %."""
        books = self.at("ledger")
        company = {"company": self.company, "name": name, "currency": "EUR", "country": "GR", "address": ADDRESS}
        await self.post("/ledger/v1/companies", company | {"time_zone": "UTC"})
        accounts = [{"code": c, "name": n, "kind": k, "role": r} for c, n, k, r in (*ACCOUNTS, *GOODS_ACCOUNTS)]
        await self.post(f"{books}/accounts/batch", {"accounts": accounts})
        taxes = [{"code": "S24", "name": "VAT 24 %", "rate": "0.24", "account": "2200"}]
        await self.post(f"{books}/tax-codes/batch", {"tax_codes": taxes})

    async def has_a_customer(self, customer: str, limit: str) -> None:
        """It gives somebody credit."""
        limits = {"credit_limits": [{"currency": "EUR", "amount": limit}]}
        await self.post(f"{self.at('ledger')}/customers", CUSTOMER | limits | {"customer": customer}, customer)

    async def asks_for_credit(self, **policy: object) -> None:
        """Its orders are looked at before goods are set aside; then every department has heard of it."""
        asking = {"valid_from": LONG_AGO, "credit_check": True}
        await self.post(f"{self.at('ledger')}/policies", asking | policy)
        for path in (
            f"{self.at('inventory')}/items", f"{self.at('documents')}/documents", f"/v1/orders?company={self.company}",
        ):  # fmt: skip
            await until_known(self.office, path)

    async def has_goods(self, valuation: str, names: Mapping[str, str], received: Mapping[str, str]) -> None:
        """It deals in these, and so many of some came yesterday at 4.00 each."""
        stock = self.at("inventory")
        items = [{"sku": sku, "name": name, "valuation": valuation} for sku, name in names.items()]
        await self.post(f"{stock}/items/batch", {"items": items})
        lines = [{"item": sku, "quantity": quantity, "unit_cost": "4.00"} for sku, quantity in received.items()]
        await self.post(f"{stock}/receipts", {"reference": "R-1", "received_on": YESTERDAY, "lines": lines})

    def at(self, department: str) -> str:
        """Where a department answers about this company."""
        return f"/{department}/v1/companies/{self.company}"
