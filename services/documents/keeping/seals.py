"""Papers about a person's pay and the like are sealed before they are stored: AES-256-GCM under a key of that person.

A person's key is made once, wrapped under the installation's key, and kept in a row of its own: whoever has the files
and the database has nothing without the installation's key, and with the row a person's papers are gone. What is sealed
says for which company, document and purpose, so that it cannot be put in another's place.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
NAME_BYTES = 8
SECRET_BYTES_MIN = 32
MARK = b"\x01"
"""The form of what is sealed, for a day when there is another."""


class SealBroken(Exception):
    """What is there was not sealed here under any key that is still known, or was changed since."""


class Seals:
    """Seals and opens. The file holds the installation's keys, one a line: the first wraps, every line unwraps."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._keys: dict[bytes, bytes] = {}
        self._first = b""
        self._last = b""

    def new_person_key(self, company: str, person: object) -> bytes:
        """A key for a person, wrapped: what may be stored."""
        self._load()
        nonce = token_bytes(NONCE_BYTES)
        inner = AESGCM(self._keys[self._first]).encrypt(nonce, token_bytes(KEY_BYTES), _bound(company, person))
        return MARK + self._first + nonce + inner

    def seal(self, person_key: bytes, company: str, person: object, document: object, content: bytes) -> bytes:
        """The content under the person's key, for this document."""
        nonce = token_bytes(NONCE_BYTES)
        key = self._unwrapped(person_key, company, person)
        return MARK + nonce + AESGCM(key).encrypt(nonce, content, _bound(company, document))

    def fingerprint(self, value: bytes) -> bytes:
        """Equal values have equal ones, and nobody without the keys can try values out. By the oldest key: a new one
        in front of it changes nothing.
        """
        self._load()
        return hmac.digest(self._last, b"fingerprint\0" + value, "sha256")

    def open(self, person_key: bytes, company: str, person: object, document: object, sealed: bytes) -> bytes:
        """What was sealed. Raises SealBroken."""
        key = self._unwrapped(person_key, company, person)
        nonce, inner = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        return _opened(key, nonce, inner, _bound(company, document), sealed[:1])

    def _unwrapped(self, person_key: bytes, company: str, person: object) -> bytes:
        self._load()
        name, rest = person_key[1 : 1 + NAME_BYTES], person_key[1 + NAME_BYTES :]
        key = self._keys.get(name)
        if key is None:
            raise SealBroken("the key that wraps it is not known here")
        return _opened(key, rest[:NONCE_BYTES], rest[NONCE_BYTES:], _bound(company, person), person_key[:1])

    def _load(self) -> None:
        if self._keys:
            return
        lines = [line.strip() for line in self._file.read_bytes().splitlines() if line.strip()]
        if not lines or any(len(line) < SECRET_BYTES_MIN for line in lines):
            raise ValueError(f"the sealing key needs at least {SECRET_BYTES_MIN} bytes a line")
        keys = [sha256(b"seal\0" + line).digest() for line in lines]
        self._keys = {sha256(key).digest()[:NAME_BYTES]: key for key in keys}
        self._last = keys[-1]
        self._first = sha256(keys[0]).digest()[:NAME_BYTES]


def _bound(company: str, thing: object) -> bytes:
    return f"{company}\0{thing}".encode()


def _opened(key: bytes, nonce: bytes, inner: bytes, bound: bytes, mark: bytes) -> bytes:
    if mark != MARK:
        raise SealBroken("it is not in a form that is known here")
    try:
        return AESGCM(key).decrypt(nonce, inner, bound)
    except InvalidTag:
        raise SealBroken("it was not sealed for this place, or was changed") from None
