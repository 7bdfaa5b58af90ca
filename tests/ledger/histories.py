"""Random histories of customers: they order, pay, cancel; clerks move their money; on any day, several at once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from contracts.inventory import BackOrderReserved, ReservationReduced, ReservationReleased, StockReserved
from contracts.money import from_micro, to_micro
from tests.ledger.desk import Desk, Order, payment, payment_id
from tests.ledger.pages import DECIMALS
from tests.ledger.test_crowd import Replica
from tests.support.department import Event, event

CODES = ("VAT24", "VAT24", "VAT13", "VAT0")
QUANTITIES = ("1", "2", "3", "3.5", "0.333333", "7", "12.25")
AT_ONCE = 3
"""Clients of one history at the same time, each with partitions of its own."""
PATIENCE = 10
"""How often somebody asks who is told that the database is away."""
AGAIN = 0.1
"""How often the same comes twice."""

Facts = dict[str, Any]


@dataclass
class Recorder:
    """What was asked of the ledger and answered, by what it is found by in the ledger's own events."""

    heard: dict[str, Event] = field(default_factory=dict)
    """Events by id."""
    done: dict[str, tuple[str, Facts]] = field(default_factory=dict)
    """What people asked for, by the entry or the note that came of it."""
    letters: Counter[str] = field(default_factory=Counter)
    """How many late payers a company says that it has written to."""
    refused: int = 0


@dataclass
class Sold:
    """An order as its history knows it; quantities in millionths by line."""

    order: Order
    aside: dict[int, int]
    waiting: dict[int, int]
    parts: int = 1
    sequence: int = 1
    over: bool = False
    gone: dict[int, int] = field(default_factory=dict)
    """What has left of its revision."""
    shipments: int = 0
    last: datetime = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class History:
    """One customer of one company."""

    desk: Desk
    company: str
    customer: str
    currencies: Sequence[str]
    rng: random.Random
    today: date
    clerks: Sequence[httpx.AsyncClient]
    """Two persons, one of whom asks and the other agrees."""
    replicas: Sequence[Replica]
    recorder: Recorder
    sold: list[Sold] = field(default_factory=list)
    paid: list[str] = field(default_factory=list)
    count: int = 0

    async def run(self, steps: int) -> None:
        """So many steps, in each of which a few things happen at once."""
        await self.sell(self.replicas[0], set())
        for _ in range(steps):
            acts: list[Callable[[Replica, set[str]], Awaitable[None]]] = self.rng.choices(
                [self.sell, self.pay, self.release, self.reduce, self.more_comes, self.by_hand, self.undo, self.bounce,
                 self.credit, self.refund, self.change, self.dispatch, self.dun],
                [5, 9, 2, 1, 2, 3, 2, 1, 3, 1, 2, 4, 2],
                k=self.rng.randint(1, AT_ONCE),
            )  # fmt: skip
            busy: set[str] = set()
            await asyncio.gather(*(act(replica, busy) for act, replica in zip(acts, self.replicas, strict=False)))

    # -- events -------------------------------------------------------------------------------------------------------

    async def hear(self, replica: Replica, *events: Event) -> None:
        """In one batch or one by one, and now and then again."""
        for one in events:
            self.recorder.heard[dict(one.headers)["ce_id"].decode()] = one
        batches = [list(events)] if self.rng.random() < 0.5 else [[one] for one in events]
        for batch in batches:
            await replica.hear(batch)
        if self.rng.random() < AGAIN:
            await replica.hear([self.rng.choice(events)])

    def moment(self, since: datetime | None = None) -> datetime:
        """Any time from then on, up to some days from now."""
        first = since or datetime.combine(self.today - timedelta(days=120), datetime.min.time(), UTC)
        last = datetime.combine(self.today + timedelta(days=10), datetime.min.time(), UTC)
        return first + timedelta(minutes=self.rng.randint(1, max(1, int((last - first).total_seconds() // 60))))

    async def sell(self, replica: Replica, busy: set[str]) -> None:
        """An order of a few lines at odd prices; all of it is set aside, or a part of it for now."""
        self.count += 1
        order = Order(f"{self.customer}-{self.count}", self.some_lines(), self.company,
                      self.rng.choice(self.currencies), self.customer, self.moment(),
                      invoice_on="dispatch" if self.rng.random() < 0.3 else None)  # fmt: skip
        wanted = {n: to_micro(line[0]) for n, line in enumerate(order.lines, 1)}
        aside = {n: q if self.rng.random() < 0.7 else q // 3 for n, q in wanted.items()}
        aside = {n: q for n, q in aside.items() if q and self.rng.random() < 0.9} or {1: wanted[1]}
        waiting = {n: q - aside.get(n, 0) for n, q in wanted.items() if q > aside.get(n, 0)}
        one = Sold(order, aside, waiting, last=self.moment(order.at))
        answer = self.told(one, StockReserved, aside, None, **({"complete": False} if waiting else {}))
        events = [order.placed(), answer]
        self.rng.shuffle(events)
        busy.add(order.name)
        await self.hear(replica, *events)
        self.sold.append(one)

    def some_lines(self) -> tuple[tuple[str, str, str], ...]:
        """What somebody orders, at odd prices."""
        return tuple(
            (self.rng.choice(QUANTITIES), self.rng.choice(["0.333333", "0.004", f"{self.rng.randint(1, 90_000)/100}"]),
             self.rng.choice(CODES))
            for _ in range(self.rng.randint(1, 4))
        )  # fmt: skip

    def told(self, one: Sold, kind: Any, lines: dict[int, int], before: dict[int, int] | None = None,
             **more: Any) -> Event:  # fmt: skip
        """What inventory says of an order."""
        said = [
            {"line": n, "item": f"SKU-{n}", "quantity": from_micro(q)}
            | ({"before": from_micro(before[n])} if before and n in before else {})
            for n, q in lines.items()
        ]
        revision = {} if one.order.revision == 1 else {"revision": one.order.revision}
        data = {"order": str(one.order.id), "reservation": str(one.order.id), "lines": said} | revision | more
        made = event(kind, self.company, data, sequence=one.sequence, at=one.last)
        one.sequence += 1
        one.last = self.moment(one.last)
        return made

    def choose(self, busy: set[str], fits: Callable[[Sold], bool] = lambda _: True) -> Sold | None:
        """An order that goes on and that nobody touches at this moment."""
        free = [s for s in self.sold if not s.over and s.order.name not in busy and fits(s)]
        if not free:
            return None
        one = self.rng.choice(free)
        busy.add(one.order.name)
        return one

    async def more_comes(self, replica: Replica, busy: set[str]) -> None:
        """Something of what an order waits for."""
        one = self.choose(busy, lambda one: bool(one.waiting))
        if one is None:
            return
        comes = {n: q if self.rng.random() < 0.5 else max(1, q // 2) for n, q in one.waiting.items()}
        before = {n: one.aside[n] for n in comes if n in one.aside}
        one.parts += 1
        for n, q in comes.items():
            one.aside[n] = one.aside.get(n, 0) + q
        one.waiting = {n: q - comes[n] for n, q in one.waiting.items() if q > comes[n]}
        more = {"part": one.parts, "complete": not one.waiting}
        await self.hear(replica, self.told(one, BackOrderReserved, comes, before, **more))

    async def release(self, replica: Replica, busy: set[str]) -> None:
        """The order is cancelled, before anything has left."""
        one = self.choose(busy, lambda one: not one.gone)
        if one is not None:
            one.over = True
            await self.hear(replica, self.told(one, ReservationReleased, one.aside, reason="order-cancelled",
                                               parts=one.parts))  # fmt: skip

    async def reduce(self, replica: Replica, busy: set[str]) -> None:
        """What has not left of the order is let go."""
        one = self.choose(busy)
        if one is not None:
            one.over = True
            here = {n: left for n, q in one.aside.items() if (left := q - one.gone.get(n, 0))}
            let_go = {n: self.rng.randint(1, q) for n, q in here.items() if self.rng.random() < 0.7}
            await self.hear(replica, self.told(one, ReservationReduced, let_go, reason="expired", waiting=[],
                                               over=True, parts=one.parts))  # fmt: skip

    async def change(self, replica: Replica, busy: set[str]) -> None:
        """Other lines instead of those of before: what was set aside is released, and the new lines are."""
        one = self.choose(busy, lambda one: not one.gone)
        if one is None:
            return
        released = self.told(one, ReservationReleased, one.aside, reason="order-cancelled", parts=one.parts,
                             replaced_by=one.order.revision + 1)  # fmt: skip
        one.order = replace(one.order, lines=self.some_lines(), revision=one.order.revision + 1, at=one.last)
        one.aside = {n: to_micro(line[0]) for n, line in enumerate(one.order.lines, 1)}
        one.waiting, one.parts = {}, 1
        # In their order: what was reserved again is invoiced at once, so that money which names the order finds it.
        await self.hear(replica, one.order.change(), released, self.told(one, StockReserved, one.aside))

    async def dispatch(self, replica: Replica, busy: set[str]) -> None:
        """Something leaves, and is invoiced if that is what was agreed."""
        one = self.choose(busy, lambda one: any(q > one.gone.get(n, 0) for n, q in one.aside.items()))
        if one is None:
            return
        here = {n: left for n, q in one.aside.items() if (left := q - one.gone.get(n, 0))}
        leaves = {
            n: self.rng.choice([q, q, self.rng.randint(1, q)]) for n, q in here.items() if self.rng.random() < 0.8
        }
        if not leaves:
            return
        for n, q in leaves.items():
            one.gone[n] = one.gone.get(n, 0) + q
        one.shipments += 1
        said = {n: from_micro(q) for n, q in leaves.items()}
        day = self.moment(one.order.at).date()
        await self.hear(replica, one.order.left(one.shipments, said, on=day, complete=one.gone == one.aside))

    async def pay(self, replica: Replica, busy: set[str]) -> None:
        """Exact, in part, too much; for an order, invoices by number, what several come to, or nothing; on any day."""
        self.count += 1
        name = f"{self.customer}-P{self.count}"
        items = await self.open_items()
        currency, amount = self.rng.choice(self.currencies), f"{self.rng.randint(1, 900)}"
        names: Facts = {}
        kind = self.rng.random()
        chosen = self.rng.sample(items, min(len(items), self.rng.randint(1, 3)))
        if kind < 0.45 and chosen:
            currency, amount = chosen[0]["currency"], self.some_of(chosen[0]["open"], chosen[0]["currency"])
            names = {"order": chosen[0]["order"]}
        elif kind < 0.65 and chosen:
            currency, amount = chosen[0]["currency"], self.some_of(chosen[0]["open"], chosen[0]["currency"])
            names = {"invoice_number": chosen[0]["number"]}
        elif kind < 0.85 and chosen:
            currency = chosen[0]["currency"]
            wishes = [{"invoice_number": one["number"]} for one in chosen]
            alike = [float(one["open"]) for one in chosen if one["currency"] == currency]
            if self.rng.random() < 0.5:
                amount = self.some_of(f"{sum(alike):.{DECIMALS[currency]}f}", currency)
            if self.rng.random() < 0.5 and chosen[0]["open"] not in ("0", "0.00", "0.000"):
                wishes[0]["amount"] = self.some_of(chosen[0]["open"], currency)
            names = {"pays": wishes}
        elif self.sold:
            names = {"order": str(self.rng.choice(self.sold).order.id)}
        if self.rng.random() < 0.6:
            names["customer"] = self.customer
        on = self.today - timedelta(days=self.rng.randint(-10, 120))
        await self.hear(
            replica, payment(name, amount, company=self.company, currency=currency, received_on=on, **names)
        )
        self.paid.append(name)

    def some_of(self, amount: str, currency: str) -> str:
        """All of an amount, nearly all (as with a discount), a part, or too much."""
        decimals = len(amount.partition(".")[2])
        units = int(amount.replace(".", "")) or 100
        units = max(1, int(units * self.rng.choice([1, 1, 0.98, 0.97, 0.95, self.rng.random(), 1.3])))
        digits = str(units).zfill(decimals + 1)
        return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits

    # -- people -------------------------------------------------------------------------------------------------------

    async def ask(self, path: str, body: Facts, *, clerk: int = 0) -> httpx.Response:
        """A request, now and then made twice at once."""
        self.count += 1
        headers = {"idempotency-key": f"{self.customer}-{self.count}"}
        url = f"/v1/companies/{self.company}{path}"
        times = 2 if self.rng.random() < AGAIN else 1
        answers = await asyncio.gather(*(self.patiently(clerk, url, body, headers) for _ in range(times)))
        assert all(one.status_code < 500 for one in answers), answers[0].text
        return min(answers, key=lambda one: one.status_code)  # a twin that did not wait long enough is told so

    async def patiently(self, clerk: int, url: str, body: Facts, headers: dict[str, str]) -> httpx.Response:
        """Who is told that the database is away asks again under the same key, as any client does."""
        for _ in range(PATIENCE):
            answer = await self.clerks[clerk].post(url, json=body, headers=headers)
            if answer.status_code != 503:
                break
        return answer

    async def get(self, path: str, **query: Any) -> Any:
        """A question."""
        answer = await self.clerks[0].get(f"/v1/companies/{self.company}{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def open_items(self) -> list[Facts]:
        """Invoices of the customer, open or not, and what else it owes."""
        return list((await self.get("/invoices", customer=self.customer))["invoices"])

    async def money(self) -> Facts | None:
        """A payment, with how it is spread."""
        if not self.paid:
            return None
        name = self.rng.choice(self.paid)
        return dict(await self.get(f"/payments/{payment_id(name, self.company)}"))

    def note(self, answer: httpx.Response, kind: str, found_by: str, facts: Facts) -> None:
        """Remember what was done; what was refused did nothing."""
        if answer.status_code >= 300:
            self.recorder.refused += 1
        else:
            self.recorder.done[answer.json()[found_by]] = kind, facts

    def day(self) -> date:
        """Any day of late."""
        return self.today - timedelta(days=self.rng.randint(0, 60))

    async def by_hand(self, replica: Replica, busy: set[str]) -> None:
        """Money that pays nothing pays an invoice, also in another currency."""
        money, items = await self.money(), await self.open_items()
        if money is None or not items:
            return
        item = self.rng.choice(items)
        body: Facts = {"invoice": item["invoice"]}
        if self.rng.random() < 0.4:
            body["amount"] = self.some_of(money["unapplied"], money["currency"])
        if self.rng.random() < 0.5:
            body["on"] = self.day().isoformat()
        answer = await self.ask(f"/payments/{money['payment']}/allocations", body)
        self.note(answer, "allocate", "entry", {"payment": money["payment"], **body})

    async def undo(self, replica: Replica, busy: set[str]) -> None:
        """A person was wrong."""
        money = await self.money()
        if money is None or not money["allocations"]:
            return
        body = {"invoice": self.rng.choice(money["allocations"])["invoice"], "reason": "another one's"}
        answer = await self.ask(f"/payments/{money['payment']}/allocations/undo", body)
        self.note(answer, "undo", "entry", {"payment": money["payment"], **body})

    async def bounce(self, replica: Replica, busy: set[str]) -> None:
        """The bank takes money back."""
        money = await self.money()
        if money is None:
            return
        body: Facts = {"bounced_on": self.day().isoformat(), "reason": "no cover"}
        if self.rng.random() < 0.5:
            body["fee"] = "5"
        answer = await self.ask(f"/payments/{money['payment']}/bounce", body)
        self.note(answer, "bounce", "entry", {"payment": money["payment"], **body})

    async def credit(self, replica: Replica, busy: set[str]) -> None:
        """Lines of an invoice were not right."""
        items = [one for one in await self.open_items() if one["number"].startswith("INV-")]
        if not items:
            return
        invoice = await self.get(f"/invoices/{self.rng.choice(items)['invoice']}")
        lines = []
        for line in invoice["lines"]:
            if self.rng.random() < 0.6:
                wish = {"line": line["line"]}
                if self.rng.random() < 0.7:
                    wish["quantity"] = from_micro(self.rng.randint(1, to_micro(line["quantity"])))
                lines.append(wish)
        if lines:
            body: Facts = {"lines": lines, "reason": "broken"}
            if self.rng.random() < 0.7:
                body["issued_on"] = self.day().isoformat()
            answer = await self.ask(f"/invoices/{invoice['invoice']}/credit-notes", body)
            self.note(answer, "credit", "credit_note", {"invoice": invoice["invoice"], **body})

    async def refund(self, replica: Replica, busy: set[str]) -> None:
        """Money goes back, when another person agrees."""
        money = await self.money()
        if money is None:
            return
        body: Facts = {"refund_on": self.day().isoformat(), "reason": "paid twice"}
        if self.rng.random() < 0.5:
            body["amount"] = self.some_of(money["unapplied"], money["currency"])
        asked = await self.ask(f"/payments/{money['payment']}/refunds", body)
        if asked.status_code == 201:
            facts = {"payment": money["payment"], "amount": asked.json()["amount"], "on": body["refund_on"]}
            answer = await self.ask(f"/refunds/{asked.json()['refund']}/decision", {"decision": "approve"}, clerk=1)
            self.note(answer, "refund", "entry", facts)

    async def dun(self, replica: Replica, busy: set[str]) -> None:
        """The late payers of the company are written to, as of a day."""
        day = self.today - timedelta(days=self.rng.randint(0, 60))
        answer = await self.ask("/dunning/runs", {"day": day.isoformat()})
        if answer.status_code == 201:
            self.recorder.letters[self.company] += answer.json()["letters"]
