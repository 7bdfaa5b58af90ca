"""The first pass: one topic after the other, each record once. INV5, INV11, INV19, INV21 and INV22 as they go by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from contracts.topics import TOPICS
from tests.proof.checker.books import Books, lean
from tests.proof.checker.buckets import Buckets
from tests.proof.checker.intents import ASKED_AS, Intents
from tests.proof.checker.report import Findings
from tests.proof.checker.topics import Record, read_topic

ATTRIBUTES = frozenset(
    {"ce_id", "ce_type", "ce_company", "ce_sequence", "ce_causationid", "ce_correlationid", "ce_source", "ce_time"}
)
ROOTS = frozenset({
    "ItemDefined.v1", "ItemDefined.v2", "StockReceived.v1", "StockReceived.v2", "CompanyRegistered.v1",
    "CompanyChanged.v1", "AccountOpened.v1", "TaxCodeDefined.v1", "ExchangeRateRecorded.v1", "FiscalYearOpened.v1",
    "PeriodClosed.v1", "PeriodReopened.v1", "DimensionDefined.v1", "CustomerRegistered.v1", "CustomerChanged.v1",
    "StockIssued.v1", "StockValued.v1", "StockAdjusted.v1", "OrderChanged.v1", "PriceListDefined.v1",
    "PricesAnnounced.v1", *ASKED_AS,
})  # fmt: skip
"""What people and front offices ask for: such events begin a chain."""
MAY_BEGIN = frozenset({
    "BackOrderReserved.v1", "StockReserved.v1", "ReservationReduced.v1", "ReservationRefused.v1", "CreditApproved.v1",
    "CreditNoteIssued.v1", "CreditCheckRequired.v1", "PaymentBounced.v1", "PaymentRefunded.v1", "EntryPosted.v1",
    "DocumentRegistered.v2", "DocumentStored.v2", "EmployeeLeft.v1", "DocumentRetentionStarted.v1", "PayrollPosted.v1",
    "EmploymentChanged.v1", "TrainingCompleted.v1", "CertificateExpiring.v1", "CertificateExpired.v1",
    "TrainingCostIncurred.v1", "DunningLevelReached.v1", "InvoiceOverdue.v1", "DunningChargeTakenBack.v1",
})  # fmt: skip
"""What comes of goods that come in, of a time that is over, or of what somebody asks for; else of another event."""


class Streaming:
    """Reads everything, and leaves the joins in buckets: events by id, by chain, by what they are about."""

    def __init__(
        self, folder: Path, findings: Findings, intents: Intents, books: Books, ids: Buckets, chains: Buckets,
        subjects: Buckets,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.findings = findings
        self.intents = intents
        self.books = books
        self.ids = ids
        self.chains = chains
        self.subjects = subjects
        self.events = 0
        self.unreadable: list[Record] = []
        self.highest: dict[tuple[str, str, str], int] = {}

    def run(self) -> None:
        """Every record of every topic."""
        for topic in TOPICS:
            keys: dict[tuple[str, str], list[int]] = {}
            for record in read_topic(self.folder, topic):
                self.events += 1
                self._one(record, keys)
            if topic == "ledger.companies" or len(keys) < 1_000:
                self.highest |= {(topic, *key): len(seen) - 1 for key, seen in keys.items()}

    def _one(self, record: Record, keys: dict[tuple[str, str], list[int]]) -> None:
        headers = record.headers
        if headers is None or not headers.keys() >= ATTRIBUTES or not isinstance(record.data, dict):
            self.unreadable.append(record)
            return
        identity = headers["ce_id"]
        self.ids.add((identity, hash(record.raw[record.raw.index(b',"k"') :]), record.place))
        self.findings.look("INV19")
        if identity in self.intents.injected:
            return  # no producer of ours has sent it
        if headers["ce_type"] not in TOPICS[record.topic].holds:
            self.findings.say("INV20", f"{headers['ce_type']} on a topic that does not hold it", at=record.place)
            return
        if not self._is_first(record, headers, keys):
            return
        if headers["ce_correlationid"] not in self.intents.injected:
            self.chains.add((
                headers["ce_correlationid"], identity, headers["ce_causationid"], headers["ce_type"],
                headers["ce_company"], record.place,
            ))  # fmt: skip
        self._fact(record, headers)

    def _is_first(self, record: Record, headers: Mapping[str, str], keys: dict[tuple[str, str], list[int]]) -> bool:
        """INV21; whether this is not a repeat."""
        say = self.findings.say
        self.findings.look("INV21")
        sequence, identity = int(headers["ce_sequence"]), hash(headers["ce_id"])
        if record.key != headers.get("ce_subject", record.key):
            say("INV21", "the key is not the subject", at=record.place, key=record.key, subject=headers["ce_subject"])
        seen = keys.setdefault((headers["ce_company"], record.key), [record.partition])
        if seen[0] != record.partition:
            say(
                "INV21", f"a key is on the partitions {seen[0]} and {record.partition}", at=record.place, key=record.key
            )
        if sequence < len(seen):
            if seen[sequence] != identity:
                say("INV21", f"two events have the sequence {sequence}", at=record.place, key=record.key)
                return True
            return False
        if sequence > len(seen):
            say("INV21", f"sequence {sequence} after {len(seen) - 1}", at=record.place, key=record.key)
            seen += [0] * (sequence - len(seen))
        seen.append(identity)
        return True

    def _fact(self, record: Record, headers: Mapping[str, str]) -> None:
        kind, company, data, place = headers["ce_type"], headers["ce_company"], record.data, record.place
        if (asked := ASKED_AS.get(kind)) is not None:
            self.intents.event(asked, company, headers["ce_source"], data, record.key, place)
        self.books.event(kind, company, data, place, headers["ce_time"])
        if (subject := _subject(kind, data)) is not None and subject not in self.intents.injected:
            links = headers["ce_id"], headers["ce_causationid"], record.key, int(headers["ce_sequence"])
            self.subjects.add((subject, kind, company, place, lean(kind, data), *links))


def settle_ids(ids: Buckets, findings: Findings) -> None:
    """INV19: everything that has one event id is the same."""
    for identity, rows in ids.groups():
        if len(rows) > 1 and any(row[1] != rows[0][1] for row in rows):
            findings.say("INV19", "one event id stands for two contents", id=identity, at=[row[2] for row in rows])


def settle_chains(chains: Buckets, findings: Findings) -> None:
    """INV22, and of INV26: no chain goes from one company to another."""
    for correlation, rows in chains.groups():
        causes = {row[1]: row[2] for row in rows}
        companies: defaultdict[str, list[str]] = defaultdict(list)
        for _, identity, cause, kind, company, place in rows:
            findings.look("INV22")
            companies[company].append(place)
            if kind in ROOTS or (kind in MAY_BEGIN and cause == correlation):
                if cause != correlation:
                    findings.say("INV22", f"{kind} begins a chain and names another cause", at=place, cause=cause)
            elif cause not in causes:
                findings.say("INV22", f"the cause of {kind} is in no topic of its chain", at=place, cause=cause)
            elif _is_circular(identity, causes):
                findings.say("INV22", f"{kind} is its own cause", at=place)
        findings.look("INV26")
        if len(companies) > 1:
            findings.say("INV26", "a chain of events is in two companies", chain=correlation, at=dict(companies))


def _is_circular(identity: str, causes: Mapping[str, str]) -> bool:
    seen = set()
    here = identity
    while here in causes:
        if here in seen:
            return True
        seen.add(here)
        here = causes[here]
    return False


def _subject(kind: str, data: Mapping[str, Any]) -> str | None:
    """What an event is about: an order, else a payment, else a person."""
    if kind.startswith(("Payment", "Employee")):
        return str(data["payment" if kind.startswith("Payment") else "employee"])
    if kind == "EntryPosted.v1" and data["journal"] != "sales":
        return str(data["document"]) if data["journal"] == "cash" else None
    found = data.get("order") or data.get("employee")
    return None if found is None else str(found)
