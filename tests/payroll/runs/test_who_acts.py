"""Who acts and who sees: the person behind an account, rights for one company, and what those see who approve."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from chassis.ids import derive
from tests.payroll.office import person
from tests.payroll.runs.bureau import APPROVER, AT, IBAN, OFFICER, Bureau, no, said

SECOND_ACCOUNT = "olga-key"


async def anna_is_paid(bureau: Bureau) -> None:
    """Anna works and is paid; Olga, who has the office, works there too."""
    await bureau.hire("Anna", "Olga")
    for name in ("Anna", "Olga"):
        await bureau.agree(name, "3000.00")


async def link(bureau: Bureau, actor: str, name: str | None) -> None:
    """Somebody else says whose account it is."""
    if name is None:
        columns = "company, actor, revision, employee, recorded_at"
        await bureau.superuser(f"insert into account_link ({columns}) values ('acme', $1, 2, null, now())", actor)
        return
    async with bureau.client(actor="user:registrar") as client:
        await said(client, f"{AT}/employees/{person(name)}/accounts", actor=actor)


async def forbidden(bureau: Bureau, statement: str, argument: str) -> None:
    """The database refuses this to the service's own role."""
    with pytest.raises(asyncpg.CheckViolationError):
        await written(bureau, statement, argument)


async def written(bureau: Bureau, statement: str, argument: str) -> None:
    """The service writes this, past all its code."""
    async with bureau.office.database.unit(["acme"]) as unit:
        await unit.raw.execute(statement, argument)


async def test_one_person_with_two_accounts_is_one_pair_of_eyes(bureau: Bureau) -> None:
    """X9, P5: not even when the link of one account was taken away before; the database holds it too (INV27)."""
    await anna_is_paid(bureau)
    for actor in (OFFICER, SECOND_ACCOUNT):
        await link(bureau, actor, "Olga")
    run = (await bureau.calculated("2024-01"))["run"]
    assert (await bureau.approve(run, SECOND_ACCOUNT)).json()["type"] == "/problems/self-approval"
    await link(bureau, SECOND_ACCOUNT, None)
    assert (await bureau.approve(run, SECOND_ACCOUNT)).json()["type"] == "/problems/self-approval"
    await forbidden(
        bureau, "update pay_run set state = 'approved', approved_at = now(), approved_by = $1", SECOND_ACCOUNT
    )
    assert (await bureau.approve(run, APPROVER)).status_code == 200


async def test_who_entered_an_account_confirms_it_under_no_other_name_either(bureau: Bureau) -> None:
    """X9: one person with two accounts (INV27)."""
    await anna_is_paid(bureau)
    for actor in (OFFICER, SECOND_ACCOUNT):
        await link(bureau, actor, "Olga")
    accounts = f"{AT}/employees/{person('Anna')}/bank-accounts"
    async with bureau.client() as client:
        entered = await said(client, accounts, effective_on="2024-01-01", iban=IBAN, bic=None, holder="Anna")
    again = {"effective_on": "2024-01-01", "iban": IBAN, "revision": entered["revision"]}
    async with bureau.client(actor=SECOND_ACCOUNT, scopes=("payroll:approve",)) as client:
        assert await no(client, f"{accounts}/confirmation", **again) == (409, "self-confirmation", None)
    columns = "company, employee, effective_on, revision, entered_by"
    await forbidden(
        bureau,
        f"insert into account_confirmation ({columns}, confirmed_by, confirmed_at) "
        f"select {columns}, $1, now() from bank_account",
        SECOND_ACCOUNT,
    )


async def test_a_run_begins_by_being_calculated_whoever_writes_it(bureau: Bureau) -> None:
    """P5: the service's own role cannot write down a run that is approved already."""
    await anna_is_paid(bureau)
    await bureau.calculated("2024-01")
    another = {"run": str(derive("run")), "state": "approved", "period": "2024-02-01"}
    copied = "insert into pay_run select (jsonb_populate_record(r, $1::text::jsonb)).* from pay_run r"
    await forbidden(bureau, copied, json.dumps(another))


@pytest.mark.parametrize("form", ["{}", "{}@acme"])
async def test_a_right_for_one_company_is_a_right_there(bureau: Bureau, form: str) -> None:
    """P16, G12: so rights come from an identity provider; officer, manager and employee see what they may."""
    await anna_is_paid(bureau)
    await link(bureau, "user:anna", "Anna")
    await link(bureau, "user:boss", "Olga")
    async with bureau.client() as client:
        await said(
            client, f"{AT}/employees/{person('Anna')}/changes", effective_on="2024-01-01", manager=person("Olga")
        )
    await bureau.paid("2024-01")

    async def months(actor: str, *scopes: str) -> Any:
        named = tuple(form.format(scope) for scope in scopes)
        async with bureau.client(actor=actor, scopes=named) as client:
            slips = await client.get(f"{AT}/employees/{person('Anna')}/payslips")
            names = [row["name"] for row in (await client.get(f"{AT}/employees")).json()["employees"]]
        return slips.status_code, names

    assert await months("user:officer", "payroll:officer") == (200, ["Anna", "Olga"])
    assert await months("user:boss", "payroll:team", "payroll:teampay") == (200, ["Anna"])
    assert await months("user:anna", "payroll:self") == (200, ["Anna"])
    assert await months("user:stranger", "payroll:self") == (404, [])


async def test_a_right_for_another_company_is_none_here(bureau: Bureau) -> None:
    await anna_is_paid(bureau)
    async with bureau.client(actor="user:officer", scopes=("payroll:officer@umbrella", "payroll:self@acme")) as client:
        assert (await client.get(f"{AT}/employees/{person('Anna')}/payslips")).status_code == 404


async def test_who_approves_sees_what_they_approve_and_that_is_written_down(bureau: Bureau) -> None:
    """P5, P16: sums by cost centre may be one person's."""
    await anna_is_paid(bureau)
    run = (await bureau.calculated("2024-01"))["run"]
    async with bureau.client(actor=APPROVER, scopes=("payroll:approve",)) as client:
        assert [each["run"] for each in (await client.get(f"{AT}/pay-runs")).json()["runs"]] == [run]
        assert (await client.get(f"{AT}/pay-runs/{run}")).json()["totals"]["gross"] == "6000.00"
    readings = await bureau.office.rows("select what, run::text from pay_reading where actor = $1", APPROVER)
    assert readings == [("pay run", run)]


async def test_agreed_pay_is_told_as_of_a_day_also_to_whom_it_is_about(bureau: Bureau) -> None:
    """P1: as of a day: pay and cost centre; a correction takes the place of what it corrects."""
    await bureau.hire("Anna")
    await bureau.agree("Anna", "3000.00")
    await bureau.agree("Anna", "3100.00")
    await bureau.agree("Anna", "3500.00", on="2024-07-01", cost_centre="stores")
    await link(bureau, "user:anna", "Anna")
    at = f"{AT}/employees/{person('Anna')}/pay"
    async with bureau.client(actor="user:anna", scopes=("payroll:self",)) as anna:
        told = [
            (await anna.get(at, params={"on": day})).json()["terms"]
            for day in ("2023-12-31", "2024-06-30", "2024-07-01")
        ]
        everything = (await anna.get(at)).json()["terms"]
    assert [[(each["monthly"], each["cost_centre"]) for each in terms] for terms in told] == [
        [], [("3100.00", "sales")], [("3500.00", "stores")],
    ]  # fmt: skip
    assert len(everything) == 3


@pytest.mark.parametrize("wide", ["*", "payroll:*", "*@acme"])
async def test_a_wildcard_makes_nobody_an_officer_an_approver_or_a_reader_of_pay(bureau: Bureau, wide: str) -> None:
    """P2, P16: what opens or releases pay is given by its own name, as for the same papers in documents."""
    await anna_is_paid(bureau)
    await link(bureau, "user:boss", "Olga")
    async with bureau.client() as client:
        await said(
            client, f"{AT}/employees/{person('Anna')}/changes", effective_on="2024-01-01", manager=person("Olga")
        )
    run = (await bureau.paid("2024-01"))["run"]
    anna = f"{AT}/employees/{person('Anna')}"
    async with bureau.client(actor="user:boss", scopes=(wide,)) as client:
        read = [
            (await client.get(path)).status_code
            for path in (f"{anna}/pay", f"{anna}/payslips", f"{AT}/pay-runs", f"{AT}/pay-runs/{run}/pay-file")
        ]
        terms = await no(client, f"{anna}/pay-terms", pay_group="staff", effective_on="2024-03-01", monthly=None)
        started = await no(client, f"{AT}/pay-runs", pay_group="staff", period="2024-02")
        approved = await no(client, f"{AT}/pay-runs/{run}/approval", digest="00")
        linked = await no(client, f"{anna}/accounts", actor="user:boss")
        assert (await client.get(anna)).status_code == 200, "the personnel office's rights are given by a wildcard"
    assert read == [404, 404, 403, 403]
    assert {status for status, _, _ in (terms, started, approved, linked)} == {403}
