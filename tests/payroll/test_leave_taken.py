"""Leave that was taken: who may still take it back, and what that gives."""

from __future__ import annotations

import uuid
from datetime import date

import asyncpg
import pytest

from services.payroll.domain import leave
from services.payroll.domain.employment import Forbidden
from services.payroll.domain.leave import Decider, Employment, Entry, LeaveType, Outlook, Request
from services.payroll.main import build
from tests.payroll.office import asked, person, refused
from tests.payroll.test_leave import AT, EVER, ledger_of, months, people_of_two, rule
from tests.support.department import Department

ANNUAL, UNPAID = LeaveType("ANNUAL", True, True), LeaveType("UNPAID", False, False)
CANCELLED = """
insert into leave_decision (company, request, revision, decision, asked_by, decided_by, recorded_at)
select company, request, 2, 'cancelled', asked_by, $2, now() from leave_request where request = $1
"""


def approved(first: date, last: date, days: int = 5) -> Request:
    return Request(uuid.UUID(int=1), uuid.UUID(int=9), "ANNUAL", first, last, days * 100, "clerk", "approved")


def taken(request: Request) -> Entry:
    return Entry("ANNUAL", "taken", request.first, -request.hundredths, str(request.request))


WHO: list[tuple[str, Decider, str | None]] = [
    ("their manager", Decider(may=True, own=False, asked=False), None),
    ("they themselves", Decider(may=False, own=True, asked=True), "leave-begun"),
    ("who asked for them", Decider(may=True, own=False, asked=True), "leave-begun"),
    ("an account that was theirs", Decider(may=True, own=False, asked=False, was_own=True), "leave-begun"),
    ("a stranger", Decider(may=False, own=False, asked=False), "not-their-manager"),
]


@pytest.mark.parametrize("case", WHO, ids=lambda case: str(case[0]))
def test_leave_that_has_begun_is_taken_back_by_a_second_person_alone(case: tuple[str, Decider, str | None]) -> None:
    """P11, X9: on its first day it was taken; the day before it is still theirs to take back."""
    _, by, expected = case
    request = approved(date(2026, 3, 9), date(2026, 3, 13))
    codes = []
    for today in (date(2026, 3, 8), date(2026, 3, 9)):
        ahead = Outlook(EVER, [rule(2400)], "2026-02", today)
        made = leave.decide(request, "cancelled", by, ANNUAL, [taken(request)], ahead)
        codes.append(made.code if isinstance(made, Forbidden) else None)
    before = None if by.may or by.own or by.asked else "not-their-manager"
    assert codes == [before, expected]
    waits = leave.decide(request._replace(state="asked"), "cancelled", by, ANNUAL, [], ahead)
    assert (waits.code if isinstance(waits, Forbidden) else None) == before


REVIVED: list[tuple[str, Request, list[str], str]] = [
    # what is tested, taken back, months closed by then, what is left in the end
    ("carried over and expired since", approved(date(2026, 2, 2), date(2026, 2, 6)), months(2026)[:3], "6.00"),
    ("carried over, not expired yet", approved(date(2026, 2, 2), date(2026, 2, 6)), months(2026)[:2], "9.00"),
    ("of the last year, too much", approved(date(2025, 12, 8), date(2025, 12, 12)), months(2026)[:1], "7.00"),
    ("over both", approved(date(2025, 12, 1), date(2025, 12, 30), 22), months(2026)[:3], "6.00"),
]


@pytest.mark.parametrize("case", REVIVED, ids=lambda case: str(case[0]))
def test_days_that_come_back_are_no_more_than_had_they_never_been_taken(
    case: tuple[str, Request, list[str], str],
) -> None:
    """P11: what would have expired with a month that is closed expires with what is taken back, by an entry more."""
    _, request, closing, expected = case
    rules = [rule(2400, over=500, until=3)]
    held = ledger_of(EVER, rules, [*months(2025), *closing], [taken(request)])
    ahead = Outlook(EVER, rules, closing[-1], date(2026, 5, 1))
    made = leave.decide(request, "cancelled", Decider(True, False, False), ANNUAL, held, ahead)
    assert not isinstance(made, Forbidden)
    never = ledger_of(EVER, rules, [*months(2025), *closing], [])
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 31), date(2026, 4, 1), date.max]
    now = [*held, *made]
    assert [leave.balance(now, "ANNUAL", d) for d in days] == [leave.balance(never, "ANNUAL", d) for d in days]
    assert leave.days_written(leave.balance(now, "ANNUAL")) == expected
    keys = [(entry.kind, entry.period) for entry in now]
    assert len(keys) == len(set(keys))


async def test_who_was_away_does_not_take_it_back_alone_afterwards(office: Department) -> None:
    """P11, X9: neither they nor who asked, under whatever account, and another may; the database holds it too."""
    await people_of_two(office)
    clerk = f"{AT}/employees/{person('Clerk')}"
    async with office.client(build, scopes={"payroll:officer"}, actor="registrar") as client:
        for name in ("Clerk", "Other"):
            await asked(client, f"{AT}/employees/{person(name)}/accounts", actor=f"{name.lower()}-key")
        away = {"leave_type": "UNPAID", "first": "2026-10-05", "last": "2026-10-09"}
    async with office.client(build, scopes={"payroll:officer"}, actor="other") as client:
        request = str((await asked(client, f"{clerk}/leave/requests", **away))["request"])
    decision = f"{AT}/leave/requests/{request}/decision"
    async with office.client(build, scopes={"payroll:team"}, actor="boss") as client:
        await asked(client, decision, decision="approved")
    for actor, scope in (("clerk", "self"), ("clerk-key", "officer"), ("other", "officer"), ("other-key", "officer")):
        async with office.client(build, scopes={f"payroll:{scope}"}, actor=actor) as client:
            assert await refused(client, decision, decision="cancelled") == (409, "leave-begun", None), actor
        with pytest.raises(asyncpg.CheckViolationError):
            async with office.database.unit(["acme"]) as unit:
                await unit.raw.execute(CANCELLED, uuid.UUID(request), actor)
    async with office.client(build, scopes={"payroll:team"}, actor="boss") as client:
        await asked(client, decision, decision="cancelled")


LEAVING: list[tuple[str, Employment, LeaveType, str | None]] = [
    ("left in between", Employment(date(2020, 1, 1), date(2026, 3, 12)), ANNUAL, "leave-outside-employment"),
    ("left before, no balance", Employment(date(2020, 1, 1), date(2026, 3, 1)), UNPAID, "leave-outside-employment"),
    ("leaves with it", Employment(date(2020, 1, 1), date(2026, 3, 13)), ANNUAL, None),
    ("begins later by now", Employment(date(2026, 3, 10), None), UNPAID, "leave-outside-employment"),
]


@pytest.mark.parametrize("case", LEAVING, ids=lambda case: str(case[0]))
def test_leave_is_approved_for_days_of_the_employment_alone(
    case: tuple[str, Employment, LeaveType, str | None],
) -> None:
    """P11: a last day that became known after they asked; such a request can still be rejected or taken back."""
    _, employment, kind, expected = case
    request = approved(date(2026, 3, 9), date(2026, 3, 13))._replace(state="asked", leave_type=kind.code)
    held = [Entry("ANNUAL", "adjustment", date(2026, 1, 1), 1_000, "brought")]
    ahead = Outlook(employment, [rule(2400)], "2026-02", date(2026, 3, 2))
    found = {}
    for decision in ("approved", "rejected", "cancelled"):
        made = leave.decide(request, decision, Decider(True, False, False), kind, held, ahead)
        found[decision] = made.code if isinstance(made, Forbidden) else None
    assert found == {"approved": expected, "rejected": None, "cancelled": None}
