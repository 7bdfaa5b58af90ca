"""The ledger of leave: what months add, what years let expire, requests and who decides about them."""

from __future__ import annotations

import asyncio
import uuid
from datetime import date, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payroll.domain import leave
from services.payroll.domain.employment import Forbidden
from services.payroll.domain.leave import Employment, Entry, Rule
from services.payroll.main import build
from services.payroll.store import leave as store
from tests.payroll.office import asked, hired, person, refused, sent
from tests.support.department import Department
from tests.support.pinned_clock import TODAY

AT = "/v1/companies/acme"
EVER = Employment(date(2000, 1, 1), None)


def rule(yearly: int, *, over: int = 0, until: int = 12) -> Rule:
    return Rule("ANNUAL", date(2000, 1, 1), yearly, over, until)


def months(year: int) -> list[str]:
    return [f"{year}-{month:02}" for month in range(1, 13)]


def ledger_of(employment: Employment, rules: list[Rule], closing: list[str], entries: list[Entry]) -> list[Entry]:
    held = list(entries)
    for month in closing:
        held += leave.close_month(month, employment, rules, held)
    return held


@given(st.integers(0, 36_600))
def test_twelve_whole_months_come_to_the_year_exactly(yearly: int) -> None:
    """P11: no day is lost or won by rounding twelve parts."""
    entries = ledger_of(EVER, [rule(yearly, over=36_600)], months(2026), [])
    assert leave.balance(entries, "ANNUAL") == yearly


@given(st.integers(0, 3_000), st.integers(0, 3_000), st.integers(1, 12), st.integers(0, 3_000))
def test_a_balance_is_the_sum_of_entries_and_closing_twice_adds_nothing(
    yearly: int, over: int, until: int, taken: int
) -> None:
    """P11: idempotent per period, whatever the rule; never below what was taken."""
    away = [Entry("ANNUAL", "taken", date(2026, 2, 1), -taken, "r")] if taken else []
    rules = [rule(yearly, over=over, until=until)]
    once = ledger_of(EVER, rules, [*months(2025), *months(2026)], away)
    again = ledger_of(EVER, rules, [*months(2025), *months(2026)], once)
    assert again == once
    assert leave.balance(once, "ANNUAL") == sum(entry.hundredths for entry in once)
    assert leave.balance(once, "ANNUAL", date(2026, 1, 1)) <= over


CASES: list[tuple[str, Employment, list[Rule], list[str], int, str, str]] = [
    # what is tested, employed, rules, closed months, taken in March 2026, as of, balance
    ("a month", EVER, [rule(2400)], ["2026-01"], 0, "2026-01-31", "2.00"),
    ("not before its end", EVER, [rule(2400)], ["2026-01"], 0, "2026-01-30", "0.00"),
    ("half a month", Employment(date(2026, 4, 16), None), [rule(2400)], ["2026-04"], 0, "2026-04-30", "1.00"),
    ("a leaver", Employment(date(2020, 1, 1), date(2026, 4, 15)), [rule(2400)], ["2026-04"], 0, "2026-04-30", "1.00"),
    ("nobody", Employment(date(2027, 1, 1), None), [rule(2400)], ["2026-04"], 0, "2026-04-30", "0.00"),
    ("over the year end", EVER, [rule(2400, over=500)], months(2025), 0, "2026-01-01", "5.00"),
    ("all of it", EVER, [rule(2400, over=5000)], months(2025), 0, "2026-01-01", "24.00"),
    ("expired in March", EVER, [rule(2400, over=500, until=3)], [*months(2025), *months(2026)[:3]], 0,
     "2026-04-01", "6.00"),
    ("not yet in March", EVER, [rule(2400, over=500, until=3)], [*months(2025), *months(2026)[:3]], 0,
     "2026-03-31", "11.00"),
    ("taken of it first", EVER, [rule(2400, over=500, until=3)], [*months(2025), *months(2026)[:3]], 300,
     "2026-04-01", "6.00"),
    ("all of it taken", EVER, [rule(2400, over=500, until=3)], [*months(2025), *months(2026)[:3]], 700,
     "2026-04-01", "4.00"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case[0]))
def test_what_is_left_on_a_day(case: tuple[str, Employment, list[Rule], list[str], int, str, str]) -> None:
    """P11: accrual by days employed, carry-over up to a limit, expiry of what was carried over."""
    _, employment, rules, closing, taken, on, expected = case
    away = [Entry("ANNUAL", "taken", date(2026, 3, 2), -taken, "r")] if taken else []
    entries = ledger_of(employment, rules, closing, away)
    assert leave.days_written(leave.balance(entries, "ANNUAL", date.fromisoformat(on))) == expected


JANUARY = date(2026, 1, 5), date(2026, 1, 16)
APRIL = date(2026, 4, 1), date(2026, 4, 3)
AHEAD: list[tuple[str, tuple[date, date], int, int, str | None]] = [
    # what is tested, asked for in December, days, taken by requests that wait, refused by
    ("more than goes over", JANUARY, 10, 0, "leave-balance-short"),
    ("what goes over", JANUARY, 5, 0, None),
    ("what goes over, and something waits", JANUARY, 5, 1, "leave-balance-short"),
    ("before the year ends", (date(2025, 12, 8), date(2025, 12, 19)), 10, 0, None),
    ("what is added by then", APRIL, 6, 0, None),
    ("what expires by then", APRIL, 7, 0, "leave-balance-short"),
]


@pytest.mark.parametrize("case", AHEAD, ids=lambda case: str(case[0]))
def test_leave_is_not_given_that_will_have_expired_by_then(
    case: tuple[str, tuple[date, date], int, int, str | None],
) -> None:
    """P11: 5 of 20 days go over into the new year and expire with March: neither asked for nor approved beyond that."""
    _, (first, last), wanted, waits, expected = case
    rules, kind = [rule(2400, over=500, until=3)], leave.LeaveType("ANNUAL", True, True)
    closed = [f"2025-{month:02}" for month in range(1, 12)]
    entries = ledger_of(Employment(date(2025, 2, 1), None), rules, closed, [])
    ahead = leave.Outlook(Employment(date(2025, 2, 1), None), rules, "2025-11", date(2025, 12, 1))
    one = leave.Request(uuid.UUID(int=1), uuid.UUID(int=9), "ANNUAL", first, last, wanted * 100, "clerk", "asked")
    other = one._replace(request=uuid.UUID(int=2), first=first - timedelta(3), last=first - timedelta(2))
    waiting = [other._replace(hundredths=waits * 100)] if waits else []
    refusal = leave.ask(one, kind, waiting, entries, ahead)
    assert (None if refusal is None else refusal.code) == expected
    if not waits:
        made = leave.decide(one, "approved", leave.Decider(True, False, False), kind, entries, ahead)
        assert (made.code if isinstance(made, Forbidden) else None) == expected


def test_working_days_are_those_of_the_country() -> None:
    """P11: Friday is no working day in Israel, Sunday is; a holiday is none anywhere."""
    week = (date(2026, 11, 22), date(2026, 11, 28))  # Sunday to Saturday
    assert leave.working_days(*week, "GR", ()) == leave.working_days(*week, "IL", ()) == 5
    assert leave.working_days(date(2026, 11, 27), date(2026, 11, 29), "GR", ()) == 1
    assert leave.working_days(date(2026, 11, 27), date(2026, 11, 29), "IL", ()) == 1
    assert leave.working_days(*week, "GR", {date(2026, 11, 25)}) == 4


async def with_leave(client: httpx.AsyncClient, until: str = "2026-10") -> None:
    """Annual leave of 24 days since January 2026, leave without pay, ten months closed."""
    await asked(client, f"{AT}/leave/types", leave_type="ANNUAL", name="Annual leave")
    await asked(client, f"{AT}/leave/types", leave_type="UNPAID", name="Leave without pay", paid=False, limited=False)
    await asked(client, f"{AT}/leave/rules", leave_type="ANNUAL", effective_on="2026-01-01", days_per_year="24",
                carried_over_max="5", carried_over_until=3)  # fmt: skip
    await asked(client, f"{AT}/leave/months", month=until)


async def test_a_request_is_approved_by_the_manager_and_taken_at_once(office: Department) -> None:
    """P11: asked by the employee, approved by who is above them, refused to themselves; a balance falls."""
    await people_of_two(office)
    clerk, today = f"{AT}/employees/{person('Clerk')}", TODAY
    monday = today + timedelta(14 - today.weekday())
    sunday = monday + timedelta(6)
    async with office.client(build, scopes={"payroll:self"}, actor="clerk") as client:
        request = await asked(
            client, f"{clerk}/leave/requests", leave_type="ANNUAL", first=f"{monday}", last=f"{sunday}"
        )
        decision = f"{AT}/leave/requests/{request['request']}/decision"
        own = await refused(client, decision, decision="approved")
        others = await refused(client, f"{AT}/employees/{person('Boss')}/leave/requests", leave_type="ANNUAL",
                               first="2026-11-02", last="2026-11-02")  # fmt: skip
    assert request["days"] == "5.00"
    assert own == (409, "self-approval", None)
    assert others == (404, "employee-not-found", None)
    async with office.client(build, scopes={"payroll:team", "payroll:self"}, actor="boss") as client:
        waiting = (await client.get(f"{AT}/leave/requests", params={"state": "asked"})).json()["requests"]
        await asked(client, decision, decision="approved")
        twice = await refused(client, decision, decision="rejected")
        left = (await client.get(f"{clerk}/leave", params={"on": f"{sunday}"})).json()
    assert [line["employee"] for line in waiting] == [person("Clerk")]
    assert twice == (409, "leave-decided", "/decision")
    assert left["balances"] == [{"leave_type": "ANNUAL", "days": "15.00"}]
    assert sum(float(entry["days"]) for entry in left["entries"]) == 15
    async with office.client(build, scopes={"payroll:self"}, actor="clerk") as client:
        await asked(client, decision, decision="cancelled")
        back = (await client.get(f"{clerk}/leave", params={"on": f"{sunday}"})).json()
    assert back["balances"] == [{"leave_type": "ANNUAL", "days": "20.00"}]
    assert [r["state"] for r in back["requests"]] == ["cancelled"]


async def test_nobody_approves_their_own_leave_through_a_system(office: Department) -> None:
    """P11, X9: a system that asks or decides for somebody is that person, on whichever side it stands."""
    await people_of_two(office)
    ask = f"{AT}/employees/{person('Clerk')}/leave/requests"
    days = {"leave_type": "ANNUAL", "first": "2026-12-01", "last": "2026-12-01"}
    portal: dict[str, Any] = {"scopes": {"payroll:officer"}, "name": "portal"}
    async with office.client(build, scopes={"payroll:self"}, actor="clerk") as client:
        decision = f"{AT}/leave/requests/{(await asked(client, ask, **days))['request']}/decision"
    async with office.client(build, **portal, on_behalf_of="clerk") as client:
        assert await refused(client, decision, decision="approved") == (409, "self-approval", None)
    async with office.client(build, **portal, on_behalf_of="olga") as client:
        days |= {"first": "2026-12-08", "last": "2026-12-08"}
        decision = f"{AT}/leave/requests/{(await asked(client, ask, **days))['request']}/decision"
    async with office.client(build, scopes={"payroll:officer"}, actor="olga") as client:
        assert await refused(client, decision, decision="approved") == (409, "self-approval", None)
    async with office.client(build, scopes={"payroll:team"}, actor="boss") as client:
        await asked(client, decision, decision="approved")


@pytest.mark.parametrize("unlinked", [False, True])
async def test_one_person_with_two_accounts_does_not_approve_the_leave_they_asked_for(
    office: Department, unlinked: bool
) -> None:
    """P11, X9: in somebody's name or their own, the link taken away first or not; the database holds it too (INV27)."""
    await people_of_two(office)
    await office.hear(hired("Olga", starts_on="2026-01-01", department="Other"))
    async with office.client(build, scopes={"payroll:officer"}, actor="registrar") as client:
        for actor in ("olga", "olga-key"):
            await asked(client, f"{AT}/employees/{person('Olga')}/accounts", actor=actor)
    requests = []
    for who in ("Clerk", "Olga"):
        asker = "olga" if who == "Clerk" else "registrar"
        async with office.client(build, scopes={"payroll:officer"}, actor=asker) as client:
            ask = f"{AT}/employees/{person(who)}/leave/requests"
            told = await asked(client, ask, leave_type="UNPAID", first="2026-12-01", last="2026-12-01")
            requests.append(told["request"])
    async with office.database.unit(["acme"]) as unit:
        if unlinked:
            columns = "company, actor, revision, employee, recorded_at"
            await unit.raw.execute(f"insert into account_link ({columns}) values ('acme', 'olga-key', 2, null, now())")
    async with office.client(build, scopes={"payroll:officer"}, actor="olga-key") as client:
        for request in requests:
            decision = f"{AT}/leave/requests/{request}/decision"
            assert await refused(client, decision, decision="approved") == (409, "self-approval", None)
            with pytest.raises(asyncpg.CheckViolationError):
                async with office.database.unit(["acme"]) as unit:
                    await unit.raw.execute(FORGED, uuid.UUID(request))
        await asked(client, f"{AT}/leave/requests/{requests[0]}/decision", decision="cancelled")


FORGED = """
insert into leave_decision (company, request, revision, decision, asked_by, decided_by, recorded_at)
select company, request, 1, 'approved', asked_by, 'olga-key', now() from leave_request where request = $1
"""


async def people_of_two(office: Department) -> None:
    """Boss manages Clerk, both with accounts and leave; somebody else manages nobody."""
    await office.hear(*[hired(who, starts_on="2026-01-01") for who in ("Boss", "Clerk")])
    await office.hear(hired("Other", starts_on="2026-01-01", department="Other"))
    async with office.client(build, scopes={"payroll:officer"}) as client:
        await asked(client, f"{AT}/departments/changes", department="Logistics", effective_on="2026-01-01",
                    manager=person("Boss"))  # fmt: skip
        for who in ("Boss", "Clerk", "Other"):
            await asked(client, f"{AT}/employees/{person(who)}/accounts", actor=who.lower())
        await with_leave(client)


async def test_leave_that_cannot_be_is_refused_and_nothing_is_written(office: Department) -> None:
    """P11, X9: too much, twice, outside the employment, by a stranger, by who asked in somebody's name."""
    await people_of_two(office)
    ask = f"{AT}/employees/{person('Clerk')}/leave/requests"
    async with office.client(build, scopes={"payroll:officer"}) as client:

        async def no(**body: Any) -> tuple[int, str, str | None]:
            return await refused(client, ask, **{"leave_type": "ANNUAL", "first": "2026-12-01", **body})

        found = [
            await no(last="2027-03-31"),
            await no(last="2026-11-30"),
            await no(last="2026-12-01", leave_type="NONE"),
            await no(first="2025-12-31", last="2026-01-05"),
            await no(first="2026-12-05", last="2026-12-06"),
            await no(last="2099-12-31"),
            await refused(client, f"{AT}/leave/months", month="2026-11"),
            await refused(client, f"{AT}/leave/rules", leave_type="ANNUAL", effective_on="2026-10-31",
                          days_per_year="1"),
            await refused(client, f"{AT}/leave/rules", leave_type="UNPAID", effective_on="2027-01-01",
                          days_per_year="1"),
        ]  # fmt: skip
        assert await office.rows("select count(*) from leave_request") == [(0,)]
        for_them = await asked(client, ask, leave_type="ANNUAL", first="2026-12-01", last="2026-12-03")
        overlap = await no(first="2026-12-03", last="2026-12-04")
        decision = f"{AT}/leave/requests/{for_them['request']}/decision"
        asker = await refused(client, decision, decision="approved")
    async with office.client(build, scopes={"payroll:team"}, actor="other") as client:
        stranger = await refused(client, decision, decision="approved")
    assert found == [
        (409, "leave-balance-short", "/leave_type"),
        (422, "leave-ends-before-start", "/last"),
        (422, "leave-type-unknown", "/leave_type"),
        (422, "leave-outside-employment", "/first"),
        (422, "leave-without-working-day", "/first"),
        (422, "leave-too-far-ahead", "/last"),
        (409, "month-not-over", "/month"),
        (409, "leave-month-closed", "/effective_on"),
        (422, "leave-not-limited", "/leave_type"),
    ]
    assert (overlap, asker) == ((409, "leave-overlaps", "/first"), (409, "self-approval", None))
    assert stranger == (404, "leave-request-not-found", None)


async def test_two_requests_for_the_same_rest_do_not_both_get_it(office: Department) -> None:
    """P11: asked at the same moment in processes of their own, one is told that too little is left."""
    await people_of_two(office)
    ask = f"{AT}/employees/{person('Clerk')}/leave/requests"
    async with (
        office.client(build, scopes={"payroll:officer"}) as one,
        office.client(build, scopes={"payroll:officer"}) as two,
    ):
        bodies = [
            {"leave_type": "ANNUAL", "first": f"2026-{month}-02", "last": f"2026-{month}-20"} for month in (11, 12)
        ]
        answers = await asyncio.gather(*[
            sent(client, ask, **body) for client, body in zip((one, two), bodies, strict=True)
        ])  # fmt: skip
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_a_month_is_closed_once_whoever_closes_it_and_however_often(office: Department) -> None:
    """P11: two at the same moment write one set of entries; the ledger is facts."""
    await people_of_two(office)
    before = await office.rows("select count(*), sum(hundredths) from leave_entry")
    async with office.client(build) as one, office.client(build) as two:
        answers = await asyncio.gather(*[sent(c, f"{AT}/leave/months", month="2026-10") for c in (one, two)])
    assert [answer.json()["months"] for answer in answers] == [[], []]
    assert await office.rows("select count(*), sum(hundredths) from leave_entry") == before == [(30, 6000)]


async def test_approved_leave_without_pay_is_told_by_person_and_period(office: Department) -> None:
    """P11: what proration asks for: days of the period alone, not what is only asked for or cancelled."""
    await people_of_two(office)
    spans = {"Clerk": ("2026-10-28", "2026-11-04"), "Other": ("2026-11-10", "2026-11-11")}
    async with office.client(build, scopes={"payroll:officer"}) as client:
        requests = {}
        for who, (first, last) in spans.items():
            path = f"{AT}/employees/{person(who)}/leave/requests"
            requests[who] = (await asked(client, path, leave_type="UNPAID", first=first, last=last))["request"]
    async with office.client(build, scopes={"payroll:officer"}, actor="second") as client:
        await asked(client, f"{AT}/leave/requests/{requests['Clerk']}/decision", decision="approved")
        told = (await client.get(f"{AT}/leave/unpaid", params={"first": "2026-11-01", "last": "2026-11-30"})).json()
    assert told["unpaid"] == [{"employee": person("Clerk"), "first": "2026-11-01", "last": "2026-11-04"}]
    async with office.database.read(["acme"]) as unit:
        found = await store.unpaid(unit.raw, "acme", date(2026, 10, 1), date(2026, 10, 31))
    assert {str(who): days for who, days in found.items()} == {
        person("Clerk"): [(date(2026, 10, 28), date(2026, 10, 31))]
    }
