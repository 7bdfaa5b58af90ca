"""Of what kind somebody's leave is: in clear, or sealed under their key where the kind is confidential.

All of a person's leave of one kind is sealed for the same place, so equal kinds are equal bytes and the key of an entry
tells them apart without opening any; the codes are filled up, so that their length says nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import asyncpg

from chassis.ids import UUID
from services.payroll.domain.leave import SEALED, LeaveType
from services.payroll.domain.privacy import PersonKey, Place
from services.payroll.store.vault import KeyRing, Unreadable, Vault

FIELD = "leave.sealed_type"
CODE_CHARS = 64
"""As long as a code may be."""

SealedKind = tuple[str, uuid.UUID, bytes]
"""Company, employee, bytes."""


class Kinds:
    """How kinds of leave are written for some people: what types there are, and the open keys of those people."""

    def __init__(self, types: Mapping[str, Mapping[str, LeaveType]], ring: KeyRing | None) -> None:
        self._types = types
        self._ring = ring

    @property
    def can_seal(self) -> bool:
        """Whether there are keys: there are none without a vault."""
        return self._ring is not None

    def erased(self, company: str, employee: uuid.UUID, code: str) -> bool:
        """Whether leave of this kind cannot be written for this person any more, as their key was erased."""
        sealed = self._types[company][code].confidential
        return sealed and self._ring is not None and (company, employee) in self._ring.erased

    def written(self, company: str, employee: uuid.UUID, code: str) -> tuple[str | None, bytes | None]:
        """The code in clear, or sealed. Raises Unreadable for whose key was erased."""
        if not self._types[company][code].confidential:
            return code, None
        if self._ring is None:
            raise Unreadable("no key was asked for")
        return None, self._ring.seal(_place(company, employee), code.ljust(CODE_CHARS))

    def paid_if_sealed(self, company: str, code: str) -> bool | None:
        """Whether days of a sealed kind are paid; of one in clear its type says it."""
        kind = self._types[company][code]
        return kind.paid if kind.confidential else None


async def to_write(
    connection: asyncpg.Connection,
    types: Mapping[str, Mapping[str, LeaveType]],
    wanted: Iterable[tuple[str, uuid.UUID, str]],
    vault: Vault | None,
    now: datetime,
) -> Kinds:
    """What is needed to write leave of these people (company, employee, code): keys where a kind is confidential."""
    people: set[PersonKey] = {
        (company, UUID(employee.hex))
        for company, employee, code in wanted
        if (kind := types[company].get(code)) is not None and kind.confidential
    }
    if not people or vault is None:
        return Kinds(types, None)
    return Kinds(types, await vault.ring_to_seal(connection, people, now))


async def opened(
    connection: asyncpg.Connection, rows: Collection[asyncpg.Record], vault: Vault | None
) -> dict[SealedKind, str]:
    """Of what kind each sealed row is, opened once for each person and kind."""
    sealed = {(row["company"], row["employee"], row["sealed_type"]) for row in rows if row["sealed_type"] is not None}
    if not sealed or vault is None:
        return dict.fromkeys(sealed, SEALED)
    ring = await vault.ring(connection, {(company, employee) for company, employee, _ in sealed})
    return {one: _open(ring, *one) for one in sealed}


def _open(ring: KeyRing, company: str, employee: uuid.UUID, sealed: bytes) -> str:
    if (company, employee) in ring.erased:
        return SEALED
    return ring.unseal(_place(company, employee), sealed).rstrip()


def _place(company: str, employee: uuid.UUID) -> Place:
    return Place(company, UUID(employee.hex), FIELD)
