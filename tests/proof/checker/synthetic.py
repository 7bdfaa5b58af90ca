"""Consistent histories of any size, made up: what the checker must find nothing wrong with, and be quick about.

Two companies; orders of which every tenth is paid, every twentieth cancelled after it was billed, every thirtieth
refused; a hire for every fiftieth. An order that goes through is seven events; every fourth leaves the house. The
rarer courses of an order are in `synthetic_goods.py`.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import orjson

from contracts.topics import TOPICS, partition_of
from tests.proof.checker.papers import GOES_WITH_GOODS
from tests.proof.checker.synthetic_entries import some_entries_by_hand, some_refunds
from tests.proof.checker.synthetic_goods import goods_leave, rare_course
from tests.proof.checker.synthetic_stock import Stock, a_day_in_the_warehouse

SOURCE = "/proof/made-up"
COMPANIES = (("north", "EUR"), ("south", "ILS"))
ITEMS = tuple(f"P{number}" for number in range(8))
PLENTY = 10**9
ROLES = {
    "1000": "bank", "1100": "receivable", "1500": "inventory", "2100": "unapplied_cash", "2200": None,
    "2400": "goods_received", "4000": "sales", "5000": "cost_of_goods",
}  # fmt: skip
VALUED = ITEMS[:4]
"""At 1.00 each."""
TODAY = "2026-11-20"
CLOSED = {
    "fiscal_year": 2026, "number": 10, "starts_on": "2026-10-01", "ends_on": "2026-10-31", "subledgers": ["gl"],
    "reason": "done",
}  # fmt: skip
SPACE = uuid.UUID(int=7)
HOW_IT_IS_TYPED = "application/json"


class MadeUp:
    """Writes history/, topics/ and surface/ of one made-up run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("history", "topics", "surface"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.events = 0
        self._files: dict[tuple[str, int], BinaryIO] = {}
        self._ends: Counter[tuple[str, int]] = Counter()
        self._sequences: Counter[tuple[str, str, str]] = Counter()
        self._history = (folder / "history" / "c1.jsonl").open("wb")
        self._ops = 0
        self.numbers: Counter[tuple[str, str]] = Counter()
        self._accounts: dict[str, Counter[tuple[str, str, str]]] = {company: Counter() for company, _ in COMPANIES}
        self.stock = {company: Stock() for company, _ in COMPANIES}
        names = (
            "orders", "invoices", "payments", "receivables", "receipts", "documents", "employees", "held",
            "valued_documents",
        )  # fmt: skip
        self.shown: dict[str, dict[str, Any]] = {company: {n: [] for n in names} for company, _ in COMPANIES}
        self.requests: dict[str, int] = {}

    @staticmethod
    def company(count: int) -> str:
        """Whose order this is."""
        return COMPANIES[count % 2][0]

    @staticmethod
    def is_valued(sku: str) -> bool:
        """Whether the item has a value in the books."""
        return sku in VALUED

    @staticmethod
    def id_of(*parts: object) -> str:
        """The id of something that is made of these."""
        return made_id(*parts)

    @staticmethod
    def goods(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Lines without their terms."""
        return [{name: line[name] for name in ("line", "item", "quantity")} for line in lines]

    def seen(self, count: int, order: str, state: str) -> None:
        """The front office sees an order in this state."""
        company = self.company(count)
        self.shown[company]["orders"].append({"id": order, "state": state, "company": company})

    def __enter__(self) -> Self:
        self._found()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for company, currency in COMPANIES:
            self._show(company, currency)
        (self.folder / "surface" / "_requests.json").write_bytes(orjson.dumps(self.requests))
        for file in (*self._files.values(), self._history):
            file.close()

    # -- what happens --------------------------------------------------------------------------------------------------

    def order(self, count: int) -> None:
        """One order with all that comes of it."""
        order, chain, placed, lines = self.placed(count)
        company, state = self.company(count), "documented"
        if count % 30 == 7:
            refusal = {"order": order, "code": "insufficient-stock", "detail": "", "shortages": []}
            self.send("ReservationRefused.v1", company, order, chain, placed, refusal)
            state = "refused"
        else:
            self._billed(count, company, order, chain, placed, lines)
            state = "credited" if count % 20 == 3 else "paid" if count % 10 == 1 else state
        self.seen(count, order, state)
        if count % 50 == 0:
            self._hired(count, company)

    def placed(self, count: int, **more: str) -> tuple[str, str, str, list[dict[str, Any]]]:
        """An order is asked for, with what it says besides: its id, its chain, its event, its lines."""
        company, currency = COMPANIES[count % 2]
        reference, order = f"o{count}", made_id("order", count)
        price, item = f"{(1_000 + count) / 100:.2f}", ITEMS[count % len(ITEMS)]
        line = {"item": item, "description": item, "quantity": "2", "unit_price": price, "tax_code": "Z0"}
        body = {"reference": reference, "currency": currency, "lines": [line], **more}
        chain = self.ask("order", company, reference, {"company": company, **body}, order)
        lines = [{"line": 1, **line}]
        terms = {"order": order, "reference": reference, "source": SOURCE, "currency": currency, "lines": lines}
        terms |= more
        return order, chain, self.send("OrderPlaced.v1", company, order, chain, chain, terms), lines

    def _billed(self, count: int, company: str, order: str, chain: str, placed: str, lines: list[Any]) -> None:
        goods = {"order": order, "reservation": made_id("reservation", count), "lines": self.goods(lines)}
        reserved = self.send("StockReserved.v1", company, order, chain, placed, goods)
        self.stock[company].reserved[lines[0]["item"]] += 2
        paper = self.invoiced(count, order, chain, reserved, lines)
        if count % 4 == 0:
            goods_leave(self, count, order, lines, ("1", "1") if count % 8 == 0 else ("2",))
        if count % 20 == 3:
            self._cancelled(count, company, order, lines, paper, goods)
        elif count % 10 == 1:
            self.paid(count, order, paper)
        else:
            self.owed(company, paper["total"])

    def invoiced(
        self, count: int, order: str, chain: str, cause: str, lines: list[dict[str, Any]], name: str = "invoice",
        **more: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """An invoice with its entry and its paper; what is owed is left to the caller."""
        company, currency = COMPANIES[count % 2]
        invoice, entry = made_id(name, count), made_id(name, "entry", count)
        paper = self.paper(company, currency, order, lines, invoice, entry) | more
        issued = self.send("InvoiceIssued.v1", company, invoice, chain, cause, paper)
        posted = [("1100", paper["total"], 0), ("4000", 0, paper["total"])]
        self.entry(company, currency, entry, "sales", invoice, order, chain, cause, posted)
        self.filed(company, "invoice", invoice, order, chain, issued, paper["number"])
        self.shown[company]["invoices"].append({"invoice": invoice})
        return paper

    def owed(self, company: str, amount: str) -> None:
        """So much more is open of a customer's invoices."""
        self.shown[company]["receivables"].append({"currency": dict(COMPANIES)[company], "open": amount})

    def _cancelled(
        self, count: int, company: str, order: str, lines: list[dict[str, Any]],
        invoice: Mapping[str, Any], goods: Mapping[str, Any],
    ) -> None:  # fmt: skip
        why = {"reason": "changed their mind"}
        chain = self.ask("cancel", company, f"o{count}", {"company": company, **why}, order)
        data = {"order": order, "reference": f"o{count}", "source": SOURCE, **why}
        cancelled = self.send("OrderCancelled.v1", company, order, chain, chain, data)
        back = {**goods, "reason": "order-cancelled"}
        released = self.send("ReservationReleased.v1", company, order, chain, cancelled, back)
        self.stock[company].reserved[lines[0]["item"]] -= 2
        self.credited(count, order, chain, released, lines, invoice)

    def credited(
        self, count: int, order: str, chain: str, cause: str, lines: list[dict[str, Any]], invoice: Mapping[str, Any],
        *, partial: bool = False,
    ) -> dict[str, Any]:  # fmt: skip
        """A credit note with its entry and its paper."""
        company, currency = COMPANIES[count % 2]
        note, entry = made_id("note", count), made_id("reversal", count)
        paper = self.paper(company, currency, order, lines, invoice["invoice"], entry, note)
        paper |= {"partial": True} if partial else {}
        issued = self.send("CreditNoteIssued.v1", company, invoice["invoice"], chain, cause, paper)
        posted = [("1100", 0, paper["total"]), ("4000", paper["total"], 0)]
        taken_back = None if partial else str(invoice["entry"])
        self.entry(company, currency, entry, "sales", note, order, chain, cause, posted, taken_back)
        self.filed(company, "credit_note", note, order, chain, issued, paper["number"])
        return paper

    def paid(self, count: int, order: str, invoice: Mapping[str, Any]) -> None:
        """Somebody pays an invoice to the cent."""
        company, currency = COMPANIES[count % 2]
        payment, money = made_id("payment", count), {"amount": invoice["total"], "currency": currency}
        chain = self.ask("pay", company, f"p{count}", {"company": company, "amount": money}, payment)
        data = {"payment": payment, "reference": f"p{count}", "amount": money, "order": order}
        received = self.send("PaymentReceived.v1", company, payment, chain, chain, data)
        part = {"invoice": invoice["invoice"], "number": invoice["number"], "order": order, "amount": money["amount"]}
        spread = {"payment": payment, "amount": money, "allocations": [part], "unapplied": "0.00", "cause": "received"}
        self.send("PaymentAllocated.v1", company, payment, chain, received, spread)
        paid = {"invoice": invoice["invoice"], "number": invoice["number"], "order": order, "total": money}
        self.send("InvoicePaid.v1", company, invoice["invoice"], chain, received, paid)
        posted = [("1000", money["amount"], 0), ("1100", 0, money["amount"])]
        entry = made_id("cash", count)
        self.entry(company, currency, entry, "cash", payment, None, chain, received, posted)
        self.shown[company]["payments"].append({"payment": payment, "currency": currency, "unapplied": "0.00"})

    def _hired(self, count: int, company: str) -> None:
        employee, reference = made_id("employee", count), f"h{count}"
        told = {"reference": reference, "name": f"Person {count}"}
        chain = self.ask("hire", company, reference, {"company": company, **told}, employee)
        hired = self.send("EmployeeHired.v1", company, employee, chain, chain, {"employee": employee, **told})
        data = {"employee": employee, "number": f"{count:06}", "name": told["name"]}
        self.send("EmployeeRegistered.v1", company, employee, chain, hired, data)
        self.filed(company, "employee_file", employee, None, chain, hired, None)
        self.shown[company]["employees"].append({"employee": employee})

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _found(self) -> None:
        for company, currency in COMPANIES:
            for code, role in ROLES.items():
                chain = made_id("account", company, code)
                data = {"account": code, "name": code, "kind": "asset", "role": role}
                self.send("AccountOpened.v1", company, company, chain, chain, data)
            chain = made_id("closing", company)
            self.send("PeriodClosed.v1", company, company, chain, chain, CLOSED)
            self._came(company, "opening", ITEMS, PLENTY)
            a_day_in_the_warehouse(self, company)
            some_entries_by_hand(self, company, currency)
            some_refunds(self, company, currency)

    def receive(self, company: str, sku: str, count: int) -> tuple[str, str]:
        """One more of an item comes in: the chain that it begins, and the item."""
        return self._came(company, f"r{count}", (sku,), 1), sku

    def _came(self, company: str, reference: str, skus: tuple[str, ...], quantity: int) -> str:
        chain, receipt = self.ask("receive", company, reference, {"lines": []}, None), made_id(company, reference)
        for sku in skus:
            on_hand = self.stock[company].move(sku, quantity, "receipt", receipt)
            item = made_id("item", company, sku)
            data = {"item": item, "sku": sku, "receipt": receipt, "warehouse": "MAIN"}
            more = {"quantity": str(quantity), "on_hand": str(on_hand)}
            self.send("StockReceived.v1", company, item, chain, chain, data | more)
        self.shown[company]["receipts"].append({"receipt": receipt, "reference": reference})
        valued = [sku for sku in skus if sku in VALUED]
        if valued:
            self.valued(company, "receipt", receipt, chain, dict.fromkeys(valued, quantity))
        return chain

    def valued(self, company: str, kind: str, document: str, chain: str, pieces: Mapping[str, int]) -> None:
        """A document that is no shipment changed the value of stock, at 1.00 a piece."""
        lines = [{"item": sku, "quantity": str(n), "value": f"{n}.00"} for sku, n in pieces.items()]
        worth = sum(pieces.values())
        told = {"document": document, "kind": kind, "value": f"{worth}.00", "lines": lines}
        sent = self.send("StockValued.v1", company, document, chain, chain, told)
        self.stock_entry(company, document, None, chain, sent, worth)

    def ask(self, f: str, company: str, reference: str, body: Mapping[str, Any], subject: str | None) -> str:
        self._ops += 1
        request, digest = made_id("request", self._ops), hashlib.sha256(orjson.dumps(body)).hexdigest()
        asked = {
            "op": self._ops, "client": "c1", "is": "invoke", "f": f, "company": company, "key": f"k{self._ops}",
            "reference": reference, "hash": digest, "body": body, "source": SOURCE, "t": self._ops,
        }  # fmt: skip
        told = {
            "op": self._ops, "client": "c1", "is": "ok", "status": 202, "code": None, "request_id": request,
            "subject": subject, "t": self._ops,
        }  # fmt: skip
        self._history.write(orjson.dumps(asked) + b"\n" + orjson.dumps(told) + b"\n")
        if self._ops % 100 == 1:
            self.requests[request] = 200
        return request

    def send(self, kind: str, company: str, key: str, chain: str, cause: str, data: Mapping[str, Any]) -> str:
        topic = TOPIC_OF[kind]
        self._sequences[topic, company, key] += 1
        sequence = self._sequences[topic, company, key]
        identity = made_id(topic, company, key, sequence)
        owner = TOPICS[topic].owner
        headers = {
            "ce_specversion": "1.0", "ce_id": identity, "ce_type": kind,
            "ce_source": SOURCE if owner == "gateway" else f"/{owner}", "ce_subject": key,
            "ce_time": "2026-11-20T09:30:00.000000Z", "ce_dataschema": f"urn:backbone:schema:{kind}",
            "ce_company": company, "ce_causationid": cause, "ce_correlationid": chain, "ce_actor": "made-up",
            "content-type": HOW_IT_IS_TYPED, "ce_sequence": str(sequence),
        }  # fmt: skip
        place = (topic, partition_of(key, topic))
        if place not in self._files:
            self._files[place] = (self.folder / "topics" / f"{topic}-{place[1]}.jsonl").open("wb")
        line = {"o": self._ends[place], "k": key, "h": headers, "v": data}
        self._files[place].write(orjson.dumps(line) + b"\n")
        self._ends[place] += 1
        self.events += 1
        return identity

    def paper(
        self, company: str, currency: str, order: str, lines: list[dict[str, Any]], invoice: str, entry: str,
        note: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        series = "INV" if note is None else "CRN"
        self.numbers[company, series] += 1
        net = f"{Decimal(lines[0]['quantity']) * Decimal(lines[0]['unit_price']):.2f}"
        taxes = [{"tax_code": "Z0", "rate": "0", "base": net, "tax": "0.00"}]
        return {
            "invoice": invoice, "number": f"{series}-2026-{self.numbers[company, series]:06}", "series": series,
            "fiscal_year": 2026, "order": order, "currency": currency, "taxes": taxes, "net": net, "tax": "0.00",
            "total": net, "entry": entry, "lines": [{**line, "net": net} for line in lines],
        } | ({} if note is None else {"credit_note": note})  # fmt: skip

    def stock_entry(self, company: str, document: str, order: str | None, chain: str, cause: str, value: int) -> None:
        """A document of inventory in the books; `value` in whole units, below zero for goods that left."""
        currency, amount = dict(COMPANIES)[company], f"{abs(value)}.00"
        posted = [("1500", amount, 0), ("2400", 0, amount)] if value > 0 else [("5000", amount, 0), ("1500", 0, amount)]
        self.entry(company, currency, made_id("stock", document), "stock", document, order, chain, cause, posted)
        self.shown[company]["valued_documents"].append({"document": document, "value": f"{value}.00"})

    def entry(
        self, company: str, currency: str, entry: str, journal: str, document: str, order: str | None, chain: str,
        cause: str, posted: list[tuple[str, Any, Any]], reverses: str | None = None, base: str | None = None,
    ) -> None:  # fmt: skip
        lines = []
        for account, debit, credit in posted:
            lines.append({
                "account": account, "debit": debit or "0.00", "credit": credit or "0.00", "currency": currency,
            } | ({} if base is None else {"base": base if debit else f"-{base}"}))  # fmt: skip
            self._accounts[company][account, currency, "debit"] += round(float(debit) * 100)
            self._accounts[company][account, currency, "credit"] += round(float(credit) * 100)
        data = {"entry": entry, "journal": journal, "document": document, "order": order, "lines": lines}
        data |= {"posted_on": TODAY, "reverses": reverses}
        self.send("EntryPosted.v1", company, entry, chain, cause, data)

    def filed(
        self, company: str, of: str, about: str, order: str | None, chain: str, cause: str, number: str | None
    ) -> None:
        with_goods = of in GOES_WITH_GOODS
        document = made_id("document", about, of) if with_goods else made_id("document", about)
        template = None if of == "employee_file" else f"{of}@1"
        data = {
            "document": document, "class": of, "number": number, "order": order, "template": template,
            "about": {"kind": "shipment" if with_goods else of, "id": about},
            "employee": about if of == "employee_file" else None,
        }  # fmt: skip
        version = 2 if with_goods else 1
        filed = self.send(f"DocumentRegistered.v{version}", company, document, chain, cause, data)
        content = None
        if template:
            stored = {"document": document, "class": of, "order": order, "sha256": "0" * 64, "size": 1}
            stored |= {"version": 1} if with_goods else {}
            self.send(f"DocumentStored.v{version}", company, document, chain, filed, stored)
            content = {"size": 1, "sha256": "0" * 64}
        self.shown[company]["documents"].append({"document": document, "template": template, "content": content})

    def _show(self, company: str, currency: str) -> None:
        sums = self._accounts[company]
        told = self.shown[company]
        told["trial_balance"] = {
            "accounts": [
                {
                    "account": code, "currency": unit, "debit": f"{sums[code, unit, 'debit'] / 100:.2f}",
                    "credit": f"{sums[code, unit, 'credit'] / 100:.2f}",
                }
                for code, unit in sorted({(account, unit) for account, unit, _ in sums})
            ]
        }  # fmt: skip
        told["trial_balance_then"] = {**told["trial_balance"], "as_of": TODAY}
        told["papers"] = [
            {"document": row["document"], "sha256": "0" * 64} for row in told["documents"][:10] if row["content"]
        ]
        told["integrity"] = {"checks": [{"rule": "made up", "holds": True}]}
        told |= self.stock[company].shown()
        has = {sku: self.stock[company].all_of(sku) for sku in VALUED}
        told["valued"] = [{"sku": sku, "quantity": str(n), "value": f"{n}.00"} for sku, n in has.items()]
        told["valuation"] = {"total": f"{sum(has.values())}.00", "currency": currency}
        (self.folder / "surface" / f"{company}.json").write_bytes(orjson.dumps(told))


TOPIC_OF = {kind: name for name, topic in TOPICS.items() for kind in topic.holds}


def make_up(folder: Path, orders: int) -> int:
    """Write a consistent run of so many orders; returns how many events it has."""
    with MadeUp(folder) as made:
        for count in range(orders):
            if not rare_course(made, count):
                made.order(count)
    return made.events


def made_id(*parts: object) -> str:
    return str(uuid.UUID(bytes=hashlib.md5("/".join(map(str, parts)).encode(), usedforsecurity=False).digest()))
