"""X3: one person from the hire at the gateway to the last day, through every department, as it came to pass."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest_asyncio

from contracts.topics import TOPICS
from deploy.local.demo.day import accepted, until_known
from deploy.local.demo.expected import ACCOUNTS
from deploy.local.demo.front_office import FrontOffice
from deploy.local.demo.month import ACCOUNTS as PAY_ACCOUNTS
from deploy.local.demo.month import iban
from deploy.local.stack import LocalStack
from tests.chassis.topics import everything_on
from tests.end_to_end.test_one_order_followed import rows
from tests.support.eventually import eventually

COMPANY = "career"
HOUSE_IBAN = "GR1601101250000000012300695"
ADDRESS = {"line1": "Οδός 1", "city": "Αθήνα", "postcode": "10557", "country": "GR"}
HIRE = {
    "company": COMPANY, "reference": "H-1", "name": "Μαρία Κοσμά", "job_title": "Αποθηκάριος", "department": "Stores",
    "starts_on": "2024-01-08", "language": "el",
}  # fmt: skip
MONTHLY, TAX_ID, HOLDER = "2187.43", "CANARYTAX4738", "Κανάρα Κοσμά"
"""What nobody but payroll may know; she comes on the 8th, so that no month is paid in full."""
ILLNESS = "CANARYILLNESS"
"""That there is such leave is no secret; that she had some is."""
OF_NOBODY = ("leave_type", "audit", "request")
"""Tables of payroll that name kinds of leave, in rows that are about nobody."""
PAYROLL, DOCUMENTS = (f"/{department}/v1/companies/{COMPANY}" for department in ("payroll", "documents"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def officer(house: LocalStack) -> AsyncIterator[FrontOffice]:
    """A company with accounts for pay, a department with tasks for who comes and goes, a course that is required."""
    office = FrontOffice(house.address("gateway"), await house.admin_key())
    company = {"company": COMPANY, "name": "Καριέρα Α.Ε.", "currency": "EUR", "country": "GR", "address": ADDRESS}
    await accepted(office.post("/ledger/v1/companies", company | {"time_zone": "Europe/Athens"}, key="career-company"))
    accounts = [{"code": c, "name": n, "kind": k, "role": r} for c, n, k, r in (*ACCOUNTS, *PAY_ACCOUNTS)]
    await accepted(
        office.post(f"/ledger/v1/companies/{COMPANY}/accounts/batch", {"accounts": accounts}, key="career-accounts")
    )
    await until_known(office, f"{PAYROLL}/employees")
    group = {
        "pay_group": "staff", "country": "XX", "currency": "EUR", "since": "2024-01", "debtor_name": "Καριέρα Α.Ε.",
        "debtor_iban": HOUSE_IBAN, "debtor_address": {"line1": "Οδός 1", "city": "Αθήνα", "country": "GR"},
    }  # fmt: skip
    stores = {"department": "Stores", "name": "Stores", "opens_on": "2020-01-01", "cost_centre": "CC-7"}
    task = {"department": "Stores", "due_days": 0}
    set_up: tuple[tuple[str, dict[str, Any]], ...] = (
        ("departments", stores),
        ("pay-groups", group),
        ("checklists/templates", task | {"occasion": "onboarding", "task": "ACCOUNT", "title": "Open an account"}),
        ("checklists/templates", task | {"occasion": "onboarding", "task": "SCANNER", "title": "Hand out a scanner"}),
        ("checklists/templates", task | {"occasion": "leaving", "task": "SCANNER", "title": "Take back the scanner"}),
        ("leave/types", {"leave_type": ILLNESS, "name": "Illness", "limited": False, "confidential": True}),
        ("training/courses", {"course": "FORKLIFT", "name": "Forklift", "valid_months": 24}),
        ("training/requirements", {"course": "FORKLIFT", "department": "Stores"}),
    )
    centre = {"dimension": "cost_centre", "code": "CC-7", "name": "Stores"}
    books = f"/ledger/v1/companies/{COMPANY}/dimensions"
    await accepted(office.post(books, {"values": [centre]}, key="career-centre"))

    async def borne() -> list[Any]:
        return list((await office.get(f"{PAYROLL}/cost-centres"))["cost_centres"])

    await eventually(borne, what="payroll knows the cost centre of the books", within_s=15)
    for number, (path, body) in enumerate(set_up):
        await accepted(office.post(f"{PAYROLL}/{path}", body, key=f"career-{number}"))
    yield office
    await office.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def approver(house: LocalStack) -> AsyncIterator[FrontOffice]:
    """Another person, who approves."""
    scopes = ("--scopes", "payroll:approve,documents:read,documents:confidential")
    office = FrontOffice(house.address("gateway"), await key(house, "approver", *scopes))
    yield office
    await office.close()


async def key(house: LocalStack, client: str, *more: str) -> str:
    """A new API key for this client."""
    told = await house.run_command(
        "gateway", "keys", "create", "--client", client, "--companies", COMPANY, "--json", *more
    )
    return str(json.loads(told)["key"])


async def papers(office: FrontOffice, document_class: str) -> list[str]:
    """What the papers of this class say."""
    page = await office.get(f"{DOCUMENTS}/documents", **{"class": document_class})
    texts = []
    for paper in page["documents"]:
        content = await office.send("GET", f"{DOCUMENTS}/documents/{paper['document']}/content")
        assert content.headers["content-type"] == "application/pdf", content.text
        texts.append("".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content.content)))
    return texts


async def month(officer: FrontOffice, approver: FrontOffice, period: str) -> dict[str, Any]:
    """A month is calculated by one, approved by another, paid and posted; the run."""
    started = await accepted(officer.post(f"{PAYROLL}/pay-runs", {"pay_group": "staff", "period": period}, key=period))
    at = f"{PAYROLL}/pay-runs/{started['run']}"

    async def run() -> dict[str, Any]:
        return dict(await officer.get(at))

    calculated = await eventually(run, lambda r: r["state"] == "calculated", what="it is calculated", within_s=30)
    assert calculated["unpaid"] == []
    digest = {"digest": calculated["digest"]}
    await accepted(approver.post(f"{at}/approval", digest, key=f"{period}-approval"))
    for step, body in (
        ("pay-file", {"execution_on": f"{period}-28"}),
        ("payment", {"paid_on": f"{period}-28"}),
        ("posting", {}),
    ):
        await accepted(officer.post(f"{at}/{step}", body, key=f"{period}-{step}"))
    return calculated


async def test_a_hire_leads_to_a_record_a_contract_a_checklist_training_pay_and_an_end(
    house: LocalStack, officer: FrontOffice, approver: FrontOffice
) -> None:
    """X3: EmployeeHired → contract, cost centre, tasks, training, first pay … EmployeeLeft → final pay, keys dead, task
    for what was handed out, retention.
    """
    # Given a hire at the gateway
    await accepted(officer.post("/v1/employees", HIRE, key="career-hire"))

    # Then payroll has a record with the department's cost centre
    async def registered() -> list[Any]:
        return list((await officer.get(f"{PAYROLL}/employees"))["employees"])

    (row,) = await eventually(registered, what="she is on the register")
    me, at = row["employee"], f"{PAYROLL}/employees/{row['employee']}"
    shown = await officer.get(at, on="2024-01-15")
    assert (shown["number"], shown["department"], shown["cost_centre"]) == ("E-000001", "Stores", "CC-7")

    # and a contract paper in her language, without anybody's doing
    (contract,) = await eventually(lambda: papers(approver, "employment_contract"), what="her contract is on file")
    assert all(part in contract for part in ("Μαρία", "Αποθηκάριος", "E-000001", "Καριέρα"))

    # and tasks with their owner and day, and the course that her department requires
    tasks = (await officer.get(f"{PAYROLL}/checklists/tasks", state="overdue"))["tasks"]
    assert [(t["task"], t["department"], t["due_on"]) for t in tasks] == [
        (task, "Stores", "2024-01-08") for task in ("ACCOUNT", "SCANNER")
    ]
    training = await officer.get(f"{at}/training")
    assert [each["course"] for each in training["enrolments"]] == ["FORKLIFT"]

    # When her pay is agreed, she is paid for her first month, and her payslip is on file
    money = {"amount": MONTHLY, "currency": "EUR"}
    terms = {"pay_group": "staff", "effective_on": "2024-01-08", "monthly": money, "cost_centre": "CC-7"}
    await accepted(officer.post(f"{at}/pay-terms", terms, key="career-terms"))
    account = {"effective_on": "2024-01-08", "iban": iban("GR", 7)}
    entered = await accepted(officer.post(f"{at}/bank-accounts", account | {"holder": HOLDER}, key="career-account"))
    again = account | {"revision": entered["revision"]}
    await accepted(approver.post(f"{at}/bank-accounts/confirmation", again, key="career-confirm"))
    tax = {"effective_on": "2024-01-08", "country": "XX", "tax_id": TAX_ID, "credit_points": "0"}
    await accepted(officer.post(f"{at}/tax-profiles", tax, key="career-tax"))
    first = await month(officer, approver, "2024-01")
    assert first["people"] == 1
    assert Decimal(0) < Decimal(first["totals"]["gross"]) < Decimal(MONTHLY)
    (payslip,) = await eventually(lambda: papers(approver, "payslip"), what="her payslip is on file")
    assert "Μαρία" in payslip

    # When she is promoted, others hear of it
    promotion = {"effective_on": "2024-02-01", "job_title": "Προϊσταμένη αποθήκης"}
    await accepted(officer.post(f"{at}/changes", promotion, key="career-promotion"))
    told = await rows(house, "payroll", "select 1 from outbox where key = $1 and topic = 'payroll.employees'", me)
    assert len(told) == 2, "EmployeeRegistered and EmploymentChanged"

    # When she is ill, who approves sees the days, and what it is for stays between her and the officer
    days = {"leave_type": ILLNESS, "first": "2024-02-05", "last": "2024-02-06"}
    await accepted(officer.post(f"{at}/leave/requests", days, key="career-illness"))
    assert [r["leave_type"] for r in (await officer.get(f"{at}/leave"))["requests"]] == [ILLNESS]

    # When she leaves in the middle of February, having a key of her own
    own = FrontOffice(house.address("gateway"), await key(house, "maria", "--scopes", "payroll:self", "--employee", me))
    try:
        assert (await own.send("GET", f"{PAYROLL}/me/payslips")).status_code != 401
        left = {"left_on": "2024-02-15", "reason": "resignation"}
        await accepted(officer.post(f"{at}/leaving", left, key="career-leaving"))

        # Then her key is dead within seconds
        async def status() -> int:
            return (await own.send("GET", f"{PAYROLL}/me/payslips")).status_code

        await eventually(status, lambda code: code == 401, what="her key opens nothing", within_s=15)
    finally:
        await own.close()

    # and there is a task for what she was given, and the time runs for which her papers are kept
    tasks = (await officer.get(f"{PAYROLL}/checklists/tasks", state="overdue"))["tasks"]
    assert ("leaving", "SCANNER", "2024-02-15") in [(t["occasion"], t["task"], t["due_on"]) for t in tasks]
    told = await rows(house, "payroll", "select convert_from(headers, 'utf8') as h from outbox where key = $1", me)
    assert sum("DocumentRetentionStarted" in row["h"] for row in told) == 1

    # and her last pay is for the days that she worked, in the books without her name
    last = await month(officer, approver, "2024-02")
    assert Decimal(0) < Decimal(last["totals"]["gross"]) < Decimal(MONTHLY)
    cost = sum(Decimal(run["totals"][of]) for run in (first, last) for of in ("gross", "employer_contributions"))

    async def salaries() -> Decimal:
        trial = await officer.get(f"/ledger/v1/companies/{COMPANY}/trial-balance")
        return Decimal(next(row["balance"] for row in trial["accounts"] if row["account"] == "6000"))

    await eventually(salaries, lambda booked: booked == cost, what="both months are in the books", within_s=30)
    texts = await rows(house, "ledger", "select narration from journal_entry where company = $1", COMPANY)
    assert not any("Μαρία" in str(row["narration"]) or me in str(row["narration"]) for row in texts)


async def earned(officer: FrontOffice) -> set[str]:
    """Gross and net of every month that was run."""
    runs = [
        await officer.get(f"{PAYROLL}/pay-runs/{run['run']}")
        for run in (await officer.get(f"{PAYROLL}/pay-runs"))["runs"]
    ]
    return {run["totals"][of] for run in runs for of in ("gross", "net")}


async def test_nothing_that_only_payroll_may_know_stands_in_topics_logs_or_other_departments(
    house: LocalStack, officer: FrontOffice
) -> None:
    """P27: pay, account, tax id and holder were entered through the gateway of this house, and are nowhere; nor is what
    came of them, though she was the only one who was paid: the books have what she costs (INV17).
    """
    shown = (await officer.get(f"{PAYROLL}/employees"))["employees"]
    assert len(shown) == 1, "the story of this company has been told"
    sums = await earned(officer)
    assert len(sums) == 4, "gross and net of both months"
    me = shown[0]["employee"]
    canaries = [MONTHLY, TAX_ID, HOLDER, ILLNESS, iban("GR", 7), *sums]
    spoken = [word.encode() for canary in canaries for word in (canary, json.dumps(canary)[1:-1])]

    def found_in(content: bytes) -> list[bytes]:
        return [word for word in spoken if word in content]

    for topic in TOPICS:
        for record in await everything_on(house.kafka_bootstrap, topic):
            whole = b" ".join([record.key or b"", record.value or b"", *(value for _, value in record.headers)])
            assert found_in(whole) == [], f"{topic}/{record.partition}@{record.offset}"
    logs = [file for file in (house.folder.root / "logs").iterdir() if file.is_file()]
    assert logs
    for file in logs:
        assert found_in(file.read_bytes()) == [], file.name
    for service in ("gateway", "ledger", "inventory", "documents", "payroll"):
        tables = await rows(
            house, service, "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
        )
        for table in tables:
            content = await rows(house, service, f'select t::text as row from "{table["relname"]}" t')
            of_nobody = service == "payroll" and table["relname"] in OF_NOBODY
            text = "\n".join(row["row"] for row in content if not of_nobody or me in row["row"])
            assert found_in(text.encode()) == [], f"{service}.{table['relname']}"
            if service == "ledger":
                minor = "|".join(each.replace(".", "") for each in [MONTHLY, *sums])
                assert re.findall(rf"(?<![0-9a-f.])(?:{minor})(?![0-9a-f])", text) == [], table["relname"]
