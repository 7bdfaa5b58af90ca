"""Tells an accountant with a notebook what happened, each fact where the ledger's events say that it was decided."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

import orjson

from tests.ledger.chaser import Chaser, letter_of
from tests.ledger.desk import Desk
from tests.ledger.histories import Facts, Recorder
from tests.ledger.pages import minor
from tests.support.department import Told


@dataclass
class Retelling:
    """Tells notebooks what happened, each fact where the ledger's own events say that it was decided."""

    desk: Desk
    books: dict[str, Chaser]
    recorder: Recorder
    kinds: dict[str, str] = field(default_factory=dict)
    data_of: dict[str, Facts] = field(default_factory=dict)
    reserved: dict[tuple[str, int], str] = field(default_factory=dict)
    """By order and revision, the event that says so."""

    async def tell(self) -> None:
        """All of it; nothing that was heard or done is left over."""
        numbers: defaultdict[str, dict[str, str]] = defaultdict(dict)
        by_cause = in_the_order_of_decisions(await self.desk.told())
        self._note_orders()
        counted: Counter[str] = Counter()
        for cause_id, effects in by_cause.items():
            book = self.books[effects[0].company]
            if cause_id in self.kinds:
                counted[self._by_an_event(book, cause_id, effects, numbers[effects[0].company])] += 1
            elif any(one.type in ("InvoiceOverdue", "DunningLevelReached") for one in effects):
                counted[f"letters of {effects[0].company}"] += self._dunned(book, effects)
            else:
                counted[self._by_a_person(book, effects)] += 1
            for one in effects:
                if one.type == "InvoiceIssued":
                    numbers[one.company][one.data["number"]] = one.data["invoice"]
                elif one.type == "DunningLevelReached" and "charge" in one.data:
                    numbers[one.company][one.data["charge_number"]] = one.data["charge"]
        self._nothing_is_left_over(counted)

    def _note_orders(self) -> None:
        """What was agreed, and what was set aside for it."""
        for name, event in self.recorder.heard.items():
            data = self.data_of[name] = orjson.loads(event.body)
            kind = self.kinds[name] = dict(event.headers)["ce_type"].decode().partition(".")[0]
            if kind == "OrderPlaced":
                self.books[event.company].orders[data["order"]] = data
            elif kind == "OrderChanged":
                self.books[event.company].changes[data["order"], data["revision"]] = data["lines"]
            elif kind == "StockReserved":
                self.reserved[data["order"], data.get("revision", 1)] = name

    def _by_an_event(self, book: Chaser, cause_id: str, effects: Sequence[Told], numbers: dict[str, str]) -> str:
        kind, data, at = self.kinds[cause_id], self.data_of[cause_id], self._time(cause_id)
        order, revision = str(data.get("order")), int(data.get("revision", 1))
        match kind:
            case "OrderPlaced" | "OrderChanged" | "StockReserved":
                name = self.reserved[order, revision]
                self._bill(book, effects, order, 1, self.data_of[name]["lines"], self._time(name), revision)
                return "bill"
            case "BackOrderReserved":
                self._bill(book, effects, order, data["part"], data["lines"], at, revision)
            case "ShipmentDispatched":
                (issued,) = [one for one in effects if one.type == "InvoiceIssued"]
                day = date.fromisoformat(data["dispatched_on"])
                book.ship(order, issued.data["invoice"], data["lines"], day, revision)
            case "PaymentReceived":
                book.receive(data, numbers)
            case "ReservationReleased":
                book.release(order, at, revision)
            case "ReservationReduced":
                book.reduce(order, {x["line"]: Fraction(x["quantity"]) for x in data["lines"]}, at, revision)
        return kind

    def _time(self, name: str) -> datetime:
        return datetime.fromisoformat(
            dict(self.recorder.heard[name].headers)["ce_time"].decode().replace("Z", "+00:00")
        )

    def _bill(
        self, book: Chaser, effects: Sequence[Told], order: str, part: int, lines: Sequence[Facts], at: datetime,
        revision: int,
    ) -> None:  # fmt: skip
        (issued,) = [one for one in effects if one.type == "InvoiceIssued"]
        book.bill(order, issued.data["invoice"], part, lines, at, revision)
        assert minor(issued.data["total"], issued.data["currency"]) == book.papers[issued.data["invoice"]].total

    def _dunned(self, book: Chaser, effects: Sequence[Told]) -> int:
        """The letters of a day are what the notebook would write; how many there were."""
        (day,) = {date.fromisoformat(one.data.get("day") or one.data["seen_on"]) for one in effects
                  if one.type in ("InvoiceOverdue", "DunningLevelReached")}  # fmt: skip
        told = [one.data for one in effects if one.type == "DunningLevelReached"]
        written = book.letters(day)
        assert sorted(letter_of(one) for one in told) == written, (day, effects[0].company)
        orders = {one.data["document"]: one.data["order"] for one in effects if one.type == "EntryPosted"}
        named = {
            (one["customer"]["id"], one["currency"]): (one["charge"], orders[one["charge"]])
            for one in told
            if "charge" in one
        }
        book.send(written, day, named)
        return len(written)

    def _by_a_person(self, book: Chaser, effects: Sequence[Told]) -> str:
        """What a person asked for is found by what came of it: an entry or a credit note."""
        names = {one.key for one in effects} | {one.data.get("credit_note", "") for one in effects}
        known = [self.recorder.done[name] for name in names if name in self.recorder.done]
        if not known:
            assert "EntryPosted" not in {one.type for one in effects}, effects
            return "set-up"
        ((kind, facts),) = known
        today = book.day_of(effects[0].envelope.time)
        match kind:
            case "allocate":
                day = date.fromisoformat(facts["on"]) if "on" in facts else today
                book.allocate(facts["payment"], facts["invoice"], facts.get("amount"), day)
            case "undo":
                book.undo(facts["payment"], facts["invoice"], today)
            case "bounce":
                book.bounce(facts["payment"], date.fromisoformat(facts["bounced_on"]), facts.get("fee"))
            case "credit":
                day = date.fromisoformat(facts["issued_on"]) if "issued_on" in facts else today
                wishes = {x["line"]: Fraction(x["quantity"]) if "quantity" in x else None for x in facts["lines"]}
                book.credit(book.papers[facts["invoice"]], wishes, day)
            case "refund":
                purse = book.purses[facts["payment"]]
                book.refund(purse.id, minor(facts["amount"], purse.currency), date.fromisoformat(facts["on"]))
        return kind

    def _nothing_is_left_over(self, counted: Counter[str]) -> None:
        heard = Counter(kind for name, kind in self.kinds.items() if self._is_billed_before_it_leaves(name))
        assert counted["bill"] == heard["OrderPlaced"] + heard["OrderChanged"]
        leaving = sum(kind == "ShipmentDispatched" for kind in self.kinds.values()) - heard["ShipmentDispatched"]
        assert counted["ShipmentDispatched"] == leaving
        assert counted["BackOrderReserved"] == heard["BackOrderReserved"]
        assert counted["PaymentReceived"] == sum(kind == "PaymentReceived" for kind in self.kinds.values())
        for company, letters in self.recorder.letters.items():
            assert counted[f"letters of {company}"] == letters
        done = Counter(kind for kind, _ in self.recorder.done.values())
        assert {kind: counted[kind] for kind in done} == done

    def _is_billed_before_it_leaves(self, name: str) -> bool:
        order = self.books[self.recorder.heard[name].company].orders.get(str(self.data_of[name].get("order")))
        return order is None or order.get("invoice_on") != "dispatch"


def in_the_order_of_decisions(told: Sequence[Told]) -> dict[str, list[Told]]:
    """What was told, by its cause. Of requests that were decided together, the entries stand in their order."""
    by_cause: dict[str, list[Told]] = {}
    decided: dict[str, int] = {}
    for place, one in enumerate(told):
        name = one.envelope.causationid
        before = by_cause.setdefault(name, [])
        if not before or (one.type == "EntryPosted" and "EntryPosted" not in {other.type for other in before}):
            decided[name] = place
        before.append(one)
    return {name: by_cause[name] for name in sorted(by_cause, key=lambda name: decided[name])}
