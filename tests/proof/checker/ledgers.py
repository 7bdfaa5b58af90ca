"""What the ledger shows in the end, against its entries: balances of any day, and sub-ledgers against their accounts.

INV5, INV6 (balances up to a day), INV10.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from tests.proof.checker.books import Books
from tests.proof.checker.intents import number
from tests.proof.checker.report import Findings

SUBLEDGERS = (("receivable", "receivables", "open", 1), ("unapplied_cash", "payments", "unapplied", -1))
"""Role of the control account, the list of what it consists of, the amount there, and the side that it stands on."""


def settle_ledgers(company: str, told: Mapping[str, Any], books: Books, findings: Findings) -> None:
    """Everything that can be added up in two ways."""
    _trial_balance(company, told["trial_balance"], books, findings)
    if (then := told.get("trial_balance_then")) is not None:
        _balances_of_a_day(company, then, books, findings)
    _subledgers(company, told, books, findings)
    for check in told["integrity"]["checks"]:
        findings.look("INV5")
        if not check["holds"]:
            findings.say("INV5", f"the ledger finds itself wrong: {check['rule']}", company=company)


def _trial_balance(company: str, told: Mapping[str, Any], books: Books, findings: Findings) -> None:
    """INV5: every account is the sum of its entries, to the cent; all accounts of a currency come to nought."""
    shown, summed = _shown(told), books.balances(company)
    for account in sorted(shown.keys() | summed.keys()):
        findings.look("INV5")
        if shown.get(account, (0, 0)) != summed.get(account, (0, 0)):
            findings.say(
                "INV5", "an account is not the sum of its entries", company=company, account=account,
                shows=shown.get(account), entries=summed.get(account),
            )  # fmt: skip
    for currency in {currency for _, currency in shown}:
        out = sum(debit - credit for (_, of), (debit, credit) in shown.items() if of == currency)
        if out:
            findings.say(
                "INV5", "the trial balance is not nought", company=company, currency=currency, out_by=out / 1e6
            )


def _balances_of_a_day(company: str, told: Mapping[str, Any], books: Books, findings: Findings) -> None:
    """INV6: what is shown of a day is the sum of the entries up to it, however late they were posted."""
    day = told["as_of"]
    shown, summed = _shown(told), books.balances(company, day)
    findings.look("INV6", len(shown))
    for account in sorted(shown.keys() | summed.keys()):
        if shown.get(account, (0, 0)) != summed.get(account, (0, 0)):
            findings.say(
                "INV6", f"an account on {day} is not the sum of its entries up to then", company=company,
                account=account, shows=shown.get(account), entries=summed.get(account),
            )  # fmt: skip


def _subledgers(company: str, told: Mapping[str, Any], books: Books, findings: Findings) -> None:
    """INV10: a control account is the sum of the items behind it, in every currency."""
    for role, of, amount, side in SUBLEDGERS:
        accounts = {account for (owner, account), has in books.roles.items() if owner == company and has == role}
        controls: defaultdict[str, int] = defaultdict(int)
        for (account, currency), (debit, credit) in books.balances(company).items():
            if account in accounts:
                controls[currency] += side * (debit - credit)
        items = _summed(told[of], amount)
        for currency in sorted(controls.keys() | items.keys()):
            findings.look("INV10")
            if controls.get(currency, 0) != items.get(currency, 0):
                findings.say(
                    "INV10", f"{of} are not what the {role} account says", company=company, currency=currency,
                    account=controls.get(currency, 0) / 1e6, items=items.get(currency, 0) / 1e6,
                )  # fmt: skip


def _summed(rows: Sequence[Mapping[str, Any]], amount: str) -> Mapping[str, int]:
    sums: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        sums[row["currency"]] += number(row[amount])
    return sums


def _shown(told: Mapping[str, Any]) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (row["account"], row["currency"]): (number(row["debit"]), number(row["credit"])) for row in told["accounts"]
    }
