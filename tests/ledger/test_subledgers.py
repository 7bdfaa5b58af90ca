"""A sub-ledger that is closed stays as it was reported: neither its documents nor a person's entry changes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from chassis.ids import new_id
from services.ledger import handlers
from services.ledger.commands import NewAccount, OpenAccounts
from services.ledger.domain.books import KIND_OF_ROLE, SUBLEDGER_OF_ROLE
from tests.ledger import test_payroll, test_stock
from tests.ledger.accountant import RENT, Accountant, at_the_door, entry, faults, lines
from tests.ledger.desk import Desk, Order, cause
from tests.support.department import Event

YEARS = (2026, 2027)
RUN = test_payroll.posted(posted_on="2026-11-30")
RECEIPT = test_stock.valued("receipt", "100.00")


@pytest_asyncio.fixture
async def people(desk: Desk) -> AsyncIterator[list[Accountant]]:
    """Anna and Ben; every role has its account."""
    others = [role for role in KIND_OF_ROLE if role not in {a.role for a in (await _opened(desk))}]
    accounts = [NewAccount(f"9{n:03}", role, KIND_OF_ROLE[role], role, "") for n, role in enumerate(others)]
    await desk.do(handlers.open_accounts, OpenAccounts("acme", [RENT, *accounts], cause()))
    async with at_the_door(desk, "anna", "ben") as both:
        for year in YEARS:
            await both[0].done("/fiscal-years", {"year": year, "starts_on": f"{year}-01-01"})
        yield both


async def _opened(desk: Desk) -> list[NewAccount]:
    rows = await desk.rows("select code, name, kind, role from account where role is not null")
    return [NewAccount(code, name, kind, role, "") for code, name, kind, role in rows]


async def close(anna: Accountant, subledger: str, month: date) -> None:
    path = f"/fiscal-years/{month.year}/periods/{month.month}/close"
    await anna.done(path, {"subledgers": [subledger], "reason": "Reported."}, 200)


async def onto(desk: Desk, role: str, day: str) -> dict[str, Any]:
    """An entry by hand onto the account of a role."""
    (account,) = [account.code for account in await _opened(desk) if account.role == role]
    wanted = entry(day, lines=lines((account, "100.00"), ("6000", "-100.00")))
    return wanted | {"onto_control_accounts": True}


@pytest.mark.parametrize(("role", "subledger"), sorted(SUBLEDGER_OF_ROLE.items()))
async def test_an_entry_by_hand_does_not_change_a_subledger_that_is_closed(
    desk: Desk, people: list[Accountant], role: str, subledger: str
) -> None:
    """L3: onto its control account nothing is posted in the month, unless its lock is left ajar for who asks."""
    anna, ben = people
    await close(anna, subledger, date(2026, 11, 1))

    refused = await anna.post("/entries", await onto(desk, role, "2026-11-30"))
    elsewhere = await anna.post("/entries", entry("2026-11-30"))
    later = await anna.post("/entries", await onto(desk, role, "2026-12-01"))
    wish = {"subledger": subledger, "user": "ben", "until": await an_hour_on(desk), "reason": "An auditor's."}
    await anna.done("/fiscal-years/2026/periods/11/exceptions", wish)
    allowed = await ben.post("/entries", await onto(desk, role, "2026-11-30"))

    assert (refused.status_code, faults(refused)) == (409, [("/posted_on", "period-closed")])
    assert (refused.json()["period"], refused.json()["subledger"]) == ("2026-11", subledger)
    assert (elsewhere.status_code, later.status_code, allowed.status_code) == (201, 201, 201)


async def an_hour_on(desk: Desk) -> str:
    ((then,),) = await desk.rows("select now() + interval '1 hour'")
    return str(then.isoformat())


async def test_a_reversal_obeys_the_locks_of_the_accounts_that_it_touches(desk: Desk, people: list[Accountant]) -> None:
    """L3: what was posted onto receivables while they were open is not taken back in a month that is closed."""
    anna, _ = people
    made = await anna.done("/entries", await onto(desk, "receivable", "2026-11-10"))
    await close(anna, "ar", date(2026, 11, 1))

    refused = await anna.post(f"/entries/{made['entry']}/reversal", {"posted_on": "2026-11-30", "text": "Wrong."})

    assert (refused.status_code, faults(refused)) == (409, [("/posted_on", "period-closed")])


async def by_the_services_role(desk: Desk, account: str) -> None:
    """An entry onto an account that no code of ours has looked at."""
    head = (
        "insert into journal_entry (company, id, journal, posted_on, document, cause, subledger) values"
        " ('acme', $1, 'general', '2026-11-22', $1, $1, 'gl')"
    )
    lines = (
        "insert into journal_line (company, entry, line, account, currency, debit, credit)"
        " values ('acme', $1, 1, $2, 'EUR', 5, 0), ('acme', $1, 2, '6000', 'EUR', 0, 5)"
    )
    made = new_id()
    async with desk.database.unit(["acme"]) as unit:
        await unit.raw.execute(head, made)
        await unit.raw.execute(lines, made, account)


@pytest.mark.parametrize(("role", "subledger"), sorted(SUBLEDGER_OF_ROLE.items()))
async def test_the_database_itself_holds_it(desk: Desk, people: list[Accountant], role: str, subledger: str) -> None:
    """L3: whoever writes as the service's role."""
    anna, _ = people
    await close(anna, subledger, date(2026, 11, 1))
    (account,) = [account.code for account in await _opened(desk) if account.role == role]

    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await by_the_services_role(desk, account)
    assert caught.value.constraint_name == "journal_entry_period_open"


@pytest.mark.parametrize(("subledger", "document"), [("payroll", RUN), ("stock", RECEIPT)])
async def test_payroll_and_stock_are_closed_on_their_own(
    desk: Desk, people: list[Accountant], subledger: str, document: Event
) -> None:
    """L3: what comes late for it stands in the first open month; invoices and entries by hand go on in the month."""
    anna, _ = people
    for month in (date(2026, 11, 1), date(2026, 12, 1)):
        await close(anna, subledger, month)

    await desk.hear(document)
    await desk.bill(Order("A-1"))
    await anna.done("/entries", entry("2026-11-30"))

    rows = dict(await desk.rows("select journal, posted_on from journal_entry"))
    assert rows == {subledger: date(2027, 1, 1), "sales": date(2026, 11, 22), "general": date(2026, 11, 30)}
    assert await desk.held() == []
    assert await desk.faults() == []
