"""The store of documents' bytes, as its folder shows it, against what was told of it. INV18."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from tests.proof.checker.report import Findings

PARTS = ("sha256", "aside")
"""Bytes lie below the one; below the other for a while those that no row spoke of, where they can still be read."""
SWEEP_AGE_S = 604_800.0
"""A file that nobody speaks of may lie in each part for so long, as it is set out of the box."""
SWEEP_EVERY_S = 7_200.0
"""A sweep comes every hour; one may be missed."""
DIGEST = re.compile(r"[0-9a-f]{64}")
READ_BYTES = 1_048_576


def read_store(store: Path, folder: Path) -> None:
    """Read every file of a store and write down what it is to `folder/surface`."""
    into = folder / "surface"
    into.mkdir(parents=True, exist_ok=True)
    now = time.time()
    files = [
        {"part": part, "name": path.name, "sha256": _hash(path), "age_s": round(now - path.stat().st_mtime, 3)}
        for part in PARTS
        for path in _files(store / part)
    ]
    (into / "_store.json").write_bytes(orjson.dumps({"sweep_age_s": SWEEP_AGE_S, "files": files}))


def settle_store(store: Mapping[str, Any] | None, told: Mapping[str, str], findings: Findings, *, quiet: bool) -> None:
    """`told`: for each hash that was told when bytes were stored, of which document. Nothing of a store unread."""
    if store is None:
        return
    there: set[str] = set()
    for file in store["files"]:
        findings.look("INV18")
        there.add(file["name"])
        if file["sha256"] != file["name"]:
            findings.say("INV18", "a file of the store has other bytes than its name says", file=file)
        elif quiet and file["name"] not in told and file["age_s"] > store["sweep_age_s"] + SWEEP_EVERY_S:
            findings.say("INV18", "a file of the store is without a document for longer than a sweep allows", file=file)
    for sha256, document in told.items():
        findings.look("INV18")
        if sha256 not in there:
            findings.say("INV18", "the bytes of a document are not in the store", document=document, sha256=sha256)


def _files(part: Path) -> Iterator[Path]:
    for path in sorted(part.glob("??/*")):
        if DIGEST.fullmatch(path.name):
            yield path


def _hash(path: Path) -> str:
    seen = hashlib.sha256()
    with path.open("rb") as file:
        while some := file.read(READ_BYTES):
            seen.update(some)
    return seen.hexdigest()
