"""A company comes over from an earlier system by files: its chart, its customers, its balances, what is open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import httpx
import pytest_asyncio

from services.ledger import handlers
from services.ledger.commands import ImportOpenItems, OpenAccounts
from services.ledger.domain.opening import StatedItem
from tests.chassis.statements import counting_statements
from tests.ledger.desk import Desk, cause
from tests.ledger.takeover import (
    BALANCES,
    BEGIN,
    CHART,
    CUSTOMERS,
    ITEMS,
    OPENING,
    come_over,
    post,
    send,
    take_over,
    wrong,
)


@pytest_asyncio.fixture
async def office(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with desk.ask() as client:
        yield client


async def test_a_company_comes_over_with_four_files_and_nothing_is_left_on_the_way(
    desk: Desk, office: httpx.AsyncClient
) -> None:
    """X24: chart, customers, balances, open items; what each lacks stands on one account, and is nought in the end."""
    await come_over(office)

    assert await desk.balances() == {
        ("1000", "EUR"): 50000,
        ("1100", "EUR"): 120000,
        ("2100", "EUR"): -6600,
        ("3000", "EUR"): -163400,
    }
    assert await desk.faults() == []
    told = await desk.told("AccountOpened", "CustomerRegistered", "InvoiceIssued", "EntryPosted")
    kinds = [one.type for one in told[-10:]]
    assert kinds == ["AccountOpened"] * 4 + ["CustomerRegistered"] * 2 + ["EntryPosted"] * 4
    registered = told[-6].data
    assert (registered["id"], registered["terms"]["net_days"]) == ("C-1", 30)
    assert registered["credit_limits"] == [{"currency": "EUR", "amount": "5000.00"}]


WRONG_ITEMS = """kind,number,customer,issued_on,due_on,currency,total,open,base,dunning_level,dunned_on
invoice,INV-2026-000007,C-1,2026-10-01,2026-10-31,EUR,10.00,10.00,,,
invoice,A-1,NOBODY,2026-10-01,2026-10-31,EUR,10.00,10.00,,,
invoice,A-2,C-1,2026-11-02,2026-12-01,EUR,10.00,10.00,,,
invoice,A-3,C-1,2026-10-01,,EUR,10.00,10.00,,,
invoice,A-4,C-1,2026-10-01,2026-09-30,EUR,10.00,10.00,,,
invoice,A-5,C-1,2026-10-01,2026-10-31,EUR,10.00,10.01,,,
invoice,A-6,C-1,2026-10-01,2026-10-31,EUR,10.00,0.00,,,
invoice,A-7,C-1,2026-10-01,2026-10-31,EUR,10.001,10.00,,,
invoice,A-8,C-1,2026-10-01,2026-10-31,GBP,10.00,10.00,,,
invoice,A-9,C-1,2026-10-01,2026-10-31,EUR,10.00,10.00,9.00,,
invoice,B-1,C-1,2026-10-01,2026-10-31,EUR,10.00,10.00,,1,
invoice,B-2,C-1,2026-10-01,2026-10-20,EUR,10.00,10.00,,1,2026-10-20
credit-note,B-3,C-1,2026-10-01,,EUR,10.00,10.00,,1,2026-10-20
bill,B-4,C-1,2026-10-01,2026-10-31,EUR,10.00,10.00,,,
invoice,B-5,C-1,1.10.2026,2026-10-31,EUR,10.00,10.00,,,
invoice,GOOD,C-1,2026-10-01,2026-10-31,EUR,10.00,10.00,,,
invoice,good,C-1,2026-10-01,2026-10-31,EUR,11.00,11.00,,,
"""


async def test_every_wrong_row_is_named_by_column_and_rule_and_none_is_taken(
    desk: Desk, office: httpx.AsyncClient
) -> None:
    """X24: one wrong row keeps all out; or all but the wrong rows are taken, where that is asked for."""
    await send(office, "accounts", CHART)
    await send(office, "customers", CUSTOMERS)

    answer = await take_over(office, WRONG_ITEMS)

    assert wrong(answer) == [
        (2, "number", "number-of-ours"),
        (3, "customer", "customer-unknown"),
        (4, "issued_on", "after-taking-over"),
        (5, "due_on", "required"),
        (6, "due_on", "due-before-issue"),
        (7, "open", "more-than-total"),
        (8, "open", "nothing-open"),
        (9, "total", "amount-invalid"),
        (10, "base", "base-or-rate"),
        (11, "base", "base-not-needed"),
        (12, "dunned_on", "level-and-day"),
        (13, "dunned_on", "dunned-when"),
        (14, "dunning_level", "not-dunned"),
        (15, "kind", "not-allowed"),
        (16, "issued_on", "not-valid"),
        (18, "number", "item-exists"),
    ]
    assert await desk.rows("select count(*) from invoice") == [(0,)]
    skipped = await take_over(office, WRONG_ITEMS, wrong_rows="skip")
    assert (skipped.status_code, skipped.json()["taken"], skipped.json()["rows_refused"]) == (201, 1, 16)
    assert skipped.json()["totals"] == [
        {"currency": "EUR", "invoices": 1, "owed_to_us": "10.00", "credit_notes": 0, "owed_by_us": "0.00"}
    ]


async def test_a_number_is_taken_over_once_however_often_a_file_is_sent(desk: Desk, office: httpx.AsyncClient) -> None:
    """L26: the same key and file give the same answer; another key finds every number taken over."""
    await come_over(office)

    first = await take_over(office, ITEMS.replace("RE-", "RX-").replace("re-", "RX-").replace("GS-", "GX-"), "k")
    again = await take_over(office, ITEMS.replace("RE-", "RX-").replace("re-", "RX-").replace("GS-", "GX-"), "k")
    other = await take_over(office, ITEMS, "k")
    anew = await take_over(office, ITEMS)

    assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert wrong(anew) == [(row, "number", "item-exists") for row in (2, 3, 4)]
    assert await desk.rows("select count(*) from invoice") == [(4,)]


async def test_a_dry_run_says_what_would_be_taken_over_and_writes_nothing(
    desk: Desk, office: httpx.AsyncClient
) -> None:
    """L29: of a file as of any command."""
    await send(office, "accounts", CHART)
    await send(office, "customers", CUSTOMERS)

    shown = await take_over(office, dry_run="true")

    assert shown.status_code == 200, shown.text
    assert await desk.rows("select count(*) from invoice") == [(0,)]
    assert await desk.balances() == {}


async def test_nothing_is_taken_over_into_a_closed_month_nor_without_its_accounts(office: httpx.AsyncClient) -> None:
    """L3: the period is named; and what it is booked on must be there."""
    await send(office, "customers", CUSTOMERS)
    without = await take_over(office)
    await send(office, "accounts", CHART)
    await post(office, "/fiscal-years", {"year": 2026, "starts_on": "2026-01-01"})
    await post(office, "/fiscal-years/2026/periods/11/close", {"subledgers": ["ar"], "reason": "reported"})
    closed = await take_over(office)

    assert (without.status_code, without.json()["type"]) == (409, "/problems/account-missing")
    assert (closed.status_code, closed.json()["type"]) == (409, "/problems/period-closed")
    assert closed.json()["period"] == "2026-11"


async def test_who_may_write_may_not_take_over_open_items(desk: Desk) -> None:
    """L26: no second person looks at them, so it is an administrator's."""
    async with desk.ask(scopes=("ledger:read", "ledger:write")) as clerk:
        answer = await take_over(clerk)

    assert answer.status_code == 403


async def test_balances_above_the_limit_wait_for_a_second_person_and_come_once(
    desk: Desk, office: httpx.AsyncClient
) -> None:
    """X24: one entry, under a reference that is used once; control accounts come with their open items."""
    await send(office, "accounts", CHART)
    await post(office, "/policies", {"valid_from": "2026-01-01", "approval_limit": "1000.00"})
    asked = {"reference": "OLD", "posted_on": BEGIN.isoformat()}

    refused = await send(office, "balances", BALANCES + "1100,5.00,\n9999,1.00,\n6000,,\n1000,1.00,1.00\n", **asked)
    waits = await send(office, "balances", BALANCES, **asked)
    again = await send(office, "balances", BALANCES, **asked)

    assert wrong(refused) == [
        (4, "account", "control-account"),
        (5, "account", "account-unknown"),
        (6, None, "line-has-one-side"),
        (7, None, "line-has-one-side"),
    ]
    assert (waits.status_code, waits.json()["state"]) == (202, "awaiting-approval")
    assert waits.json()["opening_balance"] == [{"currency": "EUR", "amount": "1134.00"}]
    assert (again.status_code, again.json()["type"]) == (409, "/problems/opening-exists")
    assert await desk.balances() == {}


WRONG_ACCOUNTS = """code,name,kind,role
1000,Bank again,asset,
3900,Opening balances,equity,opening_balance
3901,Twice,equity,opening_balance
3902,Of another kind,asset,dunning_income
3903,Strange,things,
"""
NAMES = "customer,name,language,line1,city,country,vat_number,net_days,discount,discount_days,"
WRONG_CUSTOMERS = f"""{NAMES}credit_currency,credit_limit
C-1,Cafe,el,Adrianou 24,Athens,GR,EL094259217,30,,,,
C-2,Cafe,fr,Adrianou 24,Athens,GR,,30,,,,
C-3,Cafe,el,Adrianou 24,Athens,GR,,3O,,,,
C-4,Cafe,el,Adrianou 24,Athens,GR,,14,0.02,30,,
C-5,Cafe,el,Adrianou 24,Athens,GR,,14,,,,500
C-6,Cafe,el,Adrianou 24,Athens,GR,,14,0.02,10,EUR,500
C-6,Cafe,el,Adrianou 24,Athens,GR,,14,,,,
"""


async def test_a_wrong_account_or_customer_is_named_likewise(desk: Desk, office: httpx.AsyncClient) -> None:
    """X24: as the doors for one of them would refuse it."""
    accounts = await send(office, "accounts", WRONG_ACCOUNTS)
    customers = await send(office, "customers", WRONG_CUSTOMERS)

    assert wrong(accounts) == [
        (2, "code", "account-exists"),
        (4, "role", "role-taken"),
        (5, "kind", "role-of-another-kind"),
        (6, "kind", "not-allowed"),
    ]
    assert wrong(customers) == [
        (2, "vat_number", "vat-number-not-valid"),
        (3, "language", "not-allowed"),
        (4, "net_days", "not-valid"),
        (5, None, "not-valid"),
        (6, "credit_limit", "not-valid"),
        (8, "customer", "customer-exists"),
    ]
    assert await desk.rows("select count(*) from customer") == [(0,)]


async def test_a_file_of_any_length_costs_the_same_statements(desk: Desk, office: httpx.AsyncClient) -> None:
    await desk.do(handlers.open_accounts, OpenAccounts("acme", [OPENING], cause()))
    await send(office, "customers", CUSTOMERS)

    def items(first: int, count: int) -> ImportOpenItems:
        day = date(2026, 10, 1)
        rows = [
            (n, StatedItem(("invoice", "credit-note")[n % 2], f"N-{n}", "C-1", day, day, "USD", "10", "9", None,
                           *((1, BEGIN) if n % 2 == 0 else (None, None))))
            for n in range(first, first + count)
        ]  # fmt: skip
        return ImportOpenItems(cause(), [], skip=False, rows=rows, taken_over_on=date(2026, 11, 21))

    asked = []
    await desk.do(handlers.import_open_items, items(0, 4))
    for command in (items(10, 10), items(100, 1_000)):
        async with counting_statements(desk.database) as counted:
            await desk.do(handlers.import_open_items, command)
        asked.append([query for query in counted.queries if query != "commit"])  # it may be logged later

    assert asked[0] == asked[1]
    assert await desk.faults() == []
