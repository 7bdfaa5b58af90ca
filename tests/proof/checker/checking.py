"""All passes over one folder, one after the other."""

from __future__ import annotations

import gc
import tempfile
from pathlib import Path

from tests.proof.checker.books import Books
from tests.proof.checker.buckets import Buckets
from tests.proof.checker.history import read_history
from tests.proof.checker.intents import Intents
from tests.proof.checker.pay import settle_pay
from tests.proof.checker.pay_surface import load_pay
from tests.proof.checker.private import settle_private
from tests.proof.checker.report import Findings, Report
from tests.proof.checker.shown import settle_shown
from tests.proof.checker.streaming import Streaming, settle_chains, settle_ids
from tests.proof.checker.subjects import settle_subjects
from tests.proof.checker.surface import Surface, load_surface

ALWAYS = ("INV19", "INV21", "INV22")
"""Examined wherever there is any event at all."""
BY_KIND = {"order": ("INV1", "INV4", "INV12", "INV23"), "pay": ("INV1",), "hire": ("INV23",), "dispatch": ("INV1",)}
"""Examined wherever something of the kind was accepted."""


def check(folder: Path, *, expect_quiet: bool = True) -> Report:
    """Judge what `history`, `topics` and `surface` of a folder hold. Raises BrokenHistory.

    expect_quiet: everything has come to rest, so what has not happened is lost. Otherwise only what is wrong by now
    is reported: doubled, unbalanced, out of order.
    """
    collecting = gc.isenabled()
    gc.disable()  # nothing here refers to itself, and looking for it takes a third of the time
    try:
        return _check(folder, quiet=expect_quiet)
    finally:
        if collecting:
            gc.enable()


def _check(folder: Path, *, quiet: bool) -> Report:
    findings = Findings()
    intents = Intents(read_history(folder), findings)
    books = Books(findings)
    surface = load_surface(folder)
    for company, told in surface.companies.items():
        books.shelves.documents(company, told)
    with (
        tempfile.TemporaryDirectory() as spill,
        Buckets(Path(spill), "ids") as ids,
        Buckets(Path(spill), "chains") as chains,
        Buckets(Path(spill), "subjects") as subjects,
    ):
        streaming = Streaming(folder, findings, intents, books, ids, chains, subjects)
        streaming.run()
        settle_ids(ids, findings)
        settle_chains(chains, findings)
        settle_subjects(subjects, findings, books, quiet=quiet)
    books.settle(quiet=quiet)
    settle_shown(
        surface, books, intents, findings, streaming.highest, streaming.unreadable, quiet=quiet
    )  # fmt: skip
    settle_pay(folder, books, findings, quiet=quiet)
    settle_private(folder, findings)
    intents.settle(quiet=quiet)
    if quiet:
        _examined_something(findings, intents, surface, streaming.events, paid=bool(load_pay(folder)))
    return Report(
        streaming.events, intents.operations, findings.lost, findings.doubled, tuple(findings.violations),
        findings.examined, findings.wrong,
    )  # fmt: skip


def _examined_something(findings: Findings, intents: Intents, surface: Surface, events: int, *, paid: bool) -> None:
    """An invariant that looked at nothing, where there was something to look at, has proven nothing."""
    due = set(ALWAYS if events else ())
    for (kind, *_), wanted in intents.wanted.items():
        if any(one.outcome == "ok" for one in wanted):
            due.update(BY_KIND.get(kind, ()))
    if any(told["invoices"] for told in surface.companies.values()):
        due.update(("INV5", "INV6", "INV9", "INV10", "INV20", "INV26"))
    if any(told["stock"] for told in surface.companies.values()):
        due.update(("INV11", "INV12"))
    if any(told["valued"] for told in surface.companies.values()):
        due.add("INV14")
    if any(told["documents"] for told in surface.companies.values()):
        due.add("INV18")
    if any(told.get("proposals") or told.get("refunds") for told in surface.companies.values()):
        due.add("INV27")
    if intents.request_ids and surface.companies:
        due.update(("INV2", "INV3", "INV28"))
    if paid:
        due.update(("INV15", "INV16", "INV17", "INV27"))
    for invariant in sorted(due):
        if not findings.examined[invariant]:
            findings.say(invariant, "nothing was examined, although there was something to examine")
