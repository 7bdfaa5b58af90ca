"""Pay terms, bank accounts and tax profiles are entered: checked against the register, sealed, written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

import orjson

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID, derive
from chassis.requests import Answer, Result
from services.payroll.commands.pay import (
    AgreePay,
    ConfirmBankAccount,
    DefinePayGroup,
    LogReading,
    NameBankAccount,
    RecordTaxProfile,
)
from services.payroll.domain.agreeing import (
    ACCOUNT_NOT_FOUND,
    ERASED,
    OnRegister,
    Terms,
    refusal_of_account,
    refusal_of_both,
    refusal_of_confirmation,
    refusal_of_currency,
    refusal_of_profile,
    refusal_of_terms,
)
from services.payroll.domain.contracts import Contract
from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.people import Term
from services.payroll.domain.pay.records import read_profile, written_profile
from services.payroll.domain.pay.refusing import PayRefused
from services.payroll.domain.privacy import PersonKey, Place
from services.payroll.store import accounts, people
from services.payroll.store import contracts as contract_store
from services.payroll.store import pay_terms as store
from services.payroll.store import staff as staff_store
from services.payroll.store.packs import Packs
from services.payroll.store.pay_terms import SealedRow
from services.payroll.store.vault import KeyRing, Vault

TERM, ACCOUNT, PROFILE = "pay_term", "bank_account", "tax_profile"


class _OfPerson(Protocol):
    @property
    def cause(self) -> Cause: ...
    @property
    def employee(self) -> UUID: ...


def place(company: str, employee: UUID, what: str, effective_on: date, revision: int) -> Place:
    """Where an entry stands; it can be opened nowhere else."""
    return Place(company, employee, f"{what}.sealed", f"{effective_on}/{revision}")


@dataclass(slots=True)
class _Known:
    """The people of a batch; an entry of the batch counts for the next one."""

    people: dict[PersonKey, OnRegister]
    ring: KeyRing

    def find(self, command: _OfPerson) -> OnRegister | None:
        return self.people.get((command.cause.company, command.employee))

    def seal(self, command: _OfPerson, what: str, day: date, value: Mapping[str, object] | None) -> SealedRow:
        key = (command.cause.company, command.employee)
        known = self.people[key]
        revision = known.next_revision(what, day)
        self.people[key] = replace(known, revisions={**known.revisions, (what, day): revision})
        spot = place(*key, what, day, revision)
        sealed = None if value is None else self.ring.seal(spot, written_profile(value))
        return SealedRow(*key, day, revision, sealed, command.cause.person)


class Agreeing:
    """What a payroll officer enters about people. One per process; it holds the vault."""

    def __init__(self, vault: Vault, packs: Packs) -> None:
        self._vault = vault
        self._packs = packs

    async def define_groups(self, commands: Sequence[DefinePayGroup], unit: UnitOfWork) -> Sequence[Result]:
        """A group is defined once; its rules must be there and complete with the figures given, and of the currency
        that the company counts in: the books hold what it pays.
        """
        own = await staff_store.currencies(unit.raw, unit.companies)
        refusals: list[Refused | None] = []
        rows: dict[tuple[str, str], tuple[object, ...]] = {}
        for command in commands:
            company = command.cause.company
            refusals.append(refusal_of_currency(command.currency, own.get(company)) or self._refusal_of_rules(command))
            if refusals[-1] is None:
                rows.setdefault(
                    (company, command.pay_group),
                    (
                        company, command.pay_group, command.country, command.currency, command.since,
                        orjson.dumps(command.figures, option=orjson.OPT_SORT_KEYS).decode(), command.debtor_name,
                        command.debtor_iban, command.debtor_bic, orjson.dumps(command.debtor_address).decode(),
                    ),
                )  # fmt: skip
        added = await store.add_groups(unit.raw, list(rows.values()), unit.now) if rows else set()
        results: list[Result] = []
        for command, refusal in zip(commands, refusals, strict=True):
            key = (command.cause.company, command.pay_group)
            if refusal is None and key in added:
                added.discard(key)
                unit.audit(command.cause, "pay-group-defined", command.pay_group)
                results.append(Answer(201, {"pay_group": command.pay_group}))
            else:
                results.append(refusal or Refused("pay-group-exists", "There is such a group.", "/pay_group", 409))
        return results

    def _refusal_of_rules(self, command: DefinePayGroup) -> Refused | None:
        try:
            month = Month(command.since.year, command.since.month)
            self._packs.check(command.country, command.figures, month)
            self._packs.of(command.country, command.figures, month, month)
        except PayRefused as refused:
            return Refused(refused.code, refused.sentence, "/figures")
        currencies = self._packs.currencies(command.country)
        if not currencies:
            return Refused("country-unknown", "There are no rules of this country.", "/country")
        if currencies != {command.currency}:
            return Refused("currency-differs", "The rules of this country are of another currency.", "/currency")
        return None

    async def agree_pay(self, commands: Sequence[AgreePay], unit: UnitOfWork) -> Sequence[Result]:
        """What is paid from a day on. An entry for the same day takes the earlier one's place."""
        known = await self._known(commands, unit)
        groups = await store.groups(unit.raw, unit.companies)
        named = {(c.cause.company, c.cost_centre) for c in commands if c.cost_centre is not None}
        centres = await store.known_centres(unit.raw, named)
        by_company = await contract_store.contracts(unit.raw, unit.companies, [who for _, who in known.people])
        contracts = {
            (company, each.employee, each.reference): each for company, of in by_company.items() for each in of
        }
        agreed = await store.agreed(unit.raw, known.ring, known.people, contracts.values())
        countries = await store.tax_countries(unit.raw, known.ring, known.people)
        known.people = {
            key: replace(person, tax_countries=frozenset(countries.get(key, ())))
            for key, person in known.people.items()
        }
        rows: list[tuple[str, str | None, UUID | None, SealedRow]] = []
        results: list[Result] = []
        for command in commands:
            company, person = command.cause.company, known.find(command)
            group = groups.get((company, command.pay_group))
            centre = command.cost_centre is None or (company, command.cost_centre) in centres
            day = command.effective_on
            contract = contracts.get((company, command.employee, command.contract or ""))
            starts_on = None if contract is None else contract.starts_on
            terms = Terms(command.pay_group, day, command.currency, centre, command.contract, starts_on)
            refusal = refusal_of_terms(person, group, terms)
            key = (company, command.employee)
            if refusal is None and key in known.ring.erased:
                refusal = ERASED
            before = agreed.get(key, [])
            after = _with(before, command, contract)
            if refusal is None:
                refusal = refusal_of_both(before, after, command.contract, pays=bool(command.monthly))
            if refusal is not None:
                results.append(refusal)
                continue
            agreed[key] = after
            value = None if command.monthly is None else {"monthly": command.monthly}
            row = known.seal(command, TERM, day, value)
            assert person is not None
            begun = {(command.contract, day)}
            in_force = person.in_force | begun if value is not None else person.in_force - begun
            known.people[key] = replace(known.people[key], in_force=in_force, group=command.pay_group)
            rows.append((command.pay_group, command.cost_centre if value is not None else None, _id(contract), row))
            results.append(_entered(unit, command, "pay-terms-entered", row))
        if rows:
            await store.add_terms(unit.raw, rows, unit.now)
        return results

    async def name_accounts(self, commands: Sequence[NameBankAccount], unit: UnitOfWork) -> Sequence[Result]:
        """Where pay goes from a day on."""
        known = await self._known(commands, unit)
        rows: list[SealedRow] = []
        results: list[Result] = []
        for command in commands:
            refusal = refusal_of_account(known.find(command), command.effective_on)
            if refusal is None and (command.cause.company, command.employee) in known.ring.erased:
                refusal = ERASED
            if refusal is not None:
                results.append(refusal)
                continue
            value = {"iban": command.iban, "bic": command.bic, "holder": command.holder}
            rows.append(known.seal(command, ACCOUNT, command.effective_on, value))
            results.append(_entered(unit, command, "bank-account-entered", rows[-1]))
        if rows:
            await store.add_accounts(unit.raw, rows, unit.now)
        return results

    async def confirm_accounts(self, commands: Sequence[ConfirmBankAccount], unit: UnitOfWork) -> Sequence[Result]:
        """Another person gives the number once more, from the employee's own paper; then it is paid to."""
        await people.lock_counters(unit.raw, set(unit.companies))
        keys = [(c.cause.company, c.employee, c.effective_on, c.revision) for c in commands]
        found = await store.entered(unit.raw, keys)
        ring = await self._vault.ring(unit.raw, [(company, employee) for company, employee, _, _ in found])
        authors = [None if key not in found else found[key][0].entered_by for key in keys]
        pairs = [
            (c.cause.company, by, c.cause.person) for c, by in zip(commands, authors, strict=True) if by is not None
        ]
        own = await accounts.same_people(unit.raw, pairs)
        rows: list[tuple[str, UUID, date, int, str, str]] = []
        results: list[Result] = []
        for command, key, author in zip(commands, keys, authors, strict=True):
            account, sealed = found.get(key, (None, b""))
            if key[:2] in ring.erased:
                results.append(ERASED)
                continue
            same = account is not None and _iban_of(ring, key, sealed) == command.iban
            refusal = refusal_of_confirmation(
                account, own=(command.cause.company, author, command.cause.person) in own, same=same
            )
            if refusal is not None or account is None or account.entered_by is None:
                results.append(refusal or ACCOUNT_NOT_FOUND)
                continue
            found[key] = replace(account, confirmed=True), sealed
            rows.append((*key, account.entered_by, command.cause.person))
            detail = {"effective_on": str(command.effective_on), "revision": command.revision}
            unit.audit(command.cause, "bank-account-confirmed", str(command.employee), detail)
            results.append(Answer(201, {"employee": str(command.employee), **detail}))
        if rows:
            await store.add_confirmations(unit.raw, rows, unit.now)
        return results

    async def record_profiles(self, commands: Sequence[RecordTaxProfile], unit: UnitOfWork) -> Sequence[Result]:
        """What tax depends on; two people with one tax id are one person, or a slip of the pen."""
        known = await self._known(commands, unit)
        digests = [self._vault.blind(c.cause.company, "tax_id", c.tax_id) for c in commands]
        holders = await store.holders(
            unit.raw, [(c.cause.company, digest) for c, digest in zip(commands, digests, strict=True)]
        )
        groups = await store.groups(unit.raw, unit.companies)
        rows: list[tuple[bytes, SealedRow]] = []
        results: list[Result] = []
        for command, digest in zip(commands, digests, strict=True):
            company, employee = command.cause.company, command.employee
            of_id = holders.setdefault((company, digest), set())
            other = next((each for each in of_id if each != employee), None)
            person = known.find(command)
            group = groups.get((company, person.group)) if person is not None and person.group is not None else None
            refusal = refusal_of_profile(person, command.effective_on, command.country, group, other, employee)
            if refusal is None and (company, employee) in known.ring.erased:
                refusal = ERASED
            if refusal is not None:
                results.append(refusal)
                continue
            of_id.add(employee)
            value = {
                "tax_id": command.tax_id, "children": command.children, "credit_points": command.credit_points,
                "country": command.country,
            }  # fmt: skip
            rows.append((digest, known.seal(command, PROFILE, command.effective_on, value)))
            results.append(_entered(unit, command, "tax-profile-entered", rows[-1][1]))
        if rows:
            await store.add_profiles(unit.raw, rows, unit.now)
        return results

    async def _known(self, commands: Sequence[_OfPerson], unit: UnitOfWork) -> _Known:
        """The company's counter is the lock: what is entered about its people is entered one after the other."""
        await people.lock_counters(unit.raw, set(unit.companies))
        found = await store.on_register(unit.raw, [(c.cause.company, c.employee) for c in commands])
        return _Known(found, await self._vault.ring_to_seal(unit.raw, list(found), unit.now))


async def log_readings(commands: Sequence[LogReading], unit: UnitOfWork) -> Sequence[Result]:
    """Who is about to read pay, or confidential leave, is written down before they do."""
    rows = [
        (c.cause.company, reading, employee, c.run, c.what, c.cause.actor, c.cause.on_behalf_of)
        for c in commands
        for reading, employee in _readings(c)
    ]
    await store.add_readings(unit.raw, rows, unit.now)
    return [Answer(204, {}) for _ in commands]


def _readings(command: LogReading) -> list[tuple[UUID, UUID | None]]:
    if not command.people:
        return [(command.cause.id, command.employee)]
    return [(derive("reading of", command.cause.id, one), one) for one in command.people]


def _id(contract: Contract | None) -> UUID | None:
    return None if contract is None else UUID(contract.contract.hex)


def _with(terms: Sequence[Term], command: AgreePay, contract: Contract | None) -> list[Term]:
    """The terms as they would be with these, or without those that are taken back."""
    place = (command.contract or "", command.effective_on)
    others = [term for term in terms if (term.contract, term.starts_on) != place]
    if command.monthly is None:
        return others
    ends_on = None if contract is None else contract.ends_on()
    new = Term(command.effective_on, command.monthly, command.cost_centre or "", command.contract or "", ends_on)
    return [*others, new]


def _iban_of(ring: KeyRing, key: store.AccountKey, sealed: bytes) -> object:
    company, employee, day, revision = key
    return read_profile(ring.unseal(place(company, employee, ACCOUNT, day, revision), sealed))["iban"]


def _entered(unit: UnitOfWork, command: _OfPerson, action: str, row: SealedRow) -> Answer:
    """Neither the answer nor the audit record says what was entered: both are kept for ever."""
    detail = {"effective_on": str(row.effective_on), "revision": row.revision}
    unit.audit(command.cause, action, str(command.employee), detail)
    return Answer(201, {"employee": str(command.employee), **detail})
