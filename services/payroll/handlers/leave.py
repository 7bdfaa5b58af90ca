"""Leave: requests and decisions, and the ledger that months are closed into."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.payroll.commands.leave import AdjustLeave, AskForLeave, CloseLeaveMonths, DecideLeave
from services.payroll.commands.people import Asker
from services.payroll.domain import effective
from services.payroll.domain import leave as rules
from services.payroll.domain.employment import Forbidden, Staff
from services.payroll.domain.leave import Employment, Entry, LeaveType, Outlook, Request
from services.payroll.domain.leave_settling import closed_terms, settled
from services.payroll.domain.rights import OFFICER
from services.payroll.handlers.days import todays
from services.payroll.handlers.viewing import needs_everybody, viewers
from services.payroll.store import accounts, leave_kinds
from services.payroll.store import leave as store
from services.payroll.store import staff as staff_store
from services.payroll.store.leave import Ledger
from services.payroll.store.leave_kinds import Kinds
from services.payroll.store.vault import Vault
from services.payroll.translate import no_such_employee, refused

ERASED = Refused("person-erased", "What was sealed of this person was erased.", status=410)
SHUT = Refused("vault-not-open", "Confidential leave can be neither kept nor read: no master key is there.", status=503)


class LeaveLedger:
    """What is asked for and decided, and months that are closed. One per process; it holds the vault, if there is one.

    Kinds of leave that are not confidential need none.
    """

    def __init__(self, vault: Vault | None) -> None:
        self.vault = vault

    async def ask_for_leave(self, commands: Sequence[AskForLeave], unit: UnitOfWork) -> Sequence[Result]:
        """Requests, as far as there are days left for them. Who asks has no day yet: somebody else decides."""
        staff, ledgers, kinds = await self._of_people(commands, unit)
        # Whoever is above somebody decides and does not ask in their name, so nobody's team matters here.
        askers = [command.asker for command in commands]
        who = await viewers(askers, {}, unit) if not needs_everybody(askers) else await viewers(askers, staff, unit)
        today = await todays(unit)
        results: list[Result] = []
        added: list[tuple[str, Request]] = []
        for command, viewer in zip(commands, who, strict=True):
            company, employee = command.cause.company, command.employee
            of, ledger = staff[company], ledgers[company]
            if employee not in of.employments or not viewer.asks_for(employee):
                results.append(no_such_employee())
                continue
            known = ledger.types.get(command.leave_type)
            if (no := _kept_apart(known, kinds, company, employee, may=viewer.sees_health(employee))) is not None:
                results.append(no)
                continue
            days = 0
            ahead = _ahead(of, ledger, employee, today[company])
            if command.first <= command.last <= ahead.end:
                days = rules.working_days(command.first, command.last, ledger.country, ledger.holidays)
            wanted = Request(
                command.request, employee, command.leave_type, command.first, command.last, days * 100,
                command.asker.person, "asked",
            )  # fmt: skip
            wrong = rules.ask(wanted, known, ledger.requests.values(), ledger.entries.get(employee, []), ahead)
            if wrong is not None:
                results.append(refused(wrong))
                continue
            ledger.requests[wanted.request] = wanted
            added.append((company, wanted))
            unit.audit(command.cause, "leave-asked", str(employee), {"request": wanted.request})
            results.append(Answer(201, {"request": wanted.request, "days": rules.days_written(wanted.hundredths)}))
        await store.add_requests(unit.raw, added, kinds, unit.now)
        return results

    async def decide_leave(self, commands: Sequence[DecideLeave], unit: UnitOfWork) -> Sequence[Result]:
        """Approved by who is above them, or by the officer, never by who asked; what is approved is taken at once.

        Both who asked and whose it is may take it back until it begins, then they alone who may approve it.
        """
        await staff_store.lock(unit.raw, unit.companies)
        askers = [command.asker for command in commands]
        people = await store.people_of(unit.raw, unit.companies, [command.request for command in commands])
        staff = await staff_store.read(unit.raw, unit.companies, None if needs_everybody(askers) else people)
        ledgers = await store.read(unit.raw, unit.companies, people, self.vault)
        found = [
            (c.cause.company, request.employee, request.leave_type)
            for c in commands
            if (request := ledgers[c.cause.company].requests.get(c.request)) is not None
        ]
        kinds = await self._kinds(ledgers, found, unit)
        who = await viewers(askers, staff, unit)
        eyes = await _eyes(commands, ledgers, unit)
        today = await todays(unit)
        results: list[Result] = []
        decided: list[tuple[str, UUID, int, str, str, str]] = []
        entries: list[tuple[str, UUID, Entry]] = []
        for command, viewer in zip(commands, who, strict=True):
            company = command.cause.company
            ledger = ledgers[company]
            request = ledger.requests.get(command.request)
            if request is None or not (viewer.sees(request.employee) or viewer.asks_for(request.employee)):
                results.append(Refused("leave-request-not-found", "There is no such request.", status=404))
                continue
            employee = UUID(request.employee.hex)
            known = ledger.types.get(request.leave_type)
            if known is None:  # sealed, and cannot be opened
                results.append(self._shut() or ERASED)
                continue
            if (no := _kept_apart(known, kinds, company, employee, may=True)) is not None:
                results.append(no)
                continue
            by = rules.Decider(
                viewer.decides_for(employee), viewer.is_own(employee), *eyes[command.request, command.asker]
            )
            ahead = _ahead(staff[company], ledger, employee, today[company])
            made = rules.decide(request, command.decision, by, known, ledger.entries.get(employee, []), ahead)
            if isinstance(made, Forbidden):
                results.append(_unless_forbidden(made))
                continue
            ledger.entries.setdefault(employee, []).extend(made)
            entries += [(company, employee, entry) for entry in made]
            revision = ledger.revisions.get(request.request, 0) + 1
            ledger.revisions[request.request] = revision
            ledger.requests[request.request] = request._replace(state=command.decision)
            decided.append(
                (company, command.request, revision, command.decision, request.asked_by, command.asker.person)
            )
            unit.audit(command.cause, f"leave-{command.decision}", str(employee), {"request": command.request})
            results.append(Answer(201, {"request": command.request, "state": command.decision}))
        await store.add_decisions(unit.raw, decided, unit.now)
        await store.add_entries(unit.raw, entries, kinds, unit.now)
        return results

    async def adjust_leave(self, commands: Sequence[AdjustLeave], unit: UnitOfWork) -> Sequence[Result]:
        """Balances that were wrong, or brought along from elsewhere: another line, never another figure."""
        staff, ledgers, kinds = await self._of_people(commands, unit)
        results: list[Result] = []
        entries: list[tuple[str, UUID, Entry]] = []
        for command in commands:
            company = command.cause.company
            known = ledgers[company].types.get(command.leave_type)
            if command.employee not in staff[company].employments:
                results.append(no_such_employee())
            elif known is None or not known.limited:
                detail = f"There is no leave {command.leave_type} with a balance."
                results.append(Refused("leave-type-unknown", detail, "/leave_type"))
            elif (
                no := _kept_apart(known, kinds, company, command.employee, may=OFFICER in command.asker.rights)
            ) is not None:
                results.append(no)
            elif command.hundredths == 0:
                results.append(Refused("adjustment-of-nothing", "It changes nothing.", "/days"))
            else:
                entry = Entry(
                    command.leave_type, "adjustment", command.effective_on, command.hundredths, str(command.cause.id)
                )
                entries.append((company, command.employee, entry))
                unit.audit(command.cause, "leave-adjusted", str(command.employee))
                # An answer is kept with its request, so of a confidential kind it does not say which.
                told: dict[str, object] = {} if known.confidential else {"leave_type": command.leave_type}
                results.append(Answer(201, {"employee": command.employee, **told}))
        await store.add_entries(unit.raw, entries, kinds, unit.now)
        return results

    async def close_leave_months(self, commands: Sequence[CloseLeaveMonths], unit: UnitOfWork) -> Sequence[Result]:
        """Each month that is over, once and in their order: what it adds, and what expires with it.

        Before them what closed months owe who was registered after them, or take back where a first or last day moved.
        """
        await staff_store.lock(unit.raw, unit.companies)
        today = await todays(unit)
        staff = await staff_store.read(unit.raw, unit.companies)
        ledgers = await store.read(unit.raw, unit.companies, None, self.vault)
        results: list[Result] = []
        months: list[tuple[str, str]] = []
        entries: list[tuple[str, UUID, Entry]] = []
        for command in commands:
            company = command.cause.company
            of, ledger = staff[company], ledgers[company]
            over = today[company] - timedelta(1)
            last = over if command.through is None else rules.month_of(command.through)[1]
            if _sealed_rules(ledger) and (shut := self._shut()) is not None:
                results.append(shut)
                continue
            if last > over:
                results.append(Refused("month-not-over", f"The month {command.through} is not over.", "/month", 409))
                continue
            open_ = rules.open_months(ledger.closed, ledger.rules, last)
            closing = open_[:1] if command.through is None else open_
            known = len(entries)
            if closing or command.through is not None:
                entries += [(company, UUID(who.hex), entry) for who, entry in _settled(of, ledger)]
            for month in closing:
                for employee in of.employments:
                    held = ledger.entries.setdefault(employee, [])
                    made = rules.close_month(month, employment_of(of, employee), ledger.rules, held)
                    held.extend(made)
                    entries += [(company, UUID(employee.hex), entry) for entry in made]
                months.append((company, month))
            written = len(entries) - known
            if closing:
                ledger.closed = closing[-1]
            if closing or written:
                unit.audit(command.cause, "leave-months-closed", ledger.closed or "", {"entries": written})
            more = len(open_) > len(closing)
            results.append(Answer(201, {"months": closing, "entries": written} | ({"more": True} if more else {})))
        kinds = await self._kinds(ledgers, [(company, who, entry.leave_type) for company, who, entry in entries], unit)
        entries = [each for each in entries if not kinds.erased(*each[:2], each[2].leave_type)]
        await store.add_months(unit.raw, months, unit.now)
        await store.add_entries(unit.raw, entries, kinds, unit.now)
        return results

    async def _of_people(
        self, commands: Sequence[AskForLeave | AdjustLeave], unit: UnitOfWork
    ) -> tuple[dict[str, Staff], dict[str, Ledger], Kinds]:
        """Whom commands name, locked, with what leave they have and how the kinds that are meant are written."""
        await staff_store.lock(unit.raw, unit.companies)
        people = [command.employee for command in commands]
        staff = await staff_store.read(unit.raw, unit.companies, people)
        ledgers = await store.read(unit.raw, unit.companies, people, self.vault)
        meant = [
            (c.cause.company, c.employee, c.leave_type)
            for c in commands
            if c.employee in staff[c.cause.company].employments
        ]
        return staff, ledgers, await self._kinds(ledgers, meant, unit)

    async def _kinds(
        self, ledgers: Mapping[str, Ledger], wanted: Sequence[tuple[str, uuid.UUID, str]], unit: UnitOfWork
    ) -> Kinds:
        types = {company: ledger.types for company, ledger in ledgers.items()}
        return await leave_kinds.to_write(unit.raw, types, wanted, self.vault, unit.now)

    def _shut(self) -> Refused | None:
        return SHUT if self.vault is None else None


def _settled(of: Staff, ledger: Ledger) -> list[tuple[uuid.UUID, Entry]]:
    """What closed months owe people or take back, written into the ledger; not of kinds that cannot be opened."""
    terms, found = closed_terms(ledger.rules, ledger.closed), list[tuple[uuid.UUID, Entry]]()
    open_ = [term for term in terms if not ledger.types[term.rule.leave_type].confidential]
    for employee in of.employments:
        held = ledger.entries.setdefault(employee, [])
        erased = any(entry.leave_type == rules.SEALED for entry in held)
        made = settled(employment_of(of, employee), open_ if erased else terms, ledger.rules, held)
        held.extend(made)
        found += [(employee, entry) for entry in made]
    return found


def _sealed_rules(ledger: Ledger) -> bool:
    return any(ledger.types[rule.leave_type].confidential for rule in ledger.rules)


def _kept_apart(
    known: LeaveType | None, kinds: Kinds, company: str, employee: uuid.UUID, *, may: bool
) -> Refused | None:
    """Why leave of this kind cannot be entered here, if it is confidential."""
    if known is None or not known.confidential:
        return None
    if not may:
        detail = "The payroll officer enters leave of this kind, or they themselves."
        return Refused("leave-confidential", detail, "/leave_type", 403)
    if not kinds.can_seal:
        return SHUT
    return ERASED if kinds.erased(company, employee, known.code) else None


async def _eyes(
    commands: Sequence[DecideLeave], ledgers: Mapping[str, Ledger], unit: UnitOfWork
) -> dict[tuple[UUID, Asker], tuple[bool, bool]]:
    """Of each decision, whether one person asked and decides, and whether the account was that of who is away."""
    found = {
        (command, request)
        for command in commands
        if (request := ledgers[command.cause.company].requests.get(command.request)) is not None
    }
    asked = {(c.cause.company, request.asked_by, c.asker.person) for c, request in found}
    same = await accounts.same_people(unit.raw, sorted(asked))
    names = {
        (c.cause.company, name, request.employee) for c, request in found for name in (c.asker.actor, c.asker.person)
    }
    theirs = await accounts.ever_theirs(unit.raw, sorted(names))
    return {
        (c.request, c.asker): (
            (c.cause.company, request.asked_by, c.asker.person) in same,
            any((c.cause.company, name, request.employee) in theirs for name in (c.asker.actor, c.asker.person)),
        )
        for c, request in found
    }


def _unless_forbidden(made: Forbidden) -> Refused:
    status = 403 if made.code == "not-their-manager" else 409
    return Refused(made.code, made.detail, None if made.field is None else f"/{made.field}", status)


def _ahead(staff: Staff, ledger: Ledger, employee: uuid.UUID, today: date) -> Outlook:
    return Outlook(employment_of(staff, employee), ledger.rules, ledger.closed, today)


def employment_of(staff: Staff, employee: uuid.UUID) -> Employment:
    """From when to when somebody is employed, as far as it is known."""
    return Employment(effective.begins(staff.employments[employee]) or date.max, staff.left_on(employee))
