"""Random careers with back-dated changes through the run on the database, computed a second time in another way."""

from __future__ import annotations

import os
import random
import uuid
from datetime import date, timedelta
from fractions import Fraction

import pytest

from chassis.cause import Cause
from chassis.ids import UUID, derive
from services.payroll.commands.pay import AgreePay, ApproveRun, CalculatePart, RecordTaxProfile, StartRun
from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.people import Person
from services.payroll.domain.pay.records import read
from services.payroll.store.payslips import slip_place
from tests.payroll.office import hired, person
from tests.payroll.pay.careers import MONTHS, by_hand, career
from tests.payroll.runs.bureau import APPROVER, OFFICER, Bureau
from tests.support.department import NOON

CAREERS = int(os.environ.get("CAREERS", "6"))

AWAY = """
with asked as (insert into leave_request select 'acme', x.request::uuid, x.employee::uuid, 'unpaid', x.first, x.last,
    100, 'a', now() from unnest($1::text[], $2::text[], $3::date[], $4::date[]) as x(request, employee, first, last)
    returning request)
insert into leave_decision (company, request, revision, decision, asked_by, decided_by, recorded_at)
select 'acme', request, 1, 'approved', 'a', 'b', now() from asked
"""
LEFT = """
insert into leaving select 'acme', x.employee::uuid, 1, x.left_on, 'other', now()
from unnest($1::text[], $2::date[]) as x(employee, left_on)
"""


class Careers:
    """So many people, month by month."""

    def __init__(self, bureau: Bureau, number: int) -> None:
        self.bureau = bureau
        self.known = {f"P{n}": career(random.Random(n), contracts=False) for n in range(1, number + 1)}
        self.steps = 0

    def cause(self, actor: str = OFFICER) -> Cause:
        self.steps += 1
        identity = derive("career", self.steps)
        return Cause(identity, "acme", str(identity), actor, None, None, NOON)

    async def hire(self) -> None:
        """Everybody is on the register from the start, also who begins later."""
        office = self.bureau.office
        names = list(self.known)
        for start in range(0, len(names), 200):
            some = names[start : start + 200]
            await office.hear(*[hired(name, starts_on=str(self.known[name][0].hired_on)) for name in some])
        await office.rows("insert into leave_type values ('acme', 'unpaid', 'Unpaid', false, false, now())")

    async def learn(self, at: int) -> None:
        """What became known before the run of this month."""
        office, terms, profiles = self.bureau.office, list[AgreePay](), list[RecordTaxProfile]()
        requests: list[tuple[str, str, date, date]] = []
        leavers: list[tuple[str, date]] = []
        for n, (name, known) in enumerate(self.known.items()):
            now, before = known[at], known[at - 1] if at else None
            who = UUID(person(name))
            old = {} if before is None else {term.starts_on: term for term in before.terms}
            for term in now.terms:
                if old.get(term.starts_on) != term:
                    terms.append(
                        AgreePay(self.cause(), who, "staff", term.starts_on, term.monthly, "EUR", term.cost_centre)
                    )
            profiles += [
                RecordTaxProfile(self.cause(), who, each.starts_on, "XX", f"{n:09}", 0, decimal(each.credit_points))
                for each in now.profiles
                if before is None or each not in before.profiles
            ]
            for number, leave in enumerate(now.unpaid[len(before.unpaid) if before else 0 :]):
                # the same days can be drawn twice
                requests.append((str(derive("leave", name, at, number)), str(who), leave.first, leave.last))
            if now.left_on and (before is None or before.left_on is None):
                leavers.append((person(name), now.left_on))
        if requests:
            await office.rows(AWAY, *map(list, zip(*requests, strict=True)))
        if leavers:
            await office.rows(LEFT, *map(list, zip(*leavers, strict=True)))
        if profiles:
            async with office.database.unit(["acme"]) as unit:
                unit.now = NOON + timedelta(days=at)
                await self.bureau.desk.agreeing.record_profiles(profiles, unit)
        if terms:
            async with office.database.unit(["acme"]) as unit:
                unit.now = NOON + timedelta(days=at)
                await self.bureau.desk.agreeing.agree_pay(terms, unit)

    async def run(self, month: Month) -> None:
        """The month is calculated part by part in any order, and approved."""
        desk, database = self.bureau.desk, self.bureau.office.database
        run = derive("pay-run", "acme", "staff", month.first, "regular")
        async with database.unit(["acme"]) as unit:
            unit.now = NOON
            (answer,) = await desk.running.start([StartRun(self.cause(), "staff", month.first)], unit)
            assert getattr(answer, "status", None) == 202, answer
        parts = [
            row[0] for row in await self.bureau.office.rows("select part from pay_run_part where run = $1", str(run))
        ]
        random.Random(str(month)).shuffle(parts)
        for part in parts:
            command = CalculatePart("acme", run, 1, part)
            async with database.unit(["acme"]) as unit:
                loaded = await desk.paying.load(command, unit.raw)
            assert loaded is not None
            result = desk.paying.calculate(command, loaded)
            async with database.unit(["acme"]) as unit:
                unit.now = NOON
                await desk.paying.keep(command, result, loaded.part.month, unit)
        async with database.unit(["acme"]) as unit:
            unit.now = NOON
            await desk.paying.finish("acme", run, 1, unit)
        ((digest, problems),) = await self.bureau.office.rows(
            "select digest, problems from pay_run where run = $1", str(run)
        )
        assert problems == 0, await self.bureau.office.rows("select code from pay_run_problem")
        async with database.unit(["acme"]) as unit:
            unit.now = NOON
            (answer,) = await desk.running.approve([ApproveRun(self.cause(APPROVER), run, digest.hex())], unit)
            assert getattr(answer, "status", None) == 200, answer

    async def paid(self) -> dict[str, dict[Month, dict[str, int]]]:
        """What was paid to everybody, by the month that it was for, read from the sealed payslips."""
        found: dict[str, dict[Month, dict[str, int]]] = {name: {} for name in self.known}
        names: dict[uuid.UUID, str] = {uuid.UUID(person(name)): name for name in self.known}
        rows = await self.bureau.office.rows("select employee, period, sealed from payslip")
        async with self.bureau.office.database.read(["acme"]) as unit:
            ring = await self.bureau.desk.vault.ring(unit.raw, [("acme", UUID(str(who))) for who in names])
        for employee, period, sealed in rows:
            pay = read(ring.unseal(slip_place("acme", employee, period), sealed))
            booked = [] if pay.slip is None else [(pay.month, line) for line in pay.slip.lines]
            booked += [(difference.month, line) for difference in pay.differences for line in difference.lines]
            for month, line in booked:
                sums = found[names[employee]].setdefault(month, {})
                sums[line.code] = sums.get(line.code, 0) + line.amount
        return found


def decimal(points: Fraction) -> str:
    return str(float(points))


def last_known(known: list[Person]) -> Person:
    return known[-1]


@pytest.mark.timeout(7_200 if CAREERS > 100 else 240)
async def test_random_careers_are_paid_as_a_second_computation_says(bureau: Bureau) -> None:
    """P12: whatever was recorded late, in the end each month has been paid by the facts as they are known now."""
    careers = Careers(bureau, CAREERS)
    await careers.hire()
    for at, month in enumerate(MONTHS):
        await careers.learn(at)
        await careers.run(month)
    paid = await careers.paid()
    for name, known in careers.known.items():
        expected = by_hand(last_known(known))
        for month in MONTHS:
            sums = dict.fromkeys(expected[month], 0) | paid[name].get(month, {})
            assert sums == expected[month], (name, str(month))
    ((corrected,),) = await bureau.office.rows("select count(*) from payslip where corrects")
    assert corrected > CAREERS
