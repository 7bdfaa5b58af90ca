"""Fiscal years and periods: closed per sub-ledger, held by the database, left ajar for one user for a while."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from services.ledger import handlers
from services.ledger.commands import OpenAccounts
from services.ledger.domain.calendar import SUBLEDGERS, ClosedDays, FiscalYear, calendar_of, periods_of
from tests.ledger.accountant import RENT, Accountant, at_the_door, entry, faults
from tests.ledger.desk import Desk, Order, cause
from tests.support.pinned_clock import BEGAN

YEAR = {"year": 2026, "starts_on": "2026-01-01"}
NOVEMBER = "/fiscal-years/2026/periods/11"
ONE_HOUR = timedelta(hours=1)


@pytest_asyncio.fixture
async def people(desk: Desk) -> AsyncIterator[list[Accountant]]:
    """Anna and Ben; the year of `acme` has begun."""
    await desk.do(handlers.open_accounts, OpenAccounts("acme", [RENT], cause()))
    async with at_the_door(desk, "anna", "ben") as both:
        await both[0].done("/fiscal-years", YEAR)
        yield both


@pytest_asyncio.fixture
async def anna(people: list[Accountant]) -> Accountant:
    """Anna."""
    return people[0]


async def close(anna: Accountant, *subledgers: str, period: str = NOVEMBER, closed: bool = True) -> Any:
    path = f"{period}/{'close' if closed else 'reopen'}"
    return await anna.done(path, {"subledgers": list(subledgers), "reason": "Reported."}, 200)


async def test_a_year_has_its_months_wherever_it_begins(desk: Desk, anna: Accountant) -> None:
    await anna.done("/fiscal-years", {"year": 2028, "starts_on": "2027-04-01"})

    overlaps = await anna.post("/fiscal-years", {"year": 2027, "starts_on": "2027-01-01"})
    twice = await anna.post("/fiscal-years", YEAR | {"starts_on": "2030-01-01"})
    middle = await anna.post("/fiscal-years", {"year": 2031, "starts_on": "2031-01-15"})
    await anna.done("/fiscal-years", {"year": 2027, "starts_on": "2027-01-01", "months": 3})

    years = (await anna.get("/fiscal-years"))["fiscal_years"]
    assert [(y["year"], y["starts_on"], y["ends_on"], len(y["periods"])) for y in years] == [
        (2026, "2026-01-01", "2026-12-31", 12),
        (2027, "2027-01-01", "2027-03-31", 3),
        (2028, "2027-04-01", "2028-03-31", 12),
    ]
    assert years[2]["periods"][10] | {"closed": []} == {
        "number": 11, "starts_on": "2028-02-01", "ends_on": "2028-02-29", "closed": [], "exceptions": [],
    }  # fmt: skip
    assert (faults(overlaps), faults(twice)) == (
        [("/starts_on", "fiscal-year-overlaps")],
        [("/year", "fiscal-year-exists")],
    )
    assert faults(middle) == [("/starts_on", "not-valid")]
    assert [told.type for told in await desk.told() if told.type == "FiscalYearOpened"] == ["FiscalYearOpened"] * 3


async def test_a_posting_into_a_closed_period_is_refused_naming_it_until_it_is_opened_again(
    desk: Desk, anna: Accountant
) -> None:
    """L3: a posting dated in a closed period is refused with a stable code that names the period."""
    assert await close(anna, "gl") == {"period": "2026-11", "closed": ["gl"]}

    refused = await anna.post("/entries", entry("2026-11-30"))
    previewed = await anna.post("/entries", entry("2026-11-30"), dry_run="true")
    beside = await anna.post("/entries", entry("2026-12-01"))
    outside = await anna.post("/entries", entry("2027-01-01"))
    await close(anna, "gl", closed=False)
    again = await anna.post("/entries", entry("2026-11-30"))

    assert (refused.status_code, faults(refused)) == (409, [("/posted_on", "period-closed")])
    assert (refused.json()["period"], refused.json()["subledger"]) == ("2026-11", "gl")
    assert (previewed.status_code, beside.status_code, again.status_code) == (409, 201, 201)
    assert faults(outside) == [("/posted_on", "no-fiscal-year")]
    told = [(t.type, t.data["subledgers"]) for t in await desk.told() if t.type.startswith("Period")]
    assert told == [("PeriodClosed", ["gl"]), ("PeriodReopened", ["gl"])]
    trail = (await anna.get("/history", subject="2026-11"))["records"]
    assert [record["action"] for record in trail] == ["period.closed", "period.reopened"]


async def test_the_database_itself_holds_a_closed_period(desk: Desk, anna: Accountant) -> None:
    """L3: whoever writes as the service's role cannot post into a closed period."""
    await close(anna, "gl")

    with pytest.raises(asyncpg.CheckViolationError) as caught:
        async with desk.database.unit(["acme"]) as unit:
            await unit.raw.execute(
                "insert into journal_entry (company, id, journal, posted_on, document, cause) values "
                "('acme', gen_random_uuid(), 'sales', '2026-11-22', gen_random_uuid(), gen_random_uuid())"
            )
    assert caught.value.constraint_name == "journal_entry_period_open"


async def test_one_subledger_is_closed_without_the_others(desk: Desk, anna: Accountant) -> None:
    """L3: receivables are closed, manual entries still go in; what comes late for receivables stands in December."""
    await close(anna, "ar")

    await anna.done("/entries", entry("2026-11-30"))
    await desk.bill(Order("A-1"))

    rows = await desk.rows("select journal, posted_on, original_on from journal_entry order by journal")
    assert rows == [("general", date(2026, 11, 30), None), ("sales", date(2026, 12, 1), date(2026, 11, 22))]


async def test_an_order_is_never_lost_to_a_closed_period_and_the_entry_says_where_it_belongs(
    desk: Desk, anna: Accountant
) -> None:
    """L3: invoice and payment dated in closed months are posted on the first open day; balances of the months stay."""
    order = Order("A-1")
    for period in ("11", "12"):
        await close(anna, *SUBLEDGERS, period=f"/fiscal-years/2026/periods/{period}")
    before = await anna.get("/trial-balance", as_of="2026-12-31")

    await desk.bill(order)
    await desk.hear(order.payment("P-1", "37.20"))
    await desk.hear(order.released())

    assert await anna.get("/trial-balance", as_of="2026-12-31") == before
    rows = await desk.rows("select distinct posted_on, original_on from journal_entry")
    assert rows == [(date(2027, 1, 1), date(2026, 11, 22))]
    told = [t.data for t in await desk.told("EntryPosted")]
    assert {(t["posted_on"], t["original_on"]) for t in told} == {("2027-01-01", "2026-11-22")}
    assert (await desk.rows("select issued_on from invoice")) == [(date(2026, 11, 22),)]
    assert await desk.held() == []
    assert await desk.faults() == []


async def test_one_user_may_post_into_a_closed_period_for_a_while(desk: Desk, people: list[Accountant]) -> None:
    """L3: a timed exception for one user, granted by another, on record, and over by itself."""
    anna, ben = people
    await close(anna, "gl")
    now = BEGAN
    wish = {"subledger": "gl", "user": "ben", "until": (now + ONE_HOUR).isoformat(), "reason": "The rent."}

    await anna.done(f"{NOVEMBER}/exceptions", wish)
    hers, his = await anna.post("/entries", entry("2026-11-30")), await ben.post("/entries", entry("2026-11-30"))
    elsewhere = await ben.post("/entries", entry("2027-02-01"))
    selfish = await anna.post(f"{NOVEMBER}/exceptions", wish | {"user": "anna"})
    longer = await anna.post(f"{NOVEMBER}/exceptions", wish | {"until": (now + 32 * 24 * ONE_HOUR).isoformat()})
    open_one = await anna.post("/fiscal-years/2026/periods/12/exceptions", wish)
    await desk.rows("update period_exception set until = now() - interval '1 s'")
    later = await ben.post("/entries", entry("2026-11-30"))

    assert (hers.status_code, his.status_code, later.status_code) == (409, 201, 409)
    assert faults(elsewhere) == [("/posted_on", "no-fiscal-year")]
    assert [faults(a)[0][1] for a in (selfish, longer, open_one)] == [
        "self-exception",
        "until-out-of-range",
        "period-not-closed",
    ]
    trail = (await anna.get("/history", subject="2026-11"))["records"]
    assert [(r["action"], r["actor"]) for r in trail][-1] == ("period.exception-granted", "anna")


async def test_postings_that_race_with_a_closing_are_each_before_or_after_it(desk: Desk, anna: Accountant) -> None:
    """L3: while a period closes, each of 60 postings is in it before it closed, or refused; none slips in behind."""
    postings = [anna.post("/entries", entry("2026-11-30")) for _ in range(30)]
    closing = close(anna, "gl")
    more = [anna.post("/entries", entry("2026-11-30")) for _ in range(30)]

    *answers, _ = await asyncio.gather(*postings, *more, closing)
    total = await anna.balance("6000")
    late = await anna.post("/entries", entry("2026-11-30"))

    accepted = [answer for answer in answers if answer.status_code == 201]
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert total == f"{len(accepted) * 100}.00"
    assert (late.status_code, await anna.balance("6000")) == (409, total)


@given(
    st.lists(st.tuples(st.sampled_from(SUBLEDGERS), st.integers(0, 11), st.integers(0, 3)), max_size=12),
    st.sampled_from(SUBLEDGERS),
    st.integers(0, 364),
)
def test_the_open_day_of_a_late_posting_is_the_first_that_is_open(
    closings: list[tuple[str, int, int]], subledger: str, offset: int
) -> None:
    periods = periods_of(2026, date(2026, 1, 1), 12)
    closed = {(s, p) for s, first, more in closings for p in range(first, min(first + more + 1, 12))}
    day = date(2026, 1, 1) + timedelta(days=offset)
    calendar = calendar_of(
        [FiscalYear(2026, periods[0].starts_on, periods[-1].ends_on)],
        [ClosedDays(s, periods[p].starts_on, periods[p].ends_on) for s, p in sorted(closed)],
    )

    def is_open(on: date) -> bool:
        return on.year > 2026 or not {(subledger, on.month - 1), ("gl", on.month - 1)} & closed

    expected = day
    while not is_open(expected):
        expected += timedelta(days=1)
    assert calendar.open_day(subledger, day) == expected
    assert (not calendar.closed_by(subledger, day)) == is_open(day)
