"""Orders that are changed and cancelled at every stage of their life, all through one house at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest_asyncio

from deploy.local.demo.front_office import FrontOffice
from deploy.local.stack import LocalStack
from tests.end_to_end.founding import CUSTOMER, NOW, Founder
from tests.end_to_end.stages import ACTS, LINES, STAGES, Act, End, Stage
from tests.support.eventually import NeverHappened, eventually

COMPANY = "stages"
LEDGER, INVENTORY = (f"/{name}/v1/companies/{COMPANY}" for name in ("ledger", "inventory"))
RECEIVED = 1000


@dataclass(slots=True)
class Case:
    """One order of the table."""

    stage: Stage
    act: Act
    end: End
    order: str = ""

    @property
    def name(self) -> str:
        return f"{self.stage.name}: {self.act}"

    @property
    def reference(self) -> str:
        return self.name.replace(" ", "-").replace(":", "").replace(",", "").upper()

    def lines(self, changed: str = "") -> list[dict[str, Any]]:
        """What is ordered of lamps and bulbs."""
        said = zip(self.stage.items, LINES[changed], ("50.00", "10.00"), strict=True)
        return [
            {"item": item, "description": item, "quantity": str(n), "unit_price": price, "tax_code": "S24"}
            for item, n, price in said
            if n
        ]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def admin(house: LocalStack) -> AsyncIterator[FrontOffice]:
    """A company that asks for credit, with plenty of two goods and nothing of two others."""
    office = FrontOffice(house.address("gateway"), await house.admin_key())
    founder = Founder(office, COMPANY)
    await founder.has_books("Stages Ltd")
    for act in ACTS:  # each held order has a customer of its own, so that none takes another's room
        await founder.has_a_customer(f"C-TIGHT-{act}", "100.00")
    await founder.asks_for_credit()
    names = {sku: sku for sku in ("LAMP", "BULB", "NO-LAMP", "NO-BULB")}
    await founder.has_goods("fifo", names, {"LAMP": str(RECEIVED), "BULB": str(RECEIVED)})
    yield office
    await office.close()


async def post(office: FrontOffice, path: str, body: object, key: str = "") -> Any:
    return await Founder(office, COMPANY).post(path, body, key)


async def shown(office: FrontOffice, case: Case) -> dict[str, Any]:
    """The order as the front office sees it."""
    told: dict[str, Any] = await office.get(f"/v1/orders/{case.order}")
    return told


async def in_state(office: FrontOffice, cases: list[Case], state: str = "") -> None:
    """Wait until these orders are in a state; in that of their stage if none is named."""

    async def one(case: Case) -> None:
        wanted = state or case.stage.state
        what = f"{case.name}: the order is {wanted}"
        await eventually(lambda: shown(office, case), lambda told: told["state"] == wanted, what=what, within_s=60)

    await asyncio.gather(*map(one, cases))


async def place(office: FrontOffice, case: Case) -> None:
    tight = case.stage.customer == "C-TIGHT"
    body = {
        "company": COMPANY, "reference": case.reference, "placed_at": NOW.isoformat(), "currency": "EUR",
        "customer": CUSTOMER | {"id": f"C-TIGHT-{case.act}" if tight else case.stage.customer},
        "lines": case.lines(), "invoice_on": case.stage.invoice_on,
        "if_short": "back_order" if case.stage.state == "back_ordered" else "all_or_nothing",
    }  # fmt: skip
    case.order = (await post(office, "/v1/orders", body, case.reference))["subject"]


async def work(office: FrontOffice, cases: list[Case]) -> None:
    """The warehouse picks, packs and ships what the table says."""
    partly = {"lines": [{"line": 1, "quantity": "1"}]}
    picks = [{"order": c.order} | (partly if c.stage.work == "partly" else {}) for c in cases if c.stage.work]
    made = (await post(office, f"{INVENTORY}/picks", {"picks": picks}))["shipments"]
    shipment = {one["order"]: one["shipment"] for one in made}
    packs = [
        {"shipment": shipment[c.order], "packages": 1} for c in cases if c.stage.work in ("packed", "partly", "all")
    ]
    await post(office, f"{INVENTORY}/packs", {"packs": packs})
    left = [{"shipment": shipment[c.order]} for c in cases if c.stage.work in ("partly", "all")]
    await post(office, f"{INVENTORY}/dispatches", {"shipments": left})


async def pay(office: FrontOffice, case: Case) -> None:
    money = {
        "company": COMPANY, "reference": case.reference, "received_on": NOW.date().isoformat(), "payer": {"name": "X"},
        "amount": {"amount": str(case.stage.pays), "currency": "EUR"}, "order_reference": case.reference,
    }  # fmt: skip
    await post(office, "/v1/payments", money, case.reference)


async def act(office: FrontOffice, case: Case) -> None:
    if case.act == "cancel":
        body: dict[str, Any] = {"reason": "not wanted"}
        await post(office, f"/v1/orders/{case.order}/cancellation", body | {"company": COMPANY})
        return
    change = {"company": COMPANY, "revision": 2, "changed_at": NOW.isoformat(), "lines": case.lines(case.act)}
    await post(office, f"/v1/orders/{case.order}/changes", change)


async def found(office: FrontOffice, case: Case) -> End:
    """What has become of an order, by what every department says of it."""
    told = await shown(office, case)
    refusals = {"OrderChangeRefused.v1", "CancellationRefused.v1"}
    codes = [one["summary"]["code"] for one in told["timeline"] if one["type"] in refusals]
    goods: dict[str, Any] = {"lines": []}
    answer = await office.send("GET", f"{INVENTORY}/reservations/{case.order}")
    if answer.status_code == 200:  # while it is held for credit nothing stands there
        goods = answer.json()
    bills = (await office.get(f"{LEDGER}/invoices", order=case.order))["invoices"]
    notes = [
        Decimal(note["total"])
        for bill in bills
        for note in (await office.get(f"{LEDGER}/invoices/{bill['invoice']}"))["credit_notes"]
    ]
    money = (await office.get(f"{LEDGER}/payments", order=case.order))["payments"] if case.stage.pays else []
    return End(
        told["state"],
        codes[0] if codes else None,
        sum(int(line["reserved"]) for line in goods["lines"]),
        sum(int(line["shipped"]) for line in goods["lines"]),
        sum((Decimal(bill["total"]) for bill in bills), Decimal(0)),
        sum(notes, Decimal(0)),
        sum((Decimal(bill["open"]) for bill in bills), Decimal(0)),
        sum((Decimal(one["unapplied"]) for one in money), Decimal(0)),
    )


async def judged(office: FrontOffice, case: Case) -> str | None:
    """What is wrong with the end of an order, if anything is."""
    try:
        await eventually(lambda: found(office, case), lambda end: end == case.end, what="it ends", within_s=30)
    except NeverHappened:
        return f"{case.name}\n   is {await found(office, case)}\n   not {case.end}"
    return None


async def test_an_order_is_changed_and_cancelled_at_every_stage_with_what_undoes_it(admin: FrontOffice) -> None:
    """X1: more, less or nothing of it: goods, invoices, credit notes, money and state end as the table says, and what
    comes too late is refused with its code.
    """
    cases = [Case(stage, one, end) for stage, ends in STAGES for one, end in zip(ACTS, ends, strict=True)]
    await asyncio.gather(*(place(admin, case) for case in cases))
    reserved = [c for c in cases if c.stage.work]
    for how, state in (("order", "documented"), ("dispatch", "reserved")):
        await in_state(admin, [c for c in reserved if c.stage.invoice_on == how], state)
    await work(admin, cases)
    paying = [c for c in cases if c.stage.pays]
    await in_state(admin, paying, "documented")
    await asyncio.gather(*(pay(admin, case) for case in paying))
    await in_state(admin, cases)

    await asyncio.gather(*(act(admin, case) for case in cases))

    wrong = [one for one in await asyncio.gather(*(judged(admin, case) for case in cases)) if one is not None]
    assert wrong == [], "\n".join(wrong)
    # And goods and books as a whole say the same
    gone = {"LAMP": 0, "BULB": 0}
    for case in cases:
        gone["LAMP"] += {"partly": 1, "all": LINES[""][0]}.get(case.stage.work, 0)
        gone["BULB"] += {"all": LINES[""][1]}.get(case.stage.work, 0)
    levels = {one["sku"]: one for one in (await admin.get(f"{INVENTORY}/stock"))["stock"]}
    assert {sku: int(levels[sku]["on_hand"]) for sku in gone} == {sku: RECEIVED - n for sku, n in gone.items()}
    assert sum(int(one["reserved"]) for one in levels.values()) == sum(case.end.held for case in cases)
    assert (await admin.get(f"{INVENTORY}/stock-check"))["balanced"]
    receivables = await admin.get(f"{LEDGER}/reconciliation/receivables", thorough="true")
    assert (receivables["holds"], receivables["documents"], receivables["days"]) == (True, [], [])
