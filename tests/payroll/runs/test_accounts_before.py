"""Accounts that an older version wrote down, which kept the caller's name and not the person's behind a system."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
from alembic import command
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from chassis.migrating import configuration, driver_url
from tests.payroll.office import person
from tests.payroll.runs.bureau import AT, IBANS, OFFICER, RIGHTS, Bureau, said
from tests.payroll.runs.test_accounts import AT_ANNA, DAY, confirm, enter
from tests.support.pinned_clock import TODAY
from tests.support.stack import TestPostgres

FIRST, SECOND, _ = IBANS
AS_BEFORE = """
create temp table seen as select * from bank_account;
delete from bank_account;
insert into bank_account (company, employee, effective_on, revision, sealed, recorded_by, recorded_at)
select company, employee, effective_on, revision, sealed, 'key:portal', recorded_at from seen
"""


async def waiting(bureau: Bureau) -> list[dict[str, Any]]:
    """What the list of unconfirmed accounts shows."""
    async with bureau.client(scopes=RIGHTS) as client:
        return list((await client.get(f"{AT}/bank-accounts/unconfirmed")).json()["accounts"])


async def test_what_an_older_process_writes_down_is_confirmed_by_nobody(bureau: Bureau) -> None:
    """X9: it does not say which person entered it, so it is entered again, then confirmed by another (INV27)."""
    await bureau.hire("Anna")
    # Given the officer's entry through a system, as a process of the version before writes it
    async with bureau.client(actor="key:portal", on_behalf_of=OFFICER) as portal:
        await said(portal, AT_ANNA, effective_on=DAY, iban=FIRST, holder="Anna")
    assert [row["enter_again"] for row in await waiting(bureau)] == [False]
    await bureau.superuser(AS_BEFORE)
    # When she confirms it in person, then she is refused, and so is everybody
    assert await confirm(bureau, FIRST, actor=OFFICER) == "bank-account-author-unknown"
    assert await confirm(bureau, FIRST) == "bank-account-author-unknown"
    assert [row["enter_again"] for row in await waiting(bureau)] == [True]
    # And what is entered anew is confirmed as ever
    assert await enter(bureau, SECOND) == 2
    assert await confirm(bureau, SECOND, 2, actor=OFFICER) == "self-confirmation"
    assert await confirm(bureau, SECOND, 2) == "201"
    assert await waiting(bureau) == []


async def test_the_database_lets_nobody_confirm_what_an_older_process_wrote(bureau: Bureau) -> None:
    """X9: not even a process of the version between, which knows confirmations and not who entered (INV27)."""
    await bureau.hire("Anna")
    await enter(bureau, FIRST)
    await bureau.superuser(AS_BEFORE)
    refused = None
    try:
        async with bureau.office.database.unit(["acme"]) as unit:
            await unit.raw.execute(
                "insert into account_confirmation select company, employee, effective_on, revision, recorded_by, $1, "
                "now() from bank_account", OFFICER,
            )  # fmt: skip
    except asyncpg.ForeignKeyViolationError as error:
        refused = error
    assert refused is not None


async def test_who_cannot_be_paid_any_more_waits_for_nobody(bureau: Bureau) -> None:
    """The accounts of an erased person, and those behind a later confirmed one, are not listed."""
    await bureau.hire("Anna", "Boris")
    await bureau.agree("Boris", "2000.00")
    await enter(bureau, FIRST)
    soon = str(TODAY + timedelta(days=30))
    async with bureau.client() as client:
        for on in (DAY, soon):
            path = f"{AT}/employees/{person('Boris')}/bank-accounts"
            await said(client, path, effective_on=on, iban=SECOND, holder="Boris")
    # Given an account to come that is confirmed: the one that holds until then still waits
    await bureau.confirm("Boris", SECOND, soon, 1)
    assert [row["number"] for row in await waiting(bureau)] == ["E-000001", "E-000002"]
    # When one is confirmed that holds now, and somebody's key is erased
    await bureau.bank("Boris", SECOND, on="2024-02-01")
    assert [row["number"] for row in await waiting(bureau)] == ["E-000001"]
    await bureau.superuser(
        "update person_key set wrapped = null, erased_at = now() where employee = $1", person("Anna")
    )
    # Then nothing waits
    assert await waiting(bureau) == []
    assert await confirm(bureau, FIRST) == "person-erased"


OLD_ROWS = """
set session_replication_role = 'replica';
insert into bank_account select 'acme', e, date '2024-01-01', 1, 'sealed', by, timestamptz '2024-01-02 00:00Z'
from (values ('00000000-0000-0000-0000-000000000001'::uuid, 'key:portal'),
    ('00000000-0000-0000-0000-000000000002', 'user:olga'),
    ('00000000-0000-0000-0000-000000000003', 'key:old')) x (e, by);
insert into audit (company, actor, on_behalf_of, action, subject, cause, correlation, detail)
select 'acme', recorded_by, case recorded_by when 'key:portal' then 'user:olga' end, 'bank-account-entered',
    employee::text, employee, 'x', convert_to('{"effective_on":"2024-01-01","revision":1}', 'UTF8')
from bank_account where recorded_by <> 'key:old';
insert into pay_run (company, run, pay_group, period, kind, state, attempt, started_by, started_at, calculated_at,
    people, problems, digest, totals, approved_by)
select 'acme', r, 'staff', '2024-01-01', 'regular', 'approved', 1, 'user:olga', now(), now(),
    1, 0, '', '', 'user:pavlos'
from (values ('00000000-0000-0000-0000-00000000000a'::uuid)) x (r);
insert into payslip select 'acme', b.employee, r.period, 'regular', r.run, 1, 'v', 'd', true, false, '', now()
from pay_run r, bank_account b where b.recorded_by = 'key:portal';
insert into pay_file select 'acme', run, 'P1', '2024-01-31', 1, 'user:olga', '2024-01-25' from pay_run
"""


def test_an_upgrade_finds_the_persons_and_keeps_the_files(postgres_server: TestPostgres) -> None:
    """P17: a file that was made before keeps its accounts; X9: the audit record tells for whom a system entered one."""
    # Given a database of before, with a file, and accounts entered through a system, in person and by nobody knows whom
    urls = postgres_server.create_database("payroll")

    async def migrated(revision: str) -> None:
        engine = create_async_engine(driver_url(urls.migration_url), poolclass=NullPool)
        async with engine.begin() as connection:
            await connection.run_sync(upgraded, revision)
        await engine.dispose()

    def upgraded(connection: Connection, revision: str) -> None:
        config = configuration("payroll")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async def asked(statement: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(postgres_server.superuser_url_of(urls))
        try:
            if statement is OLD_ROWS:
                await connection.execute(statement)
                return []
            return [tuple(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    asyncio.run(migrated("payroll_0006"))
    asyncio.run(asked(OLD_ROWS))
    # When it is brought up to date
    asyncio.run(migrated("heads"))
    # Then the persons are known who stand in the audit trail, and the file has its account
    persons = asyncio.run(asked("select entered_by from bank_account order by employee"))
    assert persons == [("user:olga",), ("user:olga",), (None,)]
    payments = "select employee::text, account_from::text, account_revision from pay_file_payment"
    assert asyncio.run(asked(payments)) == [("00000000-0000-0000-0000-000000000001", "2024-01-01", 1)]
    forced = "select count(*) from pg_class where relrowsecurity and not relforcerowsecurity"
    assert asyncio.run(asked(forced)) == [(0,)]
