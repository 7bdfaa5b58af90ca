"""Sealed personal data: AES-256-GCM under a key per person, which is wrapped by the house's master key.

Erasing a person's key makes all their sealed values unreadable at once, in every row (a backup that holds the key has
to run out by itself). The nonce is derived from place and value under a key of its own, never drawn: the same value at
the same place gives the same bytes, so that a repeated command writes the same row, and another value has another nonce
(NIST SP 800-38D, 8.2 asks for that alone; among 2^24 values of a person two nonces meet with less than 2^-48).
A person's key is the one thing here that chance makes; whoever comes second finds it and uses it.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import asyncpg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.payroll.domain.privacy import PersonKey, Place, comparable

MASTER_BYTES_MIN = 32
NONCE_BYTES = 12
FORMAT = b"\x01"
"""First byte of everything sealed: AES-256-GCM, nonce of 12 bytes, tag at the end."""

LOCK_KEYS = """
select k.company, k.employee, k.wrapped from person_key k
join unnest($1::text[], $2::uuid[]) as x(company, employee) on k.company = x.company and k.employee = x.employee
order by k.company, k.employee for share of k
"""
READ_KEYS = """
select k.company, k.employee, k.wrapped from person_key k
join unnest($1::text[], $2::uuid[]) as x(company, employee) on k.company = x.company and k.employee = x.employee
"""
ADD_KEYS = """
insert into person_key (company, employee, wrapped, made_at)
select x.company, x.employee, x.wrapped, $4 from unnest($1::text[], $2::uuid[], $3::bytea[])
    as x(company, employee, wrapped) order by x.company, x.employee on conflict do nothing
"""
ERASE_KEYS = """
update person_key k set wrapped = null, erased_at = $3 from unnest($1::text[], $2::uuid[]) as x(company, employee)
where k.company = x.company and k.employee = x.employee and k.wrapped is not null returning k.company, k.employee
"""


class Unreadable(Exception):
    """A sealed value cannot be opened: the person's key was erased, or the bytes do not belong to this place."""


class KeyRing:
    """The open keys of some people, for one batch. Nothing in it is ever printed."""

    def __init__(self, keys: Mapping[PersonKey, bytes], erased: Collection[PersonKey]) -> None:
        self._ciphers = {person: AESGCM(key) for person, key in keys.items()}
        self._nonces = {person: _derived(key, b"nonce") for person, key in keys.items()}
        self.erased = frozenset(erased)

    def __repr__(self) -> str:
        return f"KeyRing({len(self._ciphers)} people)"

    def seal(self, place: Place, value: str) -> bytes:
        """The value for this place alone. Raises Unreadable for somebody whose key was erased or is not on the ring."""
        clear, bound = value.encode(), place.bound()
        cipher = self._cipher(place.person)
        nonce = _nonce(self._nonces[place.person], bound, clear)
        return FORMAT + nonce + cipher.encrypt(nonce, clear, bound)

    def unseal(self, place: Place, sealed: bytes) -> str:
        """What was sealed for this place. Raises Unreadable when the key is gone or the bytes are others."""
        cipher = self._cipher(place.person)
        start = len(FORMAT) + NONCE_BYTES
        if sealed[: len(FORMAT)] != FORMAT:
            raise Unreadable("sealed in a form that is not known here")
        try:
            return cipher.decrypt(sealed[len(FORMAT) : start], sealed[start:], place.bound()).decode()
        except InvalidTag:
            raise Unreadable("sealed for another place, or changed") from None

    def _cipher(self, person: PersonKey) -> AESGCM:
        try:
            return self._ciphers[person]
        except KeyError:
            raise Unreadable("this person's key was erased, or never made") from None


class Vault:
    """Opens people's keys with the master key. One per process."""

    def __init__(self, master: bytes) -> None:
        if len(master) < MASTER_BYTES_MIN:
            raise ValueError(f"the master key has less than {MASTER_BYTES_MIN} bytes")
        self._wrapping = AESGCM(_derived(master, b"wrapping"))
        self._wrapping_nonces = _derived(master, b"wrapping nonce")
        self._blinding = _derived(master, b"blind index")
        self._fingerprints = _derived(master, b"fingerprint")
        self._sums, self._sums_nonces = AESGCM(_derived(master, b"sums")), _derived(master, b"sums nonce")

    @classmethod
    def from_file(cls, file: Path) -> Vault:
        """The vault of this key file. Raises OSError when it cannot be read, ValueError when it is too short."""
        return cls(file.read_bytes().strip())

    def __repr__(self) -> str:
        return "Vault()"

    async def ring(self, connection: asyncpg.Connection, people: Collection[PersonKey]) -> KeyRing:
        """The keys of these people as far as they have one, to read with: one statement."""
        return self._ring(await connection.fetch(READ_KEYS, *_columns(people)))

    async def ring_to_seal(
        self, connection: asyncpg.Connection, people: Collection[PersonKey], now: datetime
    ) -> KeyRing:
        """The keys of these people, made where there was none: three statements, however many people.

        They are locked against erasure until the commit, so that nothing is sealed with a key that is just going.
        """
        columns = _columns(people)
        known = {(row["company"], row["employee"]) for row in await connection.fetch(READ_KEYS, *columns)}
        fresh = sorted(set(people) - known, key=str)
        await connection.execute(ADD_KEYS, *_columns(fresh), [self._new_key(person) for person in fresh], now)
        return self._ring(await connection.fetch(LOCK_KEYS, *columns))

    async def erase(
        self, connection: asyncpg.Connection, people: Collection[PersonKey], now: datetime
    ) -> set[PersonKey]:
        """Make everything that was sealed for these people unreadable; returns those who had a key until now."""
        rows = await connection.fetch(ERASE_KEYS, *_columns(people), now)
        return {(row["company"], row["employee"]) for row in rows}

    def blind(self, company: str, field: str, value: str) -> bytes:
        """What to look an equal value up by, without opening any; blanks, dots and dashes do not count."""
        text = "\x1f".join((company, field, comparable(value)))
        return hmac.digest(self._blinding, text.encode(), "sha256")

    def fingerprint(self, company: str, purpose: str, value: bytes) -> bytes:
        """Equal values have equal ones, and nobody without the master key can try values out."""
        return hmac.digest(self._fingerprints, f"{company}\x1f{purpose}\x1f".encode() + value, "sha256")

    def seal_sums(self, company: str, place: str, value: str) -> bytes:
        """Sums over people, which outlive the key of each: sealed for this place under the master key itself."""
        clear, bound = value.encode(), f"{company}\x1f{place}".encode()
        nonce = _nonce(self._sums_nonces, bound, clear)
        return FORMAT + nonce + self._sums.encrypt(nonce, clear, bound)

    def unseal_sums(self, company: str, place: str, sealed: bytes) -> str:
        """What `seal_sums` sealed for this place. Raises Unreadable for anything else."""
        start = len(FORMAT) + NONCE_BYTES
        try:
            bound = f"{company}\x1f{place}".encode()
            return self._sums.decrypt(sealed[len(FORMAT) : start], sealed[start:], bound).decode()
        except InvalidTag:
            raise Unreadable("sums sealed for another place, or by another master key") from None

    def _new_key(self, person: PersonKey) -> bytes:
        key, bound = AESGCM.generate_key(bit_length=256), _bound(person)
        nonce = _nonce(self._wrapping_nonces, bound, key)
        return FORMAT + nonce + self._wrapping.encrypt(nonce, key, bound)

    def _ring(self, rows: Collection[asyncpg.Record]) -> KeyRing:
        people = {(row["company"], row["employee"]): row["wrapped"] for row in rows}
        keys = {person: self._open(person, wrapped) for person, wrapped in people.items() if wrapped is not None}
        return KeyRing(keys, [person for person, wrapped in people.items() if wrapped is None])

    def _open(self, person: PersonKey, wrapped: bytes) -> bytes:
        start = len(FORMAT) + NONCE_BYTES
        try:
            return self._wrapping.decrypt(wrapped[len(FORMAT) : start], wrapped[start:], _bound(person))
        except InvalidTag:
            raise Unreadable("the master key is another one than this person's key was wrapped with") from None


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"payroll vault: " + purpose).derive(key)


def _nonce(key: bytes, bound: bytes, clear: bytes) -> bytes:
    return hmac.digest(key, sha256(bound).digest() + clear, "sha256")[:NONCE_BYTES]


def _bound(person: PersonKey) -> bytes:
    return "\x1f".join((person[0], str(person[1]))).encode()


def _columns(people: Collection[PersonKey]) -> tuple[list[str], list[object]]:
    return [company for company, _ in people], [employee for _, employee in people]
