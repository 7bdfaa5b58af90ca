"""Days: fiscal years in numbers, closed periods and what people may say, in every report the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import pytest_asyncio

from services.ledger import handlers
from services.ledger.commands import DefineFiscalYear, LockPeriod, NewRate, OpenAccounts, RecordRates
from services.ledger.domain.calendar import FiscalYear, calendar_of, periods_of
from services.ledger.store import calendar, companies
from tests.ledger.accountant import RENT, Accountant, at_the_door, entry, faults
from tests.ledger.desk import Desk, Order, cause, payment_id

NOVEMBER = "/fiscal-years/2026/periods/11"
AT_NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)


@pytest_asyncio.fixture
async def anna(desk: Desk) -> AsyncIterator[Accountant]:
    """An accountant of `acme`."""
    await desk.do(handlers.open_accounts, OpenAccounts("acme", [RENT], cause()))
    async with at_the_door(desk, "anna") as (one,):
        yield one


async def define_year(desk: Desk, year: int, starts_on: date) -> None:
    await desk.do(
        handlers.define_fiscal_years, DefineFiscalYear("acme", year, periods_of(year, starts_on, 12), cause())
    )


async def lock(desk: Desk, *subledgers: str, closed: bool = True) -> None:
    await desk.do(handlers.lock_periods, LockPeriod("acme", 2026, 11, subledgers, closed, "Reported.", cause()))


async def numbers(desk: Desk) -> list[str]:
    """All numbers of invoices and credit notes that were told, in their order."""
    return [told.data["number"] for told in await desk.told("InvoiceIssued", "CreditNoteIssued")]


async def test_numbers_bear_the_fiscal_year_of_their_day_and_never_clash_with_those_before(desk: Desk) -> None:
    """L7: before a year is defined it is the calendar year; a fiscal year of that label goes on where it stopped."""
    first, second, third, late = Order("A-1"), Order("A-2"), Order("A-3"), Order("A-4", at=AT_NOON)
    await desk.bill(first)  # in November, before the company defined anything
    await define_year(desk, 2027, date(2026, 7, 1))
    await desk.bill(second)
    await desk.hear(second.released())
    await define_year(desk, 2026, date(2025, 7, 1))

    await desk.bill(third, late)

    assert await numbers(desk) == [
        "INV-2026-000001", "INV-2027-000001", "CN-2027-000001", "INV-2027-000002", "INV-2026-000002",
    ]  # fmt: skip
    assert await desk.faults() == []


async def test_a_year_that_has_ended_gets_no_number_of_a_day_after_it(desk: Desk) -> None:
    """L7: an order after the last fiscal year is numbered in the next one, which goes on when it is defined."""
    before, after = Order("A-1"), Order("A-2")  # in November 2026
    await define_year(desk, 2026, date(2025, 7, 1))
    await desk.bill(before)
    await define_year(desk, 2027, date(2026, 7, 1))

    await desk.bill(after)

    assert await numbers(desk) == ["INV-2027-000001", "INV-2027-000002"]
    assert await desk.faults() == []


@pytest.mark.parametrize(
    ("day", "label"),
    [
        (date(2024, 6, 30), 2024),
        (date(2024, 7, 1), 2025),
        (date(2025, 6, 30), 2025),
        (date(2025, 7, 1), 2026),
        (date(2026, 6, 30), 2026),
        (date(2026, 7, 1), 2027),
        (date(2027, 6, 30), 2027),
        (date(2027, 7, 1), 2028),
    ],
)
def test_a_day_outside_of_every_fiscal_year_is_counted_on_from_the_nearest(day: date, label: int) -> None:
    """L7: by twelve months either way; the calendar year where no year was defined."""
    assert calendar_of([FiscalYear(2026, date(2025, 7, 1), date(2026, 6, 30))], []).fiscal_year_of(day) == label
    assert calendar_of([], []).fiscal_year_of(day) == day.year


async def test_an_order_worth_more_than_the_books_can_say_is_refused_and_money_too(desk: Desk) -> None:
    """L5: an amount fits its own currency and not the company's: a refusal, never an event that nobody can apply."""
    rate = NewRate("KWD", date(2026, 11, 20), "1000", "ECB", "")
    await desk.do(handlers.record_rates, RecordRates("acme", [rate], cause()))
    order = Order("A-1", (("1", "900000000000", "VAT24"),), currency="KWD")

    await desk.bill(order)
    await desk.hear(order.payment("P-1", "999999999999999.999"))

    assert await desk.held() == []
    assert [told.data["code"] for told in await desk.told("InvoiceRefused")] == ["amount-too-large"]
    assert await desk.balances() == {}


async def test_what_comes_after_a_period_was_closed_stands_in_the_next_one_in_every_report(
    desk: Desk, anna: Accountant
) -> None:
    """L3, L16: closed November, late invoice, credit note and payment: all reports say the same of every day."""
    early, late, credited = Order("A-1"), Order("A-2"), Order("A-3")
    await desk.bill(early)
    await define_year(desk, 2026, date(2026, 1, 1))
    await lock(desk, "ar")

    await desk.hear(early.payment("P-1", "30.00"))  # dated in November
    await desk.bill(late, credited)
    await desk.hear(credited.released())
    await desk.hear(late.payment("P-2", "37.20", received_on=date(2026, 11, 25)))

    for day, owed in (("2026-11-30", "37.20"), ("2026-12-31", "7.20")):
        (ageing,) = (await anna.get("/ageing", as_of=day))["totals"]
        (customer,) = (await anna.get("/ageing/customers", as_of=day))["customers"]
        statement = await anna.get("/customers/C-1042/statement", as_of=day, since="2026-11-01")
        (currency,) = statement["currencies"]
        reconciled = await anna.get("/reconciliation/receivables", as_of=day, thorough="true")
        said = {
            ageing["total"], customer["buckets"][0]["total"], currency["closing"], statement["ageing"][0]["total"],
            reconciled["sides"][0]["sub_ledger"], reconciled["sides"][0]["control_account"],
        }  # fmt: skip
        assert said == {owed}, day
        assert reconciled["holds"], reconciled
        assert currency["unapplied"] == "0.00"
    assert await desk.faults() == []


async def test_people_are_refused_where_events_are_moved(desk: Desk, anna: Accountant) -> None:
    """L3: money moved by hand obeys the periods of receivables by name, and goes through by an exception."""
    order, other = Order("A-1"), Order("A-2")
    await desk.bill(order, other)
    await desk.hear(order.payment("P-1", "40.00"), other.payment("P-2", "37.20"))
    await define_year(desk, 2026, date(2026, 1, 1))
    await lock(desk, "ar")
    one, two = (f"/payments/{payment_id(name)}" for name in ("P-1", "P-2"))
    wishes: list[tuple[str, dict[str, Any], str]] = [
        (f"{one}/allocations", {"invoice": str(other.invoice), "on": "2026-11-30"}, "/on"),
        (f"{one}/refunds", {"refund_on": "2026-11-30", "reason": "too much"}, "/refund_on"),
        (f"{two}/bounce", {"bounced_on": "2026-11-30", "reason": "no cover"}, "/bounced_on"),
    ]

    for path, body, pointer in wishes:
        closed = await anna.post(path, body)
        assert (closed.status_code, faults(closed)) == (409, [(pointer, "period-closed")]), closed.text
        assert (closed.json()["period"], closed.json()["subledger"]) == ("2026-11", "ar")
        nowhere = await anna.post(path, body | {pointer[1:]: "2031-01-01"})
        assert faults(nowhere) == [(pointer, "no-fiscal-year")], nowhere.text
    grant = {"subledger": "ar", "user": "anna", "until": await until(desk), "reason": "The bank was late."}
    await desk_admin(desk, grant)
    bounced = await anna.post(wishes[2][0], wishes[2][1])
    assert bounced.status_code == 201, bounced.text
    assert await desk.rows("select posted_on from journal_entry order by at desc, posted_on limit 1") == [
        (date(2026, 11, 30),)
    ]
    assert await desk.faults() == []


async def until(desk: Desk) -> str:
    ((moment,),) = await desk.rows("select now() + interval '1 hour'")
    return str(moment.isoformat())


async def desk_admin(desk: Desk, grant: dict[str, Any]) -> None:
    async with at_the_door(desk, "ben") as (ben,):
        await ben.done(f"{NOVEMBER}/exceptions", grant)


@pytest.mark.parametrize("day", [86400, "86400", "2026-11-31", "9999-12-31", "0001-01-01", "2026-11-22T10:00:00"])
async def test_a_day_is_written_as_a_day_wherever_people_give_one(anna: Accountant, day: object) -> None:
    payment = f"/payments/{payment_id('P-1')}"
    asked: list[tuple[str, dict[str, Any], str]] = [
        (f"{payment}/allocations", {"invoice": str(payment_id("x")), "on": day}, "/on"),
        (f"{payment}/refunds", {"refund_on": day, "reason": "x"}, "/refund_on"),
        (f"{payment}/bounce", {"bounced_on": day, "reason": "x"}, "/bounced_on"),
        ("/exchange-rates", {"rates": [{"currency": "GBP", "valid_on": day, "rate": "1", "source": "ECB"}]},
         "/rates/0/valid_on"),
        ("/entries", entry() | {"posted_on": day}, "/posted_on"),
    ]  # fmt: skip

    for path, body, pointer in asked:
        answer = await anna.post(path, body)
        assert (answer.status_code, [one[0] for one in faults(answer)]) == (422, [pointer]), (path, answer.text)
    for report in ("/ageing", "/customers/C-1042/statement"):
        answer = await anna.http.get(f"/v1/companies/acme{report}", params={"as_of": "0001-01-01"})
        assert answer.status_code == 422


async def test_an_event_that_waited_for_a_closing_is_posted_behind_it(desk: Desk, anna: Accountant) -> None:
    """L3: who waited for its turn while a period was closed has read the calendar as it was before, and reads again."""
    order = Order("A-1")
    await define_year(desk, 2026, date(2026, 1, 1))
    await desk.hear(order.placed())
    async with desk.database.unit(["acme"]) as unit:
        await companies.lock(unit.raw, ["acme"])
        hearing = asyncio.create_task(desk.hear(order.reserved()))
        posting = asyncio.create_task(anna.post("/entries", entry()))
        await queued(desk, 2)
        days = date(2026, 11, 1), date(2026, 11, 30)
        await calendar.set_locks(unit.raw, [("acme", 2026, 11, name, *days, True) for name in ("ar", "gl")])
    await asyncio.gather(hearing, return_exceptions=True)
    refused = await posting

    assert await desk.held() == []
    assert (refused.status_code, faults(refused)) == (409, [("/posted_on", "period-closed")])
    if not isinstance(hearing.exception(), type(None)):
        await desk.hear(order.reserved())  # as Kafka gives it again
    rows = await desk.rows("select posted_on, original_on from journal_entry")
    assert rows == [(date(2026, 12, 1), date(2026, 11, 22))]
    assert await desk.faults() == []


async def queued(desk: Desk, most: int) -> None:
    """Until so many transactions wait for the company's turn."""
    waiting = 0
    while waiting < most:
        ((waiting,),) = await desk.rows(
            "select count(*) from pg_locks l join pg_database d on d.oid = l.database"
            " where d.datname = current_database() and l.locktype = 'advisory' and not l.granted"
        )
