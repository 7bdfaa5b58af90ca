"""A pay run goes from state to state: each step checked under the run's lock, written once, recorded with its actor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import orjson

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID, derive
from chassis.requests import Answer, Result
from services.payroll.commands.pay import (
    ApproveRun,
    CalculateAgain,
    ConfirmPaid,
    ExportPayFile,
    KeepPapers,
    PostRun,
    StartRun,
)
from services.payroll.domain.pay.journal import postings
from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.records import read_totals
from services.payroll.domain.pay.refusing import PayRefused
from services.payroll.domain.pay.rules import pack_for
from services.payroll.domain.payers import UNCONFIRMED
from services.payroll.domain.running import (
    NOT_FOUND,
    Lacking,
    Run,
    refusal_of_accounts,
    refusal_of_approval,
    refusal_of_day,
    refusal_of_export,
    refusal_of_payment,
    refusal_of_posting,
    refusal_to_repeat,
    refusal_to_start,
)
from services.payroll.handlers.days import todays
from services.payroll.store import accounts, pay_groups, payers, payslips, people
from services.payroll.store import pay_runs as store
from services.payroll.store.packs import Packs
from services.payroll.store.pay_runs import NewFile, NewRun, RunKey, sums_place
from services.payroll.store.vault import Vault
from services.payroll.translate.pay import payroll_posted

CALCULATE, FINISH, FILE = "calculate-pay", "finish-pay-run", "file-payslips"
"""Queues."""


class _OfRun(Protocol):
    @property
    def cause(self) -> Cause: ...
    @property
    def run(self) -> UUID: ...


C = TypeVar("C", bound=_OfRun)


class Running:
    """What can be done with runs. One per process; it holds the rules and the vault."""

    def __init__(self, vault: Vault, packs: Packs) -> None:
        self._vault = vault
        self._packs = packs

    async def start(self, commands: Sequence[StartRun], unit: UnitOfWork) -> Sequence[Result]:
        """There is one run of a group for a month, however many start it at once."""
        await people.lock_counters(unit.raw, set(unit.companies))  # who gives a figure waits, or is seen
        named = {(c.cause.company, c.pay_group) for c in commands}
        groups = await store.groups(unit.raw, named)
        runs = await store.runs_of_groups(unit.raw, named)
        wanted: dict[RunKey, NewRun] = {}
        refusals: list[Refused | None] = []
        for command in commands:
            company = command.cause.company
            key = (company, command.pay_group)
            states = {period: row["state"] for period, row in runs.get(key, {}).items()}
            refusal = self._refusal_of_start(command, groups.get(key), states)
            refusals.append(refusal)
            if refusal is None:
                run = derive("pay-run", company, command.pay_group, command.period, "regular")
                new = NewRun(company, run, command.pay_group, command.period, command.cause.person)
                wanted.setdefault((company, run), new)
        added = await store.add_runs(unit.raw, list(wanted.values()), unit.now) if wanted else set()
        await self._divide(unit, added)
        started: list[tuple[str, UUID, int, str, str]] = []
        results: list[Result] = []
        for command, refusal in zip(commands, refusals, strict=True):
            company = command.cause.company
            run = derive("pay-run", company, command.pay_group, command.period, "regular")
            if refusal is None and (company, run) in added:
                added.discard((company, run))
                started.append((company, run, 1, "started", command.cause.person))
                unit.audit(command.cause, "pay-run-started", str(run))
                results.append(Answer(202, {"run": str(run), "state": "calculating"}))
            else:
                exists = Refused("run-exists", "There is a run of this month.", "/period", 409)
                results.append(refusal or exists)
        if started:
            await store.add_steps(unit.raw, started, unit.now)
        return results

    def _refusal_of_start(self, command: StartRun, group: Any, states: Any) -> Refused | None:
        if group is None:
            return Refused("pay-group-unknown", "There is no such pay group.", "/pay_group", 404)
        if refusal := refusal_to_start(group["since"], command.period, states):
            return refusal
        if not group["peopled"]:
            return Refused("nobody-to-pay", "Nobody has terms of pay in this group.", "/pay_group", 409)
        try:
            country, period = group["country"], Month(command.period.year, command.period.month)
            figures = orjson.loads(group["figures"]) | orjson.loads(group["given"] or "{}")
            packs = self._packs.of(country, figures, Month(group["since"].year, group["since"].month), period)
            pack_for(packs, country, period)
        except PayRefused as refused:
            return Refused(refused.code, refused.sentence, "/period")
        return None

    async def _divide(self, unit: UnitOfWork, runs: set[RunKey]) -> None:
        parts = await store.add_parts(unit.raw, runs) if runs else []
        for company, run, attempt, part in parts:
            payload = {"run": str(run), "attempt": attempt, "part": part}
            unit.enqueue(CALCULATE, company, payload, key=f"{run}/{attempt}/{part}")

    async def repeat(self, commands: Sequence[CalculateAgain], unit: UnitOfWork) -> Sequence[Result]:
        """With what is known now; what the last attempt said is replaced."""
        good, results = await self._step(commands, unit, "recalculated", lambda _, run: refusal_to_repeat(run), 202)
        if good:
            await store.restart(unit.raw, [(c.cause.company, c.run, c.cause.person) for c in good], unit.now)
            await self._divide(unit, {(c.cause.company, c.run) for c in good})
        return results

    async def approve(self, commands: Sequence[ApproveRun], unit: UnitOfWork) -> Sequence[Result]:
        """By somebody who did not calculate it, and for what they saw."""
        runs = [(c.cause.company, c.run) for c in commands]
        locked = await store.lock_runs(unit.raw, runs)
        given = await pay_groups.packs_since_calculated(unit.raw, runs)
        pairs = {
            (c.cause.company, maker, c.cause.person)
            for c in commands
            if (row := locked.get((c.cause.company, c.run))) is not None
            for maker in row["makers"] or ()
        }
        same = await accounts.same_people(unit.raw, pairs)

        def refuse(command: ApproveRun, run: Run) -> Refused | None:
            company, person = command.cause.company, command.cause.person
            own = any((company, maker, person) in same for maker in run.makers)
            country, month = locked[company, command.run]["country"], Month(run.period.year, run.period.month)
            outdated = (company, command.run, self._packs.name(country, month)) in given
            return refusal_of_approval(run, command.digest, own=own, outdated=outdated)

        good, results = await self._step(commands, unit, "approved", refuse)
        if good:
            await store.approve(unit.raw, [(c.cause.company, c.run, c.cause.person) for c in good], unit.now)
        for command in good:
            unit.enqueue(FILE, command.cause.company, {"run": str(command.run)}, key=str(command.run))
        return results

    async def export(self, commands: Sequence[ExportPayFile], unit: UnitOfWork) -> Sequence[Result]:
        """One file per run. What it holds is read from the payslips and accounts as they are known now."""
        await people.lock_counters(unit.raw, set(unit.companies))  # who changes the company's account waits, or is seen
        runs = [(c.cause.company, c.run, c.execution_on) for c in commands]
        locked = await store.lock_runs(unit.raw, [(company, run) for company, run, _ in runs])
        lacking, today = await store.without_account(unit.raw, runs), await todays(unit)
        payer = await payers.on_days(unit.raw, runs)

        def refuse(command: ExportPayFile, run: Run) -> Refused | None:
            key = (command.cause.company, command.run)
            without, unconfirmed = (lacking.get((key, entered), Lacking()) for entered in (False, True))
            return (
                refusal_of_export(run)
                or refusal_of_day(run.period, command.execution_on, today[key[0]], "execution_on")
                or (None if payer[*key, command.execution_on].confirmed else UNCONFIRMED)
                or refusal_of_accounts(without, unconfirmed)
            )

        good, results = await self._step(commands, unit, "exported", refuse)
        files = [
            NewFile(
                c.cause.company, c.run, f"P{c.run.hex}", c.execution_on,
                self._totals(locked[c.cause.company, c.run]).payments, c.cause.person,
                payer[c.cause.company, c.run, c.execution_on],
            )
            for c in good
        ]  # fmt: skip
        if files:
            await store.add_files(unit.raw, files, unit.now)
        return results

    async def confirm(self, commands: Sequence[ConfirmPaid], unit: UnitOfWork) -> Sequence[Result]:
        """The bank has done what the file said."""
        today = await todays(unit)

        def refuse(command: ConfirmPaid, run: Run) -> Refused | None:
            wrong = refusal_of_day(run.period, command.paid_on, today[command.cause.company], "paid_on")
            return refusal_of_payment(run) or wrong

        good, results = await self._step(commands, unit, "paid", refuse)
        if good:
            await store.pay(unit.raw, [(c.cause.company, c.run, c.paid_on) for c in good])
        return results

    async def post(self, commands: Sequence[PostRun], unit: UnitOfWork) -> Sequence[Result]:
        """The journal goes to the books, once: sums by cost centre and role, of nobody."""
        locked = await store.lock_runs(unit.raw, [(c.cause.company, c.run) for c in commands])
        good, results = await self._step(commands, unit, "posted", lambda _, run: refusal_of_posting(run))
        if good:
            await store.post(unit.raw, [(c.cause.company, c.run) for c in good], unit.now)
        for command in good:
            row = locked[command.cause.company, command.run]
            unit.emit(*payroll_posted(dict(row), postings(self._totals(row))), command.cause)
        return results

    def _totals(self, row: Any) -> Any:
        place = sums_place(row["run"], row["attempt"])
        return read_totals(self._vault.unseal_sums(row["company"], place, row["totals"]))

    async def _step(
        self,
        commands: Sequence[C],
        unit: UnitOfWork,
        action: str,
        refuse: Callable[[C, Run], Refused | None],
        status: int = 200,
    ) -> tuple[list[C], list[Result]]:
        """Lock the runs, decide each command once per run, write the steps; who goes on, and everybody's answer."""
        runs = [(c.cause.company, c.run) for c in commands]
        rows = await store.lock_runs(unit.raw, runs)
        steps_now = await store.last_steps(unit.raw, runs)
        good: dict[RunKey, C] = {}
        results: list[Result] = []
        for command in commands:
            key = (command.cause.company, command.run)
            row = rows.get(key)
            refusal = NOT_FOUND if row is None else refuse(command, _run(row))
            if refusal is None and (key in good or row is None or steps_now.get(key) != row["last_step"]):
                refusal = Refused("run-busy", "Another request changes this run at this moment.", status=409)
            if refusal is not None:
                results.append(refusal)
                continue
            good[key] = command
            unit.audit(command.cause, f"pay-run-{action}", str(command.run))
            results.append(Answer(status, {"run": str(command.run), "action": action}))
        if good:
            steps = [
                (company, run, rows[company, run]["last_step"] + 1, action, command.cause.person)
                for (company, run), command in good.items()
            ]
            await store.add_steps(unit.raw, steps, unit.now)
        return list(good.values()), results


async def keep_papers(commands: Sequence[KeepPapers], unit: UnitOfWork) -> None:
    """Where the papers of a batch of payslips are filed."""
    (command,) = commands
    await payslips.add_papers(unit.raw, command.company, command.papers, unit.now)


def _run(row: Any) -> Run:
    digest = "" if row["digest"] is None else row["digest"].hex()
    makers, payments = row["makers"] or (), row["file_payments"]
    return Run(row["state"], row["problems"], digest, makers, payments, row["period"], pays=row["pays"])
