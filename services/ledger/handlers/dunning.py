"""Chasing what is overdue: policies, stops, and the run of a day, which happens once whatever asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import pairwise

import asyncpg

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID, derive
from chassis.requests import Answer, Result
from contracts.money import AmountError, to_minor
from services.ledger import translate
from services.ledger.commands import RunDunning, SetDunningPolicy, StopDunning
from services.ledger.domain.books import DUNNING_INCOME, RECEIVABLE, Books
from services.ledger.domain.dunning import CHARGES, Letter, Overdue, letters, policy_of
from services.ledger.domain.exchange import Quote, Rate, value
from services.ledger.domain.late import on_open_day
from services.ledger.domain.numbering import DocumentNumber, Series, hand_out, how_many
from services.ledger.domain.posting import SALES_JOURNAL, Entry, sale_lines
from services.ledger.handlers.bookkeeping import open_books, post, rates_for
from services.ledger.store import documents
from services.ledger.store import dunning as store

QUEUE = "dunning"
MORNING = time(6)
"""When a company is dunned, by its own clock."""
CHARGE_DAYS = 14
"""Within which charges are to be paid."""


async def set_policies(commands: Sequence[SetDunningPolicy], unit: UnitOfWork) -> Sequence[Result]:
    """Dun by these levels from now on; from the next morning the clock sees to it."""
    books = await open_books(unit)
    versions = {row["company"]: row["version"] for row in await store.read_policies(unit.raw, sorted(books))}
    rows: list[store.LevelRow] = []
    results: list[Result] = []
    for command in commands:
        own = books[command.company].currency
        version = versions.get(command.company, 0) + 1
        try:
            made = [
                (command.company, version, level, days, to_minor(fee, own), rate, command.books_charges)
                for level, (days, fee, rate) in enumerate(command.levels, 1)
            ]
        except AmountError as wrong:
            results.append(Refused("amount-invalid", f"{wrong}.", "/levels"))
            continue
        if any(a[3] >= b[3] for a, b in pairwise(made)):
            results.append(Refused("levels-not-rising", "Each level comes later than the one before.", "/levels"))
            continue
        if command.books_charges and DUNNING_INCOME not in books[command.company].accounts:
            detail = f"The company has no account with the role {DUNNING_INCOME}."
            results.append(Refused("account-missing", detail, "/books_charges", 409))
            continue
        versions[command.company] = version
        rows += made
        unit.audit(command.cause, "dunning.policy-set", command.company, {"version": version})
        unit.enqueue(QUEUE, command.company, {}, key="daily", run_at=next_morning(books[command.company], unit.now))
        results.append(Answer(201, {"version": version, "levels": len(made)}))
    if rows:
        await store.insert_levels(unit.raw, rows)
    return results


async def stop_dunning(commands: Sequence[StopDunning], unit: UnitOfWork) -> Sequence[Result]:
    """A customer disputes an invoice, or has promised to pay: it is not dunned until the day (or ever)."""
    await open_books(unit)
    known = await documents.read_receivables(unit.raw, [(c.company, c.invoice) for c in commands], [])
    there = {(row["company"], row["id"]) for row in known}
    rows: dict[tuple[str, UUID], store.StopRow] = {}
    results: list[Result] = []
    for command in commands:
        key = command.company, command.invoice
        if key not in there:
            results.append(Refused("invoice-not-found", "The company has no such invoice.", None, 404))
            continue
        rows[key] = (*key, command.kind, command.until, command.reason, command.cause.actor)
        unit.audit(command.cause, "dunning.stopped", str(command.invoice), {"kind": command.kind})
        until = None if command.until is None else command.until.isoformat()
        results.append(Answer(200, {"invoice": str(command.invoice), "kind": command.kind, "until": until}))
    if rows:
        await store.set_stops(unit.raw, rows.values())
    return results


async def run_dunning(commands: Sequence[RunDunning], unit: UnitOfWork) -> Sequence[Result]:
    """Write the letters of a day. The run of a day happens once: asked again, it says what it did."""
    books = await open_books(unit)
    return [await _run(command, books[command.company], unit) for command in commands]


async def _run(command: RunDunning, books: Books, unit: UnitOfWork) -> Result:
    company, today = command.company, books.day_of(unit.now)
    day = command.day or today
    if day > today:
        return Refused("day-to-come", f"Today is {today}.", "/day")
    policy = policy_of([{**row} for row in await store.read_policies(unit.raw, [company])])
    if policy is None:
        return Refused("no-dunning-policy", "The company has no policy to dun by.", None, 409)
    before = await store.ran(unit.raw, company, day)
    if before is not None:
        return Answer(200, {"day": day.isoformat(), "letters": before, "repeated": True})
    overdue = [_overdue(row) for row in await store.read_overdue(unit.raw, company, day)]
    written = letters(overdue, policy, day, books.currency)
    steps: list[store.StepRow] = [(company, o.invoice, 0, day, None, 0, o.due_on) for o in overdue if o.reached is None]
    for one in overdue:
        if one.reached is None:
            unit.emit(*translate.invoice_overdue(one, day), command.cause)
    printed = await documents.read_printed(
        unit.raw, [(company, letter.items[0].overdue.invoice) for letter in written]
    ) if written else {}  # fmt: skip
    charges = await _charge(written, policy.books_charges, printed, day, books, command.cause, unit)
    for letter in written:
        identity = letter_id(letter, day)
        steps += [
            (company, item.overdue.invoice, item.level, day, identity, item.interest, day)
            for item in letter.items
            if item.steps
        ]
        body = printed[company, letter.items[0].overdue.invoice]
        told = translate.dunning_level_reached(identity, letter, day, body, charges.get(identity))
        unit.emit(*told, command.cause)
        unit.audit(command.cause, "dunning.level-reached", letter.customer, {"level": letter.level})
    if steps:
        await store.insert_steps(unit.raw, steps)
    await store.insert_run(unit.raw, company, day, len(written))
    return Answer(201, {"day": day.isoformat(), "letters": len(written), "repeated": False})


def _worth(minor: int, *, currency: str, rate: Rate, own: str) -> int:
    return value(minor, currency, rate, own)


def letter_id(letter: Letter, day: date) -> UUID:
    """A customer gets one letter a day in a currency, in parts where it is too long."""
    more = () if letter.part == 1 else (letter.part,)
    return derive(letter.company, "dunning", letter.customer, letter.currency, day, *more)


async def _charge(
    written: Sequence[Letter],
    books_charges: bool,
    printed: Mapping[tuple[str, UUID], bytes],
    day: date,
    books: Books,
    cause: Cause,
    unit: UnitOfWork,
) -> dict[UUID, tuple[UUID, str]]:
    """Debit notes over fees and interest: owed from now on as any invoice, so that nothing is forgotten when the
    principal is paid. Where the policy only announces them, nothing is booked.
    """
    owed = [x for x in written if x.fee + x.interest] if books_charges else []
    quotes = {letter_id(letter, day): Quote(letter.company, letter.currency, day) for letter in owed}
    rates = await rates_for(quotes.values(), {books.company: books}, unit)
    # Without a rate nobody can say what a charge is worth: then it is announced, and not owed.
    owed = [x for x in owed if x.currency == books.currency or quotes[letter_id(x, day)] in rates]
    if not owed:
        return {}
    wanted = [Series(letter.company, CHARGES, books.calendar.fiscal_year_of(day)) for letter in owed]
    last = await documents.take_numbers(unit.raw, how_many(wanted))
    rows: list[documents.InvoiceRow] = []
    entries: list[tuple[Entry, Cause]] = []
    charges: dict[UUID, tuple[UUID, str]] = {}
    due_on = day + timedelta(days=CHARGE_DAYS)
    for letter, number in zip(owed, hand_out(wanted, last), strict=True):
        identity = letter_id(letter, day)
        invoice = derive(letter.company, "dunning-charge", identity)
        amount = letter.fee + letter.interest
        rate = rates.get(quotes[identity])
        worth = None if rate is None else value(amount, letter.currency, rate, books.currency)
        lines = sale_lines(
            books.accounts[RECEIVABLE],
            books.accounts[DUNNING_INCOME],
            [],
            amount,
            letter.currency,
            due_on=due_on,
            value=None if rate is None else partial(_worth, currency=letter.currency, rate=rate, own=books.currency),
        )
        first = letter.items[0].overdue
        entry = Entry(letter.company, derive(letter.company, "sale", invoice), SALES_JOURNAL, day, invoice,
                      first.order, lines)  # fmt: skip
        entry = on_open_day(entry, books)
        entries.append((entry, cause))
        body = translate.charge_parts(letter, printed[letter.company, first.invoice])
        name = translate.customer_name(body)
        rows.append((letter.company, invoice, CHARGES, number.fiscal_year, number.serial, first.order,
                     first.order_reference, letter.customer, name, day, due_on, letter.currency, amount, 0, body, 1,
                     worth, None, None, entry.posted_on if entry.original_on is not None else None))  # fmt: skip
        charges[identity] = invoice, number.printed
        unit.audit(cause, "dunning.charged", str(invoice), {"number": number.printed})
    await documents.insert_invoices(unit.raw, rows)
    await post(entries, {books.company: books}, unit)
    return charges


def next_morning(books: Books, now: datetime) -> datetime:
    """When the company is dunned next."""
    local = now.astimezone(books.zone)
    morning = datetime.combine(local.date(), MORNING, books.zone)
    return morning if local < morning else datetime.combine(local.date() + timedelta(days=1), MORNING, books.zone)


def _overdue(row: asyncpg.Record) -> Overdue:
    return Overdue(
        row["company"],
        row["invoice"],
        DocumentNumber(row["series"], row["fiscal_year"], row["serial"]).printed,
        row["order_id"],
        row["order_reference"],
        row["customer_id"],
        row["currency"],
        row["issued_on"],
        row["due_on"],
        row["total"],
        row["open"],
        row["reached"],
        row["interest_until"] or row["due_on"],
        row["series"] == CHARGES,
        row["stopped"],
    )
