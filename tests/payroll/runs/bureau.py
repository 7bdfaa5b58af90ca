"""A payroll office of one test: people are hired and agreed with, months are run by its real background work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from chassis.auth import Caller, InternalSecrets, TokenSigner
from chassis.database import Database
from chassis.ids import new_id
from chassis.jobs import JobWorkers
from chassis.service import Service
from chassis.settings import StackSettings
from chassis.starting import PARTS
from deploy.local.postgres import DatabaseUrls
from services.payroll.consumers import consumers
from services.payroll.filing import FilingCabinet
from services.payroll.jobs import jobs_of
from services.payroll.main import build
from services.payroll.pay_desk import PayDesk
from services.payroll.settings import PayrollSettings
from services.payroll.store.vault import Vault
from tests.payroll.office import hired, person
from tests.support.department import Department
from tests.support.eventually import eventually
from tests.support.stack import TestPostgres

AT = "/v1/companies/acme"
OFFICER, APPROVER = "user:olga", "user:pavlos"
RIGHTS = ("payroll:officer", "payroll:write", "payroll:read")
IBAN = "GR1601101250000000012300695"
IBANS = (IBAN, "DE89370400440532013000", "FR1420041010050500013M02606")


@dataclass
class Bureau:
    """A department with a pay desk."""

    office: Department
    desk: PayDesk
    desk_settings: PayrollSettings
    cabinet: Callable[[Database], FilingCabinet] | None = field(default=None)
    filing: FilingCabinet | None = field(default=None)
    """What its HTTP app reaches documents by."""
    _people: int = field(default=0)
    _service: Service | None = field(default=None)

    async def close(self) -> None:
        """Give the connections back."""
        if self._service is not None:
            await self._service.database.close()
        await self.office.close()

    @asynccontextmanager
    async def client(
        self, *, actor: str = OFFICER, scopes: Collection[str] = RIGHTS, on_behalf_of: str | None = None
    ) -> AsyncIterator[httpx.AsyncClient]:
        """A caller of its HTTP app, which is built once; by default the payroll officer."""
        settings = self.office.settings
        if self._service is None:
            self._service = build(self.desk_settings, PARTS)
        self._service.app.state.filing = self.filing
        clock, secret = self._service.app.state.doors.clock, settings.stack.backbone_internal_secret_file
        assert secret is not None
        await clock.fresh()
        caller = Caller(actor, actor, on_behalf_of, frozenset({"acme"}), frozenset(scopes))
        token = TokenSigner(InternalSecrets(secret), clock.seconds).sign(caller, "payroll")
        transport = httpx.ASGITransport(self._service.app, raise_app_exceptions=False)
        headers = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://payroll", headers=headers) as client:
            yield client

    async def set_up(self, group: str = "staff", country: str = "XX", currency: str = "EUR", **more: Any) -> None:
        """Cost centres and a pay group that is paid from January 2024 on."""
        async with self.client() as client:
            if not await self.office.rows("select from cost_centre"):
                for centre in ("sales", "stores", "office", "workshop"):
                    await said(client, f"{AT}/cost-centres", cost_centre=centre, name=centre)
            body = {"since": "2024-01", "debtor_name": "Acme", "debtor_iban": IBAN, "debtor_bic": "ETHNGRAA"}
            body |= {"debtor_address": {"line1": "1 Port Road", "city": "Piraeus", "country": "GR"}} | more
            await said(client, f"{AT}/pay-groups", pay_group=group, country=country, currency=currency, **body)

    async def hire(self, *names: str, on: str = "2024-01-01", language: str = "en") -> None:
        """People are hired."""
        await self.office.hear(*[hired(name, starts_on=on, department="Sales", language=language) for name in names])

    async def agree(self, name: str, monthly: str | None, on: str = "2024-01-01", **more: Any) -> None:
        """Their pay is agreed."""
        money = None if monthly is None else {"amount": monthly, "currency": more.pop("currency", "EUR")}
        body = {"pay_group": "staff", "effective_on": on, "monthly": money, "cost_centre": "sales"} | more
        async with self.client() as client:
            await said(client, f"{AT}/employees/{person(name)}/pay-terms", **body)

    async def bank(self, name: str, iban: str = IBAN, on: str = "2024-01-01") -> None:
        """Where their pay goes: entered by the officer, confirmed by another."""
        async with self.client() as client:
            path = f"{AT}/employees/{person(name)}/bank-accounts"
            told = await said(client, path, effective_on=on, iban=iban, bic=None, holder=name)
        await self.confirm(name, iban, on, told["revision"])

    async def confirm(self, name: str, iban: str, on: str, revision: int) -> None:
        """Another person gives an account's number once more."""
        async with self.client(actor=APPROVER, scopes=("payroll:approve",)) as client:
            path = f"{AT}/employees/{person(name)}/bank-accounts/confirmation"
            await said(client, path, effective_on=on, revision=revision, iban=iban)

    async def tax(self, name: str, points: str = "0", on: str = "2024-01-01", **more: Any) -> None:
        """What their tax depends on."""
        self._people += 1
        body = {"effective_on": on, "country": "XX", "tax_id": f"{self._people:09}", "credit_points": points} | more
        async with self.client() as client:
            await said(client, f"{AT}/employees/{person(name)}/tax-profiles", **body)

    async def start(self, period: str, group: str = "staff") -> str:
        """A run is started; its id."""
        async with self.client() as client:
            return str((await said(client, f"{AT}/pay-runs", pay_group=group, period=period))["run"])

    async def calculated(self, period: str, group: str = "staff") -> dict[str, Any]:
        """A run is started and calculated; what it looks like then."""
        return await self.worked(await self.start(period, group))

    async def worked(self, run: str) -> dict[str, Any]:
        """The background work is done; the run."""
        async with self.working():
            await eventually(
                lambda: self.state(run), lambda s: s != "calculating", what="it is calculated", every_s=0.02
            )
        return await self.run(run)

    async def state(self, run: str) -> str:
        """Where the run stands."""
        return str((await self.office.rows("select state from pay_run where run = $1", run))[0][0])

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """While the background work runs."""
        pool = await asyncpg.create_pool(self.office.urls.relay_url, min_size=0, max_size=4)
        workers = JobWorkers(jobs_of(self.desk, self.cabinet), self.office.database, pool, self.office.metrics)
        task = asyncio.create_task(workers.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await pool.close()

    async def superuser(self, statement: str, *arguments: object) -> None:
        """What nobody in the house may do."""
        connection = await asyncpg.connect(self.office.server.superuser_url_of(self.office.urls))
        try:
            await connection.execute(statement, *arguments)
        finally:
            await connection.close()

    async def run(self, run: str) -> dict[str, Any]:
        """A run as the officer sees it."""
        async with self.client() as client:
            return dict((await client.get(f"{AT}/pay-runs/{run}")).json())

    async def approve(self, run: str, actor: str = APPROVER, on_behalf_of: str | None = None) -> httpx.Response:
        """Somebody approves the run as they see it."""
        async with self.client(actor=actor, scopes=("payroll:approve",), on_behalf_of=on_behalf_of) as client:
            digest = (await client.get(f"{AT}/pay-runs/{run}")).json()["digest"]
            return await sent(client, f"{AT}/pay-runs/{run}/approval", digest=digest)

    async def paid(self, period: str, group: str = "staff") -> dict[str, Any]:
        """A month is calculated and approved."""
        run = await self.calculated(period, group)
        assert run["unpaid"] == [], run["unpaid"]
        answer = await self.approve(run["run"])
        assert answer.status_code == 200, answer.text
        return run

    async def slip(self, name: str, period: str) -> dict[str, Any]:
        """A person's payslip of a month."""
        async with self.client() as client:
            page = (await client.get(f"{AT}/employees/{person(name)}/payslips")).json()
        return next(slip for slip in page["payslips"] if slip["period"] == period)

    async def slips(self, name: str) -> list[dict[str, Any]]:
        """All of a person's payslips."""
        async with self.client() as client:
            return list((await client.get(f"{AT}/employees/{person(name)}/payslips")).json()["payslips"])

    async def leave(self, name: str, on: date | None) -> None:
        """A person's last day of work."""
        async with self.client() as client:
            body = {"left_on": None if on is None else str(on), "reason": "resignation"}
            await said(client, f"{AT}/employees/{person(name)}/leaving", **body)


def bureau_on(urls: DatabaseUrls, server: TestPostgres, secret: Path, key: Path) -> Bureau:
    """A payroll office on a migrated database."""
    key.write_bytes(b"a master key of tests, long enough by far")
    settings = PayrollSettings(
        database_url=urls.database_url,
        relay_url=urls.relay_url,
        database_connections=16,
        vault_key_file=key,
        stack=StackSettings(kafka_bootstrap_servers="127.0.0.1:1", backbone_internal_secret_file=secret),
    )
    return Bureau(Department(urls, server, settings, consumers), PayDesk(Vault.from_file(key)), settings)


async def said(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    """What an accepted command answers."""
    answer = await sent(client, path, **body)
    assert answer.is_success, answer.text
    return dict(answer.json())


async def no(client: httpx.AsyncClient, path: str, **body: Any) -> tuple[int, str, str | None]:
    """Status, code and field of a command that is refused."""
    answer = await sent(client, path, **body)
    assert answer.status_code >= 400, answer.text
    told = answer.json()
    pointer = told["errors"][0]["pointer"] if told.get("errors") else None
    return answer.status_code, str(told["type"]).removeprefix("/problems/"), pointer


async def sent(client: httpx.AsyncClient, path: str, **body: Any) -> httpx.Response:
    """The answer to a command with a key of its own."""
    return await client.post(path, json=body, headers={"Idempotency-Key": str(new_id())})


def amounts(slip: dict[str, Any]) -> dict[str, str]:
    """A payslip's amounts by line, and what is paid."""
    return {line["code"]: line["amount"] for line in slip["lines"]} | {"net": slip["net"]}
