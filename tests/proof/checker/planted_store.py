"""Corruptions of the store of documents' bytes, as its folder shows it."""

from __future__ import annotations

from typing import Any

from tests.proof.checker.keeping import SWEEP_AGE_S
from tests.proof.checker.planting import Line, Planted, Recorded, table

PLANTED: list[Planted] = []
planted = table(PLANTED)
STRAY = "5" * 64
DAY_S = 86_400.0


def store_of(run: Recorded) -> list[Line]:
    """The files of a store that has what the run told of, each an hour old; it becomes part of the run."""
    stored = [line["v"]["sha256"] for kind in ("DocumentStored.v1", "DocumentStored.v2") for _, line in run.all(kind)]
    files = [file_of(name) for name in sorted(set(stored))]
    run.surface["_store"] = {"sweep_age_s": SWEEP_AGE_S, "files": files}
    return files


def file_of(name: str, **more: Any) -> Line:
    """One file, as it should be."""
    return {"part": "sha256", "name": name, "sha256": name, "age_s": 3_600.0} | more


@planted("INV18")
def a_file_is_missing_from_the_store(run: Recorded) -> None:
    store_of(run).pop()


@planted("INV18")
def a_file_of_the_store_has_other_bytes(run: Recorded) -> None:
    store_of(run)[0]["sha256"] = "0" * 64


@planted("INV18")
def a_file_without_a_document_is_older_than_the_sweep(run: Recorded) -> None:
    store_of(run).append(file_of(STRAY, age_s=SWEEP_AGE_S + DAY_S))


@planted("INV18")
def a_file_that_was_set_aside_is_never_removed(run: Recorded) -> None:
    store_of(run).append(file_of(STRAY, part="aside", age_s=SWEEP_AGE_S + DAY_S))
