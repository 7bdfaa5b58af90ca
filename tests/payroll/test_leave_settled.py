"""Leave of months that were closed before somebody's employment was known as it is, and of whom days are taken away."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payroll.domain import leave
from services.payroll.domain.leave import Employment, Entry, Rule
from services.payroll.domain.leave_settling import closed_terms, settled
from services.payroll.main import build
from tests.payroll.office import asked, hired, person
from tests.payroll.test_leave import AT, EVER, ledger_of, months, rule, with_leave
from tests.support.department import Department

CLOSED = [*months(2025), *months(2026)[:9]]
DAYS = st.dates(date(2024, 11, 1), date(2026, 12, 31))
LEAVING = st.none() | DAYS
OTHERS = st.lists(
    st.tuples(st.sampled_from(["taken", "adjustment"]), DAYS, st.integers(-900, -1) | st.integers(1, 900)), max_size=4
)


def others(drawn: list[tuple[str, date, int]]) -> list[Entry]:
    """Leave that was taken, and adjustments of either sign."""
    return [
        Entry(
            "ANNUAL", "taken" if kind == "taken" else "adjustment", day, -abs(days) if kind == "taken" else days, f"{n}"
        )
        for n, (kind, day, days) in enumerate(drawn)
    ]


def after(known: Employment, rules: list[Rule], held: list[Entry]) -> list[Entry]:
    """The ledger when closed months are settled for an employment that is known now."""
    return [*held, *settled(known, closed_terms(rules, CLOSED[-1]), rules, held)]


@given(DAYS, LEAVING, DAYS, LEAVING, OTHERS, st.integers(0, 1_500), st.integers(1, 12))
def test_whenever_an_employment_is_known_its_leave_is_the_same_in_the_end(
    was: date, left: date | None, first: date, last: date | None, drawn: list[tuple[str, date, int]], over: int,
    until: int,
) -> None:  # fmt: skip
    """P11: hired late, or the first or last day moved: each day's balance is as had it been known; once, by entries."""
    rules = [rule(2400, over=over, until=until)._replace(effective_on=date(2025, 1, 1))]
    then = ledger_of(Employment(was, left), rules, CLOSED, others(drawn))
    now = after(Employment(first, last), rules, then)
    known = ledger_of(Employment(first, last), rules, CLOSED, others(drawn))
    for day in {entry.effective_on for entry in [*now, *known]}:
        assert leave.balance(now, "ANNUAL", day) == leave.balance(known, "ANNUAL", day), day
    assert now[: len(then)] == then
    assert after(Employment(first, last), rules, now) == now
    keys = [entry[:2] + entry[4:] for entry in now]
    assert len(keys) == len(set(keys))
    back = after(Employment(was, left), rules, now)
    assert leave.balance(back, "ANNUAL") == leave.balance(then, "ANNUAL")


@given(OTHERS, st.integers(0, 1_500), st.integers(1, 12))
def test_nothing_expires_that_is_not_there(drawn: list[tuple[str, date, int]], over: int, until: int) -> None:
    """P11: whatever was taken or taken away before, what expires with a month takes no balance below nothing."""
    entries = ledger_of(EVER, [rule(2400, over=over, until=until)], CLOSED, others(drawn))
    for entry in entries:
        if entry.kind == "forfeited":
            held = leave.balance(entries, "ANNUAL", entry.effective_on - timedelta(1))
            assert 0 < -entry.hundredths <= held


BROUGHT: list[tuple[str, list[str], list[tuple[date, int]], str]] = [
    # what is tested, closed months, adjustments, left in the end
    ("taken out of it first", [*months(2025), *months(2026)[:3]], [(date(2026, 2, 1), -500)], "6.00"),
    ("a part of it", [*months(2025), *months(2026)[:3]], [(date(2026, 2, 1), -200)], "6.00"),
    ("more than went over", [*months(2025), *months(2026)[:3]], [(date(2026, 2, 1), -700)], "4.00"),
    ("after it expired", [*months(2025), *months(2026)[:3]], [(date(2026, 4, 1), -500)], "1.00"),
    ("given in the year", [*months(2025), *months(2026)[:3]], [(date(2026, 2, 1), 300)], "9.00"),
    ("brought from elsewhere", months(2026)[:3], [(date(2026, 1, 1), 400)], "6.00"),
    ("brought from elsewhere, not expired yet", months(2026)[:2], [(date(2026, 1, 1), 400)], "8.00"),
    ("brought, a part of it taken out", months(2026)[:3], [(date(2026, 1, 1), 400), (date(2026, 2, 1), -300)], "6.00"),
    ("put right on the first day", [*months(2025), *months(2026)[:3]], [(date(2026, 1, 1), -500)], "6.00"),
]  # fmt: skip


@pytest.mark.parametrize("case", BROUGHT, ids=lambda case: str(case[0]))
def test_what_is_taken_away_is_taken_of_what_went_over_first(
    case: tuple[str, list[str], list[tuple[date, int]], str],
) -> None:
    """P11: days that an adjustment took do not expire once more; an opening balance of 1 January went over."""
    _, closing, adjusted, expected = case
    given_ = [Entry("ANNUAL", "adjustment", day, days, f"{day}") for day, days in adjusted]
    entries = ledger_of(EVER, [rule(2400, over=500, until=3)], closing, given_)
    assert leave.days_written(leave.balance(entries, "ANNUAL")) == expected


async def test_somebody_registered_late_gets_the_leave_of_months_that_were_closed(office: Department) -> None:
    """P11: with the next closing and once; a first day that moves takes back what was given before it, by an entry."""
    async with office.client(build, scopes={"payroll:officer"}) as client:
        await with_leave(client, until="2026-09")
        await office.hear(hired("Late", starts_on="2026-06-01"))
        late = f"{AT}/employees/{person('Late')}"

        async def closed() -> tuple[str, list[tuple[str, str]]]:
            await asked(client, f"{AT}/leave/months", month="2026-10")
            told = (await client.get(f"{late}/leave", params={"on": "2026-10-31"})).json()
            assert sum(float(entry["days"]) for entry in told["entries"]) == float(told["balances"][0]["days"])
            return told["balances"][0]["days"], [(entry["period"], entry["days"]) for entry in told["entries"]]

        in_time = [(f"2026-{month:02}", "2.00") for month in range(6, 11)]
        assert await closed() == ("10.00", in_time)
        assert await closed() == ("10.00", in_time)
        await asked(client, f"{late}/changes", effective_on="2026-07-16", replaces=1)
        days, entries = await closed()
        assert (days, set(entries) - set(in_time)) == (
            "7.03", {("2026-06 corrected 1", "-2.00"), ("2026-07 corrected 1", "-0.97")}
        )  # fmt: skip
        assert await closed() == (days, entries)
