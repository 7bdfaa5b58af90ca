"""The company's own account, name and address change for a pay group from a day on; what was exported stays."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import orjson
import pytest

from tests.payroll.office import person
from tests.payroll.pay.test_pay_file import SCHEMA
from tests.payroll.runs.bureau import APPROVER, AT, IBANS, OFFICER, Bureau, no, said, sent

GROUP = f"{AT}/pay-groups/staff"
OLD, NEW, WRONG = IBANS
"""The group is defined with the first."""
APPROVES: dict[str, Any] = {"actor": APPROVER, "scopes": ("payroll:approve",)}
ADDRESS = {"line1": "7 New Square", "city": "Athens", "country": "GR"}


async def enter(bureau: Bureau, iban: str, on: str) -> int:
    """The officer enters the company's account; its revision."""
    async with bureau.client() as client:
        return int((await said(client, f"{GROUP}/payer-accounts", effective_on=on, iban=iban))["revision"])


async def confirm(bureau: Bureau, iban: str, on: str, revision: int = 1, **who: Any) -> str:
    """Somebody confirms it; "201", or why not."""
    async with bureau.client(**(APPROVES | who)) as client:
        body = {"effective_on": on, "revision": revision, "iban": iban}
        answer = await sent(client, f"{GROUP}/payer-accounts/confirmation", **body)
    return "201" if answer.is_success else str(answer.json()["type"]).removeprefix("/problems/")


async def released(bureau: Bureau, *months: str) -> list[str]:
    """Months of Anna's that wait to be paid; their pay files' addresses."""
    await bureau.hire("Anna")
    await bureau.agree("Anna", "3000.00")
    await bureau.bank("Anna", WRONG)
    return [f"{AT}/pay-runs/{(await bureau.paid(month))['run']}/pay-file" for month in months]


async def export(bureau: Bureau, file: str, on: str) -> str:
    """A pay file is made; "200", or why not."""
    async with bureau.client() as client:
        answer = await sent(client, file, execution_on=on)
    return "201" if answer.is_success else str(answer.json()["type"]).removeprefix("/problems/")


async def read(bureau: Bureau, file: str) -> dict[str, Any]:
    """Who pays in a file, from which account and with which words; the schema of the bank takes it."""
    async with bureau.client() as client:
        answer = await client.get(file)
    assert answer.status_code == 200, answer.text
    document: Any = SCHEMA.to_dict(answer.text)
    told = document["CstmrCdtTrfInitn"]
    (batch,) = told["PmtInf"]
    (payment,) = batch["CdtTrfTxInf"]
    return {
        "names": {told["GrpHdr"]["InitgPty"]["Nm"], batch["Dbtr"]["Nm"]},
        "iban": batch["DbtrAcct"]["Id"]["IBAN"],
        "bic": batch["DbtrAgt"]["FinInstnId"].get("BICFI"),
        "text": payment["RmtInf"]["Ustrd"],
    }


BEFORE = {"names": {"Acme"}, "iban": OLD, "bic": "ETHNGRAA", "text": ["2024-01"]}


async def test_each_file_is_paid_as_it_is_on_its_day_and_one_that_was_made_stays(bureau: Bureau) -> None:
    """P17: another account, name and words from 15 February on; January's file is the same ever after."""
    january, february, march = await released(bureau, "2024-01", "2024-02", "2024-03")
    assert await export(bureau, january, "2024-01-31") == "201"
    first = await read(bureau, january)
    assert first == BEFORE
    # When the company changes its bank and moves
    await enter(bureau, NEW, "2024-02-15")
    assert await confirm(bureau, NEW, "2024-02-15") == "201"
    async with bureau.client() as client:
        body = {"debtor_name": "Acme & Söhne", "debtor_address": ADDRESS, "payment_text": "Μισθός"}
        assert (await said(client, f"{GROUP}/payer", effective_on="2024-02-15", **body))["revision"] == 1
    # Then what is paid the day before is not touched by it, and what is paid that day is
    assert await export(bureau, february, "2024-02-14") == "201"
    assert await read(bureau, february) == BEFORE | {"text": ["2024-02"]}
    assert await export(bureau, march, "2024-02-15") == "201"
    after = {"names": {"Acme + Sohne"}, "iban": NEW, "bic": None, "text": ["Misthos 2024-03"]}
    assert await read(bureau, march) == after
    # And whatever is entered for those days later, files that were made stay as they were
    for on in ("2024-01-01", "2024-02-15"):
        await enter(bureau, WRONG, on)
        async with bureau.client() as client:
            await said(client, f"{GROUP}/payer", effective_on=on, debtor_name="Other", debtor_address=ADDRESS)
    assert await read(bureau, january) == first
    assert await read(bureau, march) == after


async def test_nothing_is_paid_from_an_account_that_nobody_has_confirmed(bureau: Bureau) -> None:
    """X9: entered by one and confirmed by another; until then its days have no file (INV27)."""
    january, february = await released(bureau, "2024-01", "2024-02")
    await enter(bureau, NEW, "2024-02-01")
    # The day before is not concerned
    assert await export(bureau, february, "2024-02-01") == "payer-account-unconfirmed"
    assert await export(bureau, january, "2024-01-31") == "201"
    # Neither who entered it, in person or through a system, nor who reads it wrongly, confirms it
    assert await confirm(bureau, NEW, "2024-02-01", actor=OFFICER) == "self-confirmation"
    assert await confirm(bureau, NEW, "2024-02-01", actor="key:portal", on_behalf_of=OFFICER) == "self-confirmation"
    assert await confirm(bureau, WRONG, "2024-02-01") == "iban-differs"
    assert await confirm(bureau, NEW, "2024-02-02") == "bank-account-not-found"
    async with bureau.client(**APPROVES) as client:
        told = (await client.get(f"{GROUP}/payer?on=2024-02-01")).json()
    assert (told["iban_ends"], told["confirmed"], told["accounts"][0]["entered_by"]) == (NEW[-4:], False, OFFICER)
    assert NEW not in str(told)
    # When another one does, it is paid from; and not when the day is entered again since
    assert await confirm(bureau, NEW, "2024-02-01") == "201"
    assert await confirm(bureau, NEW, "2024-02-01") == "bank-account-confirmed"
    assert await enter(bureau, WRONG, "2024-02-01") == 2
    assert await export(bureau, february, "2024-02-01") == "payer-account-unconfirmed"
    assert await enter(bureau, NEW, "2024-02-01") == 3
    assert await confirm(bureau, WRONG, "2024-02-01", 2) == "bank-account-replaced"
    assert await confirm(bureau, NEW, "2024-02-01", 3) == "201"
    assert await export(bureau, february, "2024-02-01") == "201"
    assert (await read(bureau, february))["iban"] == NEW


async def test_who_confirms_sees_which_accounts_of_the_company_wait_for_them(bureau: Bureau) -> None:
    """X9, P17: before those of people, with their kind, page by page; no number, and none that waits for nobody."""
    await bureau.hire("Anna")
    await enter(bureau, NEW, "2024-02-01")
    await enter(bureau, WRONG, "2024-02-01")
    await enter(bureau, NEW, "2024-03-01")
    async with bureau.client() as client:
        body = {"effective_on": "2024-01-01", "iban": OLD, "holder": "Anna"}
        await said(client, f"{AT}/employees/{person('Anna')}/bank-accounts", **body)
    unconfirmed = f"{AT}/bank-accounts/unconfirmed"

    async def waiting() -> list[tuple[str, str | None, str | None, str, int]]:
        found: list[dict[str, Any]] = []
        async with bureau.client(**APPROVES) as client:
            page: dict[str, Any] = {"next": ""}
            while page["next"] is not None:
                page = (await client.get(unconfirmed, params={"limit": 1, "after": page["next"]})).json()
                found += page["accounts"]
        assert not any(iban[-4:] in str(found) for iban in IBANS)
        assert {each["recorded_by"] for each in found} == {OFFICER}
        return [tuple(each[k] for k in ("kind", "pay_group", "number", "effective_on", "revision")) for each in found]

    anna = ("employee", None, "E-000001", "2024-01-01", 1)
    march = ("company", "staff", None, "2024-03-01", 1)
    # The first entry of February was replaced, and is confirmed by nobody any more
    assert await waiting() == [("company", "staff", None, "2024-02-01", 2), march, anna]
    assert await confirm(bureau, WRONG, "2024-02-01", 2) == "201"
    assert await waiting() == [march, anna]
    assert await confirm(bureau, NEW, "2024-03-01") == "201"
    assert await waiting() == [anna]
    async with bureau.client(**APPROVES) as client:
        # As a page of an older version says it
        old = (await client.get(unconfirmed, params={"after": "E-000000/2024-01-01"})).json()["accounts"]
        assert [each["number"] for each in old] == ["E-000001"]
    async with bureau.client(actor="user:rita", scopes=("payroll:write", "payroll:read")) as client:
        assert (await client.get(unconfirmed)).status_code == 403


async def test_one_person_with_two_accounts_confirms_no_account_of_the_company_alone(bureau: Bureau) -> None:
    """X9: also when the link of one was taken away before (INV27)."""
    await bureau.hire("Olga")
    async with bureau.client(actor="user:admin") as client:
        for actor in (OFFICER, "user:olga-2"):
            await said(client, f"{AT}/employees/{person('Olga')}/accounts", actor=actor)
    await enter(bureau, NEW, "2024-02-01")
    assert await confirm(bureau, NEW, "2024-02-01", actor="user:olga-2") == "self-confirmation"


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        (
            "insert into payer_confirmation values ('acme', 'staff', '2024-01-01', 1, 'user:olga', 'user:olga', now())",
            asyncpg.CheckViolationError,
        ),
        (
            "insert into payer_confirmation values ('acme', 'staff', '2024-01-01', 1, 'user:nobody', 'user:x', now())",
            asyncpg.ForeignKeyViolationError,
        ),
        ("update payer_account set debtor_iban = 'x'", asyncpg.InsufficientPrivilegeError),
        ("delete from payer_details", asyncpg.InsufficientPrivilegeError),
        (
            "insert into pay_file (company, run, message, execution_on, payments, exported_by, exported_at) "
            "select company, run, 'M', '2024-01-31', 1, 'user:olga', now() from pay_run",
            asyncpg.CheckViolationError,
        ),
        (
            "insert into pay_file (company, run, message, execution_on, payments, exported_by, exported_at, "
            "account_from, account_revision) "
            "select company, run, 'M', '2024-01-31', 1, 'user:olga', now(), '2024-01-01', 1 from pay_run",
            asyncpg.CheckViolationError,
        ),
    ],
    ids=["by who entered it", "entered by somebody else, it says", "changed", "deleted", "from before", "unconfirmed"],
)
async def test_the_database_itself_pays_from_a_confirmed_account_of_the_day(
    bureau: Bureau, statement: str, error: type[Exception]
) -> None:
    """X9: whatever the code above does, also that of an older process (INV27)."""
    await released(bureau, "2024-01")
    await enter(bureau, NEW, "2024-01-01")
    with pytest.raises(error):
        async with bureau.office.database.unit(["acme"]) as unit:
            await unit.raw.execute(statement)


async def test_a_file_and_a_change_at_the_same_moment_come_one_after_the_other(bureau: Bureau) -> None:
    """P17: the file is made with the account before the change, or refused; never with one that nobody confirmed."""
    (file,) = await released(bureau, "2024-01")
    made, _ = await asyncio.gather(export(bureau, file, "2024-01-31"), enter(bureau, NEW, "2024-01-31"))
    if made == "201":
        assert (await read(bureau, file))["iban"] == OLD
    else:
        assert made == "payer-account-unconfirmed"


async def test_what_cannot_be_changed_is_refused_by_name(bureau: Bureau) -> None:
    """P17: no group, a day on which it is not paid yet, a number that is none, words that fit no statement."""
    details = {"debtor_name": "Acme", "debtor_address": ADDRESS}
    async with bureau.client() as client:
        account, payer = f"{GROUP}/payer-accounts", f"{GROUP}/payer"
        nobody = f"{AT}/pay-groups/nobody"
        assert await no(client, f"{nobody}/payer-accounts", effective_on="2024-02-01", iban=NEW) == (
            404, "pay-group-not-found", None,
        )  # fmt: skip
        assert (await client.get(f"{nobody}/payer?on=2024-01-01")).status_code == 404
        for body in ({"iban": NEW}, details):
            path = account if "iban" in body else payer
            assert await no(client, path, effective_on="2023-11-30", **body) == (
                422, "payer-before-group", "/effective_on",
            )  # fmt: skip
            assert (await sent(client, path, effective_on="2023-12-01", **body)).status_code == 201
        day = {"effective_on": "2024-02-01"}
        assert (await no(client, account, iban=f"{NEW[:-1]}1", **day))[2] == "/iban"
        assert (await no(client, account, iban=NEW, bic="NOBIC", **day))[2] == "/bic"
        assert (await no(client, payer, **details, payment_text="x" * 41, **day))[2] == "/payment_text"
        assert (await no(client, payer, debtor_name="Acme", **day))[2] == "/debtor_address"
    async with bureau.client(**APPROVES) as client:
        assert (await sent(client, account, iban=NEW, **day)).status_code == 403
        assert (await sent(client, payer, **details, **day)).status_code == 403
    # And what was done is written down, without numbers
    audit = await bureau.office.rows(
        "select action, actor, detail from audit where subject = 'staff' and action like 'payer-%' order by action"
    )
    assert [(action, actor) for action, actor, _ in audit] == [
        ("payer-account-entered", OFFICER), ("payer-details-entered", OFFICER),
    ]  # fmt: skip
    assert [orjson.loads(detail) for _, _, detail in audit] == [{"effective_on": "2023-12-01", "revision": 1}] * 2
