"""The day itself: set-up by the departments' APIs, then orders, cancellations, payments and hires by a front office.

Barriers stand only where order matters to the totals: stock that is scarce, a cancellation of what must be invoiced
first, a payment that names an invoice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx

from deploy.local.demo.expected import ACCOUNTS, TAX
from deploy.local.demo.front_office import FrontOffice, stable_key
from deploy.local.demo.plan import GOODS, HIRES, HOUSES, PLENTY, SCARCE, SCARCE_STOCK, House, Order, Payment, Plan
from deploy.local.demo.wrong_input import send_wrong_input

SOURCE = "/sales/webshop"
BATCH = 50
BARRIER_S = 180.0
DOLLAR = "4"
"""One whole rate, on the day of the orders and on that on which they are billed: what a dollar is worth is never
rounded, so whoever pays first makes no difference."""
SETTLED_STATES = frozenset({"documented", "refused", "partly_paid", "paid", "credited", "cancelled"})

Say = Callable[[str], None]
T = TypeVar("T")


class DayFailed(Exception):
    """Something did not go as the plan says; the text tells what."""


async def set_up(admin: FrontOffice, say: Say) -> None:
    """Companies, accounts, tax codes, items and opening stock, through the departments' own APIs."""
    for house in HOUSES:
        await accepted(admin.post("/ledger/v1/companies", company_body(house), key=stable_key("company", house.code)))
        at = f"/ledger/v1/companies/{house.code}"
        accounts = [{"code": c, "name": n, "kind": k, "role": r} for c, n, k, r in ACCOUNTS]
        await accepted(
            admin.post(f"{at}/accounts/batch", {"accounts": accounts}, key=stable_key("accounts", house.code))
        )
        codes = [{"code": c, "name": f"Tax {c}", "rate": rate, "account": TAX} for c, rate in house.rates.items()]
        await accepted(admin.post(f"{at}/tax-codes/batch", {"tax_codes": codes}, key=stable_key("taxes", house.code)))
        days = sorted({"2026-11-19", (datetime.now(UTC) - timedelta(days=1)).date().isoformat()})
        rates = [{"currency": "USD", "valid_on": day, "rate": DOLLAR, "source": "the day's plan"} for day in days]
        await accepted(admin.post(f"{at}/exchange-rates", {"rates": rates}, key=stable_key("rates", house.code)))
    say(f"{len(HOUSES)} companies with accounts, tax codes and a rate of exchange")
    for house in HOUSES:
        await until_known(admin, f"/inventory/v1/companies/{house.code}/items")
        await until_known(admin, f"/payroll/v1/companies/{house.code}/employees")
        await until_known(admin, f"/documents/v1/companies/{house.code}/documents")
        await _stock(admin, house)
    say(f"{len(GOODS) + 1} items in stock at each")


async def run_day(webshop: FrontOffice, plan: Plan, say: Say) -> None:
    """Send the whole day and wait at its barriers."""
    await _until_companies_known(webshop)
    await _send_orders(webshop, plan.ordinary)
    say(f"{len(plan.ordinary)} orders sent: single, as CloudEvents, and in batches of {BATCH}")
    refused = await send_wrong_input(webshop, plan)
    say(f"{refused} wrong requests refused, {len(plan.ordinary[:20])} repeats answered as before")
    await _send_orders(webshop, plan.scarce_winners)
    await settled(webshop, plan.scarce_winners)
    await _send_orders(webshop, [*plan.scarce_losers, *plan.unknown_items, *plan.unknown_taxes])
    say(
        f"{len(plan.scarce_losers)} orders too many for the last {SCARCE_STOCK}, "
        f"{len(plan.unknown_items)} for an unknown item"
    )
    await settled(webshop, list(plan.orders()))
    say("every order is decided and every invoice is registered")
    await asyncio.gather(*(_pay(webshop, payment) for payment in plan.payments))
    say(f"{len(plan.payments)} payments sent: in full, in part, too much, and for nothing we know")
    await _until_paid(webshop, plan)
    await asyncio.gather(*(_cancel(webshop, order) for order in plan.cancellations))
    await asyncio.gather(*(_hire(webshop, *hire) for hire in HIRES))
    say(f"{len(plan.cancellations)} cancellations, {len(HIRES)} hires")
    await settled(webshop, plan.cancellations, {"credited"})


async def accepted(sending: Awaitable[httpx.Response]) -> Any:
    """The answer's JSON. Raises DayFailed when it is no 2xx."""
    answer = await sending
    if not answer.is_success:
        raise DayFailed(f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:500]}")
    return answer.json()


async def until_known(admin: FrontOffice, path: str) -> None:
    """Wait until a department has heard of a company (it travels there as an event)."""
    await until(lambda: admin.send("GET", path), lambda answer: answer.status_code == 200, f"{path} answers")


async def settled(
    webshop: FrontOffice, orders: Collection[Order], states: Iterable[str] = SETTLED_STATES
) -> dict[str, dict[str, Any]]:
    """Wait until these orders are in one of the states; returns what the gateway shows of them, by reference."""
    wanted, final = {order.reference for order in orders}, frozenset(states)

    async def look() -> dict[str, dict[str, Any]]:
        shown = await shown_orders(webshop)
        return {reference: row for reference, row in shown.items() if reference in wanted and row["state"] in final}

    return await until(look, lambda found: len(found) == len(wanted), f"{len(wanted)} orders are settled")


async def shown_orders(webshop: FrontOffice) -> dict[str, dict[str, Any]]:
    """All orders that the gateway shows, by reference."""
    found: dict[str, dict[str, Any]] = {}
    for house in HOUSES:
        rows = await webshop.pages("/v1/orders", "orders", company=house.code, limit=200)
        found |= {row["reference"]: row for row in rows}
    return found


async def until(probe: Callable[[], Awaitable[T]], enough: Callable[[T], bool], what: str) -> T:
    """Ask until the answer is enough. Raises DayFailed after BARRIER_S."""
    deadline = asyncio.get_running_loop().time() + BARRIER_S
    pause = 0.1
    while not enough(answer := await probe()):
        if asyncio.get_running_loop().time() > deadline:
            size = len(answer) if isinstance(answer, dict) else answer
            raise DayFailed(f"after {BARRIER_S:.0f} s it is still not so that {what}; last seen: {size}")
        await asyncio.sleep(pause)
        pause = min(1.0, pause * 1.3)
    return answer


# -- set-up ------------------------------------------------------------------------------------------------------------


def company_body(house: House) -> dict[str, object]:
    """A company as the ledger is told of it."""
    return {
        "company": house.code, "name": house.name, "currency": house.currency, "country": house.country,
        "time_zone": house.time_zone, "vat_number": house.vat_number, "iban": house.iban,
        "address": {"line1": "1 Port Road", "city": house.city, "postcode": "10557", "country": house.country},
    }  # fmt: skip


async def _stock(admin: FrontOffice, house: House) -> None:
    at = f"/inventory/v1/companies/{house.code}"
    items = [{"sku": sku, "name": text} for sku, text, _ in GOODS] + [{"sku": SCARCE, "name": "The last ten"}]
    await accepted(admin.post(f"{at}/items/batch", {"items": items}, key=stable_key("items", house.code)))
    lines = [{"item": sku, "quantity": str(PLENTY)} for sku, *_ in GOODS]
    receipt = {
        "reference": "opening", "received_on": "2026-11-19",
        "lines": [*lines, {"item": SCARCE, "quantity": str(SCARCE_STOCK)}],
    }  # fmt: skip
    await accepted(admin.post(f"{at}/receipts", receipt, key=stable_key("opening", house.code)))


# -- the day -----------------------------------------------------------------------------------------------------------


async def _until_companies_known(webshop: FrontOffice) -> None:
    """The gateway hears of the companies by an event too."""
    for house in HOUSES:
        await _until_known_at_the_gateway(webshop, house.code)


async def _until_known_at_the_gateway(webshop: FrontOffice, company: str) -> None:
    await until(
        lambda: webshop.send("GET", "/v1/orders", params={"company": company}),
        lambda answer: answer.status_code == 200,
        f"the gateway knows {company}",
    )


async def _send_orders(webshop: FrontOffice, orders: Sequence[Order]) -> None:
    """A third each: typed and single, as structured CloudEvents, and in CloudEvents batches."""
    single, structured, batched = orders[0::3], orders[1::3], orders[2::3]
    await asyncio.gather(
        *(_send_typed(webshop, order) for order in single),
        *(_send_structured(webshop, order) for order in structured),
        *(_send_batch(webshop, batched[i : i + BATCH]) for i in range(0, len(batched), BATCH)),
    )


async def _send_typed(webshop: FrontOffice, order: Order) -> None:
    await accepted(webshop.post("/v1/orders", order.body(), key=stable_key("order", order.house.code, order.reference)))


async def _send_structured(webshop: FrontOffice, order: Order) -> None:
    headers = {"Content-Type": "application/cloudevents+json"}
    await accepted(webshop.send("POST", "/v1/events", json=cloud_event(order), headers=headers))


async def _send_batch(webshop: FrontOffice, orders: Sequence[Order]) -> None:
    headers = {"Content-Type": "application/cloudevents-batch+json"}
    body = [cloud_event(order) for order in orders]
    results = await accepted(webshop.send("POST", "/v1/events", json=body, headers=headers))
    wrong = [result for result in results if result["status"] != 202]
    if wrong:
        raise DayFailed(f"{len(wrong)} of {len(orders)} events of a batch were refused: {wrong[0]}")


def cloud_event(order: Order) -> dict[str, object]:
    """An order as a structured CloudEvent of a front office."""
    data = order.body()
    company = data.pop("company")
    return {
        "specversion": "1.0", "id": f"order-{order.house.code}-{order.reference}", "type": "OrderPlaced.v1",
        "source": SOURCE, "company": company, "time": data["placed_at"], "datacontenttype": "application/json",
        "data": data,
    }  # fmt: skip


async def _pay(webshop: FrontOffice, payment: Payment) -> None:
    body: dict[str, object] = {
        "company": payment.house.code, "reference": payment.reference, "received_on": "2026-11-21",
        "amount": {"amount": str(payment.amount), "currency": payment.currency}, "payer": {"name": "A customer"},
    }  # fmt: skip
    if payment.order is not None and payment.by_number:
        found = await webshop.get("/v1/orders", company=payment.house.code, reference=payment.order.reference)
        body["invoice_number"] = found["orders"][0]["invoice_number"]
    elif payment.order is not None:
        body["order_reference"] = payment.order.reference
    await accepted(webshop.post("/v1/payments", body, key=stable_key("payment", payment.house.code, payment.reference)))


async def _until_paid(webshop: FrontOffice, plan: Plan) -> None:
    paid = [order for order in plan.ordinary if order.paid]
    await settled(webshop, paid, {"paid", "partly_paid"})


async def _cancel(webshop: FrontOffice, order: Order) -> None:
    body = {"company": order.house.code, "reason": "changed their mind"}
    path = f"/v1/orders/{order.reference}/cancellation"
    await accepted(webshop.post(path, body, key=stable_key("cancel", order.house.code, order.reference)))


async def _hire(
    webshop: FrontOffice, company: str, reference: str, name: str, job: str, department: str, language: str
) -> None:
    body = {
        "company": company, "reference": reference, "name": name, "job_title": job, "department": department,
        "starts_on": "2026-12-01", "language": language,
    }  # fmt: skip
    await accepted(webshop.post("/v1/employees", body, key=stable_key("hire", company, reference)))
