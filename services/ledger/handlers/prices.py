"""Price lists: defined over HTTP, priced by request or by file, told to everybody."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Answer, Result
from chassis.tables import RowProblem, count_of, is_refused, refusal_of, report_of
from services.ledger import translate
from services.ledger.commands import AnnouncePrices, DefinePriceList
from services.ledger.domain.prices import ListedPrice
from services.ledger.store import companies
from services.ledger.store import prices as store

TOLD_AT_ONCE = 500
"""Prices in one event: more of them have no room there."""


async def define_price_lists(commands: Sequence[DefinePriceList], unit: UnitOfWork) -> Sequence[Result]:
    """Keep lists of prices from now on. A code is given once, and of a currency one list is the usual one."""
    await companies.lock(unit.raw, unit.companies)
    known = await store.read_lists(unit.raw, unit.companies)
    codes = set(known)
    usual = {(row["company"], row["currency"]): row["code"] for row in known.values() if row["usual"]}
    accepted: list[DefinePriceList] = []
    results: list[Result] = []
    for command in commands:
        currency = command.company, command.currency
        if (command.company, command.code) in codes:
            detail = f"There is a price list {command.code}."
            results.append(Refused("price-list-exists", detail, "/code", 409))
        elif command.usual and currency in usual:
            detail = f"{usual[currency]} is the usual list of prices in {command.currency}."
            results.append(Refused("usual-list-exists", detail, "/usual", 409))
        else:
            codes.add((command.company, command.code))
            if command.usual:
                usual[currency] = command.code
            accepted.append(command)
            results.append(Answer(201, {"price_list": command.code}))
            unit.emit(*translate.price_list_defined(command), command.cause)
            unit.audit(command.cause, "price-list.defined", command.code)
    if accepted:
        await store.insert_lists(unit.raw, accepted)
    return results


async def announce_prices(commands: Sequence[AnnouncePrices], unit: UnitOfWork) -> Sequence[Result]:
    """Say what items cost from days on. What was said before stays on record; of one day the last word counts."""
    await companies.lock(unit.raw, unit.companies)
    known = await store.read_lists(unit.raw, unit.companies)
    changes = {key: row["changes"] for key, row in known.items()}
    said: dict[tuple[str, str], int] = {}
    rows: list[store.PriceRow] = []
    results: list[Result] = []
    for command in commands:
        key = command.company, command.code
        if key not in known:
            results.append(Refused("price-list-not-found", f"There is no price list {command.code}.", None, 404))
            continue
        good, problems = _sort_out(command)
        refused = _refused(command, good, problems)
        if refused is not None:
            results.append(refused)
            continue
        changes[key] += 1
        said[key] = changes[key]
        rows += [(*key, *one[:3], changes[key], one.unit_price) for one in good]
        body: dict[str, object] = {"price_list": command.code, "change": changes[key], "taken": len(good)}
        if command.is_file:
            body = report_of(problems, count_of(command.rows, command.problems)) | body
        results.append(Answer(201, body))
        for ordinal, at in enumerate(range(0, len(good), TOLD_AT_ONCE)):
            told = translate.prices_announced(*key, changes[key], good[at : at + TOLD_AT_ONCE])
            unit.emit(*told, command.cause, ordinal=ordinal)
        unit.audit(command.cause, "prices.announced", command.code, {"change": changes[key], "prices": len(good)})
    if rows:
        await store.insert_prices(unit.raw, rows, said)
    return results


def _sort_out(command: AnnouncePrices) -> tuple[list[ListedPrice], list[RowProblem]]:
    """The prices, each of an item, quantity and day once; at most one problem for each row."""
    first: dict[tuple[object, ...], int] = {}
    good: list[ListedPrice] = []
    problems = list(command.problems)
    for row, one in command.rows:
        before = first.setdefault(one[:3], row)
        if before == row:
            good.append(one)
        else:
            where = f"row {before}" if command.is_file else f"place {before}"
            detail = f"{one.item} has a price from this quantity and day on in {where}."
            problems.append(RowProblem(row, "item", "price-repeated", detail))
    return good, problems


def _refused(command: AnnouncePrices, good: Sequence[ListedPrice], problems: Sequence[RowProblem]) -> Refused | None:
    if not is_refused(problems, len(good), skip=command.skip):
        return None
    if command.is_file:
        return refusal_of(problems, count_of(command.rows, command.problems))
    return Refused(problems[0].code, problems[0].detail, f"/prices/{problems[0].row}/{problems[0].column}")
