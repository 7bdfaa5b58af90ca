"""Bins, as their senders get to know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chassis.errors import Refused
from contracts.money import from_micro
from services.inventory.commands import CarryGoods
from services.inventory.domain.bins import Taken
from services.inventory.domain.quantities import plain
from services.inventory.domain.shipping import Portion
from services.inventory.store.stock import Level


def bin_exists(code: str, name: str, at: str) -> Refused:
    """A code means one place for ever."""
    return Refused("bin-exists", f"{code} is {name} already.", at, status=409)


def bin_short(level: Level, code: str, wanted: int, there: int, at: str) -> Refused:
    """There is not enough in a bin."""
    return _short("insufficient-in-bin", level, code, wanted, there, "lie", at)


def bin_short_later(level: Level, code: str, wanted: int, lowest: int, at: str) -> Refused:
    """There is enough today, and there was not on a day after the move."""
    return _short("insufficient-in-bin-later", level, code, wanted, lowest, "lay on a later day", at)


def _short(code: str, level: Level, place: str, wanted: int, there: int, verb: str, at: str) -> Refused:
    _, warehouse, sku = level
    detail = f"Of {sku} {plain(there)} {verb} in bin {place} of {warehouse}, not {plain(wanted)}."
    extra = {
        "item": sku, "warehouse": warehouse, "bin": place, "available": plain(there), "requested": plain(wanted)
    }  # fmt: skip
    return Refused(code, detail, at, status=409, extra=extra)


def not_loose(level: Level, wanted: int, loose: int, at: str) -> Refused:
    """The goods lie in bins, or on a packing table."""
    _, warehouse, sku = level
    detail = f"Of {sku} {plain(max(loose, 0))} lie loose in {warehouse}, not {plain(wanted)}; name the bin."
    extra = {"item": sku, "warehouse": warehouse, "available": plain(max(loose, 0)), "requested": plain(wanted)}
    return Refused("insufficient-loose", detail, at, status=409, extra=extra)


def carried_body(command: CarryGoods) -> dict[str, object]:
    """What was carried, for its sender."""
    lines = [
        {"item": line.sku, "quantity": from_micro(line.quantity), "from": line.source, "to": line.target}
        for line in command.lines
    ]
    return {"move": str(command.move), "warehouse": command.warehouse, "lines": lines}


def pick_list(portions: Sequence[Portion], bins: Mapping[int, Sequence[Taken]]) -> list[dict[str, object]]:
    """What lies in a shipment, and from where it is taken: what is in no bin of the list lies loose."""
    return [
        {
            "line": line, "item": sku, "quantity": from_micro(quantity),
            "bins": [{"bin": code, "quantity": from_micro(part)} for code, part in bins.get(line, ())],
        }
        for line, sku, quantity in portions
    ]  # fmt: skip
