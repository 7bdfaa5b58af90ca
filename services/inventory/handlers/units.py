"""Documents that say quantities in units of their own, in base units: what is decided and written knows no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from chassis.errors import Refused
from chassis.ids import UUID
from services.inventory.commands import ArriveGoods, CountStock, SendGoods
from services.inventory.domain.book import StockKey
from services.inventory.domain.items import ItemTerms
from services.inventory.domain.moving import NotMoved, in_base_units
from services.inventory.domain.quantities import ON_HAND_MAX, RECEIVED_MAX
from services.inventory.translate import movements as translate

Document = TypeVar("Document", ArriveGoods, CountStock, SendGoods)


def in_base(
    commands: Sequence[Document], items: Mapping[StockKey, tuple[ItemTerms, UUID]]
) -> list[tuple[Document, Refused | None]]:
    """Each command in base units, or as it came and why it cannot be said so."""
    said: list[tuple[Document, Refused | None]] = []
    for command in commands:
        company = command.cause.company
        terms = {sku: items[company, sku][0] for sku in command.units if (company, sku) in items}
        most, what = (ON_HAND_MAX, "counted") if isinstance(command, CountStock) else (RECEIVED_MAX, "quantity")
        lines = in_base_units(command.lines, command.units, terms, most, what)
        if isinstance(lines, NotMoved):
            said.append((command, translate.refusal_of_document(lines)))
        else:
            said.append((replace(command, lines=lines) if terms else command, None))
    return said
