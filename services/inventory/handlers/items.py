"""Master data: items with their units and valuation, warehouses, and where stock may go below zero."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Answer, Result
from services.inventory.commands import AllowNegative, DefineItems, DefineWarehouse
from services.inventory.domain.book import StockKey
from services.inventory.domain.items import ItemTerms, NotDefined, new_items
from services.inventory.domain.layers import as_method
from services.inventory.domain.quantities import DEFAULT_WAREHOUSE, TRANSIT
from services.inventory.handlers.valuing import begin_to_value
from services.inventory.store import places
from services.inventory.store import stock as store
from services.inventory.store.stock import ItemRow, Level, StockRow
from services.inventory.store.valuing import read_terms
from services.inventory.translate import stock as translate


async def define_items(commands: Sequence[DefineItems], unit: UnitOfWork) -> Sequence[Result]:
    """Make items known; a request is taken as a whole or not at all."""
    asked = {(c.cause.company, item.sku) for c in commands for item in c.items}
    currencies = await currencies_of([(c.cause.company, item) for c in commands for item in c.items], unit)
    known: dict[str, dict[str, ItemTerms]] = {command.cause.company: {} for command in commands}
    for (company, sku), (terms, _) in (await store.known_items(unit.raw, asked)).items():
        known[company][sku] = terms
    rows: list[ItemRow] = []
    results: list[Result] = []
    for command in commands:
        here = known[command.cause.company]
        valued = next((n for n, item in enumerate(command.items) if is_valued(item)), None)
        if command.cause.company not in currencies and valued is not None:
            at = f"/items/{valued}/valuation" if command.batch else "/valuation"
            results.append(translate.company_without_currency(command.cause.company, at))
            continue
        new = new_items(command.items, here)
        if isinstance(new, NotDefined):
            results.append(translate.refusal_of_items(new, batch=command.batch))
            continue
        here |= {item.sku: item for item in new}
        rows += define(command.cause, new, unit)
        results.append(_items_answer(command, {item.sku for item in new}))
    await add(rows, unit)
    return results


async def add(rows: Sequence[ItemRow], unit: UnitOfWork) -> None:
    """Keep new items, and begin to value those that are."""
    if rows:
        await store.add_items(unit.raw, rows, unit.now)
        await begin_to_value(unit, {(r.company, r.sku): as_method(r.valuation) for r in rows if r.valuation != "none"})


async def currencies_of(asked: Iterable[tuple[str, ItemTerms]], unit: UnitOfWork) -> Collection[str]:
    """The companies that can value goods: a company that came before its currency was kept here cannot."""
    valuing = {company for company, item in asked if is_valued(item)}
    return await read_terms(unit.raw, valuing) if valuing else ()


def is_valued(item: ItemTerms) -> bool:
    """Whether its cost is kept."""
    return item.valuation != "none"


def define(cause: Cause, new: Sequence[ItemTerms], unit: UnitOfWork) -> list[ItemRow]:
    """The rows of new items, which are told and recorded."""
    company = cause.company
    rows: list[ItemRow] = []
    for item in new:
        held = translate.packagings_json(item.packagings)
        rows.append(
            ItemRow(company, item.sku, translate.item_id(company, item.sku), item.name, item.unit, item.valuation, held)
        )
        unit.emit(*translate.item_defined(rows[-1].item, item), cause)
        unit.audit(cause, "item-defined", item.sku)
    return rows


def _items_answer(command: DefineItems, new: set[str]) -> Answer:
    company = command.cause.company
    items = [translate.item_body(company, item, new=item.sku in new) for item in command.items]
    return Answer(201 if new else 200, {"items": items} if command.batch else items[0])


async def define_warehouses(commands: Sequence[DefineWarehouse], unit: UnitOfWork) -> Sequence[Result]:
    """Make places known. A code means one place for ever."""
    known = await places.warehouse_names(unit.raw, {(c.cause.company, c.warehouse) for c in commands})
    results: list[Result] = []
    rows: list[tuple[str, str, str]] = []
    for command in commands:
        key, body = (command.cause.company, command.warehouse), {"warehouse": command.warehouse, "name": command.name}
        if command.warehouse in (DEFAULT_WAREHOUSE, TRANSIT):
            results.append(translate.warehouse_reserved(command.warehouse))
        elif key not in known:
            known[key] = command.name
            rows.append((*key, command.name))
            unit.audit(command.cause, "warehouse-defined", command.warehouse)
            results.append(Answer(201, body))
        elif known[key] == command.name:
            results.append(Answer(200, body))
        else:
            results.append(translate.warehouse_exists(command.warehouse, known[key]))
    if rows:
        await places.add_warehouses(unit.raw, rows, unit.now)
    return results


async def allow_negative(commands: Sequence[AllowNegative], unit: UnitOfWork) -> Sequence[Result]:
    """Let items go below zero, or not any more: in one warehouse, or in all that have no word of their own."""
    asked = {(c.cause.company, c.sku) for c in commands}
    items = set(await store.known_items(unit.raw, asked))
    places_asked = {(c.cause.company, c.warehouse) for c in commands if c.warehouse is not None}
    known = await places.known_warehouses(unit.raw, places_asked)
    policies = await places.lock_policies(unit.raw, items)
    await store.add_levels(
        unit.raw,
        {
            (c.cause.company, c.warehouse, c.sku)
            for c in commands
            if c.warehouse is not None and (c.cause.company, c.sku) in items and (c.cause.company, c.warehouse) in known
        },
    )
    own = await places.levels_of(unit.raw, items)
    negatives = _Negatives(policies, own, await store.lock_stock(unit.raw, own))
    results: list[Result] = []
    for c in commands:
        if (c.cause.company, c.sku) not in items:
            results.append(Refused("item-unknown", f"There is no item {c.sku}.", "/item"))
        elif c.warehouse is not None and (c.cause.company, c.warehouse) not in known:
            results.append(translate.warehouse_unknown(c.warehouse, "/warehouse"))
        else:
            results.append(negatives.decide(c))
            if isinstance(results[-1], Answer):
                unit.audit(c.cause, "negative-stock", c.sku, {"warehouse": c.warehouse, "allowed": c.allowed})
    if negatives.said:
        await places.set_policies(unit.raw, negatives.said)
    if negatives.changed:
        await places.allow_negative(unit.raw, negatives.changed)
    return results


class _Negatives:
    """What items and their levels may, while a batch is decided."""

    def __init__(self, policies: dict[StockKey, bool], own: dict[Level, bool], rows: Mapping[Level, StockRow]) -> None:
        self._policies, self._own, self._rows = policies, own, rows
        self.said: dict[StockKey, bool] = {}
        self.changed: dict[Level, tuple[bool, bool]] = {}

    def decide(self, command: AllowNegative) -> Result:
        """What is below zero somewhere stays allowed there, and then nothing of the command happens."""
        company, item = command.cause.company, (command.cause.company, command.sku)
        if command.warehouse is None:
            levels = [level for level, own in self._own.items() if (level[0], level[2]) == item and not own]
        else:
            levels = [(company, command.warehouse, command.sku)]
        allowed = self._policies.get(item, False) if command.allowed is None else command.allowed
        below = [level for level in sorted(levels) if not allowed and self._is_below(level)]
        if below:
            where = ", ".join(warehouse for _, warehouse, _ in below)
            at = "/allowed"
            return Refused("stock-is-negative", f"{command.sku} is below zero now in {where}.", at, status=409)
        own = command.warehouse is not None and command.allowed is not None
        if command.warehouse is None:
            self._policies[item] = self.said[item] = allowed
        for level in levels:
            self._own[level] = own
            self.changed[level] = (allowed, own)
        return Answer(200, {"item": command.sku, "warehouse": command.warehouse, "allowed": allowed})

    def _is_below(self, level: Level) -> bool:
        row = self._rows[level]
        return max(0, row.reserved, row.binned) > row.on_hand
