"""The pay of some people of a run: read and opened, calculated outside of any transaction, sealed and written at once.

A part that was interrupted is calculated again from its beginning, and ends once: its row is closed in the commit that
writes its payslips.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import asyncpg

from chassis.database import UnitOfWork
from chassis.ids import UUID
from services.payroll.commands.pay import CalculatePart
from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.paying import Facts, PersonPay, Task, changed_from, paid_so_far, pay
from services.payroll.domain.pay.people import checked
from services.payroll.domain.pay.records import read_totals, written, written_totals
from services.payroll.domain.pay.refusing import PayRefused
from services.payroll.domain.pay.totals import Totals
from services.payroll.domain.privacy import PersonKey
from services.payroll.handlers.pay_runs import FINISH
from services.payroll.store import pay_runs, payslips
from services.payroll.store.packs import Packs
from services.payroll.store.pay_runs import PartDone, sums_place
from services.payroll.store.payslips import Part, PartFacts, SlipRow, slip_place
from services.payroll.store.vault import Vault

DIGEST_BYTES = 32
NO_DIGEST = bytes(DIGEST_BYTES)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the pay of a part is calculated from."""

    part: Part
    facts: PartFacts
    tasks: dict[UUID, Task]
    again: dict[UUID, Month]
    """Whose earlier months are calculated again, and from which on."""
    papers: dict[UUID, list[PersonPay]]
    problems: dict[UUID, PayRefused]
    """Who cannot be paid, and why."""


@dataclass(frozen=True, slots=True)
class Calculated:
    """What a part comes to, sealed."""

    slips: list[SlipRow]
    done: PartDone


class Paying:
    """Calculates. One per process; it holds the rules and the vault."""

    def __init__(self, vault: Vault, packs: Packs) -> None:
        self._vault = vault
        self._packs = packs

    async def load(self, command: CalculatePart, connection: asyncpg.Connection) -> Loaded | None:
        """Everything that the part needs, in a constant number of statements; None when there is nothing to do."""
        place = (command.company, command.run, command.attempt, command.part)
        part = await payslips.part(connection, place)
        return None if part is None else await self._loaded(connection, command.company, part)

    async def owed(
        self, connection: asyncpg.Connection, people: Collection[PersonKey]
    ) -> tuple[set[PersonKey], set[PersonKey]]:
        """Whom the next run of their group would pay, or a paid month of whom it would correct, as that run decides it;
        and who has to be asked about apart: one group is looked at, in a constant number of statements.

        Who cannot be paid as things stand is owed something too; who is in no group is owed nothing.
        """
        parts = await payslips.next_parts(connection, people)
        if not parts:
            return set(), set()
        (company, part, employees), *others = parts
        loaded = await self._loaded(connection, company, part, employees)
        owed = {employee for employee, result in results(loaded) if _pays(result)} | set(loaded.problems)
        later: set[PersonKey] = {(other, employee) for other, _, of in others for employee in of}
        return {(company, employee) for employee in owed}, later

    async def _loaded(
        self, connection: asyncpg.Connection, company: str, part: Part, only: Collection[UUID] | None = None
    ) -> Loaded:
        facts = await payslips.facts(connection, self._vault, company, part, only)
        tasks: dict[UUID, Task] = {}
        problems: dict[UUID, PayRefused] = {}
        try:
            packs = self._packs.of(part.country, {**part.figures, **part.given}, part.since, part.month)
        except PayRefused as refused:  # an upgrade brought rules that leave something open since the run was started
            return Loaded(part, facts, tasks, {}, {}, dict.fromkeys(facts.people, refused))
        for employee, person in facts.people.items():
            try:
                sound = checked(person, [term.cost_centre for term in person.terms])
            except PayRefused as refused:
                problems[employee] = refused
                continue
            known = Facts(sound, frozenset(day for day in part.holidays if day <= part.month.last))
            last = facts.last.get(employee)
            tasks[employee] = Task(known, part.month, part.since, part.country, packs, last)
        again = {employee: month for employee, task in tasks.items() if (month := changed_from(task)) is not None}
        papers = await payslips.earlier(connection, facts.ring, company, again, part.month.first)
        return Loaded(part, facts, tasks, again, papers, problems)

    def calculate(self, command: CalculatePart, loaded: Loaded) -> Calculated:
        """The payslips and the sums. Pure but for the keys: the same facts give the same bytes."""
        totals, digest = Totals(), NO_DIGEST
        slips: list[SlipRow] = []
        problems = dict(loaded.problems)
        for employee, result in results(loaded):
            if isinstance(result, PayRefused):
                problems[employee] = result
                continue
            record = written(result)
            place = slip_place(command.company, employee, loaded.part.month.first)
            rules = result.slip or (result.differences[-1] if result.differences else None)
            sealed = loaded.facts.ring.seal(place, record)
            slips.append(
                SlipRow(
                    employee,
                    "" if rules is None else rules.version,
                    "" if rules is None else rules.digest,
                    result.payable > 0,
                    bool(result.differences),
                    sealed,
                )
            )
            totals.of(str(employee), result.lines, result.payable)
            digest = combined(digest, self._vault.fingerprint(command.company, f"payslip/{employee}", record.encode()))
        place_of_sums = sums_place(command.run, command.attempt, command.part)
        sums = self._vault.seal_sums(command.company, place_of_sums, written_totals(totals))
        named = sorted(((employee, why.code, why.sentence) for employee, why in problems.items()), key=str)
        return Calculated(slips, PartDone(len(slips), digest, sums, named))

    async def keep(self, command: CalculatePart, result: Calculated, period: Month, unit: UnitOfWork) -> None:
        """Write the payslips and close the part, unless somebody did or the run is calculated anew."""
        place = (command.company, command.run, command.attempt, command.part)
        if await pay_runs.end_part(unit.raw, place, result.done, unit.now):
            run = (command.company, command.run, command.attempt)
            await payslips.add(unit.raw, run, period.first, result.slips, unit.now)
            payload = {"run": str(command.run), "attempt": command.attempt}
            unit.enqueue(FINISH, command.company, payload, key=f"{command.run}/{command.attempt}")

    async def finish(self, company: str, run: UUID, attempt: int, unit: UnitOfWork) -> None:
        """When all parts are there, the run is calculated: its sums and its digest do not depend on their order."""
        locked = await pay_runs.lock_runs(unit.raw, [(company, run)])
        row = locked.get((company, run))
        parts = await pay_runs.parts(unit.raw, (company, run), attempt)
        if row is None or row["attempt"] != attempt or row["state"] != "calculating":
            return
        if any(part["open"] for part in parts):
            return
        totals, digest = Totals(), NO_DIGEST
        for part in parts:
            record = self._vault.unseal_sums(company, sums_place(run, attempt, part["part"]), part["totals"])
            totals.merge(read_totals(record))
            digest = combined(digest, part["digest"])
        sealed = self._vault.seal_sums(company, sums_place(run, attempt), written_totals(totals))
        people, problems = (sum(part[what] for part in parts) for what in ("people", "problems"))
        await pay_runs.end_run(unit.raw, (company, run), attempt, unit.now, people, problems, digest, sealed)


def results(loaded: Loaded) -> Iterator[tuple[UUID, PersonPay | PayRefused]]:
    """What each person is paid, or why they cannot be; nothing of whom the run does not concern."""
    for employee, task in loaded.tasks.items():
        again = loaded.again.get(employee)
        paid = {} if again is None else paid_so_far(loaded.papers.get(employee, ()), again)
        try:
            result = pay(task, again, paid)
        except PayRefused as refused:
            yield employee, refused
            continue
        if result is not None:
            yield employee, result


def _pays(result: PersonPay | PayRefused) -> bool:
    return isinstance(result, PayRefused) or result.slip is not None or bool(result.differences)


def combined(one: bytes, other: bytes) -> bytes:
    """A digest of many that does not depend on their order."""
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(DIGEST_BYTES)
