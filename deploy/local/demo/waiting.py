"""Two orders of the third company that have to wait: one for credit, until a person lets it pass; one for goods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from deploy.local.demo.day import accepted, until
from deploy.local.demo.front_office import stable_key

if TYPE_CHECKING:
    from deploy.local.demo.trade import Trader

HELD, HELD_DRILLS, LIMIT = "T-4", 5, "1500.00"
"""868.00 with tax, of a customer who owes 1,041.60."""
WAITING, WAITING_ROPE, REST = "T-5", 300, 50
"""More rope than there is, and what comes in for it later."""
LATER_INVOICES = 3
"""One of the order that waited for credit; two of the one that waited for goods."""


async def ask_for_credit(trader: Trader) -> None:
    """The company asks for credit before it promises goods, and one of its customers has a limit."""
    told = trader.customer(HELD)
    customer = {name: told[name] for name in ("name", "language", "address")} | {
        "customer": told["id"],
        "credit_limits": [{"currency": "EUR", "amount": LIMIT}],
    }
    await trader.post(trader.ledger("customers"), customer, "customer")
    policy = {"valid_from": trader.today.isoformat(), "credit_check": True}
    await trader.post(trader.ledger("policies"), policy, "policy")


async def held_for_credit(trader: Trader) -> None:
    """An order over its customer's limit gets no goods until somebody takes the risk."""
    await trader.post("/v1/orders", trader.order(HELD, HELD_DRILLS, 0), f"order-{HELD}")

    async def holds() -> list[dict[str, Any]]:
        return list((await trader.admin.get(trader.ledger("credit-holds")))["holds"])

    (held,) = await until(holds, lambda rows: len(rows) == 1, "an order is held for credit")
    trader.findings.must("the order that is held", held["reference"], HELD)
    trader.findings.must("its customer's limit", held["limit"], LIMIT)
    release = {"reason": "pays by the end of the week"}
    path = trader.ledger(f"orders/{held['order']}/credit-release")
    await accepted(trader.decider.post(path, release, key=stable_key(HELD, "release")))
    await until(trader.shown, lambda found: HELD in found, "the released order is billed")
    trader.say(f"{held['amount']} over a limit of {held['limit']} was held and let pass by a second person")


async def waiting_for_goods(trader: Trader) -> None:
    """An order takes what is there and waits for the rest; both parts are invoiced when they are reserved."""
    order = trader.order(WAITING, 0, WAITING_ROPE) | {"if_short": "back_order"}
    await trader.post("/v1/orders", order, f"order-{WAITING}")

    async def state() -> str:
        rows = await trader.admin.pages("/v1/orders", "orders", company=order["company"], limit=200)
        return next((str(row["state"]) for row in rows if row["reference"] == WAITING), "")

    await until(state, lambda told: told == "back_ordered", "an order waits for goods")
    await trader.receive("rest", trader.today, {"ROPE": (REST, "2.00")})
    await until(state, lambda told: told == "documented", "the order that waited has its goods")
    trader.say(f"an order of {WAITING_ROPE} m of rope took what was there and waited for the rest")
