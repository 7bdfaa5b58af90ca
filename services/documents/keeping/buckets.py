"""Bytes kept under their own hash in a bucket of any S3-compatible store, by its address: `s3://papers/backbone`.

Keys, region and endpoint come from the usual `AWS_…` variables of the environment. An object is whole when it is there:
a put that breaks off, in one part or in many, leaves no object of that name. A bucket that is not there, or that does
not take our keys, is a store that is away: nothing is said about what was kept in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from typing import BinaryIO, TypeVar

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

from services.documents.keeping.contents import (
    DIGEST,
    ContentDamaged,
    ContentMissing,
    Found,
    StoreAway,
    digest_of,
)

T = TypeVar("T")
KEPT, ASIDE = "sha256", "aside"

PUT_AT_ONCE_BYTES = 8_388_608
"""Longer content goes up in parts."""
AGAIN_MAX = 3
NO_BUCKET = "<Code>NoSuchBucket</Code>"
"""In the store's answer, which the library gives as text alone, as for an object that is missing."""


class Bucket:
    """Objects named `sha256/ab/ab…` below the address; what was set aside is `aside/ab/ab…`."""

    def __init__(self, url: str, patience_s: float) -> None:
        self.url = url
        self._patience_s = patience_s
        self._store: ObjectStore | None = None

    def keep(self, content: bytes | BinaryIO) -> str:
        """Store content for good; returns its SHA-256 (hex). What stands there already is written anew."""
        digest = digest_of(content)
        if not isinstance(content, bytes):
            content.seek(0)
        try:
            obstore.put(self._opened(), self.name(digest), content, chunk_size=PUT_AT_ONCE_BYTES)
        except (BaseError, OSError) as error:
            raise StoreAway(_why(error, f"while {digest} was kept")) from error
        return digest

    def fetch(self, digest: str) -> bytes:
        """The content with this SHA-256 (hex). Raises ContentMissing, or ContentDamaged rather than wrong bytes."""
        try:
            content = self._read(digest)
        except FileNotFoundError as error:
            if NO_BUCKET in str(error):
                raise StoreAway(_why(error, f"while {digest} was fetched")) from error
            raise ContentMissing(f"no object {digest}") from None
        except (BaseError, OSError) as error:
            raise StoreAway(_why(error, f"while {digest} was fetched")) from error
        if sha256(content).hexdigest() != digest:
            raise ContentDamaged(f"object {digest} has other content")
        return content

    def sweep(self, older_than_s: float) -> int:
        """Nothing: what was not put wholly is not there (parts that were begun are the bucket's own rule to end)."""
        return 0

    def list_kept(self, after: str, most: int) -> list[Found]:
        """What is kept, in the order of the hashes, from behind one of them on. Raises StoreAway."""
        return self._asked(lambda: self._list(KEPT, after, most), "while contents were listed")

    def list_aside(self, after: str, most: int) -> list[Found]:
        """The same of what was set aside, with the moment of that. Raises StoreAway."""
        return self._asked(lambda: self._list(ASIDE, after, most), "while contents were listed")

    def set_aside(self, digest: str, until: datetime) -> bool:
        """Move content away unless it was kept (once more) since `until`; returns whether it went. Raises StoreAway.

        A bucket cannot move: who keeps the same bytes between the look and the removal finds them aside.
        """
        return self._asked(lambda: self._set_aside(digest, until), f"while {digest} was set aside")

    def bring_back(self, digest: str) -> None:
        """Somebody knows what was set aside: it is kept as before. Raises StoreAway."""

        def back() -> None:
            obstore.copy(self._opened(), self.name(digest, ASIDE), self.name(digest))
            obstore.delete(self._opened(), self.name(digest, ASIDE))

        self._asked(back, f"while {digest} was brought back")

    def drop(self, digest: str) -> None:
        """Remove for good what was set aside; what is kept under this hash is not touched. Raises StoreAway."""

        def removed() -> None:
            with suppress(FileNotFoundError):
                obstore.delete(self._opened(), self.name(digest, ASIDE))

        self._asked(removed, f"while {digest} was removed")

    def name(self, digest: str, part: str = KEPT) -> str:
        """What the object with this SHA-256 (hex) is called."""
        return f"{part}/{digest[:2]}/{digest}"

    def _read(self, digest: str) -> bytes:
        try:
            return bytes(obstore.get(self._opened(), self.name(digest)).bytes())
        except FileNotFoundError:
            with suppress(FileNotFoundError):
                return bytes(obstore.get(self._opened(), self.name(digest, ASIDE)).bytes())
            return bytes(obstore.get(self._opened(), self.name(digest)).bytes())  # it may have come back in between

    def _list(self, part: str, after: str, most: int) -> list[Found]:
        found: list[Found] = []
        offset = self.name(after, part) if after else None
        for page in obstore.list(self._opened(), part, offset=offset, chunk_size=most):
            named = [(each["path"].rpartition("/")[2], each["last_modified"]) for each in page]
            found += [Found(digest, at) for digest, at in named if DIGEST.fullmatch(digest)]
            if len(found) >= most:
                break
        return found[:most]

    def _set_aside(self, digest: str, until: datetime) -> bool:
        store, name = self._opened(), self.name(digest)
        try:
            if obstore.head(store, name)["last_modified"] >= until:
                return False
            obstore.copy(store, name, self.name(digest, ASIDE))
            if obstore.head(store, name)["last_modified"] >= until:
                return False
            obstore.delete(store, name)
        except FileNotFoundError as error:
            if NO_BUCKET in str(error):
                raise
            return False
        return True

    def _asked(self, question: Callable[[], T], when: str) -> T:
        try:
            return question()
        except (BaseError, OSError) as error:
            raise StoreAway(_why(error, when)) from error

    def _opened(self) -> ObjectStore:
        if self._store is None:
            patience = timedelta(seconds=self._patience_s)
            self._store = from_url(
                self.url,
                client_options={
                    "connect_timeout": patience,
                    "read_timeout": patience,
                    "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() in ("1", "true"),
                },
                retry_config={"max_retries": AGAIN_MAX, "retry_timeout": patience},
            )
        return self._store


def _why(error: Exception, when: str) -> str:
    """In few words, without addresses and keys: what the store answered at most names the rule."""
    if NO_BUCKET in str(error):
        return f"there is no such bucket, {when}"
    return f"{type(error).__name__} {when}"
