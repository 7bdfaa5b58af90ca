"""Parcels, as their senders get to know them."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.errors import Refused
from contracts.money import from_micro
from services.inventory.domain.parcels import Parcel


def sscc_taken(sscc: str, at: str) -> Refused:
    """A number stands on one parcel, for ever."""
    return Refused("sscc-taken", f"{sscc} stands on another parcel.", at, status=409)


def sscc_exhausted(prefix: str, at: str) -> Refused:
    """All numbers of a prefix are given."""
    detail = f"No number is left under the prefix {prefix}; choose another one."
    return Refused("sscc-exhausted", detail, at, status=409)


def parcels_told(parcels: Sequence[Parcel]) -> list[dict[str, object]]:
    """What lies in which parcel, in the published language."""
    return [
        {"parcel": number}
        | ({} if sscc is None else {"sscc": sscc})
        | ({} if weight is None else {"weight": weight})
        | {"lines": [{"line": line, "quantity": from_micro(quantity)} for line, quantity in lines]}
        for number, (sscc, weight, lines) in enumerate(parcels, 1)
    ]


def parcels_body(parcels: Sequence[Parcel]) -> dict[str, object]:
    """The same for who packed, where anything was said of parcels."""
    return {"parcels": parcels_told(parcels)} if parcels else {}
