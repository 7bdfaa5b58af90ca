"""Refunds: money out of unapplied cash, asked for by one person and decided by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from contracts.money import AmountError, from_minor, to_minor
from services.ledger import translate
from services.ledger.commands import DecideRefund, RequestRefund
from services.ledger.domain.calendar import RECEIVABLES
from services.ledger.domain.exchange import Quote, Rate, holds, too_much, value
from services.ledger.domain.manual import ahead
from services.ledger.domain.posting import Entry
from services.ledger.domain.settlement import not_free, refunded
from services.ledger.handlers.bookkeeping import open_books, post, rates_for
from services.ledger.handlers.gate import Gate, open_gate
from services.ledger.handlers.reallocating import Purse, read_purses
from services.ledger.store import refunds as store


async def request_refunds(commands: Sequence[RequestRefund], unit: UnitOfWork) -> Sequence[Result]:
    """Ask that unapplied money goes back. Nothing is booked before another person agrees."""
    gate = await open_gate(await open_books(unit), unit)
    purses = await read_purses({(c.company, c.payment) for c in commands}, unit)
    rows: list[store.RefundRow] = []
    results: list[Result] = []
    for place, command in enumerate(commands):
        amount = _asked(place, command, purses.get((command.company, command.payment)), gate, unit.now)
        if isinstance(amount, Refused):
            results.append(amount)
            continue
        currency = purses[command.company, command.payment].money.currency
        asked = command.cause.person
        rows.append((command.company, command.refund, command.payment, currency, amount, command.reason,
                     command.refund_on, asked))  # fmt: skip
        unit.audit(command.cause, "refund.requested", str(command.payment), {"refund": str(command.refund)})
        body = {"refund": str(command.refund), "payment": str(command.payment), "state": "requested",
                "amount": from_minor(amount, currency), "currency": currency, "requested_by": asked}  # fmt: skip
        results.append(Answer(201, body, {"Location": f"refunds/{command.refund}"}))
    if rows:
        await store.insert(unit.raw, rows)
    return await gate.name_periods(results, unit)


def _asked(place: int, command: RequestRefund, purse: Purse | None, gate: Gate, now: datetime) -> int | Refused:
    if purse is None:
        return Refused("payment-not-found", "The company has no such payment.", None, 404)
    money = purse.money
    try:
        amount = money.unapplied if command.amount is None else to_minor(command.amount, money.currency)
    except AmountError as wrong:
        return Refused("amount-invalid", f"{wrong}.", "/amount")
    if not 0 < amount <= money.unapplied:
        left = from_minor(money.unapplied, money.currency)
        return Refused("not-enough-unapplied", f"The payment has {left} {money.currency} left.", "/amount", 409)
    if command.refund_on < money.received_on:
        return Refused("before-receipt", f"The money came on {money.received_on}.", "/refund_on")
    early = not_free(money, command.refund_on, "/refund_on")
    shut = gate.fault(command.company, RECEIVABLES, command.refund_on, command.cause, place, "/refund_on")
    return early or shut or ahead(command.refund_on, gate.books[command.company].day_of(now), "/refund_on") or amount


async def decide_refunds(commands: Sequence[DecideRefund], unit: UnitOfWork) -> Sequence[Result]:
    """Agree, and the money goes back; or reject, and nothing happens. Never by who asked for it."""
    books = await open_books(unit)
    gate = await open_gate(books, unit)
    asked = await store.read(unit.raw, [(c.company, c.refund) for c in commands])
    purses = await read_purses({(key[0], row["payment"]) for key, row in asked.items()}, unit)
    quotes = [Quote(key[0], row["currency"], row["refund_on"]) for key, row in asked.items()]
    rates = await rates_for(quotes, books, unit)
    entries: list[tuple[Entry, DecideRefund, Purse]] = []
    decided: list[store.DecisionRow] = []
    results: list[Result] = []
    done: set[tuple[str, UUID]] = set()
    for place, command in enumerate(commands):
        key = command.company, command.refund
        row = asked.get(key)
        if key in done:
            results.append(Refused("refund-decided", "Somebody has decided on this refund.", None, 409))
            continue
        if row is None:
            results.append(Refused("refund-not-found", "The company has no such refund to decide.", None, 404))
            continue
        decision = _decide(place, command, {**row}, purses, gate, rates, unit.now)
        if isinstance(decision, Refused):
            results.append(decision)
            continue
        state = "approved" if decision is not None else "rejected"
        entry = None if decision is None else decision.id
        done.add(key)
        decided.append((*key, state, command.cause.person, entry))
        unit.audit(command.cause, f"refund.{state}", str(row["payment"]), {"refund": str(command.refund)})
        if decision is not None:
            purse = purses[command.company, row["payment"]]
            entries.append((decision, command, purse))
            unit.emit(*translate.payment_refunded(command.refund, purse.money, {**row}), command.cause)
        results.append(Answer(200, {"refund": str(command.refund), "state": state, "decided_by": command.cause.person,
                                    "entry": None if entry is None else str(entry)}))  # fmt: skip
    if decided:
        await store.decide(unit.raw, decided)
    if entries:
        await post([(entry, command.cause) for entry, command, _ in entries], books, unit, as_dated=True)
    return await gate.name_periods(results, unit)


def _decide(
    place: int,
    command: DecideRefund,
    row: Mapping[str, Any],
    purses: Mapping[tuple[str, UUID], Purse],
    gate: Gate,
    rates: Mapping[Quote, Rate],
    now: datetime,
) -> Entry | Refused | None:
    if row["state"] != "requested":
        return Refused("refund-decided", f"The refund is {row['state']} already.", None, 409)
    if row["requested_by"] == command.cause.person:
        return Refused("second-person-needed", "Who asked for a refund cannot decide about it.", None, 403)
    if not command.approve:
        return None
    shut = gate.fault(command.company, RECEIVABLES, row["refund_on"], command.cause, place, None)
    if shut is not None:
        return shut
    books = gate.books[command.company]
    purse = purses[command.company, row["payment"]]
    money, amount = purse.money, row["amount"]
    if amount > money.unapplied:
        left = from_minor(money.unapplied, money.currency)
        return Refused("not-enough-unapplied", f"The payment has {left} {money.currency} left.", None, 409)
    early = not_free(money, row["refund_on"], None) or ahead(row["refund_on"], books.day_of(now), None)
    if early is not None:
        return early
    worth: int | None = None
    if money.base_amount is not None:
        on = row["refund_on"]
        rate = rates.get(Quote(command.company, money.currency, on))
        if rate is None or not holds(rate, on):
            return Refused("rate-missing", f"The company has no rate of {money.currency} for {on}.", None, 409)
        worth = value(amount, money.currency, rate, books.currency)
        if too_much(worth, books.currency):
            detail = f"The refund is worth more than the books can state in {books.currency}."
            return Refused("amount-too-large", detail, None, 409)
    return refunded(money, amount, worth, row["refund_on"], command.refund, books)
