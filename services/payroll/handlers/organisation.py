"""Cost centres, departments and posts: one company's are decided one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from chassis.database import UnitOfWork
from chassis.errors import Outcomes, Refused
from chassis.requests import Answer, Result
from services.payroll.commands.organisation import (
    AddCostCentre,
    ChangeDepartment,
    ClosePost,
    LearnCostCentre,
    OpenDepartment,
    OpenPost,
)
from services.payroll.domain import employment
from services.payroll.domain.contracts import Post
from services.payroll.domain.effective import Effective
from services.payroll.domain.employment import Forbidden
from services.payroll.domain.pay.totals import POOLED
from services.payroll.store import contracts as contract_store
from services.payroll.store import effective as facts
from services.payroll.store import staff as store
from services.payroll.translate import refused


async def add_cost_centres(commands: Sequence[AddCostCentre], unit: UnitOfWork) -> Sequence[Result]:
    """Costs may be borne by these centres from now on. A code is given once."""
    await store.lock(unit.raw, unit.companies)
    centres = await store.cost_centres(unit.raw, unit.companies)
    results: list[Result] = []
    added: list[tuple[str, str, str]] = []
    for command in commands:
        of = centres[command.cause.company]
        wrong = employment.refusal_of_cost_centre(command.cost_centre, of.known, of.booked)
        if wrong is not None:
            results.append(refused(wrong))
            continue
        of.known.add(command.cost_centre)
        added.append((command.cause.company, command.cost_centre, command.name))
        unit.audit(command.cause, "cost-centre-added", command.cost_centre)
        results.append(Answer(201, {"cost_centre": command.cost_centre}))
    await store.add_cost_centres(unit.raw, added, unit.now)
    return results


async def learn_cost_centres(commands: Sequence[LearnCostCentre], unit: UnitOfWork) -> Outcomes:
    """The books have these: they may be named here without anybody's doing."""
    await store.lock(unit.raw, unit.companies)
    centres = await store.cost_centres(unit.raw, unit.companies)
    heard = {(c.company, c.cost_centre): c.name for c in commands if c.cost_centre != POOLED}
    fresh = [(*place, name) for place, name in heard.items() if place[1] not in centres[place[0]].known]
    await store.add_cost_centres(unit.raw, fresh, unit.now)
    await store.add_booked(unit.raw, list(heard), unit.now)
    return None


async def open_departments(commands: Sequence[OpenDepartment], unit: UnitOfWork) -> Sequence[Result]:
    """Departments exist from a day on, each below one that exists, or at the top."""
    await store.lock(unit.raw, unit.companies)
    managers = _managers(commands)
    staff = await store.read(unit.raw, unit.companies, managers)
    results: list[Result] = []
    opened: list[tuple[str, str]] = []
    added: list[tuple[facts.Thing, Effective]] = []
    for command in commands:
        company, code = command.cause.company, command.department
        of = staff[company]
        if code in of.departments:
            results.append(Refused("department-exists", f"There is a department {code}.", "/department", 409))
            continue
        made = employment.change_department(of, code, command.said, unit.now)
        if isinstance(made, Forbidden):
            results.append(refused(made))
            continue
        of.departments[code] = [made]
        opened.append((company, code))
        added.append(((company, code), made))
        unit.audit(command.cause, "department-opened", code)
        results.append(Answer(201, {"department": code, "revision": made.revision}))
    await store.add_departments(unit.raw, opened, unit.now)
    await facts.add(unit.raw, facts.DEPARTMENTS, added, unit.now)
    return results


async def change_departments(commands: Sequence[ChangeDepartment], unit: UnitOfWork) -> Sequence[Result]:
    """Departments have another place, name, manager or cost centre from a day on, or are closed."""
    await store.lock(unit.raw, unit.companies)
    managers = _managers(commands)
    closes = any(command.said.says.get("closed") for command in commands)
    staff = await store.read(unit.raw, unit.companies, None if closes else managers)
    results: list[Result] = []
    added: list[tuple[facts.Thing, Effective]] = []
    for command in commands:
        company, code = command.cause.company, command.department
        of = staff[company]
        if code not in of.departments:
            results.append(Refused("department-unknown", f"There is no department {code}.", "/department"))
            continue
        made = employment.change_department(of, code, command.said, unit.now)
        if isinstance(made, Forbidden):
            results.append(refused(made))
            continue
        of.departments[code].append(made)
        added.append(((company, code), made))
        unit.audit(command.cause, "department-changed", code, {"revision": made.revision})
        results.append(Answer(201, {"department": code, "revision": made.revision}))
    await facts.add(unit.raw, facts.DEPARTMENTS, added, unit.now)
    return results


async def open_posts(commands: Sequence[OpenPost], unit: UnitOfWork) -> Sequence[Result]:
    """Posts exist from a day on, vacant until a contract fills them."""
    await store.lock(unit.raw, unit.companies)
    staff = await store.read(unit.raw, unit.companies, [])
    posts = await contract_store.posts(unit.raw, unit.companies)
    results: list[Result] = []
    added: list[tuple[str, str, str, str, date]] = []
    for command in commands:
        company = command.cause.company
        if command.post in posts[company]:
            results.append(Refused("post-exists", f"There is a post {command.post}.", "/post", 409))
            continue
        wrong = employment.open_department(staff[company], command.department, command.opens_on, "department")
        if wrong is not None:
            results.append(refused(wrong))
            continue
        post = Post(command.post, command.department, command.title, command.opens_on, None)
        posts[company][post.code] = post
        added.append((company, *post[:4]))
        unit.audit(command.cause, "post-opened", post.code)
        results.append(Answer(201, {"post": post.code}))
    await contract_store.add_posts(unit.raw, added, unit.now)
    return results


async def close_posts(commands: Sequence[ClosePost], unit: UnitOfWork) -> Sequence[Result]:
    """Posts are given up after a day on which nobody's contract still runs on them."""
    await store.lock(unit.raw, unit.companies)
    staff = await store.read(unit.raw, unit.companies, [])
    posts = await contract_store.posts(unit.raw, unit.companies)
    contracts = await contract_store.contracts(unit.raw, unit.companies)
    results: list[Result] = []
    added: list[tuple[str, str, date]] = []
    for command in commands:
        company = command.cause.company
        post = posts[company].get(command.post)
        if post is None:
            results.append(Refused("post-unknown", f"There is no post {command.post}.", "/post"))
            continue
        if post.last_day is not None:
            results.append(Refused("post-closed", f"It is given up after {post.last_day}.", "/post", 409))
            continue
        if command.last_day < post.opens_on:
            results.append(Refused("post-ends-before-start", f"It is open from {post.opens_on}.", "/last_day"))
            continue
        ends = [c.ends_on(staff[company].left_on(c.employee)) for c in contracts[company] if c.post == post.code]
        if any(end is None or end > command.last_day for end in ends):
            results.append(Refused("post-held", "A contract runs on it beyond that day.", "/last_day", 409))
            continue
        posts[company][post.code] = post._replace(last_day=command.last_day)
        added.append((company, post.code, command.last_day))
        unit.audit(command.cause, "post-closed", post.code)
        results.append(Answer(201, {"post": post.code, "last_day": command.last_day}))
    await contract_store.add_closings(unit.raw, added, unit.now)
    return results


def _managers(commands: Sequence[OpenDepartment | ChangeDepartment]) -> list[UUID]:
    named = [command.said.says.get("manager") for command in commands]
    return [manager for manager in named if isinstance(manager, UUID)]
