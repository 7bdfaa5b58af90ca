"""Leave that says something about somebody's health: what kind it is stands sealed, and two alone are told."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from chassis.ids import UUID
from tests.payroll.office import person
from tests.payroll.runs.bureau import AT, Bureau, no, said

KIND, UNPAID = "CANARYILLNESS", "CANARYPARENTAL"
ANNA, BOSS = f"{AT}/employees/{person('Anna')}", f"{AT}/employees/{person('Boss')}"
DAYS = {"first": "2024-03-04", "last": "2024-03-06"}
OF_THE_COMPANY = {"leave_type", "leave_rule"}
"""Tables that say which kinds there are, of nobody."""


async def at_home(bureau: Bureau) -> str:
    """Boss manages Anna, who asks for three days of a confidential kind that has a balance; the request."""
    await bureau.hire("Anna", "Boss")
    async with bureau.client(actor="user:registrar") as client:
        for name in ("Anna", "Boss"):
            path = f"{AT}/employees/{person(name)}/accounts"
            await said(client, path, actor=f"user:{name.lower()}")
        await said(client, f"{ANNA}/changes", effective_on="2024-01-01", manager=person("Boss"))
        types = f"{AT}/leave/types"
        await said(client, types, leave_type=KIND, name="Illness", confidential=True)
        await said(client, types, leave_type=UNPAID, name="Parental", paid=False, limited=False, confidential=True)
        await said(client, types, leave_type="ANNUAL", name="Annual")
        for kind in (KIND, "ANNUAL"):
            rule = {"leave_type": kind, "effective_on": "2024-01-01", "days_per_year": "24"}
            await said(client, f"{AT}/leave/rules", **rule)
        await said(client, f"{AT}/leave/months", month="2024-02")
    async with bureau.client(actor="user:anna", scopes=("payroll:self",)) as client:
        return str((await said(client, f"{ANNA}/leave/requests", leave_type=KIND, **DAYS))["request"])


async def leave_of_anna(bureau: Bureau, actor: str, *scopes: str) -> dict[str, Any]:
    """What somebody is told of Anna's leave."""
    async with bureau.client(actor=actor, scopes=scopes) as client:
        return dict((await client.get(f"{ANNA}/leave", params={"on": "2024-03-31"})).json())


async def test_what_kind_of_leave_it_is_stands_sealed_and_nowhere_in_clear(bureau: Bureau) -> None:
    """P27, P11: in no row about a person; what was said and answered is not kept either (INV17)."""
    request = await at_home(bureau)
    async with bureau.client() as client:
        await said(client, f"{AT}/leave/requests/{request}/decision", decision="approved")
        day = {"leave_type": KIND, "effective_on": "2024-03-01", "days": "1.5"}
        told = await said(client, f"{ANNA}/leave/adjustments", **day)
    assert told == {"employee": person("Anna")}
    tables = await bureau.office.rows(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    for table in {name for (name,) in tables} - OF_THE_COMPANY:
        rows = [str(row[0]) for row in await bureau.office.rows(f'select t::text from "{table}" t')]
        found = [row for row in rows if KIND in row or KIND.encode().hex() in row]
        if table in ("audit", "request"):  # that there is such a kind, of nobody
            found = [row for row in found if person("Anna") in row or "employees" in row]
        assert found == [], table


async def test_others_see_that_somebody_is_away_and_what_kind_only_the_officer_and_they_themselves(
    bureau: Bureau,
) -> None:
    """P27, P16, P11: managers decide by the days; a balance is the sum of entries for who sees both."""
    request = await at_home(bureau)
    async with bureau.client(actor="user:boss", scopes=("payroll:team",)) as client:
        assert KIND not in (await client.get(f"{AT}/leave/requests")).text
        await said(client, f"{AT}/leave/requests/{request}/decision", decision="approved")
    for actor, scope in (("user:boss", "payroll:team"), ("user:clerk", "payroll:read"), ("user:root", "payroll:*")):
        told = await leave_of_anna(bureau, actor, scope)
        assert KIND not in str(told)
        assert [(r["leave_type"], r["days"], r["state"]) for r in told["requests"]] == [(None, "3.00", "approved")]
        assert {e["leave_type"] for e in told["entries"]} == {"ANNUAL"}
        assert told["balances"] == [{"leave_type": "ANNUAL", "days": "4.00"}]
    for actor, scope in (("user:olga", "payroll:officer"), ("user:anna", "payroll:self")):
        told = await leave_of_anna(bureau, actor, scope)
        assert told["requests"][0]["leave_type"] == KIND
        assert told["balances"] == [{"leave_type": "ANNUAL", "days": "4.00"}, {"leave_type": KIND, "days": "1.00"}]
        assert sum(float(e["days"]) for e in told["entries"] if e["leave_type"] == KIND) == 1


async def test_confidential_leave_without_pay_lessens_pay_and_is_told_to_few(bureau: Bureau) -> None:
    """P27, P11: the run knows the days, the list of unpaid leave tells them to who may know the kind."""
    await at_home(bureau)
    await bureau.agree("Anna", "3100.00")
    async with bureau.client() as client:
        away = {"leave_type": UNPAID, "first": "2024-01-01", "last": "2024-01-31"}
        request = (await said(client, f"{ANNA}/leave/requests", **away))["request"]
    async with bureau.client(actor="user:second") as client:
        await said(client, f"{AT}/leave/requests/{request}/decision", decision="approved")
    period = {"first": "2024-01-01", "last": "2024-01-31"}
    for scope, shown in (("payroll:officer", 1), ("payroll:read", 0)):
        async with bureau.client(actor="user:x", scopes=(scope,)) as client:
            assert len((await client.get(f"{AT}/leave/unpaid", params=period)).json()["unpaid"]) == shown, scope
    await bureau.calculated("2024-01")
    assert (await bureau.slip("Anna", "2024-01"))["gross"] == "0.00"


async def test_with_the_key_goes_what_kind_of_leave_it_was(bureau: Bureau) -> None:
    """P27: the days stay, as they are others' too; what they were for is gone for the officer as well."""
    request = await at_home(bureau)
    async with bureau.office.database.unit(["acme"]) as unit:
        unit.now = await unit.raw.fetchval("select now()")
        await bureau.desk.vault.erase(unit.raw, [("acme", UUID(person("Anna")))], unit.now)
    told = await leave_of_anna(bureau, "user:olga", "payroll:officer")
    assert [(r["leave_type"], r["days"]) for r in told["requests"]] == [(None, "3.00")]
    assert {e["leave_type"] for e in told["entries"]} == {"ANNUAL", None}
    async with bureau.client() as client:
        decision = f"{AT}/leave/requests/{request}/decision"
        assert await no(client, decision, decision="approved") == (410, "person-erased", None)
        more = {"leave_type": KIND, "first": "2024-04-01", "last": "2024-04-01"}
        assert await no(client, f"{ANNA}/leave/requests", **more) == (410, "person-erased", None)
        await said(client, f"{AT}/leave/months", month="2024-03")


async def test_only_the_officer_and_they_themselves_enter_it_and_the_database_keeps_it_out_of_the_clear(
    bureau: Bureau,
) -> None:
    """P27, X9: the personnel office enters annual leave, and no leave that says something about somebody's health."""
    await at_home(bureau)
    more = {"leave_type": KIND, "first": "2024-04-01", "last": "2024-04-01"}
    day = {"leave_type": KIND, "effective_on": "2024-03-01", "days": "1.5"}
    async with bureau.client(actor="user:clerk", scopes=("payroll:write", "payroll:read")) as client:
        for path, body in ((f"{ANNA}/leave/requests", more), (f"{ANNA}/leave/adjustments", day)):
            assert await no(client, path, **body) == (403, "leave-confidential", "/leave_type")
        await said(client, f"{ANNA}/leave/requests", **more | {"leave_type": "ANNUAL"})
    clear = (
        "insert into leave_entry (company, employee, leave_type, kind, effective_on, hundredths, period, recorded_at) "
        "select company, employee, $1, 'adjustment', '2024-01-01', 100, 'x', now() from employee"
    )
    with pytest.raises(asyncpg.CheckViolationError):
        async with bureau.office.database.unit(["acme"]) as unit:
            await unit.raw.execute(clear, KIND)


async def test_who_reads_confidential_leave_is_written_down_for_each_person(bureau: Bureau) -> None:
    """P27, P16: by the officer or themselves, one by one or in a list; others are told nothing and leave no line."""
    request = await at_home(bureau)
    await bureau.hire("Other")
    async with bureau.client() as client:
        away = {"leave_type": UNPAID, "first": "2024-01-01", "last": "2024-01-31"}
        asked = await said(client, f"{AT}/employees/{person('Other')}/leave/requests", **away)
    async with bureau.client(actor="user:second") as client:
        for one in (request, asked["request"]):
            await said(client, f"{AT}/leave/requests/{one}/decision", decision="approved")
    questions = (f"{ANNA}/leave", f"{AT}/leave/requests", f"{AT}/leave/unpaid?first=2024-01-01&last=2024-12-31")
    for actor, scope in (("boss", "team"), ("clerk", "read"), ("olga", "officer"), ("anna", "self")):
        async with bureau.client(actor=f"user:{actor}", scopes=(f"payroll:{scope}",)) as client:
            for question in questions:
                assert (await client.get(question)).status_code == 200
    read = "select actor, what, employee::text from pay_reading order by actor, what, employee = $1::uuid"
    anna, other = person("Anna"), person("Other")
    assert [tuple(row) for row in await bureau.office.rows(read, anna)] == [
        ("user:anna", "leave", anna),
        ("user:anna", "leave requests", anna),
        ("user:olga", "leave", anna),
        ("user:olga", "leave requests", other),
        ("user:olga", "leave requests", anna),
        ("user:olga", "unpaid leave", other),
    ]
    async with bureau.client() as client:
        told = (await client.get(f"{ANNA}/readings")).json()["readings"]
    assert {(line["actor"], line["what"]) for line in told} >= {("user:olga", "leave"), ("user:anna", "leave requests")}
