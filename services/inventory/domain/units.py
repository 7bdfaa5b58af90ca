"""Units of an item: a base unit, and packagings that hold an exact number of it.

All quantities are millionths (micro-units). A conversion that is not exact is refused, never rounded: there is no
drift, however often a quantity goes there and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.inventory.domain.quantities import MICRO, plain


@dataclass(frozen=True, slots=True)
class NotConverted:
    """A quantity that cannot be said in the other unit."""

    code: str
    detail: str


def to_base(quantity: int, unit: str | None, base: str, packagings: Mapping[str, int]) -> int | NotConverted:
    """Micro-units of the base from those of a unit; one of it holds `packagings[unit]` micro-units of the base."""
    if unit is None or unit == base:
        return quantity
    factor = packagings.get(unit)
    if factor is None:
        known = ", ".join([base, *sorted(packagings)])
        return NotConverted("unit-unknown", f"{unit} is no unit of this item; it has {known}.")
    converted, rest = divmod(quantity * factor, MICRO)
    if rest:
        detail = f"{plain(quantity)} {unit} of {plain(factor)} {base} are not a whole number of millionths of {base}."
        return NotConverted("quantity-not-exact", detail)
    return converted
