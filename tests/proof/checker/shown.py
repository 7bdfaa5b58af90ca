"""The last pass: what the departments show, against what the events add up to. INV3, 4, 18, 20, 24, 26, 27, 28."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.proof.checker.books import Books
from tests.proof.checker.intents import BY_REFERENCE, Intents
from tests.proof.checker.keeping import settle_store
from tests.proof.checker.ledgers import settle_ledgers
from tests.proof.checker.report import Findings
from tests.proof.checker.shelf_papers import settle_steps
from tests.proof.checker.surface import Surface
from tests.proof.checker.topics import Record

NAMED = {
    "invoices": "invoice",
    "payments": "payment",
    "documents": "document",
    "employees": "employee",
    "orders": "id",
}

SEALED = frozenset({"payslip", "employment_contract"})
"""Classes whose bytes rest sealed under a person's key: the hash that is told is of what rests, and the paper that is
handed out is the opened one."""


def settle_shown(
    surface: Surface, books: Books, intents: Intents, findings: Findings, highest: Mapping[tuple[str, str, str], int],
    unreadable: Sequence[Record], *, quiet: bool,
) -> None:  # fmt: skip
    """Company by company. What the departments show while work is on the way is behind: it is judged when quiet."""
    for request, status in surface.requests.items():
        findings.look("INV3")
        if status != 200:
            findings.say("INV3", f"a request that was accepted answers {status}", request=request)
    _unreadable(surface, findings, unreadable)
    settle_store(surface.store, books.bytes_told, findings, quiet=quiet)
    for company, told in surface.companies.items():
        _mixed(company, told, books, findings)
        _held(company, told, findings, highest, quiet=quiet)
        if not quiet:
            continue
        _lists(company, told, books, findings, intents.injected)
        settle_ledgers(company, told, books, findings)
        _papers(company, told, books, findings)
        books.eyes.settle_shown(company, told)
        books.shelves.settle_shown(company, told, intents.below_zero)
        books.worth.settle_shown(company, told, books.stock_account(company))
        _by_reference(company, told, intents)
        settle_steps(company, told, intents, findings)
        for order in told["orders"]:
            findings.look("INV4")
            expected = books.ends.get((company, str(order["id"])))
            if expected is not None and order["state"] not in expected:
                what = f"an order stays {order['state']}"
                findings.say("INV4", what, company=company, order=order["id"], expected=sorted(expected))


def _lists(
    company: str, told: Mapping[str, Any], books: Books, findings: Findings, injected: frozenset[str] | set[str]
) -> None:
    """INV20: each thing that was sent is shown, and nothing else; no thing twice."""
    for shown, name in NAMED.items():
        rows = [str(row[name]) for row in told[shown]]
        sent = books.ids[company, shown]
        findings.look("INV20", len(rows))
        if missing := sent - set(rows):
            findings.say(
                "INV20", f"{len(missing)} {shown} were sent and are not shown", company=company, ids=_few(missing)
            )
        if surplus := set(rows) - sent - injected - _elsewhere(company, shown, books):
            findings.say(
                "INV20", f"{len(surplus)} {shown} are shown and were never sent", company=company, ids=_few(surplus)
            )
        if len(rows) > len(set(rows)):
            findings.say("INV20", f"{shown} are shown twice", company=company)


def _mixed(company: str, told: Mapping[str, Any], books: Books, findings: Findings) -> None:
    """INV26: nothing that is shown for a company belongs to another one."""
    for shown, name in NAMED.items():
        findings.look("INV26", len(told[shown]))
        others = _elsewhere(company, shown, books)
        if strange := others & {str(row[name]) for row in told[shown]}:
            findings.say("INV26", f"{shown} of another company are shown", company=company, ids=_few(strange))
    for row in told["orders"]:
        if row.get("company", company) != company:
            findings.say("INV26", "an order of another company is shown", company=company, order=row["id"])


def _elsewhere(company: str, shown: str, books: Books) -> set[str]:
    return set().union(*(books.ids[other, shown] for other in books.companies if other != company))


def _papers(company: str, told: Mapping[str, Any], books: Books, findings: Findings) -> None:
    """INV28: no paper without its bytes. INV18: what is on file, and handed out, has the hash that was told."""
    for document in told["documents"]:
        content = document["content"]
        if document["template"] is not None:
            findings.look("INV28")
            if content is None:
                findings.say("INV28", "a paper has no bytes", company=company, document=document["document"])
        findings.look("INV18")
        shown = None if content is None else content.get("sha256")
        stored = books.hashes.get((company, document["document"]), (0, None))[1]
        if shown != stored:
            what = "a paper is on file with another hash than was told"
            findings.say("INV18", what, company=company, document=document["document"], shown=shown, told=stored)
    sealed = {document["document"] for document in told["documents"] if document.get("class") in SEALED}
    for read in told["papers"]:
        findings.look("INV18")
        if read["document"] in sealed:
            continue
        if read["sha256"] != books.hashes.get((company, read["document"]), (0, None))[1]:
            findings.say("INV18", "a paper has other bytes than were told", company=company, paper=read)


def _by_reference(company: str, told: Mapping[str, Any], intents: Intents) -> None:
    """INV1, of goods that came in, counts and transfers: no event bears their reference, so their lists name them."""
    for f, (shown, identity) in BY_REFERENCE.items():
        for row in told[shown]:
            name = (f, company, None, row["reference"])
            if name in intents.wanted:
                intents.happened[name].append(str(row[identity]))


def _held(
    company: str,
    told: Mapping[str, Any],
    findings: Findings,
    highest: Mapping[tuple[str, str, str], int],
    *,
    quiet: bool,
) -> None:
    """INV24, INV28: what is held was sent; in the end nothing is."""
    findings.look("INV28")
    for row in told["held"]:
        findings.look("INV24")
        last = highest.get((row["topic"], company, row["key"]))
        if last is not None and row["sequence"] > last:
            findings.say("INV24", "something is held that no topic has", company=company, row=_brief(row))
        if quiet:
            findings.say("INV28", f"held: {row['reason']}", company=company, row=_brief(row))


def _unreadable(surface: Surface, findings: Findings, unreadable: Sequence[Record]) -> None:
    """INV24: each record that nobody can read is listed where somebody listens, also when it was settled since."""
    listed = {
        (row["topic"], int(row["partition"]), int(row["offset"]))
        for rows in surface.unreadable.values()
        for row in rows
    }
    for record in unreadable:
        findings.look("INV24")
        if surface.unreadable and (record.topic, record.partition, record.offset) not in listed:
            findings.say("INV24", "a record that cannot be read is listed nowhere", at=record.place)


def _brief(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in ("department", "topic", "key", "sequence", "reason")}


def _few(ids: Iterable[str]) -> list[str]:
    return sorted(ids)[:5]
