"""A payroll office under proof: one enters and calculates, another approves; all that is asked is in the history."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from deploy.local.demo.day import accepted, until
from deploy.local.demo.front_office import FrontOffice
from deploy.local.demo.month import ACCOUNTS, iban
from tests.proof.house import House
from tests.proof.load.intents import Company
from tests.proof.load.record import Kind

OFFICER, APPROVER, HIRER = "pay-officer", "pay-approver", "pay-hirer"
"""Clients of the history; the checker finds what concerns pay by the first part of the name."""
GROUP, COUNTRY, SINCE = "staff", "XX", "2024-01"
ILLNESS = "CNRYILLNESS7319"
"""Leave that says something about somebody's health: looked for wherever it should not be."""
AT_ONCE = 12


class PayOffice:
    """The payroll office of one company of a house."""

    def __init__(self, house: House, company: Company, officer: str, auditor: str) -> None:
        self._house = house
        self._company = company
        self._payroll = f"/payroll/v1/companies/{company.code}"
        self.officer = FrontOffice(house.gateway, officer, connections=AT_ONCE)
        self.approver = FrontOffice(house.gateway, auditor, connections=AT_ONCE)
        self._hirer = FrontOffice(house.gateway, house.offices[0].key, connections=AT_ONCE)
        self._turn = asyncio.Semaphore(AT_ONCE)
        self.people: dict[str, int] = {}
        """By employee, which of them it is."""

    async def close(self) -> None:
        """Hang up."""
        for office in (self.officer, self.approver, self._hirer):
            await office.close()

    async def open(self, people: int) -> None:
        """Accounts, a pay group, and so many people with pay, account and tax profile."""
        await self._found()
        await asyncio.gather(*(self._hire(serial) for serial in range(people)))
        await until(self._registered, lambda known: known >= self.people.keys(), "all are on the register")
        await asyncio.gather(*(self._agree(*person) for person in self.people.items()))

    def run(self, run: str) -> str:
        """Where a run is asked about."""
        return f"{self._payroll}/pay-runs/{run}"

    async def state(self, run: str) -> dict[str, Any]:
        """The run, as the officer sees it."""
        return dict(await self.officer.get(self.run(run)))

    async def listed(self) -> list[dict[str, Any]]:
        """The runs there are."""
        return list((await self.officer.get(f"{self._payroll}/pay-runs"))["runs"])

    async def start(self, period: str, number: int) -> httpx.Response:
        """Somebody starts a month; the number tells one such wish from another."""
        body = {"pay_group": GROUP, "period": period}
        return await self.ask("start_run", f"{self._payroll}/pay-runs", body, f"{GROUP}/{period}", f"start-{number}")

    async def ask(
        self, f: Kind, path: str, body: Mapping[str, Any], reference: str, name: str, *, client: str = OFFICER,
        secret: Mapping[str, str] | None = None,
    ) -> httpx.Response:  # fmt: skip
        """Write down, ask until there is an answer, write down."""
        history, company = self._house.history, self._company.code
        key = f"{company}-{client}-{name}-{reference}"
        noted = {**body, "secret": secret} if secret else body
        source = self._house.offices[0].source if f == "hire" else None
        op = history.invoke(
            client, f, company=company, key=key, reference=reference, body=noted, path=path, source=source
        )
        office = {OFFICER: self.officer, APPROVER: self.approver, HIRER: self._hirer}[client]
        answer = await office.post(path, body, key=key)
        told = answer.json()
        if answer.is_success:
            history.complete(
                client, op, "ok", status=answer.status_code, request_id=told.get("request_id"),
                subject=told.get("subject"),
            )  # fmt: skip
        else:
            history.complete(client, op, "fail", status=answer.status_code, code=str(told["type"]))
        return answer

    # -- how it is done ------------------------------------------------------------------------------------------------

    async def _found(self) -> None:
        code, currency = self._company.code, self._company.currency
        accounts = [{"code": c, "name": n, "kind": k, "role": r} for c, n, k, r in ACCOUNTS]
        await self._set_up(f"/ledger/v1/companies/{code}/accounts/batch", {"accounts": accounts}, "accounts")
        await self._set_up(f"{self._payroll}/cost-centres", {"cost_centre": "CC-1", "name": "All"}, "centre")
        kind = {"leave_type": ILLNESS, "name": "Illness", "limited": False, "confidential": True}
        await self._set_up(f"{self._payroll}/leave/types", kind, "illness")
        address = {"line1": "1 Port Road", "city": "Port", "country": "GR"}
        group = {
            "pay_group": GROUP, "country": COUNTRY, "currency": currency, "since": SINCE, "debtor_name": "Acme",
            "debtor_iban": iban("GR", 1), "debtor_address": address,
        }  # fmt: skip
        await self._set_up(f"{self._payroll}/pay-groups", group, "group")

    async def _set_up(self, path: str, body: Mapping[str, Any], name: str) -> None:
        await accepted(self.ask("set_up", path, body, name, "found"))

    async def _hire(self, serial: int) -> None:
        body = {
            "company": self._company.code, "reference": f"pay-{serial}", "name": f"Person {serial}",
            "job_title": "Clerk", "department": "office", "starts_on": f"{SINCE}-01", "language": "en",
        }  # fmt: skip
        async with self._turn:
            told = await accepted(self.ask("hire", "/v1/employees", body, f"pay-{serial}", "hire", client=HIRER))
        self.people[told["subject"]] = serial

    async def _registered(self) -> set[str]:
        rows = await self.officer.pages(f"{self._payroll}/employees", "employees", "after", limit=200)
        return {row["employee"] for row in rows}

    async def _agree(self, employee: str, serial: int) -> None:
        """Each value is like no other, so that it is known wherever it turns up."""
        at = f"{self._payroll}/employees/{employee}"
        salary, account, tax = f"{1_000_000 + 7_919 * serial}.37", iban("GR", 4_711_000 + serial), f"CNRY{serial:06}Q"
        holder = f"Zyxw Qrst{serial:04}"
        money, since = {"amount": salary, "currency": self._company.currency}, f"{SINCE}-01"
        terms = {"pay_group": GROUP, "effective_on": since, "monthly": money, "cost_centre": "CC-1"}
        bank = {"effective_on": since, "iban": account, "holder": holder}
        profile = {"effective_on": since, "country": COUNTRY, "tax_id": tax, "credit_points": "2.73"}
        ill = {"leave_type": ILLNESS, "first": f"{SINCE}-08", "last": f"{SINCE}-09"}
        async with self._turn:
            for path, body, secret in (
                ("pay-terms", terms, {"salary": salary}),
                ("bank-accounts", bank, {"account": account, "holder": holder}),
                ("tax-profiles", profile, {"tax id": tax}),
                ("leave/requests", ill, {"health": ILLNESS}),
            ):
                await accepted(self.ask("enter", f"{at}/{path}", body, employee, path, secret=secret))
            again = {"effective_on": since, "revision": 1, "iban": account}
            path = f"{at}/bank-accounts/confirmation"
            await accepted(self.ask("set_up", path, again, employee, "confirm", client=APPROVER))
