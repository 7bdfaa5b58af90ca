"""Companies for a chapter, founded through the departments' own APIs; what is asked is in the history like all else."""

from __future__ import annotations

import asyncio
from typing import Any

from deploy.local.demo.day import accepted, until, until_known
from deploy.local.demo.expected import ACCOUNTS, TAX
from deploy.local.demo.front_office import FrontOffice
from tests.proof.load.bookkeeper import ACCOUNTS as BY_HAND
from tests.proof.load.bookkeeper import LIMIT
from tests.proof.load.intents import Company
from tests.proof.load.record import History
from tests.proof.load.storekeeper import BINS, PLENTY, SHOP, TOLERANCE

ITEMS = tuple(f"P{number}" for number in range(1, 21))
VALUED = {"P1": "moving-average", "P2": "fifo", "P3": "moving-average", "P4": "fifo"}
"""The others have no value in the books."""
SCARCE = {"S1": "moving-average", "S2": "fifo", "S3": None}
FEW = "4"
METHODS = {**VALUED, **{sku: method for sku, method in SCARCE.items() if method is not None}}
COST = "2.50"
GOODS_ACCOUNTS = (
    ("1500", "Goods", "asset", "inventory"), ("2400", "Goods received, not invoiced", "liability", "goods_received"),
    ("5000", "Cost of goods sold", "expense", "cost_of_goods"),
    ("5100", "Differences of stock", "expense", "stock_difference"),
)  # fmt: skip
PLACES = (("EUR", "GR", "Europe/Athens", {"S24": "0.24", "Z0": "0"}), ("ILS", "IL", "Asia/Jerusalem", {"S18": "0.18"}))
CLIENT = "founder"


async def found_companies(admin: FrontOffice, history: History, number: int) -> tuple[Company, ...]:
    """Two companies of two currencies, in plenty of everything. Returns when every department knows them."""
    made = [
        Company(f"p{number}{'ab'[at]}", currency, country, ITEMS, rates, frozenset(METHODS), tuple(SCARCE))
        for at, (currency, country, _, rates) in enumerate(PLACES)
    ]
    zones = [zone for _, _, zone, _ in PLACES]
    await asyncio.gather(*(_Founder(admin, history, c, z).found() for c, z in zip(made, zones, strict=True)))
    return tuple(made)


class _Founder:
    def __init__(self, admin: FrontOffice, history: History, company: Company, zone: str) -> None:
        self._admin = admin
        self._history = history
        self._company = company
        self._zone = zone

    async def found(self) -> None:
        code, country = self._company.code, self._company.country
        address = {"line1": "1 Port Road", "city": "Port", "postcode": "10557", "country": country}
        await self._ask(
            "/ledger/v1/companies",
            {
                "company": code, "name": f"Company {code}", "currency": self._company.currency, "country": country,
                "time_zone": self._zone, "address": address,
            },
        )  # fmt: skip
        at = f"/ledger/v1/companies/{code}"
        accounts = [
            {"code": c, "name": n, "kind": k, "role": r} for c, n, k, r in (*ACCOUNTS, *GOODS_ACCOUNTS, *BY_HAND)
        ]
        await self._ask(f"{at}/accounts/batch", {"accounts": accounts})
        await self._ask(f"{at}/policies", {"valid_from": "2026-01-01", "approval_limit": f"{LIMIT}.00"})
        codes = [
            {"code": tax, "name": f"Tax {tax}", "rate": rate, "account": TAX}
            for tax, rate in self._company.tax_codes.items()
        ]
        await self._ask(f"{at}/tax-codes/batch", {"tax_codes": codes})
        stock = f"/inventory/v1/companies/{code}"
        await until_known(self._admin, f"{stock}/items")
        await self._ask(f"{stock}/items/batch", {"items": [_item(sku) for sku in (*ITEMS, *SCARCE)]})
        await self._ask(f"{stock}/warehouses", {"warehouse": SHOP, "name": "The shop"})
        await self._ask(f"{stock}/bins", {"bins": [{"bin": code} for code in BINS]})
        await self._ask(f"{stock}/stock-policy", {"count_tolerance": TOLERANCE}, method="PUT")
        lines = [
            {"item": sku, "quantity": FEW if sku in SCARCE else str(PLENTY)}
            | ({"unit_cost": COST} if sku in METHODS else {})
            for sku in (*ITEMS, *SCARCE)
        ]
        receipt = {"reference": "opening", "received_on": "2026-11-19", "lines": lines}
        await self._ask(f"{stock}/receipts", receipt, f="receive", reference="opening")
        await until_known(self._admin, f"/payroll/v1/companies/{code}/employees")
        await until_known(self._admin, f"/documents/v1/companies/{code}/documents")
        await until(
            lambda: self._admin.send("GET", "/v1/orders", params={"company": code}),
            lambda answer: answer.status_code == 200,
            f"the gateway knows {code}",
        )

    async def _ask(
        self, path: str, body: dict[str, Any], *, f: Any = "set_up", reference: str = "", method: str = "POST"
    ) -> None:
        key = f"found-{path.strip('/').replace('/', '-')}-{self._company.code}"
        op = self._history.invoke(
            CLIENT, f, company=self._company.code, key=key, reference=reference, body=body, path=path
        )
        await accepted(self._admin.send(method, path, json=body, headers={"Idempotency-Key": key}))
        self._history.complete(CLIENT, op, "ok", status=201)


def _item(sku: str) -> dict[str, str]:
    return {"sku": sku, "name": sku} | ({"valuation": METHODS[sku]} if sku in METHODS else {})
