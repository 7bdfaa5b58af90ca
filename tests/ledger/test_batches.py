"""What a batch costs: as many statements for 500 events as for 10, and look-ups by key from the first row on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from services.ledger.store import documents, journal, money, orders
from tests.chassis.statements import counting_statements
from tests.ledger.conftest import MakeDesk
from tests.ledger.desk import Desk, Order
from tests.support.department import Event

Mix = Callable[[Sequence[Order]], list[Event]]


def everything(orders: Sequence[Order]) -> list[Event]:
    """Orders that are billed, paid too early, refused and released, all in one batch."""
    return [
        *(order.placed() for order in orders),
        *(order.payment(f"P-{order.name}", "12.00") for order in orders),
        *(order.reserved() for order in orders),
        *(order.released() for order in orders[::5]),
        *(Order(f"not {order.name}").not_reserved() for order in orders),
        *(Order(f"bad {order.name}", (("1", "1", "NOPE"),)).placed() for order in orders),
        *(Order(f"bad {order.name}", (("1", "1", "NOPE"),)).reserved() for order in orders),
    ]


STAGES: Sequence[tuple[str, Mix, int]] = [
    ("terms alone", lambda orders: [order.placed() for order in orders], 8),
    ("reservations that bill", lambda orders: [order.reserved() for order in orders], 16),
    ("payments", lambda orders: [order.payment(f"P-{order.name}", "10.00") for order in orders], 17),
    ("early payments", lambda orders: [order.payment(f"Q-{order.name}", "30.00") for order in orders], 17),
    ("releases of what was paid", lambda orders: [order.released() for order in orders], 21),
]


async def statements(desk: Desk, events: Sequence[Event]) -> list[str]:
    """What one batch asks the database, `begin` and `commit` included."""
    async with counting_statements(desk.database) as counted:
        await desk.hear(*events)
    return counted.queries


async def test_every_kind_of_batch_costs_the_same_statements_for_10_events_as_for_500(make_desk: MakeDesk) -> None:
    asked: dict[int, dict[str, list[str]]] = {}
    for size in (10, 500):
        desk = make_desk()
        await desk.set_up("acme")
        await statements(desk, [Order("warming up").placed()])
        batch = [Order(f"O{n}") for n in range(size)]
        asked[size] = {name: await statements(desk, mix(batch)) for name, mix, _ in STAGES}
        assert await desk.faults() == []

    for name, _, most in STAGES:
        assert asked[10][name] == asked[500][name], name
        assert len(asked[500][name]) <= most, name


async def test_a_mixed_batch_costs_the_same_statements_for_10_orders_as_for_100(make_desk: MakeDesk) -> None:
    asked: list[list[str]] = []
    for size in (10, 100):
        desk = make_desk()
        await desk.set_up("acme")
        asked.append(await statements(desk, everything([Order(f"O{n}") for n in range(size)])))
        assert await desk.faults() == []

    assert asked[0] == asked[1]


LOOK_UPS = {
    "terms": (orders.READ_TERMS, ["order_terms_pkey"]),
    "invoices by id or number": (documents.RECEIVABLES, ["invoice_pkey", "invoice_number", "open_item_pkey"]),
    "invoices to credit": (documents.CREDITABLE, ["invoice_pkey", "open_item_pkey"]),
    "money that waits": (money.WAITING_FOR_INVOICE, ["unapplied_cash_order", "payment_pkey"]),
    "money that pays": (money.PAYING, ["allocation_invoice", "unapplied_cash_pkey", "payment_pkey"]),
    "moves of money": (money.MOVES, ["allocation_pkey", "invoice_pkey"]),
    "lines": (journal.READ_LINES, ["journal_line_pkey"]),
    "parts of orders": (orders.NOTE_PARTS, ["order_to_bill_pkey"]),
    "how many parts": (orders.READ_PARTS, ["order_to_bill_pkey"]),
}


@pytest.mark.parametrize("name", LOOK_UPS)
async def test_a_look_up_goes_by_its_key_before_the_table_has_any_statistics(make_desk: MakeDesk, name: str) -> None:
    """On tables without statistics a plain join, or two indexes that begin alike, led to a scan of all rows per row."""
    desk = make_desk()
    await desk.set_up("acme")
    query, indexes = LOOK_UPS[name]
    await desk.bill(*[Order(f"O{n}") for n in range(50)])

    async with desk.database.read(["acme"]) as unit:
        await unit.raw.execute("set local plan_cache_mode = force_generic_plan")
        arguments: list[list[object]] = [[] for _ in range(query.count("[]"))]
        plan = "\n".join(row[0] for row in await unit.raw.fetch(f"explain {query}", *arguments))

    assert "Seq Scan" not in plan, plan
    for index in indexes:
        assert index in plan, plan


async def test_lines_find_their_entry_by_its_key_before_there_are_statistics(make_desk: MakeDesk) -> None:
    """What the trigger reads, told by the database's own counters: one probe of an index per entry, no scan."""
    desk = make_desk()
    await desk.set_up("acme")
    for batch in range(3):
        await desk.bill(*[Order(f"{batch}-{n}") for n in range(100)])

    await desk.database.close()  # a session hands in its counters when it ends
    ((scanned, fetched),) = await desk.rows(
        "select seq_tup_read, idx_tup_fetch from pg_stat_user_tables where relname = 'journal_entry'"
    )
    assert scanned == 0
    assert fetched <= 300
