"""A third company, whose goods have a cost: picked, shipped in part, moved, counted, received late, paid and bounced.

Everything is asked of the departments through the gateway; what must come of it is plain arithmetic here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from deploy.local.demo.chasing import CHASED, chase, come_over, receivables_agree
from deploy.local.demo.day import Say, accepted, company_body, until, until_known
from deploy.local.demo.expected import ACCOUNTS, BANK, RECEIVABLE, TAX
from deploy.local.demo.findings import Findings
from deploy.local.demo.front_office import FrontOffice, stable_key
from deploy.local.demo.plan import House
from deploy.local.demo.waiting import LATER_INVOICES, REST, ask_for_credit, held_for_credit, waiting_for_goods

TRADER = House(
    "aegean", "Aegean Tools Ltd", "EUR", "GR", "Europe/Athens", "Piraeus", "EL094259216", "GR1601101250000000012300695",
    {"S24": "0.24"}, (("C-301", "Harbour Repairs", "en", "Piraeus"), ("C-302", "Νησιώτικα Σκάφη", "el", "Ρόδος")),
)  # fmt: skip
STOCK = "1500"
GOODS_ACCOUNTS = (
    (STOCK, "Goods", "asset", "inventory"), ("2400", "Goods received, not invoiced", "liability", "goods_received"),
    ("5000", "Cost of goods sold", "expense", "cost_of_goods"),
    ("5100", "Stock differences", "expense", "stock_difference"),
    ("5900", "Bank charges", "expense", "bank_charges"),
)  # fmt: skip
DRILL, ROPE = "DRILL", "ROPE"
ORDERS = (("T-1", 4, 10), ("T-2", 6, 0), ("T-3", 10, 20))
"""Reference, drills, metres of rope. The last is shipped in two parts."""
FIRST_PART = (6, 20)
SENT, ARRIVED = 10, 8
LATE = 20
COUNTED_LESS = 3
BOUNCED, FEE = "T-1", "4.50"


class Trader:
    """The company's clerks: one at the web shop, one in the warehouse, one who decides about counts."""

    company, name = TRADER.code, TRADER.name

    def __init__(self, admin: FrontOffice, decider: FrontOffice, say: Say, findings: Findings) -> None:
        self.admin = admin
        self.decider = decider
        self.say = say
        self.today = datetime.now(ZoneInfo(TRADER.time_zone)).date()
        self.findings = findings
        self._orders: dict[str, dict[str, Any]] = {}

    async def trade(self) -> None:
        """The whole story. Raises DayFailed."""
        await self._set_up()
        await self.receive("opening", self.today - timedelta(days=5), {DRILL: (40, "80.00"), ROPE: (200, "1.50")})
        await self.receive("second", self.today - timedelta(days=4), {DRILL: (20, "95.00"), ROPE: (100, "1.80")})
        await self._sell()
        await self._ship()
        await self._move()
        await self._count()
        await self.receive("late", self.today - timedelta(days=3), {DRILL: (LATE, "70.00")})
        self.say(f"{LATE} drills received late, dated before those that had left: their cost is corrected once")
        await self._bounce()
        await held_for_credit(self)
        await waiting_for_goods(self)
        await chase(self)
        await self._look()
        await receivables_agree(self)

    # -- what happens --------------------------------------------------------------------------------------------------

    async def _set_up(self) -> None:
        at = "/ledger/v1/companies"
        await self.post(at, company_body(TRADER), "company")
        accounts = [{"code": c, "name": n, "kind": k, "role": r} for c, n, k, r in (*ACCOUNTS, *GOODS_ACCOUNTS)]
        await self.post(f"{at}/{TRADER.code}/accounts/batch", {"accounts": accounts}, "accounts")
        tax = {"code": "S24", "name": "VAT 24 %", "rate": "0.24", "account": TAX}
        await self.post(f"{at}/{TRADER.code}/tax-codes/batch", {"tax_codes": [tax]}, "taxes")
        await ask_for_credit(self)
        await come_over(self)
        await until_known(self.admin, self.inventory("items"))
        await until_known(self.admin, f"/v1/orders?company={TRADER.code}")
        items = [
            {"sku": DRILL, "name": "Drill", "valuation": "moving-average"},
            {"sku": ROPE, "name": "Rope", "unit": "m", "valuation": "fifo"},
        ]
        await self.post(self.inventory("items/batch"), {"items": items}, "items")
        await self.post(self.inventory("warehouses"), {"warehouse": "SHOP", "name": "The shop"}, "warehouse")
        self.say(f"{TRADER.name}: goods valued by moving average and by first in, first out")

    async def receive(self, reference: str, on: date, goods: dict[str, tuple[int, str]]) -> None:
        """Goods come in: number and cost of one."""
        lines = [{"item": sku, "quantity": str(number), "unit_cost": cost} for sku, (number, cost) in goods.items()]
        body = {"reference": reference, "received_on": on.isoformat(), "lines": lines}
        await self.post(self.inventory("receipts"), body, f"receipt-{reference}")

    async def _sell(self) -> None:
        for reference, drills, rope in ORDERS:
            await self.post("/v1/orders", self.order(reference, drills, rope), f"order-{reference}")
        self._orders = await until(
            self.shown, lambda found: len(found) == len(ORDERS), "the trader's orders are billed"
        )

    async def shown(self) -> dict[str, dict[str, Any]]:
        """The orders that are billed, by reference."""
        rows = await self.admin.pages("/v1/orders", "orders", company=TRADER.code, limit=200)
        return {row["reference"]: row for row in rows if row["state"] in {"documented", "paid", "partly_paid"}}

    async def _ship(self) -> None:
        """All of two orders; of the third first a part, then the rest."""
        part = [{"line": line, "quantity": str(number)} for line, number in enumerate(FIRST_PART, 1)]
        picks: list[dict[str, Any]] = [{"order": self._orders[reference]["id"]} for reference, *_ in ORDERS[:-1]]
        await self._leave([*picks, {"order": self._orders["T-3"]["id"], "lines": part}], "first")
        await self._leave([{"order": self._orders["T-3"]["id"]}], "rest")
        self.say(f"{len(ORDERS)} orders shipped, one of them in two parts")

    async def _leave(self, picks: Sequence[dict[str, Any]], name: str) -> None:
        picked = await self.post(self.inventory("picks"), {"picks": picks}, f"pick-{name}")
        shipments = [row["shipment"] for row in picked["shipments"]]
        packs = [{"shipment": shipment, "packages": 1} for shipment in shipments]
        await self.post(self.inventory("packs"), {"packs": packs}, f"pack-{name}")
        leaving = [{"shipment": shipment, "carrier": "Aegean Freight"} for shipment in shipments]
        await self.post(self.inventory("dispatches"), {"shipments": leaving}, f"dispatch-{name}")

    async def _move(self) -> None:
        """A transfer of which not all arrives: the rest is lost, and leaves the books."""
        body = {
            "reference": "to-the-shop", "from": "MAIN", "to": "SHOP", "sent_on": self.today.isoformat(),
            "lines": [{"item": DRILL, "quantity": str(SENT)}],
        }  # fmt: skip
        sent = await self.post(self.inventory("transfers"), body, "transfer")
        at = self.inventory(f"transfers/{sent['transfer']}")
        await self.post(f"{at}/arrivals", {"lines": [{"item": DRILL, "quantity": str(ARRIVED)}]}, "arrival")
        await self.post(f"{at}/closing", {}, "closing")
        key = stable_key(TRADER.code, "closing-decision")
        await accepted(self.decider.post(f"{at}/closing/decision", {"approved": True}, key=key))
        self.say(f"{SENT} drills sent to the shop, {ARRIVED} arrived; a second person agreed to write off the rest")

    async def _count(self) -> None:
        """What is missing is booked when another person agrees."""
        stock = await self._stock("MAIN")
        found = stock[ROPE] - COUNTED_LESS
        body = {
            "reference": "count-1", "counted_on": self.today.isoformat(), "reason": "quarterly count",
            "lines": [{"item": ROPE, "counted": str(found)}],
        }  # fmt: skip
        count = await self.post(self.inventory("counts"), body, "count")
        at = self.inventory(f"counts/{count['count']}/decision")
        await accepted(self.decider.post(at, {"approved": True}, key=stable_key(TRADER.code, "decision")))
        self.say(f"a count found {COUNTED_LESS} m of rope less; a second person agreed")

    async def _bounce(self) -> None:
        """An invoice is paid, the bank takes the money back: the invoice is open again."""
        invoice = await self._invoice(BOUNCED)
        body = {
            "company": TRADER.code, "reference": "pay-T-1", "received_on": self.today.isoformat(),
            "amount": {"amount": invoice["total"], "currency": TRADER.currency}, "payer": {"name": "Harbour Repairs"},
            "order_reference": BOUNCED,
        }  # fmt: skip
        await self.post("/v1/payments", body, "payment")

        async def paid() -> list[dict[str, Any]]:
            rows = await self.admin.pages(self.ledger("payments"), "payments", "after", limit=200)
            return [row for row in rows if row["allocations"]]

        (payment,) = await until(paid, lambda rows: len(rows) == 1, "the payment is allocated")
        bounce = {"bounced_on": self.today.isoformat(), "reason": "account closed", "fee": FEE}
        await self.post(self.ledger(f"payments/{payment['payment']}/bounce"), bounce, "bounce")
        self.say(f"a payment bounced: the invoice is open again, the bank's fee of {FEE} is booked")

    # -- whether it adds up --------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        day = self.today.isoformat()
        valued = await until(
            self._stock_and_books,
            lambda both: both[0] == both[1] and both[0] is not None,
            "goods are worth what books say",
        )
        valuation = await self.admin.get(self.inventory("valuation"), on=day)
        rows: list[tuple[object, ...]] = [(row["sku"], row["quantity"], row["value"]) for row in valuation["items"]]
        rows += [
            ("all goods, by inventory", "", valuation["total"]),
            (f"account {STOCK}, by the ledger", "", str(valued[1])),
        ]
        self.findings.tables.append((f"Goods of {TRADER.name}", ("item", "quantity", "worth"), rows))
        await self._goods_add_up()
        await self._receivables_add_up(day)

    async def _stock_and_books(self) -> tuple[Decimal | None, Decimal | None]:
        valuation = await self.admin.get(self.inventory("valuation"), on=self.today.isoformat())
        balances = await self._balances()
        return Decimal(valuation["total"]), balances.get(STOCK)

    async def _goods_add_up(self) -> None:
        drills, rope = sum(order[1] for order in ORDERS), sum(order[2] for order in ORDERS)
        main, shop = await self._stock("MAIN"), await self._stock("SHOP")
        self.findings.must("drills in MAIN", main[DRILL], 40 + 20 + LATE - drills - SENT)
        self.findings.must("drills in SHOP", shop[DRILL], ARRIVED)
        self.findings.must("rope in MAIN", main[ROPE], 200 + 100 - rope - COUNTED_LESS + REST)
        check = await self.admin.get(self.inventory("stock-check"))
        self.findings.must("the stock check", check["balanced"], True)
        left = 0
        for order in self._orders.values():
            page = await self.admin.get(self.inventory("shipments"), order=order["id"])
            left += sum(row["state"] == "shipped" for row in page["shipments"])
        self.findings.must("shipments that left", left, len(ORDERS) + 1)

    async def _receivables_add_up(self, day: str) -> None:
        """Open items, ageing and the control account are one; of the bounced payment nothing remains but the fee."""
        balances = await self._balances()
        items = await self.admin.pages(self.ledger("receivables"), "items", "after", limit=200)
        total = sum((Decimal(item["open"]) for item in items), Decimal(0))
        ageing = await self.admin.get(self.ledger("ageing"), as_of=day)
        self.findings.must("open items against their account", total, balances[RECEIVABLE])
        self.findings.must("the ageing", Decimal(ageing["base_total"]), total)
        self.findings.must("open invoices", len(items), len(ORDERS) + LATER_INVOICES + CHASED)
        self.findings.must("the bank", balances.get(BANK), -Decimal(FEE))
        rows: list[tuple[object, ...]] = [(i["number"], i["customer_name"], i["due_on"], i["open"]) for i in items]
        self.findings.tables.append((f"Open items of {TRADER.name}", ("invoice", "customer", "due", "open"), rows))

    # -- parts ---------------------------------------------------------------------------------------------------------

    async def post(self, path: str, body: object, name: str) -> Any:
        """Ask once, whatever becomes of the connection; what was answered. Raises DayFailed."""
        return await accepted(self.admin.post(path, body, key=stable_key(TRADER.code, name)))

    def inventory(self, path: str) -> str:
        """An address of the company's in inventory."""
        return f"/inventory/v1/companies/{TRADER.code}/{path}"

    def ledger(self, path: str) -> str:
        """An address of the company's in the ledger."""
        return f"/ledger/v1/companies/{TRADER.code}/{path}"

    def customer(self, reference: str) -> dict[str, Any]:
        """Whose order it is: that follows from the last digit."""
        code, name, language, city = TRADER.customers[int(reference[-1]) % 2]
        address = {"line1": "2 Quay", "city": city, "postcode": "18538", "country": "GR"}
        return {"id": code, "name": name, "language": language, "address": address}

    def order(self, reference: str, drills: int, rope: int) -> dict[str, Any]:
        """An order as the web shop sends it."""
        wanted = ((DRILL, "Drill", drills, "140.00"), (ROPE, "Rope, per metre", rope, "3.20"))
        return {
            "company": TRADER.code, "reference": reference, "placed_at": datetime.now(UTC).isoformat(),
            "currency": TRADER.currency,
            "customer": self.customer(reference),
            "lines": [
                {"item": sku, "description": text, "quantity": str(number), "unit_price": price, "tax_code": "S24"}
                for sku, text, number, price in wanted if number
            ],
        }  # fmt: skip

    async def _invoice(self, reference: str) -> dict[str, Any]:
        invoices = await self.admin.pages(self.ledger("invoices"), "invoices", "after", limit=200)
        return next(row for row in invoices if row["order_reference"] == reference)

    async def _stock(self, warehouse: str) -> dict[str, int]:
        page = await self.admin.get(self.inventory("stock"), warehouse=warehouse)
        return {row["sku"]: int(Decimal(row["on_hand"])) for row in page["stock"]}

    async def _balances(self) -> dict[str, Decimal]:
        trial = await self.admin.get(self.ledger("trial-balance"))
        return {row["account"]: Decimal(row["balance"]) for row in trial["accounts"]}
