"""Sessions that have not taken place, seats of leavers, certificates that begin later."""

from __future__ import annotations

from datetime import timedelta

from services.payroll.main import build
from tests.payroll.office import asked, hired, person, refused
from tests.payroll.test_training import run_day
from tests.support.department import Department
from tests.support.pinned_clock import TODAY

AT = "/v1/companies/acme"
SOON, PAST = (TODAY + timedelta(days=9)).isoformat(), (TODAY - timedelta(days=9)).isoformat()


async def test_a_session_has_no_results_before_its_day(office: Department) -> None:
    """P22: nobody has passed what has not taken place."""
    await office.hear(hired("A", starts_on="2020-01-01"))
    async with office.client(build) as client:
        await asked(client, f"{AT}/training/courses", course="FIRE", name="Fire safety")
        session = await asked(client, f"{AT}/training/sessions", course="FIRE", held_on=SOON, capacity=1)
        at = f"{AT}/training/sessions/{session['session']}"
        await asked(client, f"{at}/seats", employee=person("A"))
        early = await refused(client, f"{at}/results", results=[{"employee": person("A"), "result": "passed"}])
    assert early == (409, "session-not-held", None)
    assert await office.told("TrainingCompleted") == []


async def test_whose_last_day_is_before_the_session_has_no_seat_in_it(office: Department) -> None:
    """P22: the last seat is another's at once; who leaves on the day of the session or after it keeps theirs."""
    await office.hear(*[hired(who, starts_on="2020-01-01") for who in ("A", "B", "C")])
    async with office.client(build) as client:
        await asked(client, f"{AT}/training/courses", course="FIRE", name="Fire safety")
        session = await asked(client, f"{AT}/training/sessions", course="FIRE", held_on=SOON, capacity=2)
        seats = f"{AT}/training/sessions/{session['session']}/seats"
        for who in "AB":
            await asked(client, seats, employee=person(who))
        await asked(client, f"{AT}/employees/{person('B')}/leaving", left_on=SOON)
        assert await refused(client, seats, employee=person("C")) == (409, "session-full", "/session")
        await asked(client, f"{AT}/employees/{person('A')}/leaving", left_on=TODAY.isoformat())
        assert (await asked(client, seats, employee=person("C")))["free"] == 0
        gone = (await client.get(f"{AT}/employees/{person('A')}/training")).json()["enrolments"]
    assert [each["state"] for each in gone] == ["unseated"]
    assert await office.rows("select taken from training_seats") == [(2,)]


async def test_who_was_not_employed_on_the_day_of_the_session_was_absent(office: Department) -> None:
    """P22: found when a hire was corrected to a later day; no certificate is made of it."""
    await office.hear(hired("A", starts_on="2020-01-01"))
    async with office.client(build) as client:
        await asked(client, f"{AT}/training/courses", course="FIRE", name="Fire safety")
        session = await asked(client, f"{AT}/training/sessions", course="FIRE", held_on=PAST, capacity=2)
        at = f"{AT}/training/sessions/{session['session']}"
        await asked(client, f"{at}/seats", employee=person("A"))
        change = f"{AT}/employees/{person('A')}/changes"
        await asked(client, change, replaces=1, effective_on=TODAY.isoformat())
        passed = await refused(client, f"{at}/results", results=[{"employee": person("A"), "result": "passed"}])
        await asked(client, f"{at}/results", results=[{"employee": person("A"), "result": "absent"}])
    assert passed == (422, "not-employed", "/results/0/employee")


async def test_a_certificate_that_begins_later_silences_no_reminder_of_today(office: Department) -> None:
    """P23: what holds today runs out, whatever is recorded for a later day."""
    await office.hear(hired("A", starts_on="2020-01-01"))
    async with office.client(build) as client:
        await asked(client, f"{AT}/training/courses", course="FIRE", name="Fire safety")
        at = f"{AT}/employees/{person('A')}/certificates"
        await asked(client, at, course="FIRE", issued_on="2020-01-01", valid_until="2027-03-01")
        await asked(client, at, course="FIRE", issued_on="2027-06-01", valid_until="2030-05-31")
    for day in ("2027-02-25", "2027-03-02", "2027-06-01"):
        async with office.database.unit(["acme"]) as unit:
            await run_day(unit, day)
    assert [t.data["valid_until"] for t in await office.told("CertificateExpiring")] == ["2027-03-01"]
    assert [t.data["valid_until"] for t in await office.told("CertificateExpired")] == ["2027-03-01"]
