"""Erasing a person: the key goes, and with it all that was sealed under it; documents is told by a job."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.database import UnitOfWork
from chassis.requests import Answer, Result
from services.payroll.commands.pay import ErasePerson
from services.payroll.domain.agreeing import BUSY, NOT_FOUND, refusal_of_erasure
from services.payroll.handlers.days import todays
from services.payroll.handlers.paying import Paying
from services.payroll.store import pay_terms, people
from services.payroll.store import staff as staff_store
from services.payroll.store.vault import Vault

ERASE = "erase-papers"
"""Queue: what documents sealed about somebody is erased there too."""


class Erasing:
    """Erases. One per process; it holds the vault, and asks who calculates pay what is still owed."""

    def __init__(self, vault: Vault, paying: Paying) -> None:
        self._vault = vault
        self._paying = paying

    async def erase(self, commands: Sequence[ErasePerson], unit: UnitOfWork) -> Sequence[Result]:
        """Erase whom the rules let go. Who was erased before is answered the same."""
        await people.lock_counters(unit.raw, set(unit.companies))
        keys = [(command.cause.company, command.employee) for command in commands]
        staff = await staff_store.read(unit.raw, unit.companies, [employee for _, employee in keys])
        unpaid = await pay_terms.unpaid(unit.raw, keys)
        owed, later = await self._paying.owed(unit.raw, keys)
        today = await todays(unit)
        results: list[Result] = []
        good: list[ErasePerson] = []
        for command, (company, employee) in zip(commands, keys, strict=True):
            if employee not in staff[company].employments:
                results.append(NOT_FOUND)
                continue
            left_on = staff[company].left_on(employee)
            key = (company, employee)
            refusal = refusal_of_erasure(left_on, today[company], unpaid=key in unpaid, owed=key in owed)
            if refusal is None and key in later:
                refusal = BUSY
            if refusal is None:
                good.append(command)
            results.append(refusal or Answer(200, {"employee": str(employee), "erased": True}))
        if good:
            erasable = {(command.cause.company, command.employee) for command in good}
            await self._vault.ring_to_seal(unit.raw, erasable, unit.now)  # who never had a key gets none later
            erased = await self._vault.erase(unit.raw, erasable, unit.now)
            for command in good:
                key = (command.cause.company, command.employee)
                if key in erased:
                    erased.discard(key)
                    unit.audit(command.cause, "person-erased", str(command.employee))
                    payload = {"employee": str(command.employee)}
                    unit.enqueue(ERASE, command.cause.company, payload, key=str(command.employee))
        return results
