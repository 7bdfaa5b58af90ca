"""What the third company brings along from its earlier books: who paid late there is chased here, on the first day.

Four files set it up; then the day's dunning run writes one letter. What it charges is reckoned here as well, by hand.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from deploy.local.demo.day import accepted, until
from deploy.local.demo.expected import RECEIVABLE, UNAPPLIED
from deploy.local.demo.front_office import stable_key
from deploy.local.demo.plan import rounded

if TYPE_CHECKING:
    from deploy.local.demo.trade import Trader

LATE_PAYER = "C-302"
OPENING, LATE_PAYMENT = "3900", "4800"
OLD = (
    ("invoice", "RE-4711", 100, 70, "1240.00", "1000.00", 40),
    ("invoice", "RE-4790", 42, 12, "240.00", "240.00", None),
    ("credit-note", "GS-17", 30, None, "66.00", "66.00", None),
)
"""Kind, number, days since it was issued and since it was due, what it was over, what is open, days since the first
reminder."""
OWED, OWING = Decimal("1240.00"), Decimal("66.00")
FURNITURE, LOAN = Decimal("8000.00"), Decimal("9174.00")
FEE, RATE = Decimal("5.00"), Decimal("0.08")
CHARGES = FEE + rounded(Decimal("1000.00") * RATE * 40 / 365)
"""The older invoice reaches the second level, 40 days after the first; the other one its first, which is free."""
CHASED = 3
"""Invoices more than the orders': two that came along, and the debit note over what late payment costs."""

ACCOUNTS_FILE = f"""code;name;kind;role
0100;Furniture;asset;
2900;Loan;liability;
{OPENING};Opening balances;equity;opening_balance
{LATE_PAYMENT};Late payment;income;dunning_income
"""
CUSTOMERS_FILE = f"""customer;name;language;line1;postcode;city;country;net_days
{LATE_PAYER};Νησιώτικα Σκάφη;el;2 Quay;85100;Ρόδος;GR;30
"""
BALANCES_FILE = f"""account;debit;credit
0100;{FURNITURE};
2900;;{LOAN}
"""


async def come_over(trader: Trader) -> None:
    """The chart, the customer, balances and open items of the earlier books, each from its file."""
    begin = (trader.today - timedelta(days=6)).isoformat()
    rows = ["kind,number,customer,issued_on,due_on,currency,total,open,dunning_level,dunned_on"]
    for kind, number, issued, due, total, still_open, dunned in OLD:
        days = [_ago(trader, issued), _ago(trader, due)]
        reached = f"1,{_ago(trader, dunned)}" if dunned else ","
        rows.append(f"{kind},{number},{LATE_PAYER},{','.join(days)},EUR,{total},{still_open},{reached}")
    await _table(trader, "accounts", ACCOUNTS_FILE)
    await _table(trader, "customers", CUSTOMERS_FILE)
    await _table(trader, "balances", BALANCES_FILE, reference="OLD-BOOKS", posted_on=begin)
    taken = await _table(trader, "open-items", "\n".join(rows), taken_over_on=begin)
    trader.findings.must("what was owed in the earlier books", Decimal(taken["totals"][0]["owed_to_us"]), OWED)
    trader.findings.must("what we owed there", Decimal(taken["totals"][0]["owed_by_us"]), OWING)
    trader.say(f"{len(OLD)} open items over {OWED} came from the earlier books, with chart, customer and balances")


async def chase(trader: Trader) -> None:
    """The day's dunning run: one letter, over all that is overdue, with its paper."""
    levels = [{"days_overdue": 5}, {"days_overdue": 20, "fee": str(FEE), "interest_rate": str(RATE)}]
    await trader.post(trader.ledger("dunning/policy"), {"levels": levels, "books_charges": True}, "dunning-policy")
    day = {"day": trader.today.isoformat()}
    run = await trader.post(trader.ledger("dunning/runs"), day, "dunning-run")
    trader.findings.must("letters of the day", run["letters"], 1)

    async def letters() -> list[dict[str, Any]]:
        page = f"/documents/v1/companies/{trader.company}/documents"
        wanted: dict[str, str | int] = {"class": "dunning_letter", "limit": 200}
        rows = await trader.admin.pages(page, "documents", "after", **wanted)
        return [row for row in rows if row["content"] is not None]

    await until(letters, lambda rows: len(rows) == 1, "the dunning letter is on paper")
    trader.say(f"one late payer reached level 2: a letter, and {CHARGES} for being late")


async def receivables_agree(trader: Trader) -> None:
    """Ageing, statements, trial balance and reconciliation say the same; printed side by side."""
    day = trader.today.isoformat()
    ageing = await trader.admin.get(trader.ledger("ageing"), as_of=day)
    (aged,) = ageing["totals"]
    names = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90", "total")
    trader.findings.tables.append(
        (f"Ageing of {trader.name} on {day}", names, [tuple(str(aged[name]) for name in names)])
    )
    closing = [await _statement(trader, customer, day) for customer in ("C-301", LATE_PAYER)]
    trial = await trader.admin.get(trader.ledger("trial-balance"), as_of=day)
    rows: list[tuple[object, ...]] = [
        (row["account"], row["name"], row["debit"], row["credit"], row["balance"]) for row in trial["accounts"]
    ]
    trader.findings.tables.append(
        (f"Trial balance: {trader.name}", ("account", "", "debit", "credit", "balance"), rows)
    )
    balances = {row["account"]: Decimal(row["balance"]) for row in trial["accounts"]}
    compared = await trader.admin.get(trader.ledger("reconciliation/receivables"), as_of=day, thorough="true")
    must = trader.findings.must
    must("the ageing against the account of customers", Decimal(aged["total"]), balances[RECEIVABLE])
    must("the statements against the account of customers", sum(owed for owed, _ in closing), balances[RECEIVABLE])
    must(
        "what statements say that is unapplied", sum(left for _, left in closing), -balances.get(UNAPPLIED, Decimal(0))
    )
    must("what is overdue by more than 60 days", Decimal(aged["days_61_90"]), Decimal("1000.00"))
    must("what is overdue by up to 30 days", Decimal(aged["days_1_30"]), Decimal("240.00"))
    must("what late payment brought", -balances.get(LATE_PAYMENT, Decimal(0)), CHARGES)
    must("what is left on the way from the earlier books", balances.get(OPENING, Decimal(0)), Decimal(0))
    must("the trial balance", sum(balances.values()), Decimal(0))
    must("the reconciliation of receivables", compared["holds"], True)


async def _statement(trader: Trader, customer: str, day: str) -> tuple[Decimal, Decimal]:
    """What the customer owes at the end of its statement, and what of its money pays nothing."""
    statement = await trader.admin.get(trader.ledger(f"customers/{customer}/statement"), as_of=day)
    (euros,) = statement["currencies"]
    rows: list[tuple[object, ...]] = [
        (line["day"], line["kind"], line["document"], line["invoice"], line["amount"], line["balance"])
        for line in euros["lines"]
    ]
    names = ("day", "what", "document", "invoice", "amount", "owed then")
    trader.findings.tables.append((f"Statement of {customer} by {trader.name}", names, rows))
    return Decimal(euros["closing"]), Decimal(euros["unapplied"])


async def _table(trader: Trader, name: str, text: str, **asked: str) -> Any:
    headers = {"Content-Type": "text/csv", "Idempotency-Key": stable_key(trader.company, "import", name)}
    path = trader.ledger(f"imports/{name}")
    return await accepted(trader.admin.send("POST", path, content=text.encode(), headers=headers, params=asked))


def _ago(trader: Trader, days: int | None) -> str:
    return "" if days is None else (trader.today - timedelta(days=days)).isoformat()
