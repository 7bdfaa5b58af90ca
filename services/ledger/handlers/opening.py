"""Taking over what was open with customers in an earlier system: real open items, and nothing sold again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from chassis.tables import RowProblem, count_of, is_refused, refusal_of, report_of
from contracts.money import sum_text
from services.ledger import translate
from services.ledger.commands import ImportOpenItems
from services.ledger.domain.books import (
    EXCHANGE_GAIN,
    EXCHANGE_LOSS,
    OPENING_BALANCE,
    RECEIVABLE,
    UNAPPLIED_CASH,
    Books,
)
from services.ledger.domain.calendar import RECEIVABLES
from services.ledger.domain.exchange import Quote, Rate
from services.ledger.domain.numbering import OPENING, DocumentNumber, Series, hand_out, how_many
from services.ledger.domain.opening import OpeningItem, Wrong, item_id, opening_entry, opening_item
from services.ledger.handlers.bookkeeping import open_books, post, rates_for
from services.ledger.handlers.credit import review
from services.ledger.handlers.gate import open_gate
from services.ledger.store import customers, documents, dunning
from services.ledger.store import opening as store

Key = tuple[str, UUID]


@dataclass(frozen=True, slots=True)
class Known:
    """What rows are looked at against, read once for all files of a transaction."""

    books: Mapping[str, Books]
    rates: Mapping[Quote, Rate]
    customers: Mapping[tuple[str, str, date], Mapping[str, object]]
    """As they are printed, those that are known on the day."""
    standing: set[Key]
    """Items that were taken over before."""


async def import_open_items(commands: Sequence[ImportOpenItems], unit: UnitOfWork) -> Sequence[Result]:
    """Take over the open items of each file. Nobody may do so on a closed day, and a number is taken over once."""
    books = await open_books(unit)
    gate = await open_gate(books, unit)
    known = await _read(commands, books, unit)
    taken: list[tuple[OpeningItem, Cause]] = []
    results: list[Result] = []
    for place, command in enumerate(commands):
        shut = gate.fault(command.company, RECEIVABLES, command.taken_over_on, command.cause, place, "?taken_over_on")
        refused = shut or _without_accounts(command, books[command.company])
        if refused is not None:
            results.append(refused)
            continue
        items, problems = _sort_out(command, known)
        count = count_of(command.rows, command.problems)
        if is_refused(problems, len(items), skip=command.skip):
            results.append(refusal_of(problems, count))
            continue
        known.standing.update((command.company, item.id) for item in items)
        taken += [(item, command.cause) for item in items]
        results.append(Answer(201, {**report_of(problems, count), "taken": len(items), "totals": _totals(items)}))
    if taken:
        await _keep(taken, known, unit)
    return await gate.name_periods(results, unit)


async def _read(commands: Sequence[ImportOpenItems], books: Mapping[str, Books], unit: UnitOfWork) -> Known:
    rows = [(c.company, stated, c.taken_over_on) for c in commands for _, stated in c.rows]
    if not rows:
        return Known(books, {}, {}, set())
    quotes = {Quote(company, stated.currency, on) for company, stated, on in rows if stated.base is None}
    rates = await rates_for(quotes, books, unit)
    printed = await customers.read_printed(unit.raw, {(company, stated.customer, on) for company, stated, on in rows})
    ids = {(company, item_id(company, stated.kind, stated.number)) for company, stated, _ in rows}
    return Known(books, rates, printed, await store.read_standing(unit.raw, ids))


def _without_accounts(command: ImportOpenItems, books: Books) -> Refused | None:
    stated = [one for _, one in command.rows]
    wanted = [OPENING_BALANCE]
    wanted += [RECEIVABLE] if any(one.kind == "invoice" for one in stated) else []
    wanted += [UNAPPLIED_CASH] if any(one.kind == "credit-note" for one in stated) else []
    wanted += [EXCHANGE_GAIN, EXCHANGE_LOSS] if any(one.currency != books.currency for one in stated) else []
    missing = next((role for role in wanted if role not in books.accounts), None)
    if missing is None:
        return None
    return Refused("account-missing", f"The company has no account with the role {missing}.", None, 409)


def _sort_out(command: ImportOpenItems, known: Known) -> tuple[list[OpeningItem], list[RowProblem]]:
    company, books = command.company, known.books[command.company]
    problems = list(command.problems)
    items: list[OpeningItem] = []
    seen: set[UUID] = set()
    for row, stated in command.rows:
        item = opening_item(company, stated, command.taken_over_on, known.rates, books)
        if isinstance(item, Wrong):
            problems.append(RowProblem(row, *item))
        elif (company, item.id) in known.standing or item.id in seen:
            detail = f"{stated.number} was taken over before, or stands in a row above."
            problems.append(RowProblem(row, "number", "item-exists", detail))
        elif (company, stated.customer, command.taken_over_on) not in known.customers:
            detail = f"There is no customer {stated.customer} on {command.taken_over_on}."
            problems.append(RowProblem(row, "customer", "customer-unknown", detail))
        else:
            seen.add(item.id)
            items.append(item)
    return items, problems


def _totals(items: Sequence[OpeningItem]) -> list[dict[str, object]]:
    """What was taken over per currency: to be compared with the earlier books."""
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for item in items:
        place = 0 if item.stated.kind == "invoice" else 2
        sums[item.stated.currency][place] += 1
        sums[item.stated.currency][place + 1] += item.open
    return [
        {
            "currency": currency,
            "invoices": invoices,
            "owed_to_us": sum_text(owed, currency),
            "credit_notes": credits,
            "owed_by_us": sum_text(owing, currency),
        }
        for currency, (invoices, owed, credits, owing) in sorted(sums.items())
    ]


async def _keep(taken: Sequence[tuple[OpeningItem, Cause]], known: Known, unit: UnitOfWork) -> None:
    """Write items of either kind, post each by an entry of its own, and note who did it."""
    books = known.books
    invoices = [item for item, _ in taken if item.stated.kind == "invoice"]
    credits = [(item, cause) for item, cause in taken if item.stated.kind == "credit-note"]
    if invoices:
        await _keep_invoices(invoices, known, unit)
    if credits:
        await store.insert_credits(unit.raw, [_credit_row(item, known) for item, _ in credits])
    await post([(opening_entry(item, books[item.company]), cause) for item, cause in taken], books, unit, as_dated=True)
    for item, cause in taken:
        unit.audit(cause, "open-item.taken-over", str(item.id), {"number": item.stated.number})
    await review({(item.company, item.stated.customer): cause for item, cause in credits}, books, unit)


async def _keep_invoices(items: Sequence[OpeningItem], known: Known, unit: UnitOfWork) -> None:
    wanted = [
        Series(item.company, OPENING, known.books[item.company].calendar.fiscal_year_of(item.taken_over_on))
        for item in items
    ]
    last = await documents.take_numbers(unit.raw, how_many(wanted))
    numbered = zip(items, hand_out(wanted, last), strict=True)
    await store.insert_invoices(unit.raw, [_invoice_row(item, number, known) for item, number in numbered])
    steps: list[dunning.StepRow] = [
        (item.company, item.id, stated.dunning_level, stated.dunned_on, None, 0, stated.dunned_on)
        for item in items
        if (stated := item.stated).dunning_level is not None and stated.dunned_on is not None
    ]
    if steps:
        await dunning.insert_steps(unit.raw, steps)


def _invoice_row(item: OpeningItem, number: DocumentNumber, known: Known) -> store.InvoiceRow:
    stated, customer = item.stated, known.customers[item.company, item.stated.customer, item.taken_over_on]
    seller = known.books[item.company].seller_on(item.stated.issued_on)
    printed = translate.pack({"seller": seller, "customer": customer, "lines": [], "taxes": []})
    return (item.company, item.id, number.series, number.fiscal_year, number.serial, stated.number, stated.customer,
            str(customer["name"]), stated.issued_on, item.due_on, stated.currency, item.open, item.total, printed,
            item.posted_on, item.base)  # fmt: skip


def _credit_row(item: OpeningItem, known: Known) -> store.CreditRow:
    stated, customer = item.stated, known.customers[item.company, item.stated.customer, item.taken_over_on]
    return (item.company, item.id, stated.number, item.taken_over_on, stated.currency, item.open,
            str(customer["name"]), stated.issued_on, stated.customer, item.base)  # fmt: skip
