"""What the database itself refuses, whatever the code above it believes."""

from __future__ import annotations

import asyncpg
import pytest

from chassis import migrating
from services.inventory import tables
from services.inventory.queries import stock as queries
from tests.inventory.conftest import MakeRoom
from tests.inventory.room import StockRoom, order_id, placed
from tests.support.schema import schema_differences


async def refused(room: StockRoom, statement: str, kind: type[Exception], company: str = "acme") -> str:
    """The error that the runtime role gets for a statement."""
    with pytest.raises(kind) as caught:
        async with room.database.unit([company]) as unit:
            await unit.raw.execute(statement)
    return str(getattr(caught.value, "constraint_name", None) or caught.value)


async def test_stock_cannot_be_oversold_by_any_statement(room: StockRoom) -> None:
    """I2: the database holds it, whatever the code above believes."""
    await room.stocked({"BEANS": "10"})
    broken = asyncpg.CheckViolationError
    assert await refused(room, "update stock_level set reserved = on_hand + 1", broken) == "never_oversold"
    assert await refused(room, "update stock_level set reserved = -1", broken) == "reserved_not_negative"
    assert await refused(room, "update stock_level set on_hand = -1, reserved = -1", broken) == "on_hand_not_negative"


@pytest.mark.parametrize("table", ["item", "receipt", "stock_move", "reservation_line", "outbox", "audit"])
async def test_the_runtime_role_cannot_change_or_delete_facts(room: StockRoom, table: str) -> None:
    """I1: moves are appended, and nobody takes one back."""
    denied = asyncpg.InsufficientPrivilegeError
    assert "permission denied" in await refused(room, f"update {table} set company = 'acme'", denied)
    assert "permission denied" in await refused(room, f"delete from {table}", denied)


@pytest.mark.parametrize("table", ["stock_level", "reservation"])
async def test_the_runtime_role_deletes_nothing(room: StockRoom, table: str) -> None:
    assert "permission denied" in await refused(room, f"delete from {table}", asyncpg.InsufficientPrivilegeError)


async def test_a_company_sees_and_writes_its_own_rows_alone(room: StockRoom) -> None:
    await room.knows("other")
    await room.stocked({"BEANS": "10"})
    await room.stocked({"BEANS": "20"}, company="other")
    await room.hear(placed("A", [("BEANS", "1")]))
    for table in ("item", "stock_level", "receipt", "stock_move", "reservation", "reservation_line"):
        async with room.database.read(["other"]) as unit:
            assert {row["company"] for row in await unit.raw.fetch(f"select company from {table}")} <= {"other"}
    async with room.database.unit(["other"]) as unit:
        assert await unit.raw.execute("update stock_level set reserved = 1 where company = 'acme'") == "UPDATE 0"
    foreign = "insert into item values ('acme', 'X', gen_random_uuid(), 'X', 'pcs', now())"
    assert "row-level security" in await refused(room, foreign, asyncpg.InsufficientPrivilegeError, company="other")


async def test_every_table_is_isolated_by_company_or_listed_as_exempt(room: StockRoom) -> None:
    rows = await room.rows(
        "select relname, relrowsecurity and relforcerowsecurity from pg_class "
        "where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    open_tables = {name for name, isolated in rows if not isolated}
    assert open_tables == set(migrating.EXEMPT) | set(tables.EXEMPT)


async def test_the_declared_tables_are_those_of_the_database(room: StockRoom) -> None:
    declared = tables.Item.metadata
    assert len(declared.tables) == 35
    assert await schema_differences(room.server.superuser_url_of(room.urls), declared) == []


async def test_the_check_finds_a_level_that_is_not_what_its_history_adds_up_to(make_room: MakeRoom) -> None:
    """I1: the check names every level that its moves and reservations do not explain."""
    room = make_room()
    await room.knows("acme")
    await room.stocked({"BEANS": "10", "MUG": "10"})
    await room.hear(placed("A", [("BEANS", "4"), ("MUG", "1")]))
    async with room.database.read(["acme"]) as unit:
        assert (await queries.check(unit.raw, "acme")).balanced
    async with room.database.unit(["acme"]) as unit:
        await unit.raw.execute("update stock_level set on_hand = on_hand + 1000000 where sku = 'BEANS'")
        await unit.raw.execute("update stock_level set reserved = 0 where sku = 'MUG'")
    async with room.database.read(["acme"]) as unit:
        found = await queries.check(unit.raw, "acme")
    assert [(d.sku, d.on_hand, d.moved, d.reserved, d.held) for d in found.differences] == [
        ("BEANS", "11", "10", "4", "4"),
        ("MUG", "10", "10", "0", "1"),
    ]
    assert not found.balanced


async def test_an_order_with_a_line_number_twice_is_held_and_others_pass(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    wrong = placed("A", [("BEANS", "1"), ("BEANS", "1")])
    wrong = type(wrong)(
        wrong.company, wrong.topic, wrong.key, 1, wrong.headers, wrong.body.replace(b'"line":2', b'"line":1')
    )
    await room.hear(wrong, placed("B", [("BEANS", "1")]))
    ((reason, detail),) = await room.held()
    assert reason == "poison"
    assert "reservation_line_pkey" in detail
    assert await room.states() == {order_id("B"): "reserved"}
    assert await room.stock("BEANS") == ("10", "1")
