"""`make bench-payroll`: a month's pay of many people through the real house, and twelve months of it calculated again.

python -m bench.payroll [--people N] [--corrected N]     writes .run/bench-payroll.json

People are put on the register as their hires would, and agreed with as a payroll officer would; that is set-up.
Measured is what follows: calculated in the background, approved by another key, exported, posted in the books.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from bench.__main__ import machine
from bench.measure import memory_mebibytes
from bench.rendered import until_rendered
from chassis.cause import Cause
from chassis.database import Database
from chassis.ids import UUID, derive
from contracts.money import to_minor
from deploy.local.demo.day import accepted, until_known
from deploy.local.demo.front_office import FrontOffice, stable_key
from deploy.local.paths import STATE
from deploy.local.stack import LocalStack
from services.payroll.commands.pay import AgreePay, CalculatePart, ConfirmBankAccount, NameBankAccount, RecordTaxProfile
from services.payroll.commands.people import RegisterEmployee
from services.payroll.handlers import people
from services.payroll.pay_desk import PayDesk
from services.payroll.settings import PayrollSettings
from services.payroll.store import payslips
from services.payroll.store.vault import Vault

COMPANY = "bench"
IBAN = "GR1601101250000000012300695"
CENTRES = tuple(f"CC{n:02}" for n in range(20))
ACCOUNTS = (
    ("6000", "Salaries", "expense", "salaries"),
    ("6010", "Employer contributions", "expense", "employer_contributions"),
    ("5300", "Wages payable", "liability", "wages_payable"),
    ("5410", "Tax payable", "liability", "tax_payable"),
    ("5500", "Contributions payable", "liability", "contributions_payable"),
)
NOON = datetime(2023, 12, 1, 12, tzinfo=UTC)
HIRED = date(2024, 1, 1)
PATIENCE_S = 600.0
PAPERS_PATIENCE_S = 1_800.0
SAMPLE = 20
"""Parts whose steps are measured one by one afterwards."""


def say(line: str) -> None:
    """Progress, at once."""
    print(line, file=sys.stderr, flush=True)


class Bench:
    """A running house, a payroll officer and somebody who approves."""

    def __init__(self, stack: LocalStack, officer: FrontOffice, approver: FrontOffice) -> None:
        self.stack = stack
        self.officer = officer
        self.approver = approver
        urls = stack.urls["payroll"]
        settings = PayrollSettings(
            database_url=urls.database_url,
            relay_url=urls.relay_url,
            vault_key_file=stack.folder.vault_key,
            statement_timeout_ms=60_000,
        )
        self.database = Database(settings)
        self.desk = PayDesk(Vault.from_file(stack.folder.vault_key))

    async def employ(self, group: str, number: int) -> list[UUID]:
        """So many people in a group, with terms, a bank account and a tax profile each."""
        everybody = [derive("bench", group, n) for n in range(number)]
        for start in range(0, number, 500):
            some = list(enumerate(everybody[start : start + 500], start))
            async with self.database.unit([COMPANY]) as unit:
                unit.now = await unit.raw.fetchval("select now()")
                await people.register_employees([_hire(group, n, who) for n, who in some], unit)
            async with self.database.unit([COMPANY]) as unit:
                unit.now = await unit.raw.fetchval("select now()")
                await self.desk.agreeing.agree_pay([_terms(group, n, who) for n, who in some], unit)
                await self.desk.agreeing.name_accounts([_account(n, who) for n, who in some], unit)
                await self.desk.agreeing.confirm_accounts([_confirmation(n, who) for n, who in some], unit)
                await self.desk.agreeing.record_profiles([_profile(group, n, who) for n, who in some], unit)
        return everybody

    async def group(self, name: str) -> None:
        """A group of the example country."""
        address = {"line1": "1 Port Road", "city": "Athens", "country": "GR"}
        body: dict[str, object] = {"pay_group": name, "country": "XX", "currency": "EUR", "since": "2024-01"}
        body |= {"debtor_name": "Bench", "debtor_iban": IBAN, "debtor_address": address}
        await accepted(self.officer.post(f"{self.at}/pay-groups", body, key=stable_key("group", name)))

    @property
    def at(self) -> str:
        """Where payroll's routes begin."""
        return f"/payroll/v1/companies/{COMPANY}"

    async def calculate(self, group: str, period: str) -> tuple[dict[str, Any], float]:
        """Start a run and wait until it is calculated; the run, and how long it took."""
        began = time.perf_counter()
        key = stable_key("start", group, period)
        answer = await self.officer.post(f"{self.at}/pay-runs", {"pay_group": group, "period": period}, key=key)
        run = answer.json()["run"]
        view = await self._until(run, "calculated")
        return view, time.perf_counter() - began

    async def approve(self, view: dict[str, Any]) -> None:
        """By the other key."""
        at, run = f"{self.at}/pay-runs/{view['run']}", view["run"]
        if view["unpaid"]:
            raise SystemExit(f"{len(view['unpaid'])} people cannot be paid: {view['unpaid'][0]['code']}")
        answer = await self.approver.post(f"{at}/approval", {"digest": view["digest"]}, key=stable_key("approve", run))
        if answer.status_code != 200:
            raise SystemExit(answer.text)

    async def command(self, view: dict[str, Any], what: str, body: dict[str, str]) -> float:
        """Another step of the run; how long its request took."""
        began = time.perf_counter()
        answer = await self.officer.post(
            f"{self.at}/pay-runs/{view['run']}/{what}", body, key=stable_key(what, view["run"])
        )
        if not answer.is_success:
            raise SystemExit(answer.text)
        return time.perf_counter() - began

    async def _until(self, run: str, state: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            view: dict[str, Any] = await self.officer.get(f"{self.at}/pay-runs/{run}")
            if view["state"] == state:
                return view
            await asyncio.sleep(0.1)
        raise SystemExit(f"the run is not {state} after {PATIENCE_S:.0f} s")

    async def until_filed(self, run: str) -> int:
        """Until every payslip's paper is registered by documents; how many there are."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            async with self.database.read([COMPANY]) as unit:
                ((slips, filed),) = await unit.raw.fetch(
                    "select count(*), count(q.document) from payslip p left join payslip_paper q using "
                    "(company, employee, period, kind) where p.company = $1 and p.run = $2", COMPANY, UUID(run),
                )  # fmt: skip
            if slips == filed:
                return int(filed)
            await asyncio.sleep(0.1)
        raise SystemExit(f"{filed} of {slips} papers are registered")

    async def until_posted(self, run: str) -> None:
        """Until the ledger has the entry."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            rows = await self.officer.get(f"/ledger/v1/companies/{COMPANY}/trial-balance")
            if any(row["account"] == "6000" for row in rows["accounts"]):
                return
            await asyncio.sleep(0.1)
        raise SystemExit("the ledger has no entry of the run")

    async def steps(self, run: str) -> dict[str, float]:
        """Milliseconds per person of each step of some parts, alone in this process."""
        spent = dict.fromkeys(("read and open", "calculate and seal", "write (rolled back)"), 0.0)
        people_seen = 0
        async with self.database.read([COMPANY]) as unit:
            ids = await unit.raw.fetch(
                "select part from pay_run_part where company = $1 and run = $2 order by part limit $3",
                COMPANY, UUID(run), SAMPLE,
            )  # fmt: skip
        for (part,) in ids:
            async with self.database.unit([COMPANY]) as unit:
                command = CalculatePart(COMPANY, UUID(run), 1, part)
                began = time.perf_counter()
                loaded = await self._load(command, unit.raw)
                spent["read and open"] += time.perf_counter() - began
                began = time.perf_counter()
                result = self.desk.paying.calculate(command, loaded)
                spent["calculate and seal"] += time.perf_counter() - began
                people_seen += len(result.slips)
        return {step: 1_000 * seconds / max(1, people_seen) for step, seconds in spent.items() if seconds}

    async def _load(self, command: CalculatePart, connection: Any) -> Any:
        """As the worker does, although the part is done."""
        sql = payslips.PART.replace("and p.done_at is null\n    and r.state = 'calculating'", "")
        original, payslips.PART = payslips.PART, sql
        try:
            return await self.desk.paying.load(command, connection)
        finally:
            payslips.PART = original


def _cause(what: str, group: str, number: int) -> Cause:
    identity = derive("bench", what, group, number)
    return Cause(identity, COMPANY, str(identity), "bench", None, None, NOON)


def _hire(group: str, number: int, who: UUID) -> RegisterEmployee:
    name = f"{group} {number}"
    return RegisterEmployee(_cause("hire", group, number), who, name, name, "Clerk", "Sales", HIRED, "en")


def _terms(group: str, number: int, who: UUID, monthly: int = 0, on: date = HIRED) -> AgreePay:
    amount = monthly or to_minor(f"{1_200 + number % 4_000}.50", "EUR")
    cause = _cause(f"terms {on} {monthly}", group, number)
    return AgreePay(cause, who, group, on, amount, "EUR", CENTRES[number % len(CENTRES)])


def _account(number: int, who: UUID) -> NameBankAccount:
    return NameBankAccount(_cause("account", str(who), number), who, HIRED, IBAN, None, f"Person {number}")


def _confirmation(number: int, who: UUID) -> ConfirmBankAccount:
    cause = _cause("confirmation", str(who), number)._replace(actor="second person")
    return ConfirmBankAccount(cause, who, HIRED, 1, IBAN)


def _profile(group: str, number: int, who: UUID) -> RecordTaxProfile:
    return RecordTaxProfile(_cause("profile", group, number), who, HIRED, "XX", f"{group}{number:07}", 0, "1")


async def set_up(stack: LocalStack) -> Bench:
    """A company that every department knows, its accounts and cost centres, and two keys."""
    admin = FrontOffice(stack.address("gateway"), await stack.admin_key())
    address = {"line1": "1 Port Road", "city": "Athens", "postcode": "10557", "country": "GR"}
    company = {"company": COMPANY, "name": "Bench Ltd", "currency": "EUR", "country": "GR"}
    body = company | {"time_zone": "Europe/Athens", "address": address}
    await accepted(admin.post("/ledger/v1/companies", body, key=stable_key("company")))
    accounts = [{"code": c, "name": n, "kind": k, "role": r} for c, n, k, r in ACCOUNTS]
    path = f"/ledger/v1/companies/{COMPANY}/accounts/batch"
    await accepted(admin.post(path, {"accounts": accounts}, key=stable_key("accounts")))
    await until_known(admin, f"/payroll/v1/companies/{COMPANY}/employees")
    await until_known(admin, f"/documents/v1/companies/{COMPANY}/documents")
    told = await stack.run_command(
        "gateway", "keys", "create", "--client", "approver", "--companies", COMPANY,
        "--scopes", "payroll:approve", "--json",
    )  # fmt: skip
    approver = FrontOffice(stack.address("gateway"), json.loads(told)["key"])
    for centre in CENTRES:
        path = f"/payroll/v1/companies/{COMPANY}/cost-centres"
        await accepted(admin.post(path, {"cost_centre": centre, "name": centre}, key=stable_key(centre)))
    return Bench(stack, admin, approver)


async def volume(bench: Bench, number: int) -> dict[str, Any]:
    """A month of many people."""
    await bench.group("many")
    say(f"{number} people are hired and agreed with")
    await bench.employ("many", number)
    say("their contracts come to paper")
    contracts = await until_rendered(bench.stack, COMPANY, "employment_contract", number, PAPERS_PATIENCE_S)
    say("the month is calculated")
    view, calculated = await bench.calculate("many", "2024-01")
    memory = memory_mebibytes(bench.stack.pids())
    began = time.perf_counter()
    await bench.approve(view)
    filed = await bench.until_filed(view["run"])
    registered = time.perf_counter() - began
    exported = await bench.command(view, "pay-file", {"execution_on": "2024-01-31"})
    began = time.perf_counter()
    answer = await bench.officer.send("GET", f"{bench.at}/pay-runs/{view['run']}/pay-file")
    downloaded = time.perf_counter() - began
    await bench.command(view, "payment", {"paid_on": "2024-01-31"})
    began = time.perf_counter()
    await bench.command(view, "posting", {})
    await bench.until_posted(view["run"])
    posted = time.perf_counter() - began
    say("the payslips are rendered")
    slips = await until_rendered(bench.stack, COMPANY, "payslip", filed, PAPERS_PATIENCE_S)
    return {
        "people": view["people"], "payments": view["totals"]["payments"], "calculated_s": calculated, "papers": filed,
        "approved_and_registered_s": registered, "exported_s": exported, "file_s": downloaded,
        "file_bytes": len(answer.content), "posted_s": posted,
        "total_s": calculated + registered + exported + posted, "memory_mib": memory,
        "ms_per_person": await bench.steps(view["run"]), "contracts": contracts, "payslips": slips,
    }  # fmt: skip


async def corrections(bench: Bench, number: int) -> dict[str, Any]:
    """Twelve months are paid, then everybody's first terms turn out to have been wrong."""
    await bench.group("wrong")
    everybody = await bench.employ("wrong", number)
    for month in range(1, 13):
        say(f"month {month} of {number} people")
        view, _ = await bench.calculate("wrong", f"2024-{month:02}")
        await bench.approve(view)
    for start in range(0, number, 500):
        some = list(enumerate(everybody[start : start + 500], start))
        async with bench.database.unit([COMPANY]) as unit:
            unit.now = await unit.raw.fetchval("select now()")
            raised = [_terms("wrong", n, who, to_minor(f"{1_300 + n % 4_000}.50", "EUR")) for n, who in some]
            await bench.desk.agreeing.agree_pay(raised, unit)
    say("everything is calculated again")
    view, seconds = await bench.calculate("wrong", "2025-01")
    return {"people": view["people"], "months": 12, "seconds": seconds, "ms_per_person": await bench.steps(view["run"])}


async def main(number: int, corrected: int) -> None:
    """Measure and print."""
    async with LocalStack(STATE / "bench-payroll", fresh=True, progress=say) as stack:
        bench = await set_up(stack)
        helper = await stack.start_service("payroll", only="jobs", replica=1)
        figures: dict[str, Any] = {"machine": machine(), "volume": await volume(bench, number)}
        figures["corrections"] = await corrections(bench, corrected)
        say(f"ended {helper}")
        await bench.officer.close()
        await bench.approver.close()
        await bench.database.close()
    (STATE / "bench-payroll.json").write_text(json.dumps(figures, indent=2, default=str))
    print_table(figures)


def print_table(figures: dict[str, Any]) -> None:
    """Where the time went."""
    many, wrong = figures["volume"], figures["corrections"]
    rows: Sequence[tuple[str, float]] = (
        (f"calculated: {many['people']} people", many["calculated_s"]),
        (f"approved, {many['papers']} payslips registered by documents", many["approved_and_registered_s"]),
        ("pay file made (control totals)", many["exported_s"]),
        ("journal posted by the ledger", many["posted_s"]),
        ("all of it", many["total_s"]),
        (f"pay file downloaded, {many['file_bytes'] / 1e6:.1f} MB", many["file_s"]),
        (f"12 months of {wrong['people']} people calculated again", wrong["seconds"]),
    )
    for what, seconds in rows:
        print(f"{what:<60} {seconds:8.1f} s")
    for name in ("contracts", "payslips"):
        papers = many[name]
        print(
            f"  {papers['rendered']} {name} rendered in {papers['seconds']:.1f} s: {papers['per_s']:.0f}/s, "
            f"{papers['per_cpu_s']:.0f} per second of the renderer's processor time (goal: 150 per core)"
        )
    for name, of in (("a month", many), ("with 12 months again", wrong)):
        for step, ms in of["ms_per_person"].items():
            print(f"  {name}: {step:<45} {ms:8.2f} ms per person")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--corrected", type=int, default=1_000)
    options = parser.parse_args()
    asyncio.run(main(options.people, options.corrected))
