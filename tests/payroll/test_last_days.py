"""Last days that were wrong, and what contracts say to them."""

from __future__ import annotations

import httpx

from services.payroll.main import build
from tests.payroll.office import asked, hired, person, refused
from tests.payroll.test_checklists import work_through_the_day
from tests.support.department import Department

AT = "/v1/companies/acme"
A, BOSS, CLERK = (f"{AT}/employees/{person(who)}" for who in ("A", "Boss", "Clerk"))
TERMS = {"kind": "permanent", "job_title": "Clerk", "weekly_hours": "40"}


async def told(office: Department) -> list[tuple[str, str | None]]:
    """What others hear of who has left, in its order: the event, and the day that it tells or takes back."""
    days = {"EmployeeLeft": "left_on", "DocumentRetentionStarted": "since", "EmploymentChanged": "not_left_on"}
    return [(t.type, t.data.get(days[t.type])) for t in await office.told() if t.type in days]


async def test_a_mistyped_last_day_is_moved_by_a_correction_and_others_hear_of_it(office: Department) -> None:
    """X3, P1: January instead of March, found when others know it; by nobody without saying what was wrong."""
    await office.hear(hired("A", starts_on="2020-01-01"))
    async with office.client(build) as client:
        await asked(client, f"{A}/leaving", left_on="2024-01-13", reason="resignation")
        # When it is entered again as if nobody knew it
        assert await refused(client, f"{A}/leaving", left_on="2024-03-13") == (409, "already-left", "/left_on")
        assert await refused(client, f"{A}/leaving", left_on=None) == (409, "already-left", "/left_on")
        same = await refused(client, f"{A}/leaving", left_on="2024-01-13", correction="mistyped")
        odd = await refused(client, f"{A}/leaving", left_on="2024-03-13", correction="")
        # And then as what it is
        await asked(client, f"{A}/leaving", left_on="2024-03-13", reason="resignation", correction="mistyped")
        february = (await client.get(A, params={"on": "2024-02-15"})).json()
    assert (same, odd) == ((409, "already-left", "/left_on"), (422, "invalid-request", "/correction"))
    # Then they were employed in February, the wrong day stands beside the right one, and others hear both
    assert (february["state"], february["left_on"]) == ("employed", "2024-03-13")
    assert await told(office) == [
        ("EmployeeLeft", "2024-01-13"), ("DocumentRetentionStarted", "2024-01-13"),
        ("EmploymentChanged", "2024-01-13"),
        ("EmployeeLeft", "2024-03-13"), ("DocumentRetentionStarted", "2024-03-13"),
    ]  # fmt: skip
    facts = await office.rows("select left_on::text from leaving order by revision")
    assert facts == [("2024-01-13",), ("2024-03-13",)]
    audit = await office.rows("select detail from audit where action = 'leaving-corrected'")
    assert len(audit) == 1
    assert b"mistyped" in audit[0][0]


async def test_who_has_not_left_at_all_stays_and_a_day_that_holds_again_is_told_again(office: Department) -> None:
    """X3: taken back, they work on, are changed and leave later; each word about it is heard once."""
    await office.hear(hired("A", starts_on="2020-01-01"))
    async with office.client(build) as client:
        await asked(client, f"{A}/leaving", left_on="2024-01-13")
        await asked(client, f"{A}/leaving", left_on=None, correction="wrong_person")
        await asked(client, f"{A}/changes", effective_on="2024-02-01", job_title="Buyer")
        now = (await client.get(A)).json()
        await asked(client, f"{A}/leaving", left_on="2024-03-13")
        await asked(client, f"{A}/leaving", left_on="2099-03-13", correction="worked_on")
        await asked(client, f"{A}/leaving", left_on="2024-03-13")
    await work_through_the_day(office)
    assert (now["state"], now["left_on"]) == ("employed", None)
    assert await told(office) == [
        ("EmployeeLeft", "2024-01-13"), ("DocumentRetentionStarted", "2024-01-13"),
        ("EmploymentChanged", "2024-01-13"), ("EmploymentChanged", None),
        ("EmployeeLeft", "2024-03-13"), ("DocumentRetentionStarted", "2024-03-13"),
        ("EmploymentChanged", "2024-03-13"),
        ("EmployeeLeft", "2024-03-13"), ("DocumentRetentionStarted", "2024-03-13"),
    ]  # fmt: skip


async def test_nobody_whose_pay_was_erased_comes_back_by_a_correction(office: Department) -> None:
    """P27: nothing could be paid to them any more."""
    await office.hear(hired("A", starts_on="2020-01-01"))
    async with office.client(build) as client:
        await asked(client, f"{A}/leaving", left_on="2024-01-13")
        async with office.database.unit(["acme"]) as unit:
            await unit.raw.execute("insert into person_key (company, employee, wrapped, made_at, erased_at) "
                                   "values ('acme', $1, null, now(), now())", person("A"))  # fmt: skip
        moved = await refused(client, f"{A}/leaving", left_on="2024-03-13", correction="mistyped")
    assert moved == (409, "person-erased", "/left_on")


async def post_of_two(office: Department, client: httpx.AsyncClient) -> None:
    """Boss holds a post until a last day, and Clerk from the next day on."""
    await office.hear(hired("Boss", starts_on="2026-01-01"), hired("Clerk", starts_on="2026-01-01"))
    await asked(client, f"{AT}/posts", post="P-1", department="Logistics", title="T", opens_on="2026-01-01")
    await asked(client, f"{BOSS}/contracts", reference="K-1", starts_on="2026-01-01", post="P-1", **TERMS)
    await asked(client, f"{BOSS}/leaving", left_on="2098-12-31")
    await asked(client, f"{CLERK}/contracts", reference="K-2", starts_on="2099-01-01", post="P-1", **TERMS)


async def test_a_last_day_is_not_moved_over_the_next_contract_on_the_post(office: Department) -> None:
    """P4: one post would be held by two; the refusal names both contracts. An earlier day is no harm."""
    async with office.client(build) as client:
        await post_of_two(office, client)
        for day in (None, "2099-01-01", "2099-06-30"):
            assert await refused(client, f"{BOSS}/leaving", left_on=day) == (409, "contract-overlaps", "/left_on")
        answer = await client.post(f"{BOSS}/leaving", json={"left_on": None}, headers={"Idempotency-Key": "a-1"})
        assert ("K-1" in answer.json()["detail"], "K-2" in answer.json()["detail"]) == (True, True)
        assert await office.rows("select count(*) from leaving") == [(1,)]
        await asked(client, f"{BOSS}/leaving", left_on="2098-06-30")
        # Whose contract never began is in nobody's way
        await asked(client, f"{CLERK}/leaving", left_on="2098-12-31")
        await asked(client, f"{BOSS}/leaving", left_on=None)


async def test_a_last_day_is_not_moved_beyond_the_end_of_the_post(office: Department) -> None:
    """P4, P2: the post was given up because nobody would hold it."""
    async with office.client(build) as client:
        await office.hear(hired("Boss", starts_on="2026-01-01"))
        await asked(client, f"{AT}/posts", post="P-1", department="Logistics", title="T", opens_on="2026-01-01")
        await asked(client, f"{BOSS}/contracts", reference="K-1", starts_on="2026-01-01", post="P-1", **TERMS)
        await asked(client, f"{BOSS}/leaving", left_on="2098-12-31")
        await asked(client, f"{AT}/posts/closing", post="P-1", last_day="2098-12-31")
        assert await refused(client, f"{BOSS}/leaving", left_on=None) == (409, "post-not-open", "/left_on")


async def test_a_hire_is_not_corrected_to_a_day_after_a_contract_has_begun(office: Department) -> None:
    """P4: the contract would begin before the first day of work."""
    async with office.client(build) as client:
        await office.hear(hired("A", starts_on="2026-01-01"))
        await asked(client, f"{A}/contracts", reference="K-1", starts_on="2026-02-01", **TERMS)
        late = await refused(client, f"{A}/changes", replaces=1, effective_on="2026-03-01")
        await asked(client, f"{A}/changes", replaces=1, effective_on="2026-02-01")
    assert late == (409, "contract-before-hire", "/effective_on")
