"""What is summed up per company while the events go by: accounts, stock, reservations, numbers, ids.

INV5, INV11 and INV9's numbers as they go by; what the departments show in the end is held against it in `shown.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from tests.proof.checker.eyes import Eyes
from tests.proof.checker.intents import number
from tests.proof.checker.journal import Journal
from tests.proof.checker.report import Findings
from tests.proof.checker.shelves import PROMISES, Shelves
from tests.proof.checker.worth import JOURNAL as STOCK
from tests.proof.checker.worth import ROLE, Worth

FIELDS: Mapping[str, tuple[str, ...]] = {
    "OrderPlaced.v1": ("lines", "currency", "invoice_on"),
    "OrderChanged.v1": ("lines", "revision"),
    "OrderCancelled.v1": (),
    "CreditApproved.v1": ("revision",),
    "CreditHeld.v1": ("revision",),
    "StockReserved.v1": ("lines", "revision", "dropped", "complete"),
    "OrderBackOrdered.v1": ("lines", "revision"),
    "BackOrderReserved.v1": ("lines", "revision", "part", "complete"),
    "ReservationRefused.v1": ("code", "revision"),
    "ReservationReleased.v1": ("lines", "reason", "revision", "replaced_by", "parts"),
    "ReservationReduced.v1": ("lines", "reason", "revision", "waiting", "over", "parts"),
    "OrderChangeRefused.v1": ("code", "revision"),
    "CancellationRefused.v1": ("code",),
    "ShipmentDispatched.v1": ("shipment", "number", "lines", "complete", "revision"),
    "StockIssued.v1": ("shipment", "number", "lines"),
    "InvoiceIssued.v1": ("invoice", "number", "currency", "lines", "taxes", "net", "tax", "total", "entry", "revision"),
    "CreditNoteIssued.v1": (
        "credit_note", "invoice", "number", "currency", "lines", "taxes", "net", "tax", "total", "entry", "revision",
        "partial",
    ),
    "InvoiceRefused.v1": ("code", "revision"),
    "InvoicePaid.v1": ("invoice", "total", "revision"),
    "EntryPosted.v1": ("entry", "document", "lines", "journal"),
    "PaymentReceived.v1": ("amount",),
    "PaymentAllocated.v1": ("amount", "allocations", "unapplied"),
    "PaymentRefunded.v1": ("amount",),
    "DocumentRegistered.v1": ("document", "class", "about", "number", "template"),
    "DocumentRegistered.v2": ("document", "class", "about", "number", "template"),
    "DocumentStored.v1": ("document", "class"),
    "DocumentStored.v2": ("document", "class", "version"),
}  # fmt: skip
"""What the joins need of an event."""
SHOWN_IDS = {
    "InvoiceIssued.v1": ("invoices", "invoice"),
    "PaymentAllocated.v1": ("payments", "payment"),
    "DocumentRegistered.v1": ("documents", "document"),
    "DocumentRegistered.v2": ("documents", "document"),
    "EmployeeRegistered.v1": ("employees", "employee"),
    "OrderPlaced.v1": ("orders", "order"),
}
"""Which list of a department shows the thing, and under which name."""


def lean(kind: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an event that the joins need."""
    return {name: data.get(name) for name in FIELDS.get(kind, ())}


class Books:
    """Per company, from events alone."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.journal = Journal(findings)
        self.accounts: defaultdict[tuple[str, str, str, str], list[int]] = defaultdict(lambda: [0, 0])
        """Debit and credit by company, account, currency, day."""
        self.roles: dict[tuple[str, str], str | None] = {}
        self.shelves = Shelves(findings)
        self.worth = Worth(findings)
        self.eyes = Eyes(findings, self.journal.has)
        self.numbers: defaultdict[tuple[str, str, str, int], dict[str, str]] = defaultdict(dict)
        self.ids: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        self.hashes: dict[tuple[str, str], tuple[int, str]] = {}
        """By company and document: the last version whose bytes are kept, and their SHA-256."""
        self.bytes_told: dict[str, str] = {}
        """By SHA-256 of bytes that were told to be kept, in any version: a document that they are of."""
        self.ends: dict[tuple[str, str], frozenset[str]] = {}
        """By company and order: in which states it may be seen when all is quiet."""
        self.bounced: set[str] = set()
        """Companies of which a payment went back."""
        self.companies: set[str] = set()

    def balances(self, company: str, day: str | None = None) -> dict[tuple[str, str], tuple[int, int]]:
        """Debit and credit by account and currency, up to a day or of all entries."""
        sums: dict[tuple[str, str], tuple[int, int]] = {}
        for (owner, account, currency, posted_on), (debit, credit) in self.accounts.items():
            if owner == company and (day is None or posted_on <= day):
                before = sums.get((account, currency), (0, 0))
                sums[account, currency] = before[0] + debit, before[1] + credit
        return sums

    def stock_account(self, company: str) -> int:
        """What the accounts say that stock is worth."""
        accounts = {account for (owner, account), role in self.roles.items() if owner == company and role == ROLE}
        found = self.balances(company).items()
        return sum(debit - credit for (account, _), (debit, credit) in found if account in accounts)

    def event(self, kind: str, company: str, data: Mapping[str, Any], place: str, at: str) -> None:
        """Add one event, at its first appearance; `at` is its time."""
        self.companies.add(company)
        self.eyes.event(kind, company, data, at, place)
        if kind in SHOWN_IDS:
            shown, name = SHOWN_IDS[kind]
            self.ids[company, shown].add(str(data[name]))
        if kind == "EntryPosted.v1":
            self._entry(company, data, place)
            self.journal.entry(company, data, at, place)
            if data["journal"] == STOCK:
                self.worth.entry(company, data, self.roles, place)
        elif kind in {"PeriodClosed.v1", "PeriodReopened.v1"}:
            self.journal.period(company, data, at, closes=kind == "PeriodClosed.v1")
        elif kind in {"StockReceived.v1", "StockReceived.v2"}:
            self.shelves.received(company, data, place, below_zero=kind.endswith("2"))
        elif kind in PROMISES:
            self.shelves.promised(kind, company, data)
            if kind == "ShipmentDispatched.v1":
                series, year, _ = data["number"].split("-")
                self._number((company, kind, series, int(year)), data["number"], place)
        elif kind == "StockValued.v1":
            self.worth.valued(company, data, place)
        elif kind == "StockIssued.v1":
            self.worth.issued(company, data, place)
        elif kind in {"InvoiceIssued.v1", "CreditNoteIssued.v1"}:
            self._number((company, kind, data["series"], data["fiscal_year"]), data["number"], place)
        elif kind in {"DocumentStored.v1", "DocumentStored.v2"}:
            self._stored(company, data)
        elif kind == "PaymentBounced.v1":
            self.bounced.add(company)
        elif kind == "AccountOpened.v1":
            self.roles[company, data["account"]] = data["role"]

    def settle(self, *, quiet: bool) -> None:
        """What can only be said when everything was read."""
        self.journal.settle()
        self.shelves.settle()
        self.worth.settle(quiet=quiet)
        self._numbers_run_on()

    def _numbers_run_on(self) -> None:
        """INV9: numbers run 1, 2, 3 … per company, series and year, whatever order they were sent in."""
        for (company, kind, series, year), found in self.numbers.items():
            counts = sorted(int(text.rstrip().rsplit("-", 1)[-1].rsplit("/", 1)[-1]) for text in found)
            self.findings.look("INV9", len(counts))
            if counts != list(range(1, len(counts) + 1)):
                missing = sorted(set(range(1, counts[-1] + 1)) - set(counts))[:10]
                what = f"the numbers of {series} {year} have a gap"
                self.findings.say("INV9", what, company=company, of=kind, missing=missing, highest=counts[-1])

    def _entry(self, company: str, data: Mapping[str, Any], place: str) -> None:
        self.findings.look("INV5")
        sums: defaultdict[str, int] = defaultdict(int)
        for line in data["lines"]:
            debit, credit = number(line["debit"]), number(line["credit"])
            sums[line["currency"]] += debit - credit
            account = self.accounts[company, line["account"], line["currency"], data["posted_on"]]
            account[0] += debit
            account[1] += credit
            if (debit == 0) == (credit == 0) or debit < 0 or credit < 0:
                self.findings.say("INV5", "a line has not exactly one side", at=place, line=line)
        if any(sums.values()):
            out = {currency: total / 1e6 for currency, total in sums.items()}
            self.findings.say("INV5", "an entry does not balance", at=place, entry=data["entry"], out_by=out)

    def _stored(self, company: str, data: Mapping[str, Any]) -> None:
        told, key = (int(data.get("version") or 1), str(data["sha256"])), (company, str(data["document"]))
        self.hashes[key] = max(told, self.hashes.get(key, told))
        self.bytes_told[told[1]] = key[1]

    def _number(self, series: tuple[str, str, str, int], number_told: str, place: str) -> None:
        found = self.numbers[series]
        if number_told in found:
            self.findings.say("INV9", f"the number {number_told} was given twice", at=[found[number_told], place])
        found[number_told] = place
