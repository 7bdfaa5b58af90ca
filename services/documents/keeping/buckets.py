"""Bytes kept under their own hash in a bucket of any S3-compatible store, by its address: `s3://papers/backbone`.

Keys, region and endpoint come from the usual `AWS_…` variables of the environment. An object is whole when it is there:
a put that breaks off, in one part or in many, leaves no object of that name. A bucket that is not there, or that does
not take our keys, is a store that is away: nothing is said about what was kept in it.
"""

from __future__ import annotations

import os
from datetime import timedelta
from hashlib import sha256
from typing import BinaryIO

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

from services.documents.keeping.contents import ContentDamaged, ContentMissing, StoreAway, digest_of

PUT_AT_ONCE_BYTES = 8_388_608
"""Longer content goes up in parts."""
AGAIN_MAX = 3
NO_BUCKET = "<Code>NoSuchBucket</Code>"
"""In the store's answer, which the library gives as text alone, as for an object that is missing."""


class Bucket:
    """Objects named `sha256/ab/ab…` below the address."""

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
            content = bytes(obstore.get(self._opened(), self.name(digest)).bytes())
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

    def name(self, digest: str) -> str:
        """What the object with this SHA-256 (hex) is called."""
        return f"sha256/{digest[:2]}/{digest}"

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
