"""Chasing what is overdue: policies, stops, and the run of a day, which happens once whatever asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import asyncpg

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID, derive
from chassis.requests import Answer, Result
from contracts.money import AmountError, from_minor, to_minor
from services.ledger import translate
from services.ledger.commands import RunDunning, SetDunningPolicy, StopDunning
from services.ledger.domain.books import DUNNING_INCOME, RECEIVABLE, Books
from services.ledger.domain.documents import charge_id
from services.ledger.domain.dunning import (
    CHARGES,
    Covered,
    Item,
    Letter,
    Move,
    Overdue,
    Policy,
    letters,
    not_covered,
    policy_of,
)
from services.ledger.domain.exchange import Quote, Rate, value
from services.ledger.domain.late import on_open_day
from services.ledger.domain.numbering import DocumentNumber, Series, hand_out, how_many, told_number
from services.ledger.domain.posting import SALES_JOURNAL, Entry, sale_id, sale_lines
from services.ledger.handlers.bookkeeping import open_books, post, rates_for
from services.ledger.store import customers, documents
from services.ledger.store import dunning as store

QUEUE = "dunning"
MORNING = time(6)
"""When a company is dunned, by its own clock."""
CHARGE_DUE = timedelta(days=14)
"""Within which charges are to be paid."""


class Run(NamedTuple):
    """The day of a company: what is overdue, and the letters about it."""

    books: Books
    day: date
    policy: Policy
    overdue: Sequence[Overdue]
    written: Sequence[Letter]
    covered: Sequence[Covered]
    """Who gets none, because their own money would pay it."""
    cause: Cause


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
    policies = _policies(await store.read_policies(unit.raw, sorted(books)))
    days = [command.day or books[command.company].day_of(unit.now) for command in commands]
    asked = sorted({(c.company, day) for c, day in zip(commands, days, strict=True) if c.company in policies})
    before, last = await store.read_runs(unit.raw, asked)
    overdue = _by_run(await store.read_overdue(unit.raw, [run for run in asked if run not in before]))
    owing = sorted({(one.company, one.customer, one.currency) for found in overdue.values() for one in found})
    unapplied = await store.read_unapplied(unit.raw, owing) if owing else {}
    runs: dict[tuple[str, date], Run] = {}
    results: list[Result] = []
    for command, day in zip(commands, days, strict=True):
        key = command.company, day
        of_company, policy = books[command.company], policies.get(command.company)
        today = of_company.day_of(unit.now)
        if day > today:
            results.append(Refused("day-to-come", f"Today is {today}.", "/day"))
        elif policy is None:
            results.append(Refused("no-dunning-policy", "The company has no policy to dun by.", None, 409))
        elif key in before:
            results.append(Answer(200, {"day": day.isoformat(), "letters": before[key], "repeated": True}))
        elif day < last.get(command.company, day):
            # Each run takes an invoice a level on: days behind each other would leave nobody the time to pay.
            detail = f"The last letters were written as of {last[command.company]}."
            results.append(Refused("before-last-run", detail, "/day"))
        else:
            found = overdue.get(key, [])
            written, covered = not_covered(letters(found, policy, day, of_company.currency), unapplied)
            runs[key] = Run(of_company, day, policy, found, written, covered, command.cause)
            before[key], last[command.company] = len(written), day
            body = {"day": day.isoformat(), "letters": len(written), "covered": len(covered), "repeated": False}
            results.append(Answer(201, body))
    if runs:
        await _write(list(runs.values()), books, unit)
    return results


def _policies(rows: Sequence[asyncpg.Record]) -> dict[str, Policy]:
    levels: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        levels.setdefault(row["company"], []).append({**row})
    found = {company: policy_of(ones) for company, ones in levels.items()}
    return {company: policy for company, policy in found.items() if policy is not None}


def _by_run(rows: Sequence[asyncpg.Record]) -> dict[tuple[str, date], list[Overdue]]:
    found: dict[tuple[str, date], list[Overdue]] = {}
    for row in rows:
        found.setdefault((row["company"], row["day"]), []).append(_overdue(row))
    return found


async def _write(runs: Sequence[Run], books: Mapping[str, Books], unit: UnitOfWork) -> None:
    """Tell what was seen to be overdue, write the letters, book what they charge, remember the runs."""
    steps: list[store.StepRow] = []
    for run in runs:
        for one in run.overdue:
            if one.reached is None:
                steps.append((one.company, one.invoice, 0, run.day, None, 0, one.due_on))
                unit.emit(*translate.invoice_overdue(one, run.day), run.cause)
                unit.audit(run.cause, "invoice.overdue", str(one.invoice), {"due_on": one.due_on.isoformat()})
        for _, customer, currency, asked, money in run.covered:
            why = {"overdue": from_minor(asked, currency), "unapplied": from_minor(money, currency)}
            unit.audit(run.cause, "dunning.covered", customer, {"currency": currency, **why})
    written = [(run, letter) for run in runs for letter in run.written]
    heads = await _heads(written, books, unit)
    charges = await _charge(written, heads, books, unit)
    for run, letter in written:
        identity = letter_id(letter, run.day)
        # Interest that is owed and could not be booked uses up no days: the next letter counts them again.
        counted = not run.policy.books_charges or not letter.interest or identity in charges
        steps += [
            (letter.company, item.overdue.invoice, item.level, run.day, identity)
            + ((item.interest, run.day) if counted else (0, item.overdue.interest_until))
            for item in letter.items
            if item.steps
        ]
        told = translate.dunning_level_reached(identity, letter, run.day, heads[identity], charges.get(identity))
        unit.emit(*told, run.cause)
        unit.audit(run.cause, "dunning.level-reached", letter.customer, {"level": letter.level})
    if steps:
        await store.insert_steps(unit.raw, steps)
    await store.insert_runs(unit.raw, [(run.books.company, run.day, len(run.written)) for run in runs])


async def _heads(
    written: Sequence[tuple[Run, Letter]], books: Mapping[str, Books], unit: UnitOfWork
) -> Mapping[UUID, translate.LetterHead]:
    """Who writes, and to whom as of the day: as the customer is known then, or else as its newest invoice says."""
    if not written:
        return {}
    newest = {letter_id(x, run.day): max(x.items, key=_age).overdue.invoice for run, x in written}
    wanted = {(x.company, newest[letter_id(x, run.day)]) for run, x in written}
    printed = await documents.read_printed(unit.raw, sorted(wanted))
    who = {(x.company, x.customer, run.day) for run, x in written if books[x.company].has_customers}
    known = await customers.read_printed(unit.raw, who) if who else {}
    heads: dict[UUID, translate.LetterHead] = {}
    for run, letter in written:
        identity = letter_id(letter, run.day)
        body = printed[letter.company, newest[identity]]
        customer = known.get((letter.company, letter.customer, run.day))
        heads[identity] = translate.letter_head(body, customer, books[letter.company].seller_on(run.day))
    return heads


def _age(item: Item) -> tuple[date, str]:
    return item.overdue.issued_on, item.overdue.number


def _worth(minor: int, *, currency: str, rate: Rate, own: str) -> int:
    return value(minor, currency, rate, own)


def letter_id(letter: Letter, day: date) -> UUID:
    """A customer gets one letter a day in a currency, in parts where it is too long."""
    more = () if letter.part == 1 else (letter.part,)
    return derive(letter.company, "dunning", letter.customer, letter.currency, day, *more)


async def _charge(
    written: Sequence[tuple[Run, Letter]],
    heads: Mapping[UUID, translate.LetterHead],
    books: Mapping[str, Books],
    unit: UnitOfWork,
) -> dict[UUID, tuple[UUID, str]]:
    """Debit notes over fees and interest: owed from now on as any invoice, so that nothing is forgotten when the
    principal is paid. Where the policy only announces them, nothing is booked; nor where no rate says what it is worth.
    """
    owed = [(run, x) for run, x in written if run.policy.books_charges and x.fee + x.interest]
    quotes = {letter_id(x, run.day): Quote(x.company, x.currency, run.day) for run, x in owed}
    rates = await rates_for(quotes.values(), books, unit)
    owed = [(run, x) for run, x in owed if x.currency == run.books.currency or quotes[letter_id(x, run.day)] in rates]
    if not owed:
        return {}
    wanted = [Series(x.company, CHARGES, run.books.calendar.fiscal_year_of(run.day)) for run, x in owed]
    last = await documents.take_numbers(unit.raw, how_many(wanted))
    rows: list[documents.InvoiceRow] = []
    entries: list[tuple[Entry, Cause]] = []
    charges: dict[UUID, tuple[UUID, str]] = {}
    for (run, letter), number in zip(owed, hand_out(wanted, last), strict=True):
        identity = letter_id(letter, run.day)
        invoice = charge_id(letter.company, identity)
        entry, row = _charge_of(run, letter, invoice, number, rates.get(quotes[identity]), heads[identity])
        entries.append((entry, run.cause))
        rows.append(row)
        charges[identity] = invoice, number.printed
        unit.audit(run.cause, "dunning.charged", str(invoice), {"number": number.printed})
    await documents.insert_invoices(unit.raw, rows)
    await post(entries, books, unit)
    return charges


def _charge_of(
    run: Run,
    letter: Letter,
    invoice: UUID,
    number: DocumentNumber,
    rate: Rate | None,
    head: translate.LetterHead,
) -> tuple[Entry, documents.InvoiceRow]:
    books, day, currency = run.books, run.day, letter.currency
    amount, due_on, first = letter.fee + letter.interest, day + CHARGE_DUE, letter.items[0].overdue
    lines = sale_lines(
        books.accounts[RECEIVABLE],
        books.accounts[DUNNING_INCOME],
        [],
        amount,
        currency,
        due_on=due_on,
        value=None if rate is None else partial(_worth, currency=currency, rate=rate, own=books.currency),
    )
    order = invoice if first.order == first.invoice else first.order  # what belongs to no order has its own id there
    sale = Entry(letter.company, sale_id(letter.company, invoice), SALES_JOURNAL, day, invoice, order, lines)
    entry = on_open_day(sale, books)
    worth = None if rate is None else value(amount, currency, rate, books.currency)
    posted_on = None if entry.original_on is None else entry.posted_on
    return entry, (letter.company, invoice, CHARGES, number.fiscal_year, number.serial, order,
                   first.order_reference, letter.customer, head.name, day, due_on, currency, amount,
                   0, translate.charge_parts(letter, head), 1, worth, None, None, posted_on)  # fmt: skip


def next_morning(books: Books, now: datetime) -> datetime:
    """When the company is dunned next."""
    local = now.astimezone(books.zone)
    morning = datetime.combine(local.date(), MORNING, books.zone)
    return morning if local < morning else datetime.combine(local.date() + timedelta(days=1), MORNING, books.zone)


def _overdue(row: asyncpg.Record) -> Overdue:
    return Overdue(
        row["company"],
        row["invoice"],
        told_number(row["series"], row["fiscal_year"], row["serial"], row["stated_number"]),
        row["order_id"],
        row["order_reference"],
        row["customer_id"],
        row["currency"],
        row["issued_on"],
        row["due_on"],
        row["stated_total"],
        row["open"],
        row["reached"],
        row["interest_until"] or row["due_on"],
        row["series"] == CHARGES,
        row["stopped"],
        [Move(on, amount) for on, amount in zip(row["days"], row["amounts"], strict=True)],
    )
