"""What the public APIs say in the end, as files: one per company, with every list read to its last page."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import orjson

from tests.proof.checker.asking import NotAnswered, ask, ask_json, ask_pages
from tests.proof.checker.history import read_history
from tests.proof.checker.warehouse import read_warehouse

REQUESTS_ASKED = 300
"""Of how many accepted requests the status is asked for, spread evenly over the history (INV3)."""
PAPERS_READ = 300
"""Of how many papers of a company the bytes are read: of all of them in a short run, else spread evenly (INV18)."""
AT_ONCE = 8
LAST_DAY = "2199-12-31"
LISTS = {
    "orders": ("/v1/orders?company={company}", "orders", "cursor"),
    "invoices": ("/ledger/v1/companies/{company}/invoices", "invoices", "after"),
    "payments": ("/ledger/v1/companies/{company}/payments", "payments", "after"),
    "receivables": ("/ledger/v1/companies/{company}/receivables", "items", "after"),
    "valued": (f"/inventory/v1/companies/{{company}}/valuation?on={LAST_DAY}", "items", "after"),
    "valued_documents": (
        f"/inventory/v1/companies/{{company}}/valuation/documents?from=1900-01-01&to={LAST_DAY}", "documents", "after",
    ),
    "receipts": ("/inventory/v1/companies/{company}/receipts", "receipts", "after"),
    "documents": ("/documents/v1/companies/{company}/documents", "documents", "after"),
    "proposals": ("/ledger/v1/companies/{company}/entry-proposals?state=any&limit=200", "proposals", "after"),
    "refunds": ("/ledger/v1/companies/{company}/refunds?limit=200", "refunds", "after"),
    "employees": ("/payroll/v1/companies/{company}/employees", "employees", "after"),
}  # fmt: skip
"""Per name its address, the field of its rows, and the parameter that continues it."""
ANSWERS = {
    "trial_balance": "/ledger/v1/companies/{company}/trial-balance",
    "integrity": "/ledger/v1/companies/{company}/integrity",
    "valuation": f"/inventory/v1/companies/{{company}}/valuation?on={LAST_DAY}&limit=1",
    "policies": "/ledger/v1/companies/{company}/policies",
    "stock_policy": "/inventory/v1/companies/{company}/stock-policy",
    "stock_check": "/inventory/v1/companies/{company}/stock-check",
}
DEPARTMENTS = ("ledger", "inventory", "payroll", "documents")


class Surface:
    """What was read, by company; and of the requests that were asked for, the status of the answer."""

    def __init__(
        self, companies: Mapping[str, Mapping[str, Any]], requests: Mapping[str, int], unreadable: Mapping[str, Any],
        store: Mapping[str, Any] | None,
    ) -> None:  # fmt: skip
        self.companies = companies
        self.requests = requests
        self.unreadable = unreadable
        self.store = store
        """What `read_store` wrote; None when nobody looked into the folder."""


async def read_surface(address: str, key: str, folder: Path) -> None:
    """Ask for everything and write it to `folder/surface`. Raises NotAnswered."""
    into = folder / "surface"
    into.mkdir(parents=True, exist_ok=True)
    operations = list(read_history(folder))
    accepted = [found.request_id for found in operations if found.outcome == "ok" and found.request_id]
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30) as client:
        companies = sorted({operation.company for operation in operations})
        for company in companies:
            (into / f"{company}.json").write_bytes(orjson.dumps(await read_company(client, company)))
        some = accepted[:: max(1, len(accepted) // REQUESTS_ASKED)]
        statuses = {request: (await ask(client, f"/v1/requests/{request}")).status_code for request in some}
        (into / "_requests.json").write_bytes(orjson.dumps(statuses))
        listed = {department: await _unreadable(client, department, companies) for department in DEPARTMENTS}
        (into / "_unreadable.json").write_bytes(orjson.dumps(listed))


def load_surface(folder: Path) -> Surface:
    """What `read_surface` wrote; empty when it was never asked."""
    found = {file.stem: orjson.loads(file.read_bytes()) for file in sorted((folder / "surface").glob("*.json"))}
    found.pop("_pay", None)  # read by those who judge pay
    return Surface(found, found.pop("_requests", {}), found.pop("_unreadable", {}), found.pop("_store", None))


async def read_company(client: httpx.AsyncClient, company: str) -> dict[str, Any]:
    """Everything that the departments show of one company. Raises NotAnswered."""
    told: dict[str, Any] = {}
    for name, (path, rows, cursor) in LISTS.items():
        told[name] = await ask_pages(client, path.format(company=company), rows, cursor)
    for name, path in ANSWERS.items():
        told[name] = await ask_json(client, path.format(company=company))
    if told["invoices"]:
        told["trial_balance_then"] = await ask_json(
            client, ANSWERS["trial_balance"].format(company=company), _a_day(told)
        )
    told |= await read_warehouse(client, company)
    told["papers"] = await _papers(client, company, _some_papers(told["documents"]))
    told["held"] = []
    for department in ("gateway", *DEPARTMENTS):
        front = "" if department == "gateway" else f"/{department}"
        path = f"{front}/v1/companies/{company}/held"
        if (await ask(client, path)).status_code == 404:
            continue  # not every door is opened to the outside
        told["held"] += [{"department": department, **row} for row in await ask_pages(client, path, "held", "after")]
    return told


def _a_day(told: Mapping[str, Any]) -> Mapping[str, str]:
    """One of the days on which something was invoiced or came in: the one in the middle."""
    days = sorted({*(row["issued_on"] for row in told["invoices"]), *(row["received_on"] for row in told["payments"])})
    return {"as_of": days[(len(days) - 1) // 2]}


def _some_papers(documents: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    stored = [row for row in documents if row["content"] is not None]
    return stored[:: max(1, len(stored) // PAPERS_READ)]


async def _papers(
    client: httpx.AsyncClient, company: str, documents: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The hash of what is handed out of each, a few at once."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(document: str) -> dict[str, Any]:
        path = f"/documents/v1/companies/{company}/documents/{document}/content"
        async with turn:
            answer = await ask(client, path)
        if answer.status_code != 200:
            raise NotAnswered(f"GET {path}: {answer.status_code} {answer.text[:300]}")
        return {"document": document, "sha256": hashlib.sha256(answer.content).hexdigest()}

    return list(await asyncio.gather(*(one(str(row["document"])) for row in documents)))


async def _unreadable(client: httpx.AsyncClient, department: str, companies: Sequence[str]) -> list[dict[str, Any]]:
    """A record without an envelope is of no company; any that the department knows opens the list."""
    for company in companies[-1:]:
        path = f"/{department}/v1/companies/{company}/unreadable"
        return await ask_pages(client, path, "unreadable", "after", settled="true")
    return []
