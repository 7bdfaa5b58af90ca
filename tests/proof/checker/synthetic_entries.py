"""What two persons agree to in a made-up run: entries above the limit, and money that goes back.

Entries by hand are below the limit, also in dollars, and above it and agreed to, turned down, waiting; so are refunds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.proof.checker.synthetic import MadeUp

LIMIT = "100.00"
RECORDED_AT = "2026-01-01T08:00:00.000Z"
DAY = "2026-11-20"


def some_entries_by_hand(made: MadeUp, company: str, currency: str) -> None:
    """One of the limit itself, which needs nobody; three above it, of which one was agreed to."""
    told = made.shown[company]
    limit = {"change": 1, "valid_from": "2026-01-01", "recorded_at": RECORDED_AT, "approval_limit": LIMIT}
    lifted = {"change": 2, "valid_from": "2027-01-01", "recorded_at": RECORDED_AT, "approval_limit": "900.00"}
    told["policies"] = {"policies": [limit, lifted, {**limit, "change": 3, "approval_limit": None}]}
    told["proposals"] = []
    _posted(made, company, currency, "small", LIMIT)
    rate, chain = (
        {"currency": "USD", "base": currency, "rate": "0.8", "valid_on": "2026-11-10"},
        made.id_of("rate", company),
    )
    made.send("ExchangeRateRecorded.v1", company, company, chain, chain, rate)
    _posted(made, company, "USD", "abroad", "125.00", base="0.01")
    for name, state in (("agreed", "approved"), ("no", "refused"), ("open", "waiting")):
        told["proposals"].append(_proposal(made, company, currency, name, state))
        if state == "approved":
            _posted(made, company, currency, name, "250.00")


def _posted(made: MadeUp, company: str, currency: str, name: str, amount: str, base: str | None = None) -> None:
    entry, chain = made.id_of(company, "by hand", name), made.id_of(company, "asked", name)
    posted: list[tuple[str, Any, Any]] = [("5000", amount, 0), ("1000", 0, amount)]
    made.entry(company, currency, entry, "general", "", None, chain, chain, posted, base=base)


def _proposal(made: MadeUp, company: str, currency: str, name: str, state: str) -> dict[str, Any]:
    decided = state != "waiting"
    sides = (("5000", "250.00", "0.00"), ("1000", "0.00", "250.00"))
    return {
        "entry": made.id_of(company, "by hand", name), "state": state, "posted_on": DAY, "proposed_by": "first",
        "on_behalf_of": None, "decided_by": "system" if decided else None,
        "decided_on_behalf_of": "second" if decided else None,
        "lines": [{"account": a, "currency": currency, "debit": d, "credit": c} for a, d, c in sides],
    }  # fmt: skip


def some_refunds(made: MadeUp, company: str, currency: str) -> None:
    """Of money that names nothing, one part goes back; another wish is turned down, a third one waits."""
    payment, whole = made.id_of("payment", company, "spare"), {"amount": "9.00", "currency": currency}
    chain = made.ask("pay", company, "spare", {"company": company, "amount": whole}, payment)
    data = {"payment": payment, "reference": "spare", "amount": whole, "order": None}
    received = made.send("PaymentReceived.v1", company, payment, chain, chain, data)
    spread = {"payment": payment, "amount": whole, "allocations": [], "unapplied": "9.00", "cause": "received"}
    made.send("PaymentAllocated.v1", company, payment, chain, received, spread)
    came: list[tuple[str, Any, Any]] = [("1000", "9.00", 0), ("2100", 0, "9.00")]
    made.entry(company, currency, made.id_of("cash", payment), "cash", payment, None, chain, received, came)
    wishes = (("back", "4.00", "approved"), ("no", "1.00", "rejected"), ("open", "2.00", "requested"))
    made.shown[company]["refunds"] = [_refund(made, payment, currency, *wish) for wish in wishes]
    back = made.shown[company]["refunds"][0]
    asked = made.id_of("asked", back["refund"])
    told = {"payment": payment, "refund": back["refund"], "refund_on": DAY, "reason": "too much", "unapplied": "5.00"}
    told |= {"amount": {"amount": back["amount"], "currency": currency}}
    made.send("PaymentRefunded.v1", company, payment, asked, asked, told)
    went: list[tuple[str, Any, Any]] = [("2100", back["amount"], 0), ("1000", 0, back["amount"])]
    made.entry(company, currency, back["entry"], "cash", payment, None, asked, asked, went)
    made.shown[company]["payments"].append({"payment": payment, "currency": currency, "unapplied": "5.00"})


def _refund(made: MadeUp, payment: str, currency: str, name: str, amount: str, state: str) -> dict[str, Any]:
    refund = made.id_of("refund", payment, name)
    return {
        "refund": refund, "payment": payment, "amount": amount, "currency": currency, "reason": "too much",
        "refund_on": DAY, "state": state, "requested_by": "first",
        "decided_by": None if state == "requested" else "second",
        "entry": made.id_of("refunded", refund) if state == "approved" else None,
    }  # fmt: skip
