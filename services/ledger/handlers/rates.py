"""Exchange rates: recorded with their source; a rate of a day is given once and stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Answer, Result
from contracts.money import MINOR_UNITS, AmountError
from services.ledger import translate
from services.ledger.commands import RecordRates
from services.ledger.domain.exchange import from_scaled, to_scaled
from services.ledger.handlers.bookkeeping import open_books
from services.ledger.handlers.credit import look_again_on, review_all
from services.ledger.store import rates as store


async def record_rates(commands: Sequence[RecordRates], unit: UnitOfWork) -> Sequence[Result]:
    """Add rates to the company's currency; a command adds all of its rates or none. Held orders and money may go on."""
    books = await open_books(unit)
    standing = await store.read_days(
        unit.raw, [(c.company, rate.currency, rate.valid_on) for c in commands for rate in c.rates]
    )
    rows: list[store.RateRow] = []
    results: list[Result] = []
    for command in commands:
        made = _rows(command, books[command.company].currency, standing)
        if isinstance(made, Refused):
            results.append(made)
            continue
        standing |= {(company, currency, day) for company, currency, day, *_ in made}
        rows += made
        results.append(Answer(201, {"rates": [translate.rate_answer(row) for row in made]}))
        for ordinal, row in enumerate(made):
            unit.emit(*translate.rate_recorded(row, books[command.company].currency), command.cause, ordinal=ordinal)
            unit.audit(command.cause, "rate.recorded", row[1], {"valid_on": str(row[2]), "rate": from_scaled(row[3])})
    if rows:
        await store.insert(unit.raw, rows)
        unit.wake_drainer()
        new = {company for company, *_ in rows if books[company].answers_orders}
        if new:
            await review_all({c.company: c.cause for c in commands if c.company in new}, unit)
            look_again_on([(company, day) for company, _, day, *_ in rows], books, unit)
    return results


def _rows(command: RecordRates, own: str, standing: set[tuple[str, str, date]]) -> list[store.RateRow] | Refused:
    rows: list[store.RateRow] = []
    taken = set(standing)
    for rate in command.rates:
        key = (command.company, rate.currency, rate.valid_on)
        if rate.currency == own or rate.currency not in MINOR_UNITS:
            detail = f"{rate.currency} is not another currency in use than the company's own, {own}."
            return Refused("currency-not-foreign", detail, f"{rate.pointer}/currency")
        if key in taken:
            detail = f"There is a rate of {rate.currency} for {rate.valid_on}; what was booked by it stays."
            return Refused("rate-exists", detail, f"{rate.pointer}/valid_on", 409)
        try:
            scaled = to_scaled(rate.rate)
        except AmountError as wrong:
            return Refused("rate-invalid", f"{wrong}.", f"{rate.pointer}/rate")
        taken.add(key)
        rows.append((command.company, rate.currency, rate.valid_on, scaled, rate.source, command.cause.actor))
    return rows
