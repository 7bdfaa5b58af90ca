"""What must come of a plan: stock, receivables and trial balances, by plain arithmetic."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from deploy.local.demo.plan import GOODS, HOUSES, PLENTY, SCARCE, SCARCE_STOCK, House, Order, Plan

ACCOUNTS = (
    ("1100", "Receivables", "asset", "receivable"), ("1000", "Bank", "asset", "bank"),
    ("2300", "Unapplied cash", "liability", "unapplied_cash"), ("2200", "Tax to pay", "liability", None),
    ("4000", "Sales", "income", "sales"), ("7800", "Exchange gains", "income", "exchange_gain"),
    ("7900", "Exchange losses", "expense", "exchange_loss"),
)  # fmt: skip
RECEIVABLE, BANK, UNAPPLIED, TAX, SALES = "1100", "1000", "2300", "2200", "4000"


def expected_states(plan: Plan) -> dict[str, str]:
    """The state of every order, by reference."""
    return {order.reference: order.expected for order in plan.orders()}


def expected_stock(plan: Plan) -> dict[str, dict[str, int]]:
    """On hand and reserved per company and item; cancelled and refused orders hold nothing."""
    stock: dict[str, dict[str, int]] = {}
    for house in HOUSES:
        for sku, *_ in (*GOODS, (SCARCE,)):
            stock[f"{house.code}/{sku}"] = {"on_hand": SCARCE_STOCK if sku == SCARCE else PLENTY, "reserved": 0}
    for order in plan.orders():
        if order.invoiced and not order.cancelled:
            for sku, _, quantity, *_ in order.lines:
                stock[f"{order.house.code}/{sku}"]["reserved"] += quantity
    return stock


def expected_balances(plan: Plan) -> dict[str, Decimal]:
    """Debit minus credit per company, currency and account; zero balances are left out."""
    balances: dict[str, Decimal] = {}

    def post(house: House, currency: str, account: str, amount: Decimal) -> None:
        key = f"{house.code}/{currency}/{account}"
        balances[key] = balances.get(key, Decimal(0)) + amount

    for order in plan.orders():
        if order.invoiced and not order.cancelled:
            post(order.house, order.currency, RECEIVABLE, order.total)
            post(order.house, order.currency, SALES, -order.net)
            post(order.house, order.currency, TAX, -order.tax)
    for payment in plan.payments:
        applied = _applied(payment.order, payment.amount)
        post(payment.house, payment.currency, BANK, payment.amount)
        post(payment.house, payment.currency, RECEIVABLE, -applied)
        post(payment.house, payment.currency, UNAPPLIED, applied - payment.amount)
    return {key: amount for key, amount in balances.items() if amount}


def expected_counts(plan: Plan, hires: int) -> dict[str, Any]:
    """How many papers and bookings the day makes."""
    invoices = sum(order.invoiced for order in plan.orders())
    return {
        "orders": len(list(plan.orders())),
        "invoices": invoices,
        "billed": invoices,
        "broken_rules": 0,
        "credit_notes": len(plan.cancellations),
        "employee_files": hires,
        "stored": invoices + len(plan.cancellations),
        "payments": len(plan.payments),
    }


def _applied(order: Order | None, amount: Decimal) -> Decimal:
    """What of a payment stays on an invoice at the end of the day: nothing of a cancelled order's."""
    if order is None or order.cancelled:
        return Decimal(0)
    return min(amount, order.total)
