"""What payroll's public API says in the end: runs, payslips, pay files, and who entered and confirmed accounts.

Written to `surface/_pay.json`, by company. It holds pay, as the payroll officer sees it: test data alone.
"""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import httpx
import orjson

from tests.proof.checker.asking import ask, ask_json, ask_pages
from tests.proof.checker.history import read_history

AT_ONCE = 8
"""Questions about people that are under way together."""
FILE = "_pay.json"
PAIN = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
Shown = Mapping[str, Mapping[str, Any]]


async def read_pay(address: str, key: str, folder: Path) -> None:
    """Ask about every company of the history and write it down. Raises NotAnswered."""
    companies = sorted({operation.company for operation in read_history(folder)})
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30) as client:
        told = {company: await _company(client, f"/payroll/v1/companies/{company}") for company in companies}
    (folder / "surface" / FILE).write_bytes(orjson.dumps({company: each for company, each in told.items() if each}))


def load_pay(folder: Path) -> Shown:
    """What `read_pay` wrote; empty when it was never asked, or nobody was paid."""
    file = folder / "surface" / FILE
    found: Shown = orjson.loads(file.read_bytes()) if file.exists() else {}
    return found


async def _company(client: httpx.AsyncClient, at: str) -> dict[str, Any]:
    listed = (await ask_json(client, f"{at}/pay-runs", {"limit": 200}))["runs"]
    if not listed:
        return {}
    people = await ask_pages(client, f"{at}/employees", "employees", "after")
    turn = asyncio.Semaphore(AT_ONCE)

    async def asked(path: str) -> Any:
        async with turn:
            return await ask_json(client, path)

    async def of_each(path: str, rows: str) -> dict[str, Any]:
        answers = await asyncio.gather(*(asked(f"{at}/employees/{person['employee']}/{path}") for person in people))
        return {person["employee"]: answer[rows] for person, answer in zip(people, answers, strict=True)}

    runs = await asyncio.gather(*(asked(f"{at}/pay-runs/{run['run']}") for run in listed))
    files = [(run["run"], await ask(client, f"{at}/pay-runs/{run['run']}/pay-file")) for run in listed]
    return {
        "runs": runs,
        "numbers": {person["employee"]: person["number"] for person in people},
        "payslips": await of_each("payslips", "payslips"),
        "accounts": await of_each("pay", "bank_accounts"),
        "files": {run: _payments(answer.text) for run, answer in files if answer.status_code == 200},
    }


def _payments(text: str) -> dict[str, Any]:
    """The control totals of a pay file, and each payment."""
    tree = ET.fromstring(text)
    return {
        "count": _one(tree, ".//p:GrpHdr/p:NbOfTxs"),
        "sum": _one(tree, ".//p:GrpHdr/p:CtrlSum"),
        "payments": [
            {
                "reference": _one(paid, ".//p:EndToEndId"), "amount": _one(paid, ".//p:InstdAmt"),
                "iban": _one(paid, ".//p:CdtrAcct/p:Id/p:IBAN"),
            }
            for paid in _all(tree, ".//p:CdtTrfTxInf")
        ],
    }  # fmt: skip


def _one(tree: ET.Element, path: str) -> str:
    return str(tree.findtext(path, namespaces=PAIN))


def _all(tree: ET.Element, path: str) -> Iterable[ET.Element]:
    return tree.findall(path, namespaces=PAIN)
