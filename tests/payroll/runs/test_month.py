"""A month is run: calculated, approved by somebody else, paid, posted; and what is refused on the way."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import xmlschema

from tests.payroll.office import person
from tests.payroll.runs.bureau import APPROVER, AT, IBANS, OFFICER, Bureau, amounts, no, said, sent

SCHEMA = Path(str(files("sepaxml"))) / "schemas" / "pain.001.001.09.xsd"


async def two_people(bureau: Bureau) -> None:
    await bureau.hire("Anna", "Boris")
    await bureau.agree("Anna", "3000.00")
    await bureau.tax("Anna", "1")
    await bureau.agree("Boris", "2000.00", cost_centre="stores")


async def test_a_month_goes_from_calculation_to_the_books(bureau: Bureau) -> None:
    """P5, P17, P18: calculated, approved by another person, paid by one file with control totals (a second export is
    refused), posted; the journal leaves once, in sums of nobody.
    """
    await two_people(bureau)
    run = await bureau.calculated("2024-01")
    at = f"{AT}/pay-runs/{run['run']}"
    assert (run["state"], run["people"], run["problems"], run["unpaid"]) == ("calculated", 2, 0, [])
    # 3,000 x 8 %; 2,760 x 12 = 33,120: 1,200 + 21,120 x 25 % - 600 = 5,880; a twelfth
    anna = await bureau.slip("Anna", "2024-01")
    assert amounts(anna) == {
        "salary": "3000.00",
        "pension": "240.00",
        "pension-employer": "360.00",
        "income-tax": "490.00",
        "net": "2270.00",
    }
    # 2,000 x 8 %; 1,840 x 12 = 22,080: 1,200 + 10,080 x 25 % = 3,720; a twelfth
    assert (await bureau.slip("Boris", "2024-01"))["net"] == "1530.00"
    totals = run["totals"]
    assert (totals["gross"], totals["net"], totals["to_pay"], totals["payments"]) == (
        "5000.00",
        "3800.00",
        "3800.00",
        2,
    )
    assert totals["remittances"] == [
        {"authority": "pension-fund", "contributions": "1000.00", "tax": "0.00", "total": "1000.00"},
        {"authority": "tax-office", "contributions": "0.00", "tax": "800.00", "total": "800.00"},
    ]
    async with bureau.client() as client:
        assert await no(client, f"{at}/pay-file", execution_on="2024-01-31") == (409, "run-not-approved", None)
        assert await no(client, f"{at}/payment", paid_on="2024-01-31") == (409, "run-not-approved", None)
        assert await no(client, f"{at}/posting") == (409, "run-not-paid", None)
        assert (await sent(client, f"{at}/approval", digest=run["digest"])).status_code == 403
    assert (await bureau.approve(run["run"], OFFICER)).json()["type"] == "/problems/self-approval"
    async with bureau.client(actor=APPROVER, scopes=("payroll:approve",)) as approver:
        assert await no(approver, f"{at}/approval", digest="0" * 64) == (409, "run-changed", "/digest")
    assert (await bureau.approve(run["run"])).status_code == 200
    assert (await bureau.approve(run["run"])).json()["type"] == "/problems/run-approved"
    async with bureau.client() as client:
        assert await no(client, f"{at}/payment", paid_on="2024-01-31") == (409, "pay-file-missing", None)
        assert await no(client, f"{at}/calculation") == (409, "run-approved", None)
        assert await no(client, f"{at}/pay-file", execution_on="2024-01-31") == (409, "bank-account-missing", None)
    for name, iban in zip(("Anna", "Boris"), IBANS, strict=False):
        await bureau.bank(name, iban)
    async with bureau.client() as client:
        await said(client, f"{at}/pay-file", execution_on="2024-01-31")
        assert await no(client, f"{at}/pay-file", execution_on="2024-02-01") == (409, "pay-file-exported", None)
        first, second = [(await client.get(f"{at}/pay-file")).content for _ in range(2)]
        await said(client, f"{at}/payment", paid_on="2024-01-31")
        await said(client, f"{at}/posting")
        assert await no(client, f"{at}/posting") == (409, "run-posted", None)
    assert first == second
    check_file(first, {IBANS[0]: "2270.00", IBANS[1]: "1530.00"})
    (told,) = await bureau.office.told("PayrollPosted")
    assert told.key == run["run"]
    assert told.data["posted_on"] == "2024-01-31"
    # Two people: the books hold what they cost (5,000 and 12 % of it) and nothing that tells one the other's pay.
    assert [(line["role"], line["side"], line["amount"], line["cost_centre"]) for line in told.data["lines"]] == [
        ("salaries", "debit", "5600.00", "various"),
        ("wages_payable", "credit", "5600.00", None),
    ]
    steps = [(step["action"], step["actor"]) for step in (await bureau.run(run["run"]))["steps"]]
    assert steps == [
        ("started", OFFICER),
        ("approved", APPROVER),
        ("exported", OFFICER),
        ("paid", OFFICER),
        ("posted", OFFICER),
    ]


def check_file(content: bytes, expected: dict[str, str]) -> None:
    """The file is as the schema of ISO 20022 wants it, and its control totals are those of its payments."""
    schema = xmlschema.XMLSchema(str(SCHEMA))
    schema.validate(content.decode())
    document: Any = schema.to_dict(content.decode())
    told = document["CstmrCdtTrfInitn"]
    (batch,) = told["PmtInf"]
    paid = {each["CdtrAcct"]["Id"]["IBAN"]: str(each["Amt"]["InstdAmt"]["$"]) for each in batch["CdtTrfTxInf"]}
    assert paid == expected
    head = told["GrpHdr"]
    assert (int(head["NbOfTxs"]), head["CtrlSum"]) == (len(paid), batch["CtrlSum"])
    assert f"{head['CtrlSum']:.2f}" == f"{sum(map(float, expected.values())):.2f}"


async def test_two_starts_at_once_give_one_run(bureau: Bureau) -> None:
    """P5: one run of a group for a month, and one payslip of a person (INV16)."""
    await two_people(bureau)

    async def start() -> tuple[int, str]:
        async with bureau.client() as client:
            answer = await sent(client, f"{AT}/pay-runs", pay_group="staff", period="2024-01")
            return answer.status_code, str(answer.json().get("type", ""))

    answers = sorted(await asyncio.gather(*[start() for _ in range(8)]))
    assert answers == [(202, "")] + [(409, "/problems/run-exists")] * 7
    (run,) = [row[0] for row in await bureau.office.rows("select run::text from pay_run")]
    await bureau.worked(run)
    assert await bureau.office.rows("select count(*), count(distinct employee) from payslip") == [(2, 2)]


async def test_the_database_itself_keeps_makers_and_checkers_apart(bureau: Bureau) -> None:
    """X9: four eyes hold whatever the code above does: neither the maker nor one who repeated may approve (INV27)."""
    await two_people(bureau)
    run = await bureau.calculated("2024-01")
    async with bureau.client(actor="user:rita") as client:
        await said(client, f"{AT}/pay-runs/{run['run']}/calculation")
    again = await bureau.worked(run["run"])
    assert (again["digest"], again["attempt"]) == (run["digest"], 2)
    assert (await bureau.approve(run["run"], OFFICER)).json()["type"] == "/problems/self-approval"
    assert (await bureau.approve(run["run"], "user:rita")).json()["type"] == "/problems/self-approval"
    approve = "update pay_run set state = 'approved', approved_at = now(), approved_by = $1"
    for maker in (OFFICER, "user:rita"):
        with pytest.raises(asyncpg.CheckViolationError):
            async with bureau.office.database.unit(["acme"]) as unit:
                await unit.raw.execute(approve, maker)
    answers = await asyncio.gather(*[bureau.approve(run["run"], f"user:a{n}") for n in range(4)])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    for statement in (
        "update pay_run set state = 'calculating'",
        "update pay_run set state = 'posted'",
        "update pay_run set digest = '\\x00'",
        "update payslip set pays = false",
        "insert into payslip select company, employee, date '2024-02-01', kind, run, attempt, version, rules_digest, "
        "pays, corrects, sealed, calculated_at from payslip",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            async with bureau.office.database.unit(["acme"]) as unit:
                await unit.raw.execute(statement)


async def test_what_cannot_be_paid_is_named_and_stops_the_approval(bureau: Bureau) -> None:
    """P5: every refusal has its name, and writes nothing."""
    async with bureau.client() as client:
        runs = f"{AT}/pay-runs"
        assert await no(client, runs, pay_group="none", period="2024-01") == (404, "pay-group-unknown", "/pay_group")
        assert await no(client, runs, pay_group="staff", period="2024-01") == (409, "nobody-to-pay", "/pay_group")
        await bureau.hire("Anna", "Late", "Nobody")
        await bureau.agree("Anna", "3000.00")
        await bureau.agree("Late", "3000.00", on="2024-01-15")
        assert await no(client, runs, pay_group="staff", period="2023-12") == (422, "period-before-group", "/period")
        assert await no(client, runs, pay_group="staff", period="2024-02") == (409, "previous-period-open", "/period")
        assert await no(client, runs, pay_group="staff", period="2024-13") == (422, "invalid-request", "/period")
    run = await bureau.calculated("2024-01")
    assert [(each["employee"], each["code"]) for each in run["unpaid"]] == [(person("Late"), "pay-terms-missing")]
    assert run["without_terms"] == ["E-000003"]
    assert await bureau.office.rows("select count(*) from payslip") == [(1,)]
    assert (await bureau.approve(run["run"])).json()["type"] == "/problems/run-has-problems"
    await bureau.agree("Late", "3000.00", on="2024-01-01")
    async with bureau.client() as client:
        await said(client, f"{AT}/pay-runs/{run['run']}/calculation")
    assert (await bureau.worked(run["run"]))["unpaid"] == []
    assert (await bureau.approve(run["run"])).status_code == 200
    async with bureau.client() as client:
        assert await no(client, runs, pay_group="staff", period="2024-01") == (409, "period-already-paid", "/period")
        await bureau.set_up("future", since="2031-01")
        await bureau.hire("Zoe", on="2031-01-01")
        await bureau.agree("Zoe", "3000.00", on="2031-01-01", pay_group="future")
        assert await no(client, runs, pay_group="future", period="2031-01") == (422, "tax-table-missing", "/period")
    assert await bureau.office.rows("select count(*) from pay_run") == [(1,)]


async def test_a_person_behind_a_system_is_the_same_person(bureau: Bureau) -> None:
    """X9: who calculated through a system does not approve in person, nor the other way round (INV27)."""
    await two_people(bureau)
    async with bureau.client(actor="key:portal", on_behalf_of="user:rita") as portal:
        run = str((await said(portal, f"{AT}/pay-runs", pay_group="staff", period="2024-01"))["run"])
    await bureau.worked(run)
    assert (await bureau.approve(run, "user:rita")).json()["type"] == "/problems/self-approval"
    async with bureau.client() as client:
        await said(client, f"{AT}/pay-runs/{run}/calculation")
    await bureau.worked(run)
    for behind in (OFFICER, "user:rita"):
        assert (await bureau.approve(run, "key:portal", behind)).json()["type"] == "/problems/self-approval"
    assert (await bureau.approve(run, "key:portal", APPROVER)).status_code == 200
    assert await bureau.office.rows("select approved_by from pay_run") == [(APPROVER,)]


async def test_the_pay_file_stays_the_same_whatever_is_entered_while_it_is_made(bureau: Bureau) -> None:
    """P17: an account that was being confirmed when the file was made, and is committed after it, is not in it."""
    await two_people(bureau)
    for name, iban in zip(("Anna", "Boris"), IBANS, strict=False):
        await bureau.bank(name, iban)
    run = (await bureau.paid("2024-01"))["run"]
    at = f"{AT}/pay-runs/{run}/pay-file"
    late = (
        "with late as (insert into bank_account (company, employee, effective_on, revision, sealed, recorded_by, "
        "entered_by, recorded_at) select company, employee, effective_on, revision + 1, sealed, recorded_by, "
        "entered_by, now() from bank_account where employee = $1 returning *) insert into account_confirmation "
        "select company, employee, effective_on, revision, entered_by, $2, now() from late"
    )
    async with bureau.client() as client:
        async with bureau.office.database.unit(["acme"]) as unit:
            await unit.raw.execute(late, person("Anna"), APPROVER)
            await said(client, at, execution_on="2024-01-31")
            first = (await client.get(at)).content
        again = (await client.get(at)).content
    assert await bureau.office.rows("select count(*) from account_confirmation") == [(3,)]
    assert first == again
    check_file(again, {IBANS[0]: "2270.00", IBANS[1]: "1530.00"})
