"""Questions about runs: where one stands, what it comes to, and who cannot be paid."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from contracts.money import from_minor
from services.payroll.domain.pay.journal import postings
from services.payroll.domain.pay.records import read_totals
from services.payroll.domain.pay.totals import Totals
from services.payroll.store.effective import hired_on
from services.payroll.store.pay_runs import sums_place
from services.payroll.store.vault import Vault

RUNS = """
select r.*, g.currency from pay_run r join pay_group g on g.company = r.company and g.pay_group = r.pay_group
where r.company = $1 and ($2::text is null or r.pay_group = $2) and ($3::uuid is null or r.run = $3)
order by r.period desc, r.pay_group limit $4
"""
STEPS = "select step, action, actor, at from pay_run_step where company = $1 and run = $2 order by step"
PROBLEMS = """
select p.employee, e.number, p.code, p.detail from pay_run_problem p
join employee e on e.company = p.company and e.employee = p.employee
where p.company = $1 and p.run = $2 and p.attempt = $3 order by e.serial limit 500
"""
PARTS = """
select count(*) as parts, count(done_at) as done from pay_run_part where company = $1 and run = $2 and attempt = $3
"""
# Of who is employed in the month; who left before and who comes later are no business of this run.
WITHOUT_TERMS = f"""
select e.number from employee e
cross join lateral ({hired_on("e")}) h
left join lateral (select v.left_on from leaving v where v.company = e.company and v.employee = e.employee
    order by v.revision desc limit 1) l on true
where e.company = $1 and h.hired_on < $2::date + interval '1 month' and (l.left_on is null or l.left_on >= $2)
    and not exists (select from pay_member m where m.company = e.company and m.employee = e.employee)
order by e.serial limit 500
"""
WITHOUT_PROFILE = """
select p.employee, e.number, 'tax-profile-missing' as code,
    'No credit is counted: nobody has entered what tax depends on.' as detail from payslip p
join employee e on e.company = p.company and e.employee = p.employee
where p.company = $1 and p.run = $2 and p.attempt = $3 and p.version <> ''
    and not exists (select from tax_profile t where t.company = p.company and t.employee = p.employee
        and t.effective_on < p.period + interval '1 month')
order by e.serial limit 500
"""
# Who is employed in the month and in the group, and has neither a payslip nor a reason why not: since the run began
# they got terms, or their key was erased.
LEFT_OUT = f"""
select e.employee, e.number, case when k.erased_at is null then 'agreed-after-start' else 'person-erased' end as code
from pay_member m join employee e on e.company = m.company and e.employee = m.employee
cross join lateral ({hired_on("m")}) h
left join lateral (select v.left_on from leaving v where v.company = m.company and v.employee = m.employee
    order by v.revision desc limit 1) l on true
left join person_key k on k.company = m.company and k.employee = m.employee
where m.company = $1 and m.pay_group = $2 and h.hired_on < $3::date + interval '1 month'
    and (l.left_on is null or l.left_on >= $3)
    and not exists (select from payslip p where p.company = m.company and p.employee = m.employee and p.run = $4
        and p.attempt = $5)
    and not exists (select from pay_run_problem p where p.company = m.company and p.employee = m.employee
        and p.run = $4 and p.attempt = $5)
order by e.serial limit 500
"""

# Somebody who is in the run, and of whom something was recorded since the calculation began that may change the month.
# A holiday concerns everybody; what any department bears, whoever's pay follows their position.
CHANGED = """
select e.employee, e.number, 'changed-since-calculated' as code,
    'Something that pay depends on was recorded after the calculation began: calculate the run again.' as detail
from pay_run r
join payslip p on p.company = r.company and p.run = r.run and p.attempt = r.attempt
join employee e on e.company = p.company and e.employee = p.employee
cross join lateral (select (r.period + interval '1 month')::date as day) ends
where r.company = $1 and r.run = $2 and r.state = 'calculated' and (
    exists (select from pay_term t where t.company = p.company and t.employee = p.employee
        and t.recorded_at > r.started_at and t.effective_on < ends.day)
    or exists (select from tax_profile t where t.company = p.company and t.employee = p.employee
        and t.recorded_at > r.started_at and t.effective_on < ends.day)
    or exists (select from leaving v where v.company = p.company and v.employee = p.employee
        and v.recorded_at > r.started_at and (v.revision > 1 or v.left_on < ends.day))
    or exists (select from assignment a where a.company = p.company and a.employee = p.employee
        and a.recorded_at > r.started_at
        and (a.replaces is not null or a.effective_on < ends.day and a.sets && array['cost_centre', 'department']))
    or exists (select from contract c join contract_term t on t.company = c.company and t.contract = c.contract
        where c.company = p.company and c.employee = p.employee and t.recorded_at > r.started_at
            and t.effective_on < ends.day and t.revision > 1)
    or exists (select from leave_request q join leave_decision d on d.company = q.company and d.request = q.request
        where q.company = p.company and q.employee = p.employee and q.first_day < ends.day
            and d.recorded_at > r.started_at)
    or exists (select from holiday h where h.company = p.company and h.recorded_at > r.started_at and h.day < ends.day)
    or exists (select from department_fact f where f.company = p.company and f.recorded_at > r.started_at
            and (f.replaces is not null or f.effective_on < ends.day and f.sets && array['cost_centre', 'parent']))
        and exists (select from pay_term t where t.company = p.company and t.employee = p.employee
            and t.cost_centre is null and t.sealed is not null and t.effective_on < ends.day))
order by e.serial limit 500
"""


class Step(BaseModel):
    """Who did what with the run."""

    step: int
    action: str
    actor: str
    at: datetime


class RunProblem(BaseModel):
    """Why somebody cannot be paid, or what is odd about it."""

    employee: UUID
    number: str
    code: str
    detail: str | None
    """The sentence, with the day or the contract that it is about; null where an older version kept the code alone."""


class LeftOut(BaseModel):
    """Somebody of the group who is not in the run: `agreed-after-start` (calculate it again) or `person-erased`."""

    employee: UUID
    number: str
    code: str


class CentreSums(BaseModel):
    """What a cost centre bears."""

    cost_centre: str
    people: int
    salaries: str
    employer_contributions: str


class Remittance(BaseModel):
    """What is owed to an authority for the month."""

    authority: str
    contributions: str
    tax: str
    total: str


class JournalLine(BaseModel):
    """A line as it goes to the books."""

    role: str
    side: str
    amount: str
    cost_centre: str | None
    owed_to: str | None


class RunTotals(BaseModel):
    """What a run comes to: sums over people, in the run's currency."""

    gross: str
    employer_contributions: str
    net: str
    to_pay: str
    payments: int
    cost_centres: list[CentreSums]
    remittances: list[Remittance]
    journal: list[JournalLine]


class RunLine(BaseModel):
    """A run in a list."""

    run: UUID
    pay_group: str
    period: str
    currency: str
    state: str
    attempt: int
    people: int
    problems: int
    digest: str | None
    started_by: str
    approved_by: str | None
    paid_on: date | None


class RunPage(BaseModel):
    """Runs, the newest month first."""

    runs: list[RunLine]


class RunView(RunLine):
    """A run with its steps and, once it is calculated, its sums."""

    parts: int
    parts_done: int
    steps: list[Step]
    unpaid: list[RunProblem]
    """Who cannot be paid, and why; the run cannot be approved before that is put right."""
    left_out: list[LeftOut]
    """Who belongs to the group by now and is not in the run, from when it is calculated until it is approved."""
    notices: list[RunProblem]
    """Who is paid, and about whom something is odd: `tax-profile-missing`, so that no credit is counted; before the
    approval `changed-since-calculated`, so that they would be paid otherwise were it calculated again.
    """
    without_terms: list[str]
    """Numbers of people employed in the month whom nobody has agreed pay with: they are in no run."""
    totals: RunTotals | None


async def runs(connection: asyncpg.Connection, company: str, pay_group: str | None, limit: int) -> RunPage:
    """A company's runs."""
    rows = await connection.fetch(RUNS, company, pay_group, None, limit)
    return RunPage(runs=[RunLine.model_validate(_line(row)) for row in rows])


async def run(connection: asyncpg.Connection, vault: Vault, company: str, run_id: UUID) -> RunView | None:
    """One run; None when there is no such run."""
    row = await connection.fetchrow(RUNS, company, None, run_id, 1)
    if row is None:
        return None
    (parts,) = await connection.fetch(PARTS, company, run_id, row["attempt"])
    steps = await connection.fetch(STEPS, company, run_id)
    problems = await connection.fetch(PROBLEMS, company, run_id, row["attempt"])
    without = await connection.fetch(WITHOUT_TERMS, company, row["period"])
    notices = await connection.fetch(WITHOUT_PROFILE, company, run_id, row["attempt"])
    notices += await connection.fetch(CHANGED, company, run_id)
    left_out: list[asyncpg.Record] = []
    if row["state"] == "calculated":
        of_run = (row["pay_group"], row["period"], run_id, row["attempt"])
        left_out = await connection.fetch(LEFT_OUT, company, *of_run)
    more = {
        "left_out": [dict(each) for each in left_out],
        "parts": parts["parts"],
        "parts_done": parts["done"],
        "steps": [dict(each) for each in steps],
        "unpaid": [dict(each) for each in problems],
        "notices": [dict(each) for each in notices],
        "without_terms": [each["number"] for each in without],
        "totals": None,
    }
    if row["totals"] is not None:
        record = vault.unseal_sums(company, sums_place(row["run"], row["attempt"]), row["totals"])
        more["totals"] = _totals(read_totals(record), row["currency"])
    return RunView.model_validate(_line(row) | more)


def _line(row: asyncpg.Record) -> dict[str, object]:
    digest = None if row["digest"] is None else row["digest"].hex()
    return {**dict(row), "period": f"{row['period']:%Y-%m}", "digest": digest}


def _totals(totals: Totals, currency: str) -> RunTotals:
    def told(minor: int) -> str:
        return from_minor(minor, currency)

    centres = [
        CentreSums(
            cost_centre=centre,
            people=totals.people.get(centre, 0),
            salaries=told(totals.salaries.get(centre, 0)),
            employer_contributions=told(totals.employer.get(centre, 0)),
        )
        for centre in sorted({*totals.people, *totals.salaries, *totals.employer})
    ]
    remittances = [
        Remittance(
            authority=authority,
            contributions=told(totals.owed.get(authority, 0)),
            tax=told(totals.tax.get(authority, 0)),
            total=told(totals.owed.get(authority, 0) + totals.tax.get(authority, 0)),
        )
        for authority in sorted({*totals.owed, *totals.tax})
    ]
    journal = [
        JournalLine(
            role=each.role,
            side="debit" if each.amount > 0 else "credit",
            amount=told(abs(each.amount)),
            cost_centre=each.cost_centre,
            owed_to=each.owed_to,
        )
        for each in postings(totals)
    ]
    return RunTotals(
        gross=told(sum(totals.salaries.values())),
        employer_contributions=told(sum(totals.employer.values())),
        net=told(totals.net),
        to_pay=told(totals.payable),
        payments=totals.payments,
        cost_centres=centres,
        remittances=remittances,
        journal=journal,
    )
