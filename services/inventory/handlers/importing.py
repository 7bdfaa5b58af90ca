"""Files of items, places and opening stock: each row is decided, then all are written at once, or none.

A constant number of statements for a file of any length: what its rows touch is read and locked once, in the same order
as by the requests for one of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import derive
from chassis.requests import Answer, Result
from chassis.tables import RowProblem, count_of, is_refused, refusal_of, report_of
from services.inventory.commands import ImportBins, ImportItems, ImportStock, ImportWarehouses, ReceiveGoods
from services.inventory.domain.days import NotADay, check_day
from services.inventory.domain.items import ItemTerms, NotDefined, new_items
from services.inventory.domain.quantities import DEFAULT_WAREHOUSE, TRANSIT
from services.inventory.domain.receiving import StatedLine
from services.inventory.handlers.items import add, currencies_of, define, is_valued
from services.inventory.handlers.receiving import Intake, open_intake
from services.inventory.store import bins, places
from services.inventory.store import stock as store
from services.inventory.store.bins import BinPlace
from services.inventory.store.stock import ItemRow, Level
from services.inventory.translate import stock as translate
from services.inventory.translate.bins import bin_exists

LINES_MAX = 500
"""Of one receipt: what its events can hold. A longer file becomes several receipts in one commit."""


# -- items ---------------------------------------------------------------------------------------------------------


async def import_items(commands: Sequence[ImportItems], unit: UnitOfWork) -> Sequence[Result]:
    """Make the items of each file known."""
    asked = [(c.cause.company, item) for c in commands for _, item in c.rows]
    currencies = await currencies_of(asked, unit)
    known: defaultdict[str, dict[str, ItemTerms]] = defaultdict(dict)
    stored = await store.known_items(unit.raw, {(company, item.sku) for company, item in asked})
    for (company, sku), (terms, _) in stored.items():
        known[company][sku] = terms
    rows: list[ItemRow] = []
    results: list[Result] = []
    for command in commands:
        company = command.cause.company
        new, problems = _sort_out(command, known[company], can_value=company in currencies)
        taken = len(command.rows) - (len(problems) - len(command.problems))
        count = count_of(command.rows, command.problems)
        if is_refused(problems, taken, skip=command.skip):
            results.append(refusal_of(problems, count))
            continue
        known[company] |= {item.sku: item for item in new}
        rows += define(command.cause, new, unit)
        body = {**report_of(problems, count), "new": len(new), "known": taken - len(new)}
        results.append(Answer(201 if new else 200, body))
    await add(rows, unit)
    return results


def _sort_out(
    command: ImportItems, known: dict[str, ItemTerms], *, can_value: bool
) -> tuple[list[ItemTerms], list[RowProblem]]:
    """The items that are new, and everything that is wrong with the file; at most one problem more for each row."""
    new: dict[str, ItemTerms] = {}
    seen: dict[str, int] = {}
    problems = list(command.problems)
    for row, item in command.rows:
        first = seen.setdefault(item.sku, row)
        if first != row:
            detail = f"{item.sku} stands in row {first} already."
            problems.append(RowProblem(row, "sku", "item-repeated", detail))
            continue
        if is_valued(item) and not can_value:
            refused = translate.company_without_currency(command.cause.company)
            problems.append(RowProblem(row, "valuation", refused.code, refused.detail))
            continue
        found = new_items([item], known)
        if isinstance(found, NotDefined):
            problems.append(RowProblem(row, "sku", found.code, found.detail))
        elif found:
            new[item.sku] = item
    return list(new.values()), problems


# -- places --------------------------------------------------------------------------------------------------------


async def import_warehouses(commands: Sequence[ImportWarehouses], unit: UnitOfWork) -> Sequence[Result]:
    """Make the places of each file known."""
    known = await places.warehouse_names(unit.raw, {(c.cause.company, code) for c in commands for _, code, _ in c.rows})
    rows: list[tuple[str, str, str]] = []
    results: list[Result] = []
    for command in commands:
        company, here = command.cause.company, dict(known)
        problems, new = list(command.problems), dict[str, str]()
        for row, code, name in command.rows:
            before = here.setdefault((company, code), name)
            if code in (DEFAULT_WAREHOUSE, TRANSIT):
                refused = translate.warehouse_reserved(code)
                problems.append(RowProblem(row, "warehouse", refused.code, refused.detail))
            elif before != name:
                refused = translate.warehouse_exists(code, before)
                problems.append(RowProblem(row, "warehouse", refused.code, refused.detail))
            elif (company, code) not in known:
                new[code] = name
        taken = len(command.rows) - (len(problems) - len(command.problems))
        count = count_of(command.rows, command.problems)
        if is_refused(problems, taken, skip=command.skip):
            results.append(refusal_of(problems, count))
            continue
        for code, name in new.items():
            known[company, code] = name
            unit.audit(command.cause, "warehouse-defined", code)
            rows.append((company, code, name))
        body = {**report_of(problems, count), "new": len(new), "known": taken - len(new)}
        results.append(Answer(201 if new else 200, body))
    if rows:
        await places.add_warehouses(unit.raw, rows, unit.now)
    return results


async def import_bins(commands: Sequence[ImportBins], unit: UnitOfWork) -> Sequence[Result]:
    """Make the bins of each file known."""
    here = await places.known_warehouses(
        unit.raw, {(c.cause.company, place) for c in commands for _, place, *_ in c.rows}
    )
    asked = {(c.cause.company, place, code) for c in commands for _, place, code, _ in c.rows}
    known = await bins.bin_names(unit.raw, asked)
    rows: list[tuple[str, str, str, str]] = []
    results: list[Result] = []
    for command in commands:
        company, seen = command.cause.company, dict(known)
        problems, new = list(command.problems), dict[BinPlace, str]()
        for row, place, code, name in command.rows:
            key = (company, place, code)
            before = seen.setdefault(key, name)
            if (company, place) not in here:
                refused = translate.warehouse_unknown(place, "/warehouse")
                problems.append(RowProblem(row, "warehouse", refused.code, refused.detail))
            elif before != name:
                refused = bin_exists(code, before, "/bin")
                problems.append(RowProblem(row, "bin", refused.code, refused.detail))
            elif key not in known:
                new[key] = name
        taken = len(command.rows) - (len(problems) - len(command.problems))
        count = count_of(command.rows, command.problems)
        if is_refused(problems, taken, skip=command.skip):
            results.append(refusal_of(problems, count))
            continue
        known |= new
        for key, name in new.items():
            unit.audit(command.cause, "bin-defined", f"{key[1]}/{key[2]}")
            rows.append((*key, name))
        body = {**report_of(problems, count), "new": len(new), "known": taken - len(new)}
        results.append(Answer(201 if new else 200, body))
    if rows:
        await bins.add_bins(unit.raw, rows, unit.now)
    return results


# -- opening stock -------------------------------------------------------------------------------------------------


async def import_stock(commands: Sequence[ImportStock], unit: UnitOfWork) -> Sequence[Result]:
    """Take in what each file says that is there: receipts of up to 500 lines, by warehouse, in one commit."""
    intake = await open_intake([one for c in commands for one in _receipts(c, c.rows)], unit)
    results = [_take_in(command, intake) for command in commands]
    await intake.finish({c.cause.company: c.cause for c in commands})
    return results


def _take_in(command: ImportStock, intake: Intake) -> Result:
    company, on = command.cause.company, command.received_on
    day = check_day(on, intake.today(company))
    if isinstance(day, NotADay):
        return Refused(day.code, day.detail, "?received_on")
    good, problems = _sort_out_lines(command, intake)
    count = count_of(command.rows, command.problems)
    if is_refused(problems, len(good), skip=command.skip):
        return refusal_of(problems, count)
    receipts = _receipts(command, good)
    for receipt in receipts:
        booked = intake.booked_before(company, receipt.reference)
        if booked is not None:
            detail = f"{receipt.reference} was received already; goods are booked once."
            return Refused("receipt-exists", detail, "?reference", status=409, extra={"receipt": str(booked)})
    for receipt in receipts:
        said = intake.receive(receipt)
        assert isinstance(said, Answer), said  # every line was looked at, beside those before it
    told = [
        {"receipt": str(r.receipt), "reference": r.reference, "warehouse": r.warehouse, "lines": len(r.lines)}
        for r in receipts
    ]
    return Answer(201, {**report_of(problems, count), "taken": len(good), "receipts": told})


def _sort_out_lines(command: ImportStock, intake: Intake) -> tuple[list[tuple[int, str, StatedLine]], list[RowProblem]]:
    good: list[tuple[int, str, StatedLine]] = []
    problems = list(command.problems)
    sums: dict[Level, list[int]] = {}
    for row, warehouse, line in command.rows:
        wrong = intake.why_not(command.cause.company, warehouse, line, command.received_on, sums)
        if wrong is None:
            good.append((row, warehouse, line))
        else:
            column = (wrong.pointer or "").rpartition("/")[2] or None
            problems.append(RowProblem(row, column, wrong.code, wrong.detail))
    return good, problems


def _receipts(command: ImportStock, rows: Sequence[tuple[int, str, StatedLine]]) -> list[ReceiveGoods]:
    """The receipts that these rows make. The first has the file's reference, the others a number behind it."""
    by_warehouse: defaultdict[str, list[StatedLine]] = defaultdict(list)
    for _, warehouse, line in rows:
        by_warehouse[warehouse].append(line)
    parts = [
        (warehouse, lines[at : at + LINES_MAX])
        for warehouse, lines in by_warehouse.items()
        for at in range(0, len(lines), LINES_MAX)
    ]
    return [
        ReceiveGoods(
            command.cause, derive("receipt", command.cause.id, number),
            command.reference if number == 1 else f"{command.reference}-{number}", warehouse, command.received_on,
            lines, "opening",
        )
        for number, (warehouse, lines) in enumerate(parts, 1)
    ]  # fmt: skip
