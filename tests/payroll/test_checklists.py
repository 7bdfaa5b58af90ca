"""Checklists for who comes and goes, and what payroll does of itself each day."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from chassis.jobs import JobWorkers
from services.payroll.handlers.daily import next_day
from services.payroll.jobs import jobs_of
from services.payroll.main import build
from tests.payroll.office import asked, hired, person, refused, sent
from tests.support.department import Department
from tests.support.eventually import eventually

AT = "/v1/companies/acme"
TASKS = f"{AT}/checklists/tasks"
PAST_THE_CODE = """
insert into checklist_outcome (company, employee, occasion, task, outcome, by_actor, recorded_at)
values ('acme', $1, 'onboarding', $2, $3, 'user:nobody', now())
"""


async def test_who_is_hired_has_tasks_of_departments_with_days_and_who_leaves_has_others(office: Department) -> None:
    """P3, X3: made on hire and on leaving, due relative to the day, which moves with it; overdue ones are listed."""
    await office.hear(hired("It", starts_on="2020-01-01", department="IT"))
    template = {"department": "IT", "due_days": -2}
    async with office.client(build) as client:
        for occasion, task in (("onboarding", "ACCOUNT"), ("leaving", "LAPTOP"), ("onboarding", "OLD")):
            await asked(client, f"{AT}/checklists/templates", occasion=occasion, task=task, title=task, **template)
        await asked(client, f"{AT}/checklists/templates", occasion="onboarding", task="OLD", title="-", dropped=True,
                    **template)  # fmt: skip
        nowhere = await refused(client, f"{AT}/checklists/templates", occasion="leaving", task="X", title="X",
                                department="Nowhere", due_days=0)  # fmt: skip
        await office.hear(hired("Anna", starts_on="2026-03-01"))
        await asked(client, f"{AT}/employees/{person('Anna')}/leaving", left_on="2027-06-30")
        await asked(client, f"{AT}/employees/{person('Anna')}/leaving", left_on="2027-07-31")

        async def listed(**params: Any) -> list[tuple[str, str, str]]:
            answer = (await client.get(TASKS, params=params)).json()
            return [(line["task"], line["due_on"], line["state"]) for line in answer["tasks"]]

        assert await listed(on="2026-02-27") == [("ACCOUNT", "2026-02-27", "open"), ("LAPTOP", "2027-07-29", "open")]
        assert await listed(on="2026-02-28", state="overdue") == [("ACCOUNT", "2026-02-27", "overdue")]
        done = {"employee": person("Anna"), "occasion": "onboarding", "task": "ACCOUNT"}
        await asked(client, f"{TASKS}/outcomes", **done)
        again = await refused(client, f"{TASKS}/outcomes", **done)
        missing = await refused(client, f"{TASKS}/outcomes", **done | {"task": "OLD"})
        assert await listed(on="2027-12-31", department="IT") == [
            ("ACCOUNT", "2026-02-27", "done"),
            ("LAPTOP", "2027-07-29", "overdue"),
        ]
        await asked(client, f"{AT}/employees/{person('Anna')}/leaving", left_on=None)
        assert await listed(state="open") == []
    assert nowhere == (422, "department-unknown", "/department")
    assert (again, missing) == ((409, "task-ended", None), (404, "task-not-found", None))


async def test_a_task_is_ended_by_its_own_department(office: Department) -> None:
    """P3: who works there or manages it; others are refused, the personnel office is not."""
    await office.hear(hired("It", starts_on="2020-01-01", department="IT"))
    await office.hear(hired("Clerk", starts_on="2020-01-01", department="Sales"))
    async with office.client(build, scopes={"payroll:officer"}) as client:
        for who in ("It", "Clerk"):
            await asked(client, f"{AT}/employees/{person(who)}/accounts", actor=who.lower())
        await asked(client, f"{AT}/checklists/templates", occasion="onboarding", task="ACCOUNT", title="Account",
                    department="IT", due_days=0)  # fmt: skip
    await office.hear(hired("Anna", starts_on="2026-03-01"))
    done = {"employee": person("Anna"), "occasion": "onboarding", "task": "ACCOUNT"}
    async with office.client(build, scopes={"payroll:self"}, actor="clerk") as client:
        other = await refused(client, f"{TASKS}/outcomes", **done)
    async with office.client(build, scopes={"payroll:self"}, actor="it") as client:
        await asked(client, f"{TASKS}/outcomes", **done)
    assert other == (403, "task-of-another-department", None)
    assert await office.rows("select outcome, by_actor from checklist_outcome") == [("done", "it")]


async def test_tasks_are_listed_for_those_who_see_the_person_or_whose_department_they_are(office: Department) -> None:
    """P3, P27: nobody learns from the list of tasks who comes and who goes, but those who have something to do."""
    for who, department in (("It", "IT"), ("Clerk", "Sales"), ("Boss", "Sales")):
        await office.hear(hired(who, starts_on="2020-01-01", department=department))
    async with office.client(build, scopes={"payroll:officer"}) as client:
        for who in ("It", "Clerk", "Boss"):
            await asked(client, f"{AT}/employees/{person(who)}/accounts", actor=who.lower())
        await asked(client, f"{AT}/departments/changes", department="IT", effective_on="2020-01-01",
                    manager=person("Boss"))  # fmt: skip
        for task, department in (("LAPTOP", "IT"), ("DESK", "Sales")):
            await asked(client, f"{AT}/checklists/templates", occasion="leaving", task=task, title=task,
                        department=department, due_days=0)  # fmt: skip
        await asked(client, f"{AT}/employees/{person('Clerk')}/leaving", left_on="2030-06-30")
        await asked(client, f"{AT}/employees/{person('It')}/leaving", left_on="2030-06-30")

    async def seen(actor: str, *scopes: str) -> set[tuple[str, str]]:
        async with office.client(build, scopes=scopes, actor=actor) as client:
            answer = (await client.get(TASKS)).json()
        return {(line["task"], line["employee"]) for line in answer["tasks"]}

    laptops = {("LAPTOP", person("Clerk")), ("LAPTOP", person("It"))}
    desks = {("DESK", person("Clerk")), ("DESK", person("It"))}
    assert await seen("office", "payroll:read") == laptops | desks
    assert await seen("it", "payroll:self") == laptops | {("DESK", person("It"))}
    assert await seen("clerk", "payroll:self") == desks | {("LAPTOP", person("Clerk"))}
    assert await seen("boss", "payroll:team") == laptops | desks
    assert await seen("nobody", "payroll:self", "payroll:team") == set()


async def test_a_task_that_needs_a_certificate_is_done_by_nobody_while_it_is_expired(office: Department) -> None:
    """P23, P3: missing or expired, the task names it with its day; a renewal frees it, what is done stays done."""
    await office.hear(hired("It", starts_on="2020-01-01", department="IT"))
    template = {"occasion": "onboarding", "department": "IT", "due_days": 0}
    async with office.client(build) as client:
        await asked(client, f"{AT}/training/courses", course="FORKLIFT", name="Forklift")
        unknown = await refused(
            client, f"{AT}/checklists/templates", task="KEY", title="Key", requires="NONE", **template
        )
        await asked(client, f"{AT}/checklists/templates", task="KEY", title="Key", requires="FORKLIFT", **template)
        await asked(client, f"{AT}/checklists/templates", task="DESK", title="Desk", **template)
        told = (await client.get(f"{AT}/checklists/templates")).json()["templates"]
        await office.hear(hired("Anna", starts_on="2026-03-01"), hired("Ben", starts_on="2026-03-01"))
        today = date.fromisoformat((await client.get(TASKS)).json()["on"])
        yesterday, before = (today - timedelta(days=days) for days in (1, 400))
        key = {"employee": person("Anna"), "occasion": "onboarding", "task": "KEY"}
        certificates = f"{AT}/employees/{person('Anna')}/certificates"

        async def blocked(**params: str) -> dict[str, Any]:
            answer = (await client.get(TASKS, params={"employee": person("Anna")} | params)).json()
            return {line["task"]: line["blocked_by"] for line in answer["tasks"]}

        missing = await sent(client, f"{TASKS}/outcomes", **key)
        never = await blocked()
        await asked(client, certificates, course="FORKLIFT", issued_on=f"{before}", valid_until=f"{yesterday}")
        await asked(client, f"{AT}/employees/{person('Ben')}/certificates", course="FORKLIFT", issued_on=f"{before}")
        await asked(client, certificates, course="FORKLIFT", issued_on=f"{today + timedelta(days=9)}")
        expired = await sent(client, f"{TASKS}/outcomes", **key)
        ran_out, held_then = await blocked(), await blocked(on=f"{yesterday}")
        await asked(
            client, certificates, course="FORKLIFT", issued_on=f"{yesterday}", valid_until=f"{today + timedelta(30)}"
        )
        freed = await blocked()
        await asked(client, f"{TASKS}/outcomes", **key)
        done = await blocked(on=f"{today + timedelta(days=40)}")
        await asked(client, f"{TASKS}/outcomes", **key | {"task": "DESK"})
    assert unknown == (422, "course-unknown", "/requires")
    assert {(one["task"], one["requires"]) for one in told} == {("KEY", "FORKLIFT"), ("DESK", None)}
    assert missing.status_code == expired.status_code == 409
    nothing = {"course": "FORKLIFT", "state": "missing", "valid_until": None}
    assert (missing.json()["type"], missing.json()["blocked_by"]) == ("/problems/certificate-missing", nothing)
    lost = {"course": "FORKLIFT", "state": "expired", "valid_until": f"{yesterday}"}
    assert (expired.json()["type"], expired.json()["blocked_by"]) == ("/problems/certificate-expired", lost)
    assert f"{yesterday}" in expired.json()["detail"]
    assert (never, ran_out) == ({"KEY": nothing, "DESK": None}, {"KEY": lost, "DESK": None})
    assert held_then == freed == done == {"KEY": None, "DESK": None}
    recorded = await office.rows("select task, outcome from checklist_outcome order by task")
    assert recorded == [("DESK", "done"), ("KEY", "done")]


async def test_the_database_itself_lets_nobody_do_a_task_without_the_certificate_it_needs(office: Department) -> None:
    """P23: whatever the code above does, by the service's own role: missing, expired, of another course, to come."""
    await office.hear(hired("It", starts_on="2020-01-01", department="IT"))
    template = {"occasion": "onboarding", "department": "IT", "due_days": 0}
    names = ("Never", "Expired", "Other", "ToCome", "Today")
    async with office.client(build) as client:
        for course in ("FORKLIFT", "FIRST-AID"):
            await asked(client, f"{AT}/training/courses", course=course, name=course)
        await asked(client, f"{AT}/checklists/templates", task="KEY", title="Key", requires="FORKLIFT", **template)
        await asked(client, f"{AT}/checklists/templates", task="DESK", title="Desk", **template)
        await office.hear(*[hired(name, starts_on="2026-03-01") for name in names])
        today = date.fromisoformat((await client.get(TASKS)).json()["on"])
        before, yesterday, tomorrow = (today + timedelta(days) for days in (-400, -1, 1))
        for name, course, first, last in (
            ("Expired", "FORKLIFT", before, yesterday),
            ("Other", "FIRST-AID", before, None),
            ("ToCome", "FORKLIFT", tomorrow, None),
            ("Today", "FORKLIFT", before, today),
        ):
            until = {} if last is None else {"valid_until": str(last)}
            path = f"{AT}/employees/{person(name)}/certificates"
            await asked(client, path, course=course, issued_on=str(first), **until)

    async def written(name: str, task: str, outcome: str) -> bool:
        try:
            async with office.database.unit(["acme"]) as unit:
                await unit.raw.execute(PAST_THE_CODE, UUID(person(name)), task, outcome)
        except asyncpg.CheckViolationError:
            return False
        return True

    assert [await written(name, "KEY", "done") for name in names] == [False, False, False, False, True]
    # What is not needed is waived, and a task that needs nothing is done
    assert await written("Never", "KEY", "waived")
    assert await written("Never", "DESK", "done")


async def test_a_blocked_task_that_is_not_needed_can_be_waived(office: Department) -> None:
    """P23: nobody has to renew a certificate for a key that is not handed over."""
    await office.hear(hired("It", starts_on="2020-01-01", department="IT"))
    async with office.client(build) as client:
        await asked(client, f"{AT}/training/courses", course="FORKLIFT", name="Forklift")
        await asked(client, f"{AT}/checklists/templates", occasion="onboarding", task="KEY", title="Key", due_days=0,
                    department="IT", requires="FORKLIFT")  # fmt: skip
        await office.hear(hired("Anna", starts_on="2026-03-01"))
        key = {"employee": person("Anna"), "occasion": "onboarding", "task": "KEY"}
        refusal = await refused(client, f"{TASKS}/outcomes", **key)
        await asked(client, f"{TASKS}/outcomes", **key, outcome="waived")
    assert refusal == (409, "certificate-missing", None)


def test_the_next_day_begins_where_the_company_is() -> None:
    """X3: a leaver is told within seconds of the midnight that ends their last day, summer or winter."""
    late = datetime(2026, 11, 22, 21, 59, tzinfo=UTC)
    assert next_day(late, "Europe/Athens") == datetime(2026, 11, 22, 22, 0, 5, tzinfo=UTC)
    assert next_day(late, "UTC") == datetime(2026, 11, 23, 0, 0, 5, tzinfo=UTC)
    assert next_day(datetime(2026, 7, 1, 12, tzinfo=UTC), "Asia/Jerusalem") == datetime(
        2026, 7, 1, 21, 0, 5, tzinfo=UTC
    )


async def test_the_day_tells_who_left_and_leaves_a_job_for_the_next_day(office: Department) -> None:
    """X3: a last day that was recorded ahead and is over now, with the real job workers."""
    await office.hear(hired("Anna", starts_on="2020-01-01"), hired("Ben", starts_on="2020-01-01"))
    ahead = "insert into leaving select 'acme', employee, 1, now()::date + $2::int, 'other', now() from employee"
    for who, days in (("Anna", -1), ("Ben", 1)):
        async with office.database.unit(["acme"]) as unit:
            await unit.raw.execute(f"{ahead} where employee = $1", person(who), days)
    await work_through_the_day(office)
    (left,) = await office.told("EmployeeLeft")
    assert left.data["employee"] == person("Anna")
    await work_through_the_day(office)
    assert len(await office.told("EmployeeLeft")) == 1
    assert await office.rows("select count(*) from job where queue = 'daily' and run_at > now()") == [(1,)]


async def work_through_the_day(office: Department) -> None:
    """Let the day's job be due now, and wait until it has left the next one."""
    superuser = await asyncpg.connect(office.server.superuser_url_of(office.urls))
    operator = await asyncpg.create_pool(office.urls.relay_url, min_size=0, max_size=2)
    try:
        await superuser.execute("update job set run_at = now() - interval '1 second' where queue = 'daily'")
        workers = asyncio.create_task(JobWorkers(jobs_of(None), office.database, operator, office.metrics).run())
        await eventually(lambda: _is_for_tomorrow(superuser), what="the day is done")
        workers.cancel()
        with suppress(asyncio.CancelledError):
            await workers
    finally:
        await operator.close()
        await superuser.close()


async def _is_for_tomorrow(connection: asyncpg.Connection) -> bool:
    return bool(
        await connection.fetchval("select bool_and(run_at > now() and lease is null) from job where queue = 'daily'")
    )
