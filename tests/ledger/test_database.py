"""What the database itself refuses, whatever the code above it believes."""

from __future__ import annotations

import asyncpg
import pytest

from chassis import migrating
from services.ledger import tables
from tests.ledger.desk import Desk, Order
from tests.support.schema import schema_differences

FACTS = (
    "order_shipment",
    "tax_rate",
    "company_change",
    "list_price",
    *("legal_entity", "account", "tax_code", "order_terms", "billing_refusal", "invoice", "credit_note", "payment"),
    *("allocation", "journal_entry", "journal_line", "stock_document", "outbox", "audit"),
    *("customer_change", "credit_limit"),
    *("exchange_rate", "deduction", "bounce"),
    *("fiscal_year", "fiscal_period", "period_exception", "entry_proposal", "entry_decision"),
    *("dimension_value", "allocation_rule", "allocation_share", "company_policy"),
    *("dunning_level", "dunning_run", "dunning_step"),
)
CHANGING = (
    "order_credit",
    "price_list",
    *("order_to_bill", "number_counter", "open_item", "unapplied_cash", "account_day"),
    *("customer", "receivable_day", "refund", "period_lock", "dimension_day", "dunning_stop"),
)
RARE = {
    "order_shipment",
    "tax_rate",
    "company_change",
    "stock_document",
    *("price_list", "list_price"),
    *("dunning_level", "dunning_run", "dunning_step", "dunning_stop", "order_credit"),
    *("customer", "customer_change", "credit_limit", "deduction", "bounce", "refund", "exchange_rate"),
    *("fiscal_year", "fiscal_period", "period_exception", "period_lock", "entry_proposal", "entry_decision"),
    *("dimension_value", "allocation_rule", "allocation_share", "company_policy", "dimension_day"),
}
"""What a company need not have; the others are filled by the sale of one order."""
ENTRY = (
    "insert into journal_entry (company, id, journal, posted_on, document, cause) values ('acme', "
    "'00000000-0000-4000-8000-000000000001', 'sales', '2026-11-22', gen_random_uuid(), gen_random_uuid());"
)


async def refused(desk: Desk, statement: str, kind: type[Exception], company: str = "acme") -> str:
    """The constraint, or the error, that the runtime role meets with a statement."""
    with pytest.raises(kind) as caught:
        async with desk.database.unit([company]) as unit:
            await unit.raw.execute(statement)
    return str(getattr(caught.value, "constraint_name", None) or caught.value)


def lines(*rows: str, base: bool = False) -> str:
    """Lines of the entry, as one statement."""
    values = ", ".join(f"('acme', '00000000-0000-4000-8000-000000000001', {row})" for row in rows)
    columns = "company, entry, line, account, currency, debit, credit" + (", base" if base else "")
    return f"insert into journal_line ({columns}) values {values}"


@pytest.mark.parametrize(
    ("rows", "constraint"),
    [
        (["1, '1100', 'USD', 5, 0, 4", "2, '4000', 'USD', 0, 5, -3"], "journal_line_base_balanced"),
        (["1, '1100', 'USD', 5, 0, null", "2, '4000', 'USD', 0, 5, null"], "journal_line_valued"),
        (["1, '1100', 'EUR', 5, 0, 4", "2, '4000', 'EUR', 0, 5, -4"], "journal_line_valued"),
        (["1, '1100', 'USD', 0, 0, 0", "2, '4000', 'USD', 0, 0, 0"], "journal_line_one_side"),
    ],
    ids=["not balanced in the company's own", "of no known worth", "of another worth than its own", "of nothing"],
)
async def test_lines_balance_in_the_companys_own_currency_too(desk: Desk, rows: list[str], constraint: str) -> None:
    """L5: the database itself refuses an entry that does not balance in the company's own currency."""
    assert await refused(desk, ENTRY + lines(*rows, base=True), asyncpg.CheckViolationError) == constraint


@pytest.mark.parametrize(
    "rows",
    [
        ["1, '1100', 'EUR', 5, 0"],
        ["1, '1100', 'EUR', 5, 0", "2, '4000', 'EUR', 0, 4"],
        ["1, '1100', 'EUR', 5, 0", "2, '4000', 'USD', 0, 5"],
        ["1, '1100', 'EUR', 5, 0", "2, '4000', 'USD', 0, 5", "3, '1100', 'EUR', 0, 5"],
    ],
    ids=["one side", "sides that differ", "another currency", "one currency of two"],
)
async def test_an_entry_that_is_not_balanced_in_each_currency_cannot_be_written(desk: Desk, rows: list[str]) -> None:
    assert await refused(desk, ENTRY + lines(*rows), asyncpg.CheckViolationError) == "journal_line_balanced"


async def test_an_entry_balanced_in_two_currencies_can_be_written(desk: Desk) -> None:
    sides = ("1, '1100', 'EUR', 5, 0", "2, '4000', 'EUR', 0, 5", "3, '1100', 'USD', 7, 0", "4, '4000', 'USD', 0, 7")
    valued = [f"{side}, {base}" for side, base in zip(sides, ("null", "null", "6", "-6"), strict=True)]

    async with desk.database.unit(["acme"]) as unit:
        await unit.raw.execute(ENTRY + lines(*valued, base=True))

    assert await desk.rows("select count(*) from journal_line") == [(4,)]


async def test_lines_cannot_be_added_to_an_entry_later(desk: Desk) -> None:
    balanced = ("'1100', 'EUR', 5, 0", "'4000', 'EUR', 0, 5")
    async with desk.database.unit(["acme"]) as unit:
        await unit.raw.execute(ENTRY + lines(*(f"{n}, {side}" for n, side in enumerate(balanced, 1))))

    later = lines(*(f"{n}, {side}" for n, side in enumerate(balanced, 3)))
    assert await refused(desk, later, asyncpg.CheckViolationError) == "journal_line_complete"
    again = lines(*(f"{n}, {side}" for n, side in enumerate(balanced, 1)))
    assert await refused(desk, again, asyncpg.UniqueViolationError) == "journal_line_pkey"


@pytest.mark.parametrize(
    "row", ["1, '1100', 'EUR', 0, 0", "1, '1100', 'EUR', 5, 5", "1, '1100', 'EUR', -5, 0", "1, '1100', 'EUR', 0, -5"]
)
async def test_a_line_has_one_side_and_it_is_above_zero(desk: Desk, row: str) -> None:
    assert "journal_line" in await refused(desk, ENTRY + lines(row), asyncpg.CheckViolationError)


async def test_a_line_needs_an_account_and_an_entry_that_exist(desk: Desk) -> None:
    missing = asyncpg.ForeignKeyViolationError
    balanced = ("1, '9999', 'EUR', 5, 0", "2, '4000', 'EUR', 0, 5")
    assert await refused(desk, ENTRY + lines(*balanced), missing) == "journal_line_account"
    assert await refused(desk, lines(*(side.replace("9999", "1100") for side in balanced)), missing) == (
        "journal_line_entry"
    )


async def test_the_account_of_another_company_is_no_account(desk: Desk) -> None:
    await desk.set_up("beta")
    async with desk.database.unit(["acme", "beta"]) as unit:
        await unit.raw.execute("insert into account (company, code, name, kind) values ('beta', '5', 'Five', 'asset')")

    rows = ("1, '5', 'EUR', 5, 0", "2, '4000', 'EUR', 0, 5")
    assert await refused(desk, ENTRY + lines(*rows), asyncpg.ForeignKeyViolationError) == "journal_line_account"


@pytest.mark.parametrize("table", FACTS)
async def test_the_runtime_role_can_neither_change_nor_delete_facts(desk: Desk, table: str) -> None:
    denied = asyncpg.InsufficientPrivilegeError
    assert "permission denied" in await refused(desk, f"update {table} set company = company", denied)
    assert "permission denied" in await refused(desk, f"delete from {table}", denied)
    assert "permission denied" in await refused(desk, f"truncate {table}", denied)


@pytest.mark.parametrize("table", CHANGING)
async def test_the_runtime_role_deletes_nothing(desk: Desk, table: str) -> None:
    assert "permission denied" in await refused(desk, f"delete from {table}", asyncpg.InsufficientPrivilegeError)


async def test_no_statement_can_pay_more_than_is_open_or_spend_more_than_came_in(desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)
    await desk.hear(order.payment("P-1", "30.00"))
    broken = asyncpg.CheckViolationError

    assert "open_item" in await refused(desk, "update open_item set open = open - 721", broken)
    assert "open_item" in await refused(desk, "update open_item set open = total + 1", broken)
    assert "open_item" in await refused(desk, "update open_item set credited = true", broken)
    assert "unapplied_cash" in await refused(desk, "update unapplied_cash set unapplied = unapplied - 1", broken)
    assert "unapplied_cash" in await refused(desk, "update unapplied_cash set unapplied = amount + 1", broken)


async def test_a_number_and_a_role_are_given_once(desk: Desk) -> None:
    await desk.bill(Order("A-1"))
    again = (
        "insert into invoice select company, gen_random_uuid(), series, fiscal_year, serial, order_id, "
        "order_reference, customer_id, customer_name, issued_on, due_on, currency, net, tax, total, printed "
        "from invoice"
    )
    assert await refused(desk, again, asyncpg.UniqueViolationError) == "invoice_number"
    second = "insert into account (company, code, name, kind, role) values ('acme', '1', 'Two', 'asset', 'bank')"
    assert await refused(desk, second, asyncpg.UniqueViolationError) == "account_role"


async def test_an_invoice_is_credited_once(desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)
    await desk.hear(order.released())
    again = (
        "insert into credit_note select company, gen_random_uuid(), series, fiscal_year, serial + 1, invoice, "
        "order_id, issued_on, reason, currency, net, tax, total from credit_note"
    )
    assert await refused(desk, again, asyncpg.UniqueViolationError) == "credit_note_invoice"


async def test_a_company_sees_and_writes_its_own_rows_alone(desk: Desk) -> None:
    await desk.set_up("beta")
    order = Order("A-1")
    await desk.bill(order, Order("broken", (("1", "1", "NOPE"),)))
    await desk.hear(order.payment("P-1", "37.20"))
    await desk.hear(order.released())

    async with desk.database.read(["beta"]) as unit:
        for table in (*FACTS, *CHANGING):
            assert {row["company"] for row in await unit.raw.fetch(f"select company from {table}")} <= {"beta"}, table
    async with desk.database.read(["acme"]) as unit:
        for table in (*FACTS, *CHANGING):
            assert table in RARE or await unit.raw.fetchval(f"select count(*) from {table}") > 0, table
    async with desk.database.unit(["beta"]) as unit:
        assert await unit.raw.execute("update open_item set open = 0 where company = 'acme'") == "UPDATE 0"
    foreign = "insert into account (company, code, name, kind) values ('acme', '7', 'Seven', 'asset')"
    assert "row-level security" in await refused(desk, foreign, asyncpg.InsufficientPrivilegeError, company="beta")


async def test_every_table_is_isolated_by_company_or_listed_as_exempt(desk: Desk) -> None:
    rows = await desk.rows(
        "select relname, relrowsecurity and relforcerowsecurity from pg_class "
        "where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    assert {name for name, isolated in rows if not isolated} == set(migrating.EXEMPT) | set(tables.EXEMPT)


async def test_the_declared_tables_are_those_of_the_database(desk: Desk) -> None:
    declared = tables.METADATA
    assert set(declared.tables) == {*FACTS, *CHANGING} - {"outbox", "audit"}
    assert await schema_differences(desk.server.superuser_url_of(desk.urls), declared) == []
