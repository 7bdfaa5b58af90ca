"""What payroll's database refuses by itself, and what it must not hold."""

from __future__ import annotations

import re

import asyncpg
import orjson
import pytest

from chassis import migrating
from services.payroll import tables
from tests.payroll.office import company, hired
from tests.support.department import Department, Event
from tests.support.schema import schema_differences

FORBIDDEN = re.compile(
    r"salary|wage|iban|bank|tax|ssn|health|birth|compensation|pay(?!roll)|leave_type|illness|sick", re.IGNORECASE
)

CLEAR = {
    "leave_type.leave_type": "that there is such a kind, of nobody",
    "leave_rule.leave_type": "what a kind gives, of nobody",
    "leave_request.leave_type": "of kinds that are not confidential; a trigger keeps the others out",
    "leave_entry.leave_type": "of kinds that are not confidential; a trigger keeps the others out",
    "pay_group.pay_group": "the code of a group",
    "pay_group.debtor_iban": "the company's own account",
    "pay_group_figure.pay_group": "the code of a group",
    "payer_account.pay_group": "the code of a group",
    "payer_account.debtor_iban": "the company's own account",
    "payer_confirmation.pay_group": "the code of a group",
    "payer_details.pay_group": "the code of a group",
    "pay_member.pay_group": "the code of a group",
    "pay_run.pay_group": "the code of a group",
    "pay_file.payments": "how many people are paid",
    "payslip.pays": "whether the bank has anything to pay",
}


@pytest.mark.parametrize("table", ["employee", "assignment"])
async def test_the_register_cannot_be_changed_or_deleted(office: Department, table: str) -> None:
    await office.hear(hired("A"))
    for statement in (f"update {table} set company = 'acme'", f"delete from {table}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with office.database.unit(["acme"]) as unit:
                await unit.raw.execute(statement)


async def test_a_number_cannot_be_given_twice(office: Department) -> None:
    await office.hear(hired("A"))
    again = (
        "insert into employee (company, employee, serial, number, reference, name, language, registered_at) "
        "select company, gen_random_uuid(), serial, 'another', reference, name, language, now() from employee"
    )
    with pytest.raises(asyncpg.UniqueViolationError):
        async with office.database.unit(["acme"]) as unit:
            await unit.raw.execute(again)


async def test_a_company_sees_its_own_people_alone(office: Department) -> None:
    await office.hear(company("other"), hired("A"), hired("X", code="other"))
    for table in ("employee", "assignment", "personnel_counter"):
        async with office.database.read(["other"]) as unit:
            assert [row["company"] for row in await unit.raw.fetch(f"select company from {table}")] == ["other"]


async def test_every_table_is_isolated_by_company_or_listed_as_exempt(office: Department) -> None:
    rows = await office.rows(
        "select relname, relrowsecurity and relforcerowsecurity from pg_class "
        "where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    assert {name for name, isolated in rows if not isolated} == set(migrating.EXEMPT) | set(tables.EXEMPT)


async def test_the_declared_tables_are_those_of_the_database(office: Department) -> None:
    assert set(tables.METADATA.tables) >= {"employee", "assignment", "personnel_counter", "person_key"}
    assert await schema_differences(office.server.superuser_url_of(office.urls), tables.METADATA) == []


async def test_no_column_is_meant_for_pay_bank_tax_or_health_data(office: Department) -> None:
    """P27: what is personal stands in sealed bytes alone; a clear column that only sounds like it has its reason."""
    columns = await office.rows(
        "select table_name || '.' || column_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'public'"
    )
    assert len(columns) > 50
    clear = {name for name, column, kind in columns if FORBIDDEN.search(column) and kind != "bytea"}
    assert clear == set(CLEAR)


async def test_what_a_hire_should_not_carry_is_not_kept_anywhere(office: Department) -> None:
    hire = hired("A")
    data = orjson.loads(hire.body) | {"salary": "SECRET-4711", "iban": "SECRET-4712"}
    await office.hear(Event(hire.company, hire.topic, hire.key, 1, hire.headers, orjson.dumps(data)))
    assert len(await office.told("EmployeeRegistered")) == 1
    for (table,) in await office.rows(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    ):
        rows = await office.rows(f'select t::text from "{table}" t')
        assert not [row for row in rows if "SECRET" in str(row) or b"SECRET".hex() in str(row)]
