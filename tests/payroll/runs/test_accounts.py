"""Where pay goes is entered by one and confirmed by another, from the person's own paper, before it is paid to."""

from __future__ import annotations

import asyncio
from datetime import date

import asyncpg
import pytest

from tests.payroll.office import person
from tests.payroll.runs.bureau import APPROVER, AT, IBANS, OFFICER, RIGHTS, Bureau, no, said, sent
from tests.payroll.runs.test_month import check_file

AT_ANNA = f"{AT}/employees/{person('Anna')}/bank-accounts"
DAY = "2024-01-01"
FIRST, SECOND, OTHER = IBANS


async def enter(bureau: Bureau, iban: str, on: str = DAY) -> int:
    """The officer enters Anna's account; its revision."""
    async with bureau.client() as client:
        return int((await said(client, AT_ANNA, effective_on=on, iban=iban, holder="Anna"))["revision"])


async def confirm(bureau: Bureau, iban: str, revision: int = 1, *, actor: str = APPROVER, **more: str) -> str:
    """Somebody confirms it; "201", or why not."""
    on = more.pop("on", DAY)
    async with bureau.client(actor=actor, scopes=("payroll:approve",), on_behalf_of=more.get("behind")) as client:
        body = {"effective_on": on, "revision": revision, "iban": iban}
        answer = await sent(client, f"{AT_ANNA}/confirmation", **body)
    return "201" if answer.is_success else str(answer.json()["type"]).removeprefix("/problems/")


async def released(bureau: Bureau) -> str:
    """A month of Anna's that waits to be paid; its pay file's address."""
    await bureau.hire("Anna")
    await bureau.agree("Anna", "3000.00")
    return f"{AT}/pay-runs/{(await bureau.paid('2024-01'))['run']}/pay-file"


async def test_nothing_is_paid_to_an_account_before_another_person_has_confirmed_it(bureau: Bureau) -> None:
    """X9: entered by one, confirmed by another; a pay file never uses one that was not (INV27)."""
    file = await released(bureau)
    # Given an account that only one person has seen
    await enter(bureau, FIRST)
    async with bureau.client() as client:
        answer = await sent(client, file, execution_on="2024-01-31")
        assert answer.json()["type"] == "/problems/bank-account-unconfirmed"
        assert answer.json()["numbers"] == ["E-000001"]
        waiting = (await client.get(f"{AT}/bank-accounts/unconfirmed")).json()
        assert [(row["number"], row["recorded_by"]) for row in waiting["accounts"]] == [("E-000001", OFFICER)]
        assert FIRST[-4:] not in str(waiting)
    # When another person gives its number once more
    assert await confirm(bureau, FIRST) == "201"
    # Then pay goes there, and a change since, which nobody has confirmed, is not paid to
    await enter(bureau, OTHER, on="2024-01-20")
    async with bureau.client() as client:
        await said(client, file, execution_on="2024-01-31")
        check_file((await client.get(file)).content, {FIRST: "2220.00"})
        accounts = (await client.get(f"{AT}/employees/{person('Anna')}/pay")).json()["bank_accounts"]
    assert [account["confirmed_by"] for account in accounts] == [APPROVER, None]
    # And the next file goes to the one that was confirmed last
    assert await confirm(bureau, OTHER, on="2024-01-20") == "201"
    run = (await bureau.paid("2024-02"))["run"]
    async with bureau.client() as client:
        await said(client, f"{AT}/pay-runs/{run}/pay-file", execution_on="2024-02-29")
        check_file((await client.get(f"{AT}/pay-runs/{run}/pay-file")).content, {OTHER: "2220.00"})
        # And the change before it, which would be paid to no more, waits for nobody
        assert (await client.get(f"{AT}/bank-accounts/unconfirmed")).json()["accounts"] == []


async def test_nothing_is_paid_to_an_account_that_another_entry_of_its_day_has_replaced(bureau: Bureau) -> None:
    """X9: the earlier entry was wrong, whoever had confirmed it; they are named until somebody confirms (INV27)."""
    file = await released(bureau)
    await enter(bureau, OTHER)
    assert await confirm(bureau, OTHER) == "201"
    later = "2024-01-20"
    await enter(bureau, FIRST, on=later)
    assert await confirm(bureau, FIRST, on=later) == "201"
    # When the same day is entered again
    assert await enter(bureau, SECOND, on=later) == 2
    # Then neither what it replaced nor the account before that day is paid to
    async with bureau.client() as client:
        answer = await sent(client, file, execution_on="2024-01-31")
        assert answer.json()["type"] == "/problems/bank-account-unconfirmed"
        assert answer.json()["numbers"] == ["E-000001"]
        assert await confirm(bureau, SECOND, 2, on=later) == "201"
        await said(client, file, execution_on="2024-01-31")
        check_file((await client.get(file)).content, {SECOND: "2220.00"})


async def test_who_entered_an_account_or_reads_it_wrongly_does_not_confirm_it(bureau: Bureau) -> None:
    """X9: not in person, not through a system, not a number that differs, not an old one, not twice."""
    await bureau.hire("Anna")
    await enter(bureau, FIRST)
    assert await confirm(bureau, FIRST, actor=OFFICER) == "self-confirmation"
    assert await confirm(bureau, FIRST, actor="key:portal", behind=OFFICER) == "self-confirmation"
    assert await confirm(bureau, SECOND) == "iban-differs"
    assert await confirm(bureau, FIRST[:-1]) == "invalid-request"
    assert await confirm(bureau, FIRST, 2) == "bank-account-not-found"
    await enter(bureau, SECOND)
    assert await confirm(bureau, FIRST, 1) == "bank-account-replaced"
    assert await confirm(bureau, SECOND, 2) == "201"
    assert await confirm(bureau, SECOND, 2) == "bank-account-confirmed"
    async with bureau.client(actor="user:rita", scopes=("payroll:write", "payroll:read")) as client:
        assert (
            await sent(client, f"{AT_ANNA}/confirmation", effective_on=DAY, revision=2, iban=SECOND)
        ).status_code == 403
        assert (await client.get(f"{AT}/bank-accounts/unconfirmed")).status_code == 403
    async with bureau.client() as client:
        assert await no(client, f"{AT_ANNA}/confirmation", effective_on=DAY, revision=0, iban=SECOND) == (
            422, "invalid-request", "/revision",
        )  # fmt: skip
        assert (await client.get(f"{AT}/bank-accounts/unconfirmed?after=x")).status_code == 422
    rows = await bureau.office.rows("select revision, entered_by, confirmed_by from account_confirmation")
    assert rows == [(2, OFFICER, APPROVER)]


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        (
            "insert into account_confirmation values ('acme', $1, $2, 1, 'user:olga', 'user:olga', now())",
            asyncpg.CheckViolationError,
        ),
        (
            "insert into account_confirmation values ('acme', $1, $2, 1, 'user:nobody', 'user:olga', now())",
            asyncpg.ForeignKeyViolationError,
        ),
        (
            "update account_confirmation set revision = 1 where employee = $1 and effective_on = $2",
            asyncpg.InsufficientPrivilegeError,
        ),
        (
            "insert into pay_file_payment select company, run, $1, $2, 1 from pay_file",
            asyncpg.ForeignKeyViolationError,
        ),
    ],
    ids=["confirmed by who entered it", "entered by somebody else, it says", "changed", "paid to unconfirmed"],
)
async def test_the_database_itself_wants_a_second_person(
    bureau: Bureau, statement: str, error: type[Exception]
) -> None:
    """X9: whatever the code above does (INV27)."""
    await bureau.hire("Anna", "Boris")
    await bureau.agree("Boris", "3000.00")
    await bureau.bank("Boris", SECOND)
    run = (await bureau.paid("2024-01"))["run"]
    async with bureau.client() as client:
        await said(client, f"{AT}/pay-runs/{run}/pay-file", execution_on="2024-01-31")
    await enter(bureau, FIRST)
    with pytest.raises(error):
        async with bureau.office.database.unit(["acme"]) as unit:
            await unit.raw.execute(statement, person("Anna"), date(2024, 1, 1))


async def test_a_confirmation_and_a_change_at_the_same_moment_come_one_after_the_other(bureau: Bureau) -> None:
    """X9: what is confirmed is what was read, and it is confirmed once, however many do it at once (INV27)."""
    await bureau.hire("Anna")
    await enter(bureau, FIRST)
    # When two confirm the account while a third enters another for the same day
    told = await asyncio.gather(
        confirm(bureau, FIRST), confirm(bureau, FIRST, actor="user:rita"), enter(bureau, SECOND)
    )
    # Then at most one has confirmed it, and the other number is confirmed by nobody
    assert told[:2].count("201") <= 1
    assert set(told[:2]) <= {"201", "bank-account-confirmed", "bank-account-replaced"}
    rows = await bureau.office.rows("select revision from account_confirmation")
    assert rows == [(1,)] * told[:2].count("201")
    async with bureau.client(scopes=RIGHTS) as client:
        waiting = (await client.get(f"{AT}/bank-accounts/unconfirmed")).json()["accounts"]
    assert [row["revision"] for row in waiting] == [2]
